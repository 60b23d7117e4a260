"""The walk of `mg.explore`: contributions add up to what the engine computed."""

from __future__ import annotations

import numpy as np
import pytest
from explorer_cases import lstm_loss, neuron, written
from hypothesis import given, settings
from hypothesis import strategies as st

import minigrad as mg
from minigrad.deriving.evaluating import evaluate
from minigrad.exploring import data
from minigrad.exploring.data import Exploration
from minigrad.exploring.sums import added, contributions


def test_the_contributions_of_all_uses_add_up_to_the_cotangent():
    tape = mg.Tape(lstm_loss())
    explored = Exploration(tape, tape.leaves)
    for step in explored.steps:
        assert step.adds_up
        np.testing.assert_allclose(added(list(step.uses)), step.bar, rtol=1e-12)
    W_f = explored.steps[1]
    assert W_f.name == "W_f"
    assert len(W_f.uses) == 3  # one for each time step


@given(st.sets(st.integers(0, 80)))
@settings(max_examples=4, deadline=None)
def test_what_is_not_shown_changes_no_line_of_what_is(places):
    tape = mg.Tape(lstm_loss(4))
    shown = [tape.steps[k] for k in sorted({*places, *range(len(tape) - 5, len(tape))})]
    everything = {step.entry: step for step in Exploration(tape, tape.leaves).steps}
    part = Exploration(tape, tape.leaves, shown)
    assert [step.entry for step in part.steps] == shown
    assert "FAILED" not in part.check
    for step in part.steps:
        whole = everything[step.entry]
        assert (step.position, step.name) == (whole.position, whole.name)
        assert (step.forward, step.backward) == (whole.forward, whole.backward)
        assert step.terms == whole.terms
        np.testing.assert_array_equal(step.bar, whole.bar)


def test_the_equations_of_a_long_tape_cost_no_more_than_their_uses(monkeypatch):
    from minigrad.deriving import blackboard

    def counted(steps):
        calls = []
        transcribed = blackboard.transcribed
        with monkeypatch.context() as patch:
            patch.setattr(
                blackboard,
                "transcribed",
                lambda *a: calls.append(a[0]) or transcribed(*a),
            )
            tape = mg.Tape(lstm_loss(steps))
            Exploration(tape, tape.leaves, tape.steps[:40])
        return len(calls)

    assert counted(40) <= 8 * 40 + 80  # W and b of four gates, at every time step


def test_every_term_of_a_sum_is_found_beside_its_contribution():
    tape = mg.Tape(lstm_loss())
    steps = Exploration(tape, tape.leaves).steps
    alone = [step for step in steps if None in step.terms]
    assert [step.entry.primitive.name for step in alone] == ["subtract"]  # t t = t²


@pytest.mark.parametrize("size", [1.0, 1e-9, 1e-30])
def test_terms_that_vanish_are_told_apart_and_so_is_a_wrong_sum(size):
    a, b = mg.Tensor(0.5, name="a"), mg.Tensor(3.0, name="b")
    x = mg.Tensor([0.25, -0.5], name="x")
    tape = mg.Tape((mg.sin(x) * a + x * b + x * a * a).sum() * size)
    explored = Exploration(tape, tape.leaves)
    for step in explored.steps:
        for use, term in zip(step.uses, step.terms, strict=True):
            value = evaluate(term, explored.values, float)
            np.testing.assert_allclose(value, use.contribution, rtol=1e-12)
    bars = np.array([size, -size])
    assert data._same(bars, bars) and not data._same(bars * 1.001, bars)


def test_the_walk_adds_for_any_output_what_the_engine_adds():
    a = mg.Tensor(np.array([[1.0, 2.0], [3.0, 4.0]]), name="a")
    b = a[0] * a + mg.concatenate([a[1], a[1]], axis=0).sum()
    seed = np.ones((2, 2))
    uses = contributions(mg.Tape(b), {b: seed}, set(mg.Tape(b)))
    np.testing.assert_allclose(added(uses[a]), mg.grad(b, a, seed=seed), rtol=1e-14)


def test_the_walk_goes_through_active_entries_only():
    a, b = mg.Tensor(2.0), mg.Tensor(3.0)
    inner = a * b
    y = inner * b
    uses = contributions(mg.Tape(y), {y: np.array(1.0)}, {y, b})
    assert set(uses) == {y, b} and added(uses[b]) == 6.0  # a * b is taken as given


def test_a_wrong_engine_is_not_covered_up(tmp_path, monkeypatch):
    from minigrad.accumulation import Cotangents

    complete = Cotangents.complete

    def lossy(self, node):
        found = complete(self, node)
        return found * 0.5 if node.name == "w" and found is not None else found

    monkeypatch.setattr(Cotangents, "complete", lossy)
    page = written(neuron(), tmp_path)
    assert "do not add up to the cotangent" in page
    assert "FAILED." in page
