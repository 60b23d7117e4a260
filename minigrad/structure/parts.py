"""Parts of a tape: entries that a reading shows as one thing.

A tape of an LSTM has sixteen entries for each time step. A person sees four yellow
boxes, a few circles between them and one place where vectors are joined. Each of these
is a **part**: which entries it is, where in the model they were recorded, and of which
kind they are together. What a part is called and how it is painted is no business of
this package.

    elementwise   one primitive that works on each number
    linear        one primitive that is linear, jointly or in each argument
    join          vectors put side by side
    dense         a dense sub-layer, its W and b inside
    function      what one call of a named function recorded: softmax
    several       several primitives with one way in and one way out: a layer norm
"""

from __future__ import annotations

import itertools
from collections.abc import Container, Iterator
from dataclasses import dataclass, replace

from minigrad.calls import closed
from minigrad.context import Call, Scope
from minigrad.primitive import Elementwise
from minigrad.tape import Tape
from minigrad.tensor import Tensor

DENSE = "dense"
JOIN = "join"
FUNCTION = "function"
SEVERAL = "several"


@dataclass(frozen=True, eq=False)
class Part:
    """Entries of the tape that are shown as one.

    entries   in the order of the tape; what passes between two of them is hidden
    scope     where in the model they were recorded, outermost first
    kind      what they are together, a word of the table above
    """

    entries: tuple[Tensor, ...]
    scope: Scope
    kind: str


@dataclass(frozen=True, eq=False)
class FunctionPart(Part):
    """What one call of a named function recorded."""

    call: Call


@dataclass(frozen=True, eq=False)
class DensePart(Part):
    """A dense sub-layer.

    activations   the entries after which nothing is added
    longer        has it more than W v + b before its activation, as a layer norm?
    """

    activations: tuple[Tensor, ...]
    longer: bool


def one_primitive(entry: Tensor) -> Part:
    """Return the part that is one entry alone."""
    elementwise = isinstance(entry.primitive, Elementwise)
    kind = "elementwise" if elementwise else "linear"
    return Part((entry,), entry.scope, kind)


def one_call(call: Call, entries: list[Tensor]) -> Part:
    """Return the part that one call of a named function recorded."""
    scope = entries[-1].scope[: call.depth]  # inside it there may be modules
    return FunctionPart(tuple(entries), scope, FUNCTION, call)


def every_primitive(tape: Tape) -> Iterator[Part]:
    """Yield every primitive that ran as a part of its own."""
    return (one_primitive(entry) for entry in tape if entry.primitive is not None)


def every_function(tape: Tape, opened: Container[str] = ()) -> Iterator[Part]:
    """Yield what each named function recorded as one part, and any other primitive.

    opened   names of functions that are shown open, in a frame

    >>> tape = mg.Tape(mg.softmax(mg.Tensor([1.0, 2.0])) * 2.0)
    >>> [part.kind for part in every_function(tape)]
    ['function', 'elementwise']
    >>> [part.scope for part in every_function(tape, ["softmax"])][:2]
    [('softmax',), ('softmax',)]
    """
    calls = closed(tape.steps, opened=opened)
    call_of = {entry: call for call, steps in calls.items() for entry in steps}
    labels: dict[Call, str] = {}
    for entry in tape:
        call = call_of.get(entry)
        part: Part
        if entry.primitive is None:
            continue
        if call is None:
            part = one_primitive(entry)
        elif entry is calls[call][-1]:
            part = one_call(call, calls[call])
        else:
            continue
        yield replace(part, scope=_framed(part.scope, entry.call, calls, labels))


def _framed(
    scope: Scope, call: Call | None, calls: Container[Call], labels: dict[Call, str]
) -> Scope:
    """Return a scope with the calls in it that are shown open, as frames."""
    chain = call.chain() if call else []
    for each in reversed([*itertools.takewhile(lambda c: c not in calls, chain)]):
        if each not in labels:
            before = sum(other.name == each.name for other in labels)
            name = each.name.replace("_", " ")
            labels[each] = f"{name} #{before + 1}" if before else name
        scope = (*scope[: each.depth], labels[each], *scope[each.depth :])
    return scope
