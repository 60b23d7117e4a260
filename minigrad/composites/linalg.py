"""Inverses, linear systems and determinants, by elimination that is recorded.

No rule is needed: elimination divides, multiplies and subtracts, and the rows of the
table differentiate that, to any order. Gauss and Jordan work on [A | B]: the first row,
divided by its first entry (the pivot), is subtracted from all others, as often as makes
their first entries zero; then the first column is left out, and the finished row is put
last. After n steps what is left is the solution of A X = B.

Which row comes first is a choice: the one whose entry is the largest, as LAPACK has it.
It is made beforehand, on the numbers, and recorded as an order of rows.

Measured: about eight steps for each column, in Python, where LAPACK has one call. For
n = 2, 3, 10, 50 an inverse or a determinant takes 20 to 200 times as long as NumPy's.
Value and gradient take two to four times as long as the value; that is 20 to 60 times
(n = 2, 3) and 60 to 200 times (n = 10, 50) the formula of a textbook, -X^T G X^T. In
return, derivatives of every order, fractions and proofs (of ten by ten in a tenth of a
second) need nothing more.
"""

from __future__ import annotations

import functools
import math
import operator
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from minigrad.composite import composite
from minigrad.context import holds_always
from minigrad.functions import absolute, array_of, where
from minigrad.messages import explained
from minigrad.numpy_protocol.array_like import as_array
from minigrad.table import (
    add,
    broadcast,
    concatenate_row,
    divide,
    log,
    multiply,
    reshape,
    scatter,
    sqrt,
    subtract,
    sum,
    take,
    transpose,
)
from minigrad.types import Array
from minigrad.writable_arrays.gathering import as_operand

__all__ = ["cholesky", "det", "inv", "slogdet", "solve"]

# The parts of a matrix, of which the first row and column are eliminated.
PIVOT, FIRST_ROW = (..., slice(1), slice(1)), (..., slice(1), slice(1, None))
FIRST_COLUMN = (..., slice(1, None), slice(1))
REST = (..., slice(1, None), slice(1, None))


class SlogdetResult(NamedTuple):
    """The sign of a determinant, a plain number, and the logarithm of its size."""

    sign: Array
    logabsdet: Any


@composite
def solve(a: Any, b: Any) -> Any:
    """Return x with a x = b: a is (..., n, n), b is (n,) or (..., n, k).

    Raises np.linalg.LinAlgError for a singular matrix.

    >>> solve(mg.Tensor([[2.0, 0.0], [0.0, 4.0]]), [1.0, 1.0])
    Tensor([0.5 , 0.25], made by reshape)
    """
    a, b = square(a, "solve(a, b)"), as_operand(b)
    n = a.shape[-1]
    if b.shape[-2:][:1] != (n,):
        raise ValueError(f"there are {n} equations, and b has shape {b.shape}")
    if b.ndim > 1:
        return _solution(a, b, "solve(a, b)")
    x = _solution(a, reshape(b, shape=(n, 1)), "solve(a, b)")
    return reshape(x, shape=x.shape[:-1])


@composite
def inv(a: Any) -> Any:
    """Return the inverse of each matrix of a (..., n, n).

    Raises np.linalg.LinAlgError for a singular matrix.

    >>> inv(mg.Tensor([[2.0, 0.0], [0.0, 4.0]])).data
    array([[0.5 , 0.  ],
           [0.  , 0.25]])
    """
    a = square(a, "inv(a)")
    return _solution(a, np.eye(a.shape[-1], dtype=a.dtype), "inv(a)")


@composite
def det(a: Any) -> Any:
    """Return the determinant of each matrix of a (..., n, n).

    It is the product of the pivots, down to a block of two by two, of which it is
    a d - b c. Pivots are the largest entries of all that is left; so the gradient is
    right for singular matrices, too. (Not so from the third derivative on, where three
    pivots and more are exactly zero.) Where that product is out of range: `slogdet`.

    >>> det(mg.Tensor([[1.0, 2.0], [3.0, 4.0]])).data
    array(-2.)
    """
    a = square(a, "det(a)")
    if not a.shape[-1]:
        return add(sum(a, axis=(-2, -1)), 1)
    pivots, block, sign = _eliminated(a, 2, "det(a)")
    if block.shape[-1] == 2:
        block = subtract(
            multiply(block[PIVOT], block[REST]),
            multiply(block[FIRST_ROW], block[FIRST_COLUMN]),
        )
    for pivot in reversed(pivots):
        block = multiply(pivot, block)
    result = reshape(block, shape=a.shape[:-2])
    return result if holds_always(np.all(sign == 1)) else multiply(result, sign)


@composite
def slogdet(a: Any) -> SlogdetResult:
    """Return the sign and the logarithm of the size of the determinant of each matrix.

    The sign is a choice, a plain array. Of a singular matrix it is 0, and the logarithm
    is minus infinity, with an infinite slope.

    >>> slogdet(mg.Tensor([[0.0, 1.0], [1.0, 0.0]]))
    SlogdetResult(sign=array(-1.), logabsdet=Tensor(0., made by sum))
    """
    a = square(a, "slogdet(a)")
    pivots, block, sign = _eliminated(a, 1, "slogdet(a)")
    line = concatenate_row(*pivots, block, axis=-1) if pivots else block
    sign = sign * np.sign(array_of(line)).prod(axis=(-2, -1))
    with np.errstate(divide="ignore"):
        sizes = log(absolute(line))
    return SlogdetResult(as_array(sign), sum(sizes, axis=(-2, -1)))


@composite
def cholesky(a: Any, upper: bool = False) -> Any:
    """Return the lower triangular L with L L^T = a, of symmetric positive (..., n, n).

    As in NumPy, only the lower triangle of a is read: the gradient is zero above it.
    With upper=True only the upper triangle is, and the result is L^T.

    Raises np.linalg.LinAlgError for a matrix that is not positive definite.

    >>> cholesky(mg.Tensor([[4.0, 0.0], [2.0, 2.0]])).data
    array([[2., 0.],
           [1., 1.]])
    """
    a = m = square(a, "cholesky(a)")
    n, columns = a.shape[-1], []
    if not n:
        return a
    if upper:
        m = _swapped(m)
    for _ in range(n):
        if not np.all(array_of(m[PIVOT]) > 0):
            raise _refusal("cholesky(a)", a, "the matrix is not positive definite.")
        column = divide(m[..., :1], sqrt(m[PIVOT]))
        columns.append(column[..., 0])
        below = column[..., 1:, :]
        m = (
            subtract(m[REST], multiply(below, _swapped(below)))
            if m.shape[-1] > 1
            else m
        )
    row_of_u, column_of_u = np.triu_indices(n)
    place = (row_of_u, column_of_u) if upper else (column_of_u, row_of_u)
    entries = concatenate_row(*columns, axis=-1)
    return scatter(entries, shape=a.shape, index=(..., *place))


# ------------------------------------------------------------------------- elimination


def _solution(a: Any, b: Any, asked: str) -> Any:
    """Eliminate in [a | b]; the rows that are finished stand below."""
    rows, _, _ = _pivots(a, asked)
    batch = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    parts = [
        each
        if each.shape[:-2] == batch
        else broadcast(each, shape=batch + each.shape[-2:])
        for each in (a, b)
    ]
    m = _in_order(concatenate_row(*parts, axis=-1), rows)
    for _ in range(a.shape[-1]):
        row = divide(m[FIRST_ROW], m[PIVOT])
        rest = subtract(m[REST], multiply(m[FIRST_COLUMN], row))
        m = concatenate_row(rest, row, axis=-2)
    return m


def square(a: Any, asked: str) -> Any:
    """Return matrices whose entries can be divided, or refuse them as NumPy does."""
    a = as_operand(a)
    if a.ndim < 2 or a.shape[-1] != a.shape[-2]:
        why = f"it takes square matrices, (..., n, n), and this has shape {a.shape}."
        raise _refusal(asked, a, why, "of other matrices: a.T @ a is square.")
    if a.dtype == object and any(type(each) is int for each in array_of(a).flat):
        return multiply(a, Fraction(1))  # whole numbers would be divided into floats
    return a


def _refusal(asked: str, a: Any, why: str, fix: str = "") -> np.linalg.LinAlgError:
    fix = fix or "add a little to the diagonal, a + 1e-6 * np.eye(n), if that is meant."
    return explained(np.linalg.LinAlgError, asked, {"a": a}, why, fix)


def _pivots(a: Any, asked: str, complete: bool = False) -> tuple[Array, Array, Array]:
    """Return the orders of rows and of columns for elimination, and their sign."""
    numbers = array_of(a)
    decide = getattr(numbers, "decides", None)  # where the order is to be found anew
    found = decide(_order, complete) if decide else _order(numbers, complete)
    *orders, is_singular = found
    if is_singular:
        raise _refusal(asked, a, "the matrix is singular: it has no inverse.")
    return tuple(orders)


def _order(numbers: Array, complete: bool) -> tuple[Array, Array, Array, bool]:
    """Return orders of rows and of columns, their sign, and whether a pivot is zero.

    A pivot is the largest number of the first column that is left; if `complete`, of
    all that is left, and zero at last. Of exact numbers it is the first not zero.
    """
    n, batch = numbers.shape[-1], numbers.shape[:-2]
    x = np.array(numbers).reshape(math.prod(batch), n, n)
    each = np.arange(len(x))
    rows, columns = (np.tile(np.arange(n), (len(x), 1)) for _ in range(2))
    sign, is_singular = np.ones(len(x), int), False
    for k in range(n):
        left = x[:, k:, k:] if complete else x[:, k:, k : k + 1]
        size = left != 0 if x.dtype == object else abs(left)
        best = size.reshape(len(x), math.prod(size.shape[1:])).argmax(-1)
        down, right = np.divmod(best, left.shape[-1])
        for order, lines, step in (rows, x, down), (columns, x.swapaxes(1, 2), right):
            if step.any():
                pair = np.array([0 * step, step]) + k
                order[each, pair] = order[each, pair[::-1]]
                lines[each, pair] = lines[each, pair[::-1]]
                sign[step != 0] *= -1
        pivot = x[:, k : k + 1, k : k + 1]
        is_singular = is_singular or bool(not complete and (pivot == 0).any())
        row = x[:, k : k + 1, k + 1 :] / np.where(pivot == 0, 1, pivot)
        x[:, k + 1 :, k + 1 :] -= x[:, k + 1 :, k : k + 1] * row
    return (
        rows.reshape((*batch, n)),
        columns.reshape((*batch, n)),
        sign.reshape(batch),
        is_singular,
    )


def _in_order(a: Any, rows: Array, columns: Array | None = None) -> Any:
    """Put the rows, and the columns, of each matrix into an order."""
    n = rows.shape[-1]
    orders = [order for order in (rows, columns) if order is not None]
    straight = [(order == np.arange(n)).all() for order in orders]
    if holds_always(functools.reduce(operator.and_, straight)):
        return a
    batch = tuple(np.ogrid[tuple(slice(size) for size in a.shape[:-1])][:-1])
    if columns is None:
        return take(a, index=(*batch, rows))
    batch = tuple(grid[..., None] for grid in batch)
    return take(a, index=(*batch, rows[..., None], columns[..., None, :]))


def _eliminated(a: Any, last: int, asked: str) -> tuple[list[Any], Any, Array]:
    """Return the pivots before the last few, what is left, and the sign."""
    if a.shape[-1] <= last:
        return [], a, np.ones((), a.dtype)
    rows, columns, sign = _pivots(a, asked, complete=True)
    m, pivots = _in_order(a, rows, columns), []
    while m.shape[-1] > last:
        pivot = m[PIVOT]
        pivots.append(pivot)
        zero = array_of(pivot) == 0  # then all that is left is zero
        divisor = pivot if holds_always(~zero.any()) else where(zero, 1, pivot)
        m = subtract(m[REST], multiply(m[FIRST_COLUMN], divide(m[FIRST_ROW], divisor)))
    return pivots, m, sign.astype(a.dtype)


def _swapped(a: Any) -> Any:
    """Transpose the last two axes."""
    return transpose(a, axes=(*range(a.ndim - 2), a.ndim - 1, a.ndim - 2))
