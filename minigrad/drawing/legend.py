"""The legend: what occurs in this picture, and nothing else.

One grid of swatches and words, so that equal things stand below each other. A swatch
keeps close to its words wherever Graphviz finds room to spread, and words begin at one
place in every font.
"""

from __future__ import annotations

import math
from collections.abc import Container

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


def legend(picture: Picture, wide: float) -> Legend:
    """Return the legend of a picture of that width: what was folded, then the grid."""
    kinds = of_kinds({node.kind for node in picture.nodes})
    entries = [*kinds, *_of_frames(picture), *marks(picture), *_symbols(picture)]
    return Legend(entries, list(picture.notes), wide)


class Legend:
    """Notes and, below, entries in as many columns as are no wider than a picture."""

    def __init__(self, entries: list[Entry], notes: list[str], wide: float) -> None:
        self.entries, self.notes = entries, notes
        fit = (n for n in range(len(entries), 2, -1) if self._across(n) <= wide)
        most = next(fit, 2)
        self.columns = math.ceil(len(entries) / max(1, math.ceil(len(entries) / most)))

    def table(self) -> str:
        """Return it as an HTML-like label."""
        rows = [*map(markup, self.notes), *self._grid()]
        return (
            f'<<FONT POINT-SIZE="{SMALL}" COLOR="{MUTED}">'
            '<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="1">'
            + "".join(f"<TR><TD>{row}</TD></TR>" for row in rows)
            + "</TABLE></FONT>>"
        )

    def size(self) -> tuple[float, float]:
        """Return about how wide and high it is, in points."""
        notes = (SMALL * width(note) for note in self.notes)
        rows = len(self.entries) / max(1, self.columns)
        high = 15.0 * (math.ceil(rows) + len(self.notes)) + 11
        return max([self._across(self.columns), *notes]), high

    def _grid(self) -> list[str]:
        """Lay the entries out in columns."""
        found, n = self.entries, self.columns
        rows = [found[i : i + n] for i in range(0, len(found), n or 1)]
        cells = ["".join(cell + _words(says) for cell, says in row) for row in rows]
        grid = "".join(f"<TR>{row}</TR>" for row in cells)
        look = 'BORDER="0" CELLSPACING="3" CELLPADDING="0"'
        return [f"<TABLE {look}>{grid}</TABLE>"] if grid else []

    def _across(self, columns: int) -> float:
        """Return the width of entries in so many columns."""
        words = [SMALL * width(says) + 42 for _, says in self.entries]
        return math.fsum(max(words[i::columns], default=0.0) for i in range(columns))


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


def swatch(
    fill: str,
    color: str,
    border: int = 1,
    dashed: bool = False,
    rounded: bool = True,
) -> str:
    """Return the cell of a small patch that looks like what is explained.

    It stands at the left: at the right Graphviz 2.43 would make a wide cell's too wide.
    """
    style = "rounded,dashed" if dashed else "rounded" if rounded else "solid"
    return (
        f'<TD FIXEDSIZE="TRUE" WIDTH="24" HEIGHT="12" ALIGN="LEFT" BORDER="{border}" '
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
