"""Two tapes to draw: the smallest that has it all, and an LSTM written out."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import minigrad as mg

ROOT = Path(__file__).parents[1]
SVG = "{http://www.w3.org/2000/svg}"
LINK = "{http://www.w3.org/1999/xlink}"


def difference() -> mg.Tensor:
    """a - b, twice the same Tensor, and a number: the smallest tape that has it all."""
    a = mg.Tensor(3.0, name="a")
    b = mg.Parameter(2.0, name="b")
    with mg.scope("part", 1):
        c = a - b
        c.name = "c"
    loss = c * c * 0.5
    loss.name = "loss"
    return loss


def lstm(steps: int, n: int = 3, m: int = 2) -> mg.Tensor:
    """An LSTM written out, its inputs taken from one array outside the loop."""
    rng = np.random.default_rng(0)
    letters = {"forget": "f", "input": "i", "candidate": "c", "output": "o"}
    W = {k: mg.Parameter(rng.normal(size=(m, n + m)), f"W_{k}") for k in "fico"}
    b = {k: mg.Parameter(np.zeros(m), f"b_{k}") for k in "fico"}
    x = mg.Tensor(rng.normal(size=(steps, n)), name="x")
    y, c = mg.Tensor(np.zeros(m), name="y_0"), mg.Tensor(np.zeros(m), name="c_0")
    for t in range(steps):
        x_t = x[t]
        with mg.scope("LSTM", t + 1, "cell"):
            v = mg.concatenate([x_t, y], axis=-1)
            gate = {}
            for name, k in letters.items():
                with mg.scope(name):
                    act = mg.tanh if k == "c" else mg.sigmoid
                    gate[k] = act(mg.matvec(W[k], v) + b[k])
                    gate[k].name = k if k != "c" else "c~"
            c = gate["f"] * c + gate["i"] * gate["c"]
            y = gate["o"] * mg.tanh(c)
            c.name, y.name = "c", "y"
    loss = (y * y).sum()
    loss.name = "loss"
    return loss
