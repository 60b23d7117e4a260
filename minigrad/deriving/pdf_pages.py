"""A derivation as PDF pages, typeset by matplotlib's mathtext: no LaTeX is needed.

Text stays text: it can be selected and searched, and its fonts are in the file. The
same derivation gives the same bytes.
"""

from __future__ import annotations

import functools
import io
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from minigrad.deriving.conventions import remarks
from minigrad.deriving.formula_styles import MATHTEXT, TEXT
from minigrad.deriving.page import broken, directions, margin, shapes

if TYPE_CHECKING:
    from minigrad.deriving.derivation import Derivation

PAGE = 595.0, 842.0  # points: A4
EDGE, SIZE, SMALL, LEADING = 48.0, 11.5, 8.5, 1.75
SPACE = 4.0  # points between two pieces, at SIZE
NOTES = 0.66  # where the margin notes begin, in parts of the page
Item = tuple[float, str, float, str]  # x, text, size, colour


def pdf(derivation: Derivation) -> bytes:
    """Return the pages as one PDF."""
    from matplotlib import rc_context
    from matplotlib.backends.backend_pdf import PdfPages
    from matplotlib.figure import Figure

    file = io.BytesIO()
    fonts = {
        "pdf.fonttype": 42,
        "mathtext.fontset": "stix",
        "font.family": ["STIXGeneral", "DejaVu Sans"],
    }
    metadata = {"CreationDate": None, "Title": "Derivation", "Creator": "minigrad"}
    with rc_context(fonts), PdfPages(file, metadata=metadata) as pages:  # type: ignore[arg-type]
        figure, y = None, 0.0
        for height, items in _lines(derivation):
            if figure is None or y - height < EDGE:
                if figure is not None:
                    pages.savefig(figure)
                figure = Figure(figsize=(PAGE[0] / 72, PAGE[1] / 72))
                y = PAGE[1] - EDGE
            y -= height
            for x, text, size, colour in items:
                figure.text(
                    x / PAGE[0], y / PAGE[1], text, fontsize=size, color=colour,
                    va="baseline",
                )  # fmt: skip
        if figure is not None:
            pages.savefig(figure)
    return file.getvalue()


def _lines(derivation: Derivation) -> Iterator[tuple[float, list[Item]]]:
    """Yield the lines of all pages, each with its height and what stands in it."""
    width = PAGE[0] - 2 * EDGE
    writer = MATHTEXT
    yield from _paragraph(shapes(derivation, writer), width, SMALL + 1)
    lefts = [_maths(writer.write(each.left)) for each in derivation]
    left = max(map(_width, lefts), default=0.0)
    equals = EDGE + left
    right = PAGE[0] * NOTES - equals - 40
    for title, some in directions(derivation):
        yield SIZE * 2.4, [(EDGE, title, SIZE, "0.35")]
        for each in some:
            name = _maths(writer.write(each.left))
            pieces = broken(
                writer.terms(each.right),
                right,
                lambda piece: _width(_maths(piece)),
                SPACE,
            )
            if _heights(_maths(pieces[0])) is None:  # a name that mathtext cannot set
                name, pieces = TEXT.write(each.left), TEXT.terms(each.right)
            notes = _note_lines(margin(each, writer))
            if each.times:
                notes.insert(0, writer.times(each.times))
            wide = [k for k, part in enumerate(pieces) if _width(_maths(part)) > right]
            notes = [""] * (wide[-1] + 1 if wide else 0) + notes  # below what is wide
            for k in range(max(len(pieces), len(notes))):
                items: list[Item] = []
                above, below = SIZE, 0.0
                if k == 0:
                    items.append((equals - _width(name), name, SIZE, "black"))
                    items.append((equals + 8, "$=$", SIZE, "black"))
                if k < len(pieces):
                    piece = _maths(pieces[k]) if name.startswith("$") else pieces[k]
                    items.append((equals + 26, piece, SIZE, "black"))
                    total, below = _heights(piece) or (SIZE, 0.0)
                    above = max(above, total - below)
                if k < len(notes):
                    items.append((PAGE[0] * NOTES, notes[k], SMALL, "0.4"))
                gap = SIZE * (LEADING - 1)
                yield above + gap if k < len(pieces) else SMALL * 1.3, items
                yield max(below - gap / 2, 0.0), []
    yield SIZE, []
    for remark in remarks(derivation, writer):
        yield from _paragraph(remark, width, SMALL)


def _note_lines(notes: list[str]) -> list[str]:
    room = PAGE[0] * (1 - NOTES) - EDGE
    notes = [note.replace(r"\dfrac", r"\frac") for note in notes]  # between lines
    return broken(notes, room * SIZE / SMALL, _width, SPACE) if notes else []


def _paragraph(
    text: str, width: float, size: float
) -> Iterator[tuple[float, list[Item]]]:
    words = re.findall(r"(?:\$[^$]*\$|\S)+", text)
    for line in broken(words, width * SIZE / size, _width, SPACE):
        yield size * 1.45, [(EDGE, line, size, "0.25")]


def _maths(latex: str) -> str:
    return f"${latex}$"


def _width(text: str) -> float:
    measured = _measured(text)
    return measured[0] if measured else 7.0 * len(text)


def _heights(text: str) -> tuple[float, float] | None:
    """Return the whole height, and the part of it below the line."""
    measured = _measured(text)
    return measured[1:] if measured else None


@functools.cache
def _measured(text: str) -> tuple[float, float, float] | None:
    """Return width, height and depth at SIZE, or None for what cannot be set."""
    from matplotlib import rc_context
    from matplotlib.font_manager import FontProperties
    from matplotlib.mathtext import MathTextParser
    from matplotlib.textpath import text_to_path

    if text.count("$") % 2:
        return None
    font = FontProperties(family="STIXGeneral", size=SIZE)
    if "$" not in text:
        found = text_to_path.get_text_width_height_descent(text, font, ismath=False)
        return float(found[0]), float(found[1]), float(found[2])
    with rc_context({"mathtext.fontset": "stix"}):
        try:
            parsed = MathTextParser("path").parse(text, 72, font)
        except ValueError:
            return None
    return float(parsed[0]), float(parsed[1]), float(parsed[2])
