"""The dense sub-layers of a tape, and what stands between them.

People draw a recurrent cell as yellow boxes with circles between them. Which entries of
a tape are a box? The table's rows answer, and no name does. A **dense sub-layer**
begins where a primitive that is linear in each argument multiplies by a Parameter, and
takes in whatever has no other operand, in the same part of the model, up to and with
the first function that is not additive: its activation.

    z = W v          begins a box                          (matvec, matmul)
    z = z + b        additive: a Parameter, another product, a peephole p * c
    f = sigma(z)     not additive: the activation, after which the box is closed
    f * c            has another operand, so it stands outside: a circle

What the box itself still needs is no end of it: in (z - mean(z)) * g + b, the mean of a
layer norm, the last of all is the activation. A product that reads a box from a part
within its own part makes that box deeper.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from minigrad.calls import closed
from minigrad.context import Scope
from minigrad.parameter import Parameter
from minigrad.primitive import Elementwise, Linear, Primitive
from minigrad.structure.consumers import consumers, tensors
from minigrad.structure.fused_subgraphs import (
    fused_subgraphs,
    is_activation,
    up_to_activation,
)
from minigrad.structure.parts import (
    DENSE,
    JOIN,
    SEVERAL,
    DensePart,
    Part,
    one_call,
    one_primitive,
)
from minigrad.structure.reading import reading
from minigrad.tape import Tape
from minigrad.tensor import Tensor


def is_product(entry: Tensor) -> bool:
    """Does a weight matrix multiply a vector here? Two Parameters make no sub-layer."""
    row = entry.primitive
    multiplies = isinstance(row, Linear) and not row.jointly
    trained = [isinstance(arg, Parameter) for arg in entry.args]
    return multiplies and any(trained) and not all(trained)


def is_scaling(entry: Tensor) -> bool:
    """Is a vector multiplied by one of weights, entry by entry, as in a peephole?"""
    row = entry.primitive
    trained = [isinstance(arg, Parameter) for arg in entry.args]
    if not isinstance(row, Elementwise) or sorted(trained) != [False, True]:
        return False
    return len(tensors(entry)) == 1 and _is_product(row)


def _is_product(row: Elementwise) -> bool:
    """Does a row grow with each of its two arguments? It is tried on numbers."""
    try:
        f = row.function
        return bool(f(6.0, 5.0) == 2 * f(3.0, 5.0) and f(3.0, 10.0) == 2 * f(3.0, 5.0))
    except Exception:
        return False


def is_join(entry: Tensor) -> bool:
    """Does it put several vectors side by side, their entries as they are?"""
    row = entry.primitive
    return row is not None and row.slice_of_argument is not None and len(entry.args) > 1


def is_additive(row: Primitive | None) -> bool:
    """Are all slopes 1 or -1? A row is asked, by trying it on numbers.

    >>> from minigrad.primitive import TABLE
    >>> [name for name in ("add", "subtract", "multiply") if is_additive(TABLE[name])]
    ['add', 'subtract']
    """
    if not isinstance(row, Elementwise):
        return False
    try:
        numbers = (2.0, *[3.0] * len(row.partials))
        return all(type(partial(*numbers)) is int for partial in row.partials)
    except Exception:
        return False


@dataclass(eq=False)
class Box:
    """A dense sub-layer while it grows: its entries, and which are before the end."""

    scope: Scope
    entries: list[Tensor] = field(default_factory=list)
    open: set[Tensor] = field(default_factory=set)
    activations: list[Tensor] = field(default_factory=list)
    products: int = 0
    longer: bool = False

    def take(self, entry: Tensor) -> None:
        """Take in an entry; an activation is not open to further ones."""
        self.entries.append(entry)
        row = entry.primitive
        if is_product(entry):
            self.products += 1
            self.open.add(entry)
        elif is_scaling(entry) or is_additive(row) or not self._closes(entry):
            self.open.add(entry)
        else:
            self.activations.append(entry)

    def _closes(self, entry: Tensor) -> bool:
        row = entry.primitive
        scaled = isinstance(row, Elementwise) and len(entry.args) > 1
        return not scaled or len(tensors(entry)) > 1

    def merge(self, other: Box) -> None:
        """Become one with a box that feeds this one."""
        self.entries = sorted(other.entries + self.entries, key=lambda e: e.tick)
        self.open |= other.open
        self.activations = other.activations + self.activations
        self.products += other.products

    def part(self) -> DensePart:
        """Return it as it is when it has grown."""
        return DensePart(
            tuple(self.entries), self.scope, DENSE, tuple(self.activations), self.longer
        )


@reading
def boxes(tape: Tape) -> dict[Tensor, Box]:
    """Return the dense sub-layer of every entry that is in one.

    >>> y = mg.Dense(2, 1, mg.tanh)(mg.Tensor([1.0, 2.0]))
    >>> len(set(boxes(mg.Tape(y)).values())), len(boxes(mg.Tape(y)))
    (1, 3)
    """
    readers = consumers(tape)
    uses = {entry: len(found) for entry, found in readers.items()}
    found: dict[Tensor, Box] = {}
    for entry in tape:
        if entry.primitive is None:
            continue
        box = _begun(entry, found, uses) or _box_for(entry, found, uses)
        if box is None:
            continue
        box.take(entry)
        found.update((each, box) for each in box.entries)
    found = {entry: box for entry, box in found.items() if box.products}
    for box in dict.fromkeys(found.values()):
        known = bool(box.activations) and is_activation(box.entries[-1])
        if not known and (more := up_to_activation(box.entries, readers, is_product)):
            box.entries, box.activations, box.longer = more, [more[-1]], True
            found.update((each, box) for each in box.entries)
    return found


def _begun(
    entry: Tensor, found: dict[Tensor, Box], uses: dict[Tensor, int]
) -> Box | None:
    """Return the box that a product begins, with those of the parts within its own."""
    if not is_product(entry) and not is_scaling(entry):
        return None
    box = Box(entry.scope)
    if is_scaling(entry):
        return None if tensors(entry)[0] in found else box
    for arg in tensors(entry):
        inner = found.get(arg)
        if inner is not None and _within(inner.scope, entry.scope) and uses[arg] == 1:
            box.merge(inner)
            box.open.clear()
    return box


def _within(inner: Scope, outer: Scope) -> bool:
    return len(inner) > len(outer) and inner[: len(outer)] == outer


def _box_for(
    entry: Tensor, found: dict[Tensor, Box], uses: dict[Tensor, int]
) -> Box | None:
    """Return the box that takes an entry in: all it reads is open, in its own part."""
    read = tensors(entry)
    around = list(dict.fromkeys(found.get(arg) for arg in read))
    if not around or None in around:
        return None
    grown = [box for box in around if box is not None]
    if not all(_may_take(box, entry) for box in grown):
        return None
    if not any(arg in box.open for arg in read for box in grown):
        return None
    if len(grown) > 1:
        row = entry.primitive
        together = is_additive(row) and all(uses[arg] == 1 for arg in read)
        if not together or any(box.activations for box in grown):
            return None
        grown.sort(key=lambda box: box.scope != entry.scope)
        for other in grown[1:]:
            grown[0].merge(other)
    return grown[0]


def _may_take(box: Box, entry: Tensor) -> bool:
    """Is it of the same part? A peephole p * c may come from the part around it."""
    around = entry.scope[: len(box.scope)] == box.scope
    return box.scope == entry.scope or (around and not box.products)


@reading
def structure(tape: Tape) -> list[Part]:
    """Return the parts of a tape: every dense sub-layer, and all that is between them.

    >>> y = 1.0 - mg.Dense(2, 1, mg.tanh)(mg.Tensor([1.0, 2.0]))
    >>> [(part.kind, len(part.entries)) for part in structure(mg.Tape(y))]
    [('dense', 3), ('elementwise', 1)]
    """
    box_of = boxes(tape)
    fused = fused_subgraphs(tape, box_of)
    calls = closed(
        tape.steps, lambda steps: not any(e in box_of or e in fused for e in steps)
    )
    function = {e: (call, steps) for call, steps in calls.items() for e in steps}
    parts: list[Part] = []
    done: set[Box] = set()
    for entry in reversed(tape.steps):
        box = box_of.get(entry)
        if entry.primitive is None or box in done:
            continue
        if entry in function:
            call, steps = function[entry]
            if entry is steps[-1]:
                parts.append(one_call(call, steps))
        elif entry in fused:
            if entry is fused[entry][-1]:
                parts.append(Part(tuple(fused[entry]), entry.scope, SEVERAL))
        elif box is None:
            single = one_primitive(entry)
            joins = single.kind == "linear" and is_join(entry)
            parts.append(replace(single, kind=JOIN) if joins else single)
        else:
            done.add(box)
            parts.append(box.part())
    return parts[::-1]
