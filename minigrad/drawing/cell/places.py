"""Where everything in a cell stands: the well-known picture, for any cell.

    top       the belt: a state that only element-wise operations touch
    circles   in rows between: each above the last box that it reads,
              or, if it reads the belt, hanging below it on the right, and below that
              a box that reads such a circle: the projection of an output
    boxes     in a row, in the order of the tape
    bottom    the bus: what the boxes read, joined from inputs below and states left

States come in on the left and leave on the right at the same height, so that the next
step can be drawn beside. Everything is a number of squares; `routes.py` lays the wires.
Places are given by what reads what: no cell is known by name.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from minigrad.drawing.cell.routes import Point, Route
from minigrad.drawing.cell.state_path import Parts
from minigrad.drawing.view import label
from minigrad.structure.parts import DENSE, JOIN, SEVERAL, Part
from minigrad.structure.time_steps import Step
from minigrad.tensor import Tensor

PITCH, BOX, ROW = 9, (3, 2), 5  # squares: box to box, half a box, circle to circle
BUS, BOXES, EDGE = 3, 10, 3  # heights of the bus and of the boxes; room at the rim


class Port(NamedTuple):
    """A place on the frame: "before" left, "after" right, "input" below, "up" above."""

    side: str
    number: int


Key = Part | Port


@dataclass(eq=False)
class Wire:
    """A value on its way: who makes it, who reads it, and along which squares."""

    value: Tensor
    maker: Key
    readers: list[Key]
    routes: list[Route] = field(default_factory=list)


class Plan(Parts):
    """A cell on squared paper: the place of each node and port, and the wires."""

    def __init__(self, step: Step, like: Plan | None = None) -> None:
        super().__init__(step, like)
        self.at: dict[Key, Point] = {}
        self._place()
        self.wires = list(self._wires())

    def _place(self) -> None:
        start, boxes = 9 if self.joins else 6 if self.step.states else 12, BOXES
        hanging = self._right_of_belt()
        standing = [box for box in self.boxes if box not in hanging]
        self.slices = {box: self._slices(box) for box in standing}
        self.first: dict[Part, int] = {}  # the column of a box's first slice
        for box in standing:
            self.first[box] = start
            self.at[box] = start + self.reach(box)[0] - BOX[0], boxes
            start += PITCH * max(len(self.slices[box]), 1)
        for join in self.joins:
            readers = [b for b in self.boxes if join.entries[-1] in set(self.reads[b])]
            alone = len(readers) == 1 and len(self.joins) > 1
            column = self.at[readers[0]][0] if alone else EDGE
            self.at[join] = column, boxes - 5 if alone else BUS + self.reach(join)[1]
        self.right = start - PITCH * bool(standing)
        rows = self._place_feeding(set(self.on_belt) | set(hanging))
        rows = max(rows, len([op for op in hanging if op.kind != DENSE]))
        self.top = BOXES + 1 + ROW * (rows + (self.belt is not None))
        if rows + (self.belt is not None) == 0:
            self.top = BOXES + ROW - 1
        depths = _depths(hanging)
        self.top = max(self.top, BUS + ROW + max(depths, default=0))
        self._place_belt()
        if hanging:
            self.right += PITCH
        for op, depth in zip(hanging, depths, strict=True):
            self.at[op] = self.right, self.top - depth
        self.downward = {op for op in hanging if op.kind == DENSE}
        self._place_ports()

    def _right_of_belt(self) -> list[Part]:
        """Return what depends on a circle of the belt: tanh(c), o * ..., W (o * ...).

        A box is among them only if it reads such a circle, not for a look at the belt.
        """
        hanging: list[Part] = []
        for group in self.step.groups:
            makers = [self.maker.get(v) for v in self.reads[group]]
            late = [m for m in makers if m in hanging]
            if group.kind not in (DENSE, JOIN):
                late += [m for m in makers if m in self.on_belt]
            if late and group not in self.on_belt and group.kind != JOIN:
                hanging.append(group)
        return hanging

    def _place_feeding(self, elsewhere: set[Part]) -> int:
        """Put circles that feed others above the last box they read; count the rows."""
        rows = 0
        row_of: dict[Key, int] = {}
        for op in self.ops:
            if op in elsewhere:
                continue
            read = [v for v in self.reads[op] if self.maker.get(v) in self.at]
            makers = [self.maker[v] for v in read]
            column = max(map(self.column, read), default=EDGE + 3)
            row = 1 + max((row_of.get(m, 0) for m in makers), default=0)
            column += 4 if len(makers) == 1 and self._shared(op) else 0
            while (column, BOXES + 1 + ROW * row) in self.at.values():
                row += 1
            row_of[op] = row
            self.at[op] = column, BOXES + 1 + ROW * row
            self.right = max(self.right, column)
            rows = max(rows, row)
        return rows

    def _slices(self, box: Part) -> dict[Tensor, int]:
        """Return what circles read of a box, numbered from the left."""
        read = (v for op in self.ops for v in self.reads[op])
        found = dict.fromkeys(v for v in read if self.maker.get(v) is box)
        return {value: i for i, value in enumerate(found)}

    def column(self, value: Tensor) -> int:
        """Return the column in which a value leaves its maker."""
        maker = self.maker[value]
        if maker in self.slices:
            return self.first[maker] + PITCH * self.slices[maker].get(value, 0)
        return self.at[maker][0]

    def reach(self, key: Key) -> tuple[int, int]:
        """Return how many squares a node takes to each side; a box grows by slices."""
        wide, high = reach(key)
        if isinstance(key, Part) and key.kind == JOIN:  # three sides are for readers
            many = len(self.reads[key])
            return 0, 2 * (many - 2) if many > 3 else 0
        many = len(self.slices.get(key, ())) if isinstance(key, Part) else 0
        return wide + (PITCH * max(many - 1, 0) + 1) // 2, high

    def _shared(self, op: Part) -> bool:
        """Is what this circle reads also read by one that stands above the same box?"""
        (value,) = [v for v in self.reads[op] if v in self.maker][:1]
        return sum(value in set(self.reads[g]) for g in self.ops) > 1

    def _place_belt(self) -> None:
        column, wide = EDGE, 1
        for op in self.on_belt:
            read = [v for v in self.reads[op] if self.maker.get(v) in self.at]
            places = [self.column(v) for v in read if self.maker[v] not in self.on_belt]
            wide += reach(op)[0]
            column = max([column + wide + 2, *places])
            wide = reach(op)[0]
            self.at[op] = column, self.top
        self.right = max([self.right, column])

    def _place_ports(self) -> None:
        states = self.step.states
        level = dict.fromkeys(range(len(states)), BUS)
        free = iter(range(BUS, 99, 4))
        for k in range(len(states)):
            level[k] = self.top if k == self.belt else next(free)
        ups = [v for v in self.step.leaves if v in self.maker]
        if self.belt is not None and len(ups) > 1:  # it leaves at the end of the belt
            ups = [v for v in ups if v is not states[self.belt].after]
        ends = [self.at[each][0] + self.reach(each)[0] for each in self.step.groups]
        straight = len(self.step.groups) == 1 and not states
        beside = 0 if straight else 4 * len(ups)
        self.width = max(self.right + EDGE + 1 + beside, max(ends) + 3)
        crowded = any(len(self.reads[op]) > 2 for op in self.on_belt)
        if self.belt is not None:  # or what passes by the circles of the belt
            begin = states[self.belt].before
            crowded |= any(begin in set(self.reads[op]) for op in self.on_belt[1:])
        self.height = self.top + EDGE + crowded  # room for a wire above the belt
        self._place_states(level)
        for k, value in enumerate(self.step.inputs):
            below = self._straight(
                [g for g in self.reads if value in set(self.reads[g])]
            )
            self.at[Port("input", k)] = below or EDGE + 5 * k, 0
        for k, value in enumerate(ups):
            above = self._straight([self.maker[value]])
            column = above or self.right + 4 * (k + 1)
            self.at[Port("up", k)] = column, self.height
        self.ups = ups

    def _place_states(self, level: Mapping[int, int]) -> None:
        """Let each state come in at the left and leave at the right, on its level."""
        for k, state in enumerate(self.step.states):
            if state.before is not None:
                self.at[Port("before", k)] = 0, level[k]
            if state.after is not None:
                self.at[Port("after", k)] = self.width, level[k]

    def _straight(self, groups: list[Part]) -> int:
        """Return the column of the only box there is, if that is who is asked for."""
        alone = not self.step.states and self.step.groups == groups == self.boxes
        return self.at[groups[0]][0] if alone else 0

    # -------------------------------------------------------------------------- wires

    def _wires(self) -> Iterator[Wire]:
        states = self.step.states
        ports: dict[Tensor, Port] = {}
        for k, each in enumerate(self.step.inputs):
            ports[each] = Port("input", k)
        for k, state in enumerate(states):
            if state.before is not None:
                ports[state.before] = Port("before", k)
        readers: dict[Tensor, list[Key]] = {}
        for group in self.step.groups:
            for value in self.reads[group]:
                readers.setdefault(value, []).append(group)
        for k, state in enumerate(states):
            if state.after is not None:
                readers.setdefault(state.after, []).append(Port("after", k))
        for k, value in enumerate(self.ups):
            readers.setdefault(value, []).append(Port("up", k))
        for value, found in readers.items():
            maker = self.maker.get(value) or ports.get(value)
            if maker is not None:
                yield Wire(value, maker, found)

    def along_belt(self, wire: Wire, reader: Key) -> bool:
        """Is this part of the line of the carried state?"""
        if self.belt is None:
            return False
        line = [Port("before", self.belt), *self.on_belt, Port("after", self.belt)]
        return (wire.maker, reader) in itertools.pairwise(line)


def _depths(hanging: list[Part]) -> list[int]:
    """Return how far below the belt each of those stands that hang in a column."""
    depths, depth, above = [], 0, 0
    for group in hanging:
        taller = int(group.kind == DENSE)
        depth += ROW + taller + above
        above = taller
        depths.append(depth)
    return depths


def reach(key: Key) -> tuple[int, int]:
    """Return how many squares a node takes to each side: a box, a circle, a dot."""
    if isinstance(key, Port) or key.kind == JOIN:
        return 0, 0
    if key.kind == DENSE:
        return BOX
    longer = key.kind == SEVERAL or len(label(key).symbol) > 2
    return 1 + longer, 1
