"""The price of recording: 99 small operations in a chain, on 32 numbers.

x = x + a;  x = x * b;  x = tanh(x), thirty-three times, then a sum. The arrays are so
small that almost all the time is the engine's own. Constants are plain arrays where
the library allows it. The bare forward pass and a backward pass written by hand are
what NumPy alone would need.
"""

from __future__ import annotations

from collections.abc import Iterator

import autograd
import autograd.numpy as anp
import mygrad
import numpy as np
import torch

import minigrad as mg
from benchmarks.side_by_side import Row, fastest

rng = np.random.default_rng(0)
X = rng.normal(size=32)
STEPS = [(rng.normal(size=32), rng.normal(size=32)) for _ in range(33)]
TORCH_STEPS = [(torch.tensor(a), torch.tensor(b)) for a, b in STEPS]


def chain(x, tanh, steps=STEPS):
    """Return the sum at the end of the chain."""
    for a, b in steps:
        x = x + a
        x = x * b
        x = tanh(x)
    return x.sum()


def by_hand() -> np.ndarray:
    """Return the gradient, forward and backward written out for this chain."""
    x, outputs = X, []
    for a, b in STEPS:
        x = np.tanh((x + a) * b)
        outputs.append(x)
    x.sum()
    g = np.ones_like(x)
    for (_, b), y in zip(reversed(STEPS), reversed(outputs), strict=True):
        g = g * (1 - y * y)
        g = g * b
    return g


def ours() -> np.ndarray:
    """Return the gradient by minigrad."""
    x = mg.Tensor(X)
    return mg.grad(chain(x, mg.tanh), x)


def by_torch() -> torch.Tensor:
    """Return the gradient by PyTorch, eagerly."""
    x = torch.tensor(X, requires_grad=True)
    return torch.autograd.grad(chain(x, torch.tanh, TORCH_STEPS), x)[0]


by_autograd = autograd.grad(lambda x: anp.sum(chain(x, anp.tanh)))


def by_mygrad() -> np.ndarray:
    """Return the gradient by MyGrad, its memory guards off."""
    with mygrad.mem_guard_off:
        x = mygrad.tensor(X)
        chain(x, mygrad.tanh).backward()
        return x.grad


def rows(seconds: float, in_a_row: int) -> Iterator[Row]:
    """Yield forward alone, then forward and backward."""
    gradients = [ours(), by_torch().numpy(), by_autograd(X), by_mygrad()]
    for gradient in gradients:  # it vanishes over 33 tanh, down to 1e-27
        np.testing.assert_allclose(gradient, by_hand(), rtol=1e-6, atol=0)
    x, tx = mg.Tensor(X), torch.tensor(X, requires_grad=True)
    forward = fastest(
        {
            "NumPy": lambda: chain(X, np.tanh),
            "minigrad": lambda: chain(x, mg.tanh),
            "PyTorch": lambda: chain(tx, torch.tanh, TORCH_STEPS),
        },
        seconds,
        in_a_row,
    )
    yield Row(
        "chain of 99 operations, forward", "us", forward, "minigrad", "NumPy", 3.0
    )
    both = fastest(
        {
            "NumPy": by_hand,
            "minigrad": ours,
            "PyTorch": by_torch,
            "autograd": lambda: by_autograd(X),
            "MyGrad": by_mygrad,
        },
        seconds,
        in_a_row,
    )
    yield Row("the same, forward and backward", "us", both, "minigrad", "NumPy", 3.3)
