"""What a proof costs: `mg.prove` of an LSTM's loss, over n, m, T and B.

    python -m benchmarks.prove

Each size runs in a process of its own, which records a training step (four gates, a
squared error), proves its gradient twice and says what the second proof took: seconds
of processor time, beside those of the gradient itself, and the peak of memory.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

import minigrad as mg
from lstm import LSTM

# n, m, T, B; without a batch B is 0
SIZES = [
    (3, 3, 1, 0),
    (3, 3, 4, 0),
    (3, 3, 16, 0),
    (3, 3, 64, 0),
    (3, 3, 100, 0),
    (3, 3, 1000, 0),
    (3, 3, 3000, 0),
    (8, 8, 16, 0),
    (32, 32, 16, 0),
    (64, 128, 10, 32),
    (64, 128, 50, 32),
    (256, 512, 20, 16),
]
INTRODUCTION = """
`mg.prove(loss, parameters)` of a training step, order 1, the second proof of a process
(`first` is the first, with SymPy's decisions about the slopes). `error` bounds the
probability that a wrong chain rule would have passed.
"""
HEADER = (
    "| n, m, T, B | steps | weights | gradient, ms | first, ms | proof, ms "
    "| ms per step | peak, MB | degree | error |",
    "| --- |" + " ---: |" * 9,
)
COMMAND = "from benchmarks.prove import measured; print(measured({}, {}, {}, {}))"


def lines() -> Iterator[str]:
    """Yield the table, line by line, as Markdown."""
    yield INTRODUCTION
    yield from HEADER
    for size in SIZES:
        done = subprocess.run(
            [sys.executable, "-c", COMMAND.format(*size)],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        yield "| " + " | ".join(json.loads(done.stdout)) + " |"


def measured(n: int, m: int, T: int, B: int) -> str:
    """Prove one size, twice; return the cells of its line as JSON."""
    rng = np.random.default_rng(0)
    batch = (B,) if B else ()
    layer = LSTM(n, m, rng=0)
    parameters = layer.parameters()
    y, _ = layer(rng.normal(size=(*batch, T, n)))
    loss = mg.squared_error(y, rng.normal(size=y.shape))
    gradient = min(_seconds(lambda: mg.grad(loss, parameters)) for _ in range(3))
    first = _seconds(lambda: mg.prove(loss, parameters, seed=0))
    shown: list[mg.Certificate] = []
    proof = _seconds(lambda: shown.append(mg.prove(loss, parameters, seed=1)))
    certificate = shown[0]
    cells = [
        f"{n}, {m}, {T}, {B or '-'}",
        f"{certificate.steps:,}",
        f"{sum(p.size for p in parameters):,}",
        f"{gradient * 1e3:.1f}",
        f"{first * 1e3:,.0f}",
        f"{proof * 1e3:,.0f}",
        f"{proof * 1e3 / certificate.steps:.2f}",
        f"{_peak():,.0f}",
        f"{certificate.degree:,}",
        f"2^{certificate.chance:g}",
    ]
    return json.dumps(cells)


def _seconds(function: Callable[[], object]) -> float:
    start = time.process_time()
    function()
    return time.process_time() - start


def _peak() -> float:
    """Return the most memory this process has had, in MB; NaN where nobody counts."""
    status = Path("/proc/self/status")  # what getrusage says may be the parent's
    if status.exists():
        (line,) = re.findall(r"VmHWM:\s+(\d+)", status.read_text("utf-8"))
        return int(line) / 1024
    try:
        import resource
    except ImportError:  # Windows
        return float("nan")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    for line in lines():
        print(line, flush=True)
