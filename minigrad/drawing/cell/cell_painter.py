"""What is drawn of a cell: nodes, circles outside, wires with what they carry.

`places.py` counts in squares; here they become points on a sheet. All rows of a picture
have the same painter, so that no id is given twice, and a wire hops over every level
one that it crosses, whoever drew that.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from minigrad.drawing.curves import XY
from minigrad.drawing.project import operand_numbers
from minigrad.drawing.safe import SMALL, width
from minigrad.drawing.sheet import Sheet
from minigrad.drawing.styles import OUTSIDE_OF
from minigrad.drawing.view import FOLDED, label, tooltip
from minigrad.drawing.words import Label, shape_text, tooltip_of
from minigrad.structure.consumers import weights
from minigrad.structure.layers import name_of
from minigrad.structure.loops import name_in_time
from minigrad.structure.parts import DENSE, JOIN, SEVERAL, Part
from minigrad.tape import Tape
from minigrad.tensor import Tensor

SQUARE = 12.0  # points
OUTER, CIRCLE = 36.0, 28.0  # points across
ROOM = 6  # letters in a circle


class Half(NamedTuple):
    """A wire on its way, from who made the value."""

    tail: str
    points: list[XY]
    value: Tensor
    belt: bool


class Outlet(NamedTuple):
    """A wire that leaves a cell: where it may not be rounded, and its label."""

    half: Half
    taps: set[XY]
    label: tuple[str, XY | None]


class Painter:
    """A sheet, and what has been drawn on it so far.

    names   what values are called, if not by their own names: x_t
    back    do arrows lead the other way? look: what wires look like
    """

    back = False
    look: Mapping[str, str] = {}

    def __init__(
        self,
        tape: Tape,
        notes: Sequence[str] = (),
        names: Mapping[Tensor, str] | None = None,
    ) -> None:
        self.sheet = Sheet(notes)
        self.names = names or {}
        self.place = {entry: i for i, entry in enumerate(tape)}
        self.hops: set[XY] = set()
        self.levels: list[tuple[float, float, float]] = []  # y, from x, to x
        self.risers: dict[object, Outlet] = {}  # what goes up to other rows, and joins
        self.outer_circles = self.boxes = 0

    def node(self, group: Part, at: XY, reach: tuple[int, int]) -> str:
        """Draw a box, a circle, or the square where vectors are joined."""
        id = f"n{self.place[group.entries[0]]}"
        says, words = tooltip(group, self.place), label(group)
        held = (*weights(group.entries), *group.entries)
        if group.kind == JOIN:
            id = self.sheet.dot(at, says, square=True, tall=2 * SQUARE * reach[1])
            self.sheet.held[id] = held
            return id
        wide, high = size(group, reach)
        name, symbol = "", words.symbol
        if group.kind in (DENSE, SEVERAL):
            name = fitting(words.name, wide / 11)
            symbol = fitting(symbol, wide / 13)
        shown, more = Label(symbol, name), {}
        if group.kind == FOLDED:
            shown, more = words, {"style": "rounded,filled", "penwidth": "2"}
        self.sheet.node(id, at, (wide, high), group.kind, shown, says, **more)
        self.sheet.held[id] = held
        return id

    def outer(self, value: Tensor, at: XY, name: str = "") -> str:
        """Draw a circle outside a cell: an input, a state, an output."""
        self.outer_circles += 1
        id = f"v{self.outer_circles}"
        name = name or self.names.get(value) or name_of(value)
        says = fitting(name or shape_text(value), OUTER / 10)
        words = tooltip_of(value, self.place)
        self.sheet.node(id, at, (OUTER, OUTER), OUTSIDE_OF, Label("", says), words)
        self.sheet.held[id] = (value,)
        return id

    def name(self, value: Tensor) -> str:
        """Return what a value is called in this picture."""
        return self.names.get(value) or name_in_time(value)

    def carried(self, value: Tensor) -> str:
        """Return what it is called where it goes along a wire."""
        return self.name(value)

    def carries(self, value: Tensor) -> str:
        """Return what a wire says when pointed at."""
        return f"{self.name(value)} {shape_text(value)}"

    def box_id(self, kind: str) -> str:
        """Return an id that no other gap or delay has."""
        self.boxes += 1
        return f"{kind}{self.boxes}"

    def wire(
        self, way: Outlet, head: str, points: list[XY], arrow: bool = True
    ) -> None:
        """Draw a wire from who made its value through points to a node."""
        half, (says, says_at) = way.half, way.label
        self.sheet.wire(
            half.tail,
            head,
            points,
            self.carries(half.value),
            arrow=arrow,
            back=self.back,
            sharp=way.taps,
            hops=self.hops | self._crossings(points),
            label=says,
            label_at=says_at,
            penwidth="3" if half.belt else "1.6",
            **self.look,
        )

    def add_levels(self, points: Iterable[XY]) -> None:
        """Note the level parts of a way outside the cells."""
        for (a, y), (b, z) in itertools.pairwise(points):
            if abs(y - z) < 1e-6:
                self.levels.append((y, min(a, b), max(a, b)))

    def joined(self, makers: Sequence[Tensor], backward: Sequence[bool]) -> str:
        """Return what is joined, with the direction of its layer if they differ."""
        names = [self.carried(maker) for maker in makers]
        if len(set(backward)) > 1:
            names = [
                f"{'←' if b else '→'}{n}" for n, b in zip(names, backward, strict=True)
            ]
        return f"[{', '.join(names)}]"

    def _crossings(self, points: Sequence[XY]) -> set[XY]:
        """Return where upright parts of a wire cross the level ones around cells."""
        return {
            (a, y)
            for (a, b), (c, d) in itertools.pairwise(points)
            for y, low, high in self.levels
            if math.isclose(a, c) and low < a < high and min(b, d) < y < max(b, d)
        }

    def number(self, value: Tensor, reader: Part, id: str, end: Sequence[XY]) -> None:
        """Say which operand this is, where operands may not be swapped."""
        numbers = operand_numbers(reader.entries[0])
        if reader.kind == JOIN or len(reader.entries) > 1 or not any(numbers):
            return
        (a, b), (x, y) = end
        place = next(i for i, v in enumerate(reader.entries[0].args) if v is value)
        upright = abs(y - b) > abs(x - a)
        aside = -15 if upright or a < x else 3
        above = 8 if not upright else 10 if b > y else -10
        far = x + aside, y + above
        self.sheet.text(f"{id}_{place + 1}", far, numbers[place])


def fitting(text: str, room: float) -> str:
    """Return as much of a text as there is room for, in units of its font size.

    >>> fitting("W_f, b_f", 6.5), fitting("weights of the forget gate", 6.5)
    ('W_f, b_f', 'weights o…')
    """
    if width(text.replace("_", "").replace("~", "")) <= room:
        return text
    while text and width(text) > room - 0.9:
        text = text[:-1]
    return text.rstrip(" _,") + "…"


def text_width(text: str) -> float:
    """Estimate how many points a small text takes."""
    return SMALL * width(text.replace("_", ""))


def toward(near: XY, circle: XY) -> XY:
    """Return where a wire meets an outer circle."""
    (x, y), (a, b) = near, circle
    radius = OUTER / 2
    if abs(x - a) > abs(y - b):
        return a + (radius if x > a else -radius), b
    return a, b + (radius if y > b else -radius)


def size(group: Part, reach: tuple[int, int]) -> tuple[float, float]:
    """Return the width and height of a node, of which `reach` counts the squares."""
    wide, high = (2 * SQUARE * squares for squares in reach)
    if group.kind in (DENSE, FOLDED):
        return wide, high
    return wide if reach[0] > 1 else CIRCLE, CIRCLE


def rim(at: XY, onto: XY, group: Part, reach: tuple[int, int]) -> XY:
    """Return where a wire that goes straight to or from a node meets its rim."""
    dx, dy = onto[0] - at[0], onto[1] - at[1]
    if group.kind == JOIN:
        return at[0], onto[1] if abs(dy) <= reach[1] * SQUARE else at[1]
    wide, high = (side / 2 for side in size(group, reach))
    if group.kind == FOLDED and abs(dx) >= wide:
        return at[0] + (wide if dx > 0 else -wide), onto[1]
    if group.kind in (DENSE, FOLDED) and abs(dx) <= wide:
        return onto[0], at[1] + (high if dy > 0 else -high)
    if abs(dx) > abs(dy):
        return at[0] + (wide if dx > 0 else -wide), at[1]
    return at[0], at[1] + (high if dy > 0 else -high)


__all__: list[Any] = ["Half", "Outlet", "Painter"]
