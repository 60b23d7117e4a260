"""A named function is one node, and opened it is a frame around what it recorded."""

from __future__ import annotations

import numpy as np
import pytest

import minigrad as mg
from minigrad.__main__ import main
from minigrad.drawing.project import Picture
from minigrad.structure.parts import every_function


@mg.composite
def attention(q, k, v):
    return mg.softmax(q @ k.T / np.sqrt(q.shape[-1])) @ v


@mg.composite
def block(x):
    """A function of the reader's own that calls a part of the model."""
    return mg.Dense(2, 2, rng=0)(mg.tanh(x))


def numbers(*shape):
    return np.random.default_rng(7).normal(size=shape)


def attended():
    """Return a loss after attention, in which q, k and v have their names."""
    x = mg.Tensor(numbers(4, 3), name="x")
    made = []
    for letter in "qkv":
        each = x @ mg.Parameter(numbers(3, 2), f"W_{letter}")
        each.name = letter
        made.append(each)
    return mg.cross_entropy(mg.relu(attention(*made)), [0, 1, 0, 1])


def shown(output, *opened):
    """Return what each node says, and the paths of the frames."""
    tape = mg.Tape(output)
    picture = Picture(tape, list(every_function(tape, opened)))
    frames = ["/".join(map(str, frame.scope)) for frame in picture.root.frames()]
    return {node.label.symbol for node in picture.nodes}, frames


def test_each_named_function_is_one_node_and_values_keep_their_names():
    said, frames = shown(attended())
    assert {"attention", "relu", "cross entropy"} <= said
    assert not {"softmax", "exp", "log"} & said
    assert frames == []
    assert all(
        f'@</FONT><BR/><FONT POINT-SIZE="11">{letter}' in mg.draw(attended()).dot
        for letter in "qkv"
    )


def test_an_opened_function_is_a_frame_and_those_in_it_stay_closed():
    said, frames = shown(attended(), "attention")
    assert {"softmax", "relu", "cross entropy"} <= said
    assert "attention" not in said
    assert frames == ["attention"]


def test_what_a_function_lies_in_is_opened_too_and_nothing_else():
    said, frames = shown(attended(), "softmax")
    assert frames == ["attention", "attention/softmax"]
    assert {"exp", "cross entropy"} <= said
    assert not {"softmax", "attention"} & said


def test_two_calls_of_one_function_are_two_frames():
    x = mg.Tensor(numbers(3), name="x")
    _, frames = shown(mg.softmax(x) * mg.softmax(2 * x), "softmax")
    assert frames == ["softmax", "softmax #2"]


def test_a_frame_is_where_the_function_was_called():
    with mg.scope("head"):
        made = block(mg.Tensor([1.0, 2.0], name="x"))
        y = mg.exp(made)
    assert shown(y, "block")[1] == ["head", "head/block", "head/block/Dense"]
    assert shown(y)[1] == ["head"]


@pytest.mark.parametrize("view", ["op", "backward"])
def test_all_can_be_opened_and_then_nothing_is_one_function(view):
    every = mg.draw(attended(), view, open=True)
    assert "function, composed of primitives" not in every.dot
    assert "function, composed of primitives" in mg.draw(attended(), view).dot
    names = ["attention", "softmax", "relu", "cross entropy", "log_softmax", "mean"]
    assert mg.draw(attended(), view, open=names).dot == every.dot
    assert mg.draw(attended(), view, open=[]).dot == mg.draw(attended(), view).dot


def test_the_nodes_of_everything_open_are_the_steps():
    tape = mg.Tape(attended())
    opened = every_function(
        tape, ["attention", "softmax", "relu", "cross_entropy", "log_softmax", "mean"]
    )
    assert [part.entries for part in opened] == [(e,) for e in tape if e.primitive]


def test_a_function_that_did_not_run_is_refused_with_those_that_did():
    with pytest.raises(
        ValueError, match=r"no call of 'sofmax' is on this tape"
    ) as said:
        mg.draw(attended(), open="sofmax")
    words = " ".join(str(said.value).split())
    assert "attention, softmax, relu, cross_entropy, log_softmax, mean" in words
    for part in ("with", "why", "fix", "test_opening.py"):
        assert part in words


def test_where_no_named_function_ran_the_refusal_says_how_to_name_one():
    with pytest.raises(ValueError, match=r"there is none(.|\n)*@mg\.composite"):
        mg.draw(mg.exp(mg.Tensor(1.0)), open="exp")


def test_a_view_without_functions_says_which_view_opens_them():
    with pytest.raises(ValueError, match=r"'gate' shows no named functions(.|\n)*'op'"):
        mg.draw(attended(), "gate", open="relu")


def test_the_command_line_opens_functions(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "attending.py").write_text(
        "import minigrad as mg\n\n\ndef loss():\n"
        "    return mg.cross_entropy(mg.relu(mg.Tensor([[1.0, 2.0]])), [0])\n",
        encoding="utf-8",
    )
    said = {}
    for options in ((), ("--open", "relu", "--open", "log_softmax"), ("--open", "all")):
        assert main(["draw", "attending:loss", *options, "-o", "a.dot"]) == 0
        said[options] = (tmp_path / "a.dot").read_text("utf-8")
    one, some, every = said.values()
    assert len(one) < len(some) < len(every)
    assert "log softmax" in some
    assert main(["draw", "attending:loss", "--open", "tanh", "-o", "a.dot"]) == 1
