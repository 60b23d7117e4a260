"""Other shapes and other orders of axes: squeeze, ravel, swapaxes, meshgrid.

No entry changes its place among the others in a new shape, which is a `reshape`; a new
order of the axes is a `transpose`. NumPy itself is asked for the shape and the order.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from minigrad.composite import composite
from minigrad.functions import broadcast_to, require_order
from minigrad.table import reshape, transpose
from minigrad.types import Axis, Given, Index, Operand, Shape
from minigrad.writable_arrays.gathering import as_operand

__all__ = [
    "atleast_1d", "atleast_2d", "atleast_3d", "broadcast_arrays", "expand_dims",
    "matrix_transpose", "meshgrid", "moveaxis", "permute_dims", "ravel", "rollaxis",
    "squeeze", "swapaxes",
]  # fmt: skip


def whole_axes(axis: Axis, ndim: int) -> Shape:
    """Return one, several or all axes, counted from 0; a number has the axis 0, too."""
    if axis is None:
        return tuple(range(ndim))
    axes = normalize_axis_tuple(axis, ndim or 1)
    return axes if ndim else ()


def along(axis: int, part: Any) -> Index:
    """Return the index of a part of one axis, counted from 0, and of all others whole.

    >>> along(1, 3)
    (slice(None, None, None), 3)
    """
    return (slice(None),) * axis + (part,) if axis else part


def shaped(a: Any, shape: Shape) -> Any:
    """Return the entries in a shape: a reshape, if they are not in it."""
    return a if a.shape == shape else reshape(a, shape=shape)


def row_of(a: Any) -> Any:
    """Return all entries in one row."""
    a = as_operand(a)
    return shaped(a, (a.size,))


def _with_shape_of(a: Any, function: Callable[..., Any], *args: Any) -> Any:
    """Give a the shape that NumPy's function gives."""
    a = as_operand(a)
    return shaped(a, function(np.broadcast_to(0, a.shape), *args).shape)


def _permuted(a: Any, function: Callable[..., Any], *args: Any) -> Any:
    """Permute axes as NumPy's function does, which is shown axes of sizes 0, 1, 2..."""
    a = as_operand(a)
    axes = tuple(range(a.ndim))
    order = function(np.empty(axes), *args).shape
    return a if order == axes else transpose(a, axes=order)


@composite
def squeeze(a: Given, axis: Axis = None) -> Given:
    """Remove axes of length 1: all, or those that are named.

    >>> squeeze(np.ones((2, 1, 3, 1))).shape
    (2, 3)
    """
    return _with_shape_of(a, np.squeeze, axis)


@composite
def expand_dims(a: Given, axis: int | Shape) -> Given:
    """Insert axes of length 1, which then stand at these positions.

    >>> expand_dims(np.ones((2, 3)), (0, -1)).shape
    (1, 2, 3, 1)
    """
    return _with_shape_of(a, np.expand_dims, axis)


@composite
def ravel(a: Given, order: str = "C") -> Given:
    """Return the entries in one row; in order "F" the first axis runs fastest.

    >>> ravel(np.array([[1.0, 2.0], [3.0, 4.0]]), "F")
    array([1., 3., 2., 4.])
    """
    require_order(order, a)
    a = as_operand(a)
    return reshape(transpose(a) if order == "F" else a, shape=(a.size,))


def _at_least(function: Callable[..., Any]) -> Callable[..., Any]:
    def at_least(*arrays: Operand) -> Any:
        """Give each of the arrays so many axes; several come as a tuple."""
        each = tuple([_with_shape_of(a, function) for a in arrays])
        return each[0] if len(each) == 1 else each

    at_least.__name__ = at_least.__qualname__ = function.__name__
    return composite(at_least)


atleast_1d = _at_least(np.atleast_1d)
atleast_2d = _at_least(np.atleast_2d)
atleast_3d = _at_least(np.atleast_3d)


@composite
def broadcast_arrays(*args: Operand) -> tuple[Any, ...]:
    """Repeat each of the arrays to the shape that all have together.

    >>> [each.shape for each in broadcast_arrays(np.ones((2, 1)), np.ones(3))]
    [(2, 3), (2, 3)]
    """
    arrays = [as_operand(a) for a in args]
    shape = np.broadcast_shapes(*(a.shape for a in arrays))
    return tuple([broadcast_to(a, shape) for a in arrays])


@composite
def meshgrid(
    *xi: Operand,
    indexing: Literal["xy", "ij"] = "xy",
    sparse: bool = False,
    copy: bool = True,
) -> Any:
    """Return the coordinates of all points of a grid: an array for each axis.

    >>> [each.shape for each in meshgrid(np.ones(3), np.ones(2))]
    [(2, 3), (2, 3)]
    """
    axes = [row_of(x) for x in xi]
    numbers = [np.zeros(x.size) for x in axes]
    shapes = np.meshgrid(*numbers, indexing=indexing, sparse=True)
    grid = [reshape(x, shape=s.shape) for x, s in zip(axes, shapes, strict=True)]
    return tuple(grid) if sparse else broadcast_arrays(*grid)


# --------------------------------------------------------------------- order of axes


@composite
def swapaxes(a: Given, axis1: int, axis2: int) -> Given:
    """Exchange two axes.

    >>> swapaxes(np.ones((2, 3, 4)), 0, -1).shape
    (4, 3, 2)
    """
    return _permuted(a, np.swapaxes, axis1, axis2)


@composite
def moveaxis(a: Given, source: int | Shape, destination: int | Shape) -> Given:
    """Move axes to other positions; the others keep their order.

    >>> moveaxis(np.ones((2, 3, 4)), 0, -1).shape
    (3, 4, 2)
    """
    return _permuted(a, np.moveaxis, source, destination)


@composite
def rollaxis(a: Given, axis: int, start: int = 0) -> Given:
    """Move an axis before the one at position `start`.

    >>> rollaxis(np.ones((2, 3, 4)), 2).shape
    (4, 2, 3)
    """
    return _permuted(a, np.rollaxis, axis, start)


@composite
def permute_dims(a: Given, axes: Shape | None = None) -> Given:
    """Permute the axes, or reverse them: NumPy's other name of transpose.

    >>> permute_dims(np.ones((2, 3, 4)), (1, 0, 2)).shape
    (3, 2, 4)
    """
    return _permuted(a, np.transpose, axes)


@composite
def matrix_transpose(x: Given) -> Given:
    """Exchange the last two axes: transpose each matrix of a batch.

    >>> matrix_transpose(np.ones((2, 3, 4))).shape
    (2, 4, 3)
    """
    return _permuted(x, np.swapaxes, -1, -2)
