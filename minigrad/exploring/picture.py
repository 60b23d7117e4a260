"""The pictures of a tape: its cell, and every step, open or closed.

Each is drawn beforehand, so that no layout is needed in the browser. The page finds the
step that is being looked at by what each node holds. A picture of one time step that
stands for all holds every step: walked to t = 3, it shows t = 3.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from minigrad.context import Scope, path
from minigrad.drawing.cell.recurrent import default, gate_sheet
from minigrad.drawing.dot import Graph
from minigrad.drawing.drawing import Drawing
from minigrad.drawing.fold import fold
from minigrad.drawing.project import Arrow, Node, Picture
from minigrad.drawing.render import NotRendered
from minigrad.drawing.sheet import Sheet
from minigrad.drawing.view import FOLDED, Group, NotPlaced
from minigrad.drawing.views import VIEWS
from minigrad.drawing.words import Label
from minigrad.structure.consumers import weights
from minigrad.structure.loops import loop_of
from minigrad.structure.parts import DENSE, SEVERAL, Part, every_primitive
from minigrad.structure.roles import roles
from minigrad.structure.sublayers import structure
from minigrad.structure.time_steps import Step, every_loop
from minigrad.tape import Tape
from minigrad.tensor import Tensor

MOST_NODES = 300  # of a picture: more cannot be read, and takes long to lay out
MOST_ARROWS = 4  # between the same two nodes
CELL_VIEWS = ("gate", "cotangents", "folded", "unrolled")
NODE = re.compile(r'<g id="[^"]*" class="node">\s*<title>(\w+)</title>')
ARROW = re.compile(r'<g id="[^"]*" class="edge">\s*<title>(\w+)&#45;&gt;(\w+)</title>')
Held = dict[str, list[tuple[int | None, list[int]]]]


@dataclass(frozen=True, eq=False)
class State:
    """One picture: its name, its svg, and what its nodes hold.

    held   for each node its positions on the tape, the one that leaves it last; where
           one time step stands for all, at each time, beginning with the one drawn
    """

    name: str
    svg: str
    held: Held


def states(tape: Tape, title: str) -> tuple[list[State], str]:
    """Return the pictures that can be drawn, and a sentence if none can."""
    try:
        found = [*_of_the_cell(tape, title), *_of_every_step(tape, title)]
    except NotRendered as error:
        return [], str(error)
    if found:
        return found, ""
    return [], f"A picture of more than {MOST_NODES} nodes cannot be read."


def _of_the_cell(tape: Tape, title: str) -> Iterator[State]:
    """Yield the pictures of a recurrent cell, if there is one."""
    if default(tape) == "op":
        return
    of_all = partial(gate_sheet, for_all=True)
    alone = all(len(loop) == 1 for loop in every_loop(tape))
    for name in CELL_VIEWS:
        view = VIEWS[name]
        assert view.sheet is not None
        if alone and name in ("folded", "unrolled"):
            continue  # one time step is what the view gate shows
        try:
            sheet = of_all(tape) if name == "gate" else next(view.sheets(tape))
        except NotPlaced:
            continue
        instead = (
            isinstance(sheet, Sheet) and " ".join(sheet.notes).find("this is") >= 0
        )
        if not isinstance(sheet, Sheet) or instead or len(sheet.nodes) > MOST_NODES:
            continue
        about = f"{len(sheet.nodes)} nodes, {len(sheet.edges)} arrows"
        svg = Drawing(sheet.dot_text(title), about, f"{title}, {name}").svg()
        held = at_each_time(tape, sheet.held)
        yield State(name, inlined(svg, held), held)


def _of_every_step(tape: Tape, title: str) -> Iterator[State]:
    """Yield the pictures of all primitives: open, gates closed, time steps closed."""
    every = list(every_primitive(tape))
    counts: set[int] = set()
    for name, groups in (
        ("op", every),
        ("gates closed", structure(tape)),
        ("time steps closed", over_time(every)),
    ):
        if len(groups) in counts:
            continue  # nothing was there to close
        notes: tuple[str, ...] = ()
        if len(groups) > MOST_NODES // 2:  # leaves come on top
            groups, notes = fold(tape, groups)
        picture = Picture(tape, groups, notes)
        if len(picture.nodes) > MOST_NODES:
            continue
        picture.arrows = list(_together(picture.arrows))
        summary = f"{len(picture.nodes)} nodes, {len(picture.arrows)} arrows"
        text = Graph(picture).dot_text(title, with_legend=not counts)
        counts.add(len(groups))
        svg = Drawing(text, summary, f"{title}, {name}").svg()
        held = at_each_time(tape, {node.id: _inside(node) for node in picture.nodes})
        yield State(name, inlined(svg, held), held)


def _inside(node: Node) -> tuple[Tensor, ...]:
    """Return what a node holds; a box keeps its Parameters to itself."""
    boxed = node.kind in (DENSE, SEVERAL, FOLDED)
    return (*(weights(node.entries) if boxed else ()), *node.entries)


def at_each_time(tape: Tape, held: Mapping[str, tuple[Tensor, ...]]) -> Held:
    """Return what nodes hold, and at other times where one step stands for all."""
    place = {entry: k for k, entry in enumerate(tape)}
    at = _others(tape, {entry for entries in held.values() for entry in entries})
    found: Held = {}
    for node, entries in held.items():
        entries = (*_fetched(entries), *entries)
        times = dict.fromkeys(t for entry in entries for t in at.get(entry, ()))
        found[node] = [
            (t, [place[e] for entry in entries if (e := _at(at, entry, t)) is not None])
            for t in times or (None,)
        ]
    return found


def _others(tape: Tape, shown: set[Tensor]) -> dict[Tensor, dict[int | None, Tensor]]:
    """Return for what one time step shows what stands there at each time, its first."""
    found: dict[Tensor, dict[int | None, Tensor]] = {}
    for loop in every_loop(tape):
        drawn = [step for step in loop if shown & _own(step, loop)]
        if len(loop) == 1 or len(drawn) != 1 or drawn[0].t is None:
            continue
        t = drawn[0].t
        for role in roles(loop):
            if t in role:
                found[role[t]] = {t: role[t], **found.get(role[t], {}), **role}
    return found


def _own(step: Step, loop: list[Step]) -> set[Tensor]:
    """Return what a step made and did not hand on."""
    return set(step.entries) - {
        x for each in loop for state in each.states for x in state
    }


def _at(
    at: Mapping[Tensor, Mapping[int | None, Tensor]], entry: Tensor, t: int | None
) -> Tensor | None:
    times = at.get(entry)
    return times.get(t) if times else entry


def _fetched(entries: tuple[Tensor, ...]) -> list[Tensor]:
    """Return the input of which a circle's value was only taken out, as x of X[t]."""
    if len(entries) > 1 or entries[0].primitive is None:
        return []
    read = [arg for arg in entries[0].args if isinstance(arg, Tensor)]
    return read if len(read) == 1 and read[0].primitive is None else []


def _together(arrows: list[Arrow]) -> Iterator[Arrow]:
    """Yield one arrow for many between the same nodes, as from folded steps to Y."""
    between = Counter((arrow.tail, arrow.head) for arrow in arrows)
    done = set()
    for arrow in arrows:
        ends = arrow.tail, arrow.head
        if between[ends] <= MOST_ARROWS:
            yield arrow
        elif ends not in done:
            done.add(ends)
            yield replace(arrow, operand="", tooltip=f"{between[ends]} values")


def over_time(parts: Iterable[Part]) -> list[Part]:
    """Return parts with all that ran at one time step of a loop as one."""
    members: dict[Scope, list[Tensor]] = {}
    order: list[Part | Scope] = []
    for part in parts:
        loop = loop_of(part.scope)
        if loop is None:
            order.append(part)
            continue
        step = part.scope[: len(loop) + 1]
        if step not in members:
            order.append(step)
        members.setdefault(step, []).extend(part.entries)
    return [
        each if isinstance(each, Part) else _time_step(each, members[each])
        for each in order
    ]


def _time_step(scope: Scope, entries: list[Tensor]) -> Group:
    inside = f"{len(entries)} steps"
    label = Label(f"t = {scope[-1]}", "", inside)
    about = f"{path(scope)}: {inside}, closed"
    return Group(tuple(entries), scope[:-1], FOLDED, label, about)


def inlined(svg: str, held: Mapping[str, Any]) -> str:
    """Return an svg as a part of a page: without ids, its nodes by what they hold.

    >>> svg = '<svg><g id="node1" class="node"><title>n7_2</title></g></svg>'
    >>> inlined(f"<?xml?>{svg}", {"n7_2": [7]})
    '<svg><g class="node" data-node="n7_2"></g></svg>'
    """

    def known(node: re.Match[str]) -> str:
        return f'<g class="node" data-node="{node[1]}">' if node[1] in held else "<g>"

    svg = svg[svg.index("<svg") :].strip()
    svg = ARROW.sub(
        r'<g class="edge" data-tail="\1" data-head="\2">', NODE.sub(known, svg)
    )
    svg = re.sub(r"<title>(tape|cluster_\d+)</title>\s*", "", svg)
    return re.sub(r'<(\w+) id="[^"]*"', r"<\1", re.sub("<!--.*?-->\\s*", "", svg))
