"""What NumPy's functions mean on arrays whose entries are not floats: a few words.

The rows of the table ask much of NumPy, but in two kinds only. Some functions
calculate: they add, multiply, divide, sum, multiply matrices. All others only move
entries about (reshape, concatenate, where), and moving is the same for all numbers.

    plus, times, matmul, inverse, sum, cumsum    what a class of arrays says
    moved(call, arrays)                          a call that moves entries of arrays

Here NumPy's many names are translated into these words. What is not listed is refused:
an unlisted function would calculate with whatever is inside.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NoReturn, Self

import numpy as np

from minigrad.exact import NUMBERS, fraction
from minigrad.messages import explained
from minigrad.numpy_protocol.array_like import ArrayLike
from minigrad.types import Array, Axis, Index, Operand, Shape

if TYPE_CHECKING:
    from minigrad.primitive import Primitive

MOVES_ONE = (
    np.broadcast_to, np.reshape, np.transpose, np.swapaxes, np.moveaxis, np.ravel,
    np.squeeze, np.expand_dims, np.flip, np.roll, np.repeat, np.tile, np.diagonal,
    np.tril, np.triu, np.take, np.atleast_1d, np.atleast_2d, np.take_along_axis,
)  # fmt: skip
MOVES_SEVERAL = (np.concatenate, np.stack, np.vstack, np.hstack, np.column_stack)
ADD_AT: Callable[..., None] = np.add.at  # in any kind of array, at any kind of index


class ExactArray:
    """An array with entries of its own kind: what all such arrays have in common.

    rank   where two classes meet, the higher one calculates
    dtype  as rows and engine see it: objects, which have no precision to choose

    A class says the words above, `like(number)`, which makes an array of it, and
    `become(result)` and `add_at(index, values)`, which write in place. `function(row,
    *others)` and `power(exponent)` are for arrays that know functions.
    """

    __slots__ = ()

    rank = 0
    dtype = np.dtype(object)
    shape: Shape

    if TYPE_CHECKING:  # the words, which each class says for itself

        def like(self, number: Operand) -> Self: ...
        def plus(self, other: Operand) -> Self: ...
        def times(self, other: Operand) -> Self: ...
        def product(self, other: Operand) -> Self: ...
        def inverse(self) -> Self: ...
        def sum(
            self, axis: Axis = None, keepdims: bool = False, **_: object
        ) -> Self: ...
        def cumsum(self, axis: int = 0) -> Self: ...
        def moved(self, call: Callable[..., Array], *others: Operand) -> Self: ...
        def become(self, result: Self) -> Self: ...
        def add_at(self, index: Index, values: Operand) -> None: ...
        def __setitem__(self, index: Index, values: Operand) -> None: ...

    def function(self, row: Primitive | np.ufunc, *others: Operand) -> Self:
        """Return what an elementwise row means at this array."""
        raise self._unknown(row)

    def power(self, exponent: Operand) -> Self:
        """Return a ** k for a number k that is no integer."""
        raise self._unknown(np.power)

    # ------------------------------------------------------------ NumPy's many names

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """The number of entries."""
        n = 1
        for length in self.shape:
            n *= length
        return n

    @property
    def T(self) -> Self:
        """The transpose."""
        return self.moved(np.transpose)

    def __len__(self) -> int:
        return self.shape[0]

    def __iter__(self) -> Iterator[Self]:
        return (self[k] for k in range(len(self)))

    def __add__(self, other: Operand) -> Self:
        return NotImplemented if self._yields_to(other) else self.plus(other)

    __radd__ = __add__

    def __sub__(self, other: Operand) -> Self:
        if self._yields_to(other):
            return NotImplemented
        return self.plus(-self.like(other))

    def __rsub__(self, other: Operand) -> Self:
        return (-self).plus(other)

    def __mul__(self, other: Operand) -> Self:
        return NotImplemented if self._yields_to(other) else self.times(other)

    __rmul__ = __mul__

    def __neg__(self) -> Self:
        return self.times(-1)

    def __pos__(self) -> Self:
        return self

    def __matmul__(self, other: Operand) -> Self:
        return NotImplemented if self._yields_to(other) else self.product(other)

    def __rmatmul__(self, other: Operand) -> Self:
        return self.like(other).product(self)

    def __truediv__(self, other: Operand) -> Self:
        if self._yields_to(other):
            return NotImplemented
        if isinstance(other, NUMBERS):
            return self.times(1 / fraction(other))
        return self.times(self.like(other).inverse())

    def __rtruediv__(self, other: Operand) -> Self:
        return self.inverse().times(other)

    def __pow__(self, exponent: Operand) -> Self:
        if isinstance(exponent, np.ndarray) and exponent.ndim == 0:
            exponent = exponent.item()
        if not isinstance(exponent, NUMBERS) or fraction(exponent).denominator > 1:
            return self.power(exponent)
        return self.whole_power(int(exponent))

    def __rpow__(self, base: Operand) -> Self:
        return self.like(base).power(self)

    def whole_power(self, n: int) -> Self:
        """Return a ** n for an integer n."""
        if n < 0:
            return self.inverse().whole_power(-n)
        power, square = None, self
        while n:
            if n & 1:
                power = square if power is None else power.times(square)
            n >>= 1
            square = square.times(square) if n else square
        return self.times(0).plus(1) if power is None else power

    def mean(self, axis: Axis = None, keepdims: bool = False, **_: object) -> Self:
        """Return the mean over the axes."""
        total = self.sum(axis, keepdims)
        return total.times(Fraction(total.size, self.size)) if total.size else total

    def reshape(self, *shape: int | Shape) -> Self:
        """Return the entries in another shape."""
        new_shape = shape[0] if len(shape) == 1 else shape
        return self.moved(lambda a: a.reshape(new_shape))

    def transpose(self, *axes: int | Shape | None) -> Self:
        """Permute the axes."""
        return self.moved(lambda a: a.transpose(*axes))

    def __getitem__(self, index: Index) -> Self:
        return self.moved(lambda a: a[index])

    def astype(self, *_: object, **__: object) -> Self:
        """Return the array: exact numbers have no precision to change."""
        return self

    def __array__(self, dtype: object = None, copy: bool | None = None) -> NoReturn:
        raise self._unknown(np.asarray)

    def __bool__(self) -> bool:
        raise self._unknown(bool)

    __float__ = __int__ = __bool__

    def _compared(self, other: object) -> NoReturn:
        raise self._unknown(np.less)

    __lt__ = __le__ = __gt__ = __ge__ = _compared

    def __array_ufunc__(
        self,
        ufunc: np.ufunc,
        method: str,
        *inputs: Any,
        out: tuple[ExactArray] | None = None,
        **options: object,
    ) -> object:
        if any(map(self._yields_to, inputs)):
            return NotImplemented
        if method == "at" and ufunc is np.add:
            target, index, values = inputs
            return target.add_at(index, self.like(values))
        options.pop("dtype", None)
        word = WORDS.get((ufunc, method))
        if word is not None:
            result = word(*map(self.like, inputs[:1]), *inputs[1:], **options)
        elif method == "__call__" and not options:
            result = self.like(inputs[0]).function(ufunc, *inputs[1:])
        else:
            raise self._unknown(ufunc)
        return result if out is None else out[0].become(result)

    def __array_function__(
        self,
        function: Callable[..., Any],
        types: Iterable[type],
        args: Any,
        options: dict[str, Any],
    ) -> object:
        if any(getattr(each, "rank", 0) > self.rank for each in types):
            return NotImplemented
        if function in MOVES_ONE:
            return args[0].moved(lambda a: function(a, *args[1:], **options))
        if function in MOVES_SEVERAL:
            first, *rest = map(self.like, args[0])
            return first.moved(
                lambda *arrays: function(arrays, *args[1:], **options), *rest
            )
        if function is np.where and len(args) == 3:
            mask, a, b = args
            return self.like(a).moved(
                lambda a, b: np.asarray(np.where(mask, a, b)), self.like(b)
            )
        if function in OTHER_WORDS:
            return OTHER_WORDS[function](self, *args, **options)
        raise self._unknown(function)

    def _yields_to(self, other: object) -> bool:
        """Is it for the other to compute: a Tensor, or an array of a higher rank?"""
        return isinstance(other, ArrayLike) or getattr(other, "rank", 0) > self.rank

    def filled(self, number: int, shape: Shape | None = None) -> Self:
        """Return an array of this class with one integer in all entries."""
        new_shape = self.shape if shape is None else shape
        return self.like(number).moved(lambda a: np.broadcast_to(a, new_shape).copy())

    def _unknown(self, function: object) -> TypeError:
        name = getattr(function, "__name__", None) or getattr(function, "name", "")
        return explained(
            TypeError,
            f"{name} of an exact array",
            f"exact numbers know + - * / @, sums, and what moves entries; not {name}.",
            "write the row with those.",
        )


WORDS: dict[tuple[np.ufunc, str], Callable[..., ExactArray]] = {
    (np.add, "__call__"): lambda a, b: a + b,
    (np.subtract, "__call__"): lambda a, b: a - b,
    (np.multiply, "__call__"): lambda a, b: a * b,
    (np.true_divide, "__call__"): lambda a, b: a / b,
    (np.matmul, "__call__"): lambda a, b: a @ b,
    (np.power, "__call__"): lambda a, k: a**k,
    (np.negative, "__call__"): lambda a: -a,
    (np.positive, "__call__"): lambda a: a,
    (np.square, "__call__"): lambda a: a * a,
    (np.reciprocal, "__call__"): lambda a: a.inverse(),
    (np.add, "reduce"): lambda a, axis=0, keepdims=False: a.sum(axis, keepdims),
    (np.add, "accumulate"): lambda a, axis=0: a.cumsum(axis),
}
OTHER_WORDS: dict[Callable[..., object], Callable[..., object]] = {
    np.sum: lambda me, a, axis=None, **how: a.sum(axis=axis, **how),
    np.mean: lambda me, a, axis=None, **how: a.mean(axis=axis, **how),
    np.cumsum: lambda me, a, axis: a.cumsum(axis),
    np.zeros_like: lambda me, a, shape=None, **_: a.filled(0, shape),
    np.ones_like: lambda me, a, shape=None, **_: a.filled(1, shape),
    np.zeros: lambda me, shape, *_, **__: me.filled(0, shape),
    np.shape: lambda me, a: a.shape,
    np.ndim: lambda me, a: a.ndim,
    np.size: lambda me, a: a.size,
    np.dot: lambda me, a, b: me.like(a) @ b,
    np.copy: lambda me, a, **_: a.moved(np.copy),
    np.array2string: lambda me, a, **_: repr(a),
    np.split: lambda me, a, *how, **more: [
        a[index] for index in _pieces(a.shape, *how, **more)
    ],
}


def _pieces(
    shape: Shape, where: int | Sequence[int], axis: int = 0
) -> list[tuple[slice, ...]]:
    """Return the index of each piece that np.split cuts."""
    numbered = np.split(np.arange(shape[axis]), where)
    before = (slice(None),) * (axis % len(shape))
    return [(*before, slice(n[0], n[-1] + 1) if len(n) else slice(0)) for n in numbered]
