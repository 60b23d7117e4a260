"""Along an axis: differences, slopes, areas, interpolation.

All are sums of entries times weights. Which entries is a choice, made once: the place
of x between the points of `interp`, the full turns that `unwrap` takes out.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from minigrad.composite import composite
from minigrad.composites.axes import along, whole_axes
from minigrad.functions import array_of, concatenate, shape_of, where
from minigrad.reductions import in_float32
from minigrad.table import broadcast, cast, reshape, sum, take
from minigrad.tensor import Tensor
from minigrad.types import Axis, OneArray
from minigrad.writable_arrays.gathering import as_operand

__all__ = ["diff", "ediff1d", "interp", "trapezoid", "unwrap"]


# ------------------------------------------------------------------------- differences


@composite
def diff(
    a: OneArray,
    n: int = 1,
    axis: int = -1,
    prepend: OneArray = None,
    append: OneArray = None,
) -> OneArray:
    """Return the differences of neighbours along an axis, n times.

    >>> diff(mg.Tensor([1.0, 4.0, 9.0]))
    Tensor([3., 5.], made by subtract)
    """
    if n < 0:
        raise ValueError(f"differences are taken n times, and n is {n}")
    shape = shape_of(a)
    axis = normalize_axis_index(axis, len(shape))
    single = (*shape[:axis], 1, *shape[axis + 1 :])
    a = between(as_operand(a), prepend, append, single, axis)
    for _ in range(n):
        a = a[along(axis, slice(1, None))] - a[along(axis, slice(-1))]
    return a


def between(a: Any, before: Any, after: Any, single: Any, axis: int) -> Any:
    """Join two ends to an array, if they are given; a number in the shape `single`."""
    parts = []
    for part in (before, a, after):
        if part is not None:
            part = part if isinstance(part, Tensor) else array_of(part).astype(a.dtype)
            parts.append(part if part.shape else broadcast(part, shape=single))
    return concatenate(parts, axis=axis) if len(parts) > 1 else a


@composite
def ediff1d(
    ary: OneArray, to_end: OneArray = None, to_begin: OneArray = None
) -> OneArray:
    """Return the differences of neighbours of all entries in a row, between two ends.

    >>> ediff1d(mg.Tensor([1.0, 4.0, 9.0]), to_begin=0.0).data
    array([0., 3., 5.])
    """
    before, after = (
        reshape(end, (-1,)) if end is not None and len(shape_of(end)) > 1 else end
        for end in (to_begin, to_end)
    )
    return between(diff(reshape(ary, (-1,))), before, after, (1,), 0)


@composite
def gradient(f: OneArray, *varargs: Any, axis: Axis = None, edge_order: int = 1) -> Any:
    """Return the slopes along each axis, by central differences and one-sided at ends.

    varargs   the step, one for all axes or one for each; or the coordinates of an axis.
    A list of arrays for several axes, as NumPy has it a tuple.

    >>> gradient(mg.Tensor([1.0, 4.0, 9.0, 16.0]), 0.5).data
    array([ 6.,  8., 12., 14.])
    """
    shape = shape_of(f)
    axes = whole_axes(axis, len(shape))
    spacing = varargs or (1,)
    if len(spacing) == 1 and not shape_of(spacing[0]):
        spacing = spacing * len(axes)
    if len(spacing) != len(axes):
        raise TypeError(f"{len(spacing)} steps or coordinates for {len(axes)} axes")
    if edge_order not in (1, 2):
        raise ValueError("edge_order is 1 or 2")
    f = as_operand(f)
    slopes = []
    for one, step in zip(axes, spacing, strict=True):
        if shape[one] <= edge_order:
            raise ValueError(f"an axis of edge_order + 1 entries, not {shape[one]}")
        steps = _steps(step, shape[one], len(shape) - one - 1)
        slope = _slopes(f, one, steps, edge_order)
        slopes.append(slope if slope.dtype == f.dtype else cast(slope, f.dtype))
    return slopes[0] if len(slopes) == 1 else tuple(slopes)


def _steps(step: Any, n: int, following: int) -> Any:
    """Return the n - 1 steps along an axis in the shape that meets the axis; or one."""
    if not shape_of(step):
        return step
    if shape_of(step) != (n,):
        raise ValueError(f"coordinates of shape {shape_of(step)} for {n} entries")
    return reshape(diff(step), (n - 1,) + (1,) * following)


def _slopes(f: Any, axis: int, steps: Any, edge_order: int) -> Any:
    """Return the slopes of parabolas through three neighbours, and of the ends."""

    def at(start: int, stop: int | None) -> Any:
        return rise[along(axis, slice(start, stop))]

    def step(start: int, stop: int | None) -> Any:
        return steps[start:stop] if shape_of(steps) else steps

    rise = diff(f, axis=axis)
    rise = rise / steps  # the slopes between neighbours
    first, last = at(0, 1), at(-1, None)
    if rise.shape[axis] == 1:
        return concatenate([first, last], axis=axis)
    if shape_of(steps):
        h, k = step(0, -1), step(1, None)
        inner = (at(0, -1) * k + at(1, None) * h) / (h + k)
    else:  # the entry itself has no part in it, and may be missing
        ahead, behind = along(axis, slice(2, None)), along(axis, slice(-2))
        inner = (f[ahead] - f[behind]) / (2 * steps)
    if edge_order == 2:
        h, k = step(0, 1), step(1, 2)
        first = first + (first - at(1, 2)) * h / (h + k)
        h, k = step(-1, None), step(-2, -1)
        last = last + (last - at(-2, -1)) * h / (h + k)
    return concatenate([first, inner, last], axis=axis)


@composite
@in_float32
def trapezoid(
    y: OneArray, x: OneArray = None, dx: OneArray = 1, axis: int = -1
) -> OneArray:
    """Return the area under y along an axis, by trapezoids of width dx, or between x.

    >>> trapezoid(mg.Tensor([1.0, 3.0, 5.0]), dx=0.5).data
    array(3.)
    """
    ndim = len(shape_of(y))
    axis = normalize_axis_index(axis, ndim)
    y = as_operand(y)
    if x is not None and len(shape_of(x)) == 1:
        dx = reshape(diff(x), (-1,) + (1,) * (ndim - axis - 1))
    elif x is not None:
        dx = diff(x, axis=axis)
    pairs = y[along(axis, slice(1, None))] + y[along(axis, slice(-1))]
    return sum(dx * pairs / 2, axis=axis)


@composite
def unwrap(
    p: OneArray,
    discont: float | None = None,
    axis: int = -1,
    *,
    period: OneArray = 2 * np.pi,
) -> OneArray:
    """Return angles without jumps along an axis: full turns are added, as constants.

    >>> unwrap(mg.Tensor([0.5, 6.5]), period=6.0)
    Tensor([0.5, 0.5], made by add)
    """
    x: Any = array_of(p)
    span: Any = array_of(period)
    smooth = np.unwrap(x, discont, axis, period=span)
    turns = np.rint((smooth - x) / span).astype(x.dtype)
    return p + turns * period


# ----------------------------------------------------------------------- interpolation


@composite
def interp(
    x: OneArray,
    xp: OneArray,
    fp: OneArray,
    left: OneArray = None,
    right: OneArray = None,
    period: float | None = None,
) -> OneArray:
    """Return y(x) on the straight lines between the points (xp, fp), xp ascending.

    Outside it is `left` or `right`, or the value at the end. At a point the slope is
    that of the line to the right of it; at the last point, to the left.

    >>> interp(mg.Tensor([1.5, 9.0]), [1.0, 2.0], [10.0, 30.0]).data
    array([20., 30.])
    """
    x, xp, fp = as_operand(x), as_operand(xp), as_operand(fp)
    if xp.shape != fp.shape or xp.ndim != 1 or not xp.size:
        raise ValueError(f"points need a y for each x: {xp.shape} and {fp.shape}")
    if period is not None:
        x, xp, fp = _in_one_period(x, xp, fp, period)
        left = right = None
    at, points = array_of(x), array_of(xp)
    last = points.size - 1
    below, above = at < points[0], at > points[-1]
    inside = ~(below | above)
    if last == 0:
        y = broadcast(fp[0], shape=at.shape)
    else:
        right_of = np.searchsorted(points, at, "right") - 1
        to_last = np.searchsorted(points, points[-1]) - 1
        start = np.where(at < points[-1], right_of, to_last)
        start = np.clip(start, 0, last - 1)
        x0, y0 = take(xp, start), take(fp, start)
        slope = (take(fp, start + 1) - y0) / (take(xp, start + 1) - x0)
        # What is outside may be infinite: there it must not be computed with.
        safe = x if np.all(inside) else where(inside, x, x0)
        y = slope * (safe - x0) + y0
    for outside, value, end in ((below, left, 0), (above, right, last)):
        if np.any(outside):
            y = where(outside, fp[end] if value is None else value, y)
    return y


def _in_one_period(x: Any, xp: Any, fp: Any, period: float) -> tuple[Any, Any, Any]:
    """Bring all to [0, period), in order, with a point more on either side."""
    if period == 0:
        raise ValueError("a period of 0 never ends")
    period = abs(period)
    x = x - np.floor(array_of(x) / period) * period
    xp = xp - np.floor(array_of(xp) / period) * period
    order = np.argsort(array_of(xp))
    around = np.concatenate([order[-1:], order, order[:1]])
    turns = np.zeros(around.size, array_of(xp).dtype)
    turns[0], turns[-1] = -1, 1
    return x, take(xp, around) + turns * period, take(fp, around)
