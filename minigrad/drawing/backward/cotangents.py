"""What the nodes of the way back say: the cotangent of each value.

The cotangent of q is q_bar. If q was read several times it is a sum, Σ, of what each
reader contributes (the multivariable chain rule). A Parameter may be drawn in several
places, beside each of its readers; then each place has its part of the gradient, and
the first, where the backward pass comes last, is where all parts are added. Where a
value is a single number, and the output is, too, its cotangent is said in numbers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from minigrad.drawing.project import Node
from minigrad.drawing.view import FOLDED, LAYER
from minigrad.drawing.words import (
    Label,
    leaf_label,
    number,
    shape_text,
    values_text,
)
from minigrad.gradient import grad
from minigrad.parameter import Parameter
from minigrad.structure.consumers import weights
from minigrad.structure.loops import name_in_time
from minigrad.structure.parts import DENSE
from minigrad.tape import Tape
from minigrad.tensor import Tensor

NOT_YET = "not yet"  # a gradient that backward() has not put there


class Cotangents:
    r"""What the nodes of the way back say, given the nodes of what ran.

    >>> import minigrad as mg
    >>> from minigrad.drawing.project import Picture
    >>> from minigrad.structure.parts import every_primitive
    >>> a = mg.Parameter(3.0, name="a")
    >>> tape = mg.Tape(a * a)
    >>> nodes = Picture(tape, list(every_primitive(tape))).nodes
    >>> cotangents = Cotangents(tape, nodes)
    >>> [" ".join(cotangents.label(node)).strip() for node in nodes]
    ['t_1_bar 1\ngiven', 'Σ a_bar 6']
    """

    def __init__(self, tape: Tape, nodes: Sequence[Node]) -> None:
        self.outputs = set(tape.outputs)
        self.place = {entry: i for i, entry in enumerate(tape)}
        self.reads = _reads(tape)
        self.totals = _totals(nodes)
        self.numbers = _numbers(tape)

    def label(self, node: Node) -> Label:
        """Return what stands in the node beneath."""
        if node.kind in (FOLDED, LAYER):
            steps = node.label.remark.partition("\n")[0]
            return Label("", "cotangents", f"of {steps}")
        if node.kind == "input" and len(node.entries) > 1:
            names = map(barred, node.label.name.split(", "))
            return Label("", ", ".join(names), node.label.remark)
        entry = node.entries[-1]
        name = self._name(entry)
        sign = "Σ" if self._is_sum(node) else ""
        lines = [self._remark(node, entry)]
        if entry in self.numbers:
            known = number(self.numbers[entry])
            lines = [known] if lines == [NOT_YET] else [known, *lines]
        return Label(sign, barred(name), "\n".join(filter(None, lines)))

    def tooltip(self, node: Node) -> str:
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
            names = ", ".join(barred(leaf_label(each).name) for each in inside)
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


def _totals(nodes: Sequence[Node]) -> dict[Tensor, str]:
    """Return for each leaf the first node that has it: there it is summed up."""
    found: dict[Tensor, str] = {}
    for node in nodes:
        found.setdefault(_leaf(node), node.id)
    return found


def _numbers(tape: Tape) -> dict[Tensor, float]:
    """Return the cotangents of single numbers, if the output is one, too."""
    single = [entry for entry in tape if entry.size == 1]
    if len(tape.outputs) != 1 or tape.outputs[0].size != 1:
        return {}
    try:
        found = grad(tape.outputs[0], single)
    except ValueError:  # the record is older than a Parameter that it used
        return {}
    return {e: float(np.asarray(g).item()) for e, g in zip(single, found, strict=True)}


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


def barred(name: str) -> str:
    """Write the cotangent of a name: a bar above a letter, or the word."""
    letter = name.split("_")[0].replace("~", "")
    return f"{name}_bar" if len(letter) == 1 else f"bar of {name}"


def _gradient(parameters: list[Parameter]) -> str:
    """Say what `backward()` has added up, or that it did not yet."""
    found = [each.grad for each in parameters]
    if any(gradient is None for gradient in found):
        return NOT_YET
    text = values_text(np.asarray(found[0])) if len(found) == 1 else ""
    norm = math.hypot(*(float(np.linalg.norm(np.asarray(each))) for each in found))
    return text if text and len(text) < 12 else f"norm {norm:.3g}"
