"""What it costs to prove the gradient of an LSTM of working size.

    python -m benchmarks.large_proof

The tape is the one that a training step records: four gates, a squared error, a batch.
`mg.prove` takes it on whole arrays. Beside the proof stands the gradient itself, in
floats. `error` bounds the probability that a wrong gradient would have passed.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np

import minigrad as mg
from lstm import LSTM

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


INTRODUCTION = """
`mg.prove(loss, parameters)` of a training step, all levels together, once; the cell is
too large to be written out. An LSTM of these sizes is proved on whole arrays, modulo
several primes of 31 bits.
"""


def lines() -> Iterator[str]:
    """Yield the table, line by line, as Markdown."""
    yield INTRODUCTION
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
    mg.prove(_small_loss(), seed=0)  # lemmas and rows, which are remembered
    gradient = _seconds(lambda: mg.grad(loss, parameters))
    shown = []
    proof = _seconds(lambda: shown.append(mg.prove(loss, parameters, seed=1)))
    (certificate,) = shown
    cells = [
        f"{T}, {B}, {n}, {m}",
        f"{certificate.steps:,}",
        f"{sum(p.size for p in parameters):,}",
        f"{gradient:.3f}",
        f"{proof:.2f}",
        str(len(certificate.primes)),
        f"{certificate.degree:,}",
        f"2^{certificate.height_bits}",
        f"2^{certificate.chance:g}",
    ]
    return "| " + " | ".join(cells) + " |"


def _small_loss() -> mg.Tensor:
    y, _ = LSTM(1, 1, rng=0)(np.zeros((1, 1, 1)))
    return mg.squared_error(y, np.zeros((1, 1, 1)))


def _seconds(function) -> float:
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


if __name__ == "__main__":
    for each in lines():
        print(each, flush=True)
