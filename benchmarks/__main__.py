"""Run every comparison, print one table, and write it to docs/benchmarks.md."""

from __future__ import annotations

import argparse
import platform
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch

from benchmarks import chain, lstm_step, processes
from benchmarks.side_by_side import Row

PAGE = Path(__file__).parent.parent / "docs" / "benchmarks.md"
SCALE = {"us": 1e6, "ms": 1e3, "KiB": 1.0}
LIBRARIES = ("NumPy", "minigrad", "PyTorch", "autograd", "MyGrad")

INTRODUCTION = """# Benchmarks

Ratios measured side by side in one run, on one thread. Read the ratio: the times
belong to one busy machine. A ratio of 2 means twice as slow, or twice as large. The bar
is the largest ratio this project allows itself.

The tape keeps every intermediate result, so that each can be printed, drawn and
derived, where PyTorch keeps those that its rules need: with small arrays a step costs
less memory here, with large ones more.

The program is in `benchmarks/`; `make bench` runs it and writes this page.
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run what `python -m benchmarks` asks for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--seconds", type=float, default=8.0, help="per comparison")
    parser.add_argument("--page", type=Path, default=PAGE, help="where to write")
    options = parser.parse_args(arguments)
    # As in any program that has once freed a large array, the C library now keeps
    # freed memory for the next step instead of giving it back to the system.
    np.empty(2**25 - 2**16, np.uint8)
    torch.set_num_threads(1)
    lines = list(_HEADER)
    print("\n".join(lines))
    for group in (chain, lstm_step, processes):
        for row in group.rows(options.seconds):
            lines.append(_line(row))
            print(lines[-1], flush=True)
    options.page.write_text(
        f"{INTRODUCTION}\n" + "\n".join(lines) + f"\n\nMeasured with {_versions()}.\n"
    )
    print(f"wrote {options.page}")


_HEADER = (
    "| what | unit | " + " | ".join(LIBRARIES) + " | ratio | bar |",
    "| --- | --- |" + " ---: |" * len(LIBRARIES) + " --- | ---: |",
)


def _line(row: Row) -> str:
    cells = [
        f"{row.values[name] * SCALE[row.unit]:,.{0 if row.unit == 'KiB' else 1}f}"
        if name in row.values
        else ""
        for name in LIBRARIES
    ]
    ratio = f"**{row.ratio:.2f}** x {row.base}"
    bar = f"{row.bar:.1f}" if row.bar else ""
    return f"| {row.what} | {row.unit} | " + " | ".join([*cells, ratio, bar]) + " |"


def _versions() -> str:
    packages = {"NumPy": "numpy", "PyTorch": "torch"}
    packages |= {"autograd": "autograd", "MyGrad": "mygrad"}
    versions = [f"{name} {version(package)}" for name, package in packages.items()]
    return ", ".join([f"Python {platform.python_version()}", *versions])


if __name__ == "__main__":
    main()
