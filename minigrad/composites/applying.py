"""Functions that apply a function: to rows, over axes, in pieces.

The function is given Tensors, and what it records is all that is recorded of it. The
pieces of `piecewise` are taken first and put back after, so that a function sees only
the entries that are its own: a logarithm no negative number.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from minigrad.composite import composite
from minigrad.functions import array_of, shape_of, stack, where
from minigrad.numpy_protocol.arrays import booleans
from minigrad.table import broadcast, reshape, scatter, take, transpose
from minigrad.types import OneArray, Operand

__all__ = ["apply_along_axis", "apply_over_axes", "piecewise"]


@composite
def piecewise(
    x: OneArray,
    condlist: Any,
    funclist: Sequence[Operand | Callable[..., Any]],
    *args: Any,
    **kw: Any,
) -> OneArray:
    """Return for each entry what the function of the last true condition makes of it.

    One function more than conditions is for the entries where none is true; without it
    they are 0. A function may be a number.

    >>> x = mg.Tensor([-1.0, 4.0])
    >>> piecewise(x, [x > 0], [np.sqrt, 0.0]).data
    array([0., 2.])
    """
    shape = shape_of(x)
    is_list = isinstance(condlist, list | tuple) and any(map(np.ndim, condlist))
    if not is_list and np.ndim(condlist) <= (1 if shape else 0):  # one, without a list
        condlist = [condlist]
    masks = [booleans(each, "piecewise(x, conditions, ...)", "it") for each in condlist]
    if len(funclist) == len(masks) + 1:
        masks.append(~functools.reduce(np.logical_or, masks))
    if len(funclist) != len(masks):
        raise ValueError(f"{len(funclist)} functions for {len(masks)} conditions")
    y: Any = np.zeros(shape, array_of(x).dtype)
    for mask, function in zip(masks, funclist, strict=True):
        if callable(function):
            if not np.any(mask):
                continue
            part = take(x, mask)
            value = function(part, *args, **kw)
            value = broadcast(value, shape=shape_of(part))
            function = scatter(value, shape=shape, index=mask)
        y = where(mask, function, y)
    return y


@composite
def apply_along_axis(
    func1d: Callable[..., Any], axis: int, arr: OneArray, *args: Any, **kwargs: Any
) -> OneArray:
    """Return what a function makes of each row along an axis, in the place of the axis.

    >>> apply_along_axis(np.sum, 0, mg.Tensor([[1.0, 2.0], [3.0, 4.0]])).data
    array([4., 6.])
    """
    shape = shape_of(arr)
    axis = normalize_axis_index(axis, len(shape))
    others = shape[:axis] + shape[axis + 1 :]
    if 0 in others:
        raise ValueError("there is no row that the function could be tried on")
    rows: Any = (
        take(arr, (*index[:axis], slice(None), *index[axis:]))
        for index in np.ndindex(*others)
    )
    results = [func1d(row, *args, **kwargs) for row in rows]
    made = shape_of(results[0])
    result: Any = reshape(stack(results), (*others, *made))
    if not made or axis == len(others):
        return result
    before = tuple(range(axis))
    new = tuple(range(len(others), len(others) + len(made)))
    return transpose(result, axes=(*before, *new, *range(axis, len(others))))


@composite
def apply_over_axes(
    func: Callable[..., Any], a: OneArray, axes: int | Sequence[int]
) -> OneArray:
    """Return what a reduction over one axis after the other makes; the axes stay.

    >>> apply_over_axes(np.sum, mg.Tensor([[1.0, 2.0], [3.0, 4.0]]), (0, 1)).data
    array([[10.]])
    """
    shape = list(shape_of(a))
    for axis in [axes] if isinstance(axes, int) else axes:
        axis = normalize_axis_index(axis, len(shape))
        a = func(a, axis)
        shape[axis] = 1
        if array_of(a).ndim < len(shape):
            a = reshape(a, tuple(shape))
    return a
