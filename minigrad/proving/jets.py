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
from typing import Any

import numpy as np

from minigrad.array_like import DOMAINS
from minigrad.proving.array_protocol import ExactArray


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

    def __init__(self, value: Any, tangent: Any = None) -> None:
        self.value = value
        self.tangent = tangent
        self.shape = value.shape

    def __repr__(self) -> str:
        return f"Jet({self.value!r}, {self.tangent!r})"

    @property
    def T(self) -> Jet:
        """The transpose."""
        return self._both(lambda a: a.T)

    def like(self, number: Any) -> Jet:
        if isinstance(number, Jet):
            return number
        if isinstance(self.value, ExactArray):
            return Jet(self.value.like(number))
        return Jet(np.asarray(number, self.value.dtype))

    def plus(self, other: Any) -> Jet:
        b = self.like(other)
        value = self.value + b.value
        return Jet(value, _sum(_spread(self, value), _spread(b, value)))

    def times(self, other: Any) -> Jet:
        b = self.like(other)
        left = None if self.tangent is None else self.tangent * b.value
        right = None if b.tangent is None else self.value * b.tangent
        return Jet(self.value * b.value, _sum(left, right))

    def product(self, other: Any) -> Jet:
        b = self.like(other)
        left = None if self.tangent is None else self.tangent @ b.value
        right = None if b.tangent is None else self.value @ b.tangent
        return Jet(self.value @ b.value, _sum(left, right))

    def inverse(self) -> Jet:
        y = 1 / self.value
        return Jet(y, None if self.tangent is None else -(y * y * self.tangent))

    def sum(self, axis: Any = None, keepdims: bool = False, **_: Any) -> Jet:
        return self._both(lambda a: a.sum(axis=axis, keepdims=keepdims))

    def cumsum(self, axis: int = 0) -> Jet:
        return self._both(lambda a: np.cumsum(a, axis=axis))

    def _both(self, call: Callable[..., Any]) -> Jet:
        tangent = None if self.tangent is None else call(self.tangent)
        return Jet(call(self.value), tangent)

    def moved(self, call: Callable[..., Any], *others: Any) -> Jet:
        jets = [self, *map(self.like, others)]
        value = _moved(call, [jet.value for jet in jets])
        if all(jet.tangent is None for jet in jets):
            return Jet(value)
        return Jet(value, _moved(call, [jet.full_tangent() for jet in jets]))

    def full_tangent(self) -> Any:
        """Return the tangent as an array, zeros if nothing moves."""
        return np.zeros_like(self.value) if self.tangent is None else self.tangent

    def become(self, result: Jet) -> Jet:
        self.value, self.tangent = result.value, result.tangent
        return self

    def add_at(self, index: Any, values: Any) -> None:
        values = self.like(values)
        np.add.at(self.value, index, values.value)
        if values.tangent is not None:
            self.tangent = self.full_tangent()
            np.add.at(self.tangent, index, values.tangent)

    def __setitem__(self, index: Any, values: Any) -> None:
        values = self.like(values)
        self.value[index] = values.value
        if values.tangent is not None or self.tangent is not None:
            self.tangent = self.full_tangent()
            self.tangent[index] = values.full_tangent()


def _moved(call: Callable[..., Any], arrays: list[Any]) -> Any:
    first = next((a for a in arrays if isinstance(a, ExactArray)), None)
    if first is None:
        return call(*arrays)
    return first.like(arrays[0]).moved(call, *arrays[1:])


def _sum(left: Any, right: Any) -> Any:
    if left is None:
        return right
    return left if right is None else left + right


def _spread(jet: Jet, value: Any) -> Any:
    """Return the tangent in the shape of a sum that the jet is a part of."""
    if jet.tangent is None or jet.shape == value.shape:
        return jet.tangent
    return np.broadcast_to(jet.tangent, value.shape)


DOMAINS[Jet] = lambda row, a: row.function(a)
