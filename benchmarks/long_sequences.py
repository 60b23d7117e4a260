"""Long sequences: what a step costs when there are many, with and without truncation.

The loss is the mean of y^2 over all steps, its gradient is taken with respect to the
Parameters. Time and memory of a step should not depend on T. With truncation, memory
should not depend on T at all: what is left is that of k steps, and x itself.
"""

from __future__ import annotations

import functools
import gc
import time
import tracemalloc
from collections.abc import Callable, Iterator

import numpy as np

import minigrad as mg
from lstm import LSTM, truncated

LENGTHS = (100, 1_000, 10_000)
K = 100  # steps in a piece
N, M = 16, 16
HEADER = (
    "| T | whole: us a step | without gc | peak KiB | a step "
    "| truncated: us a step | without gc | peak KiB | a step |",
    "| ---: |" + " ---: |" * 8,
)
INTRODUCTION = f"""
Forward and gradient of one sequence through an LSTM, n = m = {N}, B = 1; truncated to
pieces of k = {K} steps, whose gradients are added up. Processor time, best of three;
the peak of what Python allocated (`tracemalloc`), x not counted. Python's garbage
collector looks through all objects now and then, and a long tape is many: most of what
grows with T in the first column is its work, as the second column shows.
"""


def whole(layer: LSTM, x: np.ndarray) -> None:
    """Take the gradient through all steps."""
    y, _ = layer(x)
    mg.grad((y * y).mean(), layer.parameters())


def in_pieces(layer: LSTM, x: np.ndarray) -> None:
    """Take the gradient of each piece, and add them up."""
    total = {path: np.zeros(p.shape) for path, p in layer.named_parameters()}
    for piece in truncated(layer, x, K):
        loss = (piece.y * piece.y).sum() / (x.shape[0] * M)
        for path, g in mg.grad(loss, dict(layer.named_parameters())).items():
            total[path] += g
        del piece, loss  # it must not live until the next is made


def seconds(run: Callable[[], None]) -> float:
    """Return the shortest processor time of three runs."""
    times = []
    for _ in range(3):
        start = time.process_time()
        run()
        times.append(time.process_time() - start)
    return min(times)


def peak(run: Callable[[], None]) -> float:
    """Return the most memory allocated at any time during a run, in KiB."""
    tracemalloc.start()
    run()
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most / 1024


def lines() -> Iterator[str]:
    """Yield the table, line by line."""
    yield INTRODUCTION
    yield from HEADER
    layer = LSTM(N, M, rng=0)
    for T in LENGTHS:
        x = np.random.default_rng(0).normal(size=(T, N))
        told = [f"{T:,}"]
        for program in (whole, in_pieces):
            run = functools.partial(program, layer, x)
            run()
            told.append(f"{seconds(run) / T * 1e6:.0f}")
            gc.disable()
            told.append(f"{seconds(run) / T * 1e6:.0f}")
            gc.enable()
            memory = peak(run)
            told += [f"{memory:,.0f}", f"{memory / T:.1f}"]
        yield "| " + " | ".join(told) + " |"


if __name__ == "__main__":
    for line in lines():
        print(line, flush=True)
