"""Cells side by side: one, several over time, or one that is connected to itself.

Each cell is planned by `cell.py` on its own paper; here the papers are laid beside each
other. What leaves one cell at the right enters the next at the left, at the same
height, and both halves are one wire: from who made the value to who reads it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from minigrad.context import path
from minigrad.drawing.cell import BOX, Key, Plan, Port, Wire, reach
from minigrad.drawing.legend import sign
from minigrad.drawing.project import operand_numbers
from minigrad.drawing.routes import Point
from minigrad.drawing.sheet import XY, Sheet
from minigrad.drawing.styles import CELL, DELAY, OUTSIDE_OF, STEP
from minigrad.drawing.time_steps import State
from minigrad.drawing.view import DENSE, FOLDED, JOIN, Group
from minigrad.drawing.words import Label, name_in_time, shape_text, tooltip_of
from minigrad.tape import Tape
from minigrad.tensor import Tensor

SQUARE = 12.0  # points
# squares: from frame to outer circle, from frame to frame, and where steps are left out
OUTSIDE, BETWEEN, GAP = 5, 4, 10
OUTER, CIRCLE = 36.0, 28.0  # points across
DELAYS = 96.0, 24.0


class Half(NamedTuple):
    """A wire on its way, from who made the value."""

    tail: str
    points: list[XY]
    value: Tensor
    belt: bool


@dataclass(frozen=True)
class Gap:
    """Time steps that are not drawn: how many, and which words say so."""

    label: Label
    tooltip: str


class Row:
    """Cells drawn from left to right on one sheet.

    loop   where what leaves the (only) cell on the right comes back on the left: for
           each state the value before the first step and that after the last
    """

    def __init__(
        self,
        tape: Tape,
        cells: Sequence[Plan | Gap],
        notes: Sequence[str] = (),
        loop: Sequence[State] | None = None,
        title: str = "",
    ) -> None:
        self.sheet = Sheet(notes)
        self.place = {entry: i for i, entry in enumerate(tape)}
        self.x = float(OUTSIDE)
        self.ways_out: dict[int, Any] = {}
        self.outer = 0
        self.hops: set[XY] = set()
        self.entered: dict[int, str] = {}
        self.loop = loop
        self.title = title
        for i, cell in enumerate(cells):
            if i:
                self.x += BETWEEN
            if isinstance(cell, Gap):
                self._gap(cell, cells[i + 1])
            else:
                self._cell(cell)
        self.x -= self.plan.width
        if loop is None:
            self._leave()
        else:
            self._return(loop)

    def _leave(self) -> None:
        for k, (half, taps, label) in self.ways_out.items():
            x, y = self.plan.at[Port("after", k)]
            at = self._xy((x + OUTSIDE, y))
            points = [*half.points, _toward(half.points[-1], at)]
            self._wire(half, self._outer(half.value, at), points, taps, label)

    def _gap(self, gap: Gap, after: Any) -> None:
        """Draw a box for what is not drawn; the states pass through it."""
        wide, high, id = GAP * SQUARE, self.plan.height * SQUARE, f"gap{self.outer}"
        low, top = self._xy((0, 0)), self._xy((GAP, self.plan.height))
        middle = (low[0] + top[0]) / 2, (low[1] + top[1]) / 2
        self.sheet.node(
            id, middle, (wide, high), FOLDED, gap.label, gap.tooltip, peripheries="2"
        )
        for k, (half, taps, label) in self.ways_out.items():
            level = self.plan.at[Port("after", k)][1] * SQUARE
            self._wire(half, id, [*half.points, (low[0] - 4, level)], taps, label)
            value = after.step.states[k].before
            go_on = Half(id, [(top[0] + 4, level)], value, half.belt)
            self.ways_out[k] = go_on, set(), ("", None)
        self.x += GAP

    def _return(self, loop: Sequence[State]) -> None:
        """Lead every state around the cell, back to where it came in."""
        for k, (half, taps, label) in self.ways_out.items():
            aside, way = self._around(k)
            level = self.plan.at[Port("after", k)][1]
            leaves = self.plan.width + aside, level
            corners = [self._xy(leaves), self._xy((leaves[0], way))]
            x, y = self._xy((self.plan.width / 2, way))
            name = _called(half.value).partition("_")[0]
            text = Label("", f"{name}: t → t + 1")
            says = f"{name} of one time step is read at the next"
            self.sheet.node(f"delay{k}", (x, y), DELAYS, DELAY, text, says)
            points = [*half.points, *corners, (x + DELAYS[0] / 2, y)]
            self._wire(half, f"delay{k}", points, taps | {corners[0]}, label)
            self._first_and_last(k, *loop[k], leaves, half)

    def _around(self, k: int) -> tuple[float, float]:
        """Return how far beside and how high a state goes around the cell."""
        if k == self.plan.belt:
            return 2, self.plan.height + OUTSIDE + 3
        i = sum(other != self.plan.belt for other in range(k))
        return max(2 - 0.7 * i, 0.5), -OUTSIDE - 3 - 3 * i

    def _first_and_last(
        self, k: int, first: Any, last: Any, leaves: tuple[float, float], half: Half
    ) -> None:
        """Draw what came in before the first step, and what is left after the last."""
        self.sheet.entries["dashed"] = sign("- -"), "before the first, after the last"
        if last is not None:
            at = self._xy((self.plan.width + OUTSIDE, leaves[1]))
            id = self._outer(last, at)
            turn = self._xy(leaves)
            self.sheet.dot(turn, f"{_called(last)} is read here after the last step")
            end = _toward(turn, at)
            self.sheet.wire(
                half.tail, id, [turn, end], "after the last step", style="dashed"
            )
        if first is not None:
            at = self._xy((-OUTSIDE, leaves[1]))
            turn = self._xy((self.plan.width - leaves[0], leaves[1]))
            id = self._outer(first, at)
            start = _toward(turn, at)
            says = "before the first step"
            self.sheet.wire(
                id, self.entered[k], [start, turn], says, arrow=False, style="dashed"
            )

    def _xy(self, point: tuple[float, float]) -> XY:
        return (self.x + point[0]) * SQUARE, point[1] * SQUARE

    # ------------------------------------------------------------------------- nodes

    def _cell(self, plan: Plan) -> None:
        step = plan.step
        words = path(step.scope)
        last = step.scope[-1] if step.scope else ""
        text = self.title or (f"t = {last}" if isinstance(last, int) else last)
        corner = self._xy((plan.width, plan.height))
        style = STEP if isinstance(last, int) else CELL
        self.sheet.frame(self._xy((0, 0)), corner, style, text, words)
        self.ids: dict[Key, str] = {}
        for key, at in plan.at.items():
            if isinstance(key, Port):
                continue
            self.ids[key] = self._node(key, self._xy(at))
        self.plan = plan
        self._crossings()
        arriving, self.ways_out = self.ways_out, {}
        for wire in plan.wires:
            self._draw(wire, arriving)
        self.x += plan.width

    def _node(self, group: Group, at: XY) -> str:
        id = f"n{self.place[group.entries[0]]}"
        if group.kind == JOIN:
            return self.sheet.dot(at, group.tooltip, square=True)
        wide, high = CIRCLE, CIRCLE
        if group.kind == DENSE:
            wide, high = 2 * BOX[0] * SQUARE, 2 * BOX[1] * SQUARE
        elif reach(group)[0] > 1:
            wide = 2 * reach(group)[0] * SQUARE
        label = Label(
            group.label.symbol, group.label.name if group.kind == DENSE else ""
        )
        self.sheet.node(id, at, (wide, high), group.kind, label, group.tooltip)
        return id

    def _outer(self, value: Tensor, at: XY) -> str:
        """Draw a circle outside a cell: an input, a state, an output."""
        self.outer += 1
        id = f"v{self.outer}"
        name = Label("", _called(value) or shape_text(value))
        self.sheet.node(
            id, at, (OUTER, OUTER), OUTSIDE_OF, name, tooltip_of(value, self.place)
        )
        return id

    # ------------------------------------------------------------------------- wires

    def _crossings(self) -> None:
        nets: dict[Point, int] = {}
        for wire in self.plan.wires:
            for point in {p for route in wire.routes for p in route.points}:
                nets[point] = nets.get(point, 0) + 1
        self.hops |= {self._xy(point) for point, many in nets.items() if many > 1}

    def _draw(self, wire: Wire, arriving: dict[int, Any]) -> None:
        tail, start = self._begin(wire, arriving)
        taps = {self._xy(route.points[0]) for route in wire.routes if route.tapped}
        for point in sorted(taps):
            self.sheet.dot(point, f"{name_in_time(wire.value)}, read several times")
        if isinstance(wire.maker, Port) and wire.maker.number in arriving:
            came = wire.maker.side == "before"
            taps |= arriving[wire.maker.number][1] if came else set()
        for reader, route in zip(wire.readers, wire.routes, strict=True):
            points = [self._xy(point) for point in route.points]
            if not route.tapped:
                points = [*start, *points]
            belt = self.plan.along_belt(wire, reader)
            half = Half(tail, points, wire.value, belt)
            self._finish(wire, reader, half, taps)

    def _begin(self, wire: Wire, arriving: dict[int, Any]) -> tuple[str, list[XY]]:
        """Return who makes a value, and the way from there to the paper."""
        maker = wire.maker
        at = self.plan.at[maker]
        if isinstance(maker, Group):
            onto = wire.routes[0].points[0]
            return self.ids[maker], [_rim(self._xy(at), self._xy(onto), maker)]
        if maker.side == "before" and maker.number in arriving:
            half, _, _ = arriving[maker.number]
            return half.tail, half.points
        if maker.side == "before" and self.loop is not None:
            return self._from_delay(wire, maker.number)
        away = (0, -OUTSIDE + 1) if maker.side == "input" else (-OUTSIDE, 0)
        place = self._xy((at[0] + away[0], at[1] + away[1]))
        return self._outer(wire.value, place), [_toward(self._xy(at), place)]

    def _from_delay(self, wire: Wire, k: int) -> tuple[str, list[XY]]:
        aside, way = self._around(k)
        level = self.plan.at[Port("before", k)][1]
        self.entered[k] = self.ids.get(wire.readers[0], "")
        x, y = self._xy((self.plan.width / 2, way))
        corners = [self._xy((-aside, way)), self._xy((-aside, level))]
        return f"delay{k}", [(x - DELAYS[0] / 2, y), *corners]

    def _finish(self, wire: Wire, reader: Key, half: Half, taps: set[XY]) -> None:
        at = self._xy(self.plan.at[reader])
        label = self._label(wire) if reader is wire.readers[0] else ("", None)
        if isinstance(reader, Group):
            points = [*half.points, _rim(at, half.points[-1], reader)]
            arrow = reader.kind != JOIN
            self._wire(half, self.ids[reader], points, taps, label, arrow)
            self._number(wire, reader, points[-2:])
        elif reader.side == "after":
            self.ways_out[reader.number] = half, taps, label
        else:
            above = at[0], at[1] + (OUTSIDE - 1) * SQUARE
            points = [*half.points, _toward(at, above)]
            self._wire(half, self._outer(wire.value, above), points, taps, label)

    def _wire(
        self,
        half: Half,
        head: str,
        points: list[XY],
        taps: set[XY],
        label: tuple[str, XY | None],
        arrow: bool = True,
    ) -> None:
        self.sheet.wire(
            half.tail,
            head,
            points,
            f"{name_in_time(half.value)} {shape_text(half.value)}",
            arrow=arrow,
            sharp=taps,
            hops=self.hops,
            label=label[0],
            label_at=label[1],
            penwidth="3" if half.belt else "1.6",
        )

    def _number(self, wire: Wire, reader: Group, end: list[XY]) -> None:
        """Say which operand this is, where operands may not be swapped."""
        numbers = operand_numbers(reader.entries[0])
        if reader.kind == JOIN or len(reader.entries) > 1 or not any(numbers):
            return
        (a, b), (x, y) = end
        place = next(i for i, v in enumerate(reader.entries[0].args) if v is wire.value)
        shift = (-14, 0) if abs(y - b) > abs(x - a) else (0, 8)
        far = (x - 4 + shift[0], y + shift[1] + (12 if b > y else -12 if b < y else 0))
        self.sheet.text(f"{self.ids[reader]}_{place + 1}", far, numbers[place])

    def _label(self, wire: Wire) -> tuple[str, XY | None]:
        maker = wire.maker
        name, shape = name_in_time(wire.value), shape_text(wire.value)
        x, y = self._xy(self.plan.at[maker])
        if isinstance(maker, Port):
            return shape, (x + 6, y + (8 if maker.side == "before" else -9))
        if maker.kind == DENSE:
            return f"{name} {shape}".strip(), (x + 5, y + BOX[1] * SQUARE + 12)
        if maker.kind == JOIN:
            return f"{name} {shape}".strip(), (x + 10, y - 9)
        return "", None


def _called(value: Tensor) -> str:
    """Return a value's name, or that of the only value that it was taken from."""
    source = [arg for arg in value.args if isinstance(arg, Tensor)]
    return name_in_time(value) or (_called(source[0]) if len(source) == 1 else "")


def _toward(near: XY, circle: XY) -> XY:
    """Return where a wire meets an outer circle."""
    (x, y), (a, b) = near, circle
    radius = OUTER / 2
    if abs(x - a) > abs(y - b):
        return a + (radius if x > a else -radius), b
    return a, b + (radius if y > b else -radius)


def _rim(at: XY, onto: XY, group: Group, whole: Sequence[XY] = ()) -> XY:
    """Return where a wire that goes straight to or from a node meets its rim."""
    dx, dy = onto[0] - at[0], onto[1] - at[1]
    if group.kind == DENSE:
        return onto[0], at[1] + (BOX[1] * SQUARE if dy > 0 else -BOX[1] * SQUARE)
    if group.kind == JOIN:
        return at
    wide = CIRCLE / 2 if reach(group)[0] == 1 else reach(group)[0] * SQUARE
    if abs(dx) > abs(dy):
        return at[0] + (wide if dx > 0 else -wide), at[1]
    return at[0], at[1] + (CIRCLE / 2 if dy > 0 else -CIRCLE / 2)
