"""The picture of the tape in up to three states: open, gates or time steps closed.

Each is drawn by Graphviz beforehand, so that opening and closing needs no layout in the
browser. Nodes and arrows keep the positions of their entries, as `data-node`, by which
the page finds the step that is being looked at.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from minigrad.context import Scope, path
from minigrad.drawing.dot import dot_text
from minigrad.drawing.drawing import Drawing
from minigrad.drawing.fold import fold
from minigrad.drawing.project import Arrow, Picture
from minigrad.drawing.render import NotRendered
from minigrad.drawing.view import FOLDED, Group
from minigrad.drawing.words import Label
from minigrad.structure.loops import loop_of
from minigrad.structure.parts import Part, every_primitive
from minigrad.structure.sublayers import structure
from minigrad.tape import Tape
from minigrad.tensor import Tensor

MOST_NODES = 300  # of a picture: more cannot be read, and takes long to lay out
MOST_ARROWS = 4  # between the same two nodes
NODE = re.compile(r'<g id="[^"]*" class="node">\s*<title>(n\d+)(?:_\d+)?</title>')
ARROW = re.compile(
    r'<g id="[^"]*" class="edge">\s*<title>(n\d+)(?:_\d+)?&#45;&gt;(n\d+)</title>'
)


@dataclass(frozen=True, eq=False)
class State:
    """One state of the picture: its name, its svg, and the node of each entry."""

    name: str
    svg: str
    nodes: dict[Tensor, str]


def states(tape: Tape, title: str) -> tuple[list[State], str]:
    """Return the states that can be drawn, and a sentence if none can."""
    place = {entry: i for i, entry in enumerate(tape)}
    every = list(every_primitive(tape))
    found: list[State] = []
    counts: set[int] = set()
    for name, groups in (
        ("every step", every),
        ("gates closed", structure(tape)),
        ("time steps closed", over_time(every)),
    ):
        if len(groups) in counts:
            continue  # nothing was there to close
        counts.add(len(groups))
        notes: tuple[str, ...] = ()
        if len(groups) > MOST_NODES // 2:  # leaves come on top
            groups, notes = fold(tape, groups)
        picture = Picture(tape, groups, notes)
        if len(picture.nodes) > MOST_NODES:
            continue
        picture.arrows = list(_together(picture.arrows))
        summary = f"{len(picture.nodes)} nodes, {len(picture.arrows)} arrows"
        text = dot_text(picture, title, with_legend=not found)
        drawing = Drawing(text, summary, f"{title}, {name}")
        try:
            svg = drawing.svg()
        except NotRendered as error:
            return [], str(error)
        nodes = {entry: f"n{place[entry]}" for entry in tape}
        for group in groups:
            nodes |= dict.fromkeys(group.entries, f"n{place[group.entries[0]]}")
        found.append(State(name, inlined(svg), nodes))
    if found:
        return found, ""
    return [], f"A picture of more than {MOST_NODES} nodes cannot be read."


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


def inlined(svg: str) -> str:
    """Return an svg as a part of a page: without ids, its nodes known by position.

    >>> inlined('<?xml?><svg><g id="node1" class="node"><title>n7_2</title></g></svg>')
    '<svg><g class="node" data-node="n7"></g></svg>'
    """
    svg = svg[svg.index("<svg") :].strip()
    svg = NODE.sub(r'<g class="node" data-node="\1">', svg)
    svg = ARROW.sub(r'<g class="edge" data-tail="\1" data-head="\2">', svg)
    svg = re.sub(r"<title>(tape|cluster_\d+|n\d[^<]*)</title>\s*", "", svg)
    return re.sub(r'<(\w+) id="[^"]*"', r"<\1", re.sub("<!--.*?-->\\s*", "", svg))
