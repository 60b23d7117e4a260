"""A program as a picture: a node for each line, a frame for each loop.

Inside a frame everything runs step by step, and the arrows that go against the others
carry a value to the next step: they are the circle. What stands outside is computed for
all steps in one call, if it has steps at all (a double line). Inputs and Parameters are
blue, and constants have no box.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from minigrad.compiling.graph import VIEWS, name_of
from minigrad.compiling.line import Line
from minigrad.compiling.program_notation import Notation, constant
from minigrad.compiling.rolled_loops import Item, Loop, lines_in
from minigrad.types import Array

if TYPE_CHECKING:
    from minigrad.compiling.programs import Program
    from minigrad.drawing.drawing import Drawing

_SIGNS = {
    "total": "+", "add": "+", "subtract": "−", "multiply": "⊙", "product": "⊙",
    "divide": "÷", "matvec": "W v", "matmul": "@", "outer": "z vᵀ", "sigmoid": "σ",
}  # fmt: skip
_HEAD = """digraph program {
  graph [rankdir=TB, fontname="Helvetica", fontsize=11, nodesep=0.15, ranksep=0.3]
  node [fontname="Helvetica", fontsize=10, shape=box, style="rounded,filled",
    fillcolor="#ffffff", color="#1b1b1b", height=0.25]
  edge [arrowsize=0.5, color="#55595e"]"""


def picture(
    program: Program, name: str, view: str | None = None, renderer: str | None = None
) -> Drawing:
    """Return the picture of a program, or of what the rewrite `view` made of it."""
    from minigrad.drawing.drawing import Drawing

    items = program.items if view is None else program.after(view)
    shown = [line for line in lines_in(items) if not _is_hidden(line)]
    loops = [item for item in items if isinstance(item, Loop)]
    text = "\n".join([_HEAD, *_frames(items), *_nodes(shown), *_arrows(shown), "}\n"])
    summary = f"{len(shown)} lines, {len(loops)} loops"
    return Drawing(text, summary, f"The program of {name}", renderer)


def _is_hidden(line: Line) -> bool:
    """Is this a view, which costs nothing and is read through?"""
    return name_of(line.op) in VIEWS and len(line.args) == 1


def _frames(items: list[Item]) -> Iterator[str]:
    notation = Notation(items)
    loops = (item for item in items if isinstance(item, Loop))
    for k, loop in enumerate(loops):
        way = notation.over(loop.times)
        inside = " ".join(f'"{e.name}"' for e in loop.lines if not _is_hidden(e))
        look = 'color="#3f6a47"; style="rounded,filled"; fillcolor="#eaf4ec";'
        yield f'  subgraph cluster_{k} {{ label="for {way}"; {look} {inside} }}'


def _nodes(lines: list[Line]) -> Iterator[str]:
    for line in lines:
        sign = _SIGNS.get(name_of(line.op), name_of(line.op))
        label = line.name if line.op is None else f"{line.name} = {sign}"
        more = ", peripheries=2" if line.mapped else ""
        if isinstance(line.source, Array):
            label, more = constant(line.source), ", shape=plaintext, style=solid"
        elif line.op is None:
            more += ', style="filled", fillcolor="#dbe7f6", color="#2f5f96"'
        yield f'  "{line.name}" [label="{label}"{more}]'


def _arrows(lines: list[Line]) -> Iterator[str]:
    for line in lines:
        for source, shift in dict.fromkeys(_read(line)):
            later = ', style=dashed, constraint=false, color="#3f6a47"' if shift else ""
            yield f'  "{source.name}" -> "{line.name}" [{later.removeprefix(", ")}]'


def _read(line: Line, shift: int = 0) -> Iterator[tuple[Line, int]]:
    """Yield what a line reads, through views, and how many steps away."""
    for ref in line.refs():
        away = shift + (ref.shift or 0)
        if _is_hidden(ref.line):
            yield from _read(ref.line, away)
        else:
            yield ref.line, away
