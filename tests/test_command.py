"""The command line draws what a function computes, and says what is wrong."""

from __future__ import annotations

import configparser
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest

import minigrad as mg
from lstm import LSTM, LSTMCell
from minigrad import saved
from minigrad.__main__ import main

PYPROJECT = Path(__file__).parents[1] / "pyproject.toml"
PROGRAM = """
import minigrad as mg

def loss():
    return mg.Tensor(2.0, "a") * mg.Parameter(3.0, "b")

def broken():
    raise KeyError("no weights here")

def needs(x, w):
    return x * w

def fills():
    import numpy as np
    np.zeros(3)[0] = mg.Tensor(1.0)
"""
MODEL = """
import minigrad as mg

model = mg.Dense(3, 2, rng=0)

def output():
    return model(mg.Tensor([1.0, 2.0, 3.0], name="x"))
"""
TWO = MODEL + "\nother = mg.Dense(1, 1, rng=0)\n"


@pytest.fixture
def program(tmp_path, monkeypatch):
    programs = {"a_program": PROGRAM, "a_model": MODEL, "two_models": TWO}
    for name, text in programs.items():
        (tmp_path / f"{name}_to_draw.py").write_text(text, "utf-8")
    monkeypatch.chdir(tmp_path)
    yield "a_program_to_draw"
    for name in programs:
        sys.modules.pop(f"{name}_to_draw", None)


@pytest.fixture
def recognisers(tmp_path, monkeypatch):
    """Those that pyproject.toml names, where this project is not installed, too."""
    named = tomllib.loads(PYPROJECT.read_text("utf-8"))["project"]["entry-points"]
    folder = tmp_path / "elsewhere" / "packaged-0.dist-info"
    folder.mkdir(parents=True)
    points = configparser.ConfigParser()
    points.read_dict(named)
    with open(folder / "entry_points.txt", "w", encoding="utf-8") as file:
        points.write(file)
    (folder / "METADATA").write_text("Name: packaged\nVersion: 0\n", "utf-8")
    monkeypatch.syspath_prepend(folder.parent)
    return points


@pytest.mark.parametrize("suffix", ["pdf", "svg", "png", "dot"])
def test_a_function_is_drawn_into_any_format(program, suffix, tmp_path, capsys):
    assert main(["draw", f"{program}:loss", "--view", "op", "-o", f"x.{suffix}"]) == 0
    assert (tmp_path / f"x.{suffix}").stat().st_size > 100
    assert "wrote x." in capsys.readouterr().out


def test_the_file_is_named_after_the_function(program, tmp_path):
    assert main(["draw", f"{program}:loss"]) == 0
    assert (tmp_path / "loss.pdf").exists()


@pytest.mark.parametrize(("arguments", "says"), [
    (["no_such_module:loss"], "no_such_module"),
    (["a_program_to_draw:nothing"], "nothing"),
    (["a_program_to_draw:broken"], "no weights here"),
    (["a_program_to_draw:loss", "-o", "x.jpeg"], ".jpeg"),
    (["a_program_to_draw:loss", "--view", "difference"], "between two cells"),
])  # fmt: skip
def test_what_cannot_be_drawn_is_said_in_words(program, arguments, says, capsys):
    assert main(["draw", *arguments]) == 1
    error = capsys.readouterr().err
    assert says in error
    assert "Traceback" not in error


@pytest.mark.parametrize(("what", "part"), [
    ("no_such_module:loss", "why   there is no module 'no_such_module'"),
    ("a_program_to_draw:nope", "fix   choose one of its own: loss, broken, needs, fil"),
    ("a_program_to_draw:needs", "fix   write a function that calls it and takes none"),
    ("a_model_to_draw:model", "def picture(): return model(...)"),
    ("a_program_to_draw:fills", "fix   make the array one that Tensors can be written"),
    ("a_program_to_draw:mg", "fix   make the inputs Tensors"),
])  # fmt: skip
def test_the_command_line_says_where_and_why_and_what_to_do(program, what, part):
    done = subprocess.run(
        [sys.executable, "-m", "minigrad", "draw", what],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(mg.__file__).parents[1])},
    )
    assert done.returncode == 1
    assert part in done.stderr
    first = done.stderr.splitlines()[0]
    assert ", at " not in first or "to_draw.py:" in done.stderr
    assert "runpy" not in done.stderr


def test_a_module_that_lacks_another_keeps_its_own_words(program, tmp_path, capsys):
    (tmp_path / "lacking_to_draw.py").write_text("import no_such_thing_at_all", "utf-8")
    assert main(["draw", "lacking_to_draw:loss"]) == 1
    assert "No module named 'no_such_thing_at_all'" in capsys.readouterr().err


# ---------------------------------------------------------------------- saved models


def widths(dot):
    """The widths of all lines that a picture draws."""
    return [
        float(each.partition(" ")[0].partition("]")[0].strip('";,'))
        for each in dot.split("penwidth=")[1:]
    ]


def test_weights_of_a_file_are_the_ones_that_are_drawn(program, tmp_path, capsys):
    heavy = mg.Dense(3, 2, rng=0)
    heavy.W.data = np.array([[0.25, -0.5, 0.75], [1.0, -1.25, 1.5]])
    heavy.save("heavy.npz")
    what = "a_model_to_draw:output"
    draw = ["draw", what, "--view", "neuron", "-o"]
    assert main([*draw, "fresh.dot"]) == 0
    assert main([*draw, "heavy.dot", "--weights", "heavy.npz"]) == 0
    text = (tmp_path / "heavy.dot").read_text("utf-8")
    for weight in heavy.W.data.flat:
        assert f"= {weight:g}".replace("-", "−") in text.replace("-", "−")
    assert widths(text) != widths((tmp_path / "fresh.dot").read_text("utf-8"))
    assert "wrote heavy.dot" in capsys.readouterr().out


def test_of_several_models_one_is_named(program, capsys):
    mg.Dense(3, 2, rng=1).save("model.npz")
    what = [
        "draw",
        "two_models_to_draw:output",
        "--weights",
        "model.npz",
        "-o",
        "x.dot",
    ]
    assert main(what) == 1
    assert "there are 2: model, other" in capsys.readouterr().err
    assert main([*what, "--into", "model"]) == 0
    assert main([*what, "--into", "other"]) == 1
    assert "W: (1, 1) here, (2, 3) in the file" in capsys.readouterr().err


def test_a_program_without_a_model_says_where_weights_would_go(program, capsys):
    mg.Dense(3, 2).save("model.npz")
    assert main(["draw", f"{program}:loss", "--weights", "model.npz"]) == 1
    assert "keep it in one, model = ..." in " ".join(capsys.readouterr().err.split())


class Forecast(mg.Module):
    def __init__(self, lstm):
        self.lstm = lstm
        self.readout = mg.Dense(lstm.cell.m, 1)


@pytest.mark.parametrize("hidden", [{}, {"input": (4, 3)}], ids=["plain", "deeper"])
def test_an_lstm_is_recognised_in_a_file_by_the_paths_of_its_gates(
    program, recognisers, hidden, capsys, tmp_path
):
    lstm = LSTM(n=3, m=2, hidden=hidden, rng=0)
    Forecast(lstm).save("model.npz")
    assert main(["draw", "model.npz", "-o", "model.dot"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert (
        "an LSTM with n = 3 inputs and m = 2 outputs, its cell at 'lstm.cell'" in told
    )
    assert "not drawn: readout.W, readout.b" in told
    Y, _ = LSTM(lstm.cell)(mg.Tensor(np.zeros((3, 3)), name="X"))
    assert (tmp_path / "model.dot").read_text("utf-8") == mg.draw(Y).dot


def test_a_recognised_model_has_the_numbers_of_the_file():
    cell = LSTMCell(n=2, m=3, rng=5)
    arrays = {path: each.data for path, each in cell.named_parameters()}
    found = lstm_recogniser()(arrays)
    drawn = {each.name: each.data for each in mg.Tape(found.output).leaves}
    for each in cell.parameters():
        np.testing.assert_array_equal(drawn[each.name], each.data)


def lstm_recogniser():
    from lstm.recognition import layer

    return layer


def test_what_only_looks_like_an_lstm_is_not_taken_for_one():
    arrays = {path: each.data for path, each in LSTM(3, 2).named_parameters()}
    assert lstm_recogniser()(arrays) is not None
    for path in arrays:
        without = {at: array for at, array in arrays.items() if at != path}
        assert lstm_recogniser()(without) is None
        misshapen = {**arrays, path: np.ones((2, *arrays[path].shape))}
        assert lstm_recogniser()(misshapen) is None


def test_dense_layers_are_recognised_and_drawn_neuron_by_neuron(
    program, recognisers, capsys
):
    mg.Sequential(mg.Dense(3, 4, mg.tanh), mg.Dense(4, 2)).save("net.npz")
    assert main(["draw", "net.npz", "--view", "neuron", "-o", "net.svg"]) == 0
    told = capsys.readouterr().out
    assert "layers.0 (3 -> 4), layers.1 (4 -> 2)" in told
    assert "not in a file" in told
    assert "not drawn" not in told


def test_layers_that_do_not_follow_each_other_are_not_drawn_as_if_they_did():
    arrays = {"a.W": np.ones((4, 3)), "a.b": np.ones(4), "z.W": np.ones((2, 5))}
    assert saved.dense_layers({**arrays, "z.b": np.ones(2)}) is None


def test_a_file_of_unknown_paths_is_refused_with_a_way_out(
    program, recognisers, capsys
):
    np.savez("odd.npz", theta=np.ones((2, 2)))
    assert main(["draw", "odd.npz"]) == 1
    said = " ".join(capsys.readouterr().err.split())
    assert "theta: shape (2, 2), float64" in said
    assert "minigrad draw my_model:loss --weights odd.npz" in said
    assert main(["draw", "missing.npz"]) == 1
    assert "missing.npz" in capsys.readouterr().err


def test_every_recogniser_that_is_packaged_exists(recognisers):
    assert dict(recognisers[saved.GROUP]) == {
        "lstm": "lstm.recognition:layer",
        "dense": "minigrad.saved:dense_layers",
    }


# -------------------------------------------------------------------------- explorer


def test_a_function_is_explored_with_the_lines_of_its_program(
    program, tmp_path, capsys
):
    assert main(["explore", f"{program}:loss", "--prove"]) == 0
    assert "wrote loss.html" in capsys.readouterr().out
    page = (tmp_path / "loss.html").read_text("utf-8")
    assert "recorded at a_program_to_draw.py:5" in page
    assert "P(a wrong chain rule passed)" in page


def test_a_saved_model_is_explored(program, recognisers, tmp_path):
    LSTM(n=1, m=2, rng=0).save("model.npz")
    assert main(["explore", "model.npz", "-o", "pages/lstm.html"]) == 0
    assert "W_f" in (tmp_path / "pages" / "lstm.html").read_text("utf-8")


def test_a_tape_that_is_too_long_to_explore_says_what_to_do(program, capsys):
    assert main(["explore", f"{program}:loss", "--max-steps", "2"]) == 1
    assert "max_steps=3" in capsys.readouterr().err


# ---------------------------------------------------------------------------- usage


@pytest.mark.parametrize("arguments", [
    [], ["draw"], ["draw", "module"], ["paint"], ["explore", "module"],
    ["draw", "model.npz", "--weights", "model.npz"],
    ["draw", "module:loss", "--into", "model"],
], ids=" ".join)  # fmt: skip
def test_a_command_that_is_not_understood_ends_with_2(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "usage" in capsys.readouterr().err


def test_help_lists_every_view():
    done = subprocess.run(
        [sys.executable, "-m", "minigrad", "draw", "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    for view in ("gate", "unrolled", "folded", "neuron", "backward", "difference"):
        assert f"  {view} " in done.stdout
