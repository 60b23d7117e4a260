"""The legend: what occurs in this picture, and nothing else.

One grid of swatches and words, so that equal things stand below each other. A swatch
keeps close to its words wherever Graphviz finds room to spread, and words begin at one
place in every font.
"""

from __future__ import annotations

import math
from collections.abc import Container, Iterable

from minigrad.drawing.project import Picture
from minigrad.drawing.safe import SMALL, markup, width
from minigrad.drawing.styles import (
    GATE,
    INK,
    MUTED,
    PAPER,
    PART,
    STEP,
    STYLES,
    Style,
    frame_style,
)
from minigrad.drawing.words import explained

Entry = tuple[str, str]  # the cell of a swatch or symbol, and words


def legend(picture: Picture) -> str:
    """Return the legend as an HTML-like label: what was folded, then the grid."""
    most = 8 if len(picture.nodes) > 40 else 4 if len(picture.nodes) > 8 else 3
    kinds = of_kinds({node.kind for node in picture.nodes})
    entries = [*kinds, *_of_frames(picture), *marks(picture), *_symbols(picture)]
    return table(entries, picture.notes, most)


def table(entries: list[Entry], notes: Iterable[str], most: int) -> str:
    """Return notes and, below, the entries in at most so many columns."""
    rows = [markup(note) for note in notes]
    return (
        f'<<FONT POINT-SIZE="{SMALL}" COLOR="{MUTED}">'
        '<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="1">'
        + "".join(f"<TR><TD>{row}</TD></TR>" for row in [*rows, _grid(entries, most)])
        + "</TABLE></FONT>>"
    )


def of_kinds(kinds: Container[str]) -> list[Entry]:
    """Explain kinds of nodes, in the order of the table of styles."""
    found = [style for kind, style in STYLES.items() if kind in kinds]
    return [(_sample(style), style.legend) for style in found]


def _of_frames(picture: Picture) -> list[Entry]:
    frames = {frame_style(frame) for frame in picture.root.frames()}
    found = [style for style in (STEP, PART, GATE) if style in frames]
    return [(_sample(style), style.legend) for style in found]


def _sample(style: Style) -> str:
    return sign(style.shape) if style.is_mark else swatch(style.fill, style.border)


def marks(picture: Picture) -> list[Entry]:
    """Explain dashed and bold borders, and the numbers of operands."""
    found = []
    if any(node.tap for node in picture.nodes):
        found.append((swatch(PAPER, MUTED, dashed=True), "drawn at each use"))
    if any(node.output for node in picture.nodes):
        found.append((swatch(PAPER, INK, border=2), "the output"))
    if any(arrow.operand.isdigit() for arrow in picture.arrows):
        found.append((sign("1, 2"), "order of operands"))
    return found


def _symbols(picture: Picture) -> list[Entry]:
    """Explain the symbols that do not say it themselves."""
    words = {row.symbol: explained(row) for row in picture.primitives}
    return [(sign(symbol), says) for symbol, says in words.items() if says]


def _grid(entries: list[Entry], most: int) -> str:
    """Lay the entries out in columns: as many as the picture may be wide."""
    columns = math.ceil(len(entries) / math.ceil(len(entries) / most))
    rows = [entries[i : i + columns] for i in range(0, len(entries), columns)]
    cells = ["".join(cell + _words(says) for cell, says in row) for row in rows]
    grid = "".join(f"<TR>{row}</TR>" for row in cells)
    return f'<TABLE BORDER="0" CELLSPACING="3" CELLPADDING="0">{grid}</TABLE>'


def swatch(
    fill: str,
    color: str,
    border: int = 1,
    dashed: bool = False,
    rounded: bool = True,
) -> str:
    """Return the cell of a small patch that looks like what is explained."""
    style = "rounded,dashed" if dashed else "rounded" if rounded else "solid"
    return (
        f'<TD FIXEDSIZE="TRUE" WIDTH="24" HEIGHT="12" ALIGN="RIGHT" BORDER="{border}" '
        f'STYLE="{style}" COLOR="{color}" BGCOLOR="{fill}"></TD>'
    )


def sign(text: str, color: str = INK) -> str:
    """Return the cell of a symbol that is explained."""
    text = markup(text)
    return f'<TD ALIGN="RIGHT"><FONT COLOR="{color}">{text}</FONT></TD>'


def _words(text: str) -> str:
    room = round(width(text) * SMALL) + 4
    text = markup(text)
    return f'<TD ALIGN="LEFT" WIDTH="{room}"> {text}<BR ALIGN="LEFT"/></TD>'
