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

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, TypeAlias

from minigrad.drawing.backward.cotangents import barred
from minigrad.drawing.cell.cell_painter import (
    ROOM,
    Outlet,
    Painter,
    fitting,
    text_width,
)
from minigrad.drawing.cell.notes import before
from minigrad.drawing.cell.recurrent import gate_sheet, layers_of, typical_column
from minigrad.drawing.curves import XY
from minigrad.drawing.legend import sign
from minigrad.drawing.safe import width
from minigrad.drawing.sheet import Sheet
from minigrad.drawing.styles import BACKWARD, COPY
from minigrad.drawing.view import FOLDED, label
from minigrad.drawing.words import Label, leaf_label
from minigrad.primitive import Elementwise
from minigrad.structure.consumers import weights
from minigrad.structure.loops import name_in_time
from minigrad.structure.parts import DENSE, JOIN, SEVERAL, Part
from minigrad.structure.sublayers import is_product, is_scaling
from minigrad.tape import Tape
from minigrad.tensor import Tensor

if TYPE_CHECKING:
    from minigrad.drawing.backward.chain_rule import Factors

ADDED = "read several times: what comes back is added"
PRIME, BAR = "′", "\N{COMBINING MACRON}"
Area: TypeAlias = tuple[float, float, float, float]  # left, low, right, high
NO_FACTOR = (DENSE, JOIN, SEVERAL, FOLDED)  # inside a box stands what it multiplies by


def cotangents_sheets(tape: Tape) -> Iterator[Sheet]:
    """Yield the picture of one time step of every layer, run backwards; then of one.

    Raises NotPlaced for what is no recurrent cell.
    """
    yield _run_backwards(tape)
    if len(layers_of(tape)) > 1:
        yield _run_backwards(tape, many=1)


def _run_backwards(tape: Tape, many: int | None = None) -> Sheet:
    painters: list[BackwardPainter] = []

    def painter_of(tape: Tape, notes: Sequence[str]) -> Painter:
        painters.append(BackwardPainter(tape, notes))
        return painters[-1]

    sheet = gate_sheet(tape, painter_of, many=many)
    for painter in painters:
        painter.write_factors()
    if COPY.legend in sheet.entries:
        mark, _ = sheet.entries[COPY.legend]
        sheet.entries[COPY.legend] = mark, ADDED
    about = "cotangents, q̄ = ∂ output / ∂ q, on the wires of the view gate"
    sheet.notes[:0] = [about, *_last_steps(tape)]
    return sheet


def _last_steps(tape: Tape) -> Iterator[str]:
    """Say of each last time step that is drawn that from later nothing comes back."""
    layers = layers_of(tape)
    goes_on = {
        s.before for layer in layers for step in layer.steps for s in step.states
    }
    goes_on |= {*tape.outputs}
    for layer in layers:
        step = layer.at(typical_column(layers, layer))
        if step is None or step is not layer.steps[-1] or len(layer.steps) < 2:
            continue
        ends = (s.after for s in step.states if s.after not in goes_on)
        names = [f"{end.name}{BAR}" for end in ends if end is not None and end.name]
        if names:
            zero = (
                f"{' and '.join(names)} at the right {'are' if names[1:] else 'is'} 0"
            )
            last = f"{before(layer)}t = {step.t} is the last step"
            yield f"{last}: nothing comes back from a later one, {zero}"


class BackwardPainter(Painter):
    """Draws cotangents where `Painter` draws values."""

    back = True
    look: Mapping[str, str] = {
        "color": BACKWARD.border,
        "fontcolor": BACKWARD.border,
    }

    def __init__(self, tape: Tape, notes: Sequence[str] = ()) -> None:
        from minigrad.drawing.backward.chain_rule import factors

        super().__init__(tape, notes)
        self.factors: Factors = factors(tape)
        self.parts: dict[str, Part] = {}
        self.ways: list[Sequence[XY]] = []
        self.words: list[tuple[str, str, Sequence[XY]]] = []  # id, factor, its wire
        self.labels: list[Area] = []  # where something is written on a wire

    def node(self, group: Part, at: XY, reach: tuple[int, int]) -> str:
        """Draw a box that says its slope and Wᵀ, or a circle."""
        id = super().node(group, at, reach)
        self.parts[id] = group
        if group.kind not in (JOIN, FOLDED):
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
            products = [e for e in group.entries if is_product(e) or is_scaling(e)]
            back = [
                factor
                for e in products
                for i, a in enumerate(e.args)
                if isinstance(a, Tensor)
                and a not in set(weights([e]))
                and (factor := self.factors.of(e, i))
            ]
            name = ", ".join(dict.fromkeys(back))
            return Label(
                fitting(_primed(group, symbol), wide / 13), fitting(name, wide / 11)
            )
        if group.kind == SEVERAL:
            self.sheet.entries[SEVERAL] = sign(PRIME), "times its Jacobian matrix"
            return Label(symbol, fitting(name, wide / 11) + PRIME)
        return Label(self._factor_inside(group) or _primed(group, symbol), "")

    def _factor_inside(self, group: Part) -> str:
        """Return the factor of a circle that one value goes through, as in 1 − u.

        It stands in the circle, in the place of a sign, if there is room.
        """
        values, symbol = self._values(group), label(group).symbol
        if len(values) != 1 or symbol.isalpha() or len(symbol) == 1:
            return ""
        words = ", ".join(self.factors.along(group.entries, values[0]))
        return words if width(words) <= ROOM else ""

    def _values(self, group: Part) -> list[Tensor]:
        """Return the values that a circle reads."""
        own = set(group.entries)
        read = [a for e in group.entries for a in e.args if isinstance(a, Tensor)]
        return [a for a in read if a not in own]

    def _explain(self, group: Part) -> None:
        """Say in the legend what the slopes are."""
        from minigrad.deriving.rules import rule_of
        from minigrad.drawing.backward.chain_rule import NAMED

        for entry in group.entries:
            row = entry.primitive
            if isinstance(row, Elementwise) and len(entry.args) == 1:
                for note in rule_of(row, 0):
                    says = NAMED.note(note)
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

    def carried(self, value: Tensor) -> str:
        """Return the name of the cotangent that a wire carries."""
        return barred(self._name(value))

    def carries(self, value: Tensor) -> str:
        """Return what a wire says when pointed at."""
        return f"the cotangent of {self._name(value)}"

    def outer(self, value: Tensor, at: XY, name: str = "") -> str:
        """Draw a circle outside a cell, with the cotangent of what stands there."""
        return super().outer(value, at, barred(name or self._name(value)))

    def wire(
        self, way: Outlet, head: str, points: list[XY], arrow: bool = True
    ) -> None:
        """Draw the wire of a value as the way back of its cotangent."""
        half, (words, words_at) = way.half, way.label
        self.ways.append(points)
        name = name_in_time(half.value)
        if name and words.startswith(name):
            words = barred(name) + words[len(name) :]
        if words and words_at:
            wide = text_width(words)
            middle = words_at[0] + wide / 2, words_at[1]
            self.labels.append(_area(middle, (wide, 12)))
        super().wire(way._replace(label=(words, words_at)), head, points, arrow)
        self._factor(half.value, head, points)

    def _factor(self, value: Tensor, head: str, points: Sequence[XY]) -> None:
        """Write the factor where the cotangent comes out of a part."""
        part = self.parts.get(head)
        if part is None or part.kind in NO_FACTOR or _has_one_argument(part):
            return
        if self._factor_inside(part):
            return
        words = ", ".join(self.factors.along(part.entries, value))
        if not words:
            return
        self.words.append((f"{head}_{len(self.words)}", words, points))

    def write_factors(self) -> None:
        """Write each factor beside its wire, where no other wire runs through it."""
        taken = [_area(at, size) for _, at, size, _ in self.sheet.nodes]
        taken += self.labels
        for id, words, points in self.words:
            wide = text_width(words) + 8
            spots = list(_spots(points, wide))
            areas = [_area((x + wide / 2, y), (wide - 6, 13)) for x, y in spots]
            costs = [self._cost(area, taken) for area in areas]
            best = costs.index(min(costs))
            taken.append(areas[best])
            self.sheet.text(id, spots[best], words)

    def _cost(self, area: Area, taken: Sequence[Area]) -> int:
        """Count what is in the way of a text."""
        ways = sum(_crosses(a, b, area) for w in self.ways for a, b in pairwise(w))
        return ways + sum(_overlap(area, other) for other in taken)

    def number(self, value: Tensor, reader: Part, id: str, end: Sequence[XY]) -> None:
        """Say nothing: the factor tells which operand it was."""


def _spots(points: Sequence[XY], wide: float) -> Iterator[XY]:
    """Yield where a text may begin that stands beside the end of a wire."""
    (a, b), (x, y) = points[-2:]
    if abs(y - b) > abs(x - a):
        up = 1 if b > y else -1
        yield from (
            (x + aside, y + up * away)
            for away in (9, 16, 23, 30)
            if away < abs(y - b)
            for aside in (5, -wide - 3)
        )
    else:
        right = 1 if a > x else -1
        yield from (
            ((x + away if right > 0 else x - wide - away), y + aside)
            for aside in (9, -9)
            for away in (6, 14, 22, 30, 40)
        )


def _area(at: XY, size: XY) -> Area:
    (x, y), (wide, high) = at, size
    return x - wide / 2, y - high / 2, x + wide / 2, y + high / 2


def _overlap(one: Area, other: Area) -> bool:
    return (
        one[0] < other[2] and other[0] < one[2]
        and one[1] < other[3] and other[1] < one[3]
    )  # fmt: skip


def _crosses(start: XY, end: XY, area: Area) -> bool:
    """Does an upright or level line run through an area?"""
    (a, b), (x, y) = start, end
    return _overlap((min(a, x), min(b, y), max(a, x), max(b, y)), area)


def _has_one_argument(part: Part) -> bool:
    return len(part.entries) == 1 and len(part.entries[0].args) == 1


def _primed(part: Part, symbol: str) -> str:
    """Mark the symbol of a function as its slope; + and × are as they are."""
    entry = part.entries[-1]
    one = isinstance(entry.primitive, Elementwise) and len(entry.args) == 1
    return symbol + PRIME if one and symbol.isalpha() else symbol
