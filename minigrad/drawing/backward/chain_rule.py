"""What stands beneath a picture: cotangents, and the rules that lead to them.

The cotangent of q is q_bar. If q was read several times it is a sum, Σ, of what each
reader contributes (the multivariable chain rule). A Parameter may be drawn in several
places, beside each of its readers; then each place has its part of the gradient, and
the leftmost, where the backward pass comes last, is where all parts are added.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from minigrad.drawing.project import Arrow, Node
from minigrad.drawing.view import FOLDED, LAYER
from minigrad.drawing.words import Label, leaf_label, shape_text, values_text
from minigrad.parameter import Parameter
from minigrad.primitive import Elementwise
from minigrad.structure.consumers import weights
from minigrad.structure.loops import name_in_time
from minigrad.structure.parts import DENSE
from minigrad.structure.sublayers import is_additive
from minigrad.tape import Tape
from minigrad.tensor import Tensor


class Cotangents:
    """What the nodes beneath a picture say, given the columns of the nodes above.

    >>> import minigrad as mg
    >>> from minigrad.drawing.project import Picture
    >>> from minigrad.structure.parts import every_primitive
    >>> a = mg.Parameter(3.0, name="a")
    >>> tape = mg.Tape(a * a)
    >>> nodes = Picture(tape, list(every_primitive(tape))).nodes
    >>> beneath = Cotangents(tape, nodes, {node.id: 0 for node in nodes})
    >>> [" ".join(beneath.label(node)).strip() for node in nodes]
    ['t_1_bar given', 'Σ a_bar not yet']
    """

    def __init__(
        self, tape: Tape, nodes: Sequence[Node], columns: Mapping[Any, int]
    ) -> None:
        self.outputs = set(tape.outputs)
        self.place = {entry: i for i, entry in enumerate(tape)}
        self.reads = _reads(tape)
        self.totals = _totals(nodes, columns)

    def label(self, node: Node) -> Label:
        """Return what stands in the node beneath."""
        if node.kind in (FOLDED, LAYER):
            steps = node.label.remark.partition("\n")[0]
            return Label("", "cotangents", f"of {steps}")
        if node.kind == "input" and len(node.entries) > 1:
            names = map(_barred, node.label.name.split(", "))
            return Label("", ", ".join(names), node.label.remark)
        entry = node.entries[-1]
        name = self._name(entry)
        sign = "Σ" if self._is_sum(node) else ""
        return Label(sign, _barred(name), self._remark(node, entry))

    def says(self, node: Node) -> str:
        """Return what a cotangent says when pointed at."""
        if node.kind in (FOLDED, LAYER):
            return f"the cotangents of {len(node.entries)} entries"
        entry = node.entries[-1]
        name = self._name(entry)
        says = f"the cotangent of {name}, shape {shape_text(entry)}"
        if self._is_sum(node):
            says += f"\na sum: {name} was read {self.reads[entry]} times"
        return says

    def is_total(self, node: Node) -> bool:
        """Is it here that the parts of a cotangent are added?"""
        return self.totals[_leaf(node)] == node.id

    def _remark(self, node: Node, entry: Tensor) -> str:
        if entry in self.outputs:
            return "given"
        if node.tap and not self.is_total(node):
            return "a part"
        if node.kind == DENSE:
            inside = weights(node.entries)
            names = ", ".join(_barred(leaf_label(each).name) for each in inside)
            total = _gradient(inside) if self.is_total(node) else "a part"
            return f"{names}\n{total}"
        if isinstance(entry, Parameter):
            return _gradient([entry])
        return ""

    def _name(self, entry: Tensor) -> str:
        return name_in_time(entry).rpartition(".")[2] or f"t_{self.place[entry]}"

    def _is_sum(self, node: Node) -> bool:
        several = self.reads.get(node.entries[-1], 0) > 1
        return several and (not node.tap or self.is_total(node))


def _totals(nodes: Sequence[Node], columns: Mapping[Any, int]) -> dict[Tensor, str]:
    """Return for each leaf the leftmost node that has it: there it is summed up."""
    found: dict[Tensor, str] = {}
    for node in nodes:
        leaf = _leaf(node)
        known = columns[found.setdefault(leaf, node.id)]
        if columns[node.id] < known:
            found[leaf] = node.id
    return found


def _leaf(node: Node) -> Tensor:
    """Return what stands for a node's Parameters: itself, or the first in a box."""
    inside = weights(node.entries) if node.kind == DENSE else []
    return inside[0] if inside else node.entries[-1]


def _reads(tape: Tape) -> dict[Tensor, int]:
    """Return how often each value was read."""
    reads: dict[Tensor, int] = {}
    for entry in tape:
        for arg in entry.args:
            if isinstance(arg, Tensor):
                reads[arg] = reads.get(arg, 0) + 1
    return reads


def _barred(name: str) -> str:
    """Write the cotangent of a name: a bar above a letter, or the word."""
    letter = name.split("_")[0].replace("~", "")
    return f"{name}_bar" if len(letter) == 1 else f"bar of {name}"


def _gradient(parameters: list[Parameter]) -> str:
    """Say what `backward()` has added up, or that it did not yet."""
    found = [each.grad for each in parameters]
    if any(gradient is None for gradient in found):
        return "not yet"
    text = values_text(np.asarray(found[0])) if len(found) == 1 else ""
    norm = math.hypot(*(float(np.linalg.norm(np.asarray(each))) for each in found))
    return text if text and len(text) < 12 else f"norm {norm:.3g}"


def rule(arrow: Arrow, head: Node, k: int = 0) -> str:
    """Say which rules lead from a node's cotangent to that of what it reads.

    Where a value is read several times, as in c * c, k says which time is meant.
    Nothing is said where a cotangent is passed on as it is.
    """
    if head.kind in (FOLDED, LAYER):
        return "chain rule"
    value, entry = arrow.read
    if len(head.entries) == 1:
        summed = "" if value.shape == entry.shape else "summed"  # it was broadcast
        return _rule_of(value, entry, k) or summed
    start = next(i for i, each in enumerate(head.entries) if each is entry)
    after = head.entries[start + 1 :]
    found = [_rule_of(value, entry), *(_rule_of(None, each) for each in after)]
    return ", ".join(dict.fromkeys(r.partition(" =")[0] for r in found[::-1] if r))


def _rule_of(value: Tensor | None, entry: Tensor, k: int = 0) -> str:
    from minigrad.deriving.plain_text import Text
    from minigrad.deriving.rules import rule_of

    row = entry.primitive
    assert row is not None
    places = [i for i, arg in enumerate(entry.args) if arg is value] or [0]
    i = places[min(k, len(places) - 1)]
    if isinstance(row, Elementwise) and is_additive(row):
        slope = row.partials[i](*[1.0] * (1 + len(row.partials)))  # 1 or -1, anywhere
        return "times −1" if slope == -1 else ""
    return ", ".join(map(Text().note, rule_of(row, i)))
