"""The pictures that `mg.explore` puts on a page, as Python makes them."""

from __future__ import annotations

import re

import numpy as np
import pytest
from explorer_cases import lstm_loss, neuron
from view_cases import dense

import minigrad as mg
from lstm import LSTM, Stack
from minigrad.exploring import picture

CELL = ["gate", "folded", "unrolled", "cotangents"]
ALL = [*CELL, "op", "backward", "dense", "layer", "neuron"]


@pytest.fixture(scope="module")
def drawn():
    """Return the tape of an LSTM's loss, and its pictures by name."""
    tape = mg.Tape(lstm_loss())
    return tape, {state.name: state for state in picture.states(tape, "")[0]}


def attention():
    q, k = (mg.Tensor(np.eye(3, 2) + i, name=n) for i, n in enumerate("qk"))
    return mg.softmax(q @ k.T).sum()


@pytest.mark.parametrize(
    ("made", "names"),
    [
        (lambda: lstm_loss(1), [n for n in ALL if n not in ("folded", "unrolled")]),
        (dense, ["op", "backward", "dense", "layer", "neuron"]),
        (neuron, ["op", "backward"]),
        (attention, ["op", "backward"]),
    ],
)
def test_every_view_that_has_a_picture_of_the_tape_is_there_once(made, names):
    found = picture.states(mg.Tape(made()), "")[0]
    assert [state.name for state in found] == names


@pytest.mark.slow
@pytest.mark.parametrize(
    "view", ["unrolled", "cotangents", "backward", "dense", "layer"]
)
def test_a_picture_is_the_one_that_draw_makes(view, drawn):
    tape, found = drawn
    assert list(found) == ALL
    svg = mg.draw(tape.outputs, view, fold=False).svg()
    places = re.compile(r' (?:points|d|cx|cy|x|y)="([^"]*)"')
    assert places.findall(found[view].svg) == places.findall(svg)


def test_in_op_every_step_has_a_node_and_functions_are_frames(drawn):
    tape, found = drawn
    state = found["op"]
    held = [steps for pairs in state.held.values() for _, steps in pairs]
    assert {steps[-1] for steps in held} == set(range(len(tape)))
    assert ">squared error<" in state.svg


def test_beside_every_value_of_the_view_backward_stands_its_cotangent(drawn):
    state = drawn[1]["backward"]
    assert len(state.back) * 2 == len(state.held)
    for id in state.back:
        assert state.held[id] == state.held[id.replace("b", "n")]


@pytest.mark.parametrize(
    ("most", "names"), [(150, {"op", "backward"}), (20, {"layer"}), (3, set())]
)
def test_no_picture_has_more_nodes_than_can_be_read(most, names, monkeypatch):
    monkeypatch.setattr(picture, "MOST", most)
    found, why = picture.states(mg.Tape(lstm_loss(6)), "")
    assert names <= {state.name for state in found}
    assert all(len(state.held) <= most for state in found)
    assert why == (
        "" if found else f"A picture of more than {most} nodes cannot be read."
    )


def test_a_picture_of_one_time_step_holds_the_same_parts_at_every_time():
    X = mg.Tensor(np.random.default_rng(0).normal(size=(4, 3)), name="X")
    Y, _ = Stack(LSTM(3, 2, rng=0), LSTM(2, 2, rng=1))(X)
    tape = mg.Tape((Y * Y).sum())
    found = {state.name: state.held for state in picture.states(tape, "")[0]}
    for name in ("gate", "folded"):
        held = [pairs for pairs in found[name].values() if len(pairs) > 1]
        assert {tuple(sorted(t for t, _ in pairs)) for pairs in held} == {(1, 2, 3, 4)}
        boxes = [pairs for pairs in held if len(pairs[0][1]) > 2]
        assert len(boxes) == 2 * 4
        for pairs in held:
            kinds = {tuple(_does(tape.steps[k]) for k in ks) for _, ks in pairs}
            begins = any(not tape.steps[k].primitive for _, ks in pairs for k in ks)
            assert len(kinds) == 1 or begins, (name, pairs)  # with y_0
        for pairs in boxes:
            places = [ks for _, ks in sorted(pairs)]
            assert places == sorted(places), "time runs forward"
    alone = [pairs for pairs in found["unrolled"].values() if len(pairs) > 1]
    assert alone == []


def _does(entry):
    return entry.primitive and entry.primitive.name
