"""Where dots stand: a vector is a row of them, and vectors stand on levels.

Every vector stands above what feeds it entry by entry, so that neuron k is a column.
Levels are as far apart as the lines between them need: a line that is too flat cannot
be told from its neighbours, nor from the dots that it passes.

A long vector is drawn as 1, 2, 3, ..., m: its first dots, three small ones, its last.
"""

from __future__ import annotations

import itertools
import math
from typing import NamedTuple

from minigrad.drawing.curves import XY
from minigrad.drawing.neuron.network import Network
from minigrad.drawing.safe import SMALL, width
from minigrad.structure.provenance import length
from minigrad.tensor import Tensor

DOT, APART, CLOSE = 28.0, 43.0, 33.0  # points: a dot; from dot to dot
LOW, HIGH = 105.0, 150.0  # between levels: for lines of one entry each, for weights
STEEP, FARTHEST = 2.25, 420.0  # as wide for its height a line may be; highest level
LOWER = 0.75  # times that high, if nothing else helps
SPARSER = (  # dots of a vector, from dot to dot, and how much of the height: on a page
    (99, APART, 1.0), (99, CLOSE, 1.0), (8, CLOSE, 1.0), (4, CLOSE, 1.0),
    (99, CLOSE, LOWER), (8, CLOSE, LOWER), (4, CLOSE, LOWER), (3, CLOSE, LOWER),
)  # fmt: skip


class Place(NamedTuple):
    """A vector on paper: which of its entries are drawn, and where; room on its left.

    gap   where the entries are that are left out, or None
    """

    dots: dict[int, XY]
    margin: float
    gap: XY | None


class Dots:
    """The place of every vector of a network.

    >>> import minigrad as mg
    >>> x = mg.Tensor([1.0, 2.0, 3.0], name="x")
    >>> dots = Dots(Network(mg.Tape(mg.Dense(3, 2, mg.tanh)(x))))
    >>> len(dots.at[x].dots), dots.hidden
    (3, [])
    """

    def __init__(
        self, network: Network, few: int = 99, apart: float = APART, high: float = 1.0
    ) -> None:
        self.network = network
        self.few, self.apart, self.high = few, apart, high
        self.level = network.level
        self.rows: dict[int, list[Tensor]] = {}
        order = {value: i for i, value in enumerate(network.maker)}
        self.first: dict[Tensor, int] = {}
        for value, sources in self.reads():
            for source in sources:
                self.first.setdefault(source, order[value])
        for value, row in self.level.items():
            self.rows.setdefault(row, []).append(value)
        for found in self.rows.values():
            found.sort(
                key=lambda v: (self.first.get(v, 0), v in network.before, v.tick)
            )
        self.hidden = [v for v in self.level if length(v) > self.few]
        self.at: dict[Tensor, Place] = {}
        for row in sorted(self.rows):
            self._row(self.rows[row])
        self._lift()
        self.count = sum(len(place.dots) for place in self.at.values())

    def shown(self, value: Tensor) -> list[int]:
        """Return which entries of a vector are drawn."""
        n, few = length(value), self.few
        return [*range(n)] if n <= few else [*range(few - 2), n - 1]

    def _room(self, value: Tensor) -> float:
        slots = min(length(value), self.few)
        return self.apart * slots + 30 + self._margin(value)

    def _margin(self, value: Tensor) -> float:
        """Return the room for the names of a layer's Parameters, beside its dots."""
        layer = self.network.layers.get(value)
        return 12 + SMALL * width(layer.names.replace("_", "")) if layer else 0.0

    def _row(self, values: list[Tensor]) -> None:
        wide = [self._room(value) for value in values]
        x = -math.fsum(wide) / 2
        for i, (value, room) in enumerate(zip(values, wide, strict=True)):
            wished = self._preferred(value, x + room / 2) - room / 2
            x = max(x, wished) if i else wished
            self.at[value] = self._placed(value, x + 15)
            x += room

    def _placed(self, value: Tensor, left: float) -> Place:
        """Return the place of a vector that begins there, on the ground as yet."""
        margin, shown = self._margin(value), self.shown(value)
        hides = length(value) > self.few
        first = left + margin + self.apart / 2
        slots = [*range(self.few - 2), self.few - 1] if hides else shown
        dots = {
            k: (first + self.apart * i, 0.0) for k, i in zip(shown, slots, strict=True)
        }
        gap = (first + self.apart * (self.few - 2), 0.0) if hides else None
        return Place(dots, margin, gap)

    def _preferred(self, value: Tensor, otherwise: float) -> float:
        """Return where the middle of a vector would stand best: above what feeds it."""
        lines = self.network.feeds.get(value, ())
        feeds = list(dict.fromkeys(owner for (owner, _), _ in lines))
        placed = [v for v in feeds if v in self.at and v not in self.network.before]
        upright = [v for v in placed if v in self.network.points] or placed
        middles = [self._middle(v) for v in upright]
        return math.fsum(middles) / len(middles) if middles else otherwise

    def _middle(self, value: Tensor) -> float:
        xs = [x for x, _ in self.at[value].dots.values()]
        return (xs[0] + xs[-1]) / 2

    def _lift(self) -> None:
        """Raise each level above the one before, by as much as its lines are wide."""
        height = 0.0
        flat = self._flattest()
        for row in sorted(self.rows):
            weighted = any(value in self.network.layers for value in self.rows[row])
            if row:
                least = self.high * (HIGH if weighted else LOW)
                height += min(
                    max(least, self.high * flat.get(row, 0.0) / STEEP), FARTHEST
                )
            for value in self.rows[row]:
                place = self.at[value]
                dots = {k: (x, height) for k, (x, _) in place.dots.items()}
                gap = (place.gap[0], height) if place.gap else None
                self.at[value] = place._replace(dots=dots, gap=gap)

    def _flattest(self) -> dict[int, float]:
        """Return how far the widest line to each level goes sideways."""
        flat: dict[int, float] = {}
        for value, sources in self.reads():
            for source in sources:
                if self.level[value] - self.level[source] == 1:
                    ends = self.at[source].dots.values(), self.at[value].dots.values()
                    far = max(abs(a[0] - b[0]) for a, b in itertools.product(*ends))
                    row = self.level[value]
                    flat[row] = max(flat.get(row, 0.0), far)
        return flat

    def reads(self) -> list[tuple[Tensor, list[Tensor]]]:
        """Return each layer and point with the vectors it reads, as far as drawn."""
        found = []
        for value in self.level:
            layer, lines = self.network.layers.get(value), self.network.feeds.get(value)
            if layer is not None:
                each = [o for _, row in self.network.lines(layer) for o, _ in row]
            else:
                each = [owner for (owner, _), _ in lines or ()]
            found.append((value, [v for v in dict.fromkeys(each) if v in self.level]))
        return found
