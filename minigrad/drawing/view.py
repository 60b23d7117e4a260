"""A view chooses the parts of a tape that are drawn, and a part is put into words.

A picture is a projection of a recorded tape: nothing is drawn that was not recorded.
A **view** decides which entries make one node. What the node says follows from the
part (`label`, `tooltip`), unless the view has words of its own: then the part is a
`Group`. The rest is the same for all views and lives elsewhere: `project.py` finds
clusters and arrows, `fold.py` folds repeated time steps, `dot.py` writes it down,
`render.py` paints it.

The table of all views is in `views.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from minigrad.calls import closed
from minigrad.drawing.paper import READABLE
from minigrad.drawing.words import Label, label_of, leaf_label, tooltip_of
from minigrad.primitive import Elementwise
from minigrad.structure.consumers import tensors, weights
from minigrad.structure.loops import name_in_time
from minigrad.structure.parts import (
    DENSE,
    FUNCTION,
    SEVERAL,
    DensePart,
    FunctionPart,
    Part,
)
from minigrad.structure.sublayers import is_additive, is_product
from minigrad.tape import Tape
from minigrad.tensor import Tensor

FOLDED = "folded"  # the kind of a group that stands for repeated time steps
LAYER = "layer"  # ... for a recurrent layer, all its time steps inside


@dataclass(frozen=True, eq=False)
class Group(Part):
    """A part that a view made and labelled itself, as it says of a whole layer.

    kind      a row of `styles.STYLES`: what it looks like, what the legend says of it
    label     what it says
    tooltip   what it says when pointed at
    """

    label: Label
    tooltip: str = ""


class NotPlaced(Exception):
    """A view has no places for a tape; it says why, and Graphviz places the groups."""


def no_sheets(tape: Tape) -> Iterator[Any]:
    """Yield nothing: a view whose nodes Graphviz places."""
    yield from ()


@dataclass(frozen=True)
class View:
    """A way to look at a tape.

    answers   the question it answers, in a few words
    groups    the parts it makes of a tape, in the order of the tape; a leaf that is
              in no part is drawn beside each of its users
    sheets    for pictures with fixed places: those it makes of a tape, folded less,
              then more; raises NotPlaced before the first for what it cannot place
    graph     for all others: who writes the nodes that Graphviz places, if not
              `dot.Graph`
    instead   what that picture is then
    layers    do nodes for whole layers answer it too, where a page holds no more?
    notes     sentences below the picture: what the groups leave out of a tape
    opens     are named functions one node each? then groups also takes the names of
              those that are shown open
    least     points of the smallest words on a page of A4; smaller, the next is drawn
    """

    answers: str
    groups: Callable[..., Iterable[Part]]
    sheets: Callable[[Tape], Iterator[Any]] = no_sheets
    graph: Callable[..., Any] | None = None
    instead: str = "placed by Graphviz"
    layers: bool = False
    notes: Callable[[Tape], tuple[str, ...]] = lambda tape: ()
    opens: bool = False
    least: float = READABLE

    def __repr__(self) -> str:
        return f"<View: {self.answers}>"


def label(part: Part) -> Label:
    """Return what a part says: what it does, and the name of what it makes.

    >>> import minigrad as mg
    >>> from minigrad.structure.sublayers import structure
    >>> y = 1.0 - mg.Dense(2, 1, mg.tanh)(mg.Tensor([1.0, 2.0]))
    >>> [label(part).symbol for part in structure(mg.Tape(y))]
    ['tanh', '1 −']
    """
    if isinstance(part, Group):
        return part.label
    if isinstance(part, DensePart):
        return _dense(part)
    if isinstance(part, FunctionPart):
        name = name_in_time(part.entries[-1])
        return Label(part.call.name.replace("_", " "), name)
    if part.kind == SEVERAL:
        names = [leaf_label(each).name or "·" for each in weights(part.entries)]
        return Label("", ", ".join(["…", *names]).replace("…,", "…"))
    return label_of(part.entries[-1])


def tooltip(part: Part, place: Mapping[Tensor, int]) -> str:
    """Return what a part says when pointed at: its Parameters, what ran, its output."""
    if isinstance(part, Group):
        return part.tooltip
    ran = " → ".join(label_of(each).symbol for each in part.entries)
    lines = []
    if part.kind in (DENSE, SEVERAL):
        found = weights(part.entries)
        lines += [f"{leaf_label(each).name} {each.shape}" for each in found]
    if part.kind == SEVERAL:
        lines.append(ran)
    if part.kind == FUNCTION:
        lines.append(f"{label(part).symbol}: {ran}")
    return "\n".join([*lines, tooltip_of(part.entries[-1], place)])


def _dense(part: DensePart) -> Label:
    """Return what a dense sub-layer says: its activation, its W and b."""
    closing = _closing(part)
    symbol = " → ".join(closing) or _affine(part)
    symbol = f"… → {symbol}" if part.longer else symbol
    found = sorted(weights(part.entries), key=lambda each: -each.ndim)  # W before p, b
    names = [leaf_label(each).name or "·" for each in found]
    deeper = sum(map(is_product, part.entries)) > 1 and len(closing) > 1
    name = f"{len(closing)} layers" if deeper else ", ".join(names)
    return Label(symbol, name)


def _closing(part: DensePart) -> list[str]:
    """Return the activations of a dense sub-layer, a composite by its name."""
    made = part.entries
    calls = {call: steps for call, steps in closed(made).items() if _keeps_shape(steps)}
    known = {
        steps[-1]: (call.name.replace("_", " "), steps) for call, steps in calls.items()
    }
    ends = {*known, *part.activations}
    ends -= {step for end, (_, steps) in known.items() for step in steps[:-1]}
    shown = [e for e in made if e in ends]
    bent = [e for e in shown if e in known or isinstance(e.primitive, Elementwise)]
    shown = bent or shown * (len(shown) == 1)
    return [
        known[e][0] if e in known else e.primitive.symbol for e in shown if e.primitive
    ]


def _keeps_shape(steps: list[Tensor]) -> bool:
    """Does a function give what it was given other values, as activations do?"""
    inside = set(steps)
    read = {arg.shape for step in steps for arg in tensors(step) if arg not in inside}
    return read == {steps[-1].shape}


def _affine(part: DensePart) -> str:
    """Return what a box without an activation is: with a bias, with more, or bare."""
    added = [e for e in part.entries if is_additive(e.primitive)]
    if any(weights([e]) for e in added):
        return "W v + b"
    return "W v + …" if added else "W v"
