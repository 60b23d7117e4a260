"""Rows of coefficients: convolutions, and polynomials, the highest power first.

A convolution is a matrix product: the longer row is cut into blocks as long as the
shorter one, which stands in a matrix in every place where it may meet a block.

The product of two polynomials is the convolution of their coefficients. How many zeros
a row begins with is a choice: those are left out where NumPy leaves them out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad.composite import composite
from minigrad.composites.arranging import trim_zeros
from minigrad.composites.axes import atleast_1d
from minigrad.composites.calculus import between
from minigrad.functions import array_of, concatenate, power, shape_of
from minigrad.reductions import in_float32
from minigrad.table import add, broadcast, matmul, reshape, scatter, subtract
from minigrad.types import OneArray
from minigrad.writable_arrays.gathering import as_operand

__all__ = [
    "convolve", "correlate", "poly", "polyadd", "polyder", "polydiv", "polyint",
    "polymul", "polysub", "polyval", "vander",
]  # fmt: skip

# ------------------------------------------------------------------------ convolutions


@composite
@in_float32
def convolve(a: OneArray, v: OneArray, mode: str = "full") -> OneArray:
    """Return the sums of a[i] v[k - i] for each k: all, as many as `same`, or `valid`.

    `same` gives as many as the longer row has, from the middle; `valid` those where the
    shorter row meets entries only.

    >>> convolve(mg.Tensor([1.0, 2.0, 3.0]), [1.0, 10.0]).data
    array([ 1., 12., 23., 30.])
    """
    a, v = (reshape(each, (1,)) if not shape_of(each) else each for each in (a, v))
    if len(shape_of(a)) != 1 or len(shape_of(v)) != 1:
        raise ValueError("both are rows, of one axis")
    if shape_of(a) < shape_of(v):
        a, v = v, a
    (n,), (m,) = shape_of(a), shape_of(v)
    if not m:
        raise ValueError("both need entries")
    starts = {
        "full": (0, n + m - 1),
        "same": ((m - 1) // 2, n),
        "valid": (m - 1, n - m + 1),
    }
    if mode not in starts:
        raise ValueError(f"mode is full, same or valid, and not {mode!r}")
    blocks = -(-n // m)
    if n < blocks * m:
        a = scatter(a, shape=(blocks * m,), index=slice(n))
    i, k = np.ogrid[:m, :m]
    placed = scatter(broadcast(v, shape=(m, m)), shape=(m, 2 * m - 1), index=(i, i + k))
    products = matmul(reshape(a, (blocks, m)), placed)
    block, j = np.ogrid[:blocks, : 2 * m - 1]
    row = scatter(products, shape=((blocks + 1) * m - 1,), index=block * m + j)
    start, length = starts[mode]
    return row[start : start + length]


@composite
def correlate(a: OneArray, v: OneArray, mode: str = "valid") -> OneArray:
    """Return the sums of a[i + k] v[i] for each k, with the modes of `convolve`.

    >>> correlate(mg.Tensor([1.0, 2.0, 3.0]), [1.0, 10.0]).data
    array([21., 32.])
    """
    if shape_of(a) >= shape_of(v):
        return convolve(a, as_operand(v)[::-1], mode)
    return convolve(v, as_operand(a)[::-1], mode)[::-1]


# ------------------------------------------------------------------------- polynomials


@composite
def poly(seq_of_zeros: OneArray) -> OneArray:
    """Return the coefficients of (x - z_1) ... (x - z_n), of its zeros z.

    >>> poly(mg.Tensor([1.0, 2.0])).data
    array([ 1., -3.,  2.])
    """
    zeros = atleast_1d(seq_of_zeros)
    if zeros.ndim != 1:
        raise ValueError("the zeros are a row; those of a matrix are its eigenvalues")
    row: Any = np.ones(1, zeros.dtype)
    for zero in zeros:
        n = len(row)
        row = _placed(row, n + 1, 0) - zero * _placed(row, n + 1, 1)
    return row


def _placed(row: Any, length: int, start: int) -> Any:
    """Return a row that is longer, by zeros before and after."""
    if len(row) == length:
        return row
    return scatter(row, shape=(length,), index=slice(start, start + len(row)))


@composite
def polyadd(a1: OneArray, a2: OneArray) -> OneArray:
    """Return the coefficients of the sum of two polynomials.

    >>> polyadd(mg.Tensor([1.0, 2.0]), [3.0]).data
    array([1., 5.])
    """
    return _as_long(add, a1, a2)


@composite
def polysub(a1: OneArray, a2: OneArray) -> OneArray:
    """Return the coefficients of the difference of two polynomials.

    >>> polysub(mg.Tensor([1.0, 2.0]), [3.0]).data
    array([ 1., -1.])
    """
    return _as_long(subtract, a1, a2)


def _as_long(operation: Callable[..., Any], a1: Any, a2: Any) -> Any:
    rows = atleast_1d(a1, a2)
    n = max(map(len, rows))
    return operation(*(_placed(row, n, n - len(row)) for row in rows))


@composite
def polymul(a1: OneArray, a2: OneArray) -> OneArray:
    """Return the coefficients of the product of two polynomials.

    >>> polymul(mg.Tensor([1.0, 2.0]), [1.0, -2.0]).data
    array([ 1.,  0., -4.])
    """
    return convolve(_without_zeros(a1), _without_zeros(a2))


def _without_zeros(row: Any) -> Any:
    """Leave out the zeros in front, but for the last coefficient."""
    row = atleast_1d(row)
    return trim_zeros(row, "f") if np.any(array_of(row)) else row[-1:]


@composite
def polydiv(u: OneArray, v: OneArray) -> tuple[OneArray, OneArray]:
    """Return quotient and remainder of two polynomials, by long division.

    >>> quotient, remainder = polydiv(mg.Tensor([1.0, 0.0, -3.0]), [1.0, 2.0])
    >>> quotient.data, remainder.data
    (array([ 1., -2.]), array([1.]))
    """
    u, v = atleast_1d(u, v)
    rest, quotients = u, []
    while len(rest) >= len(v):
        quotient = rest[:1] / v[:1]
        quotients.append(quotient)
        rest = rest[1:] - _placed(quotient * v[1:], len(rest) - 1, 0)
    while len(rest) > 1 and np.allclose(array_of(rest[0]), 0, rtol=1e-14):
        rest = rest[1:]
    nothing = np.zeros(1, np.result_type(array_of(u), array_of(v)))
    whole = concatenate(quotients) if quotients else nothing
    return whole, rest if len(rest) else nothing


@composite
def polyder(p: OneArray, m: int = 1) -> OneArray:
    """Return the coefficients of the m-th derivative of a polynomial.

    >>> polyder(mg.Tensor([1.0, 5.0, 7.0])).data
    array([2., 5.])
    """
    if m < 0:
        raise ValueError("a negative number of derivatives is an integral: polyint")
    p = as_operand(p)
    for _ in range(m):
        p = p[:-1] * np.arange(len(p) - 1, 0, -1).astype(p.dtype)
    return p


@composite
def polyint(p: OneArray, m: int = 1, k: OneArray = None) -> OneArray:
    """Return the coefficients of the m-th integral of a polynomial.

    k   the constants of integration, in their order: one for all, or m of them

    >>> polyint(mg.Tensor([2.0, 5.0]), k=7.0).data
    array([1., 5., 7.])
    """
    p, k = as_operand(p), atleast_1d(0 if k is None else k)
    if m < 0 or len(k) not in (1, m):
        raise ValueError(f"{m} integrals, and {len(k)} constants of integration")
    for i in range(m):
        p = p / np.arange(len(p), 0, -1).astype(p.dtype)
        p = between(p, None, k if len(k) == 1 else k[i : i + 1], (1,), 0)
    return p


@composite
def polyval(p: OneArray, x: OneArray) -> OneArray:
    """Return p[0] x^(n-1) + ... + p[n-1], by Horner's rule.

    >>> polyval([1.0, 0.0, -2.0], mg.Tensor([2.0, 3.0])).data
    array([2., 7.])
    """
    y: Any = 0
    for i, coefficient in enumerate(p):
        y = y * x + coefficient if i else coefficient
    shape = np.broadcast_shapes(shape_of(x), shape_of(y))
    return y if shape_of(y) == shape else broadcast(y, shape=shape)


@composite
def vander(x: OneArray, N: int | None = None, increasing: bool = False) -> OneArray:
    """Return the matrix of the powers of x in columns, the highest first.

    >>> vander(mg.Tensor([2.0, 3.0])).data
    array([[2., 1.],
           [3., 1.]])
    """
    (n,) = shape_of(x)
    powers = np.arange(n if N is None else N).astype(array_of(x).dtype)
    return power(reshape(x, (n, 1)), powers if increasing else powers[::-1])
