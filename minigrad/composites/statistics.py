"""Statistics: spreads, weighted means, and covariances.

A spread is the root of a variance, and a root has no slope at 0: std of equal numbers
has slope 0 here. nanmean is the mean of those entries that are numbers; the mask that
says which they are is recorded, and nothing flows to the others.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.composite import composite
from minigrad.composites.axes import permute_dims, squeeze, whole_axes
from minigrad.composites.powers import root
from minigrad.functions import array_of, as_exact, concatenate, shape_of, where
from minigrad.messages import explained
from minigrad.numpy_protocol.arrays import integers
from minigrad.reductions import Mask, in_float32, masked, mean, numbers_only, var
from minigrad.table import broadcast, matmul, reshape, sqrt, sum, take, transpose
from minigrad.types import Axis, Given, Operand
from minigrad.writable_arrays.gathering import as_operand

__all__ = [
    "average", "corrcoef", "cov", "nanmean", "nanstd", "nansum", "nanvar", "std",
]  # fmt: skip


# ----------------------------------------------------------------------------- spreads


@composite
@in_float32
def std(
    a: Given,
    axis: Axis = None,
    ddof: float = 0,
    keepdims: bool = False,
    *,
    where: Mask = True,
    correction: float | None = None,
) -> Given:
    """Return the standard deviation over the axes; slope 0 where it is 0.

    >>> std(mg.Tensor([1.0, 3.0]))
    Tensor(1., made by sqrt)
    """
    return root(var(a, axis, ddof, keepdims, where=where, correction=correction))


# ------------------------------------------------------------------------------- means


@composite
def average(
    a: Given,
    axis: Axis = None,
    weights: Operand | None = None,
    returned: bool = False,
    *,
    keepdims: bool = False,
) -> Any:
    """Return the mean over the axes, with weights of the shape of `a` or of the axes.

    With `returned`, a pair: the mean, and the sum of the weights.

    >>> average(mg.Tensor([1.0, 5.0]), weights=[3.0, 1.0])
    Tensor(2., made by divide)
    """
    if weights is None:
        result = mean(a, axis, keepdims)
        ones = np.ones(shape_of(a), array_of(result).dtype)
        return (result, np.sum(ones, axis, keepdims=keepdims)) if returned else result
    weights = _placed(weights, shape_of(a), axis)
    total = sum(weights, axis=axis, keepdims=keepdims)
    if not np.all(array_of(total)):
        raise explained(
            ZeroDivisionError,
            "average(a, weights=...)",
            {"a": a, "weights": weights},
            "the weights sum to 0, and the average divides by their sum.",
            "give weights with another sum; weights of a mean are positive.",
        )
    result = sum(a * weights, axis=axis, keepdims=keepdims) / total
    shape = shape_of(result)
    return (result, broadcast(total, shape=shape)) if returned else result


def _placed(weights: Any, shape: tuple[int, ...], axis: Axis) -> Any:
    """Return weights of some axes in the shape of the whole, with ones elsewhere."""
    given = shape_of(weights)
    if given == shape:
        return weights
    if axis is None:
        raise TypeError("weights of another shape than a need an axis")
    axes = whole_axes(axis, len(shape))
    if given != tuple(shape[each] for each in axes):
        raise ValueError(f"weights of shape {given} for axes {axis} of shape {shape}")
    order = tuple(int(i) for i in np.argsort(axes))
    weights = permute_dims(weights, order)
    spread = tuple(n if i in axes else 1 for i, n in enumerate(shape))
    return broadcast(reshape(weights, spread), shape=shape)


@composite
def nansum(a: Given, axis: Axis = None, keepdims: bool = False) -> Given:
    """Return the sum over the axes; NaN counts as 0.

    >>> nansum(mg.Tensor([1.0, np.nan, 2.0]))
    Tensor(3., made by sum)
    """
    return sum(masked(a, numbers_only(a), 0), axis=axis, keepdims=keepdims)


@composite
def nanmean(a: Given, axis: Axis = None, keepdims: bool = False) -> Given:
    """Return the mean over the axes of the entries that are not NaN.

    >>> nanmean(mg.Tensor([1.0, np.nan, 2.0])).data
    array(1.5)
    """
    return mean(a, axis, keepdims, where=numbers_only(a))


@composite
def nanvar(
    a: Given, axis: Axis = None, ddof: float = 0, keepdims: bool = False
) -> Given:
    """Return the variance over the axes of the entries that are not NaN.

    >>> nanvar(mg.Tensor([1.0, np.nan, 3.0])).data
    array(1.)
    """
    return var(a, axis, ddof, keepdims, where=numbers_only(a))


@composite
def nanstd(
    a: Given, axis: Axis = None, ddof: float = 0, keepdims: bool = False
) -> Given:
    """Return the standard deviation of the entries that are not NaN; slope 0 at 0.

    >>> nanstd(mg.Tensor([1.0, np.nan, 3.0])).data
    array(1.)
    """
    return std(a, axis, ddof, keepdims, where=numbers_only(a))


# ------------------------------------------------------------------------- covariances


@composite
@in_float32
def cov(
    m: Given,
    y: Operand | None = None,
    rowvar: bool = True,
    bias: bool = False,
    ddof: float | None = None,
    fweights: Any = None,
    aweights: Any = None,
) -> Given:
    """Return the covariances of variables in rows, each column an observation.

    ddof      the sum over n observations is divided by n - ddof; 1, or 0 with `bias`
    fweights  how often each observation occurs, whole numbers
    aweights  how much each of them counts

    >>> cov(mg.Tensor([[1.0, 2.0, 3.0], [1.0, 0.0, 2.0]])).data
    array([[1. , 0.5],
           [0.5, 1. ]])
    """
    free: Any
    x = _variables(m, rowvar)
    if y is not None:
        x = concatenate([x, _variables(y, rowvar)], axis=0)
    ddof = (0 if bias else 1) if ddof is None else ddof
    if fweights is None and aweights is None:
        weighted = deviation = x - mean(x, axis=1, keepdims=True)
        free = shape_of(x)[1] - ddof
    else:
        times = integers(1 if fweights is None else fweights, "cov(m)", "fweights")
        share: Any = 1 if aweights is None else as_operand(aweights)
        weights = share * times.astype(array_of(x).dtype)
        count = sum(weights)
        deviation = x - sum(x * weights, axis=1, keepdims=True) / count
        weighted = deviation * weights
        free = count - ddof * (sum(weights * share) / count)
    free = free if array_of(free) > 0 else 0 * free
    result = matmul(weighted, transpose(deviation)) / as_exact(free, x)
    return squeeze(result)


def _variables(m: Any, rowvar: bool) -> Any:
    ndim = array_of(m).ndim
    if ndim > 2:
        raise ValueError("variables and observations are two axes, and not more")
    if ndim < 2:
        return reshape(m, (1, -1))
    return m if rowvar else transpose(m)


@composite
@in_float32
def corrcoef(x: Given, y: Operand | None = None, rowvar: bool = True) -> Given:
    """Return the correlations of variables in rows, each column an observation.

    >>> corrcoef(mg.Tensor([[1.0, 2.0, 3.0], [1.0, 0.0, 2.0]])).data
    array([[1. , 0.5],
           [0.5, 1. ]])
    """
    c = cov(x, y, rowvar)
    n = shape_of(c)
    if not n:
        return c / c
    spread = sqrt(take(c, (np.arange(n[0]), np.arange(n[0]))))
    c = c / spread[:, None] / spread[None, :]
    inside = np.abs(array_of(c)) <= 1
    return c if np.all(inside) else where(inside, c, np.sign(array_of(c)))
