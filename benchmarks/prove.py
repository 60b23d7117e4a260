"""What a proof costs: `mg.prove` of an LSTM's loss, for growing T and growing m.

Lemmas, rows and the cell are shown once in a process and then remembered, so the first
proof is measured apart, in a process of its own. What is left is the recorded tape in
the field, which should grow like the work of the network itself: linearly in T, and in
the number of weights.
"""

from __future__ import annotations

import functools
import subprocess
import sys
import time
from collections.abc import Iterator

import numpy as np

import minigrad as mg
from benchmarks.side_by_side import fastest
from lstm import LSTM

LENGTHS = [(3, T) for T in (1, 2, 4, 16, 64)]
WIDTHS = [(m, 16) for m in (3, 8, 16, 32)]
FIRST = """
import sympy
from benchmarks.prove import first
print(first())
"""
HEADER = (
    "| n = m | T | weights | ms | times the line above | times its work |",
    "| ---: | ---: | ---: | ---: | ---: | ---: |",
)
INTRODUCTION = """
`mg.prove(y.sum())` of an LSTM, with respect to every leaf, order 1. A line of the first
five has that many times the steps of the line above, a line of the last four that many
times the weights: a proof that grows like the network multiplies by as much. The last
line is large enough to be proved on whole arrays, like those of the next table.
"""


def loss(m: int, T: int) -> mg.Tensor:
    """Return y.sum() of an LSTM with n = m, recorded over T steps."""
    x = np.random.default_rng(0).normal(size=(T, m))
    return LSTM(m, m, rng=0)(x)[0].sum()


def first() -> float:
    """Return how long the first proof of a process takes, in seconds."""
    recorded = loss(3, 16)
    start = time.perf_counter()
    mg.prove(recorded, seed=0)
    return time.perf_counter() - start


def lines(seconds: float) -> Iterator[str]:
    """Yield the table, line by line."""
    sizes = dict.fromkeys([*LENGTHS, *WIDTHS])
    proofs = {
        f"{m} {T}": functools.partial(mg.prove, loss(m, T), seed=0) for m, T in sizes
    }
    best = fastest(proofs, seconds)
    yield INTRODUCTION
    yield from HEADER
    for group in (LENGTHS, WIDTHS):
        above = None
        for m, T in group:
            now = best[f"{m} {T}"], T * _weights(m)
            ratios = [f"{a / b:.1f}" for a, b in zip(now, above or now, strict=True)]
            told = [f"{m}", f"{T}", f"{_weights(m):,}", f"{now[0] * 1e3:,.1f}"]
            yield "| " + " | ".join([*told, *(ratios if above else "  ")]) + " |"
            above = now
    done = subprocess.run(
        [sys.executable, "-c", FIRST], capture_output=True, text=True, check=True
    )
    yield (
        "\nThe first proof of a process (n = m = 3, T = 16), after its imports, with "
        f"lemmas, rows and the cell: {float(done.stdout) * 1e3:,.0f} ms."
    )


def _weights(m: int) -> int:
    return 4 * m * (2 * m) + 4 * m


if __name__ == "__main__":
    for line in lines(seconds=8.0):
        print(line)
