"""Medians, quantiles, percentiles: a mean of the two entries next to a place in order.

The order is a choice, found once and recorded, and so is the share of each of the two.
Among equal numbers the slope is that of one of them. With a NaN among the numbers the
result is NaN, but for the functions whose name begins with nan, which leave it out.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from minigrad.composite import composite
from minigrad.composites.arranging import at_places, places_of
from minigrad.composites.axes import whole_axes
from minigrad.functions import array_of, as_exact
from minigrad.messages import explained
from minigrad.numpy_protocol.array_like import as_array
from minigrad.table import reshape
from minigrad.types import Array, Axis, Shape

__all__ = [
    "median", "nanmedian", "nanpercentile", "nanquantile", "percentile", "quantile",
]  # fmt: skip

PLACES: dict[str, Callable[[Array], Array]] = {  # where a quantile is, by its method
    "linear": lambda place: place,
    "lower": np.floor,
    "higher": np.ceil,
    "midpoint": lambda place: (np.floor(place) + np.ceil(place)) / 2,
    "nearest": np.rint,
}


@composite
def median(a: Any, axis: Axis = None, *, keepdims: bool = False) -> Any:
    """Return the middle entry over the axes, or the mean of the two in the middle.

    >>> median(Tensor([5.0, 1.0, 2.0]))
    Tensor(2., made by take)
    """
    return _quantile(a, 0.5, axis, "linear", keepdims)


@composite
def nanmedian(a: Any, axis: Axis = None, *, keepdims: bool = False) -> Any:
    """Return the median of the entries that are not NaN, over the axes.

    >>> nanmedian(Tensor([5.0, np.nan, 1.0, 2.0]))
    Tensor(2., made by take)
    """
    return _quantile(a, 0.5, axis, "linear", keepdims, skip=True)


@composite
def quantile(
    a: Any, q: Any, axis: Axis = None, *, method: str = "linear", keepdims: bool = False
) -> Any:
    """Return the number below which a fraction q of the entries lies, for each q.

    method   linear, lower, higher, midpoint or nearest, between two entries
    The shape is that of q, then what remains of the shape of a.

    >>> quantile(Tensor([1.0, 2.0, 4.0]), [0.0, 0.75])
    Tensor([1., 3.], made by add)
    """
    return _quantile(a, q, axis, method, keepdims)


@composite
def percentile(
    a: Any, q: Any, axis: Axis = None, *, method: str = "linear", keepdims: bool = False
) -> Any:
    """Return the number below which q percent of the entries lie: a quantile.

    >>> percentile(Tensor([1.0, 2.0, 4.0]), 75)
    Tensor(3., made by add)
    """
    return _quantile(a, np.asarray(q) / 100, axis, method, keepdims)


@composite
def nanquantile(
    a: Any, q: Any, axis: Axis = None, *, method: str = "linear", keepdims: bool = False
) -> Any:
    """Return the quantile of the entries that are not NaN, over the axes.

    >>> nanquantile(Tensor([1.0, np.nan, 2.0]), 0.5)
    Tensor(1.5, made by add)
    """
    return _quantile(a, q, axis, method, keepdims, skip=True)


@composite
def nanpercentile(
    a: Any, q: Any, axis: Axis = None, *, method: str = "linear", keepdims: bool = False
) -> Any:
    """Return the percentile of the entries that are not NaN, over the axes.

    >>> nanpercentile(Tensor([1.0, np.nan, 2.0]), 50)
    Tensor(1.5, made by add)
    """
    return _quantile(a, np.asarray(q) / 100, axis, method, keepdims, skip=True)


def _quantile(
    a: Any, q: Any, axis: Axis, method: str, keepdims: bool, skip: bool = False
) -> Any:
    """Return the mean of two entries in sorted order, with recorded weights."""
    q = np.asarray(q, float)
    if method not in PLACES:
        _refuse(a, f"there is no method {method!r}.", f"one of {', '.join(PLACES)}.")
    if not np.all((q >= 0) & (q <= 1)):
        why = "what is asked for is a part of the entries, from none to all of them."
        _refuse(a, why, "give q between 0 and 1; of a percentile between 0 and 100.")
    lanes, kept = _lanes(places_of(a), axis)
    x = array_of(a).reshape(-1)[lanes]
    if not x.shape[-1]:
        _refuse(a, "among no entries none is in the middle.", "leave empty arrays out.")
    order = np.argsort(x, axis=-1, stable=True)
    missing = np.sum(x != x, axis=-1)  # only NaN differs from itself
    count = x.shape[-1] - (missing if skip else 0 * missing)
    q = q.reshape(q.shape + (1,) * count.ndim)
    place = PLACES[method](np.maximum(count - 1, 0) * q)
    low, high = np.floor(place).astype(int), np.ceil(place).astype(int)
    if not skip:  # the last one is NaN, and so is the result
        low, high = (np.where(missing, x.shape[-1] - 1, each) for each in (low, high))

    def sorted_entries(rank: Array) -> Any:
        rank = as_array(rank)
        among = np.broadcast_to(order, (*rank.shape, order.shape[-1]))
        index = np.take_along_axis(among, rank[..., None], -1)
        places = np.take_along_axis(np.broadcast_to(lanes, among.shape), index, -1)
        return at_places(a, places[..., 0])

    value = sorted_entries(low)
    if np.any(low != high):
        share: Any = as_array(place - np.floor(place))
        if x.dtype == object:
            share = as_exact(share, x)
        else:  # whole numbers become floats
            share = share.astype(np.result_type(x, np.float16))
        value = value * (1 - share) + sorted_entries(high) * share
    return (
        reshape(value, low.shape[: low.ndim - count.ndim] + kept) if keepdims else value
    )


def _refuse(a: Any, why: str, fix: str) -> NoReturn:
    raise explained(ValueError, "a quantile", {"a": a}, why, fix)


def _lanes(places: Array, axis: Axis) -> tuple[Array, Shape]:
    """Return places with the axes to reduce as one last axis, and the shape to keep."""
    axes = whole_axes(axis, places.ndim)
    others = [each for each in range(places.ndim) if each not in axes]
    kept = tuple(1 if k in axes else n for k, n in enumerate(places.shape))
    lanes = places.transpose(*others, *axes)
    count = math.prod(places.shape[k] for k in axes)
    return lanes.reshape(*(places.shape[k] for k in others), count), kept
