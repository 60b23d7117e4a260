"""Layers above each other, time steps side by side.

    row      a layer; what one makes goes up into the next, as people draw a stack
    column   a moment; a layer that runs backward goes through them from right to left

A layer whose steps cannot be put beside those of another has columns of its own.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from minigrad.drawing.cell.cell_painter import Ink
from minigrad.drawing.cell.row_of_cells import BETWEEN, OUTSIDE, Gap, Row, Stand
from minigrad.drawing.cell.wire_routing import Plan
from minigrad.structure.layers import Layer
from minigrad.structure.time_steps import Step
from minigrad.tape import Tape
from minigrad.tensor import Tensor

Slots = Mapping[int, Plan | Gap]  # what a layer shows, by column
CIRCLE = OUTSIDE + 1.5  # squares that a circle outside needs, with its wire
LINK, AIR = 5.0, 1.5  # ... and a wire from row to row; between what is in two rows


class Shown:
    """A layer as it is to be drawn: its cells in the order of time.

    extra   the room that something above and below its cells needs, in squares
    """

    def __init__(
        self, layer: Layer, slots: Slots, extra: tuple[float, float] = (0.0, 0.0)
    ) -> None:
        self.layer = layer
        self.columns = sorted(slots, reverse=layer.backward)
        self.slots = slots
        self.cells = [slots[column] for column in self.columns]
        self.plans = [cell for cell in self.cells if isinstance(cell, Plan)]
        self.extra = extra
        self.fed: dict[Tensor, Tensor] = {}
        self.rising: set[Tensor] = set()

    def feeds(self, other: Shown, outputs: Sequence[Tensor]) -> None:
        """Note what goes from here straight up into the layer above."""
        ups = {value for plan in self.plans for value in plan.ups} - set(outputs)
        if self.layer.band != other.layer.band:
            return
        read = {v for plan in other.plans for v in plan.step.inputs}
        for value, makers in other.layer.fed.items():
            if value in read and len(makers) == 1 and makers[0] in ups:
                other.fed[value] = makers[0]
                self.rising.add(makers[0])

    def above(self) -> float:
        """Return the room for what is drawn above the cells, in squares."""
        circles = any(set(plan.ups) - self.rising for plan in self.plans)
        return max(CIRCLE * circles, self.extra[0])

    def below(self) -> float:
        """Return the room for what is drawn below the cells, in squares."""
        read = {value for plan in self.plans for value in plan.step.inputs}
        return max(CIRCLE * bool(read - set(self.fed)), self.extra[1])


Draw = Callable[[Tape, Shown, Ink, Stand], Any]


def draw_row(tape: Tape, shown: Shown, ink: Ink, stand: Stand) -> None:
    """Draw the cells of a layer one after the other."""
    Row(tape, shown.cells, ink=ink, stand=stand)


def connect(tape: Tape, rows: Sequence[Shown]) -> None:
    """Note what each row, from the bottom, hands up to the next."""
    for below, above in itertools.pairwise(rows):
        below.feeds(above, tape.outputs)


def grid(
    tape: Tape,
    rows: Sequence[Shown],
    notes: Sequence[str],
    titled: Callable[[Layer, Step], str],
    draw: Draw = draw_row,
    ink_of: Callable[[Tape, Sequence[str]], Ink] = Ink,
) -> Ink:
    """Draw connected rows from the bottom upwards; return the ink with the sheet."""
    ink = ink_of(tape, notes)
    places, wide = _places(rows)
    low, channel = 0.0, 0.0
    for i, row in enumerate(rows):
        if i:
            under = rows[i - 1]
            between = LINK if row.fed else AIR
            channel = low + under.above() + between / 2
            low += under.above() + between + row.below()
        stand = Stand(
            low=low,
            places=_along(row, places[row.layer.band], wide),
            mirror=wide if row.layer.backward else None,
            titles=[
                titled(row.layer, cell.step) if isinstance(cell, Plan) else ""
                for cell in row.cells
            ],
            names=row.layer.read,
            fed=row.fed,
            rising=row.rising,
            channel=channel,
        )
        draw(tape, row, ink, stand)
        low += max(plan.height for plan in row.plans)
    return ink


def _places(rows: Sequence[Shown]) -> tuple[dict[int, dict[int, float]], float]:
    """Return for each band where its columns begin, and the width of everything."""
    places: dict[int, dict[int, float]] = {}
    wide = 0.0
    for band in dict.fromkeys(row.layer.band for row in rows):
        together = [row for row in rows if row.layer.band == band]
        x = float(OUTSIDE)
        places[band] = {}
        for column in sorted({c for row in together for c in row.columns}):
            places[band][column] = x
            cells = [row.slots[column] for row in together if column in row.slots]
            x += max(cell.width for cell in cells) + BETWEEN
        wide = max(wide, x - BETWEEN + OUTSIDE)
    return places, wide


def _along(row: Shown, places: Mapping[int, float], wide: float) -> list[float]:
    """Return how far along its own direction each cell of a row begins."""
    if not row.layer.backward:
        return [places[column] for column in row.columns]
    return [wide - places[c] - row.slots[c].width for c in row.columns]
