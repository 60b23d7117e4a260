"""The ways from row to row, and with them the place of every row and column.

    channel   the room under a row, where values change sides, each at its own height
    lane      the way past a row that does not read a value, beside its cells

A source has one height in each channel and one lane on each side of a column, so its
ways share what they can, and part at a dot. Of what crosses a channel, that which only
passes by keeps low, what meets in a join comes next, and what goes into the row above
is highest: so nobody leads a value over what rises there.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from minigrad.drawing.cell.links import CIRCLE, End, Links, Source, Spot
from minigrad.drawing.cell.row_of_cells import BETWEEN, OUTSIDE
from minigrad.drawing.curves import XY, without_middle_points

LINK, AIR = 5.0, 1.5  # squares between rows, with one height in their channel or none
HEIGHT = 1.5  # ... for every further height
PART = 1.5  # from a row down to where the ways from the circle of an input part
PASS, JOIN, ENTER = range(3)


class Run(NamedTuple):
    """A level part of a way: under which row, who has that height, from x to x.

    What meets in a join has its height. The circle of an input has heights of its own,
    below its row: there the number is that of the row, -1 for the lowest.
    """

    row: int
    owner: Source
    is_join: bool
    order: int
    x: float
    to: float

    @property
    def key(self) -> tuple[int, Source, bool]:
        """Return what all runs at one height have alike."""
        return self[:3]


class LinkRoutes:
    """Where rows and columns stand, and the way from each source to each of its ends.

    lows      the height of each row's feet
    columns   for each band the left edge and the width of its columns
    of        for each end its corners, in squares, as far as no other has gone that way
    parts     the ends whose way begins at a dot on another
    """

    def __init__(self, links: Links) -> None:
        self.rows = links.rows
        self.sources = links.sources
        self._place_lanes()
        self._place_columns()
        self._place_rows()
        self.of: dict[End, list[XY]] = {}
        self.parts: set[End] = set()
        for source in self.sources:
            start = self.start(source)
            up = start[0], start[1] + CIRCLE
            known = [[start, up]] if source.is_input else []
            for end in source.ends:
                way = without_middle_points([start, *self._corners(source, end)])
                shared = max(
                    (_shared_length(way, other) for other in known), default=0.0
                )
                known.append(way)
                self.of[end] = _after(way, shared)
                if shared:
                    self.parts.add(end)

    def _place_lanes(self) -> None:
        """Give every source that passes rows a lane that no other has there."""
        until: dict[tuple[Source, int, bool], int] = {}
        for source in self.sources:
            for end in source.ends:
                if end.channel > source.channel:
                    key = source, end.spot.column, end.spot.right
                    until[key] = max(end.channel, until.get(key, 0))
        self.lanes: dict[tuple[Source, int, bool], int] = {}
        taken: set[tuple[int, bool, int, int]] = set()
        for (source, column, right), last in until.items():
            lane = 0
            rows = range(source.channel, last + 1)  # with the channels at both ends
            while any((column, right, row, lane) in taken for row in rows):
                lane += 1
            taken.update((column, right, row, lane) for row in rows)
            self.lanes[source, column, right] = lane

    def _place_columns(self) -> None:
        """Place the columns of each band; a column is as wide as its widest cell."""
        left, right = (
            max(
                [n + 1 for (_, _, at), n in self.lanes.items() if at == side], default=0
            )
            for side in (False, True)
        )
        self.beside = max((row.beside for row in self.rows), default=0.0)
        lanes = max(left, right)
        farthest = self.beside + lanes + 2.3  # an arrow, and half a circle
        self.outside = max(OUTSIDE, farthest) if lanes else OUTSIDE
        self.columns: dict[int, dict[int, tuple[float, float]]] = {}
        self.wide = 0.0
        for band in dict.fromkeys(row.layer.band for row in self.rows):
            rows = [row for row in self.rows if row.layer.band == band]
            x = float(self.outside)
            edges = self.columns[band] = {}
            for column in sorted({c for row in rows for c in row.columns}):
                cells = [row.slots[column] for row in rows if column in row.slots]
                edges[column] = x, max(cell.width for cell in cells)
                x += edges[column][1]
                self.wide = max(self.wide, x + self.outside)
                x += BETWEEN + left + right

    def _place_rows(self) -> None:
        """Place the rows, each above its channel, and the heights in it."""
        runs = [
            run
            for source in self.sources
            for end in source.ends
            for run in self._runs(source, end)
        ]
        spans: dict[tuple[int, Source, bool], tuple[int, float, float]] = {}
        for run in runs:
            order, low, high = spans.get(run.key, (run.order, run.x, run.x))
            ends = low, high, run.x, run.to
            spans[run.key] = max(order, run.order), min(ends), max(ends)
        self.heights: dict[tuple[int, Source, bool], int] = {}
        for key, (_, low, high) in sorted(spans.items(), key=lambda item: item[1]):
            below = [
                height
                for other, height in self.heights.items()
                if other[0] == key[0] and low - 1 < spans[other][2]
                and spans[other][1] < high + 1
            ]  # fmt: skip
            self.heights[key] = max(below, default=-1) + 1
        self.lows: list[float] = []
        self.channels: list[float] = []
        top = 0.0
        for number, row in enumerate(self.rows):
            self.channels.append(top + LINK / 2)
            many = [height for key, height in self.heights.items() if key[0] == number]
            if number:
                top += LINK + HEIGHT * max(many) if many else AIR
                top += CIRCLE * any(
                    end.leaves and end.channel == number
                    for source in self.sources
                    for end in source.ends
                )
                top += row.below()
            self.lows.append(top)
            top += max(plan.height for plan in row.cells) + row.above()
        self.channels.append(top + LINK / 2)

    def _runs(self, source: Source, end: End) -> Iterator[Run]:
        """Yield the level parts of a way."""
        x, to, channel = self.x(source.spot), self.x(end.spot), source.channel
        if end.channel > channel:
            lane = self._lane(source, end)
            own = -1 - channel if source.is_input else channel
            yield Run(own, source, False, PASS, x, lane)
            x = lane
        if end.join:
            yield Run(end.channel, end.join, True, JOIN, x, to)
        elif not end.leaves:
            yield Run(end.channel, source, False, ENTER, x, to)

    def x(self, spot: Spot) -> float:
        """Return how far from the left edge of the picture a place is."""
        return self.columns[self.rows[spot.row].layer.band][spot.column][0] + spot.aside

    def _lane(self, source: Source, end: End) -> float:
        column, right = end.spot.column, end.spot.right
        lane = self.beside + self.lanes[source, column, right]
        edge, width = self.columns[self.rows[end.spot.row].layer.band][column]
        return edge + width + lane if right else edge - lane

    def _height(self, key: tuple[int, Source, bool]) -> float:
        row = key[0]
        if row < 0:
            return self.lows[-1 - row] - PART - 0.5 * self.heights[key]
        return self.channels[row] + HEIGHT * self.heights[key]

    def start(self, source: Source) -> XY:
        """Return where the ways of a source begin: a circle, a cell's top, a join."""
        x, row = self.x(source.spot), source.spot.row
        if source.made:
            return x, self._height((source.channel, source, True))
        if source.is_input:
            return x, self.lows[row] + 2.5 - OUTSIDE
        return x, self.lows[row] + self.rows[row].slots[source.spot.column].height

    def _corners(self, source: Source, end: End) -> Iterator[XY]:
        """Yield the corners of a way, and where it ends."""
        for run in self._runs(source, end):
            yield run.x, self._height(run.key)
            yield run.to, self._height(run.key)
        if end.leaves:
            x, height = self.start(source)
            yield x, height + OUTSIDE - 2.5
        elif end.join is None:
            yield self.x(end.spot), self.lows[end.spot.row]


def _shared_length(one: Sequence[XY], other: Sequence[XY]) -> float:
    """Return how far two ways go together from where both begin.

    >>> _shared_length([(0, 0), (0, 5), (9, 5)], [(0, 0), (0, 5), (4, 5), (4, 8)])
    9.0
    """
    length = 0.0
    for (a, b), (c, d) in zip(pairwise(one), pairwise(other), strict=False):
        step = min(math.dist(a, b), math.dist(c, d))
        if math.dist(_further(a, b, step), _further(c, d, step)) > 1e-6:
            break
        length += step
        if math.dist(b, d) > 1e-6:
            break
    return length


def _after(way: Sequence[XY], length: float) -> list[XY]:
    """Return what is left of a way after a length."""
    rest = [*way]
    while length >= (first := math.dist(*rest[:2])) and len(rest) > 2:
        length -= first
        rest.pop(0)
    return [_further(rest[0], rest[1], length), *rest[1:]]


def _further(start: XY, end: XY, length: float) -> XY:
    """Return the point that is so far from the start of a line."""
    (a, b), (x, y) = start, end
    part = length / math.dist(start, end)
    return a + (x - a) * part, b + (y - b) * part
