"""The page: one file, which needs nothing else.

Its parts, page.html, style.css and the scripts, lie beside this module. The steps
are all in the page, so that it can be read, searched and printed without its script;
the script shows one at a time. The page forbids the browser to load anything, and to
run any script but its own.
"""

from __future__ import annotations

import base64
import hashlib
import importlib.resources
import itertools
import re
from collections.abc import Sequence
from string import Template

from minigrad.context import Scope
from minigrad.drawing.drawing import for_dark_pages
from minigrad.drawing.fold import description_of
from minigrad.exploring.data import Exploration, Step
from minigrad.exploring.picture import State, states
from minigrad.exploring.step_panels import Words, text
from minigrad.exploring.tape_data import as_json, carried
from minigrad.structure.repeats import repeated, repeats
from minigrad.tape import Tape
from minigrad.tensor import Tensor

SCRIPTS = ("walk.js", "pictures.js", "numbers.js", "training.js")


def page(
    exploration: Exploration,
    title: str,
    shown: set[int],
    remarks: Sequence[str],
    proof: str,
    at_most: int,
) -> str:
    """Return the page as HTML; `remarks` say what was left out, `proof` is HTML."""
    tape = exploration.tape
    pictures, why_none = states(tape, title)
    decided: dict[int, int] = {}
    data, engine = carried(tape, decided)
    words = Words(exploration, shown, at_most, decided)
    articles = map(words.step, exploration.steps)
    summary = text(" ".join([_summary(exploration), *remarks]))
    script = "\n".join([engine, *map(part, SCRIPTS)])
    return Template(part("page.html")).substitute(
        title=text(title),
        summary=re.sub("`([^`]*)`", r"<code>\1</code>", summary),
        hash=base64.b64encode(hashlib.sha256(f"\n{script}".encode()).digest()).decode(),
        style=part("style.css") + for_dark_pages(),
        script=script,
        data=data,
        views=as_json(
            [{"name": p.name, "held": p.held, "back": p.back} for p in pictures]
        ),
        outline=_outline(exploration.steps, ()),
        picture=_pictures(pictures, why_none),
        steps="".join(articles),
        shown=f"<p>{text(exploration.check)}</p>\n{proof}",
    )


def part(name: str) -> str:
    """Return one of the files beside this module."""
    return (importlib.resources.files(__package__) / name).read_text("utf-8")


def left_out(tape: Tape) -> tuple[set[int], list[str]]:
    """Return the positions that lie in repeated time steps, and what these are.

    A leaf that nothing else reads, such as the x of such a step, is one of them.
    """
    inside = repeated(tape)
    stays = [entry for entry in tape if entry not in inside]
    read = {arg for e in stays for arg in e.args if isinstance(arg, Tensor)}
    alone = set(tape.leaves) - read - set(tape.outputs)
    found = {i for i, entry in enumerate(tape) if entry in inside or entry in alone}
    return found, [description_of(run) for run in repeats(tape)]


def _count_of(n: int, one: str, many: str) -> str:
    return f"{n} {one if n == 1 else many}"


def _summary(exploration: Exploration) -> str:
    tape, board = exploration.tape, exploration.board
    leaves = _count_of(len(tape.leaves), "leaf", "leaves")
    ran = _count_of(len(tape) - len(tape.leaves), "primitive", "primitives")
    entries = _count_of(len(tape), "entry", "entries")
    words = f"A tape of {entries}: {leaves} and {ran} that ran, in this order."
    if board.has_seeds:
        words += " The cotangent g of an output is taken to be 1 in every entry."
    return words


def _pictures(pictures: list[State], why_none: str) -> str:
    if not pictures:
        return f"<p>There is no picture: {text(why_none)}</p>"
    choices = "".join(
        f'<label><input type="radio" name="view" value="{state.name}"'
        f"{' checked' * (k == 0)}> {state.name}</label>"
        for k, state in enumerate(pictures)
    )
    frames = "".join(
        f'<div class="state" tabindex="0" role="region" '
        f'aria-label="Picture, {state.name}">{state.svg}</div>'
        for state in pictures
    )
    return Template(part("picture.html")).substitute(choices=choices, frames=frames)


def _outline(steps: Sequence[Step], scope: Scope) -> str:
    """List steps in the order of the tape, those of one part within another list."""
    depth = len(scope)
    items = []
    for label, group in itertools.groupby(
        steps, key=lambda step: (*step.entry.scope, None)[depth]
    ):
        inside = list(group)
        if label is None:
            items += [_item(step) for step in inside]
            continue
        part = (*scope, label)
        is_time = isinstance(label, int)
        kind, name = ("time", f"t = {label}") if is_time else ("", text(str(label)))
        items.append(
            f'<li><details open class="{kind}"><summary>{name}</summary>'
            f"{_outline(inside, part)}</details></li>"
        )
    return f"<ol>{''.join(items)}</ol>"


def _item(step: Step) -> str:
    made = step.entry.primitive.symbol if step.entry.primitive else ""
    return (
        f'<li><a href="#forward-{step.position}" data-position="{step.position}">'
        f'<span class="k">{step.position}</span> <span>{text(step.name)}</span> '
        f'<span class="p">{text(made)}</span></a></li>'
    )
