"""Layers above each other, time steps side by side.

    row      a layer; what one makes goes up into others, as people draw a stack
    column   a moment; a layer that runs backward goes through them from right to left

A layer whose steps cannot be put beside those of another has columns of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from minigrad.drawing.cell.cell_painter import (
    CIRCLE,
    SQUARE,
    Half,
    Outlet,
    Painter,
    toward,
)
from minigrad.drawing.cell.link_ways import LinkRoutes
from minigrad.drawing.cell.links import End, Links, Shown, Source
from minigrad.drawing.cell.row_of_cells import Row, Stand
from minigrad.drawing.curves import XY, shortened
from minigrad.drawing.view import label, tooltip
from minigrad.drawing.words import label_of
from minigrad.primitive import Elementwise
from minigrad.structure.layers import Layer, Layers
from minigrad.structure.parts import one_primitive
from minigrad.structure.time_steps import Step
from minigrad.tape import Tape
from minigrad.tensor import Tensor

Draw = Callable[[Tape, Shown, Painter, Stand], Any]


def draw_row(tape: Tape, shown: Shown, painter: Painter, stand: Stand) -> None:
    """Draw the cells of a layer one after the other."""
    Row(tape, shown.cells, painter=painter, stand=stand)


class Grid:
    """A picture of rows, from the bottom upwards, and of what goes from row to row."""

    def __init__(
        self, tape: Tape, layers: Layers, links: Links, painter: Painter
    ) -> None:
        self.tape, self.layers, self.links, self.painter = tape, layers, links, painter
        self.ways = LinkRoutes(links)
        for points in self.ways.of.values():
            painter.add_levels(map(_in_points, points))

    def draw(self, titled: Callable[[Layer, Step], str], draw: Draw) -> None:
        """Draw every row, and what leaves several of them together."""
        for number, row in enumerate(self.links.rows):
            stand = Stand(
                low=self.ways.lows[number],
                outside=self.ways.outside,
                places=self._along(row),
                mirror=self.ways.wide if row.layer.backward else None,
                titles=[titled(row.layer, cell.step) for cell in row.cells],
                rising=row.rising,
                shared=self.links.read,
                rise=self._rise(number),
            )
            draw(self.tape, row, self.painter, stand)
        for join in self.links.joins.values():
            for end in join.ends:
                if end.leaves:
                    self._leave(join, end)

    def _along(self, row: Shown) -> list[float]:
        """Return how far along its own direction each cell of a row begins."""
        edges = self.ways.columns[row.layer.band]
        if not row.layer.backward:
            return [edges[column][0] for column in row.columns]
        wide = self.ways.wide
        return [wide - edges[c][0] - row.slots[c].width for c in row.columns]

    def _rise(self, number: int) -> Callable[[Tensor], Outlet | None]:
        def rise(value: Tensor) -> Outlet | None:
            """Lead what a row reads up to where it comes in, if it comes from below."""
            found = self.links.end_of.get((number, value))
            return self._way(*found) if found else None

        return rise

    def _way(self, source: Source, end: End) -> Outlet:
        """Return the way from a source to an end, with a dot where it parts."""
        half, taps, label = self._begin(source)
        points = [_in_points(point) for point in self.ways.of[end]]
        if end in self.ways.parts:
            name = self.painter.name(half.value)
            self.painter.sheet.dot(points[0], f"{name}, read several times")
        else:
            points = [*half.points, *points]
        return Outlet(
            half._replace(points=points), taps | self._partings(source), label
        )

    def _partings(self, source: Source) -> set[XY]:
        parting = [end for end in source.ends if end in self.ways.parts]
        return {_in_points(self.ways.of[end][0]) for end in parting}

    def _begin(self, source: Source) -> Outlet:
        """Return how a value leaves its source; a join is drawn when first read."""
        if source.made and source not in self.painter.risers:
            self._draw_join(source)
        return self.painter.risers[source if source.made else source.value]

    def _draw_join(self, join: Source) -> None:
        """Draw where values of several rows meet, and the ways there."""
        at = _in_points(self.ways.start(join))
        read = [v for (_, v), found in self.links.end_of.items() if found[0] is join]
        carried = {e for v in (join.value, *read) for e in self.layers.carriers(v)}
        held = sorted(carried, key=self.painter.place.__getitem__)
        id = (
            self._square(join, at)
            if join.merge is None
            else self._circle(join, at, held)
        )
        self.painter.sheet.held[id] = (*held,)
        for each in join.made:
            end = next(end for end in each.ends if end.join is join)
            way = self._way(each, end)
            points = way.half.points
            if join.merge is not None:
                points = [*points[:-1], shortened(points[-2], at, CIRCLE / 2)]
            self.painter.wire(way, id, points, arrow=join.merge is not None)
        half = Half(id, [at], join.value, False)
        self.painter.risers[join] = Outlet(half, set(), ("", None))

    def _square(self, join: Source, at: XY) -> str:
        """Draw where vectors are joined to one."""
        makers = [each.value for each in join.made]
        backward = [self.links.rows[e.spot.row].layer.backward for e in join.made]
        names = self.painter.joined(makers, backward)
        id = self.painter.sheet.dot(at, f"{names}: vectors joined to one", square=True)
        self.painter.sheet.text(f"{id}_of", (at[0] + 4, at[1] + 8), names)
        return id

    def _circle(self, join: Source, at: XY, held: Sequence[Tensor]) -> str:
        """Draw the primitive that merges vectors, and beside it what follows: ÷ 2."""
        assert join.merge is not None
        id, part = self.painter.box_id("merge"), one_primitive(join.merge)
        words, says = label(part), tooltip(part, self.painter.place)
        self.painter.sheet.node(id, at, (CIRCLE, CIRCLE), part.kind, words, says)
        rest = [e for e in held if isinstance(e.primitive, Elementwise)]
        symbols = [label_of(e).symbol for e in rest if e is not join.merge]
        self.painter.sheet.text(f"{id}_of", (at[0] + 14, at[1]), " ".join(symbols))
        return id

    def _leave(self, join: Source, end: End) -> None:
        """Lead what was joined to a circle: no layer of the picture reads it."""
        way = self._way(join, end)
        names = {self.painter.name(each.value) for each in join.made}
        x, y = way.half.points[-1]
        at = x, y + 1.5 * SQUARE
        name = names.pop() if len(names) == 1 else ""
        id = self.painter.outer(join.value, at, name)
        self.painter.wire(way, id, [*way.half.points[:-1], toward((x, y), at)])


def _in_points(square: XY) -> XY:
    return square[0] * SQUARE, square[1] * SQUARE
