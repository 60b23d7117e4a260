"""Computations that tests of `mg.explore` look at, and names that try to do harm."""

import numpy as np

import minigrad as mg
from lstm import LSTM


def lstm_loss(steps=3):
    """The loss of an LSTM with n = 3, m = 2, watched while it is recorded."""
    X = mg.Tensor(np.random.default_rng(0).normal(size=(steps, 3)), name="X")
    with mg.checked():
        Y, _ = LSTM(n=3, m=2, rng=0)(X)
        loss = mg.squared_error(Y, np.zeros((steps, 2)))
    loss.name = "L"
    return loss


def neuron():
    w, x = mg.Parameter(0.75, name="w"), mg.Tensor(2.0, name="x")
    y = mg.sigmoid(w * x + w)
    y.name = "y"
    return y


def written(output, folder, **options):
    return mg.explore(output, folder / "graph.html", **options).read_text("utf-8")


HOSTILE = [
    "</script><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</style></title><!--",
    "W_<b>",
    "\\N \\ue000 \ue000mi\ue001x\ue002",
    "it's 50 % & more; $style ${script}",
    "σ 🦔 \u202e",
]


def named(name):
    x = mg.Tensor([0.5, -1.0], name=name)
    with mg.scope(name, 1, name):
        y = mg.tanh(x * x)
    y.name = name
    return y.sum()
