"""A cell connected to itself: what leaves it comes back, one time step later.

The carried states go around the cell, the belt above and the others below, through a
box that marks the delay. Dashed lines lead in what was there before the first step, and
out what is left after the last.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minigrad.drawing.cell.cell_painter import SQUARE, Half, Outlet, Painter, toward
from minigrad.drawing.cell.row_of_cells import OUTSIDE, Row, Stand
from minigrad.drawing.cell.wire_routing import Plan, Port, Wire
from minigrad.drawing.legend import sign
from minigrad.drawing.styles import DELAY
from minigrad.drawing.words import Label
from minigrad.structure.layers import name_of
from minigrad.structure.time_steps import State
from minigrad.tape import Tape

SIZE = 96.0, 24.0  # of the box that marks the delay, in points


class Returning(Row):
    """One cell, with a way back for each of its states.

    ends    for each state the value before the first step and that after the last
    stride  what is added to t from step to step: -1 for a layer that runs backward
    """

    def __init__(
        self,
        tape: Tape,
        cell: Plan,
        ends: Sequence[State],
        stride: int,
        painter: Painter,
        stand: Stand,
    ) -> None:
        self.ends = ends
        self.later = f"t {'+' if stride > 0 else '−'} {abs(stride)}"
        self.delays = {k: painter.box_id("delay") for k in range(len(ends))}
        self.entered: dict[int, str] = {}
        self.x, self.stand = (stand.places or [float(OUTSIDE)])[0], stand
        for k in self.delays:
            aside, way = loop_size(cell, k)
            a, b = self.xy((-aside, way)), self.xy((cell.width + aside, way))
            painter.add_levels([a, b])
        super().__init__(tape, [cell], painter=painter, stand=stand)

    def _enter(self, wire: Wire, k: int) -> Outlet:
        aside, way = loop_size(self.plan, k)
        level = self.plan.at[Port("before", k)][1]
        self.entered[k] = self.ids.get(wire.readers[0], "")
        middle = self.plan.width / 2
        start = self._beside((middle, way), towards=-1)
        points = [start, self.xy((-aside, way)), self.xy((-aside, level))]
        return Outlet(
            Half(self.delays[k], points, wire.value, False), set(), ("", None)
        )

    def _beside(self, middle: tuple[float, float], towards: int) -> Any:
        half = towards * SIZE[0] / 2 / SQUARE
        return self.xy((middle[0] + half, middle[1]))

    def _leave(self) -> None:
        """Lead every state around the cell, back to where it came in."""
        for k, way in self.ways_out.items():
            aside, height = loop_size(self.plan, k)
            leaves = self.plan.width + aside, self.plan.at[Port("after", k)][1]
            corners = [self.xy(leaves), self.xy((leaves[0], height))]
            middle = self.plan.width / 2, height
            name = name_of(way.half.value).partition("_")[0]
            text = Label("", f"{name}: t → {self.later}")
            says = f"{name} of one time step is read at the next"
            self.sheet.node(self.delays[k], self.xy(middle), SIZE, DELAY, text, says)
            end = self._beside(middle, towards=1)
            points = [*way.half.points, *corners, end]
            way = way._replace(taps=way.taps | {corners[0]})
            self.painter.wire(way, self.delays[k], points)
            self._first_and_last(k, leaves, way.half)

    def _first_and_last(self, k: int, leaves: tuple[float, float], half: Half) -> None:
        """Draw what came in before the first step, and what is left after the last."""
        first, last = self.ends[k]
        self.sheet.entries["dashed"] = sign("- -"), "before the first, after the last"
        if last is not None:
            at = self.xy((self.plan.width + self.stand.outside, leaves[1]))
            id = self.painter.outer(last, at, name_of(last))
            turn = self.xy(leaves)
            self.sheet.dot(turn, f"{name_of(last)} is read here after the last step")
            end = toward(turn, at)
            self.sheet.wire(
                half.tail, id, [turn, end], "after the last step", style="dashed"
            )
        if first is not None:
            at = self.xy((-self.stand.outside, leaves[1]))
            turn = self.xy((self.plan.width - leaves[0], leaves[1]))
            id = self.painter.outer(first, at, name_of(first))
            start = toward(turn, at)
            says = "before the first step"
            self.sheet.wire(
                id, self.entered[k], [start, turn], says, arrow=False, style="dashed"
            )


def loop_size(plan: Plan, k: int) -> tuple[float, float]:
    """Return how far beside and how high a state goes around the cell."""
    if k == plan.belt:
        return 2, plan.height + OUTSIDE + 3
    others = [other for other in range(len(plan.step.states)) if other != plan.belt]
    i = others.index(k)  # from the lowest to the highest, from the inmost outwards
    return 2 - 0.4 * (len(others) - 1) + 0.8 * i, -OUTSIDE - 3 - 3 * i
