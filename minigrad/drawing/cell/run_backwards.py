"""The well-known picture of a cell run backwards: cotangents on the same wires.

    forward     c_2 = f_2 * c_1 + ...          c along the belt, from left to right
    backward    c_1_bar = c_2_bar ⊙ f_2        c_bar along the belt, from right to left

The layout is that of the view gate. Every arrow leads the other way, a wire carries
the cotangent of what it carried, and where a cotangent comes out of a part stands the
factor by which it was multiplied. Where a value was read several times, what comes back
is added. So one sees why the gradient survives: along the belt there is no W and no
slope of an activation, only ⊙ f.

Nothing here knows the LSTM: the factors are those of the recorded rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from minigrad.drawing.backward.cotangents import barred
from minigrad.drawing.backward.forward_and_backward import (
    ForwardAndBackward,
    backward_sheet,
)
from minigrad.drawing.cell.cell_painter import Ink, Way, fitting, text_width
from minigrad.drawing.cell.recurrent import gate_sheet
from minigrad.drawing.curves import XY
from minigrad.drawing.legend import sign
from minigrad.drawing.sheet import Sheet
from minigrad.drawing.styles import BACKWARD, COPY
from minigrad.drawing.view import NotPlaced, label
from minigrad.drawing.words import Label, leaf_label
from minigrad.primitive import Elementwise
from minigrad.structure.consumers import weights
from minigrad.structure.loops import name_in_time
from minigrad.structure.parts import DENSE, JOIN, Part
from minigrad.structure.sublayers import is_product
from minigrad.tape import Tape
from minigrad.tensor import Tensor

if TYPE_CHECKING:
    from minigrad.drawing.backward.chain_rule import Factors

ADDED = "read several times: what comes back is added"
PRIME = "′"


def cotangents_sheet(tape: Tape) -> Sheet | ForwardAndBackward:
    """Return the picture of one time step of every layer, run backwards.

    Of what is no cell it is the view backward, and a note says so.
    """
    try:
        sheet = gate_sheet(tape, BackwardInk)
    except NotPlaced as reason:
        drawn = backward_sheet(tape)
        drawn.notes.insert(0, f"this is the view backward, because {reason}")
        return drawn
    if COPY.legend in sheet.entries:
        mark, _ = sheet.entries[COPY.legend]
        sheet.entries[COPY.legend] = mark, ADDED
    sheet.notes.insert(
        0, "cotangents, from right to left, on the wires of the view gate"
    )
    return sheet


class BackwardInk(Ink):
    """Draws cotangents where `Ink` draws values."""

    def __init__(self, tape: Tape, notes: Sequence[str] = ()) -> None:
        from minigrad.drawing.backward.chain_rule import Factors

        super().__init__(tape, notes)
        self.factors: Factors = Factors(tape)
        self.parts: dict[str, Part] = {}

    def node(self, group: Part, at: XY, reach: tuple[int, int]) -> str:
        """Draw a box that says its slope and Wᵀ, or a circle."""
        id = super().node(group, at, reach)
        self.parts[id] = group
        if group.kind != JOIN:
            _, _, size, look = self.sheet.nodes.pop()
            says = self._inside(group, size[0])
            tooltip = "\n".join(self._gradients(group))
            self.sheet.node(
                id, at, size, group.kind, says, tooltip, color=look["color"]
            )
        return id

    def _inside(self, group: Part, wide: float) -> Label:
        """Return what a part says: the slope of its function, and its Wᵀ."""
        symbol, name = label(group)[:2]
        self._explain(group)
        if group.kind == DENSE:
            products = [e for e in group.entries if is_product(e)]
            back = [
                factor
                for e in products
                for i, a in enumerate(e.args)
                if a not in set(weights([e])) and (factor := self.factors.of(e, i))
            ]
            name = ", ".join(dict.fromkeys(back))
            return Label(
                fitting(_primed(group, symbol), wide / 13), fitting(name, wide / 11)
            )
        return Label(_primed(group, symbol), "")

    def _explain(self, group: Part) -> None:
        """Say in the legend what the slopes are."""
        from minigrad.deriving.rules import rule_of
        from minigrad.drawing.backward.chain_rule import Named

        for entry in group.entries:
            row = entry.primitive
            if isinstance(row, Elementwise) and len(entry.args) == 1:
                for note in rule_of(row, 0):
                    says = Named().note(note)
                    name, equals, slope = says.partition(" = ")
                    if equals:
                        self.sheet.entries[says] = sign(name), f"= {slope}"

    def _gradients(self, group: Part) -> list[str]:
        """Say what a part gives the Parameters in it, and its inputs."""
        name = barred(self._name(group.entries[-1]))
        lines = []
        for each in weights(group.entries):
            ways = " ".join(self.factors.along(group.entries, each))
            lines.append(f"{barred(leaf_label(each).name)} gets {name} {ways}".strip())
        return [f"{name}: the cotangent of what it made", *lines]

    def _name(self, value: Tensor) -> str:
        return name_in_time(value) or f"t_{self.place[value]}"

    def outer(self, value: Tensor, at: XY, name: str = "") -> str:
        """Draw a circle outside a cell, with the cotangent of what stands there."""
        return super().outer(value, at, barred(name or self._name(value)))

    def wire(self, way: Way, head: str, points: list[XY], arrow: bool = True) -> None:
        """Draw the wire of a value as the way back of its cotangent."""
        half, (words, words_at) = way.half, way.label
        name = name_in_time(half.value)
        if name and words.startswith(name):
            words = barred(name) + words[len(name) :]
        self.sheet.wire(
            half.tail,
            head,
            points,
            f"the cotangent of {self._name(half.value)}",
            back=True,
            sharp=way.taps,
            hops=self.hops | self._crossed(points),
            label=words,
            label_at=words_at,
            penwidth="3" if half.belt else "1.6",
            color=BACKWARD.border,
            fontcolor=BACKWARD.border,
        )
        self._factor(half.value, head, points)

    def _factor(self, value: Tensor, head: str, points: Sequence[XY]) -> None:
        """Write the factor where the cotangent comes out of a part."""
        part = self.parts.get(head)
        if part is None or part.kind in (DENSE, JOIN) or _has_one_argument(part):
            return
        words = ", ".join(self.factors.along(part.entries, value))
        if not words:
            return
        (a, b), (x, y) = points[-2:]
        if abs(y - b) > abs(x - a):
            at = x + 5, y + (-9 if y > b else 9)
        else:
            wide = text_width(words) + 8
            at = (x - wide - 6 if x > a else x + 6), y + 9
        self.sheet.text(f"{head}_{len(self.sheet.nodes)}", at, words)

    def number(self, value: Tensor, reader: Part, id: str, end: Sequence[XY]) -> None:
        """Say nothing: the factor tells which operand it was."""


def _has_one_argument(part: Part) -> bool:
    return len(part.entries) == 1 and len(part.entries[0].args) == 1


def _primed(part: Part, symbol: str) -> str:
    """Mark the symbol of a function as its slope; + and × are as they are."""
    entry = part.entries[-1]
    one = isinstance(entry.primitive, Elementwise) and len(entry.args) == 1
    return symbol + PRIME if one and symbol.isalpha() else symbol
