"""An array as a small table whose cells are warm or cold, with headers for every row.

What is large is summarised: how many numbers, from where to where, their mean, and the
corners. Each number is written with four digits, and in full where it is pointed at.
Rows and columns are counted from 1, as the equations do.
"""

from __future__ import annotations

import html
from collections.abc import Iterator
from typing import Any

import numpy as np

from minigrad.drawing.words import number, shape_text, values_text
from minigrad.tensor import Array

CORNER = 3  # rows and columns at each end of a large array


def table(
    array: Array, caption: str, at_most: int, corners: bool = True, of: str = ""
) -> str:
    """Return an array as a table; one with more than `at_most` entries as a summary.

    `caption` is HTML; without `corners`, a summary is all there is of a large array.
    `of` says which numbers these are to the script, which may write others there.

    >>> print(table(np.array(0.5), "<b>y</b>", 60))
    <table class="heat"><caption><b>y</b></caption><tr><td ...>0.5</td></tr></table>
    """
    array = np.asarray(array)
    if array.size == 0:
        empty = '<p class="summary">no numbers</p>'
        return f'<table class="heat"><caption>{caption}{empty}</caption></table>'
    large = array.size > at_most
    if large and not corners:
        return f'<p class="summary">{_summary(array, corners)}</p>'
    lines = "".join(_lines(array, large, bool(of)))
    said = f'<p class="summary">{_summary(array, corners)}</p>' if large else ""
    known = f' data-of="{of}"' if of else ""
    return (
        f'<table class="heat"{known}><caption>{caption}{said}</caption>{lines}</table>'
    )


def _lines(array: Array, large: bool, known: bool) -> Iterator[str]:
    scale, wide = _scale(array), array.ndim > 1
    flat = array.reshape(-1, array.shape[-1]) if array.ndim else array.reshape(1, 1)
    rows, columns = (_shown(n, large) for n in flat.shape)
    if array.ndim:
        heads = (_head("col", "…" if j is None else str(j + 1)) for j in columns)
        yield f"<tr>{'<td></td>' * wide}{''.join(heads)}</tr>"
    for i in rows:
        cells = (
            "<td>…</td>"
            if i is None or j is None
            else _cell(flat[i, j], scale, i * flat.shape[1] + j if known else None)
            for j in columns
        )
        head = _head("row", _index(i, array.shape[:-1])) if wide else ""
        yield f"<tr>{head}{''.join(cells)}</tr>"


def _head(of: str, label: str) -> str:
    return f'<th scope="{of}">{label}</th>'


def _index(row: int | None, shape: tuple[int, ...]) -> str:
    """Say which row it is, counted from 1; of an array of matrices: 2,1."""
    if row is None:
        return "…"
    return ",".join(str(int(i) + 1) for i in np.unravel_index(row, shape))


def _shown(count: int, large: bool) -> list[int | None]:
    """Return the indices shown: all, or those at both ends and None for a gap."""
    if not large or count <= 2 * CORNER + 1:
        return list(range(count))
    return [*range(CORNER), None, *range(count - CORNER, count)]


def _cell(value: Any, scale: float, at: int | None) -> str:
    value = value.item() if isinstance(value, np.generic) else value
    heat, kind = 0.0, ""
    if isinstance(value, float) and np.isfinite(value) and scale:
        heat, kind = abs(value) / scale, "minus" if value < 0 else "plus"
    elif isinstance(value, float) and not np.isfinite(value):
        kind = "odd"
    look = f' class="{kind}" style="--heat:{heat:.2f}"' if kind else ""
    full, text = html.escape(repr(value)), html.escape(number(value))
    place = "" if at is None else f' data-at="{at}"'
    return f'<td{look}{place} title="{full}">{text.replace("-", "−")}</td>'


def _scale(array: Array) -> float:
    if array.dtype.kind != "f":
        return 0.0
    finite = np.abs(array[np.isfinite(array)])
    return float(finite.max(initial=0.0))


def _summary(array: Array, corners: bool) -> str:
    text = f"{array.size} numbers, shape {shape_text(array)}: {values_text(array)}"
    cut = corners and max(array.shape) > 2 * CORNER + 1
    where = "corners" if array.ndim > 1 else "ends"
    return html.escape(text + f"; the {where} are shown" * cut).replace("-", "−")
