"""Time steps: what each reads, makes and hands on.

What is made at one step and read at the next is **carried**: the state of the cell. It
is found by its place: the k-th thing that a step makes, read by the next as the i-th
argument of the j-th. At the first step, what stands there is the initial state. Where
only one step was recorded, a state is told by its letter: c_0 or c_prev becomes c.

What comes from outside and is not carried is an input, and so is what was only taken
out of it, such as `x[:, t]`.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import NamedTuple

from minigrad.context import Scope
from minigrad.drawing.sublayers import by_structure, tensors
from minigrad.drawing.view import Group
from minigrad.tape import Tape
from minigrad.tensor import Tensor


class State(NamedTuple):
    """What is carried: the Tensor a step begins with, and the one it hands on."""

    before: Tensor | None
    after: Tensor | None


@dataclass(eq=False)
class Step:
    """One time step, or a cell that ran once: what it reads, makes and hands on.

    groups   boxes, joins and operations, in the order of the tape
    inputs   what comes from outside and is no state: x
    states   what is carried through it
    leaves   what others read, besides the next step
    """

    t: int | None
    scope: Scope
    groups: list[Group]
    inputs: list[Tensor]
    states: list[State]
    leaves: list[Tensor]


@dataclass(eq=False)
class Loop:
    """A part of the model that ran over time: its groups at each time step."""

    scope: Scope
    part: Scope
    inside: dict[int, list[Group]]


def steps(tape: Tape) -> list[Step]:
    """Return the time steps of a tape's first loop; or all of it as a single step.

    >>> import minigrad as mg
    >>> y = mg.Tensor(0.0, name="y_0")
    >>> for t in (1, 2):
    ...     with mg.scope("loop", t):
    ...         y = mg.tanh(y)
    >>> [(step.t, len(step.groups), len(step.states)) for step in steps(mg.Tape(y))]
    [(1, 1, 1), (2, 1, 1)]
    """
    return every_loop(tape)[0]


def every_loop(tape: Tape) -> list[list[Step]]:
    """Return the time steps of each loop, in the order of the tape.

    Where one loop steps through several parts that each carry a state of their own
    (layer 1 and layer 2 at t = 1, then both at t = 2), each part counts as a loop.
    """
    groups = by_structure(tape)
    readers = _readers(tape)
    inside: dict[Scope, dict[int, list[Group]]] = {}
    for group in groups:
        loop = _loop(group.scope)
        if loop is not None:
            t = int(group.scope[len(loop)])
            inside.setdefault(loop, {}).setdefault(t, []).append(group)
    loops = [part for loop in inside for part in _parts(Loop(loop, (), inside[loop]))]
    if not loops:
        return [[_only_step(tape, groups, readers)]]
    return [_in_time(tape, loop, readers) for loop in loops]


def _loop(scope: Scope) -> Scope | None:
    return next((scope[:i] for i, s in enumerate(scope) if isinstance(s, int)), None)


def _parts(loop: Loop) -> list[Loop]:
    """Return the parts of a loop that carry a state of their own, if there are many."""
    labels = _labels_below(loop)
    carrying = [label for label in labels if _carries(loop, label)]
    if not carrying:
        return [loop]
    if len(carrying) == 1:
        inner = _parts(Loop(loop.scope, (*loop.part, carrying[0]), loop.inside))
        return inner if len(inner) > 1 else [loop]
    parts = {label: Loop(loop.scope, (*loop.part, label), {}) for label in carrying}
    for t, groups in loop.inside.items():
        for label, found in _shared_out(loop, groups, carrying).items():
            parts[label].inside[t] = found
    return list(parts.values())


def _labels_below(loop: Loop) -> list[str | int]:
    scopes = [g.scope for groups in loop.inside.values() for g in groups]
    return list(dict.fromkeys(b for s in scopes if (b := _label(loop, s)) is not None))


def _label(loop: Loop, scope: Scope) -> str | int | None:
    """Return the part of the part that a scope is in."""
    inner = scope[len(loop.scope) + 1 :]
    depth = len(loop.part)
    return inner[depth] if inner[:depth] == loop.part and len(inner) > depth else None


def _carries(loop: Loop, label: str | int) -> bool:
    """Does this part read at one time step what it made itself at the one before?"""
    mine = [
        [e for g in groups if _label(loop, g.scope) == label for e in g.entries]
        for groups in loop.inside.values()
    ]
    return any(
        not {arg for entry in after for arg in tensors(entry)}.isdisjoint(before)
        for before, after in itertools.pairwise(mine)
    )


def _shared_out(
    loop: Loop, groups: list[Group], labels: list[str | int]
) -> dict[str | int, list[Group]]:
    """Give every group of a time step to a part: its own, or that which reads it."""
    owner = {g: b for g in groups if (b := _label(loop, g.scope)) in labels}
    maker = {entry: group for group in groups for entry in group.entries}
    reader = {
        maker[arg]: group
        for group in groups
        for entry in group.entries
        for arg in tensors(entry)
        if arg in maker and maker[arg] is not group
    }
    for group in reversed(groups):
        if group not in owner and reader.get(group) in owner:
            owner[group] = owner[reader[group]]
    for group in groups:
        read = [maker[a] for e in group.entries for a in tensors(e) if a in maker]
        owners = [owner[each] for each in read if each in owner]
        owner.setdefault(group, owners[-1] if owners else labels[0])
    return {b: [g for g in groups if owner[g] == b] for b in labels}


def _only_step(
    tape: Tape,
    groups: list[Group],
    readers: dict[Tensor, list[Tensor]],
    t: int | None = None,
) -> Step:
    """Read groups as the only step there is; a state is told by its letter."""
    groups, outside = _reads(groups)
    made = _entries(groups)
    states = []
    for before in outside:
        letter = _letter(before)
        after = [
            e for e in made if letter and e.name == letter and e.shape == before.shape
        ]
        if after:
            states.append(State(before, after[-1]))
    carried = {state.before for state in states}
    inputs = [each for each in outside if each not in carried]
    own = set(made)
    ends = {e for e in made if any(u not in own for u in readers.get(e, ()))}
    ends |= set(tape.outputs)
    leaves = [e for e in made if e in ends]
    scope = _common([group.scope for group in groups])
    return Step(t, scope, groups, inputs, states, leaves)


def _letter(leaf: Tensor) -> str:
    """Return the letter that an initial state begins: `c` of `c_0` or `c_prev`."""
    letter, _, rest = (leaf.name or "").partition("_")
    return letter if rest in ("0", "prev") else ""


def _common(scopes: list[Scope]) -> Scope:
    first, last = min(scopes, key=str), max(scopes, key=str)
    same = [a for a, b in zip(first, last, strict=False) if a == b]
    return first[: len(same)] if first[: len(same)] == last[: len(same)] else ()


def _reads(groups: list[Group]) -> tuple[list[Group], list[Tensor]]:
    """Return the groups without those that only fetch an input, and what they read."""
    own = {entry for group in groups for entry in group.entries}
    fetched: set[Tensor] = set()
    kept = []
    for group in groups:
        row = group.entries[0].primitive
        read = [arg for e in group.entries for arg in tensors(e)]
        outer = all(arg not in own or arg in fetched for arg in read)
        if outer and len(read) == 1 and group.kind == "linear" and row.jointly:
            fetched.update(group.entries)
        else:
            kept.append(group)
    own -= fetched
    outside = (a for g in kept for e in g.entries for a in tensors(e) if a not in own)
    return kept, list(dict.fromkeys(outside))


def _in_time(
    tape: Tape, loop: Loop, readers: dict[Tensor, list[Tensor]]
) -> list[Step]:
    inside, order = loop.inside, list(loop.inside)
    if len(order) == 1:
        return [_only_step(tape, inside[order[0]], readers, order[0])]
    made_at = {e: (t, i) for t in order for i, e in enumerate(_entries(inside[t]))}
    read_at = {t: _reads(groups) for t, groups in inside.items()}
    ways: dict[int, tuple[int, int]] = {}  # where it is made, and where read one later
    for t, after in itertools.pairwise(order):
        for value in read_at[after][1]:
            made = made_at.get(value)
            if made and made[0] == t:
                ways.setdefault(made[1], _first_use(inside[after], value))
    found = []
    for t in order:
        groups, outside = read_at[t]
        entries = _entries(inside[t])
        states = []
        for position, way in ways.items():
            before = _used_at(entries, way)
            after_it = entries[position] if position < len(entries) else None
            states.append(State(before if before in set(outside) else None, after_it))
        carried = {state.before for state in states}
        inputs = [each for each in outside if each not in carried]
        ends = set(tape.outputs)
        ends |= {
            e for e in entries if any(u not in made_at for u in readers.get(e, ()))
        }
        leaves = [e for e in entries if e in ends]
        scope = (*loop.scope, t, *loop.part)
        found.append(Step(t, scope, groups, inputs, states, leaves))
    return found


def _entries(groups: list[Group]) -> list[Tensor]:
    return [entry for group in groups for entry in group.entries]


def _readers(tape: Tape) -> dict[Tensor, list[Tensor]]:
    readers: dict[Tensor, list[Tensor]] = {}
    for entry in tape:
        for arg in tensors(entry):
            readers.setdefault(arg, []).append(entry)
    return readers


def _first_use(groups: list[Group], value: Tensor) -> tuple[int, int]:
    for i, entry in enumerate(_entries(groups)):
        for k, arg in enumerate(entry.args):
            if arg is value:
                return i, k
    raise AssertionError("a step reads what it is said to read")


def _used_at(entries: list[Tensor], way: tuple[int, int]) -> Tensor | None:
    """Return what stands at the same place in this step."""
    i, k = way
    if i < len(entries) and k < len(entries[i].args):
        arg = entries[i].args[k]
        return arg if isinstance(arg, Tensor) else None
    return None
