"""What it costs to prove the gradient of an LSTM of working size.

    python -m benchmarks.large_proof

The tape is the one that a training step records: four gates, a squared error, a batch.
Beside the proof stands the gradient itself, in floats. `error` bounds the probability
that a wrong gradient would have passed.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from random import Random

import numpy as np

import minigrad as mg
from lstm import LSTM
from minigrad.symbolic.arrays.large import check_tape
from minigrad.symbolic.proving.certificate import log2

# T, B, n, m
SIZES = [
    (16, 1, 32, 32),
    (64, 1, 32, 32),
    (10, 32, 64, 128),
    (50, 32, 64, 128),
    (100, 32, 64, 128),
    (20, 16, 256, 512),
]
HEADER = (
    "| LSTM: T, B, n, m | steps | weights | gradient, s | proof, s | trials | degree "
    "| height | error |",
    "| --- |" + " ---: |" * 8,
)


def lines() -> Iterator[str]:
    """Yield the table, line by line, as Markdown."""
    yield from HEADER
    for size in SIZES:
        yield line(*size)


def line(T: int, B: int, n: int, m: int) -> str:
    """Record a training step, take its gradient, prove it, and say what that took."""
    rng = np.random.default_rng(0)
    layer = LSTM(n, m, rng=0)
    parameters = list(layer.parameters().values())
    y, _ = layer(rng.normal(size=(B, T, n)))
    loss = mg.squared_error(y, rng.normal(size=(B, T, m)))
    tape = mg.Tape(loss)
    check_tape(mg.Tape(mg.tanh(loss)), parameters[:1], Random(0))  # wakes SymPy up
    gradient = _seconds(lambda: mg.grad(loss, parameters))
    shown = []
    proof = _seconds(lambda: shown.append(check_tape(tape, parameters, Random(1))))
    (check,) = shown
    cells = [
        f"{T}, {B}, {n}, {m}",
        f"{sum(step.primitive is not None for step in tape):,}",
        f"{sum(p.size for p in parameters):,}",
        f"{gradient:.3f}",
        f"{proof:.2f}",
        str(check.trials),
        f"{check.degree:,}",
        f"2^{check.height_bits}",
        f"2^{log2(check.chance):g}",
    ]
    return "| " + " | ".join(cells) + " |"


def _seconds(function) -> float:
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


if __name__ == "__main__":
    for each in lines():
        print(each, flush=True)
