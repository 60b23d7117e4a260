"""The pictures of a tape: the views of `mg.draw`, as far as it has them.

Each is drawn beforehand, so that no layout is needed in the browser. The page finds the
step that is being looked at by what each node holds. A picture of one time step that
stands for all holds every step: walked to t = 3, it shows t = 3.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from minigrad.drawing.cell.recurrent import default, gate_sheet
from minigrad.drawing.drawing import Drawing
from minigrad.drawing.fold import MOST, Drawn, pictures
from minigrad.drawing.opening import with_open_functions
from minigrad.drawing.render import NotRendered
from minigrad.drawing.sheet import Sheet
from minigrad.drawing.view import NotPlaced, no_sheets
from minigrad.drawing.views import VIEWS
from minigrad.structure.parts import DENSE
from minigrad.structure.roles import roles
from minigrad.structure.sublayers import structure
from minigrad.structure.time_steps import Step, every_loop
from minigrad.tape import Tape
from minigrad.tensor import Tensor

CELL_VIEWS = ("gate", "folded", "unrolled", "cotangents")
SHOWN = (*CELL_VIEWS, "op", "backward", "dense", "layer", "neuron")
NODE = re.compile(r'<g id="[^"]*" class="node">\s*<title>(\w+)</title>')
ARROW = re.compile(r'<g id="[^"]*" class="edge">\s*<title>(\w+)&#45;&gt;(\w+)</title>')
SHORTER = {  # of an svg: what a page says once, and what its script says better
    r"<style>.*?</style>|<title>(?:tape|cluster_\d+)</title>|<!--.*?-->": "",
    r"<g[^>]*><a xlink:title=[^>]*>(.*?)</a>\s*</g>": r"\1",
    r'<(\w+) id="[^"]*"': r"<\1",
    r' (?:font-family="Helvetica,sans-Serif"|text-anchor="middle")': "",
    r'(font-size="\d+)\.00"': r'\1"',
    r">\s+<": "><",
    r"<svg ": '<svg font-family="Helvetica,sans-Serif" text-anchor="middle" ',
}
Held = dict[str, list[tuple[int | None, list[int]]]]


@dataclass(frozen=True, eq=False)
class State:
    """One picture: its name, its svg, and what its nodes hold.

    held   for each node its positions on the tape, the one that leaves it last; where
           one time step stands for all, at each time, beginning with the one drawn
    back   the nodes that are cotangents: they are lit on the way back
    """

    name: str
    svg: str
    held: Held
    back: list[str]


def states(tape: Tape, title: str) -> tuple[list[State], str]:
    """Return the pictures that can be drawn, and a sentence if none can."""
    # By their text: two views may draw the same.
    drawn: dict[str, tuple[str, Mapping[str, tuple[Tensor, ...]], list[str]]] = {}
    for name in SHOWN:
        text, held, back = _drawn(tape, name, title)
        if text:
            drawn.setdefault(text, (name, held, back))
    if not drawn:
        return [], f"A picture of more than {MOST} nodes cannot be read."
    drawings = [
        Drawing(
            text, f"{len(held)} nodes that are steps of the walk", f"{title}, {name}"
        )
        for text, (name, held, _) in drawn.items()
    ]
    try:
        with ThreadPoolExecutor() as pool:  # each waits for a process
            svgs = list(pool.map(Drawing.svg, drawings))
    except NotRendered as error:
        return [], str(error)
    found = []
    for svg, (name, held, back) in zip(svgs, drawn.values(), strict=True):
        times = at_each_time(tape, held)
        found.append(State(name, inlined(svg, times), times, back))
    return found, ""


def _drawn(
    tape: Tape, name: str, title: str
) -> tuple[str, Mapping[str, tuple[Tensor, ...]], list[str]]:
    """Return what `mg.draw` draws in this view, what its nodes hold, and which go back.

    A page can be scrolled, so it is folded only where it has too many nodes. The text
    is empty where a view has no picture of this tape, or draws another view.
    """
    nothing: tuple[str, dict[str, tuple[Tensor, ...]], list[str]] = ("", {}, [])
    alone = all(len(loop) == 1 for loop in every_loop(tape))
    no_cell = name in CELL_VIEWS and default(tape) == "op"
    if no_cell or (alone and name in ("folded", "unrolled")):
        return nothing  # one time step is what the view gate shows
    boxed = any(part.kind == DENSE for part in structure(tape))
    if name in ("dense", "layer") and not boxed:
        return nothing
    try:
        for drawn in _drawings(tape, name):
            if any("this is the view" in note for note in getattr(drawn, "notes", ())):
                return nothing
            if len(drawn.held) <= MOST:
                return drawn.dot_text(title), drawn.held, getattr(drawn, "back", [])
    except (NotPlaced, ValueError):  # like none it can place, or too large to be read
        pass
    return nothing


def _drawings(tape: Tape, name: str) -> Iterator[Drawn]:
    """Yield what a view draws, folded less, then more.

    In the view op functions are open, for each of their steps can be walked to.
    """
    if name == "gate":
        yield gate_sheet(tape, for_all=True)
        return
    view = VIEWS[name]
    if name == "op":
        view = with_open_functions(view, name, tape, True)
    for folding in pictures(view, tape):
        if folding.nodes <= MOST:
            drawn = folding.draw()
            if view.sheets is no_sheets or isinstance(drawn, Sheet):
                yield drawn


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
    for pattern, instead in SHORTER.items():
        svg = re.sub(pattern, instead, svg, flags=re.S)
    return svg
