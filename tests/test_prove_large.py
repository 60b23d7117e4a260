"""`mg.prove` of large tapes: the same question, the same verdict, on whole arrays."""

import json
from fractions import Fraction

import numpy as np
import pytest
from test_certificates import MODELS
from test_symbolic import PROGRAMS, tensor

import minigrad as mg
from lstm import LSTM
from lstm.mistakes import MISTAKES, witnesses
from lstm.mistakes.breaking import broken, slope
from lstm.mistakes.patients import batch
from minigrad.cotangents import Cotangents
from minigrad.primitive import TABLE
from minigrad.symbolic import LemmaFailed, ProofFailed, prove
from minigrad.symbolic.arrays import large
from minigrad.symbolic.proving import proof, question
from minigrad.symbolic.proving.memory import memory
from minigrad.symbolic.proving.rules import check_rules


def training_step(T=4, B=32, n=64, m=128):
    rng = np.random.default_rng(0)
    layer = LSTM(n, m, rng=0)
    y, _ = layer(rng.normal(size=(B, T, n)))
    loss = mg.squared_error(y, rng.normal(size=(B, T, m)))
    loss.name = "loss"
    return loss, list(layer.parameters().values())


@pytest.fixture
def in_arrays(monkeypatch):
    """Every tape is large, and no rule is cheap enough to be checked by itself."""
    monkeypatch.setattr(large, "WORTHWHILE", -1)
    monkeypatch.setattr(proof, "BUDGET", 0)


def words(text):
    return " ".join(str(text).split())


# ------------------------------------------------------------------ the certificate


def test_an_lstm_of_working_size_has_a_certificate():
    loss, parameters = training_step()
    certificate = prove(loss, parameters, seed=1)
    assert certificate.generators == {
        "sigmoid": 4 * 32 * 3 * 128,
        "tanh": 4 * 32 * 2 * 128,
    }
    assert len(set(certificate.primes)) == len(certificate.primes) > 1
    assert {p.bit_length() for p in certificate.primes} == {31}
    assert certificate.chance < -40
    assert certificate.applications > certificate.too_large > 0
    assert len(certificate.rows) == 10
    (cell,) = certificate.cells
    assert (cell.steps, cell.monomials) == (4, 0)
    assert "are written out" in cell.not_shown
    told = words(certificate)
    primes = ", ".join(map(str, certificate.primes))
    times = len(certificate.primes)
    assert f"{times} times, modulo the random primes {primes} of 31 bits" in told
    assert f"the other {certificate.too_large} are too large for that" in told
    assert json.loads(certificate.to_json())["primes"] == list(certificate.primes)


def test_the_printed_bound_is_that_of_all_trials_together():
    loss, parameters = training_step(T=2, B=8)
    certificate = prove(loss, parameters, seed=1)
    at_most = Fraction(certificate.degree, 2**30) + Fraction(
        certificate.height_bits // 30, 46_000_000
    )
    bound = (2 * at_most) ** len(certificate.primes)
    assert bound <= Fraction(2) ** certificate.chance <= 2 * bound


def test_a_certificate_of_a_large_tape_is_reproduced_by_its_seed():
    loss, parameters = training_step(T=2, B=8)
    once = prove(loss, parameters)
    assert prove(loss, parameters, seed=once.seed) == once
    assert prove(loss, parameters).primes != once.primes


def test_rules_are_checked_one_by_one_while_the_budget_lasts():
    tape = mg.Tape(training_step(T=1, B=8)[0])
    counts = []
    for budget in (0, 10_000, float("inf")):
        shown = check_rules(tape, proof.Random(0), memory(), budget)
        assert bool(shown.sizes) == bool(shown.checked)
        counts.append((shown.checked, shown.left))
    (none, all_left), (some, left), (every, nothing) = counts
    assert none == nothing == 0 < some < every
    assert all_left == some + left == every


def test_a_certificate_without_a_rule_checked_by_itself_is_still_json(in_arrays):
    W, x = tensor("W", 2, 3), tensor("x", 3)
    certificate = prove(mg.matvec(W, x).sum())
    assert certificate.too_large == certificate.applications
    assert "P(a wrong rule passed, on the tape or in the field below) <= 0" in words(
        certificate
    )
    assert json.loads(certificate.to_json())["rules_chance"] < -1000


# ------------------------------------------------ the same on both sides of the line


def shared(certificate):
    """What does not depend on how a tape was proved."""
    return {
        name: getattr(certificate, name)
        for name in (
            "output", "wrt", "tape", "steps", "applications", "inputs", "generators",
            "lemmas", "opaque", "rows", "cells", "seed",
        )
    }  # fmt: skip


@pytest.mark.parametrize("build", [model for model, _ in MODELS.values()], ids=MODELS)
@pytest.mark.parametrize("budget", [0, 1_000])
def test_models_have_the_same_certificate_but_for_the_primes(
    monkeypatch, build, budget
):
    loss = build()
    by_entries = prove(loss, seed=1)
    monkeypatch.setattr(large, "WORTHWHILE", -1)
    monkeypatch.setattr(proof, "BUDGET", budget)
    by_arrays = prove(loss, seed=1)
    assert shared(by_entries) == shared(by_arrays)
    assert by_entries.primes[0].bit_length() == 61
    assert by_arrays.primes[0].bit_length() == 31
    assert by_arrays.degree >= by_entries.degree


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_what_the_table_can_say_is_proved_alike(monkeypatch, program):
    loss = program(tensor("a", 2, 3), tensor("b", 2, 3, seed=1))
    by_entries = prove(loss, seed=1)
    monkeypatch.setattr(large, "WORTHWHILE", -1)
    rules_too = prove(loss, seed=1)
    monkeypatch.setattr(proof, "BUDGET", 0)
    for by_arrays in (rules_too, prove(loss, seed=1)):
        assert by_arrays.rows == by_entries.rows
        assert by_arrays.opaque == by_entries.opaque
        counts = by_arrays.generators.values()  # softplus is log(1 + exp) by entries
        assert sum(counts) == sum(by_entries.generators.values())


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_every_mistake_is_named_on_whole_arrays_too(mistake, in_arrays):
    with mistake.planted():
        assert witnesses.blamed(mistake.patient()) == mistake.blame


@pytest.mark.parametrize("arrays", [False, True])
def test_a_denominator_that_is_always_zero_is_told_in_the_same_words(
    monkeypatch, arrays
):
    if arrays:
        monkeypatch.setattr(large, "WORTHWHILE", -1)
    a = tensor("a", 3)
    with np.errstate(all="ignore"):
        loss = (a / (a - a)).sum()
    with pytest.raises(ValueError, match="at every random point tried, something"):
        prove(loss)


def test_a_rule_that_is_right_by_an_identity_is_no_false_alarm(in_arrays):
    def cosh(y, a):
        return (mg.exp(a) + mg.exp(-a)) / 2

    sinh = mg.elementwise("tests.sinh", np.sinh, "sinh(a)", [cosh])
    try:
        certificate = prove(sinh(tensor("a", 3)).sum())
    finally:
        del TABLE["tests.sinh"]
    assert certificate.opaque == ("tests.sinh",)


# ------------------------------------------------------- wrong gradients, at full size


def refuted(loss, wrt):
    with pytest.raises(ProofFailed) as failed:
        prove(loss, wrt)
    return failed.value


def test_a_wrong_slope_in_a_large_lstm_is_named(monkeypatch):
    loss, parameters = training_step()
    with broken(slope("tanh", 0, lambda y, a: (1.0 - y * y) * (1 + 1e-5))):
        assert isinstance(refuted(loss, parameters), LemmaFailed)
        monkeypatch.setattr(proof, "lemmas_of", lambda tape: [])
        failure = refuted(loss, parameters)
    assert (failure.row, failure.argument) == ("tanh", 0)
    assert mg.Tape(loss).steps[failure.step].primitive is TABLE["tanh"]


def test_a_wrong_adjoint_in_a_large_lstm_is_named(monkeypatch):
    loss, parameters = training_step(n=128)
    row = TABLE["matvec"]
    right = row.adjoints[1]
    wrong = (row.adjoints[0], lambda g, W, v: right(g, W, v) * (1 + 1e-5))
    monkeypatch.setattr(row, "adjoints", wrong)
    monkeypatch.setattr(row, "together", {0: row.together[0]})
    failure = refuted(loss, parameters)
    assert (failure.row, failure.argument) == ("matvec", 1)
    found, expected = failure.counterexample.replay()
    assert found == pytest.approx(expected * (1 + 1e-5))


def test_a_carry_dropped_once_in_a_large_lstm_is_named(monkeypatch):
    loss, parameters = training_step()
    right = Cotangents.add
    lost = next(
        position
        for position, step in enumerate(mg.Tape(loss))
        if step.name == "c" and 1 in step.scope
    )
    twin = large.twin

    def marking(ring, tape, *rest):
        made = twin(ring, tape, *rest)
        dropped.add(made.steps[tape.steps[lost]].tick)
        return made

    dropped = set()
    monkeypatch.setattr(large, "twin", marking)
    monkeypatch.setattr(
        Cotangents,
        "add",
        lambda self, arg, g: None if arg.tick in dropped else right(self, arg, g),
    )
    failure = refuted(loss, parameters)
    assert (failure.row, failure.step) == (None, lost)


def test_a_wrong_sum_over_the_batch_is_not_blamed_on_the_rule(monkeypatch):
    loss, parameters = training_step()
    mistake = next(m for m in MISTAKES if m.name == "b_bar averaged over the batch")
    with mistake.planted():
        failure = refuted(loss, parameters)
    assert failure.row is None
    wrong = mg.Tape(loss).steps[failure.step]
    assert wrong in set(parameters) and wrong.name.startswith("b_")
    assert "look at what sums over broadcast axes" in words(failure)


# ------------------------------------------------------------------- what is refused


def test_second_derivatives_of_a_large_tape_are_refused_with_a_way_out(monkeypatch):
    loss, parameters = training_step()
    with pytest.raises(ValueError, match="order=1, which takes whole arrays"):
        prove(loss, parameters, order=2)
    small, (a, b, *_) = batch()
    monkeypatch.setattr(question, "MOST_AT_ORDER_2", 10)
    assert prove(small, [a, b])
    with pytest.raises(ValueError, match="up to 10 of them"):
        prove(small, [a, b], order=2)
