"""Are the LSTM's tests worth anything? Plant each classic slip and see it noticed.

A slip is a change of source text in a copy of the cell, the gate or the layer, or of a
rule of the engine. The comparison of test_lstm.py (loss and the gradient of everything,
against plain NumPy and the complex step) must notice every one, and must notice nothing
in an unchanged copy.

The last test shows why the numbers matter: with one constant for all weights, as in
published test vectors, the same comparison is blind to gates that changed places.
"""

import functools
import itertools

import numpy as np
import pytest
from lstm_cases import (
    LETTERS,
    constant_case,
    disagreements,
    our_answer,
    plain_answer,
    random_case,
)
from planted import rewritten

from lstm import Gate, LSTMCell, Recurrent
from minigrad.accumulation import Cotangents
from minigrad.primitive import TABLE

SHAPES = {"n > m": {"n": 3, "m": 2}, "n = m": {"n": 2, "m": 2}}
every_shape = pytest.mark.parametrize("shape", SHAPES)


@functools.cache
def case_and_truth(shape):
    case = random_case(**SHAPES[shape])
    return case, plain_answer(case)


def noticed(shape, case=None):
    """Return the names of what the comparison finds wrong with our layer."""
    usual, truth = case_and_truth(shape)
    return disagreements(our_answer(case or usual), truth)


SLIPS = {
    "order of [x, y]": (LSTMCell, "[x, y_prev]", "[y_prev, x]"),
    "recurrent y dropped": (LSTMCell, "[x, y_prev]", "[x, y_prev * 0.0]"),
    "no gradient through y": (LSTMCell, "[x, y_prev]", "[x, y_prev.detach()]"),
    "no gradient through c": (LSTMCell, "f * c_prev", "f * c_prev.detach()"),
    "tanh on c dropped": (LSTMCell, "o * self.squash(c)", "o * c"),
    "tanh of tanh": (LSTMCell, "o * self.squash(c)", "o * tanh(tanh(c))"),
    "sigma on c": (LSTMCell, "o * self.squash(c)", "o * sigmoid(c)"),
    "y of the old c": (LSTMCell, "self.y(o, c)", "self.y(o, c_prev)"),
    "= for += on c": (LSTMCell, "f * c_prev + i * c_tilde", "i * c_tilde"),
    "input dropped": (LSTMCell, "f * c_prev + i * c_tilde", "f * c_prev"),
    "input gate dropped": (LSTMCell, "+ i * c_tilde", "+ c_tilde"),
    "forget gate dropped": (LSTMCell, "f * c_prev +", "c_prev +"),
    "coupled gates": (LSTMCell, "return self.forget(v)", "return 1.0 - self.input(v)"),
    "minus for plus": (LSTMCell, "+ i * c_tilde", "- i * c_tilde"),
    "y without its gate": (LSTMCell, "o * self.squash(c)", "tanh(c)"),
    "y and c handed on swapped": (LSTMCell, "State(y, c)", "State(c, y)"),
    "bias forgotten": (Gate, "+ self.b", ""),
    "bias twice": (Gate, "+ self.b", "+ self.b + self.b"),
    "bias subtracted": (Gate, "+ self.b", "- self.b"),
    "f reads W_i": (LSTMCell, "return self.forget(v)", "return self.input(v)"),
    "activation forgotten": (Gate, "self.activation(z)", "z * 1.0"),
    "y_0 ignored": (Recurrent, "leaf(v,", "leaf(v * float(k != 'y'),"),
    "c_0 ignored": (Recurrent, "leaf(v,", "leaf(v * float(k != 'c'),"),
    "y_0 and c_0 swapped": (Recurrent, "state._fields, state", "'yc', state[::-1]"),
    "state not handed on": (Recurrent, "state = self._step", "_ = self._step"),
    "state reset at every step": (
        Recurrent,
        "outputs[t] = state.y",
        "outputs[t] = state.y; state = type(state)(*(part * 0.0 for part in state))",
    ),
    "time reversed": (Recurrent, "x[..., t, :]", "x[..., -1 - t, :]"),
    "first input at every step": (Recurrent, "x[..., t, :]", "x[..., 0, :]"),
    "last output at every step": (
        Recurrent,
        "joined([outputs[t] for t in steps])",
        "joined([outputs[steps[-1]]] * len(steps))",
    ),
    "outputs reversed": (Recurrent, "for t in steps])", "for t in steps[::-1]])"),
    "cut between steps": (
        Recurrent,
        "outputs[t] = state.y",
        "outputs[t] = state.y; state = state.detach()",
    ),
}


@every_shape
def test_the_comparison_finds_nothing_wrong_with_an_unchanged_copy(shape, monkeypatch):
    for owner in (LSTMCell, Gate, Recurrent):
        monkeypatch.setattr(owner, *rewritten(owner, "def forward", "def forward"))
    assert noticed(shape) == []


@every_shape
@pytest.mark.parametrize("slip", SLIPS)
def test_a_slip_in_an_equation_is_noticed(slip, shape, monkeypatch):
    owner, old, new = SLIPS[slip]
    monkeypatch.setattr(owner, *rewritten(owner, old, new))
    assert noticed(shape)


PAIRS = list(itertools.combinations(LETTERS, 2))


def with_gates_exchanged(case, one, other):
    """Return the case with all numbers of two gates exchanged."""
    inputs, weights = case
    exchanged = dict(inputs)
    for kind in "Wb":
        exchanged[f"{kind}_{one}"] = inputs[f"{kind}_{other}"]
        exchanged[f"{kind}_{other}"] = inputs[f"{kind}_{one}"]
    return exchanged, weights


@every_shape
@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_two_gates_that_read_each_others_weights_are_noticed(one, other, shape):
    case, _ = case_and_truth(shape)
    assert "loss" in noticed(shape, case=with_gates_exchanged(case, one, other))


RULES = {
    "sigma' missing": ("sigmoid", 0, lambda y, a: 1.0),
    "sigma' of sigma": ("sigmoid", 0, lambda y, a: a * (1.0 - a)),
    "sigma' without (1 - y)": ("sigmoid", 0, lambda y, a: y),
    "tanh' missing": ("tanh", 0, lambda y, a: 1.0),
    "tanh' without the square": ("tanh", 0, lambda y, a: 1.0 - y),
    "product rule, left": ("multiply", 0, lambda y, a, b: a),
    "product rule, right": ("multiply", 1, lambda y, a, b: b),
    "minus in a sum": ("add", 1, lambda y, a, b: -1),
}


@pytest.mark.parametrize("slip", RULES)
def test_a_slip_in_a_derivative_is_noticed(slip, monkeypatch):
    name, argument, rule = RULES[slip]
    rules = list(TABLE[name].partials)
    rules[argument] = rule
    monkeypatch.setattr(TABLE[name], "partials", tuple(rules))
    found = noticed("n > m")
    assert found and "loss" not in found  # the forward numbers are right


def test_overwriting_a_gradient_instead_of_adding_is_noticed(monkeypatch):
    def overwrite(self, arg, contribution):
        self.totals[arg.tick] = contribution

    monkeypatch.setattr(Cotangents, "add", overwrite)
    found = noticed("n > m")
    assert found and "loss" not in found


def test_constant_weights_are_blind_to_gates_that_changed_places():
    case = constant_case()
    truth = plain_answer(case)
    for one, other in PAIRS:
        exchanged = with_gates_exchanged(case, one, other)
        assert disagreements(our_answer(exchanged), truth) == []
    for name in case[0]:
        assert np.any(truth[1][name] != 0), name
