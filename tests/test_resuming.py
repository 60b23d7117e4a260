"""A run that was stopped goes on at the same bits; its files are whole, and its own."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from training_cases import RECIPE, TASK, assert_same_end, rows, same

from lstm.experiments.tasks import Parity
from lstm.experiments.training import Training, checkpoint
from lstm.experiments.training.trained_model import load_model, save_model
from minigrad.files import write_whole


class Stopped(Exception):
    """What stands for the end of the process."""


def stopped_after(updates, folder, save_every):
    """Run for a number of updates, then lose everything but the folder."""

    class Mortal(Training):
        def step(self, batch):
            if self.progress.updates == updates:
                raise Stopped
            super().step(batch)

    with contextlib.suppress(Stopped):
        Mortal(TASK, RECIPE, 0, folder, save_every).run()


@pytest.mark.slow
@settings(max_examples=15)
@given(st.integers(0, 20), st.integers(0, 4))
def test_a_resumed_run_ends_at_the_same_bits(tmp_path_factory, updates, save_every):
    folder = tmp_path_factory.mktemp("run")
    whole = Training(TASK, RECIPE, 0).run()
    stopped_after(updates, folder, save_every)
    with (folder / "log.csv").open("a", encoding="utf-8") as file:
        file.write("3,21,0.0")  # what no checkpoint knows of
    resumed = Training.resume(folder)
    assert resumed.progress.updates <= updates
    resumed.run()
    assert same(resumed.weights(), whole.weights())
    assert same(resumed.best, whole.best)
    assert resumed.progress == whole.progress
    for row, other in zip(resumed.history, whole.history, strict=True):
        assert {**row, "seconds": 0} == {**other, "seconds": 0}
    assert rows(folder) == resumed.history


def test_the_best_so_far_is_not_forgotten(tmp_path):
    run = Training(TASK, RECIPE, 0, tmp_path).run()
    run.best = {path: array + 1 for path, array in run.weights().items()}
    run.save()
    assert same(Training.resume(tmp_path).best, run.best)
    assert not same(run.best, run.weights())


COMMAND = [
    *(sys.executable, "-m", "lstm", "train", "parity", "--hidden", "3", "--epochs"),
    *("4", "--updates", "60", "--batch", "8", "--save-every", "2"),
]


UPDATES = 240


def start(folder, *more):
    return subprocess.Popen(
        [*COMMAND, "--out", str(folder), *more],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def finished_updates(folder):
    path = folder / "checkpoint.npz"
    return checkpoint.read(path)[1]["progress"]["updates"] if path.exists() else -1


def wait_for(process, folder, updates):
    """Wait until the checkpoint has so many updates; it is whole whenever we look."""
    while process.poll() is None and finished_updates(folder) < updates:
        time.sleep(0.01)


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("uninterrupted")
    process = start(folder)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 0, said
    return folder


@pytest.mark.slow
def test_killed_at_random_moments_a_run_ends_at_the_same_bits(uninterrupted, tmp_path):
    moments = sorted(np.random.default_rng(0).integers(0, UPDATES, 4))
    for k, moment in enumerate(moments):
        process = start(tmp_path, *(["--resume"] if k else []))
        wait_for(process, tmp_path, moment)
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        assert process.returncode == -signal.SIGKILL
    with (tmp_path / "log.csv").open("a", encoding="utf-8") as file:
        file.write("4,2")  # what a kill may leave, too
    process = start(tmp_path, "--resume")
    _, said = process.communicate(timeout=60)
    assert process.returncode == 0, said
    assert_same_end(tmp_path, uninterrupted)


@pytest.mark.slow
def test_ctrl_c_finishes_the_step_saves_it_and_ends_with_130(uninterrupted, tmp_path):
    process = start(tmp_path, "--save-every", "0")
    wait_for(process, tmp_path, 60)
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    updates = finished_updates(tmp_path)
    assert said == (
        f"\nInterrupted after {updates} updates; --resume continues the run.\n"
    )
    process = start(tmp_path, "--resume")
    _, said = process.communicate(timeout=60)
    assert process.returncode == 0, said
    assert_same_end(tmp_path, uninterrupted)


def test_ctrl_c_means_what_it_meant_before_when_the_run_is_over():
    before = signal.getsignal(signal.SIGINT)
    Training(TASK, replace(RECIPE, epochs=1), 0).run()
    assert signal.getsignal(signal.SIGINT) is before


def test_asked_once_a_step_goes_on_asked_twice_it_ends():
    reached = []

    class Impatient(Training):
        def step(self, batch):
            reached.append("beginning")
            signal.raise_signal(signal.SIGINT)
            reached.append("asked once")
            signal.raise_signal(signal.SIGINT)
            reached.append("asked twice")

    with pytest.raises(KeyboardInterrupt):
        Impatient(TASK, RECIPE, 0).run()
    assert reached == ["beginning", "asked once"]


def test_asked_after_the_last_step_is_asked_as_well():
    class Asked(Training):
        def end_epoch(self, seconds):
            signal.raise_signal(signal.SIGINT)
            return super().end_epoch(seconds)

    with pytest.raises(KeyboardInterrupt):
        Asked(TASK, replace(RECIPE, epochs=1), 0).run()


def test_a_saved_model_answers_as_the_trained_one(tmp_path):
    run = Training(TASK, RECIPE, 0).run().use_best()
    save_model(run, tmp_path / "model.npz")
    task, model = load_model(tmp_path / "model.npz")
    assert task == TASK
    assert task.test(model) == TASK.test(run.model)


def test_what_a_kill_left_beside_a_checkpoint_is_removed(tmp_path):
    left, another = (
        tmp_path / ".checkpoint.npz.12-345",
        tmp_path / ".checkpoint.npz.old",
    )
    left.write_bytes(b"half a checkpo")
    another.touch()
    Training(TASK, replace(RECIPE, epochs=1), 0, tmp_path).run()
    assert not left.exists() and another.exists()


def test_a_file_is_on_the_disk_before_it_takes_its_place(tmp_path, monkeypatch):
    done = []
    for name in ("fsync", "replace"):
        real = getattr(os, name)
        monkeypatch.setattr(
            os, name, lambda *a, real=real, name=name: (done.append(name), real(*a))
        )
    write_whole(tmp_path / "a", b"all of it")
    assert done == ["fsync", "replace"]
    assert (tmp_path / "a").read_bytes() == b"all of it"


def test_a_checkpoint_is_read_without_running_code(tmp_path):
    path = tmp_path / "checkpoint.npz"
    np.savez(path, facts=np.array([{"a": 1}], dtype=object))
    with pytest.raises(ValueError, match="not a readable"):
        checkpoint.read(path)


def test_arrays_that_are_no_checkpoint_are_refused(tmp_path):
    path = TASK.model(RECIPE, np.random.default_rng(0)).save(tmp_path / "weights.npz")
    with pytest.raises(ValueError, match="not what they belong to"):
        checkpoint.read(path)


def test_model_and_checkpoint_are_not_taken_for_each_other(tmp_path):
    run = Training(TASK, RECIPE, 0, tmp_path)
    run.save()
    with pytest.raises(ValueError, match="says nothing of"):
        load_model(tmp_path / "checkpoint.npz")
    save_model(run, tmp_path / "checkpoint.npz")
    with pytest.raises(ValueError, match="says nothing of"):
        Training.resume(tmp_path)


def test_a_run_whose_data_have_changed_is_not_resumed(tmp_path, monkeypatch):
    Training(TASK, RECIPE, 0, tmp_path).save()
    monkeypatch.setattr(Parity, "facts", lambda self: {"text": "another"})
    with pytest.raises(ValueError, match="another"):
        Training.resume(tmp_path)
