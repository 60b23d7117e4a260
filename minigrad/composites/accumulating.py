"""Along an axis: products, and running sums and products.

Products are products only, without logarithms or divisions, so their derivatives of
every order are right where factors are 0. Neighbours are multiplied, then pairs with
pairs: n factors take log2(n) steps. If a pair leaves the range of the numbers where the
product from left to right would not, the product is taken from left to right.
"""

from __future__ import annotations

import functools
import operator
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from minigrad.composite import composite
from minigrad.composites.axes import along, row_of, whole_axes
from minigrad.functions import array_of, concatenate, shape_of, stack
from minigrad.habits import taught
from minigrad.reductions import Mask, in_float32, masked, numbers_only
from minigrad.table import cumsum as cumsum_row
from minigrad.table import reshape, take, transpose
from minigrad.table import sum as sum_row
from minigrad.types import Axis, Given, OneArray, Operand
from minigrad.writable_arrays.gathering import joined

__all__ = [
    "cumprod", "cumsum", "cumulative_prod", "cumulative_sum", "nancumprod", "nancumsum",
    "nanprod", "prod",
]  # fmt: skip


@composite
def sums_between(array: OneArray, indices: Any, axis: int = 0) -> OneArray:
    """Return the sums from each index to the next, as np.add.reduceat does.

    An index that is not below the next gives its own entry.

    >>> np.add.reduceat(Tensor([1.0, 2.0, 4.0]), [0, 2]).data
    array([3., 4.])
    """
    axis = normalize_axis_index(axis, len(shape_of(array)))
    size = shape_of(array)[axis]
    starts = [operator.index(i) for i in np.asarray(indices)]
    stops = [*starts[1:], size]
    parts = [
        sum_row(take(array, along(axis, slice(i, max(i + 1, j)))), axis=axis)
        for i, j in zip(starts, stops, strict=True)
    ]
    return stack(parts, axis=axis)


# ---------------------------------------------------------------------------- products


@composite
@in_float32
def prod(
    a: OneArray,
    axis: Axis = None,
    keepdims: bool = False,
    initial: Operand = 1,
    where: Mask = True,
) -> OneArray:
    """Return the product over the axes, right at zeros to every order.

    >>> x = mg.Tensor([2.0, 0.0, 3.0])
    >>> mg.grad(prod(x), x)
    array([0., 6., 0.])
    """
    a = masked(a, where, 1)
    shape = shape_of(a)
    ndim = len(shape)
    axes = whole_axes(axis, ndim)
    kept = tuple(i for i in range(ndim) if i not in axes)
    if axes != tuple(range(len(axes))):
        a = transpose(a, axes=(*axes, *kept))
    rest = tuple(shape[i] for i in kept)
    a = reshape(a, (int(np.prod([shape[i] for i in axes])), *rest))
    result = _in_range(_tree, _chain, a)
    if type(initial) is not int or initial != 1:
        result = result * initial
    whole = tuple(1 if i in axes else n for i, n in enumerate(shape))
    return reshape(result, whole) if keepdims else result


def _in_range(quick: Any, sure: Any, a: Any) -> Any:
    """Compute the quick way, or the sure one if numbers leave their range there."""
    try:
        with np.errstate(over="raise", under="raise"):
            return quick(a)
    except FloatingPointError:
        return sure(a)


def _tree(a: Any) -> Any:
    """Multiply neighbours along axis 0, then pairs with pairs; an odd one waits."""
    shape = shape_of(a)
    waiting = []
    while (n := shape_of(a)[0]) > 1:
        if n % 2:
            waiting.append(a[-1])
        even = n - n % 2
        a = a[0:even:2] * a[1:even:2]
    if not n:
        return np.ones(shape[1:], array_of(a).dtype)
    return functools.reduce(operator.mul, reversed(waiting), a[0])


def _chain(a: Any) -> Any:
    """Multiply along axis 0 from left to right."""
    n = shape_of(a)[0]
    return functools.reduce(operator.mul, (a[i] for i in range(n)))


@composite
def nanprod(a: Given, axis: Axis = None, keepdims: bool = False) -> Given:
    """Return the product over the axes; NaN counts as 1.

    >>> nanprod(mg.Tensor([2.0, np.nan, 3.0])).data
    array(6.)
    """
    return prod(a, axis, keepdims, where=numbers_only(a))


@composite
@in_float32
def cumprod(a: Given, axis: int | None = None) -> Given:
    """Return the products of all entries up to each, along an axis or of all in a row.

    >>> cumprod(mg.Tensor([2.0, 3.0, 4.0])).data
    array([ 2.,  6., 24.])
    """
    a, axis = _in_a_row(a, axis)
    n = shape_of(a)[axis]

    def scan(a: Any) -> Any:
        """Products of 1, 2, 4, ... entries up to each."""
        reach = 1
        while reach < n:
            before, first = along(axis, slice(-reach)), along(axis, slice(reach))
            product = a[along(axis, slice(reach, None))] * a[before]
            a = concatenate([a[first], product], axis=axis)
            reach *= 2
        return a

    def chain(a: Any) -> Any:
        parts = [a[along(axis, 0)]]
        for i in range(1, n):
            parts.append(parts[-1] * a[along(axis, i)])
        return stack(parts, axis=axis)

    return _in_range(scan, chain, a)


def _in_a_row(a: Any, axis: int | None) -> tuple[Any, int]:
    """Return `a` and an axis counted from 0; without an axis all entries in a row."""
    ndim = len(shape_of(a))
    if axis is None or not ndim:
        normalize_axis_index(axis or 0, ndim or 1)
        return row_of(a), 0
    return a, normalize_axis_index(axis, ndim)


# -------------------------------------------------------------------------------- sums


@taught
def cumsum(a: Given, axis: int | None = None) -> Given:
    """Return the sums of all entries up to each, along an axis or of all in a row.

    >>> mg.Tensor([[1.0, 2.0], [3.0, 4.0]]).cumsum().data
    array([ 1.,  3.,  6., 10.])
    """
    a = joined(a)
    if axis is None or not array_of(a).ndim:
        a = reshape(a, (-1,))
    return cumsum_row(a, axis=axis or 0)


@composite
def nancumsum(a: Given, axis: int | None = None) -> Given:
    """Return running sums along an axis, or of all in a row; NaN counts as 0.

    >>> nancumsum(mg.Tensor([1.0, np.nan, 2.0])).data
    array([1., 1., 3.])
    """
    return cumsum(masked(a, numbers_only(a), 0), axis)


@composite
def nancumprod(a: Given, axis: int | None = None) -> Given:
    """Return running products along an axis, or of all in a row; NaN counts as 1.

    >>> nancumprod(mg.Tensor([2.0, np.nan, 3.0])).data
    array([2., 2., 6.])
    """
    return cumprod(masked(a, numbers_only(a), 1), axis)


@composite
def cumulative_sum(
    x: Given, *, axis: int | None = None, include_initial: bool = False
) -> Given:
    """Return running sums along an axis, which may be left out where there is one only.

    With `include_initial`, the empty sum comes first.

    >>> cumulative_sum(mg.Tensor([1.0, 2.0]), include_initial=True).data
    array([0., 1., 3.])
    """
    return _running(cumsum, x, axis, np.zeros if include_initial else None)


@composite
def cumulative_prod(
    x: Given, *, axis: int | None = None, include_initial: bool = False
) -> Given:
    """Return running products along an axis, which may be left out if it is the only.

    With `include_initial`, the empty product comes first.

    >>> cumulative_prod(mg.Tensor([2.0, 3.0]), include_initial=True).data
    array([1., 2., 6.])
    """
    return _running(cumprod, x, axis, np.ones if include_initial else None)


def _running(function: Any, x: Given, axis: int | None, start: Any) -> Given:
    shape = list(shape_of(x))
    if axis is None and len(shape) != 1:
        raise ValueError("an array of several axes needs an axis")
    axis = normalize_axis_index(axis or 0, len(shape))
    total: Given = function(x, axis)
    if start is None:
        return total
    shape[axis] = 1
    return concatenate([start(shape, array_of(x).dtype), total], axis=axis)
