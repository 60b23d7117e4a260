"""Functions of NumPy: what recording them costs, beside bare NumPy and beside autograd.

Each program is given NumPy and arrays (the bare forward pass), NumPy and Tensors, and
autograd's NumPy. Composites record few steps, so forward they should cost what NumPy
costs and a little; a loop that fills an array should cost what it fills.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import autograd
import autograd.numpy as anp
import numpy as np

import minigrad as mg
from benchmarks.side_by_side import Row, fastest

rng = np.random.default_rng(0)
A, B, C = (rng.normal(size=shape) for shape in ((60, 200), (200, 200), (200, 5)))
IMAGE = rng.normal(size=(8, 32, 32))
MATRIX = rng.normal(size=(30, 30)) + 30 * np.eye(30)
ROW = rng.normal(size=1000)

PROGRAMS: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    "einsum of three matrices": (
        lambda np, a, b, c: np.einsum("ij,jk,kl->il", a, b, c),
        (A, B, C),
    ),
    "einsum over a batch": (
        lambda np, a: np.einsum("bij,bkj->bik", a, a),
        (IMAGE,),
    ),
    "pad and roll": (
        lambda np, a: np.roll(np.pad(a, ((0, 0), (2, 2), (2, 2)), "constant"), 3, 1),
        (IMAGE,),
    ),
    "std of rows": (lambda np, a: np.std(a, axis=1), (B,)),
    "repeat, tile, tril": (
        lambda np, a: np.tril(np.repeat(np.tile(a, (1, 2)), 2, axis=0)),
        (B,),
    ),
    "sort": (lambda np, a: np.sort(a), (ROW,)),
    "solve, 30 x 30": (lambda np, a, b: np.linalg.solve(a, b), (MATRIX, MATRIX[0])),
}


def filled(zeros: Callable[[int], Any], a: Any, steps: int) -> Any:
    """Return the last entry of an array that a loop has filled."""
    out = zeros(steps)
    out[0] = a
    for i in range(1, steps):
        out[i] = out[i - 1] * a
    return out[-1]


def _gradient_by_autograd(program: Callable[..., Any], args: Any) -> Callable[[], Any]:
    every = tuple(range(len(args)))
    gradient = autograd.grad(lambda *given: anp.sum(program(anp, *given)), every)
    return lambda: gradient(*args)


def _gradient(program: Callable[..., Any], args: Any) -> Callable[[], Any]:
    def gradient() -> Any:
        given = [mg.Tensor(arg) for arg in args]
        return mg.grad(program(np, *given).sum(), given)

    return gradient


def rows(seconds: float) -> Iterator[Row]:
    """Yield forward beside NumPy, and forward with backward beside autograd."""
    for what, (program, args) in PROGRAMS.items():
        tensors = [mg.Tensor(arg) for arg in args]
        forward = fastest(
            {
                "NumPy": lambda run=program, given=args: run(np, *given),
                "minigrad": lambda run=program, given=tensors: run(np, *given),
            },
            seconds / 4,
        )
        yield Row(f"{what}, forward", "us", forward, "minigrad", "NumPy")
        ours, theirs = _gradient(program, args), _gradient_by_autograd(program, args)
        for one, other in zip(ours(), theirs(), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-8, atol=1e-10)
        both = fastest({"minigrad": ours, "autograd": theirs}, seconds / 4)
        yield Row(f"{what}, gradient", "us", both, "minigrad", "autograd")
    a, short, long = mg.Tensor(0.999), 250, 1000
    loops = fastest(
        {
            "NumPy": lambda: filled(np.zeros, 0.999, long),
            "minigrad": lambda: filled(mg.zeros, a, long),
        },
        seconds / 4,
    )
    yield Row("a loop that fills 1,000 entries", "us", loops, "minigrad", "NumPy")
    growth = fastest(
        {
            "NumPy": lambda: filled(mg.zeros, a, short),
            "minigrad": lambda: filled(mg.zeros, a, long),
        },
        seconds / 4,
    )
    yield Row("four times as long a loop", "us", growth, "minigrad", "NumPy", 4.5)
