"""Rows of numbers between two ends, at equal distances or with equal quotients.

Every number is (1 - s) start + s stop, with a share s that is recorded; a geometric row
is the exponential of such a row of logarithms. The ends may be arrays: then a row
stands between every two of their entries.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from minigrad.composite import composite
from minigrad.composites.axes import moveaxis
from minigrad.functions import array_of, as_exact, of_one_width, power, shape_of
from minigrad.table import exp, log
from minigrad.writable_arrays.gathering import as_operand

__all__ = ["geomspace", "linspace", "logspace"]


@composite
def linspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    retstep: bool = False,
    *,
    axis: int = 0,
) -> Any:
    """Return so many numbers at equal distances, the last of them `stop`.

    Without `endpoint`, stop would be the next one. With `retstep`, also the distance.

    >>> linspace(mg.Tensor(0.0), 1.0, 5).data
    array([0.  , 0.25, 0.5 , 0.75, 1.  ])
    """
    num = operator.index(num)
    if num < 0:
        raise ValueError(f"there cannot be {num} numbers")
    start, stop = map(as_operand, of_one_width(start, stop))
    kind = np.result_type(array_of(start), array_of(stop), np.float16)
    parts = num - 1 if endpoint else num
    ndim = max(len(shape_of(start)), len(shape_of(stop)))
    count = np.arange(num).reshape(-1, *(1,) * ndim).astype(kind)
    share = count / as_exact(max(parts, 1), start, stop)
    row = start * (1 - share) + stop * share
    row = moveaxis(row, 0, axis)
    return (row, (stop - start) / parts if parts > 0 else np.nan) if retstep else row


@composite
def logspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    base: Any = 10.0,
    *,
    axis: int = 0,
) -> Any:
    """Return base ** x for so many x at equal distances.

    >>> logspace(mg.Tensor(0.0), 2.0, 3).data
    array([  1.,  10., 100.])
    """
    return power(base, linspace(start, stop, num, endpoint, axis=axis))


@composite
def geomspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, *, axis: int = 0
) -> Any:
    """Return so many numbers of one sign, each the same multiple of the one before.

    >>> geomspace(mg.Tensor(1.0), 8.0, 4)[:2]
    Tensor([1., 2.], made by take)
    """
    start, stop = map(as_operand, of_one_width(start, stop))
    sign: Any = np.sign(array_of(start))
    if not np.all(sign * np.sign(array_of(stop)) > 0):
        raise ValueError("both ends have the same sign, and none is 0")
    logarithms = linspace(log(start * sign), log(stop * sign), num, endpoint)
    row = sign * exp(logarithms)
    return moveaxis(row, 0, axis)
