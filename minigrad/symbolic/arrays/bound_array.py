"""Arrays of bounds: how large can the polynomials in a whole array be?

`Size` bounds one polynomial (sizes.py). Here one Size stands for all entries of an
array: degree and height are at least those of every entry, and all entries are over
one common denominator. So an operation on arrays costs what one on numbers does:

    a + b, a * b    as Sizes do
    a @ b           K products add up: the product, K times
    1 / a           over the product of all entries; the numerator of one entry is the
                    product of the others

The bare entries are NaN, all the same one. What loses its bound is thus found out: a
NaN is no number that a ring could lift. Heights are kept as logarithms, rounded up.
"""

from __future__ import annotations

import functools
import math
from fractions import Fraction
from typing import Any

import numpy as np

from minigrad.symbolic.arrays.exact_array import ExactArray
from minigrad.symbolic.arrays.field_array import dyadic
from minigrad.symbolic.rings.domains import NUMBERS, Ring
from minigrad.symbolic.rings.generators import Generator
from minigrad.symbolic.rings.sizes import Size, Sizes

_NAN = np.array(np.nan)


@functools.total_ordering
class Height:
    """A whole number that is at most 2**bits.

    >>> Height(3.0) + Height(3.0), Height(3.0) * 5
    (2^4.0, 2^5.3)
    """

    __slots__ = ("bits",)

    def __init__(self, bits: float) -> None:
        self.bits = bits

    def __repr__(self) -> str:
        return f"2^{self.bits:.1f}"

    @classmethod
    def of(cls, number: Any) -> Height:
        """Return the height of a whole number."""
        if isinstance(number, Height):
            return number
        return cls(_up(math.log2(number)) if number else -math.inf)

    def __add__(self, other: Any) -> Height:
        low, high = sorted((self.bits, Height.of(other).bits))
        if low == -math.inf:
            return Height(high)
        return Height(_up(high + _up(math.log2(1 + _up(2.0 ** (low - high))))))

    def __mul__(self, other: Any) -> Height:
        return Height(_up(self.bits + Height.of(other).bits))

    __radd__, __rmul__ = __add__, __mul__

    def __pow__(self, power: int) -> Height:
        return Height(_up(self.bits * power) if power else 0.0)

    def __bool__(self) -> bool:
        return self.bits > -math.inf

    def __eq__(self, other: object) -> bool:
        return self.bits == Height.of(other).bits

    def __lt__(self, other: Any) -> bool:
        return self.bits < Height.of(other).bits

    __hash__ = None  # type: ignore[assignment]

    def bit_length(self) -> int:
        """Return how many bits the number has at most, as for an integer."""
        return max(0, math.floor(self.bits) + 1) if self else 0


def _up(rounded: float) -> float:
    """Return a float above the true value of a result that was rounded.

    IEEE arithmetic is off by half a unit in the last place, a library's log2 by one.
    """
    if rounded == -math.inf:  # the logarithm of zero, exactly
        return rounded
    return math.nextafter(math.nextafter(rounded, math.inf), math.inf)


class _Sizes(Sizes):
    """The domain of sizes, with heights as logarithms."""

    def lift(self, number: Any) -> Size:
        size = super().lift(number)
        size.height = Height.of(size.height)  # type: ignore[assignment]
        return size


class ArraySizes(Ring):
    """The domain of bounds for whole arrays.

    >>> S = ArraySizes()
    >>> W, v = S.fresh("W", (2, 3)), S.fresh("v", (3,))
    >>> W @ v                  # 3 products add up
    BoundArray((2,): degree <= 2, height <= 2^1.6)
    """

    def __init__(self) -> None:
        super().__init__()
        self._sizes = _Sizes()

    def size(self, degree: int, height: Any, under: Any = None) -> Size:
        """Return the size of a polynomial, over a denominator."""
        return Size(degree, Height.of(height), under or {}, self._sizes)  # type: ignore[arg-type]

    def fresh(self, name: str, shape: tuple[int, ...] = ()) -> BoundArray:
        """Return the bound of new variables."""
        return self.array(self.size(1, 1), shape)

    def drawn_for(self, generator: Generator, at: Any) -> BoundArray:
        """Return the bound of a generator at all entries of an array."""
        self.met[generator.name] = generator
        return self.fresh(generator.name, at.shape)

    def array(self, bound: Size, shape: tuple[int, ...]) -> BoundArray:
        """Return an array of this shape with a bound for all its entries."""
        array = np.broadcast_to(_NAN, shape).view(BoundArray)
        array.ring, array.bound = self, bound
        return array

    def filled(self, number: int, shape: tuple[int, ...]) -> BoundArray:
        """Return the bound of an array with one integer everywhere."""
        return self.array(self._sizes.lift(number), shape)

    def lift(self, numbers: Any) -> BoundArray:
        """Return the bound of a number, or of all entries of an array of constants."""
        if isinstance(numbers, NUMBERS):
            return self.array(self._sizes.lift(numbers), ())
        array = np.asarray(numbers)
        if array.dtype.kind == "f" and array.dtype.itemsize <= 8:
            return self.array(self._of_floats(array), array.shape)
        sizes = map(self._sizes.lift, set(array.ravel().tolist()))
        bound = functools.reduce(larger, sizes, self.size(0, 0))
        return self.array(bound, array.shape)

    def _of_floats(self, array: np.ndarray) -> Size:
        """Integers over 2^k, the smallest power of two that serves all entries."""
        _, exponents = dyadic(array)
        below = max(0, -int(exponents.min(initial=0)))
        largest = Fraction(float(np.abs(array).max(initial=0))) * 2**below
        assert largest.denominator == 1
        under = {self._sizes.two: below} if below else {}
        return self.size(0, largest.numerator, under)


def larger(a: Any, b: Any) -> Any:
    """Return a bound for what may be either of two.

    >>> S = ArraySizes()
    >>> larger(S.fresh("x").bound, S.size(0, 3))
    degree <= 1, height <= 2^1.6
    """
    if a.under != b.under:
        return a + b  # brings both over one denominator
    return Size(max(a.degree, b.degree), max(a.height, b.height), a.under, a.ring)


class BoundArray(ExactArray):
    """An array of which only the shape is known, and a `bound` for every entry."""

    ring: Any
    bound: Any

    def __array_finalize__(self, source: Any) -> None:
        super().__array_finalize__(source)
        self.bound = getattr(source, "bound", None)

    def __repr__(self) -> str:
        return f"BoundArray({self.shape}: {self.bound})"

    def _with(self, bound: Any, other: Any) -> Any:
        return self.ring.array(bound, np.broadcast_shapes(self.shape, other.shape))

    def plus(self, other: Any) -> Any:
        """Return the bound of a + b."""
        other = self.lifted(other)
        return self._with(self.bound + other.bound, other)

    minus = plus  # a sign changes no size

    def times(self, other: Any) -> Any:
        other = self.lifted(other)
        return self._with(self.bound * other.bound, other)

    def negated(self) -> Any:
        """Return the bound of -a."""
        return self.ring.array(self.bound, self.shape)

    def after(self, other: Any) -> Any:
        """Return the bound of a @ b, where products add up along an axis."""
        a, b = self, self.lifted(other)
        rows, columns = a.shape[-2:-1], b.shape[-1:] * (b.ndim > 1)
        if a.shape[-1] != b.shape[-2 if b.ndim > 1 else -1]:
            raise ValueError(f"shapes {a.shape} and {b.shape} have no matrix product")
        batch = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
        bound = a.bound * b.bound * a.shape[-1]
        return self.ring.array(bound, (*batch, *rows, *columns))

    def summed(self, axis: Any = 0, keepdims: bool = False) -> Any:
        """Return the bound of the sum over the axes."""
        reduce: Any = np.add.reduce
        shape = reduce(self.raw, axis=axis, keepdims=keepdims).shape
        terms = self.size // max(1, math.prod(shape))
        return self.ring.array(self.bound * terms, shape)

    def running(self, axis: int = 0) -> Any:
        """Return the bound of the running sums along an axis."""
        return self.ring.array(self.bound * self.shape[axis], self.shape)

    def whole_power(self, n: int) -> Any:
        """Return the bound of a ** n for an integer n."""
        if n < 0:
            return self.reciprocal().whole_power(-n)
        return self.ring.array(self.bound.whole_power(n), self.shape)

    def inverse(self) -> Any:
        """N_i / D has the inverse D (product of N_j, j != i) / (product of all N_j)."""
        numerator, others = self.bound, max(0, self.size - 1)
        above = numerator.denominator()
        below = self.ring.size(
            numerator.degree * self.size, numerator.height**self.size
        )
        bound = self.ring.size(
            above.degree + numerator.degree * others,
            above.height * numerator.height**others,
            {below: 1},
        )
        return self.ring.array(bound, self.shape)

    def moved(self, call: Any, parts: list[Any]) -> Any:
        lifted = [self.lifted(part) for part in parts]
        shape = np.shape(call([part.raw for part in lifted]))
        bound = functools.reduce(larger, [part.bound for part in lifted])
        return self.ring.array(bound, shape)

    def add_at(self, index: Any, values: Any) -> None:
        """All values may be added to the same entry."""
        self.bound = self.bound + values.bound * max(1, self.raw[index].size)

    def __setitem__(self, index: Any, values: Any) -> None:
        self.bound = larger(self.bound, self.lifted(values).bound)
        self.known = {}

    def become(self, result: Any) -> Any:
        """Take on a result: what out= asks for."""
        self.bound, self.known = result.bound, {}
        return self
