"""The view difference: what one cell has and another has not."""

from __future__ import annotations

import re

import numpy as np
import pytest
from test_views import tape
from view_cases import CELLS, loss, once

import minigrad as mg
from lstm import LSTMCell, PeepholeCell, State
from minigrad.drawing import VIEWS, draw
from minigrad.drawing.styles import MISSING, NEW, REWIRED
from minigrad.feedforward import leaf


class SameByOtherOrder(LSTMCell):
    """The vanilla cell, whose output gate is computed first."""

    def forward(self, x, state):
        x, y_prev, c_prev = leaf(x, "x"), leaf(state.y, "y_0"), leaf(state.c, "c_0")
        v = mg.concatenate([x, y_prev], axis=-1)
        o, f, i, c_tilde = (
            gate(v) for gate in (self.output, self.forget, self.input, self.candidate)
        )
        c = self.combined(f, i, c_prev, c_tilde)
        return State(o * mg.tanh(c), c)

    def combined(self, f, i, c_prev, c_tilde):
        return f * c_prev + i * c_tilde


class Rewired(SameByOtherOrder):
    """f and i have changed places: no part is new, none is missing."""

    def combined(self, f, i, c_prev, c_tilde):
        return i * c_prev + f * c_tilde


class NoForgetGate(SameByOtherOrder):
    def combined(self, f, i, c_prev, c_tilde):
        return c_prev + i * c_tilde


def marked(made):
    """Return what is new in a variant, what it lacks, and what reads something else."""
    vanilla = once(LSTMCell(3, 2, rng=0))[0]
    sheet = next(VIEWS["difference"].sheets(tape([made, vanilla])))
    looks = [(look["color"], look["label"]) for *_, look in sheet.nodes
             if "color" in look]  # fmt: skip
    return [
        [re.sub("<.*?>", "", label[1:-1]) for border, label in looks if border == each]
        for each in (NEW.border, MISSING.border, REWIRED.border)
    ]


def test_a_variant_shows_what_is_new_and_what_is_missing():
    assert marked(CELLS["coupled"]()[0]) == [["1 −"], ["σWi, bi"], []]
    assert marked(CELLS["deeper"]()[0]) == [["tanh → σ2 layers"], ["σWf, bf"], []]
    gates = ["σWf, bf", "σWi, bi", "σWo, bo"]
    joins_and_gates, missing, rewired = marked(CELLS["peephole"]()[0])
    assert sorted(filter(None, joins_and_gates)) == missing == gates
    assert rewired == []
    new, missing, _ = marked(CELLS["GRU"]())
    assert [len(new), len(missing)] == [6, 6]


def test_the_same_cell_in_another_order_is_no_difference():
    assert marked(CELLS["LSTM"]()[0]) == [[], [], []]
    assert marked(once(SameByOtherOrder(3, 2, rng=0))[0]) == [[], [], []]


def test_what_only_reads_something_else_is_marked_on_both_sides():
    assert marked(once(Rewired(3, 2, rng=0))[0]) == [[], [], ["×"] * 4]
    new, missing, rewired = marked(once(NoForgetGate(3, 2, rng=0))[0])
    assert (new, sorted(missing), rewired) == ([], ["×", "σWf, bf"], ["+"] * 2)


def test_a_rewired_part_is_dashed_too():
    sheet = next(VIEWS["difference"].sheets(tape([once(Rewired(3, 2, rng=0))[0],
                                            CELLS["LSTM"]()[0]])))  # fmt: skip
    assert {look.get("style") for *_, look in sheet.nodes
            if look.get("color") == REWIRED.border} == {"filled,dashed"}  # fmt: skip
    sample = sheet.entries[REWIRED.legend][0]
    assert 'BORDER="2"' in sample and "dashed" in sample
    says = "parts that differ: 2 in both, but reading something else"
    assert sheet.notes[-1] == says


def test_a_difference_is_between_two():
    with pytest.raises(ValueError, match=r"(?s)between two cells.*fix"):
        draw(CELLS["LSTM"]()[0], "difference")


def test_a_peephole_is_one_coloured_wire_and_the_gate_is_still_that_gate():
    cells = [once(kind(3, 2, rng=0))[0] for kind in (PeepholeCell, LSTMCell)]
    sheet = next(VIEWS["difference"].sheets(tape(cells)))
    coloured = [(head, look["tooltip"]) for _, head, look in sheet.edges
                if look.get("color") == NEW.border]  # fmt: skip
    assert [head[0] for head, _ in coloured] == ["a"] * 3  # all on the left
    assert {says.partition("_")[0].partition(" ")[0] for _, says in coloured} == {"c"}
    assert "only" not in sheet.notes[-1]
    assert "a wire that is only in the first" in sheet.entries


def test_outputs_of_one_name_are_compared_and_counted():
    model = mg.Sequential(mg.Dense(3, 4, mg.tanh, rng=0), mg.Dense(4, 2, rng=1))
    outputs = [model(np.ones(3)), model(np.zeros(3))]
    assert outputs[0].name == outputs[1].name
    assert "output 1 and output 2 are no cell" in draw(outputs, "difference").dot


def test_what_is_no_cell_is_compared_with_nothing_and_the_picture_says_so():
    cell, other = CELLS["LSTM"]()[0], loss()
    for outputs, which in (
        ([cell, other], "loss is"),
        ([other, cell], "loss is"),
        ([other, mg.tanh(other)], "loss and output 2 are"),
    ):
        said = f"because {which} no cell that can be drawn, so nothing is compared"
        assert said in draw(outputs, "difference").dot
