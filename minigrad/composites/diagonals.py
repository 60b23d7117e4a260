"""Matrices by their diagonals: the diagonal, and what lies below and above it.

A diagonal is taken out of a matrix by an index and put into one by the adjoint of that,
`scatter`. A triangle is chosen by a mask: `where(mask, a, 0)`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.composite import composite
from minigrad.composites.arranging import moved
from minigrad.composites.axes import ravel
from minigrad.functions import array_of, shape_of, where
from minigrad.table import scatter, sum
from minigrad.types import Array, Given
from minigrad.writable_arrays.gathering import as_operand

__all__ = ["diag", "diagflat", "diagonal", "trace", "tril", "triu"]


@composite
def diagonal(a: Given, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Given:
    """Return the entries with equal indices along two axes, as the last axis.

    With an offset, the second index is larger by it.

    >>> diagonal(np.array([[1.0, 2.0], [3.0, 4.0]]), offset=1)
    array([2.])
    """
    return moved(a, np.diagonal, offset, axis1, axis2)


@composite
def trace(a: Given, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Given:
    """Return the sum of a diagonal.

    >>> float(trace(np.array([[1.0, 2.0], [3.0, 4.0]])))
    5.0
    """
    return sum(diagonal(a, offset, axis1, axis2), axis=-1)


@composite
def diag(v: Given, k: int = 0) -> Given:
    """Return the diagonal of a matrix, or the matrix with a vector as its diagonal.

    k counts from the main diagonal, upwards.

    >>> diag(np.array([1.0, 2.0]))
    array([[1., 0.],
           [0., 2.]])
    """
    v = as_operand(v)
    if v.ndim == 2:
        return diagonal(v, k)
    if v.ndim != 1:
        raise ValueError(f"v has {v.ndim} axes: it is a vector or a matrix")
    along = np.arange(v.size)
    n = v.size + abs(k)
    return scatter(v, shape=(n, n), index=(along + max(-k, 0), along + max(k, 0)))


@composite
def diagflat(v: Any, k: int = 0) -> Any:
    """Return the matrix with all entries of v, in their order, as its diagonal.

    >>> diagflat(np.array([[1.0], [2.0]]))
    array([[1., 0.],
           [0., 2.]])
    """
    return diag(ravel(v), k)


@composite
def tril(m: Given, k: int = 0) -> Given:
    """Return the lower triangle of each matrix, with zeros above diagonal k.

    >>> tril(np.array([[1.0, 2.0], [3.0, 4.0]]))
    array([[1., 0.],
           [3., 4.]])
    """
    return where(_triangle(m, k), m, 0)


@composite
def triu(m: Given, k: int = 0) -> Given:
    """Return the upper triangle of each matrix, with zeros below diagonal k.

    >>> triu(np.array([[1.0, 2.0], [3.0, 4.0]]))
    array([[1., 2.],
           [0., 4.]])
    """
    return where(~_triangle(m, k - 1), m, 0)


def _triangle(m: Any, k: int) -> Array:
    """Return where a lower triangle is, in the last two axes; a vector is each row."""
    rows, columns = shape_of(m)[-2:] * (2 if array_of(m).ndim == 1 else 1)
    return np.tri(rows, columns, k=k, dtype=bool)
