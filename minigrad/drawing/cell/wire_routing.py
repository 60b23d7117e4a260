"""The wires of a planned cell: in which order they are laid, and where they may end.

`places.py` says where everything stands and who reads what, `routes.py` finds one
cheapest way. What is left is a matter of manners: the belt goes first, then the bus,
then the short before the long. A box is entered from below; only where it reads several
values, such as the c of a peephole, may one come in at its side. A join keeps one side
free for what comes out.
"""

from __future__ import annotations

from minigrad.drawing.cell.places import BOX, BUS, Key, Plan, Port, Wire
from minigrad.drawing.cell.routes import (
    DOWN,
    LEFT,
    RIGHT,
    UP,
    WAYS,
    NoWay,
    Paper,
    Pin,
)
from minigrad.structure.parts import DENSE, JOIN, Part
from minigrad.structure.time_steps import Step
from minigrad.tensor import Tensor


def plan(step: Step, alone: bool = True, like: Plan | None = None) -> Plan | None:
    """Return the plan of a cell with its wires, or None if there is no such cell.

    It has a box, it carries a state (unless it is not `alone`: above a recurrent layer
    may stand one that only reads it), and its wires find a way. The belt is that of the
    plan it should be `like`, if there is one.
    """
    boxed = any(group.kind == DENSE for group in step.groups)
    if not boxed or (alone and not step.states):
        return None
    planned = Plan(step, like)
    try:
        lay(planned, like)
    except NoWay:
        return None
    return planned


def lay(plan: Plan, like: Plan | None = None) -> None:
    """Give every wire of a plan its routes; whoever finds no way begins the next time.

    Where the same stands at the same places, the wires go as in the other plan. Raises
    NoWay when all have had their turn.
    """
    for wire in plan.wires:
        wire.readers.sort(key=lambda reader: _distance(plan, wire.maker, reader))
    if like is not None and _geometry(plan) == _geometry(like):
        for wire, other in zip(plan.wires, like.wires, strict=True):
            wire.routes = other.routes
        return
    order = sorted(plan.wires, key=lambda wire: _urgency(plan, wire))
    for _ in range(len(order)):
        stuck = _lay_in(order, plan)
        if stuck is None:
            return
        order.remove(stuck)
        order.insert(0, stuck)
    raise NoWay


def _geometry(plan: Plan) -> object:
    """Return all that decides which ways wires find."""
    number = {key: i for i, key in enumerate(plan.at)}
    nodes = [(at, plan.reach(key), key in plan.downward) for key, at in plan.at.items()]
    ends = [
        (
            number[wire.maker],
            plan.column(wire.value) if wire.value in plan.maker else 0,
            [number[reader] for reader in wire.readers],
        )
        for wire in plan.wires
    ]
    return plan.width, plan.height, plan.top, nodes, ends


def _lay_in(order: list[Wire], plan: Plan) -> Wire | None:
    """Lay the wires one after the other; return the first that finds no way."""
    paper = _paper(plan)
    for wire in order:
        pins = [_pins_in(plan, wire, reader) for reader in wire.readers]
        lanes = {plan.at[wire.maker][1], plan.top, plan.height - 1, 1}
        try:
            wire.routes = paper.wire(_pins_out(plan, wire), pins, lanes)
        except NoWay:
            return wire
    return None


def _paper(plan: Plan) -> Paper:
    """Return paper with the nodes blocked, and the squares before them avoided."""
    wide, high = plan.width, plan.height
    paper = Paper(wide + 1, high + 1)
    rim = {(i, j) for i in (0, wide) for j in range(high + 1)}
    rim |= {(i, j) for i in range(wide + 1) for j in (0, high)}
    paper.blocked.update(rim - set(plan.at.values()))
    for key, (x, y) in plan.at.items():
        if isinstance(key, Port):
            continue
        wide, high = plan.reach(key)
        paper.blocked.update(
            (i, j)
            for i in range(x - wide, x + wide + 1)
            for j in range(y - high, y + high + 1)
        )
        paper.avoided.update((x + (wide + 1) * i, y + (high + 1) * j) for i, j in WAYS)
        if key.kind == DENSE and key not in plan.downward:  # its label stands there
            paper.avoided.update((x + i, y + 3) for i in (1, 2, 3))
    return paper


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
