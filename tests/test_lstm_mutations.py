"""Are the LSTM's tests worth anything? Plant each classic slip and see it noticed.

A slip is a change of source text in a copy of the cell, the gate or the layer, or of a
rule of the engine. The comparison of test_lstm.py (loss and the gradient of everything,
against plain NumPy and the complex step) must notice every one, and must notice nothing
in an unchanged copy.

The last test shows why the numbers matter: with one constant for all weights, as in
published test vectors, the same comparison is blind to gates that changed places.
"""

import functools
import inspect
import itertools
import textwrap

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

from lstm import LSTM, Gate, LSTMCell
from minigrad.gradient import Cotangents
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


def rewritten(owner, old, new):
    """Return `owner.forward` with one piece of its source text replaced."""
    source = textwrap.dedent(inspect.getsource(owner.forward))
    assert source.count(old) == 1, f"{old!r} is not in {owner.__name__}.forward"
    module = inspect.getmodule(owner)
    place = {}
    exec(source.replace(old, new), dict(vars(module)), place)
    return place["forward"]


SLIPS = {
    "order of [x, y]": (LSTMCell, "[x, y_prev]", "[y_prev, x]"),
    "recurrent y dropped": (LSTMCell, "[x, y_prev]", "[x, y_prev * 0.0]"),
    "no gradient through y": (LSTMCell, "[x, y_prev]", "[x, y_prev.detach()]"),
    "no gradient through c": (LSTMCell, "f * c_prev", "f * c_prev.detach()"),
    "tanh on c dropped": (LSTMCell, "o * tanh(c)", "o * c"),
    "tanh of tanh": (LSTMCell, "o * tanh(c)", "o * tanh(tanh(c))"),
    "sigma on c": (LSTMCell, "o * tanh(c)", "o * sigmoid(c)"),
    "y of the old c": (LSTMCell, "o * tanh(c)", "o * tanh(c_prev)"),
    "= for += on c": (LSTMCell, "f * c_prev + i * c_tilde", "i * c_tilde"),
    "input dropped": (LSTMCell, "f * c_prev + i * c_tilde", "f * c_prev"),
    "input gate dropped": (LSTMCell, "+ i * c_tilde", "+ c_tilde"),
    "forget gate dropped": (LSTMCell, "f * c_prev +", "c_prev +"),
    "coupled gates": (LSTMCell, "f * c_prev +", "(1.0 - i) * c_prev +"),
    "minus for plus": (LSTMCell, "+ i * c_tilde", "- i * c_tilde"),
    "gate without o": (LSTMCell, "o * tanh(c)", "tanh(c)"),
    "y and c handed on swapped": (LSTMCell, "State(y, c)", "State(c, y)"),
    "bias forgotten": (Gate, "+ self.b", ""),
    "bias twice": (Gate, "+ self.b", "+ self.b + self.b"),
    "bias subtracted": (Gate, "+ self.b", "- self.b"),
    "activation forgotten": (Gate, "self.activation(z)", "z * 1.0"),
    "y_0 ignored": (LSTM, 'leaf(state.y, "y_0")', 'leaf(state.y * 0.0, "y_0")'),
    "c_0 ignored": (LSTM, 'leaf(state.c, "c_0")', 'leaf(state.c * 0.0, "c_0")'),
    "y_0 for c_0": (LSTM, 'leaf(state.c, "c_0")', 'leaf(state.y, "c_0")'),
    "state not handed on": (LSTM, "state = self.cell", "_ = self.cell"),
    "state reset at every step": (
        LSTM,
        "outputs.append(state.y)",
        "outputs.append(state.y); state = State(state.y * 0.0, state.c * 0.0)",
    ),
    "time reversed": (LSTM, "x[..., t, :]", "x[..., -1 - t, :]"),
    "first input at every step": (LSTM, "x[..., t, :]", "x[..., 0, :]"),
    "last output at every step": (
        LSTM,
        "stack(outputs, axis=-2)",
        "stack([outputs[-1]] * len(outputs), axis=-2)",
    ),
    "outputs reversed": (LSTM, "stack(outputs,", "stack(outputs[::-1],"),
    "cut between steps": (
        LSTM,
        "outputs.append(state.y)",
        "outputs.append(state.y); state = state.detach()",
    ),
}


@every_shape
def test_the_comparison_finds_nothing_wrong_with_an_unchanged_copy(shape, monkeypatch):
    for owner in (LSTMCell, Gate, LSTM):
        monkeypatch.setattr(owner, "forward", rewritten(owner, "def ", "def "))
    assert noticed(shape) == []


@every_shape
@pytest.mark.parametrize("slip", SLIPS)
def test_a_slip_in_an_equation_is_noticed(slip, shape, monkeypatch):
    owner, old, new = SLIPS[slip]
    monkeypatch.setattr(owner, "forward", rewritten(owner, old, new))
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
