"""The models on which the mistakes are tried: small, ordinary, and seeded.

A patient is a recorded loss and what its gradient is asked with respect to. Most
mistakes fall ill in the LSTM already; the others need a row that an LSTM lacks.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

import minigrad as mg
from lstm.layer import LSTM
from lstm.state import State


class Patient(NamedTuple):
    """A loss, and the leaves whose gradient is in question."""

    loss: mg.Tensor
    wrt: list[mg.Tensor]


def _normal(name: str, *shape: int) -> mg.Tensor:
    """Return a leaf of random numbers that depend on its name only."""
    rng = np.random.default_rng(list(name.encode()))
    return mg.Tensor(rng.normal(size=shape), name=name)


def _positive(name: str, *shape: int) -> mg.Tensor:
    return mg.Tensor(0.5 + np.abs(_normal(name, *shape).data), name=name)


def _squared_error(y: mg.Tensor) -> mg.Tensor:
    """The mean of (target - y)^2, with the target a constant."""
    error = mg.subtract(_normal("target", *y.shape).data, y)
    error.name = "error"
    loss: mg.Tensor = mg.mean(error * error)
    return loss


def lstm() -> Patient:
    """An LSTM with n = m = 2 over T = 4 steps; all its weights, inputs and state."""
    outputs, wrt = _through_time(T=4)
    return Patient(_squared_error(outputs), wrt)


def last_of_sixteen() -> Patient:
    """The same over T = 16 steps, and only the last output counts."""
    outputs, wrt = _through_time(T=16)
    return Patient(_squared_error(outputs[-1]), wrt)


def _through_time(T: int) -> tuple[mg.Tensor, list[mg.Tensor]]:
    layer = LSTM(2, 2, rng=0)
    weights = layer.parameters()
    for weight in weights:
        weight.data = _normal(f"of {weight.name}", *weight.shape).data
    x, y_0, c_0 = _normal("x", T, 2), _normal("y_0", 2), _normal("c_0", 2)
    outputs, _ = layer(x, State(y_0, c_0))
    outputs.name = "outputs"
    return outputs, [*weights, x, y_0, c_0]


def simple_rnn() -> Patient:
    """h_t = tanh(U h_{t-1} + W x_t): all matrices square, over T = 3 steps."""
    W, U, x = _normal("W", 3, 3), _normal("U", 3, 3), _normal("x", 3, 3)
    h = h_0 = _normal("h_0", 3)
    for t in range(3):
        h = mg.tanh(mg.matvec(U, h) + mg.matvec(W, x[t]))
    return Patient(_squared_error(h), [W, U, x, h_0])


def batch() -> Patient:
    """A dense layer, tanh(W x + b), on a batch of four examples."""
    W, b, x = _normal("W", 3, 2), _normal("b", 3), _normal("x", 4, 2)
    return Patient(_squared_error(mg.tanh(mg.matvec(W, x) + b)), [W, b, x])


def classifier() -> Patient:
    """softmax(W x + b) of two examples, compared with what it should be."""
    W, b, x = _normal("W", 3, 2), _normal("b", 3), _normal("x", 2, 2)
    return Patient(_squared_error(mg.softmax(mg.matvec(W, x) + b)), [W, b, x])


def lookup() -> Patient:
    """Vectors of words, in a sentence in which word 2 comes twice."""
    words = _normal("words", 20, 2)
    return Patient(_squared_error(words[[2, 0, 2]]), [words])


def attention() -> Patient:
    """Two heads, two words, two features: q k, then the heads moved and joined."""
    q, k = _normal("q", 2, 2, 2), _normal("k", 2, 2, 2)
    joined = (q @ k).transpose(1, 2, 0).reshape(2, 4)
    return Patient(_squared_error(joined), [q, k])


def distance() -> Patient:
    """sqrt(a^2.5 + b^2) log(a) cos(b): what formulas are made of."""
    a, b = _positive("a", 3), _positive("b", 3)
    return Patient(mg.sum(mg.sqrt(a**2.5 + b * b) * mg.log(a) * mg.cos(b)), [a, b])


def leaky() -> Patient:
    """Running sums, through a unit that leaks where it is negative."""
    a = _normal("a", 5)
    total = mg.cumsum(a, axis=0)
    return Patient(_squared_error(mg.where(total.data > 0, total, 0.1 * a)), [a])


PATIENTS = (
    lstm,
    last_of_sixteen,
    simple_rnn,
    batch,
    classifier,
    lookup,
    attention,
    distance,
    leaky,
)
