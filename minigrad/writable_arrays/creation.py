"""Making arrays that Tensors can be written into, by NumPy's names and options.

As in NumPy, `full` takes the kind of its number, and whole numbers and booleans are a
plain array: nothing with a derivative can be written into them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from minigrad.context import calling
from minigrad.messages import explained
from minigrad.numpy_protocol.array_like import current, plain
from minigrad.tensor import Tensor
from minigrad.types import Array, Operand
from minigrad.writable_arrays.gathering import joined
from minigrad.writable_arrays.writable import Writable, filled, layout_of, writable


def full(
    shape: int | Sequence[int],
    fill_value: Operand,
    dtype: DTypeLike | None = None,
    order: str = "C",
) -> Any:
    """Return an array of one value; whole numbers and booleans are a plain array."""
    kind = np.asarray(plain(fill_value)).dtype if dtype is None else _kind(shape, dtype)
    if kind.kind not in "fO":
        return np.full(shape, fill_value, kind)
    layout = np.empty(shape, kind, "F") if order == "F" else None
    return filled(shape, fill_value, kind, layout)


def _kind(shape: object, dtype: DTypeLike) -> np.dtype:
    """Return a dtype, or say what a second number is taken for: mg.zeros(2, 3)."""
    try:
        return np.dtype(dtype)
    except TypeError as error:
        raise explained(
            TypeError,
            f"an array of shape {shape!r} and dtype {dtype!r}",
            f"the second argument is a dtype. NumPy: {error}.",
            "give the sizes as one tuple: mg.zeros((2, 3)).",
        ) from error


def zeros(
    shape: int | Sequence[int], dtype: DTypeLike = float, order: str = "C"
) -> Any:
    """Return zeros; whole numbers and booleans are a plain array."""
    return full(shape, 0, dtype, order)


def ones(shape: int | Sequence[int], dtype: DTypeLike = float, order: str = "C") -> Any:
    """Return ones; whole numbers and booleans are a plain array."""
    return full(shape, 1, dtype, order)


def empty(
    shape: int | Sequence[int], dtype: DTypeLike = float, order: str = "C"
) -> Any:
    """Return an array to be filled; an entry that is not filled is NaN."""
    if _kind(shape, dtype).kind not in "fO":
        return np.empty(shape, dtype)
    return full(shape, np.nan, dtype, order)


def eye(N: int, M: int | None = None, k: int = 0, dtype: DTypeLike = float) -> Any:
    """Return ones on a diagonal and zeros elsewhere."""
    return array(np.eye(N, M, k, dtype))


def identity(n: int, dtype: DTypeLike = float) -> Any:
    """Return the identity matrix."""
    return eye(n, dtype=dtype)


def asarray(a: Any, dtype: DTypeLike | None = None) -> Any:
    """Return an array as it is, and lists of numbers and Tensors as one."""
    if isinstance(current(a), np.ndarray) or hasattr(a, "current"):
        kept = dtype is None or a.dtype == np.dtype(dtype)
        return a if kept else a.astype(dtype)
    return array(a, dtype)


def ascontiguousarray(a: Any, dtype: DTypeLike | None = None) -> Any:
    """Return an array as it is, if its rows stand one after the other; else a copy."""
    x = asarray(a, dtype)
    if isinstance(x, np.ndarray):
        return np.ascontiguousarray(x)
    x = x if x.ndim else x.reshape(1)
    return x.copy() if isinstance(x, Writable) and not x.is_contiguous else x


def array(
    data: Any,
    dtype: DTypeLike | None = None,
    *,
    copy: bool | None = True,
    order: str = "K",
    subok: bool = False,
    ndmin: int = 0,
) -> Any:
    """Return a new array of numbers and Tensors, nested in lists: as `np.array` does.

    Without `copy`, an array that can be written to is returned itself, if it fits.

    >>> t = mg.Tensor(2.0)
    >>> mg.array([[t, 0.0], [1.0, t * t]]).data
    array([[2., 0.],
           [1., 4.]])
    """
    if isinstance(data, Writable) and not copy and dtype in (None, data.dtype):
        return data[(None,) * (ndmin - data.ndim)] if ndmin > data.ndim else data
    value = joined(data)
    if not isinstance(value, Tensor):
        value = np.array(value, dtype)
        if value.dtype.kind not in "fO":
            return np.array(value, ndmin=ndmin)
    if value.ndim < ndmin:
        value = value[(None,) * (ndmin - value.ndim)]
    layout = layout_of(data) if np.shape(data) == value.shape and order == "K" else None
    return writable(value, dtype, layout if isinstance(layout, Array) else None)


def copied(a: Tensor | Writable | Array, order: str = "C") -> Writable:
    """Return an array with the same content that can be written to."""
    with calling("copy", ours=True):
        return writable(current(a), layout=layout_of(a) if order == "K" else None)


def zeros_like(
    a: Tensor | Writable | Array,
    dtype: DTypeLike | None = None,
    *,
    shape: int | Sequence[int] | None = None,
) -> Writable | Array:
    """Return zeros of the same shape; whole numbers and booleans are a plain array."""
    return full_like(a, 0, dtype, shape=shape)


def ones_like(
    a: Tensor | Writable | Array,
    dtype: DTypeLike | None = None,
    *,
    shape: int | Sequence[int] | None = None,
) -> Writable | Array:
    """Return ones of the same shape; whole numbers and booleans are a plain array."""
    return full_like(a, 1, dtype, shape=shape)


def empty_like(
    prototype: Tensor | Writable | Array,
    dtype: DTypeLike | None = None,
    *,
    shape: int | Sequence[int] | None = None,
) -> Writable | Array:
    """Return an array of the same shape to be filled; what is not filled is NaN."""
    return full_like(prototype, np.nan, dtype, shape=shape)


def full_like(
    a: Tensor | Writable | Array,
    fill_value: Operand,
    dtype: DTypeLike | None = None,
    *,
    shape: int | Sequence[int] | None = None,
) -> Writable | Array:
    """Return an array of the same shape, with one value in every entry."""
    a = a if hasattr(a, "shape") else np.asarray(a)
    kind = np.dtype(dtype or a.dtype)
    if kind.kind in "fO":
        layout = layout_of(a) if shape is None else None
        return filled(a.shape if shape is None else shape, fill_value, kind, layout)
    return np.full(a.shape if shape is None else shape, fill_value, kind)
