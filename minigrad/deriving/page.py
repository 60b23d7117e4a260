r"""A derivation on a page: as plain text, and as LaTeX.

Above the equations stand the shapes, below them the conventions (conventions.py), then
what was checked.
"""

from __future__ import annotations

import itertools
import textwrap
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from minigrad.console import columns_of, padded, shown
from minigrad.deriving.conventions import remarks
from minigrad.deriving.equations import Equation, letters_of
from minigrad.deriving.formula import (
    At,
    Letter,
)
from minigrad.deriving.formula_styles import LATEX, TEXT
from minigrad.deriving.rules import Note
from minigrad.deriving.typeset import Writer

if TYPE_CHECKING:
    from minigrad.deriving.derivation import Derivation

WIDTH, RIGHT = 88, 41  # columns of a page of text, and of a right side
LONG_LATEX = 170  # characters of LaTeX that fit a line
TITLES = {True: "Forward", False: "Backward"}


def text(derivation: Derivation) -> str:
    """Return the derivation as plain text in Unicode."""
    lines = [*_wrapped(shapes(derivation, TEXT)), ""]
    rows = {each: _row(each, TEXT) for each in derivation}
    columns = [
        [columns_of(x) for row in rows.values() for x in row[k]] for k in range(3)
    ]
    columns[1] = [width for width in columns[1] if width <= RIGHT]
    widths = [max(several, default=0) for several in columns]
    for title, some in directions(derivation):
        set_below = itertools.chain(*(_set(rows[each], widths) for each in some))
        lines += [title, *set_below, ""]
    for remark in remarks(derivation, TEXT):
        lines += _wrapped(remark)
    return shown("\n".join(lines))


def directions(derivation: Derivation) -> Iterator[tuple[str, list[Equation]]]:
    """Yield what is forward and what is backward, each with its title."""
    for forward, title in TITLES.items():
        some = [each for each in derivation if each.forward == forward]
        if some:
            yield title, some


def latex(derivation: Derivation) -> str:
    r"""Return one `align*` for each direction; it needs `\usepackage{amsmath}`."""
    parts = []
    for title, some in directions(derivation):
        rows = " \\\\\n".join(map(_latex_rows, some))
        parts.append(f"% {title}\n\\begin{{align*}}\n{rows}\n\\end{{align*}}")
    return "\n".join(parts)


def document(derivation: Derivation) -> str:
    """Return a whole LaTeX document, with the remarks."""
    above, below = shapes(derivation, LATEX), remarks(derivation, LATEX)
    return standing_alone(above, latex(derivation), below)


def standing_alone(above: str, mathematics: str, below: Iterable[str]) -> str:
    """Return a LaTeX document of what is said and the mathematics in between."""
    said = "\n\n".join(f"\\noindent {each}" for each in below)
    return "\n".join(
        [
            r"\documentclass{article}",
            r"\usepackage{amsmath,amssymb}",
            r"\usepackage[margin=2cm,landscape]{geometry}",
            r"\begin{document}",
            f"\\noindent {above}",
            mathematics,
            said,
            r"\end{document}",
            "",
        ]
    )


def notebook(derivation: Derivation) -> str:
    """Return what a notebook shows: one aligned display."""
    rows = []
    for title, some in directions(derivation):
        rows += [rf"\textbf{{{title}}} &", *map(_latex_rows, some)]
    joined = " \\\\\n".join(rows)
    return f"$$\\begin{{aligned}}\n{joined}\n\\end{{aligned}}$$"


# ------------------------------------------------------------------------ the equations


def _row(each: Equation, writer: Writer) -> tuple[list[str], ...]:
    """Return left side, right side in lines, times, and the notes of the margin."""
    times = [writer.times(each.times)] if each.times else []
    right = broken(writer.terms(each.right), RIGHT, columns_of)
    return [writer.write(each.left)], right, times, margin(each, writer)


def broken(
    pieces: Sequence[str],
    width: float,
    measure: Callable[[str], float],
    space: float = 1.0,
) -> list[str]:
    """Put pieces into lines no longer than `width`, as far as pieces allow.

    >>> broken(["one", "and", "two"], 7, len)
    ['one and', 'two']
    """
    lines, long = [pieces[0]], measure(pieces[0])
    for piece in pieces[1:]:
        own = measure(piece)
        if long + space + own <= width:
            lines[-1] += f" {piece}"
            long += space + own
        else:
            lines.append(piece)
            long = own
    return lines


def margin(each: Equation, writer: Writer) -> list[str]:
    """Return what stands beside an equation: the rules by which it holds."""
    notes = [writer.note(note) for note in _adjoints_joined(each.notes)]
    if each.checked != "exactly":
        notes.append(
            {"in floats": "checked in floats only", "": "NOT checked"}[each.checked]
        )
    return [f"{note}," for note in notes[:-1]] + notes[-1:]


def _adjoints_joined(notes: Sequence[Note]) -> list[Note]:
    """Say "adjoints of stack and take" for "adjoint of stack", "adjoint of take"."""
    of = "adjoint of "
    rows = [
        n.removeprefix(of) for n in notes if isinstance(n, str) and n.startswith(of)
    ]
    if len(rows) < 2:
        return list(notes)
    kept = [n for n in notes if not (isinstance(n, str) and n.startswith(of))]
    return [f"adjoints of {', '.join(rows[:-1])} and {rows[-1]}", *kept]


def _set(row: Sequence[list[str]], widths: Sequence[int]) -> Iterator[str]:
    """Set the columns of one equation side by side."""
    left, right, times, beside = row
    room = max(WIDTH - sum(widths) - 9, 15)
    notes = [part for note in beside for part in textwrap.wrap(note, room)]
    beside = broken(notes, room, columns_of) if notes else []
    wide = [k for k, line in enumerate(right) if columns_of(line) > widths[1]]
    below = [""] * (wide[-1] + 1 if wide else 0)  # not beside a line that is too long
    columns = left, right, below + times, below + beside
    for k in range(max(map(len, columns))):
        cells = [column[k] if k < len(column) else "" for column in columns]
        name, what, when = map(padded, cells[:3], widths)
        yield f"  {name} {'=' if k == 0 else ' '} {what}  {when}  {cells[3]}".rstrip()


def _latex_rows(each: Equation) -> str:
    left, _, times, beside = _row(each, LATEX)
    lines = broken(LATEX.terms(each.right), LONG_LATEX, len)
    when = times[0].strip("$") if times else ""
    words = _in_maths(" ".join(beside))
    note = f" && {when} && {words}".rstrip(" &")
    return " \\\\\n".join(
        [f"{left[0]} &= {lines[0]}{note}", *(rf"&\quad {x}" for x in lines[1:])]
    )


# ----------------------------------------------------------------- what is said around


def shapes(derivation: Derivation, writer: Writer) -> str:
    """Say where every letter lives: `x[t] in R^3; W_f, W_i in R^(2 x 5)`."""
    by_shape: dict[tuple[int, ...], list[Letter]] = {}
    letters = (x for each in derivation.equations for x in letters_of(each))
    for letter in letters:
        if not letter.bar:
            time = None if letter.time is None else At(0)
            by_shape.setdefault(letter.shape, []).append(replace(letter, time=time))
    return writer.spaces(by_shape) if by_shape else ""


def _wrapped(line: str) -> list[str]:
    return textwrap.wrap(line, WIDTH, subsequent_indent="  ")


def _in_maths(mixed: str) -> str:
    r"""Put words within mathematics: `product, $x$` is `\text{product, }x`."""
    parts = mixed.split("$")
    words = (rf"\text{{{part}}}" if part else "" for part in parts[::2])
    maths = (*parts[1::2], "")
    return "".join(a + b for a, b in zip(words, maths, strict=True))
