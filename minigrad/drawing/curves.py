"""Wires as curves: rounded corners, and hops where two cross.

A wire is right-angled. Its corners are rounded, but not where another wire begins; and
where two wires cross, the upright one hops over the level one. A Bézier curve that goes
round a quarter of a circle of radius r has its handles r * KAPPA from its ends.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

XY = tuple[float, float]
KAPPA = 0.5523
CORNER, HOP = 7.0, 5.0  # radius of a corner, and of a hop
SMALLEST = 2.0  # radius of a hop close to a corner


def without_middle_points(points: Sequence[XY]) -> list[XY]:
    """Leave out points that stand between two others on a line."""
    kept = [points[0]]
    for point in points[1:]:
        if point == kept[-1]:
            continue
        if len(kept) > 1 and _on_line(kept[-2], kept[-1], point):
            kept.pop()
        kept.append(point)
    return kept


def _on_line(a: XY, b: XY, c: XY) -> bool:
    cross = (b[0] - a[0]) * (c[1] - b[1]) - (b[1] - a[1]) * (c[0] - b[0])
    return abs(cross) < 1e-6


def shortened(start: XY, end: XY, by: float) -> XY:
    """Return the point that lies so much before the end of a line."""
    length = math.dist(start, end)
    return _between(end, start, min(by, 0.9 * length) / length) if length else end


def _between(a: XY, b: XY, part: float) -> XY:
    return a[0] + (b[0] - a[0]) * part, a[1] + (b[1] - a[1]) * part


def curve(
    points: Sequence[XY], sharp: Collection[XY] = (), hops: Collection[XY] = ()
) -> list[XY]:
    """Return the Bézier points of a wire: rounded corners, hops over other wires.

    >>> len(curve([(0.0, 0.0), (50.0, 0.0)])), len(curve([(0, 0), (50, 0), (50, 50)]))
    (4, 10)
    """
    drawn = [points[0]]
    for i in range(1, len(points)):
        start, end = drawn[-1], points[i]
        last = i == len(points) - 1
        room = 0.0 if last or end in sharp else CORNER
        room = min(room, math.dist(points[i - 1], end) / 2)
        room = min(room, 0.0 if last else math.dist(end, points[i + 1]) / 2)
        _straight(drawn, start, shortened(start, end, room) if room else end, hops)
        if room:
            after = _between(end, points[i + 1], room / math.dist(end, points[i + 1]))
            drawn += [
                _between(drawn[-1], end, KAPPA),
                _between(after, end, KAPPA),
                after,
            ]
    return drawn


def _straight(drawn: list[XY], start: XY, end: XY, hops: Collection[XY]) -> None:
    """Go straight, but around a crossing on the way if it is upright."""
    if math.isclose(start[0], end[0]):
        way = math.copysign(1.0, end[1] - start[1])
        low, high = sorted((start[1], end[1]))
        over = [
            (x, y, min(HOP, y - low, high - y))
            for x, y in hops
            if math.isclose(x, start[0]) and low < y < high
        ]
        for x, y, far in sorted(over, key=lambda p: way * p[1]):
            if far < SMALLEST:
                continue
            _line(drawn, (x, y - way * far))
            k = KAPPA * far
            drawn += [(x + k, y - way * far), (x + far, y - way * k), (x + far, y)]
            drawn += [
                (x + far, y + way * k),
                (x + k, y + way * far),
                (x, y + way * far),
            ]
    _line(drawn, end)


def _line(drawn: list[XY], end: XY) -> None:
    start = drawn[-1]
    drawn += [_between(start, end, 1 / 3), _between(start, end, 2 / 3), end]
