"""Run every comparison, print one table, and write it to docs/benchmarks.md."""

from __future__ import annotations

import argparse
import platform
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch

from benchmarks import (
    chain,
    compiled,
    drawing,
    long_sequences,
    lstm_step,
    numpy_functions,
    processes,
    prove,
)
from benchmarks.side_by_side import Row

PAGE = Path(__file__).parent.parent / "docs" / "benchmarks.md"
SCALE = {"us": 1e6, "ms": 1e3, "KiB": 1.0}
LIBRARIES = ("NumPy", "minigrad", "PyTorch", "autograd", "MyGrad")

INTRODUCTION = """# Benchmarks

Ratios measured side by side in one run, on one thread. Read the ratio: the times
belong to one busy machine. A ratio of 2 means twice as slow, or twice as large. The bar
is the largest ratio this project wants to allow itself; where a ratio is above it, it
says so.

The conditions matter, so there are two tables of speed. In the first, the contestants
take turns, one call each, in a process as it started. In the second each is called
three times in a row, as in a loop that does nothing else, and one large array has been
freed before: after that the C library keeps freed memory for the next step, instead of
giving it back to the system and fetching it again page by page. A tape that holds every
intermediate result feels this more than one that does not.

That the tape keeps them, so that each can be printed, drawn and derived, is also why a
step costs less memory than PyTorch's with small arrays, and more with large ones.

The program is in `benchmarks/`; `make bench` runs it and writes this page.
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run what `python -m benchmarks` asks for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--seconds", type=float, default=8.0, help="per comparison")
    parser.add_argument("--page", type=Path, default=PAGE, help="where to write")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    page = [INTRODUCTION]

    def table(title: str, rows: Iterable[Row]) -> None:
        page.extend((f"\n## {title}\n", *_HEADER))
        print(*page[-3:], sep="\n")
        for row in rows:
            page.append(_line(row))
            print(page[-1], flush=True)

    def speed(in_a_row: int) -> Iterator[Row]:
        for group in (chain, lstm_step):
            yield from group.rows(options.seconds, in_a_row)

    # In this order, because what the second table asks for cannot be undone.
    table("Speed: in turn, in a fresh process", speed(in_a_row=1))
    np.empty(2**25 - 2**16, np.uint8)  # freed at once: from now on the memory is kept
    table("Speed: in a loop, with memory kept", speed(in_a_row=3))
    table("Memory and import", processes.rows(options.seconds))
    for title, lines in (
        ("Long sequences", long_sequences.lines()),
        ("Proofs", prove.lines()),
        ("Drawing", drawing.lines()),
        ("Compiled programs", compiled.lines(options.seconds)),
    ):
        page.append(f"\n## {title}\n")
        for line in lines:
            page.append(line)
            print(line, flush=True)
    # Last, because the others ask how much memory the process ever had.
    table("Functions of NumPy", numpy_functions.rows(options.seconds))
    page.append(f"\nMeasured with {_versions()}.\n")
    options.page.write_text("\n".join(page), "utf-8")
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
    if row.bar and row.ratio > row.bar:
        bar += ", missed"
    return f"| {row.what} | {row.unit} | " + " | ".join([*cells, ratio, bar]) + " |"


def _versions() -> str:
    packages = {"NumPy": "numpy", "PyTorch": "torch"}
    packages |= {"autograd": "autograd", "MyGrad": "mygrad"}
    packages |= {"torchviz": "torchviz", "torchview": "torchview"}
    versions = [
        f"{name} {version(package)}"
        for name, package in packages.items()
        if find_spec(package)
    ]
    return ", ".join([f"Python {platform.python_version()}", *versions])


if __name__ == "__main__":
    main()
