"""Words on lines: each stands where nothing else does.

Words cover the line that they stand on, so they keep near one place of it, where the
columns leave them room. If that is taken, by a node or by other words, they move along
their line to the nearest place that is free.

>>> room = Room()
>>> line = [(0.0, 0.0), (40.0, 0.0), (80.0, 0.0), (120.0, 0.0)]
>>> room.place(line, (60.0, 0.0), (30.0, 10.0))
(60.0, 0.0)
>>> x, y = room.place(line, (60.0, 0.0), (30.0, 10.0))
>>> abs(x - 60) >= 30
True
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence

from minigrad.drawing.curves import XY

SAMPLES = 24  # places tried on each part of a line


class Room:
    """What is taken on a page: places, each the middle of an area in points."""

    def __init__(self) -> None:
        self.taken: list[tuple[XY, XY]] = []

    def take(self, at: XY, area: XY) -> None:
        """Put something of this area at a place."""
        self.taken.append((at, area))

    def place(self, line: Sequence[XY], near: XY, area: XY) -> XY:
        """Take room for words of this area on a Bézier line, and return where.

        Distances are rounded, so that of two that are equal the first comes first.
        """
        spots = [near, *_spots(line)]
        spots.sort(key=lambda spot: round(math.dist(spot, near), 2))
        best = min(spots, key=lambda spot: self._covered(spot, area))
        self.take(best, area)
        return best

    def _covered(self, at: XY, area: XY) -> float:
        """Return how much of what is taken an area would cover, in square points."""
        covered = math.fsum(
            _common(at[0], area[0], x, wide) * _common(at[1], area[1], y, high)
            for (x, y), (wide, high) in self.taken
        )
        return round(covered, 2)


def _spots(line: Sequence[XY]) -> Iterator[XY]:
    """Yield places along a Bézier line."""
    for i in range(0, len(line) - 1, 3):
        for k in range(SAMPLES + 1):
            yield between(line[i : i + 4], k / SAMPLES)


def between(points: Sequence[XY], t: float) -> XY:
    """Return the point of a Bézier curve at t from 0 to 1 (de Casteljau)."""
    while len(points) > 1:
        points = [
            (a + (c - a) * t, b + (d - b) * t)
            for (a, b), (c, d) in itertools.pairwise(points)
        ]
    return points[0]


def _common(a: float, wide: float, b: float, other: float) -> float:
    """Return the length that two stretches share, given their middles and lengths."""
    return max(0.0, min(a + wide / 2, b + other / 2) - max(a - wide / 2, b - other / 2))
