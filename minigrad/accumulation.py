"""What a backward walk adds up: the cotangents, use by use.

    x_bar = sum over the uses of x of what each use gives

A use may have repeated x by broadcasting; the sum over the repetitions is here, too,
and nowhere else.
"""

from __future__ import annotations

from typing import Any, TypeAlias, overload

import numpy as np

from minigrad.numpy_protocol.array_like import as_array
from minigrad.primitive import Primitive
from minigrad.refusals import bad_rule
from minigrad.rows.linear_maps import add_up
from minigrad.table import cast
from minigrad.tape import made_by
from minigrad.tensor import Tensor
from minigrad.types import Array, Options, Shape, Value

Cotangent: TypeAlias = Array | Tensor  # a Tensor when the walk is recorded
Edge: TypeAlias = tuple[int, Tensor]  # which argument, and what it is
Use: TypeAlias = tuple[Tensor, Value, list[Any], Options]  # node, g, operands, options


class Cotangents:
    """The cotangents of a backward walk, while contributions to them add up.

    totals  what has been added so far; perhaps still in the shape of a broadcast use,
            since summing the broadcast axes once at the end is cheaper than each time
    owned   totals that are our own arrays, so that more can be added in place; a first
            contribution may be somebody else's array and is never written to
    uses    those whose contributions are computed together, at the end: see `Linear`
    """

    __slots__ = ("owned", "record", "totals", "uses")

    def __init__(self, record: bool) -> None:
        self.record = record
        self.totals: dict[int, Cotangent] = {}
        self.owned: set[int] = set()
        self.uses: dict[int, dict[tuple[Primitive, int], list[Use]]] = {}

    def add(self, arg: Tensor, contribution: Cotangent) -> None:
        """Add a contribution to the cotangent of `arg`."""
        tick = arg.tick
        total = self.totals.get(tick)
        if total is None:
            self.totals[tick] = contribution
            return
        if total.shape != contribution.shape:  # used at several broadcast shapes
            total = unbroadcast(total, arg.shape)
            contribution = unbroadcast(contribution, arg.shape)
        elif tick in self.owned and total.dtype == contribution.dtype:
            np.add(total, contribution, out=total)  # type: ignore[arg-type]
            return
        total = total + contribution
        if not isinstance(total, Tensor):
            total = as_array(total)  # NumPy's sum of two single numbers is no array
        if not self.record:
            self.owned.add(tick)
        self.totals[tick] = total

    def defer(self, arg: Tensor, key: tuple[Primitive, int], use: Use) -> None:
        """Keep a use of `arg`, to be computed together with its other uses."""
        self.uses.setdefault(arg.tick, {}).setdefault(key, []).append(use)

    def complete(self, node: Tensor) -> Cotangent | None:
        """Return a node's whole cotangent, now that all its uses have contributed."""
        for (primitive, i), uses in self.uses.pop(node.tick, {}).items():
            whole = self.fit(primitive.batched_adjoints[i](uses), uses[0][0], i, node)
            self.add(node, whole)
            self.owned.add(node.tick)
        total = self.totals.pop(node.tick, None)
        if total is not None and total.shape != node.data.shape:
            self.owned.add(node.tick)
            return unbroadcast(total, node.shape)
        return total

    def complete_slices(
        self, node: Tensor, operands: list[Any], edges: list[Edge]
    ) -> None:
        """Complete the cotangents of some arguments of [x, y], not the whole one."""
        uses = self.uses.pop(node.tick)
        slice_of_argument = made_by(node).slice_of_argument
        assert slice_of_argument is not None
        for i, arg in edges:
            part = slice_of_argument(i, operands, node.options)
            for (user, k), each in uses.items():
                contribution = user.batched_adjoints[k](each, part)
                self.add(arg, self.fit(contribution, node, i, arg))

    def fit(
        self, contribution: Value | None, node: Tensor, i: int, arg: Tensor
    ) -> Cotangent:
        """Bring a contribution to its argument's dtype and shape, or blame the rule.

        Of an elementwise rule the broadcast shape may stay: `complete` sums it.
        """
        if contribution is None:
            raise bad_rule(node, i, arg, "it returned None.")
        if not isinstance(contribution, Tensor):
            contribution = as_array(contribution)
        if contribution.dtype != arg.dtype:
            contribution = _cast(contribution, node, i, arg)
        shape = contribution.shape
        if shape == arg.shape:
            return contribution
        spread = _is_broadcast_of(shape, arg.shape)
        by_entry = node.primitive is not None and node.primitive.is_elementwise
        if spread and not by_entry:
            return unbroadcast(contribution, arg.shape)
        if spread and shape == node.shape:
            self.uses.setdefault(arg.tick, {})
            return contribution
        raise bad_rule(node, i, arg, f"it returned shape {shape}.")


def _cast(contribution: Cotangent, node: Tensor, i: int, arg: Tensor) -> Cotangent:
    if contribution.dtype == object and node.dtype != object:
        raise bad_rule(node, i, arg, "it returned dtype object.")
    if contribution.dtype.kind == "c" and arg.dtype.kind == "f":
        raise bad_rule(node, i, arg, "it returned complex numbers.")
    if contribution.dtype == object or arg.dtype == object:
        return contribution
    return cast(contribution, arg.dtype)  # type: ignore[return-value]


@overload
def unbroadcast(g: Tensor, shape: Shape) -> Tensor: ...
@overload
def unbroadcast(g: Array, shape: Shape) -> Array: ...
def unbroadcast(g: Cotangent, shape: Shape) -> Cotangent:
    """Sum over the axes along which NumPy repeated an argument of this shape.

    A copy feeds every repetition, so the cotangents of all repetitions add up.
    """
    extra = g.ndim - len(shape)
    axes = tuple(range(extra)) + tuple(
        extra + axis for axis, n in enumerate(shape) if n == 1 != g.shape[extra + axis]
    )
    if not axes:
        return g.reshape(shape)
    if isinstance(g, Tensor):
        return g.sum(axis=axes).reshape(shape)
    return as_array(add_up(g, axes), g.dtype).reshape(shape)


def _is_broadcast_of(shape: Shape, small: Shape) -> bool:
    extra = len(shape) - len(small)
    return extra >= 0 and all(
        n in (1, m) for n, m in zip(small, shape[extra:], strict=True)
    )
