"""Folding: a picture with too many nodes shows less, and says what it does not show.

What is folded, in this order, until the picture can be read:

    time     a thousand equal time steps are drawn as first, second, ..., last
    gates    every dense sub-layer is one box
    layers   everything that ran over time in one part of the model is one node

Only repetition is folded in time (see `minigrad.structure.repeats`). Of every run of
repeats the first stays as the example, and the last step of all stays because the
result is read from it.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import replace

from minigrad.context import path
from minigrad.drawing.dense_and_layer_views import by_layer
from minigrad.drawing.project import Picture
from minigrad.drawing.view import FOLDED, LAYER, Group
from minigrad.drawing.words import Label
from minigrad.structure.parts import DENSE, Part
from minigrad.structure.repeats import Run, repeated, repeats
from minigrad.structure.sublayers import structure
from minigrad.tape import Tape
from minigrad.tensor import Tensor


def readable(
    tape: Tape, groups: list[Part], most: int, notes: tuple[str, ...] = ()
) -> Picture:
    """Return the least folded picture of at most so many nodes, or the most folded."""
    for folded, more in foldings(tape, groups):
        if len(folded) <= most:  # cheap to ask: leaves come on top
            picture = Picture(tape, folded, (*notes, *more))
            if len(picture.nodes) <= most:
                return picture
    return Picture(tape, folded, (*notes, *more))


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
    group_of = {run: _folded(run) for run in repeats(tape)}
    folded: dict[Tensor, Part] = {
        entry: group_of[run] for entry, run in repeated(tape).items()
    }
    return _regrouped(groups, folded), tuple(map(said, group_of))


def said(run: Run) -> str:
    """Say which time steps are folded."""
    return (
        f"folded: {len(run.times)} time steps of {path(run.loop) or 'the loop'}, "
        f"t = {run.times[0]} to {run.times[-1]}; each repeats t = {run.example}"
    )


def _folded(run: Run) -> Group:
    first, last, count = run.times[0], run.times[-1], len(run.times)
    remark = f"{count} time steps\nt = {first} … {last}\nas t = {run.example}"
    return Group(
        tuple(itertools.chain(*run.entries)),
        run.loop,
        FOLDED,
        Label("folded", "", remark),
        f"{count} time steps, t = {first} to {last}: the same primitives and the same "
        f"Parameters as t = {run.example}, each reading the state of the one before",
    )


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
