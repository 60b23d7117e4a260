"""Folding: a picture too large for a page shows less, and says what it does not show.

What is folded, in this order, until the picture can be read on a page:

    time     a thousand equal time steps are drawn as first, second, ..., last
    steps    of each loop one time step is drawn, every other one is a node
    gates    every dense sub-layer is one box
    layers   everything that ran over time in one part of the model is one node:
             first in all parts but one, then in all

Only repetition is folded in time (see `minigrad.structure.repeats`). Of every run of
repeats the first stays as the example, and the last step of all stays because the
result is read from it.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple, Protocol

from minigrad.context import path
from minigrad.drawing.dense_and_layer_views import by_layer
from minigrad.drawing.dot import Graph
from minigrad.drawing.project import Picture
from minigrad.drawing.view import FOLDED, LAYER, Group, NotPlaced, View
from minigrad.drawing.words import Label, leaf_label
from minigrad.structure.consumers import tensors, weights
from minigrad.structure.parts import DENSE, Part
from minigrad.structure.repeats import Run, all_but_one, repeats, run_of_each
from minigrad.structure.sublayers import is_product, structure
from minigrad.tape import Tape
from minigrad.tensor import Tensor


class Drawn(Protocol):
    """A picture before it is text: what a view draws of a tape."""

    nodes: Any
    edges: Any

    @property
    def held(self) -> Mapping[str, tuple[Tensor, ...]]:
        """Return what stands at each node: entries of the tape."""

    def size(self, with_legend: bool = True) -> tuple[float, float]:
        """Return about how wide and high it will be, in points."""

    def dot_text(self, title: str, with_legend: bool = True) -> str:
        """Return it as DOT text."""


MOST = 300  # nodes that Graphviz places in any case, and that anybody reads


def foldings(
    tape: Tape, groups: list[Part]
) -> Iterator[tuple[list[Part], tuple[str, ...]]]:
    """Yield groups folded less, then more, each time with sentences that say so.

    >>> import minigrad as mg
    >>> from minigrad.structure.parts import every_primitive
    >>> y = mg.Dense(2, 1, mg.tanh)(mg.Tensor([1.0, 2.0]))
    >>> tape = mg.Tape(y)
    >>> [len(groups) for groups, _ in foldings(tape, list(every_primitive(tape)))]
    [3, 3, 3, 1, 1]
    """
    yield groups, ()
    yield fold(tape, groups)
    in_time, notes = one_step(tape, groups)
    yield in_time, notes
    boxes = [group for group in structure(tape) if group.kind == DENSE]
    closed = "folded: every dense sub-layer is one box"
    yield _regrouped(in_time, _owners(boxes)), (*notes, closed)
    layers = by_layer(tape)
    others = [group for group in layers if group.kind == LAYER][1:]
    if others:
        in_time, only = _regrouped(in_time, _owners(others)), notes[:1]
        only += ("folded: every other layer is one node, with all its time steps",)
        yield in_time, only
        yield _regrouped(in_time, _owners(boxes)), (*only, closed)
    inputs = [group for group in layers if group.kind == "input"]
    whole = [group for group in layers if group.kind in (DENSE, LAYER)]
    closed = "folded: every layer is one node, with all its time steps"
    yield [*inputs, *_regrouped(groups, _owners(whole))], (closed,)


class Folding(NamedTuple):
    """A picture that may be drawn: how many nodes Graphviz places, what draws it."""

    nodes: int
    draw: Callable[[], Drawn]


def pictures(view: View, tape: Tape, notes: tuple[str, ...] = ()) -> Iterator[Folding]:
    """Yield what a view draws of a tape, folded less, then more, at last upright.

    notes   sentences below each picture
    """
    plain = weights(each for each in tape if is_product(each) and not tensors(each))
    if plain:
        names = ", ".join(leaf_label(each).name or "a weight" for each in plain)
        tensor = 'mg.Tensor(x, name="x") is drawn'
        notes = (*notes, f"what is multiplied by {names} is a plain array: {tensor}")
    try:
        placed = False
        for sheet in view.sheets(tape):
            placed = True
            sheet.notes.extend(notes)
            yield Folding(0, partial(_placed, sheet))
        if placed and view.layers:
            layers, note = by_layer(tape), "folded: every layer is one node"
            closed = partial(_written, Graph, tape, layers, (*notes, note))
            yield Folding(len(layers), closed)
        if placed:
            return
    except NotPlaced as reason:
        notes = (f"{view.instead}, because {reason}", *notes)
    notes += view.notes(tape)
    graph = view.graph or Graph
    for groups, folded in foldings(tape, list(view.groups(tape))):
        draw = partial(_written, graph, tape, groups, (*notes, *folded))
        yield Folding(len(groups), draw)
    yield Folding(len(groups), partial(draw, upright=True))


def _placed(sheet: Drawn) -> Drawn:
    return sheet


def _written(
    graph: Callable[..., Drawn],
    tape: Tape,
    groups: list[Part],
    notes: tuple[str, ...],
    upright: bool = False,
) -> Drawn:
    return graph(Picture(tape, groups, notes), upright)


def _owners(groups: Iterable[Part]) -> dict[Tensor, Part]:
    return {entry: group for group in groups for entry in group.entries}


def fold(tape: Tape, groups: list[Part]) -> tuple[list[Part], tuple[str, ...]]:
    """Return groups with repeated time steps folded, and sentences that say so."""
    runs = repeats(tape)
    return _folded_in(tape, groups, runs), tuple(map(description_of, runs))


def _folded_in(tape: Tape, groups: list[Part], runs: list[Run]) -> list[Part]:
    group_of = {run: _folded(run) for run in runs}
    owners: dict[Tensor, Part] = {
        entry: group_of[run] for entry, run in run_of_each(tape, runs).items()
    }
    return _regrouped(groups, owners)


def one_step(tape: Tape, groups: list[Part]) -> tuple[list[Part], tuple[str, ...]]:
    """Return groups with one time step of each loop, every other one as a node."""
    steps = all_but_one(tape)
    loops = {run.loop: run.example for run in steps}
    return _folded_in(tape, groups, steps), tuple(
        f"folded: of {path(loop) or 'the loop'} t = {t} is drawn, every other time "
        "step is one node"
        for loop, t in loops.items()
    )


def description_of(run: Run) -> str:
    """Say which time steps are folded."""
    return (
        f"folded: {len(run.times)} time steps of {path(run.loop) or 'the loop'}, "
        f"t = {run.times[0]} to {run.times[-1]}; each repeats t = {run.example}"
    )


def _folded(run: Run) -> Group:
    first, last, count = run.times[0], run.times[-1], len(run.times)
    entries = tuple(itertools.chain(*run.entries))
    if count == 1:
        remark = f"{len(entries)} entries"
        says = f"{path((*run.loop, first))}: {remark} of the tape"
        return Group(entries, run.loop, FOLDED, Label("", f"t = {first}", remark), says)
    remark = f"{count} time steps\nt = {first} … {last}\nas t = {run.example}"
    return Group(
        entries,
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
