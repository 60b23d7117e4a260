"""Places for a tape from left to right: every entry right of what it reads.

The classical method (Sugiyama et al. 1981) in its simplest form. An entry's column is
the longest way to it; a leaf stands just before its first reader. A line over several
columns gets a waypoint in each, so that it runs through no node. Then the columns are
put in order, again and again, each entry at the mean height of its neighbours.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from minigrad.tensor import Tensor

Spot = Tensor | tuple[Tensor, Tensor, int]  # an entry, or a waypoint of a line
SWEEPS = 6


class Columns:
    """The column and the height of every entry and waypoint.

    >>> import minigrad as mg
    >>> a = mg.Tensor(1.0)
    >>> b = mg.exp(a)
    >>> columns = Columns(mg.Tape(a * b).steps)
    >>> columns.column[a], columns.column[b], len(columns.way(a, a * 1.0))
    (0, 1, 2)
    """

    def __init__(self, entries: Sequence[Tensor]) -> None:
        self.entries = entries
        self.column: dict[Spot, int] = {}
        self.height: dict[Spot, float] = {}
        self.lines = dict.fromkeys(
            (arg, entry) for entry in entries for arg in entry.args if _is(arg)
        )
        self._columns()
        self._waypoints()
        self._order()

    def way(self, tail: Tensor, head: Tensor) -> list[Spot]:
        """Return the spots that a line passes, both ends included."""
        between = range(self.column.get(tail, 0) + 1, self.column.get(head, 0))
        return [tail, *((tail, head, i) for i in between), head]

    def _columns(self) -> None:
        for entry in self.entries:
            before = [self.column[arg] for arg in entry.args if _is(arg)]
            self.column[entry] = 1 + max(before, default=-1)
        for entry in reversed(self.entries):
            readers = [self.column[h] for t, h in self.lines if t is entry]
            if entry.primitive is None and readers:
                self.column[entry] = min(readers) - 1

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


def _is(arg: object) -> bool:
    return isinstance(arg, Tensor)


def _mean(spots: Sequence[Spot], height: dict[Spot, float]) -> float:
    return sum(height[spot] for spot in spots) / len(spots) if spots else 0.0
