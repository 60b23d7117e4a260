"""A training step of an LSTM: forward over T steps, and the gradient of every W and b.

All contestants compute the same four separate gates from [x_t, y_{t-1}], in float32,
with the same weights, and must agree on every gradient before anything is timed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import autograd
import autograd.numpy as anp
import numpy as np
import torch

import minigrad as mg
from benchmarks.side_by_side import Row, fastest
from lstm import LSTM

SIZES = [(32, 1, 16, 16), (64, 32, 64, 64), (64, 32, 128, 128), (35, 20, 200, 200)]
BAR, AUTOGRAD_BAR = 1.3, 1 / 2.5

Contestants = dict[str, Callable[[], list[np.ndarray]]]


def unrolled(xs, parameters, y, c, concatenate, sigmoid, tanh, stack):
    """Return the outputs of all steps, from four separate gates."""
    W_f, b_f, W_i, b_i, W_c, b_c, W_o, b_o = parameters
    outputs = []
    for x in xs:
        v = concatenate([x, y], -1)
        f = sigmoid(v @ W_f.T + b_f)
        i = sigmoid(v @ W_i.T + b_i)
        c_tilde = tanh(v @ W_c.T + b_c)
        o = sigmoid(v @ W_o.T + b_o)
        c = f * c + i * c_tilde
        y = o * tanh(c)
        outputs.append(y)
    return stack(outputs, 1)


def contestants(T: int, B: int, n: int, m: int) -> Contestants:
    """Return the training step of each library, as functions giving the gradients."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(B, T, n)).astype(np.float32)
    target = rng.normal(size=(B, T, m)).astype(np.float32)
    layer = LSTM(n, m, rng=0, dtype=np.float32)
    parameters = layer.parameters()

    def ours() -> list[np.ndarray]:
        y, _ = layer(x)
        return mg.grad(mg.squared_error(y, target), parameters)

    weights = [torch.tensor(p.data, requires_grad=True) for p in parameters]
    torch_x, torch_target = torch.tensor(x), torch.tensor(target)

    def by_torch() -> list[np.ndarray]:
        zeros = torch.zeros(B, m)
        xs = torch_x.unbind(1)
        y = unrolled(
            xs, weights, zeros, zeros, torch.cat, torch.sigmoid, torch.tanh, torch.stack
        )
        difference = y - torch_target
        loss = (difference * difference).mean()
        return [g.numpy() for g in torch.autograd.grad(loss, weights)]

    def loss_of(arrays: list[np.ndarray]) -> np.ndarray:
        zeros = np.zeros((B, m), np.float32)
        y = unrolled(
            [x[:, t] for t in range(T)],
            arrays,
            zeros,
            zeros,
            anp.concatenate,
            lambda z: anp.float32(0.5) * (anp.tanh(anp.float32(0.5) * z) + 1),
            anp.tanh,
            anp.stack,
        )
        difference = y - target
        return anp.mean(difference * difference)

    gradient = autograd.grad(loss_of)
    arrays = [p.data for p in parameters]
    return {
        "minigrad": ours,
        "PyTorch": by_torch,
        "autograd": lambda: gradient(arrays),
    }


def rows(seconds: float, in_a_row: int) -> Iterator[Row]:
    """Yield one row for each size and each library to compare with."""
    for size in SIZES:
        steps = contestants(*size)
        expected = steps["PyTorch"]()
        for step in steps.values():
            for found, right in zip(step(), expected, strict=True):
                np.testing.assert_allclose(found, right, rtol=1e-3, atol=1e-5)
        best = fastest(steps, seconds * 2, in_a_row)
        what = f"LSTM training step, T, B, n, m = {size}"
        yield Row(what, "ms", best, "minigrad", "PyTorch", BAR)
        yield Row("the same", "ms", best, "minigrad", "autograd", AUTOGRAD_BAR)
