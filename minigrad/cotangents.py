"""Cotangents add up: what happens to the contributions of a backward walk.

A value used twice gets the cotangents of both uses, a value that was broadcast those
of all its repetitions. Here this is done once for all rules: adding, in place where
the total is our own; summing over broadcast axes; bringing a contribution to its
argument's shape and dtype, or saying which rule returned something else.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.array_like import as_array
from minigrad.messages import explain, user_line
from minigrad.refusals import bad_rule
from minigrad.table import cast
from minigrad.tensor import Tensor


class Cotangents:
    """The cotangents of a backward walk, while contributions to them add up.

    totals  what has been added so far; perhaps still in the shape of a broadcast use,
            since summing the broadcast axes once at the end is cheaper than each time
    owned   totals that are our own arrays, so that more can be added in place; a first
            contribution may be somebody else's array and is never written to
    uses    contributions put off, to be computed together: see `Linear.together`
    """

    __slots__ = ("owned", "record", "totals", "uses")

    def __init__(self, record: bool) -> None:
        self.record = record
        self.totals: dict[int, Any] = {}
        self.owned: set[int] = set()
        self.uses: dict[int, dict[Any, list[Any]]] = {}

    def add(self, arg: Tensor, contribution: Any) -> None:
        """Add a contribution to the cotangent of `arg`."""
        tick = arg.tick
        total = self.totals.get(tick)
        if total is None:
            self.totals[tick] = contribution
            return
        if total.shape != contribution.shape:  # used at several broadcast shapes
            total = unbroadcast(total, arg.shape)
            contribution = unbroadcast(contribution, arg.shape)
        elif tick in self.owned:
            np.add(total, contribution, out=total)
            return
        total = total + contribution
        if not self.record:
            total = as_array(total)
            self.owned.add(tick)
        self.totals[tick] = total

    def put_off(self, arg: Tensor, key: Any, use: Any) -> None:
        """Remember a use of `arg`, to be computed together with its other uses."""
        self.uses.setdefault(arg.tick, {}).setdefault(key, []).append(use)

    def complete(self, node: Tensor) -> Any:
        """Return a node's whole cotangent, now that all its uses have contributed."""
        for (primitive, i), uses in self.uses.pop(node.tick, {}).items():
            whole = self.fit(primitive.together[i](uses), uses[0][0], i, node)
            self.add(node, whole)
            self.owned.add(node.tick)
        total = self.totals.pop(node.tick, None)
        if total is not None and total.shape != node.data.shape:
            self.owned.add(node.tick)
            return unbroadcast(total, node.shape)
        return total

    def complete_parts(self, node: Tensor, operands: list[Any], edges: Any) -> None:
        """Of [x, y], compute only the cotangents asked for, straight from the uses."""
        uses = self.uses.pop(node.tick)
        primitive: Any = node.primitive
        for i, arg in edges:
            part = primitive.parts(i, operands, node.options)
            for (user, k), each in uses.items():
                contribution = user.together[k](each, part)
                self.add(arg, self.fit(contribution, node, i, arg))

    def fit(self, contribution: Any, node: Tensor, i: int, arg: Tensor) -> Any:
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
        if spread and not node.primitive.is_elementwise:
            return unbroadcast(contribution, arg.shape)
        if spread and shape == node.shape:
            self.uses.setdefault(arg.tick, {})
            return contribution
        raise bad_rule(node, i, arg, f"it returned shape {shape}.")


def _cast(contribution: Any, node: Tensor, i: int, arg: Tensor) -> Any:
    if contribution.dtype == object and node.dtype != object:
        raise bad_rule(node, i, arg, "it returned dtype object.")
    if contribution.dtype != object and arg.dtype != object:
        contribution = cast(contribution, arg.dtype)
    if arg.dtype.kind != "f" or contribution.dtype.kind != "c":
        return contribution
    if isinstance(contribution, Tensor):
        raise TypeError(
            explain(
                f"a recorded gradient, at {user_line()}",
                {"real argument": arg, "used by": node},
                "its cotangent is complex, and no primitive takes the real part.",
                "make the argument complex, or leave record=True away.",
            )
        )
    return contribution.real  # the direction in which arg can move


def unbroadcast(g: Any, shape: tuple[int, ...]) -> Any:
    """Sum over the axes along which NumPy repeated an argument of this shape.

    A copy feeds every repetition, so the cotangents of all repetitions add up.
    """
    extra = g.ndim - len(shape)
    axes = tuple(range(extra)) + tuple(
        extra + axis for axis, n in enumerate(shape) if n == 1 != g.shape[extra + axis]
    )
    summed = g.sum(axis=axes) if axes else g
    if not isinstance(g, Tensor):
        summed = as_array(summed, g.dtype)  # the sum of objects may be a bare object
    return summed.reshape(shape)


def _is_broadcast_of(shape: tuple[int, ...], small: tuple[int, ...]) -> bool:
    extra = len(shape) - len(small)
    return extra >= 0 and all(
        n in (1, m) for n, m in zip(small, shape[extra:], strict=True)
    )
