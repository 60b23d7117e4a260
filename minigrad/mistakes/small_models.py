"""The models on which the mistakes are tried: small, ordinary, and seeded.

A small model is a recorded loss, and what its gradient is asked with respect to. Most
mistakes show in the LSTM already; the others need a row that an LSTM lacks.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

import minigrad as mg


class SmallModel(NamedTuple):
    """A loss, and the leaves whose gradient is in question."""

    loss: mg.Tensor
    wrt: list[mg.Tensor]


def _normal(name: str, *shape: int) -> mg.Tensor:
    """Return a leaf of random numbers that depend on its name only."""
    rng = np.random.default_rng(list(name.encode()))
    return mg.Tensor(rng.normal(size=shape), name=name)


def _weights(name: str, *shape: int) -> mg.Parameter:
    return mg.Parameter(_normal(name, *shape).data, name)


def _positive(name: str, *shape: int) -> mg.Tensor:
    return mg.Tensor(0.5 + np.abs(_normal(name, *shape).data), name=name)


def _squared_error(y: mg.Tensor) -> mg.Tensor:
    """The mean of (target - y)^2, with the target a constant."""
    error = mg.subtract(_normal("target", *y.shape).data, y)
    error.name = "error"
    loss: mg.Tensor = mg.mean(error * error)
    return loss


def lstm() -> SmallModel:
    """An LSTM with n = m = 2 over T = 4 steps; all its weights, inputs and state."""
    outputs, wrt = _through_time(T=4)
    return SmallModel(_squared_error(outputs), wrt)


def last_of_sixteen() -> SmallModel:
    """The same over T = 16 steps, and only the last output counts."""
    outputs, wrt = _through_time(T=16)
    return SmallModel(_squared_error(outputs[-1]), wrt)


def _through_time(T: int) -> tuple[mg.Tensor, list[mg.Tensor]]:
    """Return the outputs of an LSTM without a class: its six equations, in a loop."""
    W = {gate: _weights(f"W_{gate}", 2, 4) for gate in "fico"}
    b = {gate: _weights(f"b_{gate}", 2) for gate in "fico"}
    x, y_0, c_0 = _normal("x", T, 2), _normal("y_0", 2), _normal("c_0", 2)
    y, c, outputs = y_0, c_0, []
    for t in range(T):
        with mg.scope(t + 1):
            x_t = x[t]
            v = mg.concatenate([x_t, y])
            z = {gate: mg.matvec(W[gate], v) + b[gate] for gate in "fico"}
            f, i, o = (mg.sigmoid(z[gate]) for gate in "fio")
            c = f * c + i * mg.tanh(z["c"])
            y = o * mg.tanh(c)
            x_t.name, v.name, c.name, y.name = "x", "v", "c", "y"
        outputs.append(y)
    y = mg.stack(outputs)
    y.name = "outputs"
    return y, [*W.values(), *b.values(), x, y_0, c_0]


def simple_rnn() -> SmallModel:
    """h_t = tanh(U h_{t-1} + W x_t): all matrices square, over T = 3 steps."""
    W, U, x = _normal("W", 3, 3), _normal("U", 3, 3), _normal("x", 3, 3)
    h = h_0 = _normal("h_0", 3)
    for t in range(3):
        h = mg.tanh(mg.matvec(U, h) + mg.matvec(W, x[t]))
    return SmallModel(_squared_error(h), [W, U, x, h_0])


def batch() -> SmallModel:
    """A dense layer, tanh(W x + b), on a batch of four examples."""
    W, b, x = _normal("W", 3, 2), _normal("b", 3), _normal("x", 4, 2)
    return SmallModel(_squared_error(mg.tanh(mg.matvec(W, x) + b)), [W, b, x])


def classifier() -> SmallModel:
    """softmax(W x + b) of two examples, compared with what it should be."""
    W, b, x = _normal("W", 3, 2), _normal("b", 3), _normal("x", 2, 2)
    return SmallModel(_squared_error(mg.softmax(mg.matvec(W, x) + b)), [W, b, x])


def lookup() -> SmallModel:
    """Vectors of words, in a sentence in which word 2 comes twice."""
    words = _normal("words", 20, 2)
    return SmallModel(_squared_error(words[[2, 0, 2]]), [words])


def attention() -> SmallModel:
    """Two heads, two words, two features: q k, then the heads moved and joined."""
    q, k = _normal("q", 2, 2, 2), _normal("k", 2, 2, 2)
    joined = (q @ k).transpose(1, 2, 0).reshape(2, 4)
    return SmallModel(_squared_error(joined), [q, k])


def distance() -> SmallModel:
    """sqrt(a^2.5 + b^2) log(a) cos(b): what formulas are made of."""
    a, b = _positive("a", 3), _positive("b", 3)
    return SmallModel(mg.sum(mg.sqrt(a**2.5 + b * b) * mg.log(a) * mg.cos(b)), [a, b])


def leaky() -> SmallModel:
    """Running sums, through a unit that leaks where it is negative."""
    a = _normal("a", 5)
    total = mg.cumsum(a, axis=0)
    return SmallModel(_squared_error(mg.where(total.data > 0, total, 0.1 * a)), [a])


SMALL_MODELS = (
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
