"""Entry by entry: powers, roots and logarithms of any base.

Nothing may overflow on the way to a result that does not, so hypot divides by a power
of two first, and logaddexp takes the larger number out. What is taken out is chosen
once and recorded. The slope of cbrt is infinite at 0; that of hypot is 0 where both
numbers are 0.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minigrad.composite import composite
from minigrad.functions import array_of, of_one_width, power, where
from minigrad.numpy_protocol.array_like import as_array
from minigrad.numpy_protocol.arrays import integers
from minigrad.table import log, softplus, sqrt
from minigrad.types import Array, Given
from minigrad.writable_arrays.gathering import as_operand

__all__ = [
    "cbrt", "exp2", "frexp", "hypot", "ldexp", "log2", "log10", "logaddexp",
    "logaddexp2", "reciprocal",
]  # fmt: skip

LOG_2, LOG_10 = math.log(2.0), math.log(10.0)


def sign_of(x: Array) -> Array:
    """Return 1 with the sign of each number, that of zero included."""
    return as_array(np.copysign(1, x), x.dtype)


def root(a: Any, p: float = 2) -> Any:
    """Return the p-th root, which at 0 has slope 0 here."""
    zero = array_of(a) == 0
    if np.any(zero):
        return where(zero, 0, root(where(zero, 1, a), p))
    return sqrt(a) if p == 2 else power(a, 1 / p)


@composite
def reciprocal(x: Given) -> Given:
    """Return 1 / x.

    >>> reciprocal(Tensor([2.0, 4.0]))
    Tensor([0.5 , 0.25], made by divide)
    """
    return 1 / x


@composite
def cbrt(x: Given) -> Given:
    """Return the real cube root, of negative numbers too; slope infinite at 0.

    >>> cbrt(Tensor([-8.0, 1.0]))
    Tensor([-2.,  1.], made by multiply)
    """
    side = sign_of(array_of(x))
    return power(x * side, 1 / 3) * side


@composite
def exp2(x: Any) -> Any:
    """Return 2 ** x.

    >>> exp2(Tensor([-1.0, 3.0]))
    Tensor([0.5, 8. ], made by power)
    """
    return power(2.0, x)


@composite
def ldexp(x1: Given, x2: Any) -> Given:
    """Return x1 * 2 ** x2, for whole numbers x2.

    >>> ldexp(Tensor([0.5, 3.0]), [3, 1])
    Tensor([4., 6.], made by multiply)
    """
    exponent = integers(x2, "ldexp(x1, x2)", "x2")
    one, half = array_of(x1).dtype.type(1), exponent // 2  # 2 ** x2 may overflow
    return x1 * np.ldexp(one, half) * np.ldexp(one, exponent - half)


@composite
def frexp(x: Given) -> tuple[Given, Array]:
    """Return a number from 0.5 to 1 in size, and the power of two that is missing.

    The exponents are a choice, plain whole numbers.

    >>> frexp(Tensor([6.0, 0.5]))
    (Tensor([0.75, 0.5 ], made by multiply), array([3, 0], dtype=int32))
    """
    exponent = as_array(np.frexp(array_of(x))[1])
    return ldexp(x, -exponent), exponent


@composite
def log2(x: Given) -> Given:
    """Return the logarithm to base 2.

    >>> log2(Tensor(8.0))
    Tensor(3., made by divide)
    """
    return log(x) / LOG_2


@composite
def log10(x: Given) -> Given:
    """Return the logarithm to base 10.

    >>> log10(Tensor(100.0))
    Tensor(2., made by divide)
    """
    return log(x) / LOG_10


@composite
def logaddexp(x1: Any, x2: Any) -> Any:
    """Return log(exp(x1) + exp(x2)), without overflow; -inf is the logarithm of 0.

    >>> logaddexp(Tensor(1000.0), -np.inf)
    Tensor(1000., made by add)
    """
    larger, gap = _apart(x1, x2)
    return larger + softplus(gap)


@composite
def logaddexp2(x1: Any, x2: Any) -> Any:
    """Return log2(2 ** x1 + 2 ** x2), without overflow.

    >>> logaddexp2(Tensor(1000.0), 1000.0)
    Tensor(1001., made by add)
    """
    larger, gap = _apart(x1, x2)
    return larger + softplus(gap * LOG_2) / LOG_2


def _apart(x1: Any, x2: Any) -> tuple[Any, Any]:
    """Return the larger of two, and the smaller minus the larger."""
    x1, x2 = of_one_width(x1, x2)
    x, y = array_of(x1), array_of(x2)
    first = x >= y
    larger, smaller = where(first, x1, x2), where(first, x2, x1)
    alike = np.isinf(x) & (x == y)  # infinity minus infinity would not be 0
    if np.any(alike):
        return larger, where(alike, 0, smaller) - where(alike, 0, larger)
    return larger, smaller - larger


@composite
def hypot(x1: Any, x2: Any) -> Any:
    """Return sqrt(x1**2 + x2**2), without overflow; slope 0 where both are 0.

    >>> hypot(Tensor(3e200), 4e200)
    Tensor(5.e+200, made by multiply)
    """
    x1, x2 = map(as_operand, of_one_width(x1, x2))
    x, y = array_of(x1), array_of(x2)
    scale = _scale(np.maximum(np.abs(x), np.abs(y)))
    if np.any(scale != 1):
        x1, x2 = x1 / scale, x2 / scale
    size = root(x1 * x1 + x2 * x2)
    return size * scale if np.any(scale != 1) else size


def _scale(size: Array) -> Array:
    """Return a power of two for numbers whose squares would be lost, 1 for others."""
    if size.dtype.kind != "f":
        return np.ones(())
    most = np.finfo(size.dtype).maxexp
    exponent = np.where(np.isinf(size), most, np.frexp(size)[1]) - 1
    lost = (np.abs(exponent) > most // 2 - 2) & (size > 0)
    return np.ldexp(size.dtype.type(1), np.where(lost, exponent, 0))
