"""Wires on squared paper: right angles, no two on top of each other.

A wire goes from where its value is made to everybody who reads it, along the lines of a
grid, on the cheapest way: each square costs 1, a bend costs BEND, and crossing another
wire, which only two straight wires may do, costs CROSS. Whoever reads the same value
taps the wire that is there already. A **lane** is a row along which wires go at half
the price, so that long ones run there side by side: the belt above, the bus below.

The cheapest way is found by Dijkstra's method over (square, direction). A picture of a
cell has some two thousand squares and fifteen wires.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

Point = tuple[int, int]
Pin = tuple[Point, Point]  # the last free square before a node, and the way into it

UP, DOWN, LEFT, RIGHT = (0, 1), (0, -1), (-1, 0), (1, 0)
WAYS = (RIGHT, UP, LEFT, DOWN)
BEND, CROSS, TAP, LANE = 4.0, 9.0, 2.0, 0.5


class NoRoute(Exception):
    """There is no free way to a reader."""


class Route(NamedTuple):
    """The way to one reader: squares from the node, or from the tap, to the pin."""

    points: list[Point]
    tapped: bool


@dataclass
class Paper:
    """Squared paper of a width and height, with what is on it."""

    width: int
    height: int
    blocked: Collection[Point] = ()
    avoided: Collection[Point] = ()
    taken: dict[Point, dict[int, str]] = field(default_factory=dict)
    wires: int = 0

    def wire(
        self, starts: Iterable[Pin], readers: list[list[Pin]], lanes: Collection[int]
    ) -> list[Route]:
        """Lay one wire to all readers, each through one of its pins; return the ways.

        >>> paper = Paper(9, 9)
        >>> (route,) = paper.wire([((1, 1), RIGHT)], [[((4, 3), UP)]], {1})
        >>> route.points
        [(1, 1), (2, 1), (3, 1), (4, 1), (4, 2), (4, 3)]
        """
        net = self.wires
        self.wires += 1
        tree: dict[Point, None] = {}
        used: set[Pin] = set()  # whoever reads a value twice has two arrows
        routes = []
        begin = list(starts)
        for pins in readers:
            points = self._cheapest(net, begin, tree, set(pins) - used, lanes)
            used |= {pin for pin in pins if pin[0] == points[-1]}
            routes.append(Route(points, bool(tree)))
            self._take(net, points)
            tree.update(dict.fromkeys(points))
        return routes

    def _cheapest(
        self,
        net: int,
        starts: list[Pin],
        tree: Iterable[Point],
        goals: set[Pin],
        lanes: Collection[int],
    ) -> list[Point]:
        heap: list[tuple[float, int, Point, Point]] = []
        before: dict[tuple[Point, Point], tuple[Point, Point] | None] = {}
        cost: dict[tuple[Point, Point], float] = {}
        count = 0

        def reach(price: float, point: Point, way: Point, come: object) -> None:
            nonlocal count
            if price < cost.get((point, way), 1e9) - 1e-9:
                cost[point, way] = price
                before[point, way] = come  # type: ignore[assignment]
                heapq.heappush(heap, (price, count, point, way))
                count += 1

        taps = list(tree)
        for point in taps:
            if len(self.taken[point]) == 1:
                for way in WAYS:
                    if not self._along(net, point, way):
                        close = 3.0 * (point in self.avoided)
                        reach(TAP + close, point, way, None)
        if not taps:
            for point, way in starts:
                if self._free(net, point, way):
                    reach(0.0, point, way, None)
        done = set()
        while heap:
            price, _, point, way = heapq.heappop(heap)
            if (point, way) in done:
                continue
            done.add((point, way))
            if (point, way) in goals:
                return _traced(before, (point, way))
            crossing = self._crosses(net, point)
            for onward in WAYS:
                if onward == (-way[0], -way[1]) or (crossing and onward != way):
                    continue
                after = point[0] + onward[0], point[1] + onward[1]
                if not self._free(net, after, onward):
                    continue
                step = LANE if onward[1] == 0 and after[1] in lanes else 1.0
                step += 3.0 * (after in self.avoided)
                step += CROSS * self._crosses(net, after)
                step += BEND * (onward != way)
                reach(price + step, after, onward, (point, way))
        raise NoRoute

    def _along(self, net: int, point: Point, way: Point) -> bool:
        """Does this wire go on from here in this direction already?"""
        other = point[0] + way[0], point[1] + way[1]
        return net in self.taken.get(other, {})

    def _free(self, net: int, point: Point, way: Point) -> bool:
        if not (0 <= point[0] < self.width and 0 <= point[1] < self.height):
            return False
        if point in self.blocked:
            return False
        axis = "-" if way[1] == 0 else "|"
        there = self.taken.get(point, {})
        return all(n != net and a not in (axis, "+") for n, a in there.items())

    def _crosses(self, net: int, point: Point) -> bool:
        return any(other != net for other in self.taken.get(point, {}))

    def _take(self, net: int, points: list[Point]) -> None:
        for i, point in enumerate(points):
            around = points[max(i - 1, 0) : i + 2]
            level = {y for _, y in around}
            upright = {x for x, _ in around}
            axis = "-" if len(level) == 1 else "|" if len(upright) == 1 else "+"
            there = self.taken.setdefault(point, {})
            there[net] = "+" if net in there else axis


def _traced(before: object, end: tuple[Point, Point]) -> list[Point]:
    points = []
    at: tuple[Point, Point] | None = end
    while at is not None:
        points.append(at[0])
        at = before[at]  # type: ignore[index]
    return points[::-1]
