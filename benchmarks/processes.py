"""What needs a process of its own: the memory of a tape, and the time of an import."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

from benchmarks.side_by_side import Row, fastest

BUILD = """
import numpy as np
import psutil
from benchmarks.lstm_step import unrolled
T, B, n, m = 1000, {B}, {m}, {m}
x = np.zeros((B, T, n), np.float32)
if {library!r} == "minigrad":
    from lstm import LSTM
    layer = LSTM(n, m, rng=0, dtype=np.float32)
    layer(x[:, :2])
    run = lambda: layer(x)[0]
else:
    import torch
    weights = [torch.zeros(*s, requires_grad=True) for s in [(m, n + m), (m,)] * 4]
    zeros, parts = torch.zeros(B, m), torch.tensor(x).unbind(1)
    tools = torch.cat, torch.sigmoid, torch.tanh, torch.stack
    unrolled(parts[:2], weights, zeros, zeros, *tools)
    run = lambda: unrolled(parts, weights, zeros, zeros, *tools)
before = psutil.Process().memory_info().rss
y = run()
print((psutil.Process().memory_info().rss - before) / 1024)
"""


def rows(seconds: float) -> Iterator[Row]:
    """Yield the memory of a 1,000-step tape, then the time of the import."""
    for B, m in ((1, 16), (32, 64)):
        used = {
            library: _run(BUILD.format(library=library, B=B, m=m))
            for library in ("minigrad", "PyTorch")
        }
        what = f"memory of a tape, T, B, n, m = (1000, {B}, {m}, {m})"
        yield Row(what, "KiB", used, "minigrad", "PyTorch")
    imports = fastest(
        {
            "NumPy": lambda: _run("import numpy; print(0)"),
            "minigrad": lambda: _run("import minigrad; print(0)"),
        },
        seconds,
    )
    yield Row("import, in a new process", "ms", imports, "minigrad", "NumPy")


def _run(program: str) -> float:
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return float(done.stdout)
