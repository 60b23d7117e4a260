"""A view groups the entries of a tape and labels the groups.

A picture is a projection of a recorded tape: nothing is drawn that was not recorded.
A **view** decides which entries make one node, and what that node says. The rest is
the same for all views and lives elsewhere: `project.py` finds clusters and arrows,
`fold.py` folds repeated time steps, `dot.py` writes it down, `render.py` paints it.

The table of all views is in `views.py`.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from minigrad.calls import closed
from minigrad.context import Call, Scope
from minigrad.drawing.words import Label, label_of, name_in_time, tooltip_of
from minigrad.primitive import Elementwise
from minigrad.tape import Tape
from minigrad.tensor import Tensor

FOLDED = "folded"  # the kind of a group that stands for repeated time steps
DENSE = "dense"  # ... for a dense sub-layer, its W and b inside
LAYER = "layer"  # ... for a recurrent layer, all its time steps inside
JOIN = "join"  # ... for vectors put side by side
FUNCTION = "function"  # ... for what a named function recorded: softmax
SEVERAL = "several"  # ... for several primitives with one way in and one way out


@dataclass(frozen=True, eq=False)
class Group:
    """Entries of the tape that are drawn as one node.

    entries   in the order of the tape; what passes between two of them is not drawn
    scope     the clusters the node stands in, outermost first
    kind      a row of `styles.STYLES`: what it looks like, what the legend says of it
    label     what it says
    tooltip   what it says when pointed at
    """

    entries: tuple[Tensor, ...]
    scope: Scope
    kind: str
    label: Label
    tooltip: str = ""


class NotPlaced(Exception):
    """A view has no places for a tape; it says why, and Graphviz places the groups."""


@dataclass(frozen=True)
class View:
    """A way to look at a tape.

    answers   the question it answers, in a few words
    groups    the groups it makes of a tape, in the order of the tape; a leaf that is
              in no group is drawn beside each of its users
    sheet     for a picture with fixed places: the sheet it makes of a tape; it raises
              NotPlaced, or returns None, for a tape that is like none it can place
    notes     sentences below the picture: what the groups leave out of a tape
    """

    answers: str
    groups: Callable[[Tape], Iterator[Group] | list[Group]]
    sheet: Callable[[Tape], Any] | None = None
    notes: Callable[[Tape], tuple[str, ...]] = lambda tape: ()

    def __repr__(self) -> str:
        return f"<View: {self.answers}>"


def every_primitive(tape: Tape) -> Iterator[Group]:
    """Make one node of every primitive that ran."""
    place = {entry: i for i, entry in enumerate(tape)}
    for entry in tape:
        if entry.primitive is not None:
            yield Group(
                (entry,),
                entry.scope,
                "elementwise" if isinstance(entry.primitive, Elementwise) else "linear",
                label_of(entry),
                tooltip_of(entry, place),
            )


def every_function(tape: Tape) -> Iterator[Group]:
    """Make one node of what a named function recorded, and of any other primitive."""
    place = {entry: i for i, entry in enumerate(tape)}
    calls = closed(tape.steps)
    call_of = {steps[-1]: call for call, steps in calls.items()}
    inside = {entry for steps in calls.values() for entry in steps}
    for group in every_primitive(tape):
        (entry,) = group.entries
        if entry in call_of:
            call = call_of[entry]
            node = function_group(call, calls[call])
            scope = opened(entry, calls) + node.scope
            yield replace(node, scope=scope, tooltip=function_tooltip(node, place))
        elif entry not in inside:
            yield replace(group, scope=opened(entry, calls) + group.scope)


def opened(entry: Tensor, calls: Mapping[Call, list[Tensor]]) -> Scope:
    """Return the calls around an entry that are drawn open, as frames."""
    chain = entry.call.chain() if entry.call else []
    around = itertools.takewhile(lambda call: call not in calls, chain)
    return tuple(call.name.replace("_", " ") for call in around)


def function_group(call: Call, steps: list[Tensor]) -> Group:
    """Return the node of one call of a named function, without its tooltip."""
    label = Label(call.name.replace("_", " "), name_in_time(steps[-1]))
    return Group(tuple(steps), steps[-1].scope, FUNCTION, label)


def function_tooltip(group: Group, place: Mapping[Tensor, int]) -> str:
    """Say what ran in a function, and what came out."""
    ran = " → ".join(label_of(each).symbol for each in group.entries)
    return f"{group.label.symbol}: {ran}\n{tooltip_of(group.entries[-1], place)}"
