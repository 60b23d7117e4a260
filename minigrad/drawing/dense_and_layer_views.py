"""Nearer and farther: inside one dense sub-layer, and a model layer by layer.

    dense    the primitives of one yellow box: joined, times W, plus b, activation
    layer    one node for each layer; a recurrent one has an arrow to itself

Both are groupings and labels only; Graphviz finds the places.
"""

from __future__ import annotations

from dataclasses import replace

from minigrad.context import Scope, path
from minigrad.drawing.view import LAYER, Group, label, tooltip
from minigrad.drawing.words import Label, leaf_label, shape_text
from minigrad.parameter import Parameter
from minigrad.structure.consumers import consumers, tensors, weights
from minigrad.structure.dependence import everywhere
from minigrad.structure.loops import loop_of, name_in_time, times
from minigrad.structure.parts import DENSE, JOIN, Part, every_primitive
from minigrad.structure.provenance import Provenance
from minigrad.structure.sublayers import is_product, structure
from minigrad.structure.time_steps import steps, typical
from minigrad.tape import Tape
from minigrad.tensor import Array, Tensor


def inside_dense(tape: Tape) -> list[Part]:
    """Make one node of every primitive in the first dense sub-layer, and of its input.

    A deeper box is preferred, because there is more to see in it.
    """
    groups = typical(steps(tape)).groups
    box = _looked_into(groups)
    if box is None:
        return list(every_primitive(tape))
    read = {arg for entry in box.entries for arg in tensors(entry)}
    joins = {e for g in groups if g.kind == JOIN for e in g.entries if e in read}
    shown = joins | set(box.entries)
    around = len(box.scope[:-1])
    return [
        replace(group, scope=group.scope[around:])
        for group in every_primitive(tape)
        if group.entries[0] in shown
    ]


def _looked_into(groups: list[Part]) -> Part | None:
    boxes = (group for group in groups if group.kind == DENSE)
    return max(boxes, key=lambda box: len(weights(box.entries)), default=None)


def one_of(tape: Tape) -> tuple[str, ...]:
    """Say which of several boxes is drawn; those of the same weights count as one.

    >>> import minigrad as mg
    >>> layers = mg.Sequential(mg.Dense(3, 2, mg.tanh), mg.Dense(2, 1))
    >>> one_of(mg.Tape(layers(mg.Tensor([1.0, 2.0, 3.0]))))
    ('drawn: Sequential.layers.0, one of 2 boxes',)
    """
    box = _looked_into(typical(steps(tape)).groups)
    found = {(*weights(g.entries),) for g in structure(tape) if g.kind == DENSE}
    if box is None:
        return ("there is no dense sub-layer: drawn is every primitive",)
    if len(found) < 2:
        return ()
    name = path(box.scope) or label(box).name
    return (f"drawn: {name}, one of {len(found)} boxes",)


def by_layer(tape: Tape) -> list[Part]:
    """Make one node of every layer: of all time steps of a loop, of a dense layer."""
    found = (loop_of(entry.scope) for entry in tape)
    loops = dict.fromkeys(loop for loop in found if loop is not None)
    parts: dict[object, list[Part]] = {}
    fetched = _fetched(tape)
    for group in structure(tape):
        scope = fetched.get(group.entries[-1], group.scope)
        loop = next((each for each in loops if _within(scope, each)), None)
        parts.setdefault(group if loop is None else loop, []).append(group)
    place = {entry: i for i, entry in enumerate(tape)}
    layers = []
    for part, groups in parts.items():
        if isinstance(part, tuple):
            layers.append(_over_time(part, groups))
        else:
            dense = groups[0].kind == DENSE
            layers += [_dense(each, place) for each in groups] if dense else groups
    return [*_inputs(layers), *layers]


def no_layer(tape: Tape) -> tuple[str, ...]:
    """Say that a tape has no layer, where that is so.

    >>> import minigrad as mg
    >>> no_layer(mg.Tape(mg.tanh(mg.Tensor(0.5))))
    ('there is no layer: drawn is every primitive',)
    """
    if any(part.kind in (DENSE, LAYER) for part in by_layer(tape)):
        return ()
    return ("there is no layer: drawn is every primitive",)


def _fetched(tape: Tape) -> dict[Tensor, Scope]:
    """Return what was only taken out for one time step, x[t], and the step's scope."""
    provenance = Provenance()
    found = {}
    for entry, readers in consumers(tape).items():
        scopes = {reader.scope for reader in readers}
        if len(scopes) == len(tensors(entry)) == 1 and provenance.is_rearranged(entry):
            (found[entry],) = scopes
    return found


def _within(scope: Scope, loop: Scope) -> bool:
    if not loop:
        return bool(times(scope))
    return scope[: len(loop)] == loop


def _over_time(loop: Scope, groups: list[Part]) -> Part:
    """Return all time steps of a loop as one node: of a recurrent layer or a dense."""
    entries = tuple(entry for group in groups for entry in group.entries)
    count = len({e.scope[len(loop)] for e in entries if len(e.scope) > len(loop)})
    found = weights(entries)
    matrices = sum(each.ndim == 2 for each in found)
    dense = [group for group in groups if group.kind == DENSE]
    one = len(dense) == count and len({(*weights(g.entries),) for g in dense}) == 1
    remark = [
        _many(count, "time step"),
        label(dense[0]).name if one else _many(matrices, "matrix W", "matrices W"),
        f"{sum(each.size for each in found)} numbers to train",
    ]
    name = str(loop[-1]) if loop else "recurrent"
    symbol = label(dense[0]).symbol if one else ""
    says = f"{path(loop) or 'the loop'}: {len(entries)} entries of the tape"
    words = Label(symbol, name, "\n".join(remark))
    return Group(entries, loop[:-1], LAYER, words, says)


def _many(count: int, thing: str, things: str = "") -> str:
    return f"{count} {thing if count == 1 else things or thing + 's'}"


def _dense(group: Part, place: dict[Tensor, int]) -> Part:
    size = sum(each.size for each in weights(group.entries))
    name = str(group.scope[-1]) if group.scope else "dense"
    remark = [label(group).name, f"{size} numbers to train"]
    if rows := _batch(group):
        remark.append(f"for {' × '.join(map(str, rows))} vectors")
    words = Label(label(group).symbol, name, "\n".join(remark))
    says = tooltip(group, place)
    return Group(group.entries, group.scope[:-1], DENSE, words, says)


def _batch(group: Part) -> tuple[int, ...]:
    """Return how many vectors a box multiplies, as a shape; W X has them upright."""
    product = next(filter(is_product, group.entries), group.entries[0])
    i = next(i for i, a in enumerate(product.args) if not isinstance(a, Parameter))
    value: Tensor | Array = product.args[i]
    upright = value.ndim > 1 and not everywhere(product, i)
    return value.shape[:-2] + value.shape[-1:] if upright else value.shape[:-1]


def _inputs(groups: list[Part]) -> list[Part]:
    """Make one node of what a layer begins with, and one of what it reads over time.

    y_0, c_0    read at one time step each, of one shape
    x           leaves of one name, one for every time step
    """
    read: dict[tuple[object, ...], dict[Tensor, None]] = {}
    for group in groups:
        leaves = _reading_times(group) if group.kind == LAYER else {}
        named = [(leaf.name, leaf.shape) for leaf in leaves]
        for leaf, when in leaves.items():
            series = named.count((leaf.name, leaf.shape)) > 1
            if series or len(when) == 1:
                key = (group, leaf.shape, leaf.name if series else None)
                read.setdefault(key, {})[leaf] = None
    return [
        _series(tuple(found)) if name is not None else _beginning(tuple(found))
        for (_, _, name), found in read.items()
        if len(found) > 1
    ]


def _reading_times(group: Part) -> dict[Tensor, set[object]]:
    """Return the leaves that a layer reads, and at which of its time steps."""
    found: dict[Tensor, set[object]] = {}
    for entry in group.entries:
        for leaf in tensors(entry):
            if leaf.primitive is None:
                found.setdefault(leaf, set()).update(times(entry.scope))
    return found


def _series(leaves: tuple[Tensor, ...]) -> Part:
    name = leaf_label(leaves[0]).name.partition("_")[0]
    remark = f"{len(leaves)} × {shape_text(leaves[0])}"
    says = f"{name_in_time(leaves[0])} to {name_in_time(leaves[-1])}"
    return Group(leaves, (), "input", Label("", name, remark), says)


def _beginning(leaves: tuple[Tensor, ...]) -> Part:
    name = ", ".join(name_in_time(leaf) or "·" for leaf in leaves)
    says = f"{name}: read before there is anything to carry"
    return Group(leaves, (), "input", Label("", name), says)
