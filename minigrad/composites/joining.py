"""Several arrays into one, and one into several: hstack, block, split, pad.

Joining is `concatenate` after the arrays have as many axes as they need. A part is a
slice. Padding with zeros is the adjoint of a slice, `scatter`; padding with what is
there already (edge, reflect, wrap) takes entries more than once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from minigrad.composite import composite
from minigrad.composites.arranging import moved
from minigrad.composites.axes import along, atleast_1d, atleast_2d, atleast_3d
from minigrad.functions import array_of, concatenate, shape_of, where
from minigrad.messages import explained
from minigrad.table import reshape, scatter, take
from minigrad.tensor import Tensor
from minigrad.types import Array, Given
from minigrad.writable_arrays.gathering import as_operand

__all__ = [
    "append", "array_split", "block", "column_stack", "dsplit", "dstack", "hsplit",
    "hstack", "pad", "split", "unstack", "vsplit", "vstack",
]  # fmt: skip

Sections = int | Sequence[int] | Array

# ---------------------------------------------------------------------- several to one


@composite
def hstack(tup: Sequence[Given]) -> Given:
    """Join side by side: vectors to a longer one, matrices by their columns.

    >>> hstack([np.array([1.0]), np.array([2.0, 3.0])])
    array([1., 2., 3.])
    """
    parts = [atleast_1d(part) for part in tup]
    return concatenate(parts, axis=0 if parts and parts[0].ndim == 1 else 1)


@composite
def vstack(tup: Sequence[Given]) -> Given:
    """Join one below the other; a vector is a row.

    >>> vstack([np.array([1.0, 2.0]), np.array([3.0, 4.0])]).shape
    (2, 2)
    """
    return concatenate([atleast_2d(part) for part in tup], axis=0)


@composite
def dstack(tup: Sequence[Given]) -> Given:
    """Join along the third axis.

    >>> dstack([np.ones((2, 3)), np.ones((2, 3))]).shape
    (2, 3, 2)
    """
    return concatenate([atleast_3d(part) for part in tup], axis=2)


@composite
def column_stack(tup: Sequence[Given]) -> Given:
    """Join matrices by their columns; a vector is a column.

    >>> column_stack([np.array([1.0, 2.0]), np.array([3.0, 4.0])])
    array([[1., 3.],
           [2., 4.]])
    """
    parts = [as_operand(part) for part in tup]
    columns = [reshape(p, shape=(p.size, 1)) if p.ndim < 2 else p for p in parts]
    return concatenate(columns, axis=1)


@composite
def block(arrays: Sequence[Any]) -> Any:
    """Join blocks as they stand in nested lists: the innermost along the last axis.

    >>> block([[np.ones((1, 1)), np.zeros((1, 2))], [np.zeros((1, 3))]])
    array([[1., 0., 0.],
           [0., 0., 0.]])
    """
    depth = _depth(arrays)
    ndim = max(depth, _axes(arrays))

    def joined(part: Any, level: int) -> Any:
        if level == 0:
            a = as_operand(part)
            return reshape(a, shape=(1,) * (ndim - a.ndim) + a.shape)
        return concatenate([joined(each, level - 1) for each in part], axis=-level)

    return joined(arrays, depth)


def _depth(arrays: Any) -> int:
    """Return how deep lists are nested; it must be the same everywhere."""
    if not isinstance(arrays, list):
        return 0
    depths = {_depth(each) for each in arrays}
    if len(depths) != 1:
        raise ValueError("lists must be nested equally deep, and none empty")
    return 1 + depths.pop()


def _axes(arrays: Any) -> int:
    if isinstance(arrays, list):
        return max(map(_axes, arrays))
    return array_of(arrays).ndim


@composite
def append(arr: Any, values: Any, axis: int | None = None) -> Any:
    """Join values to the end along an axis; without one, both in one row.

    >>> append(np.array([1.0, 2.0]), 3.0)
    array([1., 2., 3.])
    """
    return concatenate([as_operand(arr), as_operand(values)], axis=axis)


# ---------------------------------------------------------------------- one to several


@composite
def array_split(
    ary: Given, indices_or_sections: Sections, axis: int = 0
) -> list[Given]:
    """Cut into so many parts, the first of them longer by one, or before the indices.

    >>> [each.tolist() for each in array_split(np.array([1.0, 2.0, 3.0]), 2)]
    [[1.0, 2.0], [3.0]]
    """
    ary = as_operand(ary)
    axis = normalize_axis_index(axis, ary.ndim)
    numbered = np.array_split(np.arange(ary.shape[axis]), indices_or_sections)
    parts = [slice(int(n[0]), int(n[-1]) + 1) if n.size else slice(0) for n in numbered]
    return [take(ary, along(axis, part)) for part in parts]


@composite
def split(ary: Given, indices_or_sections: Sections, axis: int = 0) -> list[Given]:
    """Cut into so many parts of equal length, or before each of the indices.

    >>> [each.tolist() for each in split(np.array([1.0, 2.0, 3.0]), [1])]
    [[1.0], [2.0, 3.0]]
    """
    shape = shape_of(ary)
    length = shape[normalize_axis_index(axis, len(shape))]
    parts = np.asarray(indices_or_sections)
    if parts.ndim == 0 and parts > 0 and length % parts:
        raise ValueError(f"length {length} has no {indices_or_sections} equal parts")
    return array_split(ary, indices_or_sections, axis)


def _split_along(
    ary: Given, indices_or_sections: Sections, axis: int, least: int
) -> list[Given]:
    ndim = array_of(ary).ndim
    if ndim < least:
        raise ValueError(f"{least} axes or more are needed, and it has {ndim}")
    return split(ary, indices_or_sections, axis)


@composite
def hsplit(ary: Given, indices_or_sections: Sections) -> list[Given]:
    """Cut along the second axis, a vector along its only one.

    >>> [each.shape for each in hsplit(np.ones((2, 4)), 2)]
    [(2, 2), (2, 2)]
    """
    axis = min(1, array_of(ary).ndim - 1)
    return _split_along(ary, indices_or_sections, axis, least=1)


@composite
def vsplit(ary: Given, indices_or_sections: Sections) -> list[Given]:
    """Cut along the first axis.

    >>> [each.shape for each in vsplit(np.ones((2, 4)), 2)]
    [(1, 4), (1, 4)]
    """
    return _split_along(ary, indices_or_sections, axis=0, least=2)


@composite
def dsplit(ary: Given, indices_or_sections: Sections) -> list[Given]:
    """Cut along the third axis.

    >>> [each.shape for each in dsplit(np.ones((2, 1, 4)), [1])]
    [(2, 1, 1), (2, 1, 3)]
    """
    return _split_along(ary, indices_or_sections, axis=2, least=3)


@composite
def unstack(x: Given, axis: int = 0) -> tuple[Given, ...]:
    """Return the layers along an axis: what `stack` joined.

    >>> [each.shape for each in unstack(np.ones((2, 3)))]
    [(3,), (3,)]
    """
    x = as_operand(x)
    axis = normalize_axis_index(axis, x.ndim)
    return tuple([take(x, along(axis, i)) for i in range(x.shape[axis])])


# ----------------------------------------------------------------------------- padding

_MODES = ("edge", "reflect", "symmetric", "wrap")  # of entries that are there already


@composite
def pad(
    array: Given, pad_width: Any, mode: str = "constant", constant_values: Any = 0
) -> Given:
    """Add entries before and after, along each axis.

    pad_width  a number; (before, after); or such a pair for each axis
    mode       constant, edge, reflect, symmetric or wrap

    >>> pad(np.array([1.0, 2.0]), (0, 2))
    array([1., 2., 0., 0.])
    """
    array = as_operand(array)
    if mode in _MODES:
        return moved(array, np.pad, pad_width, mode=mode)
    if mode != "constant":
        raise explained(
            ValueError,
            f"pad(array, pad_width, mode={mode!r})",
            {"array": array},
            f"the modes that record are constant, {', '.join(_MODES)}.",
            "compute what is to be added, and mg.concatenate it.",
        )
    inside = np.pad(np.ones(array.shape, bool), pad_width)
    if isinstance(pad_width, dict):
        widths = {axis % array.ndim: each for axis, each in pad_width.items()}
        pad_width = [np.broadcast_to(widths.get(i, 0), 2) for i in range(array.ndim)]
    pairs = np.broadcast_to(pad_width, (array.ndim, 2)).tolist()
    index = tuple(
        slice(before, before + length)
        for (before, _), length in zip(pairs, array.shape, strict=True)
    )
    padded = scatter(array, shape=inside.shape, index=index)
    if isinstance(constant_values, Tensor):
        return where(inside, padded, constant_values)
    border = np.pad(
        np.zeros(array.shape, array.dtype), pad_width, constant_values=constant_values
    )
    return where(inside, padded, border) if np.any(border != 0) else padded
