"""Exact numbers: arrays of residues modulo several primes at once, held in floats.

An identity between polynomials is tested at a random point modulo a random prime. One
test errs rarely, and three, modulo different primes, hardly ever. An array of
`Residues` holds the residues modulo all primes side by side, on a last axis that rows
of the table do not see:

    r mod (p, q, s)      raw[..., :] = (r_p, r_q, r_s)      |r_p| <= p / 2

The residues are *balanced*, whole numbers around zero, and are kept as float64, which
counts every integer up to 2^53. With p < 2^26 a product of two stays below 2^50, so
NumPy and BLAS calculate exactly, at their full speed (Dumas, Giorgi and Pernet 2008).
A matrix product splits one factor in two, so that long sums stay below 2^53 too:

    a @ b = (a @ b_high) 2^13 + a @ b_low
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from random import Random
from typing import TYPE_CHECKING, Any, Self, TypeVar

import numpy as np

from minigrad.exact import NUMBERS, meant
from minigrad.numpy_protocol.array_like import DOMAINS
from minigrad.proving.array_protocol import ADD_AT, ExactArray
from minigrad.proving.bounds import VARIABLE, ZERO, Bound, of_number, random_primes
from minigrad.types import Array, Axis, Index, Operand, Real, Shape

if TYPE_CHECKING:
    from minigrad.primitive import Primitive

T = TypeVar("T")
SPLIT = 2.0**13
SHORT = 8  # so many products of residues stay below 2^53 by themselves
LONGEST = 2**15  # the longest sum of products that one matrix product holds
BLOCK = 2**15  # numbers that are reduced at a time, to stay in the cache
DRAWN = 2**13  # residues that are drawn at a time


class Field:
    """The integers modulo each of several primes, and the source of random residues.

    >>> F = Field([7, 11], Random(0))
    >>> F.lift([5, 6]) * 3, F.lift(Fraction(1, 3)), F.lift(0.1)
    (Residues([1 4] mod 7, [4 7] mod 11), Residues(5 mod 7, 4 mod 11), Residues(5 mod 7, 10 mod 11))
    """  # noqa: E501

    def __init__(self, primes: Sequence[int], random: Random) -> None:
        self.primes = tuple(primes)
        self.count = len(self.primes)
        self._random = np.random.default_rng(random.getrandbits(128))
        self._cells = np.dtype((np.void, 8 * self.count))
        self._pool = np.zeros(0)
        self._numbers: dict[Real, Residues] = {}
        self._zeros: dict[Shape, Residues] = {}
        moduli = np.array(self.primes, float)
        self._p = np.tile(moduli, BLOCK)
        self._inverse_p = 1 / self._p
        self._half = np.floor(self._p / 2)

    @classmethod
    def drawn(cls, random: Random, count: int) -> Self:
        """Return a field with so many random primes."""
        return cls(random_primes(random, count), random)

    def array(self, raw: Array, bound: Bound) -> Residues:
        """Return an array of this field, from balanced residues."""
        return Residues(raw, self, bound)

    def draw(self, shape: Shape = ()) -> Residues:
        """Return new variables: residues that are drawn evenly at random."""
        n = self.count
        for length in shape:
            n *= length
        if n > self._pool.size:
            self._pool = self._drawn(max(n, DRAWN * self.count))
        raw, self._pool = self._pool[:n], self._pool[n:]
        return self.array(raw.reshape((*shape, self.count)), VARIABLE)

    def _drawn(self, n: int) -> Array:
        raw = self._random.random(n)
        size = self._p.size
        for start in range(0, n, size):
            part = raw[start : start + size]
            np.multiply(part, self._p[: part.size], part)
            np.floor(part, part)
            np.subtract(part, self._half[: part.size], part)
        return raw

    def reduced(self, raw: Array) -> Array:
        """Return whole numbers up to 2^53 modulo the primes; `raw` is written to."""
        flat = raw.reshape(-1)
        size = self._p.size
        for start in range(0, flat.size, size):
            part = flat[start : start + size]
            n = part.size
            quotient = part * self._inverse_p[:n]
            np.rint(quotient, quotient)
            np.multiply(quotient, self._p[:n], quotient)
            np.subtract(part, quotient, part)
        return raw

    def zeros(self, shape: Shape) -> Residues:
        """Return an array of zeros, which nobody may write to."""
        if shape not in self._zeros:
            raw = np.broadcast_to(np.zeros(self.count), (*shape, self.count))
            self._zeros[shape] = self.array(raw, ZERO)
        return self._zeros[shape]

    def filled(self, number: Operand, shape: Shape) -> Residues:
        """Return an array with one number in all entries."""
        return self.lift(number).moved(lambda a: np.broadcast_to(a, shape))

    def lift(self, number: Operand) -> Residues:
        """Bring a number, or an array of them, into the field, exactly.

        A float is read as the simple fraction that it stands for, if there is one:
        0.1 is 1/10. Raises ValueError or OverflowError for what is not finite.
        """
        if isinstance(number, NUMBERS):
            if number not in self._numbers:
                raw, bound = self._lifted(number)
                self._numbers[number] = self.array(raw, bound)
            return self._numbers[number]
        array = np.asarray(number)
        values, where = np.unique(array.ravel(), return_inverse=True)
        bound, raws = ZERO, np.zeros((max(1, values.size), self.count))
        for k, value in enumerate(values):
            raws[k], its = self._lifted(value)
            bound = its if k == 0 else bound.or_(its)
        shape = (*array.shape, self.count)
        return self.array(raws[where.ravel()].reshape(shape), bound)

    def _lifted(self, number: Real) -> tuple[Array, Bound]:
        value = meant(number)
        residues = [_balanced(value, p) for p in self.primes]
        return np.array(residues, float), of_number(value)


def _balanced(value: Fraction, p: int) -> int:
    if value.denominator % p == 0:
        raise ZeroDivisionError(f"the denominator of {value} is 0 modulo {p}")
    residue = value.numerator * pow(value.denominator, -1, p) % p
    return residue - p if residue > p // 2 else residue


class Residues(ExactArray):
    """An array of residues; made by its `Field`.

    raw    balanced residues as float64, with an axis for the primes behind the shape
    bound  how large the polynomials that they are values of can be
    known  what was calculated from this very array before: its inverse, its transpose
    """

    __slots__ = ("bound", "field", "known", "raw", "shape")

    def __init__(self, raw: Array, field: Field, bound: Bound) -> None:
        self.raw = raw
        self.field = field
        self.bound = bound
        self.shape = raw.shape[:-1]
        self.known: dict[str, Any] | None = None

    def __repr__(self) -> str:
        shown = (
            f"{each.astype(int)!s} mod {p}"
            for each, p in zip(self.residues(), self.field.primes, strict=True)
        )
        return f"Residues({', '.join(shown)})"

    def residues(self) -> Array:
        """Return the residues from 0 to p - 1, the primes along the first axis.

        >>> Field([7, 11], Random(0)).lift([5, 9]).residues()
        array([[5, 2],
               [5, 9]])
        """
        whole = self.raw.astype(np.int64) % np.array(self.field.primes)
        return np.moveaxis(whole, -1, 0)

    def equals(self, other: Residues) -> Array:
        """Say of each entry whether it equals another's, modulo every prime."""
        difference = self.plus(-other)
        return np.asarray((difference.residues() == 0).all(axis=0))

    def _of(self, raw: Array, bound: Bound) -> Self:
        """Return another array of this class and field."""
        return type(self)(raw, self.field, bound)

    def _made(self, raw: Array, bound: Bound) -> Self:
        return self._of(self.field.reduced(raw), bound)

    def _once(self, name: str, compute: Callable[[], T]) -> T:
        """Return what was calculated from this very array before, or calculate it."""
        if self.known is None:
            self.known = {}
        if name not in self.known:
            self.known[name] = compute()
        value: T = self.known[name]
        return value

    @property
    def T(self) -> Self:
        """The transpose, which a loop over time asks for again and again."""
        return self._once("T", lambda: self.moved(np.transpose))

    # ---------------------------------------------------------------- the words

    def like(self, number: Operand) -> Self:
        array = number if isinstance(number, type(self)) else self.field.lift(number)
        assert isinstance(array, type(self))  # a field makes arrays of one class
        return array

    def plus(self, other: Operand) -> Self:
        b = self.like(other)
        raw = np.add(self.raw, b.raw, order="C")
        return self._made(raw, self.bound + b.bound)

    def times(self, other: Operand) -> Self:
        if type(other) is int and other == -1:
            return self._of(-self.raw, self.bound)
        b = self.like(other)
        raw = np.multiply(self.raw, b.raw, order="C")
        return self._made(raw, self.bound * b.bound)

    def product(self, other: Operand) -> Self:
        a, b = self, self.like(other)
        length = a.shape[-1]
        if length != b.shape[-2 if b.ndim > 1 else -1]:
            raise ValueError(f"shapes {a.shape} and {b.shape} have no matrix product")
        if length > LONGEST:
            return a._product_in_two(b)
        bound = (a.bound * b.bound).repeated(length)
        left = a._stacked()
        left = left[:, None, :] if a.ndim == 1 else left
        if length <= SHORT:
            right = _columns(b._stacked(), b.ndim)
            result = self._made(_multiplied(left, right), bound)
        else:
            high, low = (_columns(half, b.ndim) for half in b._halves())
            total = self.field.reduced(_multiplied(left, high))
            total *= SPLIT
            total += _multiplied(left, low)
            result = self._made(total, bound)
        if a.ndim > 1 and b.ndim > 1:
            return result
        axes = (-2,) * (a.ndim == 1) + (-1,) * (b.ndim == 1)
        return result.reshape(_without(result.shape, axes))

    def _stacked(self) -> Array:
        """Return the residues with the primes in front, as BLAS takes them."""
        axes = (-1, *range(self.ndim))
        return self._once(
            "stacked", lambda: np.ascontiguousarray(self.raw.transpose(axes))
        )

    def _halves(self) -> tuple[Array, Array]:
        def split() -> tuple[Array, Array]:
            stacked = self._stacked()
            high = np.rint(stacked * (1 / SPLIT))
            return high, stacked - high * SPLIT

        return self._once("halves", split)

    def _product_in_two(self, other: Self) -> Self:
        half = self.shape[-1] // 2
        rows = (slice(None),) * (other.ndim > 1)  # b's rows are its last axis but one
        parts = (slice(None, half), slice(half, None))
        left, right = (self[..., k].product(other[(..., k, *rows)]) for k in parts)
        return left.plus(right)

    def inverse(self) -> Self:
        return self._once("inverse", self._inverted)

    def _inverted(self) -> Self:
        if not self.residues().all():
            raise ZeroDivisionError("division by zero in the field")
        inverses = [
            [_balanced(Fraction(1, v), p) for v in each.ravel().tolist()]
            for each, p in zip(self.residues(), self.field.primes, strict=True)
        ]
        raw = np.array(inverses, float).T.reshape(self.raw.shape)
        return self._of(np.ascontiguousarray(raw), self.bound.inverse(self.size))

    def sum(self, axis: Axis = None, keepdims: bool = False, **_: object) -> Self:
        axes = range(self.ndim) if axis is None else np.atleast_1d(axis)
        positions = tuple(int(k) % self.ndim for k in axes if self.ndim)
        raw = np.sum(self.raw, axis=positions, keepdims=keepdims)
        terms = self.raw.size // max(1, raw.size)
        return self._made(np.ascontiguousarray(raw), self.bound.repeated(terms))

    def cumsum(self, axis: int = 0) -> Self:
        raw = np.add.accumulate(self.raw, axis=axis % self.ndim)
        bound = self.bound.repeated(self.shape[axis])
        return self._made(np.ascontiguousarray(raw), bound)

    def moved(self, call: Callable[..., Array], *others: Operand) -> Self:
        arrays = [self, *map(self.like, others)]
        cells = call(*(each._as_cells() for each in arrays))
        raw = np.asarray(cells)[..., None].view(np.float64)
        bound = self.bound
        for each in arrays[1:]:
            bound = bound.or_(each.bound)
        return self._of(raw, bound)

    def _as_cells(self) -> Array:
        """Return the residues of each entry as one cell, which NumPy only moves."""
        return self.raw.view(self.field._cells)[..., 0]

    def become(self, result: Self) -> Self:
        self.raw, self.bound, self.known = result.raw, result.bound, None
        return self

    def add_at(self, index: Index, values: Operand) -> None:
        added = self.like(values)
        raw = np.ascontiguousarray(self.raw).copy()
        ADD_AT(raw, _also_all(index), added.raw)
        bound = self.bound + added.bound.repeated(added.size)
        self.become(self._made(raw, bound))

    def __setitem__(self, index: Index, values: Operand) -> None:
        written = self.like(values)
        if not self.raw.flags.writeable:
            self.raw = self.raw.copy()
        self.raw[_also_all(index)] = written.raw
        self.bound, self.known = self.bound.or_(written.bound), None

    def copy(self) -> Self:
        """Return an array of its own."""
        return self._of(self.raw.copy(), self.bound)


def _also_all(index: Index) -> Index:
    """Return an index that takes the whole last axis, of the primes, as well."""
    parts = index if isinstance(index, tuple) else (index,)
    if any(part is Ellipsis for part in parts):
        return (*parts, slice(None))
    return (*parts, ..., slice(None))


def _columns(stacked: Array, ndim: int) -> Array:
    """See a vector as matmul sees it on the right: a column."""
    return stacked[..., None] if ndim == 1 else stacked


def _multiplied(left: Array, right: Array) -> Array:
    """Return the matrix product for each prime; the primes come last in the result.

    Batches broadcast behind the axis of the primes, not along it.
    """
    more = right.ndim - left.ndim
    if more > 0:
        left = left.reshape((left.shape[0], *(1,) * more, *left.shape[1:]))
    elif more < 0:
        right = right.reshape((right.shape[0], *(1,) * -more, *right.shape[1:]))
    product = left @ right
    return np.ascontiguousarray(product.transpose((*range(1, product.ndim), 0)))


def _without(shape: Shape, axes: Shape) -> Shape:
    gone = {axis % len(shape) for axis in axes}
    return tuple(n for k, n in enumerate(shape) if k not in gone)


def _computed(row: Primitive, a: Residues) -> Residues:
    """Return what an elementwise row of one argument means at an array of residues."""
    return row.function(a) if isinstance(row.function, np.ufunc) else a.function(row)


DOMAINS[Residues] = _computed
