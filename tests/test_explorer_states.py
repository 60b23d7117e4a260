"""The pictures that `mg.explore` puts on a page, as Python makes them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from explorer_cases import lstm_loss

import minigrad as mg
from lstm import LSTM, Stack
from minigrad.drawing.project import Arrow
from minigrad.drawing.styles import STYLES
from minigrad.drawing.view import FOLDED
from minigrad.exploring import picture
from minigrad.structure.parts import DENSE, every_primitive


def test_a_closed_gate_is_a_yellow_box_and_a_closed_time_step_a_green_one():
    tape = mg.Tape(lstm_loss())
    *_, gates, steps = picture.states(tape, "")[0]
    colours = STYLES[DENSE].fill, STYLES[FOLDED].fill
    for state, counts in ((gates, (4 * 3, 0)), (steps, (0, 3))):
        drawn = state.svg.partition("</style>")[2]
        assert tuple(drawn.count(f'="{each}"') for each in colours) == counts


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


def test_a_closed_time_step_says_its_time_and_stands_in_the_part_around_it():
    tape = mg.Tape(lstm_loss(2))
    every = list(every_primitive(tape))
    steps = picture.over_time(every)
    folded = [each for each in steps if each.kind == FOLDED]
    assert [each.label.symbol for each in folded] == ["t = 1", "t = 2"]
    assert {each.scope for each in folded} == {("LSTM",)}
    assert all(len(each.entries) == 19 for each in folded)


def test_many_arrows_between_two_nodes_are_one_and_few_are_not():
    def arrows(tail, head, count):
        return [Arrow(tail, head, "(2,)", str(k), f"y_{k}") for k in range(count)]

    few, many = arrows("a", "b", 4), arrows("a", "c", 5)
    mixed = [each for pair in zip(many, [*few, few[0]], strict=True) for each in pair]
    merged = list(picture._together(mixed[:-1]))
    assert merged == [replace(many[0], operand="", tooltip="5 values"), *few]


@pytest.mark.parametrize(("times", "shown"), [(4, 4), (5, 1)])
def test_a_value_that_is_read_often_by_one_step_has_one_arrow(times, shown):
    x = mg.tanh(mg.Tensor(0.5, name="x"))
    ((state,), why) = picture.states(mg.Tape(mg.stack([x] * times)), "")
    assert why == ""
    assert state.svg.count('data-tail="n1" data-head="n2"') == shown
    assert ("5 values" in state.svg) == (times == 5)


@pytest.mark.parametrize(("most", "names"), [(41, {"gates closed"}), (5, set())])
def test_no_picture_has_more_nodes_than_can_be_read(most, names, monkeypatch):
    monkeypatch.setattr(picture, "MOST_NODES", most)
    monkeypatch.setattr(picture, "CELL_VIEWS", ())
    found, why = picture.states(mg.Tape(lstm_loss(6)), "")
    assert names <= {state.name for state in found}
    assert all(len(state.held) <= most for state in found)
    assert why == ("" if found else "A picture of more than 5 nodes cannot be read.")
