"""What goes up from row to row: into the next, past some, and into several.

A **source** is where a value comes from: the top of the cell that made it, the circle
of an input that several rows read, or a **join**, where what a layer reads was made by
several: [→y_t, ←y_t]. It is found here by what was recorded, and only where both ends
are drawn; `link_ways.py` finds the way from a source to each of its ends.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from minigrad.drawing.cell.row_of_cells import OUTSIDE
from minigrad.drawing.cell.wire_routing import Plan, Port
from minigrad.structure.layers import Layer, Layers
from minigrad.tape import Tape
from minigrad.tensor import Tensor

Slots = Mapping[int, Plan]  # what a layer shows, by column
CIRCLE = OUTSIDE + 1.5  # squares that a circle outside needs, with its wire
BESIDE = 1.5  # ... from a cell to the first lane beside it


class Shown:
    """A layer as it is to be drawn: its cells in the order of time.

    extra    the room that something above and below its cells needs, in squares
    beside   how far from its cells the first lane is
    fed      the inputs that come from below; rising: what goes up
    """

    def __init__(
        self,
        layer: Layer,
        slots: Slots,
        extra: tuple[float, float] = (0.0, 0.0),
        beside: float = BESIDE,
    ) -> None:
        self.layer = layer
        self.columns = sorted(slots, reverse=layer.backward)
        self.slots = slots
        self.cells = [slots[column] for column in self.columns]
        self.extra, self.beside = extra, beside
        self.fed: set[Tensor] = set()
        self.rising: set[Tensor] = set()

    def above(self) -> float:
        """Return the room for what is drawn above the cells, in squares."""
        circles = any(set(plan.ups) - self.rising for plan in self.cells)
        return max(CIRCLE * circles, self.extra[0])

    def below(self) -> float:
        """Return the room for what is drawn below the cells, in squares."""
        read = {value for plan in self.cells for value in plan.step.inputs}
        return max(CIRCLE * bool(read - self.fed), self.extra[1])

    def across(self, plan: Plan, port: Port) -> float:
        """Return how far a port is from the left edge of its cell."""
        x = plan.at[port][0]
        return plan.width - x if self.layer.backward else x


@dataclass(frozen=True)
class Spot:
    """A place at the foot or the top of a cell."""

    row: int
    column: int
    aside: float  # from the left edge of the cell
    right: bool  # is it in its right half?


@dataclass(eq=False)
class Source:
    """Where a value comes from, and who reads it in the rows above.

    channel   the row under which its ways begin; its own row, for an input
    made      for a join: the sources that meet there
    merge     the primitive that makes one value of them, if it is not a join
    ends      the places where it is read
    """

    value: Tensor
    spot: Spot
    channel: int
    made: tuple[Source, ...] = ()
    merge: Tensor | None = None
    ends: list[End] = field(default_factory=list)

    @property
    def is_input(self) -> bool:
        """Does it come from a circle below its row?"""
        return self.channel == self.spot.row


@dataclass(eq=False)
class End:
    """Who reads a value: an input of a cell, a join, or a circle above all rows."""

    spot: Spot
    channel: int
    join: Source | None = None
    leaves: bool = False


class Links:
    """The sources of a picture, found from its rows.

    What was made of values of several layers, and is read by none, leaves by a circle.
    """

    def __init__(self, tape: Tape, layers: Layers, rows: Sequence[Shown]) -> None:
        self.rows, self.layers = rows, layers
        self.made: dict[Tensor, Source] = {}
        self.read: dict[Tensor, Source] = {}
        self.joins: dict[tuple[Tensor | None, tuple[Source, ...]], Source] = {}
        self.end_of: dict[tuple[int, Tensor], tuple[Source, End]] = {}
        for row in range(len(rows)):
            self._enter(row)
        for value, makers in layers.joined(tape):
            made = self._sources(makers, None)
            if len(made) > 1:
                join = self._join(made, value)
                if not join.ends:
                    join.ends.append(End(join.spot, join.channel, leaves=True))

    def _enter(self, number: int) -> None:
        """Note what a row reads from below, and what it makes.

        What several of its cells read has a circle below each, and leads nowhere else.
        """
        row = self.rows[number]
        cells = Counter(value for plan in row.cells for value in plan.step.inputs)
        for column, plan in zip(row.columns, row.cells, strict=True):

            def spot(side: str, k: int, at: int = column, of: Plan = plan) -> Spot:
                aside = row.across(of, Port(side, k))
                return Spot(number, at, aside, aside > of.width / 2)

            for k, value in enumerate(plan.step.inputs):
                place = spot("input", k)
                source = self._source(row.layer, value)
                if source is None:
                    if cells[value] == 1:
                        self.read[value] = Source(value, place, number)
                    continue
                end = End(place, number)
                source.ends.append(end)
                self.end_of[number, value] = source, end
                row.fed.add(value)
            for k, value in enumerate(plan.ups):
                self.made[value] = Source(value, spot("up", k), number + 1)

    def _source(self, layer: Layer, value: Tensor) -> Source | None:
        """Return where an input comes from, if that is drawn below."""
        made = self._sources(layer.fed.get(value, ()), layer.band)
        if len(made) > 1:
            return self._join(made, value)
        return made[0] if made else self.read.get(layer.read.get(value, value))

    def _sources(
        self, makers: Sequence[Tensor], band: int | None
    ) -> tuple[Source, ...]:
        """Return where values were made; nothing, if not all are drawn below."""
        found = [self.made[maker] for maker in makers if maker in self.made]
        bands = {self.rows[each.spot.row].layer.band for each in found}
        alike = len(bands | ({band} if band is not None else set())) == 1
        if len(found) < len(makers) or not alike:
            return ()
        for each in found:
            self.rows[each.spot.row].rising.add(each.value)
        return tuple(found)

    def _join(self, made: tuple[Source, ...], value: Tensor) -> Source:
        """Return the join of some sources: it stands over the highest of them."""
        key = self.layers.merge_of(value), made
        if key not in self.joins:
            top = max(made, key=lambda each: each.spot.row)
            join = Source(value, top.spot, top.channel, made, key[0])
            self.joins[key] = join
            for each in made:
                each.ends.append(End(top.spot, top.channel, join))
        return self.joins[key]

    @property
    def sources(self) -> list[Source]:
        """Return those that somebody above reads."""
        every = (*self.read.values(), *self.made.values(), *self.joins.values())
        return [source for source in every if source.ends]
