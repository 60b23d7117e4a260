"""Fused subgraphs: several primitives that are drawn as one.

A layer norm of c is a dozen primitives, from sums to a root, and a reader wants to see
one thing. A **fused subgraph** begins at one value, reads nothing but Parameters and
numbers, branches inside and comes together again, and has one end. The activation that
follows is not part of it.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Container, Mapping, Sequence

from minigrad.primitive import Elementwise
from minigrad.structure.consumers import consumers, tensors
from minigrad.tape import Tape
from minigrad.tensor import Tensor

FEW, MANY = 4, 40  # primitives: fewer are drawn one by one, more are not fused


def fused_subgraphs(
    tape: Tape, elsewhere: Container[Tensor]
) -> dict[Tensor, list[Tensor]]:
    """Return for every fused entry all of its entries, in order.

    >>> c = mg.Tensor([1.0, 2.0], name="c")
    >>> apart = c - c.mean()
    >>> y = mg.tanh(apart / mg.sqrt((apart * apart).mean()))
    >>> {len(each) for each in fused_subgraphs(mg.Tape(y), ()).values()}
    {8}
    """
    readers = consumers(tape)
    found: dict[Tensor, list[Tensor]] = {}
    for value, reading in readers.items():
        if len(reading) > 1 and value not in found:
            for near in _by_scope(reading):
                own = _from_here(value, near, readers, elsewhere)
                fused = _until_the_end(own, readers, tape.outputs)
                found.update(dict.fromkeys(fused, fused))
    return found


def _by_scope(reading: Sequence[Tensor]) -> list[list[Tensor]]:
    """Return those who read a value together in one part of the model."""
    parts: dict[object, list[Tensor]] = {}
    for entry in reading:
        parts.setdefault(entry.scope, []).append(entry)
    return [part for part in parts.values() if len(part) > 1]


def _from_here(
    value: Tensor,
    near: Sequence[Tensor],
    readers: Mapping[Tensor, Sequence[Tensor]],
    elsewhere: Container[Tensor],
) -> list[Tensor]:
    """Return what a part of the model made of one value alone; [] if it is too much."""
    own = {value: None}
    ahead = [(reader.tick, reader) for reader in near]
    heapq.heapify(ahead)
    while ahead:
        _, entry = heapq.heappop(ahead)
        alone = all(arg in own for arg in tensors(entry))
        if (
            entry in own
            or entry in elsewhere
            or entry.scope != near[0].scope
            or not alone
        ):
            continue
        own[entry] = None
        if len(own) > MANY:
            return []
        for reader in readers.get(entry, ()):
            heapq.heappush(ahead, (reader.tick, reader))
    return list(own)[1:]


def _until_the_end(
    own: list[Tensor],
    readers: Mapping[Tensor, Sequence[Tensor]],
    outputs: Sequence[Tensor],
) -> list[Tensor]:
    """Return the entries without the activation if they can be fused: with one end."""
    while own and is_activation(own[-1]):
        own = own[:-1]
    inside = set(own)
    ends = [
        entry
        for entry in own
        if any(entry is each for each in outputs)
        or any(r not in inside for r in readers.get(entry, ()))
    ]
    meets = any(len(tensors(entry)) > 1 for entry in own)
    return (
        own
        if len(own) >= FEW and meets and len(ends) == 1 and ends[0] is own[-1]
        else []
    )


def up_to_activation(
    begun: Sequence[Tensor],
    readers: Mapping[Tensor, Sequence[Tensor]],
    stops: Callable[[Tensor], bool],
) -> list[Tensor]:
    """Return entries continued up to an activation in which all they make ends.

    So what stands between W v and sigma in a layer norm belongs to its box. There is no
    such end, and [] is returned, as soon as anything else reads a value on the way.
    """
    entries = dict.fromkeys(begun)
    ahead = [(r.tick, r) for entry in begun for r in readers.get(entry, ())]
    heapq.heapify(ahead)
    while ahead:
        _, entry = heapq.heappop(ahead)
        if entry in entries:
            continue
        inside = all(arg in entries for arg in tensors(entry))
        if not inside or entry.scope != begun[-1].scope or stops(entry):
            return []
        entries[entry] = None
        if is_activation(entry) and all(each in entries for _, each in ahead):
            return list(entries)
        for reader in readers.get(entry, ()):
            heapq.heappush(ahead, (reader.tick, reader))
    return []


def is_activation(entry: Tensor) -> bool:
    """Is it a function of one argument, applied to each number?"""
    return isinstance(entry.primitive, Elementwise) and len(entry.args) == 1
