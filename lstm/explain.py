"""Neuron or layer? The answer, with the shapes of a cell at hand."""

from __future__ import annotations

import textwrap
from typing import Any

from minigrad.messages import explain, user_line


class Explanation:
    """A table of a cell's boxes, and which reading each line of its picture has.

    rows   (gate, equation, W's shape, b's shape, parameters) for each yellow box
    total  the number of parameters
    """

    def __init__(self, cell: Any) -> None:
        self.n, self.m = cell.n, cell.m
        self.rows = [_row(name, gate) for name, gate in _gates(cell)]
        if len(self.rows) != 4:
            raise TypeError(
                explain(
                    f"explain() of a {type(cell).__name__}, at {user_line()}",
                    {},
                    f"it tells of the four gates of an LSTM, and this cell has "
                    f"{len(self.rows)} Gates.",
                    "print(cell) shows the Parameters; mg.draw shows what it computes.",
                )
            )
        self.total = sum(p.size for p in cell.parameters().values())

    def __str__(self) -> str:
        n, m = self.n, self.m
        header = ("gate", "yellow box", "W", "b", "parameters")
        table = [header, *self.rows, ("all", "", "", "", str(self.total))]
        widths = [max(len(row[k]) for row in table) for k in range(5)]
        lines = [
            "  ".join(
                cell.rjust(width) if k == 4 else cell.ljust(width)
                for k, (cell, width) in enumerate(zip(row, widths, strict=True))
            ).rstrip()
            for row in table
        ]
        vanilla = 4 * (n * m + m * m + m)
        count = f"4(nm + m^2 + m) = 4({n}*{m} + {m}^2 + {m}) = {vanilla}"
        if vanilla != self.total:
            count += (
                f";\nthis cell has {self.total}: a box of it is not a plain dense layer"
            )
        head = (
            f"LSTM cell with n = {_count(n, 'input')} and m = {_count(m, 'output')}: "
            f"a layer of {_count(m, 'neuron')},\n"
            "made of one dense sub-layer per yellow box, each reading v = [x, y_{t-1}] "
            f"in R^{n + m}."
        )
        readings = (
            ("x_t", n, "the whole input vector, read by every neuron."),
            ("y_{t-1}", m, "the whole layer's output; every neuron reads all of it, so "
             "this line has the layer reading only."),
            ("f, i, c~, o", m, "entry k belongs to neuron k, computed by row k of its "
             "W from all of v."),
            ("c_t", m, "the line along the top, through x and +: both readings, the "
             "layer's state vector or one neuron's own number c_k, for c_k meets only "
             "f_k, i_k and c~_k: element-wise, never another neuron's."),
        )  # fmt: skip
        return "\n".join(
            [
                head,
                "",
                *lines,
                count,
                "",
                "The lines of the usual picture, four yellow boxes between c and y:",
                *(_reading(line, size, text) for line, size, text in readings),
                "So a neuron of an LSTM is row k of every W and b plus one c_k; "
                "the cell is the layer.",
            ]
        )


def _count(number: int, noun: str) -> str:
    """Return `1 neuron`, `2 neurons`."""
    return f"{number} {noun}" + ("" if number == 1 else "s")


def _reading(line: str, size: int, text: str) -> str:
    """Set what a line of the picture carries as a paragraph beside its name."""
    return textwrap.fill(
        f"  {line:<11}  in R^{size}: {text}",
        88,
        subsequent_indent=" " * 15,
        break_on_hyphens=False,
    )


def _gates(cell: Any) -> list[tuple[str, Any]]:
    """Return the yellow boxes of a cell: its parts that have a letter."""
    parts = vars(cell).items()
    return [(name, part) for name, part in parts if hasattr(part, "letter")]


def _row(name: str, gate: Any) -> tuple[str, str, str, str, str]:
    row = getattr(gate.activation, "primitive", None)
    symbol = row.symbol if row else gate.activation.__name__
    letter = gate.letter
    inside = "".join(f" -> dense {layer.W.shape[0]}" for layer in gate.hidden)
    left = "c~" if letter == "c" else letter
    v = "v" if not inside else f"(v{inside})"
    count = sum(p.size for p in gate.parameters().values())
    rows, columns = gate.W.shape
    return (
        name,
        f"{left} = {symbol}(W_{letter} {v} + b_{letter})",
        f"{rows} x {columns}",
        str(len(gate.b.data)),
        str(count),
    )
