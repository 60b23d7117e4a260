"""By size and by place: sort, extremes without NaN, and entries along an axis.

An order is a choice. It is found once, from the numbers, and recorded: the result is a
`take` of the entries at those places, so each cotangent goes back to where its number
came from. Equal numbers stay in their order, and NaN is sorted to the end.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from minigrad.composite import composite
from minigrad.composites.arranging import at_places, places_of
from minigrad.composites.axes import along, row_of
from minigrad.functions import array_of, getitem, shape_of, where
from minigrad.messages import explained
from minigrad.numpy_protocol.arrays import booleans, integers
from minigrad.reductions import max as largest
from minigrad.reductions import min as smallest
from minigrad.types import Array, Axis, Operand

__all__ = [
    "choose", "compress", "extract", "nanmax", "nanmin", "partition", "ptp", "select",
    "sort", "take_along_axis",
]  # fmt: skip


def _along(a: Operand, indices: Array, axis: int | None) -> Any:
    """Return the entries at these indices along an axis."""
    return at_places(a, np.take_along_axis(places_of(a), indices, axis))


# ---------------------------------------------------------------------------- sorting


@composite
def sort(
    a: Any, axis: int | None = -1, kind: str | None = None, *, stable: bool = True
) -> Any:
    """Return the entries in ascending order along an axis, of all if it is None.

    Whatever kind of sorting is asked for, the order is stable.

    >>> sort(Tensor([3.0, 1.0, 2.0]))
    Tensor([1., 2., 3.], made by take)
    """
    order = np.argsort(array_of(a), axis=axis, stable=True)
    return _along(a, order, axis)


@composite
def partition(a: Any, kth: int | Sequence[int], axis: int | None = -1) -> Any:
    """Return the entries with the kth smallest in its place, smaller ones before it.

    >>> partition(Tensor([3.0, 1.0, 2.0]), 1)[1]
    Tensor(2., made by take)
    """
    return _along(a, np.argpartition(array_of(a), kth, axis=axis), axis)


# ---------------------------------------------------------------------------- extremes


@composite
def ptp(a: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Return the largest entry minus the smallest, over the axes.

    >>> ptp(Tensor([4.0, 1.0, 2.0]))
    Tensor(3., made by subtract)
    """
    return largest(a, axis, keepdims) - smallest(a, axis, keepdims)


@composite
def nanmax(a: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Return the largest entry that is not NaN; ties share the gradient equally.

    >>> nanmax(Tensor([1.0, np.nan, 2.0]))
    Tensor(2., made by sum)
    """
    return largest(_without_nan(a, axis, -np.inf), axis, keepdims)


@composite
def nanmin(a: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Return the smallest entry that is not NaN; ties share the gradient equally."""
    return smallest(_without_nan(a, axis, np.inf), axis, keepdims)


def _without_nan(a: Any, axis: Axis, other: float) -> Any:
    """Return `other` in the place of NaN, unless there are no numbers but NaN."""
    missing = array_of(a) != array_of(a)
    if not np.any(missing):
        return a
    return where(missing & ~missing.all(axis=axis, keepdims=True), other, a)


# --------------------------------------------------------------- entries by their place


@composite
def take_along_axis(arr: Any, indices: Any, axis: int | None = -1) -> Any:
    """Return the entries at indices along an axis, as np.argsort gives them.

    >>> take_along_axis(Tensor([[3.0, 1.0], [2.0, 4.0]]), np.array([[1], [0]]), axis=1)
    Tensor([[1.],
            [2.]], made by take)
    """
    index = integers(indices, "take_along_axis(arr, indices, axis)", "indices")
    return _along(arr, index, axis)


@composite
def running_extreme(a: Any, ufunc: np.ufunc, axis: int = 0) -> Any:
    """Return for each entry the largest, or smallest, up to it: the last one of equals.

    >>> np.maximum.accumulate(Tensor([1.0, 3.0, 2.0]))
    Tensor([1., 3., 3.], made by take)
    """
    numbers = array_of(a)
    extremes = ufunc.accumulate(numbers, axis)
    new = (numbers == extremes) | (numbers != numbers)
    count = np.arange(numbers.shape[axis])
    order = np.expand_dims(count, tuple(range(1, numbers.ndim))).swapaxes(0, axis)
    places = np.maximum.accumulate(np.where(new, order, 0), axis)
    return take_along_axis(a, places, axis)


@composite
def take(a: Any, indices: Any, axis: int | None = None, mode: str = "raise") -> Any:
    """Return a[indices] along an axis, of all entries in one row if it is None.

    mode   what an index out of range does: "raise", "wrap" around or "clip" to an end

    >>> take(Tensor([[1.0, 2.0], [3.0, 4.0]]), [0, 0], axis=1)
    Tensor([[1., 1.],
            [3., 3.]], made by take)
    """
    index = integers(indices, "take(a, indices, axis)", "indices")
    if axis is None:
        a, axis = row_of(a), 0
    shape = shape_of(a)
    axis = normalize_axis_index(axis, len(shape))
    index = _within(index, shape[axis], mode)
    which = index if index.ndim else int(index)
    return getitem(a, along(axis, which))


def _within(index: Array, count: int, mode: str) -> Array:
    """Return indices among `count`, with those out of range as the mode says."""
    if mode == "wrap":
        return index % count
    if mode == "clip":
        return np.clip(index, 0, count - 1)
    if mode != "raise":
        raise explained(
            ValueError,
            f"mode={mode!r}",
            "there is no such mode for indices.",
            'one of "raise", "wrap", "clip".',
        )
    return index


@composite
def compress(condition: Any, a: Any, axis: int | None = None) -> Any:
    """Return the entries, or the slices along an axis, where the condition is true.

    >>> compress([True, False, True], Tensor([1.0, 2.0, 3.0]))
    Tensor([1., 3.], made by take)
    """
    mask = booleans(condition, "compress(condition, a)", "condition")
    return take(a, np.flatnonzero(mask), axis)


@composite
def extract(condition: Any, arr: Any) -> Any:
    """Return the entries where the condition is true, in one row.

    >>> x = Tensor([[1.0, -2.0], [3.0, -4.0]])
    >>> extract(x > 0, x)
    Tensor([1., 3.], made by take)
    """
    mask = booleans(condition, "extract(condition, arr)", "condition")
    return at_places(arr, np.flatnonzero(mask))


@composite
def choose(a: Any, choices: Sequence[Any], mode: str = "raise") -> Any:
    """Return, entry by entry, choices[a]: a has whole numbers, choices broadcast.

    >>> choose([1, 0], [Tensor([1.0, 2.0]), Tensor([10.0, 20.0])])
    Tensor([10.,  2.], made by where)
    """
    index = integers(a, "choose(a, choices)", "a")
    index = _within(index, len(choices), mode)
    if np.any((index < 0) | (index >= len(choices))):
        raise explained(
            ValueError,
            "choose(a, choices)",
            {"a": a},
            f"there are {len(choices)} choices, counted from 0.",
            f"each entry of a is from 0 to {len(choices) - 1}; or say what others "
            'mean: mode="wrap", mode="clip".',
        )
    first, *others = choices
    return select([index == k for k in range(1, len(choices))], others, first)


@composite
def select(condlist: Sequence[Any], choicelist: Sequence[Any], default: Any = 0) -> Any:
    """Return, entry by entry, the choice of the first condition that is true.

    >>> x = Tensor([-1.0, 0.5, 2.0])
    >>> select([x < 0, x > 1], [-x, x * 10], default=7.0)
    Tensor([ 1.,  7., 20.], made by where)
    """
    if len(condlist) != len(choicelist) or not condlist:
        raise explained(
            ValueError,
            "select(condlist, choicelist)",
            f"there are {len(condlist)} conditions and {len(choicelist)} choices.",
            "give one choice for each condition, and at least one.",
        )
    result = default
    for condition, choice in zip(condlist[::-1], choicelist[::-1], strict=True):
        result = where(condition, choice, result)
    return result
