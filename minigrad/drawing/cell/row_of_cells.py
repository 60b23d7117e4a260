"""Cells side by side in the direction of time: one, or several steps of a layer.

What leaves one cell enters the next at the same height, and both halves are one wire:
from who made the value to who reads it. Time runs from left to right; a layer that runs
backward is the same row seen in a mirror.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass

from minigrad.context import path
from minigrad.drawing.cell.cell_painter import (
    SQUARE,
    Half,
    Outlet,
    Painter,
    fitting,
    rim,
    text_width,
    toward,
)
from minigrad.drawing.cell.closed import Closed
from minigrad.drawing.cell.routes import Point
from minigrad.drawing.cell.wire_routing import BOX, Key, Plan, Port, Wire
from minigrad.drawing.curves import XY
from minigrad.drawing.safe import MEDIUM
from minigrad.drawing.styles import CELL, STEP
from minigrad.drawing.words import shape_text
from minigrad.structure.parts import DENSE, JOIN, Part
from minigrad.tape import Tape
from minigrad.tensor import Tensor

OUTSIDE, BETWEEN = 5, 4  # squares: from frame to outer circle, from frame to frame


@dataclass(eq=False)
class Stand:
    """Where a row stands among others, in squares, and what passes between them.

    low      the height of its cells' feet
    places   how far along the row each cell begins; one after the other if not given
    mirror   for a row from right to left: the width of the picture
    titles   what the frames say
    outside  how far from the first and the last cell the circles of states are
    rising   values that go up to other rows; shared: inputs of which a circle does
    rise     the way of an input that comes from below, up to its cell
    """

    low: float = 0.0
    places: Sequence[float] = ()
    mirror: float | None = None
    titles: Sequence[str] = ()
    outside: float = OUTSIDE
    rising: Container[Tensor] = ()
    shared: Container[Tensor] = ()
    rise: Callable[[Tensor], Outlet | None] = lambda value: None


class Row:
    """Cells drawn one after the other in time."""

    def __init__(
        self,
        tape: Tape,
        cells: Sequence[Plan],
        notes: Sequence[str] = (),
        painter: Painter | None = None,
        stand: Stand | None = None,
    ) -> None:
        self.painter = painter or Painter(tape, notes)
        self.sheet = self.painter.sheet
        self.stand = stand or Stand()
        self.backward = self.stand.mirror is not None
        self.ways_out: dict[int, Outlet] = {}
        self.ids: dict[Key, str] = {}
        self.from_below: set[Tensor] = set()
        self.x = 0.0
        places = self.stand.places or _one_after_the_other(cells)
        self._note_levels(cells, places)
        for i, (cell, self.x) in enumerate(zip(cells, places, strict=True)):
            self.aside = BETWEEN / 2 if i else self.stand.outside
            self._cell(cell, self.stand.titles[i] if self.stand.titles else None)
        self._leave()

    def xy(self, point: tuple[float, float]) -> XY:
        """Return the place on the sheet of a place in the present cell."""
        x = self.x + point[0]
        x = x if self.stand.mirror is None else self.stand.mirror - x
        return x * SQUARE, (self.stand.low + point[1]) * SQUARE

    # -------------------------------------------------------------- from cell to cell

    def _note_levels(self, cells: Sequence[Plan], places: Sequence[float]) -> None:
        """Note where states go level outside the cells: what passes hops over them."""
        end = places[0] - self.stand.outside
        for i, (cell, self.x) in enumerate(zip(cells, places, strict=True)):
            after = self.stand.outside if i == len(cells) - 1 else 0.0
            for port, (x, y) in cell.at.items():
                if isinstance(port, Port) and port.side in ("before", "after"):
                    far = end - self.x if port.side == "before" else x + after
                    self.painter.add_levels([self.xy((x, y)), self.xy((far, y))])
            end = self.x + cell.width

    def _enter(self, wire: Wire, k: int) -> Outlet:
        """Begin the wire of a state where the cell before left it, or at a circle.

        A circle between cells is a cut: what comes in is not what the one before made.
        """
        x, y = self.plan.at[Port("before", k)]
        if k in self.arriving and self.arriving[k].half.value is not wire.value:
            self._cut(self.arriving.pop(k))
        if k not in self.arriving:
            return self._from_circle(wire, (x - self.aside, y))
        half, taps, label = self.arriving[k]
        (a, b), (c, d) = half.points[-1], self.xy((x, y))
        if b == d:
            return Outlet(half, taps, label)
        middle = (a + c) / 2 + 6 * k
        points = [*half.points, (middle, b), (middle, d)]
        return Outlet(half._replace(points=points), taps, label)

    def _cut(self, way: Outlet) -> None:
        """End the wire of a state that the next cell does not read."""
        x, y = way.half.points[-1]
        id = self.painter.box_id("cut")
        self.sheet.text(
            id, self._behind("cut", (x, y + 8), -text_width("cut") - 4), "cut"
        )
        self.painter.wire(way, id, way.half.points, arrow=False)

    def _leave(self) -> None:
        """Lead every state to a circle behind the last cell."""
        for k, way in self.ways_out.items():
            x, y = self.plan.at[Port("after", k)]
            at = self.xy((x + self.stand.outside, y))
            points = [*way.half.points, toward(way.half.points[-1], at)]
            self.painter.wire(way, self.painter.outer(way.half.value, at), points)

    # ------------------------------------------------------------------- within a cell

    def _cell(self, plan: Plan, title: str | None) -> None:
        step = plan.step
        self.plan = plan
        if not isinstance(plan, Closed):
            words = path(step.scope)
            if title is None:
                title = _title(plan)
            (x, y), (a, b) = self.xy((0, 0)), self.xy((plan.width, plan.height))
            style = CELL if step.t is None else STEP
            text = fitting(title, (abs(a - x) - 16) / MEDIUM)
            low, high = (min(x, a), y), (max(x, a), b)
            self.sheet.frame(low, high, style, text, words, self.backward)
        self.ids = {
            key: self.painter.node(key, self.xy(at), plan.reach(key))
            for key, at in plan.at.items()
            if not isinstance(key, Port)
        }
        self._crossings()
        self.arriving, self.ways_out = self.ways_out, {}
        for wire in plan.wires:
            self._draw(wire)

    def _crossings(self) -> None:
        nets: dict[Point, int] = {}
        for wire in self.plan.wires:
            for point in {p for route in wire.routes for p in route.points}:
                nets[point] = nets.get(point, 0) + 1
        self.painter.hops |= {
            self.xy(point) for point, many in nets.items() if many > 1
        }

    def _draw(self, wire: Wire) -> None:
        begun = self._begin(wire)
        taps = {self.xy(route.points[0]) for route in wire.routes if route.tapped}
        for point in sorted(taps):
            self.sheet.dot(
                point, f"{self.painter.name(wire.value)}, read several times"
            )
        for reader, route in zip(wire.readers, wire.routes, strict=True):
            points = [self.xy(point) for point in route.points]
            if not route.tapped:
                points = [*begun.half.points, *points]
            belt = self.plan.along_belt(wire, reader)
            half = Half(begun.half.tail, points, wire.value, belt)
            first = reader is wire.readers[0]
            label = self._label(wire) if first else ("", None)
            self._finish(wire, reader, Outlet(half, taps | begun.taps, label))

    def _begin(self, wire: Wire) -> Outlet:
        """Return who makes a value, and the way from there to the paper."""
        maker = wire.maker
        x, y = self.plan.at[maker]
        if isinstance(maker, Part):
            onto = self.xy(wire.routes[0].points[0])
            points = [rim(self.xy((x, y)), onto, maker, self.plan.reach(maker))]
            return Outlet(
                Half(self.ids[maker], points, wire.value, False), set(), ("", None)
            )
        if maker.side == "before":
            return self._enter(wire, maker.number)
        way = self.stand.rise(wire.value)
        if way is None:
            return self._from_circle(wire, (x, y - OUTSIDE + 1))
        self.from_below.add(wire.value)
        return way

    def _from_circle(self, wire: Wire, place: tuple[float, float]) -> Outlet:
        at = self.xy(place)
        id = self.painter.outer(wire.value, at)
        start = toward(self.xy(self.plan.at[wire.maker]), at)
        way = Outlet(Half(id, [start], wire.value, False), set(), ("", None))
        if wire.value in self.stand.shared:
            self.painter.risers[wire.value] = way
        return way

    def _finish(self, wire: Wire, reader: Key, way: Outlet) -> None:
        at = self.xy(self.plan.at[reader])
        points = way.half.points
        if isinstance(reader, Part):
            points = [*points, rim(at, points[-1], reader, self.plan.reach(reader))]
            self.painter.wire(way, self.ids[reader], points, reader.kind != JOIN)
            self.painter.number(wire.value, reader, self.ids[reader], points[-2:])
        elif reader.side == "after":
            self.ways_out[reader.number] = way
        elif wire.value in self.stand.rising:
            self.painter.risers[wire.value] = way
            id = self.painter.box_id("rising")
            self.sheet.text(
                id, (at[0] + 2, at[1] + 9), self.painter.carried(wire.value)
            )
        else:
            above = at[0], at[1] + (OUTSIDE - 1) * SQUARE
            points = [*points, toward(at, above)]
            self.painter.wire(way, self.painter.outer(wire.value, above), points)

    def _label(self, wire: Wire) -> tuple[str, XY | None]:
        maker = wire.maker
        name, shape = self.painter.name(wire.value), shape_text(wire.value)
        x, y = self.xy(self.plan.at[maker])
        both = f"{name} {shape}".strip()
        if isinstance(maker, Port):
            if maker.side == "input":
                return both if wire.value in self.from_below else shape, (x + 6, y - 9)
            words = both if self.painter.names else shape
            return words, self._behind(words, (x, y + 8), 6)
        if maker.kind == DENSE:
            down = maker in self.plan.downward
            x = self.xy((self.plan.column(wire.value), 0))[0]
            return both, (x + 5, y + (-1 if down else 1) * (BOX[1] * SQUARE + 12))
        if maker.kind == JOIN:
            low = y - self.plan.reach(maker)[1] * SQUARE
            return both, self._behind(both, (x, low - 9), 8)
        return "", None

    def _behind(self, text: str, at: XY, aside: float) -> XY:
        """Return where a text begins that stands beside a place, later in time."""
        left = -aside - text_width(text) if self.backward else aside
        return at[0] + left, at[1]


def _title(plan: Plan) -> str:
    if plan.step.t is not None:
        return f"t = {plan.step.t}"
    return str(plan.step.scope[-1]) if plan.step.scope else ""


def _one_after_the_other(cells: Sequence[Plan]) -> list[float]:
    x = float(OUTSIDE)
    places = []
    for cell in cells:
        places.append(x)
        x += cell.width + BETWEEN
    return places
