"""The well-known picture of a cell run backwards: the view cotangents."""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise

import numpy as np
import pytest
from test_views import tape
from view_cases import CELLS, loss, sequence

import minigrad as mg
from lstm import LSTM
from minigrad.drawing import VIEWS, draw
from minigrad.drawing.backward.chain_rule import Factors


def sheet(view, made):
    return next(VIEWS[view].sheets(tape(made)))


def once(name):
    made = CELLS[name]()
    return made[0] if isinstance(made, (tuple, list)) else made


DRAWN = list(CELLS)
TANGLED = ("strange", "full recurrence")  # where wires leave a factor no room


def words(drawn):
    """Return what is written on the paper, names as in the program."""
    found = (look["label"] for id, *_, look in drawn.nodes if "_" in id)
    return {re.sub("<[^>]*>", "", label.replace("<SUB>", "_")[1:-1]) for label in found}


def test_most_cells_can_be_run_backwards():
    assert {"LSTM"} < set(DRAWN)
    assert len(DRAWN) >= 5


@pytest.mark.slow
@pytest.mark.parametrize("name", DRAWN)
def test_the_wires_are_those_of_the_gate_view_and_lead_the_other_way(name):
    made = once(name)
    forward, backward = sheet("gate", made), sheet("cotangents", made)
    ends = [(tail, head) for tail, head, _ in backward.edges]
    assert ends == [(tail, head) for tail, head, _ in forward.edges]
    assert all(look["dir"] == "back" for *_, look in backward.edges)
    assert all(look["pos"].startswith("s,") for *_, look in backward.edges)
    places = {id: at for id, at, *_ in forward.nodes}
    kept = [id for id, *_ in backward.nodes if id in places]
    assert all(at == places[id] for id, at, *_ in backward.nodes if id in places)
    assert len(kept) >= len([id for id in places if "_" not in id])


def test_along_the_belt_of_an_lstm_there_is_only_f():
    drawn = sheet("cotangents", sequence(3))
    assert words(drawn) == {
        "⊙ f_2", "⊙ c_1", "⊙ c\u0303_2", "⊙ i_2", "⊙ o_2", "⊙ tanh(c_2)"}  # fmt: skip
    assert {"σ′ = σ (1 − σ)", "tanh′ = 1 − tanh²"} <= set(drawn.entries)
    boxes = [look["label"] for *_, look in drawn.nodes if "′" in look["label"]]
    assert sum("ᵀ" in label for label in boxes) == 4
    assert len(boxes) == 5  # four boxes, and the tanh of c


def crossed(drawn):
    """Return the factors that a wire runs through."""
    from minigrad.drawing.cell.run_backwards import _area, _crosses

    texts = [(look["label"], _area(at, (size[0] - 12, 9)))
             for id, at, size, look in drawn.nodes if "_" in id]  # fmt: skip
    ways = [[tuple(map(float, xy.split(","))) for xy in look["pos"].split()[1:]
             if xy[0] not in "se"] for *_, look in drawn.edges]  # fmt: skip
    return [
        text
        for text, area in texts
        if any(_crosses(a, b, area) for way in ways for a, b in pairwise(way))
    ]


@pytest.mark.parametrize("name", [n for n in DRAWN if n not in TANGLED])
def test_no_wire_runs_through_a_factor(name):
    assert crossed(sheet("cotangents", once(name))) == []


@pytest.mark.parametrize("name", DRAWN)
def test_on_every_wire_stands_what_the_rule_of_its_row_multiplies_by(name):
    """The factors are those of `derive`, and none is left out."""
    made = once(name)
    recorded = tape(made)
    factors, drawn = Factors(recorded), sheet("cotangents", made)
    rows = {f"n{i}": entry for i, entry in enumerate(recorded)}
    for tail, head, _ in drawn.edges:
        found = [look["label"] for id, *_, look in drawn.nodes
                 if id.startswith(f"{head}_")]  # fmt: skip
        entry = rows.get(head)
        if entry is None or len(entry.args) != 2 or not found:
            continue
        said = {factors.of(entry, i) for i, a in enumerate(entry.args)} - {""}
        expected = {plain_words(f"<{each}>") for each in said}
        assert {plain_words(label) for label in found} == expected, (tail, head)


def plain_words(label):
    """Return what is written, without marks above letters and without subscripts."""
    named = re.sub("<[^>]*>", "", label.replace("<SUB>", "_")[1:-1])
    return re.sub("[~_,\u0303]", "", unicodedata.normalize("NFD", named))


def test_one_minus_u_says_its_factor_in_the_circle():
    drawn = sheet("cotangents", once("GRU"))
    assert sum("× −1" in look["label"] for *_, look in drawn.nodes) == 1
    assert any("1 − u" in word for word in words(drawn))


def test_a_box_says_which_gradients_it_gives_to_its_parameters():
    tips = [look["tooltip"] for *_, look in sheet("cotangents", sequence(1)).nodes
            if "gets" in look.get("tooltip", "")]  # fmt: skip
    assert len(tips) == 4
    assert any("W_f_bar gets f_1_bar ⊙ f_1 ⊙ (1 − f_1) · v_1ᵀ" in tip for tip in tips)
    assert any("b_f_bar gets f_1_bar ⊙ f_1 ⊙ (1 − f_1)" in tip for tip in tips)


def test_circles_outside_say_cotangents():
    drawn = draw(sequence(3), "cotangents").dot
    assert "what comes back is added" in drawn
    assert drawn.count("\u0304") >= 8  # bars


def test_of_the_last_time_step_it_is_said_that_nothing_comes_back_from_a_later_one():
    """Its cotangents at the right are 0, unless the state is an output itself."""
    layer, x = LSTM(2, 2, rng=0), np.ones((2, 2))
    Y, last = layer(x)
    says = "t = 2 is the last step: nothing comes back from a later one"
    assert (
        f"{says}, y\u0304 and c\u0304 at the right are 0"
        in sheet("cotangents", Y).notes
    )
    assert (
        f"{says}, y\u0304 at the right is 0" in sheet("cotangents", [Y, last.c]).notes
    )
    assert says not in str(sheet("cotangents", layer(np.ones((3, 2)))[0]).notes)


def test_what_is_no_cell_is_drawn_as_the_view_backward_and_says_so():
    assert "this is the view backward" in draw(loss(), "cotangents").dot


@pytest.mark.parametrize("name", DRAWN)
def test_the_cotangents_that_meet_add_up_to_the_gradient(name):
    """Along the wires: what each reader gives back, factor by factor, is added."""
    from minigrad.deriving.evaluating import evaluate
    from minigrad.deriving.formula import Letter

    made = once(name)
    recorded = tape(mg.sum(made * made) if made.size > 1 else made)
    factors = Factors(recorded)
    known = {letter: step.data for step, letter in factors.letters.items()}
    bars = {recorded.outputs[0]: np.ones(recorded.outputs[0].shape)}
    for step in reversed(recorded.steps):
        constants = [a for a in step.args if not isinstance(a, mg.Tensor)]
        if any(np.size(a) > 1 for a in constants):
            pytest.skip("an array of the program has no name")
        for i, arg in enumerate(step.args if step in bars else ()):
            if isinstance(arg, mg.Tensor):
                dot = Letter("·", of=step.shape)
                term = factors.term(step, i, dot)
                back = evaluate(term, {**known, dot: bars[step]}, float)
                bars[arg] = bars.get(arg, 0) + np.broadcast_to(back, arg.shape)
    leaves = [leaf for leaf in recorded.leaves if leaf in bars]
    for leaf, expected in zip(
        leaves, mg.grad(recorded.outputs[0], leaves), strict=True
    ):
        np.testing.assert_allclose(bars[leaf], expected, rtol=1e-10, atol=1e-12)
