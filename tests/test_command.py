"""The command line draws what a function computes, and says what is wrong."""

from __future__ import annotations

import subprocess
import sys

import pytest

from minigrad.__main__ import main

PROGRAM = """
import minigrad as mg

def loss():
    return mg.Tensor(2.0, "a") * mg.Parameter(3.0, "b")

def broken():
    raise KeyError("no weights here")
"""


@pytest.fixture
def program(tmp_path, monkeypatch):
    (tmp_path / "a_program_to_draw.py").write_text(PROGRAM)
    monkeypatch.chdir(tmp_path)
    yield "a_program_to_draw"
    sys.modules.pop("a_program_to_draw", None)


@pytest.mark.parametrize("suffix", ["pdf", "svg", "png", "dot"])
def test_a_function_is_drawn_into_any_format(program, suffix, tmp_path, capsys):
    assert main(["draw", f"{program}:loss", "--view", "op", "-o", f"x.{suffix}"]) == 0
    assert (tmp_path / f"x.{suffix}").stat().st_size > 100
    assert "wrote x." in capsys.readouterr().out


def test_the_file_is_named_after_the_function(program, tmp_path):
    assert main(["draw", f"{program}:loss"]) == 0
    assert (tmp_path / "loss.pdf").exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["no_such_module:loss"], "no_such_module"),
        (["a_program_to_draw:nothing"], "nothing"),
        (["a_program_to_draw:broken"], "no weights here"),
        (["a_program_to_draw:loss", "-o", "x.jpeg"], ".jpeg"),
        (["a_program_to_draw:loss", "--view", "difference"], "between two cells"),
    ],
)
def test_what_cannot_be_drawn_is_said_in_words(program, arguments, says, capsys):
    assert main(["draw", *arguments]) == 1
    error = capsys.readouterr().err
    assert says in error
    assert "Traceback" not in error


@pytest.mark.parametrize("arguments", [[], ["draw"], ["draw", "module"], ["paint"]])
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
