"""Arrays over a prime field: residues modulo p < 2^31, calculated with by NumPy.

The sum of two residues and their product fit into 64 bits, so an operation on a whole
array is one NumPy call and a reduction modulo p. A matrix product goes through BLAS:
with a = 2^16 a1 + a0 and b = 2^16 b1 + b0,

    a b = 2^32 a1 b1 + 2^16 (a1 b0 + a0 b1) + a0 b0

each product of halves is below 2^32, and a sum of fewer than 2^21 of them is below
2^53, where double precision still counts every integer.
"""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Any

import numpy as np

from minigrad.symbolic.arrays.exact_array import ExactArray
from minigrad.symbolic.proving.identity import exact
from minigrad.symbolic.rings.domains import NUMBERS, Ring, fraction
from minigrad.symbolic.rings.generators import Generator

HALF = 16
LONGEST = 2**21  # the longest sum of products of halves that double precision holds


class ArrayField(Ring):
    """The integers modulo a prime below 2^31, and the random source of variables.

    >>> F = ArrayField(7, Random(0))
    >>> F.lift([5, 6]) * 3, F.lift([1]) / 3, F.lift(0.5)
    (FieldArray([1, 4] mod 7), FieldArray([5] mod 7), FieldArray(4 mod 7))
    """

    def __init__(self, p: int, random: Random) -> None:
        super().__init__()
        if p >= 2**31:
            raise ValueError(f"a product modulo {p} needs more than 64 bits")
        self.p = p
        self.modulus = np.uint64(p)
        self.drawn: Counter[str] = Counter()
        self._random = np.random.default_rng(random.getrandbits(128))
        self._numbers: dict[Any, FieldArray] = {}

    def fresh(self, name: str, shape: tuple[int, ...] = ()) -> FieldArray:
        """Draw the values of new variables; `drawn` counts them by name."""
        values = self._random.integers(0, self.p, shape, dtype=np.uint64)
        self.drawn[name] += np.size(values)
        return self.array(values)

    def drawn_for(self, generator: Generator, at: Any) -> FieldArray:
        """Draw the values of a generator at all entries of an array."""
        self.met[generator.name] = generator
        return self.fresh(generator.name, at.shape)

    def array(self, residues: Any) -> FieldArray:
        """Return residues, already reduced, as an array of this field."""
        array = np.asarray(residues, np.uint64).view(FieldArray)
        array.ring = self
        return array

    def reduced(self, numbers: Any) -> FieldArray:
        """Return numbers modulo p; `numbers` is ours and is written to."""
        numbers = np.asarray(numbers)
        multiples = np.floor_divide(numbers, self.modulus)  # twice as fast as %
        multiples *= self.modulus
        return self.array(np.subtract(numbers, multiples, out=numbers))

    def filled(self, number: int, shape: tuple[int, ...]) -> FieldArray:
        """Return an array with the same integer everywhere."""
        return self.array(np.full(shape, number % self.p, np.uint64))

    def lift(self, numbers: Any) -> FieldArray:
        """Bring a number or an array of them into the field, exactly."""
        if isinstance(numbers, NUMBERS):
            known = self._numbers.get(numbers)
            if known is None:
                known = self._numbers[numbers] = self.array(self._residue(numbers))
            return known
        array = np.asarray(numbers)
        if array.dtype.kind in "iub":
            array = array if array.dtype == np.uint64 else array.astype(np.int64)
            return self.array((array % self.p).astype(np.uint64))
        if array.dtype.kind == "f" and array.dtype.itemsize <= 8:
            return self._lifted_floats(array)
        entries = [self._residue(each) for each in array.ravel().tolist()]
        return self.array(np.array(entries, np.uint64).reshape(array.shape))

    def _residue(self, number: Any) -> int:
        value = fraction(number)
        if value.denominator % self.p == 0:
            raise ZeroDivisionError(f"the denominator of {value} is 0 modulo {self.p}")
        return value.numerator * pow(value.denominator, -1, self.p) % self.p

    def _lifted_floats(self, array: np.ndarray) -> FieldArray:
        odd, exponents = dyadic(array)
        if not array.size:
            return self.array(np.zeros(array.shape))
        least, greatest = int(exponents.min()), int(exponents.max())
        powers = [pow(2, k, self.p) for k in range(least, greatest + 1)]
        twos = np.array(powers, np.uint64)[exponents - least]
        return self.reduced(np.asarray((odd % self.p).astype(np.uint64) * twos))


def dyadic(floats: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return integers n and k with floats = n * 2**k, exactly; n is odd or zero.

    >>> dyadic(np.array([0.75, -6.0, 0.0]))
    (array([ 3, -3,  0]), array([-2,  1,  0]))

    Raises ValueError for infinities and NaN.
    """
    if not np.isfinite(floats).all():
        exact(floats)  # says why it cannot be had
    significand, exponent = np.frexp(floats.astype(np.float64))
    n = np.asarray(np.ldexp(significand, 53)).astype(np.int64)
    _, zeros = np.frexp((n & -n).astype(np.float64))  # n & -n is 2**(zeros - 1)
    zeros = np.where(n == 0, 0, zeros - 1)
    k = np.where(n == 0, 0, exponent.astype(np.int64) - 53 + zeros)
    return n >> zeros, k


class FieldArray(ExactArray):
    """An array of residues modulo a prime; made by its ring, an `ArrayField`."""

    ring: Any

    def __repr__(self) -> str:
        entries = np.array2string(self.raw, separator=", ")
        return f"FieldArray({entries} mod {self.ring.p})"

    def _raw(self, other: Any) -> np.ndarray:
        return self.lifted(other).raw

    def plus(self, other: Any) -> Any:
        """Return a + b."""
        return self.ring.reduced(self.raw + self._raw(other))

    def minus(self, other: Any) -> Any:
        """Return a - b."""
        return self.ring.reduced(self.raw + (self.ring.modulus - self._raw(other)))

    def times(self, other: Any) -> Any:
        return self.ring.reduced(self.raw * self._raw(other))

    def negated(self) -> Any:
        """Return -a."""
        return self.ring.reduced(self.ring.modulus - self.raw)

    def after(self, other: Any) -> Any:
        """Return the matrix product a @ b, by halves."""
        a, b = self.raw, self._raw(other)
        if a.shape[-1] >= LONGEST:
            return self._after_in_two(self.lifted(other))
        (a1, a0), (b1, b0) = _halves(a), _halves(b)
        modulus, shift = self.ring.modulus, np.uint64(HALF)
        total = _whole(a1 @ b1) % modulus
        total = ((total << shift) + _whole(a1 @ b0) + _whole(a0 @ b1)) % modulus
        return self.ring.reduced((total << shift) + _whole(a0 @ b0))

    def _after_in_two(self, other: Any) -> Any:
        half = self.shape[-1] // 2
        rows = (slice(None),) * (other.ndim > 1)  # b's rows are its last axis but one
        parts = (slice(None, half), slice(half, None))
        left, right = (self[..., k] @ other[(..., k, *rows)] for k in parts)
        return left + right

    def summed(self, axis: Any = 0, keepdims: bool = False) -> Any:
        """Return the sum over the axes; 2^33 residues fit into 64 bits."""
        reduce: Any = np.add.reduce
        return self.ring.reduced(reduce(self.raw, axis=axis, keepdims=keepdims))

    def running(self, axis: int = 0) -> Any:
        """Return the running sums along an axis."""
        return self.ring.reduced(np.add.accumulate(self.raw, axis=axis))

    def whole_power(self, n: int) -> Any:
        """Return a ** n for an integer n."""
        if n < 0:
            return self.reciprocal().whole_power(-n)
        power, square = self.filled(1), self
        while n:
            if n & 1:
                power = power.times(square)
            n >>= 1
            if n:
                square = square.times(square)
        return power

    def inverse(self) -> Any:
        """Return 1 / a = a ** (p - 2) (Fermat); ZeroDivisionError where a is zero."""
        if not self.raw.all():
            raise ZeroDivisionError("division by zero in the field")
        return self.whole_power(self.ring.p - 2)

    def moved(self, call: Any, parts: list[Any]) -> Any:
        return self.ring.array(call([self._raw(part) for part in parts]))

    def add_at(self, index: Any, values: Any) -> None:
        """Add values in at an index that may repeat."""
        np.add.at(self.raw, index, self._raw(values))
        self.become(self.ring.reduced(self.raw.copy()))

    def __setitem__(self, index: Any, values: Any) -> None:
        self.raw[index] = self._raw(values)
        self.known = {}

    def become(self, result: Any) -> Any:
        """Take on a result: what out= asks for."""
        self[...] = result
        return self


def _halves(a: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    high = a >> np.uint64(HALF)
    return high.astype(np.float64), (a - (high << np.uint64(HALF))).astype(np.float64)


def _whole(product: Any) -> Any:
    return np.asarray(product).astype(np.uint64)
