"""Where entries stand: turned, shifted, repeated, left out.

No number changes here. A reversed order is a slice. For every other arrangement NumPy
itself moves the places of the entries, 0, 1, 2, ..., and a `take` follows: so the
entries stand where NumPy puts them, and the cotangents find their way back.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from minigrad.composite import composite
from minigrad.composites.axes import along, row_of, swapaxes, whole_axes
from minigrad.functions import array_of, shape_of
from minigrad.numpy_protocol.arrays import integers
from minigrad.table import concatenate_row, reshape, take
from minigrad.types import Array, Axis, Given, Operand, Shape
from minigrad.writable_arrays.gathering import as_operand

__all__ = [
    "delete", "fftshift", "flip", "fliplr", "flipud", "ifftshift", "insert", "repeat",
    "resize", "roll", "rot90", "tile", "trim_zeros",
]  # fmt: skip

Counts = int | Sequence[int] | Array


def places_of(a: Operand) -> Array:
    """Return the place of every entry, counted row by row from 0."""
    shape = shape_of(a)
    return np.arange(math.prod(shape)).reshape(shape)


def at_places(a: Any, places: Any) -> Any:
    """Return the entries of `a` at places that count its entries."""
    a = as_operand(a)
    if a.ndim == 0:
        a = reshape(a, shape=(1,))
    return take(a, np.unravel_index(places, a.shape) if a.ndim > 1 else places)


def moved(a: Any, function: Callable[..., Any], *args: Any, **options: Any) -> Any:
    """Put entries where NumPy's function puts their places."""
    return at_places(a, function(places_of(a), *args, **options))


def _along(a: Any, axis: int, function: Callable[..., Any], *args: Any) -> Any:
    """Put the slices along an axis where NumPy's function puts their numbers."""
    a = as_operand(a)
    axis = normalize_axis_index(axis, a.ndim)
    return take(a, along(axis, function(np.arange(a.shape[axis]), *args)))


@composite
def sliding_window_view(
    x: Given, window_shape: int | Sequence[int], axis: Axis = None
) -> Given:
    """Return all windows of a shape; their axes come last.

    >>> sliding_window_view(Tensor([1.0, 2.0, 4.0]), 2).data
    array([[1., 2.],
           [2., 4.]])
    """
    return moved(x, np.lib.stride_tricks.sliding_window_view, window_shape, axis)


@composite
def flip(m: Given, axis: Axis = None) -> Given:
    """Reverse the order along all axes, or along those that are named.

    >>> flip(np.array([1.0, 2.0, 3.0]))
    array([3., 2., 1.])
    """
    m = as_operand(m)
    flipped = whole_axes(axis, m.ndim)
    turn = (slice(None, None, -1 if i in flipped else None) for i in range(m.ndim))
    return take(m, tuple(turn))


@composite
def fliplr(m: Given) -> Given:
    """Reverse the order of the columns: flip(m, axis=1)."""
    return flip(m, 1)


@composite
def flipud(m: Given) -> Given:
    """Reverse the order of the rows: flip(m, axis=0)."""
    return flip(m, 0)


@composite
def rot90(m: Given, k: int = 1, axes: tuple[int, int] = (0, 1)) -> Given:
    """Turn a matrix by 90 degrees, k times, from the first axis towards the second.

    >>> rot90(np.array([[1.0, 2.0], [3.0, 4.0]]))
    array([[2., 4.],
           [1., 3.]])
    """
    first, second = axes
    np.rot90(np.broadcast_to(0, shape_of(m)), k, axes)  # are these two axes?
    if k % 2 == 0:
        return flip(m, axes if k % 4 else ())
    turned = swapaxes(m, first, second)
    return flip(turned, first if k % 4 == 1 else second)


@composite
def roll(a: Given, shift: int | Shape, axis: Axis = None) -> Given:
    """Shift entries along axes; what leaves at the end comes in at the beginning.

    >>> roll(np.array([1.0, 2.0, 3.0]), 1)
    array([3., 1., 2.])
    """
    if isinstance(axis, int) and not np.ndim(shift):
        return _along(a, axis, np.roll, shift)
    return moved(a, np.roll, shift, axis)


@composite
def fftshift(x: Given, axes: Axis = None) -> Given:
    """Put the second half before the first: frequency 0 in the middle.

    >>> fftshift(np.array([0.0, 1.0, 2.0, -2.0, -1.0]))
    array([-2., -1.,  0.,  1.,  2.])
    """
    return moved(x, np.fft.fftshift, axes)


@composite
def ifftshift(x: Given, axes: Axis = None) -> Given:
    """Undo fftshift.

    >>> ifftshift(np.array([-2.0, -1.0, 0.0, 1.0, 2.0]))
    array([ 0.,  1.,  2., -2., -1.])
    """
    return moved(x, np.fft.ifftshift, axes)


@composite
def repeat(a: Given, repeats: Counts, axis: int | None = None) -> Given:
    """Repeat each entry, or each slice along an axis, so many times.

    >>> repeat(np.array([1.0, 2.0]), [1, 2])
    array([1., 2., 2.])
    """
    counts = integers(repeats, "repeat(a, repeats)", "repeats")
    if axis is None:
        return moved(a, np.repeat, counts)
    return _along(a, axis, np.repeat, counts)


@composite
def tile(A: Given, reps: int | Shape) -> Given:
    """Repeat the whole array so many times along each axis.

    >>> tile(np.array([1.0, 2.0]), (2, 2))
    array([[1., 2., 1., 2.],
           [1., 2., 1., 2.]])
    """
    return moved(A, np.tile, reps)


@composite
def resize(a: Given, new_shape: int | Shape) -> Given:
    """Return an array of another size, filled with repeated copies of a.

    >>> resize(np.array([1.0, 2.0]), (3,))
    array([1., 2., 1.])
    """
    return moved(a, np.resize, new_shape)


@composite
def delete(arr: Given, obj: Any, axis: int | None = None) -> Given:
    """Leave out entries, or slices along an axis: an index, several, or a slice.

    >>> delete(np.array([1.0, 2.0, 3.0]), 1)
    array([1., 3.])
    """
    if axis is None:
        return moved(arr, np.delete, obj)
    return _along(arr, axis, np.delete, obj)


@composite
def insert(arr: Any, obj: Any, values: Any, axis: int | None = None) -> Any:
    """Put values before the given indices, along an axis or in one row.

    >>> insert(np.array([1.0, 3.0]), 1, 2.0)
    array([1., 2., 3.])
    """
    arr, values = as_operand(arr), as_operand(values)
    places = np.insert(places_of(arr), obj, arr.size + places_of(values), axis)
    if values.dtype != arr.dtype:
        values = values.astype(arr.dtype)
    return take(concatenate_row(row_of(arr), row_of(values)), places)


@composite
def trim_zeros(filt: Given, trim: str = "fb") -> Given:
    """Leave out the zeros at the front and at the back of one row.

    >>> trim_zeros(np.array([0.0, 0.0, 3.0, 0.0]))
    array([3.])
    """
    numbers = array_of(filt)
    if numbers.ndim != 1:
        raise ValueError(f"filt has {numbers.ndim} axes, and one is needed")
    kept = np.flatnonzero(numbers)
    start, stop = (kept[0], kept[-1] + 1) if kept.size else (numbers.size,) * 2
    front, back = "f" in trim.lower(), "b" in trim.lower()
    return take(filt, slice(int(start) if front else None, int(stop) if back else None))
