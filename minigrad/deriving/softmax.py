"""Softmax and its logarithm, found in the formulas that compute them.

    exp(v) / Σ exp(v)            softmax(v)
    v − log(Σ exp(v))            log(softmax(v))
    softmax(z − max z)           softmax(z): what is the same along the axis cancels

So a program may write them as it likes, and a cross-entropy has p − onehot(k) as its
gradient. Nothing here asks for the name of a function.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.deriving.formula import (
    ZERO,
    Applied,
    Formula,
    Number,
    Product,
    Softmax,
    Sum,
    add,
    divides,
    is_sum,
    meaning,
    multiply,
    parts_of,
    split,
    terms_of,
    visible,
)


def simplified(whole: Formula) -> Formula:
    """Write a quotient as softmax(v), a difference as log(softmax(v)), if it is one."""
    if isinstance(whole, Product):
        return _quotient(whole)
    return _difference(whole) if isinstance(whole, Sum) else whole


def softmax(inside: Formula, axis: int) -> Softmax:
    """Return the softmax along an axis, counted from the last: -1.

    >>> from minigrad.deriving.formula import Letter
    >>> z, top = Letter("z", of=(2, 3)), Letter("K", of=(2, 1))
    >>> softmax(z - top, -1) == softmax(z, -1)
    True
    """
    varying = add(each for each in terms_of(inside) if _size(each, axis) > 1)
    return Softmax(varying if varying.shape == inside.shape else inside, axis)


def _size(part: Formula, axis: int) -> int:
    return part.shape[axis] if len(part.shape) >= -axis else 1


def _quotient(whole: Product) -> Formula:
    """Write exp(v) divided by its sum as softmax(v), and multiply by what else is."""
    for below in filter(divides, whole.factors):
        found = _summed(1 / below)
        if found is not None and found.args[0] in whole.factors:
            others = [f for f in whole.factors if f not in (below, found.args[0])]
            return multiply((Number(whole.coefficient), _softmax_of(found), *others))
    return whole


def _difference(whole: Sum) -> Formula:
    """Write v less the logarithm of its summed exponentials as log(softmax(v))."""
    for term in whole.terms:
        number, log = split(term)
        if not isinstance(log, Applied) or meaning(log.row) != "log(a)":
            continue
        found = _summed(visible(log.args[0]))
        if found is None:
            continue
        (raised,) = map(visible, found.args)
        (v,) = parts_of(raised)
        rest = add((whole, -term, Number(number) * v))
        left = 0 if rest == ZERO else len(terms_of(rest))
        if left == len(whole.terms) - 1 - len(terms_of(v)):
            p = _softmax_of(found)
            return rest - Number(number) * Applied(log.row, (p,), (), p.shape)
    return whole


def _summed(part: Formula) -> Applied | None:
    """Return a formula if it is the sum of exp(v) along one axis."""
    if not isinstance(part, Applied) or not is_sum(part.row):
        return None
    inside, axes = part.args[0], len(part.args[0].shape)
    if not isinstance(inside, Applied) or meaning(inside.row) != "exp(a)":
        return None
    k = axes + _axis(part)
    stays = part.shape == (*inside.shape[:k], 1, *inside.shape[k + 1 :])
    return part if axes == 1 or (k < axes and stays) else None


def _softmax_of(total: Applied) -> Softmax:
    ((v,),) = map(parts_of, total.args)
    return softmax(v, _axis(total))


def _axis(total: Applied) -> int:
    """Return the one axis that is summed, counted from the last; 0 if it is not one."""
    (arg,) = total.args
    axis: Any = dict(total.options).get("axis")
    several = range(len(arg.shape)) if axis is None else np.atleast_1d(axis)
    return int(several[0]) % len(arg.shape) - len(arg.shape) if len(several) == 1 else 0
