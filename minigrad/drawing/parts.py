"""Nearer and farther: inside one dense sub-layer, and a model layer by layer.

    dense    the primitives of one yellow box: joined, times W, plus b, activation
    layer    one node for each layer; a recurrent one has an arrow to itself

Both are groupings and labels only; Graphviz finds the places.
"""

from __future__ import annotations

from dataclasses import replace

from minigrad.context import Scope, path
from minigrad.drawing.sublayers import by_structure, tensors, weights
from minigrad.drawing.time_steps import steps
from minigrad.drawing.view import (
    DENSE,
    JOIN,
    LAYER,
    VIEWS,
    Group,
    View,
    every_primitive,
)
from minigrad.drawing.words import Label, leaf_label, name_in_time, shape_text
from minigrad.tape import Tape
from minigrad.tensor import Tensor


def inside_dense(tape: Tape) -> list[Group]:
    """Make one node of every primitive in the first dense sub-layer, and of its input.

    A deeper box is preferred, because there is more to see in it.
    """
    found = steps(tape)
    groups = found[min(1, len(found) - 1)].groups
    boxes = [group for group in groups if group.kind == DENSE]
    if not boxes:
        return list(every_primitive(tape))
    box = max(boxes, key=lambda box: len(weights(box.entries)))
    read = {arg for entry in box.entries for arg in tensors(entry)}
    joins = {e for g in groups if g.kind == JOIN for e in g.entries if e in read}
    shown = joins | set(box.entries)
    around = len(box.scope[:-1])
    return [
        replace(group, scope=group.scope[around:])
        for group in every_primitive(tape)
        if group.entries[0] in shown
    ]


def by_layer(tape: Tape) -> list[Group]:
    """Make one node of every layer: of all time steps of a loop, of a dense layer."""
    made: dict[object, list[Tensor]] = {}
    kept: dict[object, Group] = {}
    loops = {loop for e in tape if (loop := _loop(e.scope)) is not None}
    for group in by_structure(tape):
        loop = next((each for each in loops if _within(group.scope, each)), None)
        key: object = group if loop is None else loop
        made.setdefault(key, []).extend(group.entries)
        kept[key] = group
    groups = []
    for key, entries in made.items():
        if isinstance(key, tuple):
            groups.append(_recurrent(key, entries))
        elif kept[key].kind == DENSE:
            groups.append(_dense(kept[key]))
        else:
            groups.append(kept[key])
    return [*_inputs(tape, groups), *groups]


def _loop(scope: Scope) -> Scope | None:
    return next((scope[:i] for i, s in enumerate(scope) if isinstance(s, int)), None)


def _within(scope: Scope, loop: Scope) -> bool:
    if not loop:
        return any(isinstance(label, int) for label in scope)
    return scope[: len(loop)] == loop


def _recurrent(loop: Scope, entries: list[Tensor]) -> Group:
    count = len({e.scope[len(loop)] for e in entries if len(e.scope) > len(loop)})
    matrices = sum(each.ndim == 2 for each in weights(entries))
    size = sum(each.size for each in weights(entries))
    remark = f"{count} time steps\n{matrices} matrices W\n{size} numbers to train"
    name = str(loop[-1]) if loop else "recurrent"
    says = f"{path(loop) or 'the loop'}: {len(entries)} entries of the tape"
    return Group(tuple(entries), loop[:-1], LAYER, Label("", name, remark), says)


def _dense(group: Group) -> Group:
    size = sum(each.size for each in weights(group.entries))
    name = str(group.scope[-1]) if group.scope else "dense"
    remark = f"{group.label.name}\n{size} numbers to train"
    label = Label(group.label.symbol, name, remark)
    return Group(group.entries, group.scope[:-1], DENSE, label, group.tooltip)


def _inputs(tape: Tape, groups: list[Group]) -> list[Group]:
    """Make one node of the leaves of one name that a recurrent layer reads."""
    found: dict[tuple[object, ...], list[Tensor]] = {}
    layers = {e: g for g in groups if g.kind == LAYER for e in g.entries}
    for entry in tape:
        for leaf in tensors(entry):
            if leaf.primitive is None and entry in layers:
                key = (layers[entry], leaf.name, leaf.shape)
                found.setdefault(key, []).append(leaf)
    inputs = []
    for leaves in found.values():
        unique = tuple(dict.fromkeys(leaves))
        if len(unique) < 2:
            continue
        name = leaf_label(unique[0]).name.partition("_")[0]
        remark = f"{len(unique)} × {shape_text(unique[0])}"
        says = f"{name_in_time(unique[0])} to {name_in_time(unique[-1])}"
        inputs.append(Group(unique, (), "input", Label("", name, remark), says))
    return inputs


VIEWS["dense"] = View("what is in a yellow box?", inside_dense)
VIEWS["layer"] = View("which layers are there?", by_layer)
