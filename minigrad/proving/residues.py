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
from typing import Any, Self

import numpy as np

from minigrad.array_like import DOMAINS
from minigrad.exact import NUMBERS, meant
from minigrad.proving.array_protocol import ExactArray
from minigrad.proving.bounds import VARIABLE, ZERO, Bound, of_number, random_primes

Array = np.ndarray

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
        self._numbers: dict[Any, Residues] = {}
        self._zeros: dict[tuple[int, ...], Residues] = {}
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

    def draw(self, shape: tuple[int, ...] = ()) -> Residues:
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

    def reduced(self, raw: Array, bound: Bound) -> Residues:
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
        return self.array(raw, bound)

    def zeros(self, shape: tuple[int, ...]) -> Residues:
        """Return an array of zeros, which nobody may write to."""
        if shape not in self._zeros:
            raw = np.broadcast_to(np.zeros(self.count), (*shape, self.count))
            self._zeros[shape] = self.array(raw, ZERO)
        return self._zeros[shape]

    def filled(self, number: Any, shape: tuple[int, ...]) -> Residues:
        """Return an array with one number in all entries."""
        return self.lift(number).moved(lambda a: np.broadcast_to(a, shape))

    def lift(self, number: Any) -> Residues:
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
        return self.array(raws[where.ravel()].reshape((*array.shape, -1)), bound)

    def _lifted(self, number: Any) -> tuple[Array, Bound]:
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

    def _made(self, raw: Array, bound: Bound) -> Residues:
        return self.field.reduced(raw, bound)

    @property
    def T(self) -> Residues:
        """The transpose, which a loop over time asks for again and again."""
        known = self._remembered()
        if "T" not in known:
            known["T"] = self.moved(np.transpose)
        return known["T"]

    # ---------------------------------------------------------------- the words

    def like(self, number: Any) -> Any:
        return number if type(number) is type(self) else self.field.lift(number)

    def plus(self, other: Any) -> Residues:
        b = self.like(other)
        raw = np.add(self.raw, b.raw, order="C")
        return self._made(raw, self.bound + b.bound)

    def times(self, other: Any) -> Residues:
        if type(other) is int and other == -1:
            return self.field.array(-self.raw, self.bound)
        b = self.like(other)
        raw = np.multiply(self.raw, b.raw, order="C")
        return self._made(raw, self.bound * b.bound)

    def product(self, other: Any) -> Residues:
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
            result = self.field.reduced(_multiplied(left, right), bound)
        else:
            high, low = (_columns(half, b.ndim) for half in b._halves())
            total = self.field.reduced(_multiplied(left, high), bound).raw
            total *= SPLIT
            total += _multiplied(left, low)
            result = self.field.reduced(total, bound)
        if a.ndim > 1 and b.ndim > 1:
            return result
        axes = (-2,) * (a.ndim == 1) + (-1,) * (b.ndim == 1)
        return result.reshape(_without(result.shape, axes))

    def _stacked(self) -> Array:
        """Return the residues with the primes in front, as BLAS takes them."""
        known = self._remembered()
        if "stacked" not in known:
            last = self.raw.ndim - 1
            stacked = np.ascontiguousarray(self.raw.transpose((last, *range(last))))
            known["stacked"] = stacked
        return known["stacked"]

    def _halves(self) -> tuple[Array, Array]:
        known = self._remembered()
        if "halves" not in known:
            stacked = self._stacked()
            high = np.rint(stacked * (1 / SPLIT))
            known["halves"] = high, stacked - high * SPLIT
        return known["halves"]

    def _product_in_two(self, other: Residues) -> Residues:
        half = self.shape[-1] // 2
        rows = (slice(None),) * (other.ndim > 1)  # b's rows are its last axis but one
        parts = (slice(None, half), slice(half, None))
        left, right = (self[..., k].product(other[(..., k, *rows)]) for k in parts)
        return left.plus(right)

    def _remembered(self) -> dict[str, Any]:
        if self.known is None:
            self.known = {}
        return self.known

    def inverse(self) -> Residues:
        known = self._remembered()
        if "inverse" not in known:
            if not self.residues().all():
                raise ZeroDivisionError("division by zero in the field")
            inverses = [
                [
                    _balanced(Fraction(1, v), p) if v else 0
                    for v in each.ravel().tolist()
                ]
                for each, p in zip(self.residues(), self.field.primes, strict=True)
            ]
            raw = np.array(inverses, float).T.reshape(self.raw.shape)
            bound = self.bound.inverse(self.size)
            known["inverse"] = self.field.array(np.ascontiguousarray(raw), bound)
        return known["inverse"]

    def sum(self, axis: Any = None, keepdims: bool = False, **_: Any) -> Residues:
        axes = range(self.ndim) if axis is None else np.atleast_1d(axis)
        wanted: Any = tuple(int(k) % self.ndim for k in axes if self.ndim)
        raw = np.sum(self.raw, axis=wanted, keepdims=keepdims)
        terms = self.raw.size // max(1, raw.size)
        return self._made(np.ascontiguousarray(raw), self.bound.repeated(terms))

    def cumsum(self, axis: int = 0) -> Residues:
        raw = np.add.accumulate(self.raw, axis=axis % self.ndim)
        bound = self.bound.repeated(self.shape[axis])
        return self._made(np.ascontiguousarray(raw), bound)

    def moved(self, call: Callable[..., Any], *others: Any) -> Residues:
        arrays = [self, *map(self.like, others)]
        cells = call(*(each._as_cells() for each in arrays))
        raw = np.asarray(cells)[..., None].view(np.float64)
        bound = self.bound
        for each in arrays[1:]:
            bound = bound.or_(each.bound)
        return self.field.array(raw, bound)

    def _as_cells(self) -> Array:
        """Return the residues of each entry as one cell, which NumPy only moves."""
        return self.raw.view(self.field._cells)[..., 0]

    def become(self, result: Residues) -> Residues:
        self.raw, self.bound, self.known = result.raw, result.bound, None
        return self

    def add_at(self, index: Any, values: Any) -> None:
        values, places = self.like(values), index
        places = places if isinstance(places, tuple) else (places,)
        raw = np.ascontiguousarray(self.raw).copy()
        np.add.at(raw, _also_all(places), values.raw)
        bound = self.bound + values.bound.repeated(values.size)
        self.become(self._made(raw, bound))

    def __setitem__(self, index: Any, values: Any) -> None:
        values = self.like(values)
        places = index if isinstance(index, tuple) else (index,)
        if not self.raw.flags.writeable:
            self.raw = self.raw.copy()
        self.raw[_also_all(places)] = values.raw
        self.bound, self.known = self.bound.or_(values.bound), None

    def copy(self) -> Residues:
        """Return an array of its own."""
        return self.field.array(self.raw.copy(), self.bound)


def _also_all(index: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return an index that takes the whole last axis, of the primes, as well."""
    if any(part is Ellipsis for part in index):
        return (*index, slice(None))
    return (*index, ..., slice(None))


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


def _without(shape: tuple[int, ...], axes: tuple[int, ...]) -> tuple[int, ...]:
    gone = {axis % len(shape) for axis in axes}
    return tuple(n for k, n in enumerate(shape) if k not in gone)


def _computed(row: Any, a: Residues) -> Any:
    """Return what an elementwise row of one argument means at an array of residues."""
    return row.function(a) if isinstance(row.function, np.ufunc) else a.function(row)


DOMAINS[Residues] = _computed
