"""Folding: a picture with too many nodes shows less, and says what it does not show.

What is folded, in this order, until the picture can be read:

    time     a thousand equal time steps are drawn as first, second, ..., last
    gates    every dense sub-layer is one box
    layers   everything that ran over time in one part of the model is one node

Only repetition is folded in time. Two successive time steps are **repeats** when they
ran the same primitives in the same places with the same Parameters, and each reads its
neighbour as the other does:

    step t      reads  x_t,    y_{t-1},  W_f     at place 5
    step t+1    reads  x_{t+1}, y_t,     W_f     at place 5

So the first step (it reads the initial state) is never a repeat of the second, and a
step with weights of its own is a repeat of none. Of every run of repeats the first
stays as the example; the last step of all stays because the result is read from it.
"""

from __future__ import annotations

import itertools
from collections.abc import Container, Iterable, Iterator
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from minigrad.context import Scope, path
from minigrad.drawing.dense_and_layer_views import by_layer
from minigrad.drawing.project import Picture
from minigrad.drawing.view import FOLDED, LAYER, Group
from minigrad.drawing.words import Label
from minigrad.parameter import Parameter
from minigrad.structure.parts import DENSE, Part
from minigrad.structure.sublayers import structure
from minigrad.tape import Tape
from minigrad.tensor import Array, Tensor


class Where(NamedTuple):
    """Where an entry stands: in which loop, at which time step, as which entry."""

    loop: Scope
    t: int
    position: int


Step = tuple[int, list[Tensor]]  # a time step, and what it recorded


def readable(
    tape: Tape, groups: list[Part], most: int, notes: tuple[str, ...] = ()
) -> Picture:
    """Return the least folded picture of at most so many nodes, or the most folded."""
    for folded, said in foldings(tape, groups):
        if len(folded) <= most:  # cheap to ask: leaves come on top
            picture = Picture(tape, folded, (*notes, *said))
            if len(picture.nodes) <= most:
                return picture
    return Picture(tape, folded, (*notes, *said))


def foldings(
    tape: Tape, groups: list[Part]
) -> Iterator[tuple[list[Part], tuple[str, ...]]]:
    """Yield groups folded less, then more, each time with sentences that say so.

    >>> import minigrad as mg
    >>> from minigrad.structure.parts import every_primitive
    >>> y = mg.Dense(2, 1, mg.tanh)(mg.Tensor([1.0, 2.0]))
    >>> tape = mg.Tape(y)
    >>> [len(groups) for groups, _ in foldings(tape, list(every_primitive(tape)))]
    [3, 3, 1, 1]
    """
    yield groups, ()
    in_time, notes = fold(tape, groups)
    yield in_time, notes
    boxes = [group for group in structure(tape) if group.kind == DENSE]
    closed = "folded: every dense sub-layer is one box"
    yield _regrouped(in_time, _owners(boxes)), (*notes, closed)
    layers = by_layer(tape)
    inputs = [group for group in layers if group.kind == "input"]
    whole = [group for group in layers if group.kind in (DENSE, LAYER)]
    closed = "folded: every layer is one node, with all its time steps"
    yield [*inputs, *_regrouped(groups, _owners(whole))], (closed,)


def _owners(groups: Iterable[Part]) -> dict[Tensor, Part]:
    return {entry: group for group in groups for entry in group.entries}


def fold(tape: Tape, groups: list[Part]) -> tuple[list[Part], tuple[str, ...]]:
    """Return groups with repeated time steps folded, and sentences that say so."""
    found, where = loops(tape)
    group_of: dict[Tensor, Part] = {}
    notes = []
    for loop, steps in found.items():
        for run in runs(list(steps.items()), where):
            group = _folded(loop, run)
            group_of.update(
                (entry, group) for _, entries in run[1:] for entry in entries
            )
            first, last = run[1][0], run[-1][0]
            notes.append(
                f"folded: {len(run) - 1} time steps of {path(loop) or 'the loop'}, "
                f"t = {first} to {last}; each repeats t = {run[0][0]}"
            )
    _absorb(tape, where, group_of)
    return _regrouped(groups, group_of), tuple(notes)


def loops(
    tape: Tape,
) -> tuple[dict[Scope, dict[int, list[Tensor]]], dict[Tensor, Where]]:
    """Return the entries of every loop by time step, and where each entry stands."""
    found: dict[Scope, dict[int, list[Tensor]]] = {}
    where = {}
    for entry in tape:
        depth = next((i for i, s in enumerate(entry.scope) if isinstance(s, int)), None)
        if depth is None or entry.primitive is None:
            continue
        loop, t = entry.scope[:depth], int(entry.scope[depth])
        step = found.setdefault(loop, {}).setdefault(t, [])
        where[entry] = Where(loop, t, len(step))
        step.append(entry)
    return found, where


def runs(steps: list[Step], where: dict[Tensor, Where]) -> Iterator[list[Step]]:
    """Yield an example and its repeats, where at least two can be folded."""
    start = 0
    for i in range(1, len(steps) + 1):
        if i < len(steps) and _repeats(steps[i - 1], steps[i], where):
            continue
        end = i - 1 if i == len(steps) else i  # the last step of all stays
        if end - start > 2:
            yield steps[start:end]
        start = i


def _repeats(one: Step, other: Step, where: dict[Tensor, Where]) -> bool:
    shift = other[0] - one[0]
    return len(one[1]) == len(other[1]) and all(
        _alike(a, b, shift, where, 0) for a, b in zip(one[1], other[1], strict=True)
    )


_DEPTH = 4  # how far back values made outside the loop (x[:, t]) are compared


def _alike(
    a: Tensor, b: Tensor, shift: int, where: dict[Tensor, Where], depth: int
) -> bool:
    """Did both run the same primitive, in the same place, on corresponding values?"""
    return (
        a.primitive is b.primitive
        and a.shape == b.shape
        and _place_in_step(a.scope) == _place_in_step(b.scope)
        and len(a.args) == len(b.args)
        and a.options.keys() == b.options.keys()
        and all(_same(a.options[key], b.options[key], shift) for key in a.options)
        and all(
            _correspond(p, q, shift, where, depth)
            for p, q in zip(a.args, b.args, strict=True)
        )
    )


def _place_in_step(scope: Scope) -> Scope:
    return tuple(label for label in scope if isinstance(label, str))


def _correspond(
    p: Any, q: Any, shift: int, where: dict[Tensor, Where], depth: int
) -> bool:
    """Is q to the later step what p is to the earlier?"""
    if p is q:
        return True
    if not (isinstance(p, Tensor) and isinstance(q, Tensor)):
        return _same(p, q, 0)
    if p in where and q in where:
        return where[q] == where[p]._replace(t=where[p].t + shift)
    if p in where or q in where:
        return False
    if p.primitive is None or q.primitive is None:
        both_inputs = p.primitive is q.primitive
        trained = isinstance(p, Parameter) or isinstance(q, Parameter)
        return both_inputs and not trained and p.shape == q.shape
    return depth < _DEPTH and _alike(p, q, shift, where, depth + 1)


def _same(p: Any, q: Any, shift: int) -> bool:
    """Are two constants equal, or an index that moves with time, on or back?"""
    if isinstance(p, Array) or isinstance(q, Array):
        return bool(np.shape(p) == np.shape(q))  # a mask, an input: data, no program
    if type(p) is not type(q):
        return False
    if isinstance(p, tuple):
        return len(p) == len(q) and all(map(_same, p, q, itertools.repeat(shift)))
    if isinstance(p, slice):
        ends = ((p.start, q.start), (p.stop, q.stop), (p.step, q.step))
        return all(_same(a, b, shift) for a, b in ends)
    return bool(p == q) or (isinstance(p, int) and abs(q - p) == abs(shift))


def _folded(loop: Scope, run: list[Step]) -> Part:
    example, (first, _), (last, _) = run[0][0], run[1], run[-1]
    count = len(run) - 1
    remark = f"{count} time steps\nt = {first} … {last}\nas t = {example}"
    return Group(
        tuple(entry for _, entries in run[1:] for entry in entries),
        loop,
        FOLDED,
        Label("folded", "", remark),
        f"{count} time steps, t = {first} to {last}: the same primitives and the same "
        f"Parameters as t = {example}, each reading the state of the one before",
    )


def _absorb(
    tape: Tape, inside: Container[Tensor], group_of: dict[Tensor, Part]
) -> None:
    """Fold also what only folded steps read, such as x[:, t] made outside the loop."""
    readers: dict[Tensor, set[Part | None]] = {}
    stays = set(tape.outputs)
    for entry in reversed(tape.steps):
        found = readers.get(entry, set())
        outside = entry.primitive is not None and entry not in inside
        if outside and entry not in stays and len(found) == 1:
            (reader,) = found
            if reader is not None:
                group_of[entry] = reader
        for arg in entry.args:
            if isinstance(arg, Tensor):
                readers.setdefault(arg, set()).add(group_of.get(entry))


def _owner(group: Part, group_of: dict[Tensor, Part]) -> Part | None:
    """Return the group that holds all entries of another, or None."""
    found = {group_of.get(entry) for entry in group.entries}
    return found.pop() if len(found) == 1 else None


def _regrouped(groups: Iterable[Part], group_of: dict[Tensor, Part]) -> list[Part]:
    """Replace the groups that lie in a larger one by that, once."""
    owner = {group: _owner(group, group_of) for group in groups}
    apart = {
        e for group, found in owner.items() if found is None for e in group.entries
    }
    members: dict[Part, list[Tensor]] = {}
    for entry, larger in group_of.items():
        if entry not in apart:
            members.setdefault(larger, []).append(entry)
    kept: list[Part] = []
    seen: set[Part] = set()
    for group, found in owner.items():
        if found is None:
            kept.append(group)
        elif found not in seen:
            seen.add(found)
            kept.append(replace(found, entries=tuple(members[found])))
    return kept
