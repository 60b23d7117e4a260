"""A picture that no page holds shows less, and says what it does not show."""

from __future__ import annotations

import contextlib
import re

import numpy as np
import pytest
from drawing_cases import difference, lstm
from view_cases import LAYERS

import minigrad as mg
from minigrad.drawing import VIEWS, Label, draw, render
from minigrad.drawing.dot import Graph
from minigrad.drawing.fold import fold, foldings, one_step, pictures
from minigrad.drawing.project import Picture


def test_a_thousand_steps_fold_into_a_picture_as_small_as_that_of_fifty():
    drawing = draw(lstm(1000), "op")
    assert len(drawing.dot.splitlines()) == len(draw(lstm(50), "op").dot.splitlines())
    assert "997 time steps" in drawing.dot
    assert "t = 3 … 999" in drawing.dot
    assert 'label="t = 2"' in drawing.dot  # a frame: it is open
    assert "t = 1000" in drawing.dot
    assert 'label="t = 3"' not in drawing.dot


def test_a_folded_node_says_what_it_stands_for():
    tape = mg.Tape(lstm(99))
    groups, _ = one_step(tape, list(VIEWS["op"].groups(tape)))
    nodes = Picture(tape, groups).nodes
    assert [(node.label, node.tooltip) for node in nodes if node.kind == "folded"] == [
        (Label("", "t = 1", "18 entries"), "LSTM[1]: 18 entries of the tape"),
        (
            Label("folded", "", "96 time steps\nt = 3 … 98\nas t = 2"),
            "96 time steps, t = 3 to 98: the same primitives and the same Parameters "
            "as t = 2, each reading the state of the one before",
        ),
        (Label("", "t = 99", "18 entries"), "LSTM[99]: 18 entries of the tape"),
    ]


def test_time_is_folded_first_then_steps_then_gates_then_layers():
    tape = mg.Tape(lstm(40))
    groups = list(VIEWS["op"].groups(tape))
    gates = "folded: every dense sub-layer is one box"
    one = "folded: of LSTM t = 2 is drawn, every other time step is one node"
    assert [notes for _, notes in foldings(tape, groups)] == [
        (),
        ("folded: 37 time steps of LSTM, t = 3 to 39; each repeats t = 2",),
        (one,),
        (one, gates),
        ("folded: every layer is one node, with all its time steps",),
    ]
    many = [len(found) for found, _ in foldings(tape, groups)]
    assert many == sorted(many, reverse=True)


def test_of_several_layers_one_stays_open_longest():
    tape = mg.Tape(LAYERS["stack"](3))
    found = [(g, n) for g, n in foldings(tape, list(VIEWS["op"].groups(tape)))]
    (groups, notes), *_ = [
        each for each in found if "every other layer" in str(each[1])
    ]
    assert [group.kind for group in groups].count("layer") == 1
    assert notes[0].startswith("folded: of Stack.layers.0 t = 2 is drawn")


def test_folding_loses_and_repeats_no_entry():
    made = lstm(9)
    tape = mg.Tape(made)
    for groups, _ in foldings(tape, list(VIEWS["op"].groups(tape))):
        seen = [e for g in groups for e in g.entries if e.primitive is not None]
        assert len(seen) == len(set(seen))
        assert set(seen) == {e for e in tape if e.primitive is not None}


def frames_within_frames(depth: int) -> mg.Tensor:
    """Return a number that is made in that many parts, each within the one before."""
    x = mg.Tensor([1.0, 2.0], name="x")
    with contextlib.ExitStack() as parts:
        for k in range(depth):
            parts.enter_context(mg.scope(f"part {k}"))
            x = mg.tanh(x)
    return mg.sum(x)


@pytest.mark.parametrize("view", ["op", "backward"])
@pytest.mark.parametrize("name", ["difference", "LSTM", 1, 2, 8])
@pytest.mark.parametrize("with_legend", [True, False])
def test_the_size_of_a_picture_is_known_before_it_is_placed(name, view, with_legend):
    made = {"difference": difference(), "LSTM": lstm(2)}
    tape = mg.Tape(made[name] if name in made else frames_within_frames(name))
    if view == "op":
        graph = Graph(Picture(tape, list(VIEWS["op"].groups(tape))))
    else:
        graph = next(pictures(VIEWS[view], tape)).draw()
    svg = render.render(graph.dot_text("", with_legend), "svg", "graphviz-pure")
    placed = re.search(rb'width="(.*?)pt" height="(.*?)pt"', svg).groups()
    wide, high = np.divide(graph.size(with_legend), np.array(placed, float))
    assert (0.95 if name != 8 else 1.05) < wide < 1.1  # many frames are never forgotten
    assert 0.92 < high < 1.3


def test_what_fits_is_not_folded():
    assert "folded" not in draw(lstm(1), "op").dot
    assert "folded: of LSTM" in draw(lstm(3), "op").dot
    assert "folded" not in draw(lstm(3), "op", fold=False).dot


def test_only_true_repeats_are_folded():
    def loop(special: int) -> mg.Tensor:
        w, other = mg.Parameter(0.5, name="w"), mg.Parameter(0.6, name="other")
        y = mg.Tensor(1.0, name="y_0")
        for t in range(40):
            with mg.scope("loop", t):
                y = mg.tanh(y * (other if t == special else w))
        return y

    tape = mg.Tape(loop(20))
    _, notes = fold(tape, list(VIEWS["op"].groups(tape)))
    many = re.findall(r"folded: (\d+) time steps of loop", " ".join(notes))
    assert [int(each) for each in many] == [18, 17]  # around step 20, which stays


def test_different_numbers_in_the_program_are_not_repeats():
    y = mg.Tensor(1.0, name="y_0")
    for t in range(40):
        with mg.scope("loop", t):
            y = mg.tanh(y * (0.5 + t))
    dot = draw(y).dot
    assert "each repeats" not in dot
    assert "folded: every layer is one node" in dot


def test_time_may_run_backwards():
    y = mg.Tensor(1.0, name="y_0")
    for t in reversed(range(40)):
        with mg.scope("back", t):
            y = mg.tanh(y * 0.5)
    assert "t = 37 … 1" in draw(y).dot
