"""By value: which entries there are, and sums over those that belong together.

Which entries are equal, and which bin one falls into, is a choice: plain numbers, and
recorded as constants. What is counted may have weights, and those have a derivative.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.composite import composite
from minigrad.functions import array_of, concatenate
from minigrad.numpy_protocol.array_like import plain
from minigrad.numpy_protocol.arrays import integers
from minigrad.table import reshape, scatter, sum, take
from minigrad.tensor import Tensor
from minigrad.types import Array, Given, Operand
from minigrad.writable_arrays.gathering import as_operand

__all__ = [
    "bincount", "histogram", "intersect1d", "setdiff1d", "setxor1d", "union1d",
    "unique", "unique_all", "unique_counts", "unique_inverse", "unique_values",
]  # fmt: skip


@composite
def bincount(x: Any, weights: Any = None, minlength: int = 0) -> Any:
    """Return for each whole number the sum of the weights of its places in x.

    >>> bincount([0, 1, 1], Tensor([2.0, 3.0, 4.0]))
    Tensor([2., 7.], made by scatter)
    """
    x = integers(plain(x), "bincount(x)", "x")
    counts = np.bincount(
        x, array_of(weights) if weights is not None else None, minlength
    )
    if not isinstance(weights, Tensor):
        return counts
    return scatter(weights, shape=counts.shape, index=x)


@composite
def histogram(
    a: Operand,
    bins: Any = 10,
    range: tuple[float, float] | None = None,
    density: bool | None = None,
    weights: Any = None,
) -> tuple[Any, Array]:
    """Return the sum of the weights in each bin, and the edges of the bins.

    >>> histogram([0.5, 1.5, 2.0], [0.0, 1.0, 2.0], weights=Tensor([2.0, 3.0, 4.0]))[0]
    Tensor([2., 7.], made by scatter)
    """
    x = array_of(a).ravel()
    bins = array_of(bins) if array_of(bins).ndim else bins
    if not isinstance(weights, Tensor):
        return np.histogram(x, bins, range, density, weights)
    _, edges = np.histogram(x, bins, range, weights=weights.data.ravel())
    inside = np.flatnonzero((edges[0] <= x) & (x <= edges[-1]))
    place = np.searchsorted(edges[1:-1], x[inside], side="right")
    row = take(reshape(weights, (-1,)), inside)
    counts = scatter(row, shape=(len(edges) - 1,), index=place)
    if density:
        counts = counts / (np.diff(edges).astype(row.dtype) * sum(row))
    return counts, edges


@composite
def unique(
    ar: Given,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: int | None = None,
    *,
    equal_nan: bool = True,
) -> Any:
    """Return the different entries in order; of equal ones the first, with its slope.

    >>> unique(Tensor([3.0, 1.0, 3.0]))
    Tensor([1., 3.], made by take)
    """
    asked: dict[str, Any] = {"axis": axis, "equal_nan": equal_nan}
    asked |= {"return_inverse": return_inverse, "return_counts": return_counts}
    known: tuple[Array, ...] = np.unique(array_of(ar), return_index=True, **asked)
    index: Array = known[1]
    values: Any = np.take(ar, index, axis)
    found = (values, *([index] if return_index else []), *known[2:])
    return found if len(found) > 1 else values


@composite
def unique_values(x: Given) -> Given:
    """Return the different entries in order, each NaN by itself."""
    values: Given = unique(x, equal_nan=False)
    return values


def _with_values(name: str, doc: str) -> Any:
    """Return NumPy's function with the entries recorded, and its counts as they are."""

    def of(x: Any) -> Any:
        theirs = getattr(np, name)(array_of(x))
        return theirs._replace(values=unique_values(x))

    of.__name__ = of.__qualname__ = name
    of.__doc__ = doc
    return composite(of)


unique_all = _with_values(
    "unique_all",
    "Return the different entries, where each is first, which each is, and how often.",
)
unique_counts = _with_values(
    "unique_counts", "Return the different entries in order, and how often each is."
)
unique_inverse = _with_values(
    "unique_inverse", "Return the different entries, and which of them each entry is."
)


# -------------------------------------------------------------------------------- sets


@composite
def union1d(ar1: Any, ar2: Any) -> Any:
    """Return the different entries of both, in order; of equal ones the first.

    >>> union1d(Tensor([3.0, 1.0]), [1.0, 2.0]).data
    array([1., 2., 3.])
    """
    return unique(concatenate([as_operand(ar1), as_operand(ar2)], axis=None))


@composite
def setdiff1d(ar1: Any, ar2: Any, assume_unique: bool = False) -> Any:
    """Return the different entries of the first that are not in the second, in order.

    >>> setdiff1d(Tensor([3.0, 1.0]), [1.0, 2.0]).data
    array([3.])
    """
    first = reshape(ar1, (-1,)) if assume_unique else unique(ar1)
    return take(first, np.flatnonzero(~np.isin(array_of(first), array_of(ar2))))


@composite
def intersect1d(
    ar1: Any, ar2: Any, assume_unique: bool = False, return_indices: bool = False
) -> Any:
    """Return the different entries of the first that are in the second, in order.

    With `return_indices`, also where they are in the first and in the second.

    >>> intersect1d(Tensor([3.0, 1.0]), [1.0, 2.0]).data
    array([1.])
    """
    _, *places = np.intersect1d(
        array_of(ar1), array_of(ar2), assume_unique, return_indices=True
    )
    values = take(reshape(ar1, (-1,)), places[0])
    return (values, *places) if return_indices else values


@composite
def setxor1d(ar1: Any, ar2: Any, assume_unique: bool = False) -> Any:
    """Return the entries that are in one of the two only, in order.

    >>> setxor1d(Tensor([3.0, 1.0]), [1.0, 2.0]).data
    array([2., 3.])
    """
    return union1d(
        setdiff1d(ar1, ar2, assume_unique), setdiff1d(ar2, ar1, assume_unique)
    )
