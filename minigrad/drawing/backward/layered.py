"""Places for a picture from left to right: every node right of what it reads.

The classical method (Sugiyama et al. 1981) in its simplest form. A node's column is
the longest way to it; a leaf stands just before its first reader. A line over several
columns gets a waypoint in each, so that it runs through no node. Then the columns are
put in order, again and again, each node at the mean height of its neighbours.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Iterable, Sequence

Line = tuple[str, str]  # from one node to another
Spot = str | tuple[str, str, int]  # a node, or a waypoint of a line
SWEEPS = 8


class Columns:
    """The column and the height of every node and waypoint.

    nodes    in any order; `leaves` are those that read nothing
    lines    from what is read to who reads it

    >>> columns = Columns(["a", "b", "c"], [("a", "b"), ("b", "c"), ("a", "c")], "a")
    >>> columns.column["c"], columns.way("a", "c")
    (2, ['a', ('a', 'c', 1), 'c'])
    """

    def __init__(
        self, nodes: Sequence[str], lines: Iterable[Line], leaves: Collection[str] = ()
    ) -> None:
        self.nodes = nodes
        self.lines = [line for line in dict.fromkeys(lines) if line[0] != line[1]]
        self.column: dict[Spot, int] = {}
        self.height: dict[Spot, float] = {}
        self._columns(leaves)
        self._waypoints()
        self._order()

    def way(self, tail: str, head: str) -> list[Spot]:
        """Return the spots that a line passes, both ends included."""
        between = range(self.column[tail] + 1, self.column[head])
        return [tail, *((tail, head, i) for i in between), head]

    def _columns(self, leaves: Collection[str]) -> None:
        below: dict[str, list[str]] = {node: [] for node in self.nodes}
        above: dict[str, list[str]] = {node: [] for node in self.nodes}
        for tail, head in self.lines:
            below[head].append(tail)
            above[tail].append(head)
        waiting = {node: len(tails) for node, tails in below.items()}
        ready = [node for node in self.nodes if not waiting[node]]
        while ready:
            node = ready.pop(0)
            placed = (self.column[tail] for tail in below[node])
            self.column[node] = 1 + max(placed, default=-1)
            for head in above[node]:
                waiting[head] -= 1
                if not waiting[head]:
                    ready.append(head)
        last = max(self.column.values(), default=0)
        for node in self.nodes:  # in a circle, if anywhere: nobody in it is first
            self.column.setdefault(node, last + 1)
        for node in self.nodes:
            if node in leaves and above[node]:
                self.column[node] = min(self.column[head] for head in above[node]) - 1

    def _waypoints(self) -> None:
        for tail, head in self.lines:
            for i, spot in enumerate(self.way(tail, head)[1:-1], start=1):
                self.column[spot] = self.column[tail] + i

    def _order(self) -> None:
        rows: dict[int, list[Spot]] = {}
        for spot, column in self.column.items():
            rows.setdefault(column, []).append(spot)
        near: dict[Spot, list[Spot]] = {}
        for tail, head in self.lines:
            for a, b in itertools.pairwise(self.way(tail, head)):
                near.setdefault(a, []).append(b)
                near.setdefault(b, []).append(a)
        for sweep in range(SWEEPS):
            for column in sorted(rows, reverse=sweep % 2 == 1):
                row = rows[column]
                if sweep:
                    row.sort(key=lambda spot: _mean(near.get(spot, []), self.height))
                for i, spot in enumerate(row):
                    self.height[spot] = i - (len(row) - 1) / 2


def _mean(spots: Sequence[Spot], height: dict[Spot, float]) -> float:
    return math.fsum(height[spot] for spot in spots) / len(spots) if spots else 0.0
