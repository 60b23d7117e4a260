"""Forward above, backward below, mirrored: every step has its cotangent beneath it.

    above   what ran, from left to right: the tape
    below   the cotangents, from right to left: q_bar for every q of the tape

Below, a line leads from a cotangent to what it contributes to, and says which rule of
calculus it is: the rule of the row, as the blackboard of `derive` names it. Where a
value was read several times its contributions are added: Σ. A Parameter's gradient is
shown once `backward()` has put it there; until then the picture says "not yet", and
never a zero.
"""

from __future__ import annotations

import math

import numpy as np

from minigrad.drawing.curves import XY
from minigrad.drawing.layered import Columns, Spot
from minigrad.drawing.safe import size
from minigrad.drawing.sheet import Sheet
from minigrad.drawing.styles import BACKWARD, PART, STYLES
from minigrad.drawing.view import VIEWS, View, every_primitive
from minigrad.drawing.words import (
    Label,
    label_of,
    leaf_label,
    name_in_time,
    shape_text,
    tooltip_of,
    values_text,
)
from minigrad.messages import explain, user_line
from minigrad.parameter import Parameter
from minigrad.primitive import Elementwise
from minigrad.tape import Tape
from minigrad.tensor import Tensor

WIDE, HIGH, GAP = 150.0, 58.0, 60.0  # points: column, row, and between the halves
MOST = 120  # entries: beyond, the mirrored picture is a wallpaper


def backward_sheet(tape: Tape) -> Sheet:
    """Return the mirrored picture.

    Raises ValueError for a tape that is too long to be read like that.
    """
    if len(tape) > MOST:
        raise ValueError(
            explain(
                f"draw(output, view='backward') of {len(tape)} entries, "
                f"at {user_line()}",
                {each.name or "output": each for each in tape.outputs},
                f"every entry is drawn twice, and more than {MOST} cannot be read.",
                "draw the loss of one time step; or print mg.derive(loss), which "
                "says the same in equations.",
            )
        )
    return Mirror(tape).sheet


class Mirror:
    """The two halves of the picture."""

    def __init__(self, tape: Tape) -> None:
        self.tape = tape
        self.sheet = Sheet(
            ["above: what ran; below: its cotangents, from right to left"]
        )
        self.place = {entry: i for i, entry in enumerate(tape)}
        self.columns = Columns(tape.steps)
        self.low = min(self.columns.height.values())
        self.reads: dict[Tensor, int] = {}
        for entry in tape:
            for arg in entry.args:
                if isinstance(arg, Tensor):
                    self.reads[arg] = self.reads.get(arg, 0) + 1
        self._frames()
        self.area: dict[str, XY] = {}
        for entry in tape:
            self._forward(entry)
            self._cotangent(entry)
        self._lines()

    def _at(self, spot: Spot, side: int) -> XY:
        height = (self.columns.height[spot] - self.low) * HIGH + GAP
        return self.columns.column[spot] * WIDE, side * height

    def _frames(self) -> None:
        columns, heights = self.columns.column.values(), self.columns.height.values()
        right = max(columns) * WIDE + WIDE * 0.4
        far = (max(heights) - self.low) * HIGH + GAP + 46
        left, near = -WIDE * 0.4, GAP - 46
        bare = PART._replace(legend="")
        self.sheet.frame((left, near), (right, far), bare, "forward")
        self.sheet.frame((left, -far), (right, -near), bare, "backward")

    # ------------------------------------------------------------------------- nodes

    def _forward(self, entry: Tensor) -> None:
        trained = isinstance(entry, Parameter)
        if entry.primitive is None:
            kind = "parameter" if trained else "input"
            label = leaf_label(entry)
        else:
            round_ = isinstance(entry.primitive, Elementwise)
            kind, label = "elementwise" if round_ else "linear", label_of(entry)
            label = label._replace(remark="")
        wide, high = size(label, STYLES[kind].shape)
        says = tooltip_of(entry, self.place)
        at, id = self._at(entry, 1), f"n{self.place[entry]}"
        area = min(wide * 72, WIDE - 60), min(high * 72, HIGH - 12)
        self.area[id] = area
        self.sheet.node(id, at, area, kind, label, says)

    def _cotangent(self, entry: Tensor) -> None:
        name = name_in_time(entry).rpartition(".")[2] or f"t_{self.place[entry]}"
        remark = ""
        if any(entry is output for output in self.tape.outputs):
            remark = "given"
        elif isinstance(entry, Parameter):
            remark = "not yet" if entry.grad is None else _short(entry.grad)
        symbol = "Σ" if self.reads.get(entry, 0) > 1 else ""
        letter = name.split("_")[0].replace("~", "")
        barred = f"{name}_bar" if len(letter) == 1 else f"bar of {name}"
        label = Label(symbol, barred, remark)
        says = f"the cotangent of {name}, shape {shape_text(entry)}"
        if symbol:
            says += f"\na sum: {name} was read {self.reads[entry]} times"
        area = 62.0, 26.0 + 12 * bool(remark) + 10 * bool(symbol)
        at, id = self._at(entry, -1), f"b{self.place[entry]}"
        self.area[id] = area
        self.sheet.node(id, at, area, BACKWARD, label, says, style="filled,dashed")

    # ------------------------------------------------------------------------- lines

    def _lines(self) -> None:
        for tail, head in self.columns.lines:
            way = self.columns.way(tail, head)
            ids = self.place[tail], self.place[head]
            ends = f"n{ids[0]}", f"n{ids[1]}"
            points = self._cut([self._at(spot, 1) for spot in way], *ends)
            self.sheet.line(*ends, points, shape_text(tail), arrow="yes")
            ends = f"b{ids[1]}", f"b{ids[0]}"
            back = self._cut([self._at(spot, -1) for spot in reversed(way)], *ends)
            rule = _rule(tail, head)
            self.sheet.line(
                *ends, back, rule or "as it is", arrow="yes",
                color=BACKWARD.border, style="dashed",
            )  # fmt: skip
            if rule:
                (a, b), (c, d) = back[-2:]
                part = 0.4 if _first(tail, head) % 2 else 0.6  # beside its neighbour
                middle = a + (c - a) * part, b + (d - b) * part + 6
                self.sheet.label(rule, middle)

    def _cut(self, points: list[XY], tail: str, head: str) -> list[XY]:
        """Leave out what lies under the nodes at both ends."""
        first = _outside(points[0], points[1], self.area[tail])
        last = _outside(points[-1], points[-2], self.area[head])
        return [first, *points[1:-1], last]


def _outside(at: XY, onto: XY, area: XY) -> XY:
    """Return where a line leaves an ellipse of this size."""
    dx, dy = onto[0] - at[0], onto[1] - at[1]
    part = 1 / math.hypot(2 * dx / area[0], 2 * dy / area[1])
    return at[0] + dx * part, at[1] + dy * part


def _rule(arg: Tensor, entry: Tensor) -> str:
    """Say which rule leads from an entry's cotangent to an argument's."""
    from minigrad.symbolic.deriving.blackboard import rule_of
    from minigrad.symbolic.deriving.plain_text import Text

    return ", ".join(map(Text().note, rule_of(entry.primitive, _first(arg, entry))))


def _first(arg: Tensor, entry: Tensor) -> int:
    """Return which argument of an entry this is, the first if it is several."""
    return next(i for i, each in enumerate(entry.args) if each is arg)


def _short(gradient: object) -> str:
    array = np.asarray(gradient)
    text = values_text(array)
    return text if len(text) < 12 else f"norm {np.linalg.norm(array):.3g}"


VIEWS["backward"] = View("how does the gradient flow?", every_primitive, backward_sheet)
