"""The wires of a planned cell: in which order they are laid, and where they may end.

`places.py` says where everything stands and who reads what, `routes.py` finds one
cheapest way. What is left is a matter of manners: the belt goes first, then the bus,
then the short before the long. A box is entered from below; only where it reads several
values, such as the c of a peephole, may one come in at its side. A join keeps one side
free for what comes out.
"""

from __future__ import annotations

import functools
from typing import NamedTuple

from minigrad.drawing.cell.places import BOX, BUS, Key, Plan, Port, Wire
from minigrad.drawing.cell.routes import (
    DOWN,
    LEFT,
    RIGHT,
    UP,
    WAYS,
    NoRoute,
    Paper,
    Pin,
    Point,
    Route,
)
from minigrad.structure.parts import DENSE, JOIN, Part
from minigrad.structure.time_steps import Step
from minigrad.tensor import Tensor

ROUNDS = 5  # of laying all wires; the cells in the tests need two at most
MOST = 40  # wires of a cell; full gate recurrence has 17


def plan(step: Step, alone: bool = True, like: Plan | None = None) -> Plan | None:
    """Return the plan of a cell with its wires, or None if there is no such cell.

    It has a box, it carries a state (unless it is not `alone`: above a recurrent layer
    may stand one that only reads it), and its wires, no more than can be followed, find
    a way. The belt is that of the plan it should be `like`, if there is one.
    """
    boxed = any(group.kind == DENSE for group in step.groups)
    if not boxed or (alone and not step.states):
        return None
    planned = Plan(step, like)
    if len(planned.wires) > MOST:
        return None
    try:
        lay(planned)
    except NoRoute:
        return None
    return planned


class Job(NamedTuple):
    """A wire to be laid: where it may begin, and where end for each reader; lanes."""

    starts: tuple[Pin, ...]
    readers: tuple[tuple[Pin, ...], ...]
    lanes: frozenset[int]


class Board(NamedTuple):
    """Paper without wires: its size, the squares that are blocked or avoided."""

    width: int
    height: int
    blocked: frozenset[Point]
    avoided: frozenset[Point]


def lay(plan: Plan) -> None:
    """Give every wire of a plan its routes. Raises NoRoute if there are none."""
    for wire in plan.wires:
        wire.readers.sort(key=lambda reader: _distance(plan, wire.maker, reader))
    order = sorted(plan.wires, key=lambda wire: _urgency(plan, wire))
    jobs = tuple(
        Job(
            tuple(_pins_out(plan, wire)),
            tuple(tuple(_pins_in(plan, wire, reader)) for reader in wire.readers),
            frozenset({plan.at[wire.maker][1], plan.top, plan.height - 1, 1}),
        )
        for wire in order
    )
    for wire, routes in zip(order, _routes(jobs, _board(plan)), strict=True):
        wire.routes = list(routes)


@functools.lru_cache(maxsize=200)
def _routes(jobs: tuple[Job, ...], board: Board) -> list[list[Route]]:
    """Return the ways of all wires; whoever finds none begins the next time.

    Cells that are alike have the same ways: they are looked for once.
    """
    order = list(range(len(jobs)))
    for _ in jobs[:ROUNDS]:
        paper = Paper(board.width, board.height, board.blocked, board.avoided)
        found: dict[int, list[Route]] = {}
        for k in order:
            starts, readers, lanes = jobs[k]
            try:
                found[k] = paper.wire(starts, list(map(list, readers)), lanes)
            except NoRoute:
                order.remove(k)
                order.insert(0, k)
                break
        else:
            return [found[k] for k in range(len(jobs))]
    raise NoRoute


def _board(plan: Plan) -> Board:
    """Return paper with the nodes blocked, and the squares before them avoided."""
    wide, high = plan.width, plan.height
    size = wide + 1, high + 1
    rim = {(i, j) for i in (0, wide) for j in range(high + 1)}
    rim |= {(i, j) for i in range(wide + 1) for j in (0, high)}
    blocked = rim - set(plan.at.values())
    avoided: set[Point] = set()
    for key, (x, y) in plan.at.items():
        if isinstance(key, Port):
            continue
        wide, high = plan.reach(key)
        blocked.update(
            (i, j)
            for i in range(x - wide, x + wide + 1)
            for j in range(y - high, y + high + 1)
        )
        avoided.update((x + (wide + 1) * i, y + (high + 1) * j) for i, j in WAYS)
        if key.kind == DENSE and key not in plan.downward:  # its label stands there
            avoided.update((x + i, y + 3) for i in (1, 2, 3))
    return Board(*size, frozenset(blocked), frozenset(avoided))


def _distance(plan: Plan, maker: Key, reader: Key) -> tuple[bool, int]:
    (a, b), (c, d) = plan.at[maker], plan.at[reader]
    return not (a == c or b == d), abs(a - c) + abs(b - d)


def _urgency(plan: Plan, wire: Wire) -> tuple[bool, bool, int]:
    ends = [wire.maker, *wire.readers]
    along_belt = sum(plan.at[e][1] == plan.top for e in ends) > 1
    along_bus = isinstance(wire.maker, Part) and wire.maker.kind == JOIN
    longest = max(_distance(plan, wire.maker, r) for r in wire.readers)
    return not along_belt, not along_bus, longest[1] + 50 * longest[0]


def _pins_out(plan: Plan, wire: Wire) -> list[Pin]:
    maker = wire.maker
    x, y = plan.at[maker]
    if isinstance(maker, Port):
        return [((x, y), UP if maker.side == "input" else RIGHT)]
    if maker.kind == DENSE:
        way = DOWN if maker in plan.downward else UP
        return [((plan.column(wire.value), y + way[1] * (BOX[1] + 1)), way)]
    wide, high = plan.reach(maker)
    if maker.kind == JOIN and high:
        return [((x + 1, BUS), RIGHT)]
    return [((x + (wide + 1) * i, y + (high + 1) * j), (i, j)) for i, j in WAYS]


def _pins_in(plan: Plan, wire: Wire, reader: Key) -> list[Pin]:
    x, y = plan.at[reader]
    if isinstance(reader, Port):
        return [((x, y), UP if reader.side == "up" else RIGHT)]
    if reader.kind == DENSE:
        return _pins_of_box(plan, wire, reader)
    wide, high = plan.reach(reader)
    ways = set(WAYS)
    if reader.kind == JOIN and high:
        below, above = ((x, y - high - 1), UP), ((x, y + high + 1), DOWN)
        return [
            below,
            above,
            *(((x - 1, y + j), RIGHT) for j in range(-high, high + 1)),
        ]
    if reader.kind == JOIN:  # one side is for what comes out
        ways -= {LEFT if y == BUS else DOWN}
    return [
        ((x - (wide + 1) * i, y - (high + 1) * j), (i, j))
        for i, j in WAYS
        if (i, j) in ways
    ]


def _pins_of_box(plan: Plan, wire: Wire, box: Part) -> list[Pin]:
    """Return where a value may come into a box; the middle is for the bus."""
    x, y = plan.at[box]
    way = DOWN if box in plan.downward else UP
    start = y - way[1] * (BOX[1] + 1)
    values = sorted(dict.fromkeys(plan.reads[box]), key=lambda v: not _on_bus(plan, v))
    if wire.value is values[0]:
        return [((x, start), way)]
    place = next(i for i, value in enumerate(values) if value is wire.value)
    corners = [((x + aside, start), way) for aside in (-2, 2)]
    wide = plan.reach(box)[0] + 1
    sides = [((x - wide, y), RIGHT), ((x + wide, y), LEFT)]
    return [*sides, *corners[: 1 if place == 1 else 2]]


def _on_bus(plan: Plan, value: Tensor) -> bool:
    maker = plan.maker.get(value)
    return maker is not None and maker.kind == JOIN


__all__ = ["BOX", "Key", "Plan", "Port", "Wire", "lay", "plan"]
