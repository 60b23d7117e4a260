"""Jets: arrays with a tangent, which differentiate the program that runs on them.

    (a, a') + (b, b') = (a + b, a' + b')
    (a, a') @ (b, b') = (a @ b, a' @ b + a @ b')
    moved (a, a')     = (moved a, moved a')       reshape, concatenate, where, ...

This is the reference of every proof. Nothing here is a rule of the table or a part of
the engine, so it can judge both. Value and tangent are exact arrays or arrays of
floats; a tangent of None is zero. (Clifford 1873; as forward mode, Wengert 1964.)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from minigrad.numpy_protocol.array_like import DOMAINS
from minigrad.proving.array_protocol import ADD_AT, ExactArray
from minigrad.types import Array, Axis, Index, Operand

Entries: TypeAlias = Array | ExactArray  # of a jet: floats, or exact numbers


class Jet(ExactArray):
    """An array of values and an array of their tangents, of one shape.

    >>> a = Jet(np.array([3.0, 4.0]), np.array([1.0, 0.0]))
    >>> a * a
    Jet(array([ 9., 16.]), array([6., 0.]))
    >>> (np.concatenate([a, np.zeros(1)]) * 2.0).tangent
    array([2., 0., 0.])
    """

    __slots__ = ("shape", "tangent", "value")

    rank = 1

    def __init__(self, value: Entries, tangent: Entries | None = None) -> None:
        self.value = value
        self.tangent = tangent
        self.shape = value.shape

    def __repr__(self) -> str:
        return f"Jet({self.value!r}, {self.tangent!r})"

    @property
    def T(self) -> Jet:
        """The transpose."""
        return self._both(lambda a: a.T)

    def like(self, number: Operand) -> Jet:
        if isinstance(number, Jet):
            return number
        if isinstance(self.value, ExactArray):
            return Jet(self.value.like(number))
        return Jet(np.asarray(number, self.value.dtype))

    def plus(self, other: Operand) -> Jet:
        b = self.like(other)
        value = self.value + b.value
        return Jet(value, _sum(_spread(self, value), _spread(b, value)))

    def times(self, other: Operand) -> Jet:
        b = self.like(other)
        left = None if self.tangent is None else self.tangent * b.value
        right = None if b.tangent is None else self.value * b.tangent
        return Jet(self.value * b.value, _sum(left, right))

    def product(self, other: Operand) -> Jet:
        b = self.like(other)
        left = None if self.tangent is None else self.tangent @ b.value
        right = None if b.tangent is None else self.value @ b.tangent
        return Jet(self.value @ b.value, _sum(left, right))

    def inverse(self) -> Jet:
        y = 1 / self.value
        return Jet(y, None if self.tangent is None else -(y * y * self.tangent))

    def sum(self, axis: Axis = None, keepdims: bool = False, **_: object) -> Jet:
        return self._both(lambda a: a.sum(axis=axis, keepdims=keepdims))

    def cumsum(self, axis: int = 0) -> Jet:
        return self._both(lambda a: np.cumsum(a, axis=axis))

    def _both(self, call: Callable[[Entries], Entries]) -> Jet:
        tangent = None if self.tangent is None else call(self.tangent)
        return Jet(call(self.value), tangent)

    def moved(self, call: Callable[..., Array], *others: Operand) -> Jet:
        jets = [self, *map(self.like, others)]
        value = _moved(call, [jet.value for jet in jets])
        if all(jet.tangent is None for jet in jets):
            return Jet(value)
        return Jet(value, _moved(call, [jet.full_tangent() for jet in jets]))

    def full_tangent(self) -> Entries:
        """Return the tangent as an array, zeros if nothing moves."""
        return np.zeros_like(self.value) if self.tangent is None else self.tangent

    def become(self, result: Jet) -> Jet:
        self.value, self.tangent = result.value, result.tangent
        return self

    def add_at(self, index: Index, values: Operand) -> None:
        added = self.like(values)
        ADD_AT(self.value, index, added.value)
        if added.tangent is not None:
            self.tangent = self.full_tangent()
            ADD_AT(self.tangent, index, added.tangent)

    def __setitem__(self, index: Index, values: Operand) -> None:
        written = self.like(values)
        self.value[index] = written.value
        if written.tangent is not None or self.tangent is not None:
            self.tangent = self.full_tangent()
            self.tangent[index] = written.full_tangent()


def _moved(call: Callable[..., Array], arrays: list[Entries]) -> Entries:
    first = next((a for a in arrays if isinstance(a, ExactArray)), None)
    if first is None:
        return call(*arrays)
    return first.like(arrays[0]).moved(call, *arrays[1:])


def _sum(left: Entries | None, right: Entries | None) -> Entries | None:
    if left is None:
        return right
    return left if right is None else left + right


def _spread(jet: Jet, value: Entries) -> Entries | None:
    """Return the tangent in the shape of a sum that the jet is a part of."""
    if jet.tangent is None or jet.shape == value.shape:
        return jet.tangent
    return np.broadcast_to(jet.tangent, value.shape)


DOMAINS[Jet] = lambda row, a: row.function(a)
