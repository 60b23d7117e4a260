"""Dual numbers, whole arrays at a time: the reference of large proofs.

    (a, a') + (b, b') = (a + b, a' + b')
    (a, a') @ (b, b') = (a @ b, a' @ b + a @ b')
    moved (a, a')     = (moved a, moved a')        reshape, concatenate, where, ...

As in duals.py, nothing here is a rule of the table: running the rows' functions on
these differentiates a program without a tape. The two halves are exact arrays.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.symbolic.arrays.protocol import ArrayProtocol
from minigrad.symbolic.rings.domains import fraction
from minigrad.symbolic.rings.generators import Generator


class DualArray(ArrayProtocol, np.lib.mixins.NDArrayOperatorsMixin):
    """An array of values and an array of their tangents, of one shape.

    >>> from random import Random
    >>> from minigrad.symbolic.arrays.field_array import ArrayField
    >>> F = ArrayField(11, Random(0))
    >>> a = DualArray(F.lift([3, 4]), F.lift([1, 0]))
    >>> a * a
    DualArray(FieldArray([9, 5] mod 11), FieldArray([6, 0] mod 11))
    """

    rank = 1
    dtype = np.dtype(object)  # as rows see it: entries with their own arithmetic

    def __init__(self, value: Any, tangent: Any) -> None:
        self.value = value
        self.tangent = tangent

    def __repr__(self) -> str:
        return f"DualArray({self.value!r}, {self.tangent!r})"

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        raise TypeError("an array of dual numbers is no array of floats")

    @property
    def ring(self) -> Any:
        """The ring of the entries of both halves."""
        return self.value.ring

    @property
    def shape(self) -> tuple[int, ...]:
        """The size along each axis."""
        return self.value.shape

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return self.value.ndim

    @property
    def size(self) -> int:
        """The number of entries."""
        return self.value.size

    @property
    def T(self) -> DualArray:
        """The transpose."""
        return DualArray(self.value.T, self.tangent.T)

    def __len__(self) -> int:
        return len(self.value)

    def lifted(self, number: Any) -> Any:
        """Return a constant as an array with tangent zero."""
        if isinstance(number, DualArray):
            return number
        value = self.value.lifted(number)
        return DualArray(value, value.filled(0))

    def filled(self, number: int, shape: tuple[int, ...] | None = None) -> Any:
        return self.lifted(self.value.filled(number, shape))

    def function(self, generator: Generator) -> DualArray:
        """Return (f(a), f'(a) a'), with the slope that the generator is known by."""
        y = self.value.function(generator)
        return DualArray(y, generator.slope(y, self.value) * self.tangent)

    # The words of ArrayProtocol.

    def plus(self, other: Any) -> Any:
        """Return a + b."""
        other = self.lifted(other)
        return DualArray(self.value + other.value, self.tangent + other.tangent)

    def minus(self, other: Any) -> Any:
        """Return a - b."""
        return self.plus(-self.lifted(other))

    def negated(self) -> Any:
        """Return -a."""
        return DualArray(-self.value, -self.tangent)

    def times(self, other: Any) -> Any:
        if not isinstance(other, DualArray):
            return DualArray(self.value * other, self.tangent * other)
        tangent = self.tangent * other.value + self.value * other.tangent
        return DualArray(self.value * other.value, tangent)

    def after(self, other: Any) -> Any:
        """Return the matrix product a @ b."""
        other = self.lifted(other)
        tangent = self.tangent @ other.value + self.value @ other.tangent
        return DualArray(self.value @ other.value, tangent)

    def over(self, other: Any) -> Any:
        """Return a / b."""
        if not isinstance(other, DualArray):
            return DualArray(self.value / other, self.tangent / other)
        y = self.value / other.value
        return DualArray(y, (self.tangent - y * other.tangent) / other.value)

    def reciprocal(self) -> Any:
        """Return 1 / a."""
        return self.lifted(1).over(self)

    def to_the(self, exponent: Any) -> Any:
        """Return a ** k for a number k."""
        if not isinstance(exponent, (int, float)):
            exponent = fraction(exponent)
        y = self.value**exponent
        if exponent == 0:
            return DualArray(y, self.tangent * 0)
        slope = exponent * self.value ** (fraction(exponent) - 1)
        return DualArray(y, slope * self.tangent)

    def summed(self, **how: Any) -> Any:
        """Return the sum over the axes."""
        return self._both(lambda half: np.add.reduce(half, **how))

    def running(self, **how: Any) -> Any:
        """Return the running sums along an axis."""
        return self._both(lambda half: np.add.accumulate(half, **how))

    def moved(self, call: Any, parts: list[Any]) -> Any:
        duals = [self.lifted(part) for part in parts]
        return DualArray(
            call([dual.value for dual in duals]), call([dual.tangent for dual in duals])
        )

    # The methods that rows call on an array.

    def _both(self, call: Any) -> DualArray:
        return DualArray(call(self.value), call(self.tangent))

    def __getitem__(self, index: Any) -> DualArray:
        return self._both(lambda half: half[index])

    def __setitem__(self, index: Any, other: Any) -> None:
        other = self.lifted(other)
        self.value[index], self.tangent[index] = other.value, other.tangent

    def add_at(self, index: Any, other: Any) -> None:
        """Add values in at an index that may repeat."""
        np.add.at(self.value, index, other.value)
        np.add.at(self.tangent, index, other.tangent)

    def become(self, result: Any) -> Any:
        """Take on a result: what out= asks for."""
        self.value, self.tangent = result.value, result.tangent
        return self

    def reshape(self, *shape: Any) -> DualArray:
        """Return the entries in another shape."""
        return self._both(lambda half: half.reshape(*shape))

    def transpose(self, *axes: Any) -> DualArray:
        """Permute the axes."""
        return self._both(lambda half: half.transpose(*axes))

    def sum(self, axis: Any = None, keepdims: bool = False) -> Any:
        """Return the sum over the axes."""
        return self.summed(axis=axis, keepdims=keepdims)

    def mean(self, axis: Any = None, keepdims: bool = False) -> Any:
        """Return the mean over the axes."""
        return self._both(lambda half: half.mean(axis, keepdims))

    def astype(self, *_: Any, **__: Any) -> Any:
        """Return the array: exact numbers have no precision to change."""
        return self
