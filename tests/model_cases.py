"""Models of every kind a reader may draw: small, and each with its own difficulty."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from view_cases import CELLS, LAYERS, Fused, inputs, through

import minigrad as mg
import minigrad.numpy as mnp
from lstm import LSTM, GRUCell, IRNNCell, LayerNormCell, RNNCell

HOSTILE = [
    "<b>",
    'say "a"',
    r"\N",
    "a:b",
    "two\nlines",
    "ŷ∂→",
    "w" * 300,
    "-->",
    "&amp;",
]


def random(*shape: int, seed: int = 0) -> np.ndarray[Any, Any]:
    """Return numbers that are all different."""
    return np.random.default_rng(seed).normal(size=shape)


def leaf(name: str, *shape: int) -> mg.Tensor:
    """Return a leaf of that name whose numbers depend on it."""
    return mg.Tensor(random(*shape, seed=len(name)), name=name)


def classifier() -> mg.Tensor:
    """Cross-entropy of a perceptron with one hidden layer of relu."""
    net = mg.Sequential(mg.Dense(3, 4, mg.relu, rng=0), mg.Dense(4, 3, rng=1))
    return mg.cross_entropy(net(leaf("x", 5, 3)), np.array([0, 1, 2, 1, 0]))


def attention(masked: bool = False) -> mg.Tensor:
    """One head of attention; masked, nobody looks ahead."""
    x = leaf("x", 4, 3)
    q, k, v = (
        x @ mg.Parameter(random(3, 2, seed=i), f"W_{letter}")
        for i, letter in enumerate("qkv")
    )
    q.name, k.name, v.name = "q", "k", "v"
    scores = q @ k.T / np.sqrt(2.0)
    if masked:
        scores = scores + np.triu(np.full((4, 4), -1e9), 1)
    return mg.softmax(scores, axis=-1) @ v


def layer_norm() -> mg.Tensor:
    """Mean and variance mix all entries of a row."""
    x = leaf("x", 2, 5)
    centred = x - mg.mean(x, axis=-1, keepdims=True)
    return centred / mg.sqrt(mg.var(x, axis=-1, keepdims=True) + 1e-5)


def convolution() -> mg.Tensor:
    """A filter slides over a signal, window by window."""
    x, w = leaf("signal", 7), mg.Parameter(random(3), "w")
    return mg.stack([(x[i : i + 3] * w).sum() for i in range(5)])


def physics() -> list[mg.Tensor]:
    """A pendulum by Euler's steps."""
    angle, speed = leaf("angle"), leaf("speed")
    for t in range(1, 4):
        with mg.scope(t):
            speed = speed - 0.01 * 9.81 * mg.sin(angle)
            angle = angle + 0.01 * speed
    return [angle, speed]


def kalman() -> list[mg.Tensor]:
    """Predict, and correct by a measurement."""
    x, P, F = leaf("state", 2), mg.Tensor(np.eye(2), "P"), leaf("F", 2, 2)
    H, R, z = leaf("H", 1, 2), np.eye(1), leaf("z", 1)
    x, P = F @ x, F @ P @ F.T
    K = P @ H.T / (H @ P @ H.T + R)
    return [x + K @ (z - H @ x), P - K @ H @ P]


def hostile() -> mg.Tensor:
    """Names that mean something to Graphviz, to XML or to a terminal."""
    total = leaf("x", 2)
    for name in HOSTILE:
        with mg.scope(name):
            total = total * mg.Tensor(random(2), name=name)
            total.name = name
    return total


def constants() -> mg.Tensor:
    """Numbers of any size, and numbers that are none."""
    y = leaf("x", 2)
    for c in (1e-7, 1e-5, 1e6, -1e9, 1e300, float("inf")):
        y = y * c + c
    return y


@mg.composite
def swish(x: mg.Tensor, slope: float = 1.0) -> mg.Tensor:
    """A reader's own function, with a name of its own."""
    return x * mg.sigmoid(slope * x)


def lstm(**options: Any) -> list[mg.Tensor]:
    """An LSTM over three steps: its outputs, its last state."""
    y, state = LSTM(3, 2, rng=0)(inputs(3), **options)
    return [y, *state]


WEIGHTS = mg.Parameter([[1.0, 2.0], [-1.0, 0.5]], "W")


def cosine() -> mg.Tensor:
    """The cosine between two Parameters: a product, and no sub-layer."""
    a, b = (mg.Parameter([1.0, 2.0, k], name) for k, name in ((2.0, "a"), (-1.0, "b")))
    return a @ b / (np.linalg.norm(a) * np.linalg.norm(b))


def plain_arrays() -> mg.Tensor:
    """The loss of README.md, whose target is no Tensor."""
    return mg.squared_error(LSTM(3, 2, rng=0)(inputs(5))[0], np.zeros((5, 2)))


def typed(dtype: str) -> mg.Tensor:
    """A dense layer's arithmetic in other than float64."""
    W = mg.Tensor(random(2, 3).astype(dtype), "W")
    x = mg.Tensor(random(3).astype(dtype), "x")
    return mg.tanh(W @ x + np.ones(2, dtype))


MODELS: dict[str, Callable[[], Any]] = {
    **CELLS,
    **{name: lambda make=make: make(2) for name, make in LAYERS.items()},
    "classifier": classifier,
    "attention": attention,
    "masked attention": lambda: attention(masked=True),
    "layer norm": layer_norm,
    "layer norm cell": lambda: through(LayerNormCell(3, 2, rng=0)),
    "convolution": convolution,
    "einsum": lambda: mnp.einsum("ij,jk->ik", leaf("A", 2, 3), leaf("Bb", 3, 2)),
    "trace": lambda: mnp.trace(leaf("A", 3, 3) @ leaf("Bb", 3, 3).T),
    "physics": physics,
    "kalman": kalman,
    "fused": lambda: through(Fused(3, 2)),
    "GRU cell": lambda: through(GRUCell(3, 2, rng=0)),
    "RNN": lambda: through(RNNCell(3, 2, rng=0)),
    "IRNN": lambda: through(IRNNCell(3, 2, rng=0)),
    "masked": lambda: lstm(mask=np.arange(3) < 2),
    "lengths": lambda: LSTM(3, 2, rng=0)(leaf("X", 2, 4, 3), lengths=[4, 2])[0],
    "batch": lambda: LSTM(3, 2, rng=0)(leaf("X", 2, 3, 3))[0],
    "long": lambda: LSTM(3, 2, rng=0)(leaf("X", 40, 3))[0],
    "plain arrays": plain_arrays,
    "cosine of Parameters": cosine,
    "weights of an array": lambda: mg.tanh(WEIGHTS @ np.array([1.0, -1.0]) + 0.5),
    "own function": lambda: swish(leaf("x", 2), slope=2.0),
    "softmax": lambda: mg.softmax(leaf("x", 3)),
    "relu": lambda: mg.relu(leaf("x", 3)),
    "sum": lambda: leaf("x", 3).sum(),
    "entry": lambda: leaf("x", 3)[0],
    "transposed": lambda: leaf("x", 2, 3).T,
    "maximum": lambda: mg.maximum(leaf("x", 3), 0.5).max(),
    "twice read": lambda: (lambda x: x * x + x)(leaf("x", 2)),
    "constants": constants,
    "epsilon": lambda: leaf("x", 2) + 1e-5,
    "million": lambda: leaf("x", 2) * 1e6,
    "hostile": hostile,
    "a leaf": lambda: leaf("x", 2),
    "leaf among outputs": lambda: (lambda x: [x, mg.tanh(x), x])(leaf("x", 2)),
    "several outputs": lambda: {"a": mg.exp(leaf("x", 2)), "b": mg.sin(leaf("yy", 3))},
    "empty": lambda: mg.tanh(leaf("x", 0, 3) * 2.0).sum(),
    "scalar": lambda: mg.exp(leaf("x")) * 2.0,
    "float32": lambda: typed("float32"),
    "float16": lambda: typed("float16"),
    "nameless": lambda: mg.Tensor(random(2)) * mg.Tensor(random(2)) + random(2),
}
