"""Entry by entry, with a choice: signs, remainders, numbers that are missing.

What is chosen (a sign, a whole quotient, which numbers are NaN) is computed once and
recorded as a constant. So a remainder a - b q has slope 1 in a and -q in b, wherever it
does not jump. It is rounded like that, too: where a is much larger than b, few digits
are left. Functions whose whole answer is a choice (np.sign, np.floor, a // b) give
plain numbers: see QUESTIONS in `minigrad.numpy_protocol.numpy_calls`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.composite import Decision, composite
from minigrad.functions import absolute, array_of, chosen, of_one_width, where
from minigrad.messages import explained
from minigrad.numpy_protocol.array_like import as_array
from minigrad.types import Array, Given, Operand

__all__ = [
    "conj", "conjugate", "copysign", "divmod", "fabs", "fmax", "fmin", "fmod", "mod",
    "modf", "nan_to_num", "remainder",
]  # fmt: skip


@composite
def mod(x1: Any, x2: Any) -> Any:
    """Return x1 - x2 * floor(x1 / x2), the remainder with the sign of x2.

    >>> mod(Tensor([5.5, -1.0]), 2)
    Tensor([1.5, 1. ], made by subtract)
    """
    x1, x2 = of_one_width(x1, x2)
    x, y = array_of(x1), array_of(x2)
    rest = _without(x1, x2, np.floor_divide(x, y))
    return _rounded_as(np.mod(x, y), rest, y)


remainder = mod


@composite
def fmod(x1: Any, x2: Any) -> Any:
    """Return x1 - x2 * trunc(x1 / x2), the remainder with the sign of x1.

    >>> fmod(Tensor([5.5, -1.0]), 2)
    Tensor([ 1.5, -1. ], made by subtract)
    """
    x1, x2 = of_one_width(x1, x2)
    x, y = array_of(x1), array_of(x2)
    rest = _without(x1, x2, np.rint((x - np.fmod(x, y)) / y))
    return _rounded_as(np.fmod(x, y), rest, y)


def _without(a: Any, b: Any, q: Any) -> Any:
    """Return a - b q, of which an infinite b that is not taken away is no part."""
    b_numbers = array_of(b)
    if b_numbers.dtype.kind == "f" and np.any(np.isinf(b_numbers)):
        b = where(np.isinf(b_numbers) & (q == 0), 0, b)
    return a - b * q


def _rounded_as(exact: Array, rest: Any, b: Array) -> Any:
    """Mend a remainder that lost its digits because the quotient is large."""
    if exact.dtype.kind != "f":
        return rest
    off = exact - array_of(rest)
    lost = np.isfinite(off) & (np.abs(off) > 1e3 * np.finfo(off.dtype).eps * np.abs(b))
    return rest + np.where(lost, off, 0) if lost.any() else rest


@composite
def modf(x: Given) -> tuple[Given, Array]:
    """Return the part behind the point, and the whole numbers, which are plain.

    >>> modf(Tensor(-2.75))
    (Tensor(-0.75, made by subtract), array(-2.))
    """
    whole = as_array(np.trunc(array_of(x)))
    infinite = np.isinf(whole)
    if infinite.any():  # nothing is behind the point, and inf - inf would be NaN
        return where(infinite, 0, x) - np.where(infinite, 0, whole), whole
    return x - whole, whole


@composite
def divmod(x1: Any, x2: Any) -> tuple[Array, Any]:
    """Return floor(x1 / x2) as plain numbers, and the remainder.

    >>> divmod(Tensor(5.5), 2)
    (array(2.), Tensor(1.5, made by subtract))
    """
    x1, x2 = of_one_width(x1, x2)
    return as_array(np.floor_divide(array_of(x1), array_of(x2))), mod(x1, x2)


@composite
def fabs(x: Given) -> Given:
    """Return |x|; slope 0 at 0.

    >>> fabs(Tensor([-2.0, 3.0]))
    Tensor([2., 3.], made by multiply)
    """
    return absolute(x)


@composite
def copysign(x1: Any, x2: Operand) -> Any:
    """Return |x1| with the sign of x2, which is a choice; slope 0 at x1 = 0.

    >>> copysign(Tensor([2.0, -3.0]), -1.0)
    Tensor([-2., -3.], made by multiply)
    """
    x1, x2 = of_one_width(x1, x2)
    return x1 * (np.sign(array_of(x1)) * np.copysign(1, array_of(x2)))


@composite(decides=[Decision(">", of=0, than=1)])
def fmax(x1: Any, x2: Any) -> Any:
    """Return the larger of two, and the other beside NaN; ties share the gradient.

    >>> fmax(Tensor([1.0, np.nan]), 3.0)
    Tensor([3., 3.], made by where)
    """
    x, y = array_of(x1), array_of(x2)
    return chosen(x1, x2, (x > y) | _only(x, y), (y > x) | _only(y, x))


@composite(decides=[Decision("<", of=0, than=1)])
def fmin(x1: Any, x2: Any) -> Any:
    """Return the smaller of two, and the other beside NaN; ties share the gradient.

    >>> fmin(Tensor([1.0, np.nan]), 3.0)
    Tensor([1., 3.], made by where)
    """
    x, y = array_of(x1), array_of(x2)
    return chosen(x1, x2, (x < y) | _only(x, y), (y < x) | _only(y, x))


def _only(x: Array, y: Array) -> Array:
    """Return where x is a number, and y is none; only NaN differs from itself."""
    return (x == x) & (y != y)


@composite
def nan_to_num(
    x: Given,
    copy: bool = True,
    nan: float = 0.0,
    posinf: float | None = None,
    neginf: float | None = None,
) -> Given:
    """Return x with numbers for NaN and infinity, of slope 0; x itself stays as it is.

    >>> nan_to_num(Tensor([np.nan, 2.0]))
    Tensor([0., 2.], made by where)
    """
    if not copy:
        raise explained(
            ValueError,
            "nan_to_num(x, copy=False)",
            {"x": x},
            "a Tensor is never written into.",
            "leave copy=False out: t = np.nan_to_num(t).",
        )
    numbers = array_of(x)
    if np.isfinite(numbers).all():
        return x
    return where(
        np.isfinite(numbers), x, np.nan_to_num(numbers, True, nan, posinf, neginf)
    )


@composite
def conjugate(x: Given) -> Given:
    """Return the complex conjugate, which of real numbers is x itself.

    >>> conjugate(Tensor(2.0))
    Tensor(2.)
    """
    return x


conj = conjugate
