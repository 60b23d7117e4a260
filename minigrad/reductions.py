"""Many numbers to one: means, extremes, softmax, and the losses made of them.

All are composites: written with primitives, they need no rule of their own. Where a
choice is made (which entry is the largest), it is made once, when it is recorded.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import TypeAlias, TypeVar

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from minigrad.composite import Decision, composite
from minigrad.context import holds_always
from minigrad.functions import array_of, as_exact, maximum, minimum, shape_of, where
from minigrad.messages import explained
from minigrad.numpy_protocol.arrays import booleans, integers, numbers
from minigrad.recording import parameters_of, refused
from minigrad.table import cast, exp, log, reshape, sum, take
from minigrad.tensor import Tensor
from minigrad.types import Array, Axis, Given, Operand, Shape, Value

Mask: TypeAlias = Array | Sequence[bool] | bool  # it broadcasts; True: all entries
F = TypeVar("F", bound=Callable[..., Value])


def in_float32(function: F) -> F:
    """Let a function of float16 numbers, whose sums overflow at 65504, add in float32.

    Its result is float16 again.
    """
    first = next(iter(parameters_of(function)))

    @functools.wraps(function)
    def wider(*args: Operand, **options: Operand) -> Value:
        if not args and first in options:  # np.trapezoid(y=t)
            args = (options.pop(first),)
        if not args:
            return function(**options)  # says what is missing
        a, *others = args
        if array_of(a).dtype != np.float16:
            return function(a, *others, **options)
        return cast(function(cast(a, np.float32), *others, **options), np.float16)

    return wider  # type: ignore[return-value]


@composite
@in_float32
def mean(
    a: Given, axis: Axis = None, keepdims: bool = False, *, where: Mask = True
) -> Given:
    """Return the mean over the axes, of the entries where the mask is true.

    >>> mg.mean(mg.Tensor([1.0, 3.0]))
    Tensor(2., made by divide)
    """
    count = as_exact(_count(a, axis, keepdims, where), a)
    return sum(masked(a, where, 0), axis=axis, keepdims=keepdims) / count


@composite
@in_float32
def var(
    a: Given,
    axis: Axis = None,
    ddof: float = 0,
    keepdims: bool = False,
    *,
    where: Mask = True,
    correction: float | None = None,
) -> Given:
    """Return the mean squared deviation from the mean over the axes.

    The sum of squares is divided by n - ddof, so ddof=1 is Bessel's correction;
    `correction` is another name for it.

    >>> mg.var(mg.Tensor([1.0, 3.0]), ddof=1)
    Tensor(2., made by divide)
    """
    ddof = ddof if correction is None else correction
    a = masked(a, where, 0)
    deviation = a - mean(a, axis, keepdims=True, where=where)
    squares = masked(deviation * deviation, where, 0)
    free = _count(a, axis, keepdims, where) - ddof
    divisor = as_exact(free * (free > 0) + 0, a)  # -0 + 0 is 0
    return sum(squares, axis=axis, keepdims=keepdims) / divisor


@composite(decides=[Decision("largest", of=0)])
def max(
    a: Given,
    axis: Axis = None,
    keepdims: bool = False,
    initial: Operand | None = None,
    where: Mask = True,
) -> Given:
    """Return the largest entry over the axes; ties share the gradient equally.

    It is at least `initial`; a mask `where` chooses among the entries.

    >>> mg.max(mg.Tensor([[1.0, 3.0], [4.0, 2.0]]), axis=1)
    Tensor([3., 4.], made by sum)
    """
    largest = _extreme(masked(a, where, initial), max, np.max, axis, keepdims)
    return largest if initial is None else maximum(largest, initial)


@composite(decides=[Decision("smallest", of=0)])
def min(
    a: Given,
    axis: Axis = None,
    keepdims: bool = False,
    initial: Operand | None = None,
    where: Mask = True,
) -> Given:
    """Return the smallest entry over the axes; ties share the gradient equally.

    It is at most `initial`; a mask `where` chooses among the entries.
    """
    smallest = _extreme(masked(a, where, initial), min, np.min, axis, keepdims)
    return smallest if initial is None else minimum(smallest, initial)


def masked(a: Given, mask: Mask, neutral: Operand | None) -> Given:
    """Return the entries where the mask is true, and a neutral number elsewhere."""
    if mask is True:
        return a
    if neutral is None:
        raise ValueError("where= needs initial=, which stands for the other entries")
    return where(mask, a, neutral)


def _extreme(
    a: Given,
    asked: Callable[..., object],
    choose: Callable[..., Array],
    axis: Axis,
    keepdims: bool,
) -> Given:
    x = array_of(a)
    best = _best(a, axis, asked, choose)
    chosen = (x == best) | (x != x)  # only NaN differs from itself
    ties = np.sum(chosen, axis=axis, keepdims=True)
    if holds_always(np.all(ties == 1)):
        return sum(where(chosen, a, 0), axis=axis, keepdims=keepdims)
    # best + the mean of (a - best) over the ties: the value is best exactly.
    best = _finite(best)  # infinity cannot be taken out, but it can be averaged
    moved = where(chosen, a, best) - best
    if x.dtype == object:
        share = moved / as_exact(ties, x)
    else:
        share = moved * (1 / ties).astype(x.dtype)
    total = sum(share, axis=axis, keepdims=keepdims)
    return total + (best if keepdims else best.reshape(total.shape))


def numbers_only(a: Operand) -> Mask:
    """Return the mask of the entries that are not NaN; True if all are."""
    x = array_of(a)
    chosen: Array = x == x  # only NaN differs from itself
    return True if holds_always(np.all(chosen)) else chosen


def _count(
    a: Operand, axis: Axis, keepdims: bool = False, mask: Mask = True
) -> int | Array:
    """Return how many entries are reduced to one; with a mask, to each."""
    x = array_of(a)
    shape = x.shape
    if mask is not True:
        chosen = np.broadcast_to(booleans(mask, "a mask", "where"), shape)
        kind = x.dtype if x.dtype.kind == "f" else int
        return np.sum(chosen, axis=axis, keepdims=keepdims, dtype=kind)
    if axis is None:
        return int(np.prod(shape))
    axes = axis if isinstance(axis, tuple) else (axis,)
    if not shape and set(axes) <= {0, -1}:
        return 1  # a single number has this axis, for NumPy's sums
    axes = normalize_axis_tuple(axes, len(shape))
    return int(np.prod([shape[each] for each in axes]))


@composite
@in_float32
def logsumexp(a: Given, axis: Axis = -1, keepdims: bool = False) -> Given:
    """Return log(sum(exp(a))) over the axes, without overflow.

    The largest entry is taken out first; as a constant, because the result does not
    depend on what is taken out.
    """
    top = _top(a, axis, logsumexp)
    total = log(sum(exp(a - top), axis=axis, keepdims=keepdims))
    return total + (top if keepdims else top.reshape(total.shape))


def _best(
    a: Operand,
    axis: Axis,
    asked: Callable[..., object],
    choose: Callable[..., Array] = np.max,
) -> Array:
    """Return the largest (or smallest) numbers along the axes, which stay."""
    try:
        return choose(array_of(a), axis=axis, keepdims=True)
    except (TypeError, ValueError) as error:
        raise refused(asked.__name__, asked, (a,), {"axis": axis}, error) from error


def _top(a: Operand, axis: Axis, asked: Callable[..., object]) -> Array:
    return _finite(_best(a, axis, asked))


def _finite(top: Array) -> Array:
    return top if top.dtype == object else np.where(np.isfinite(top), top, 0)


@composite(decides=[Decision("largest", of=0, answer=1)])
@in_float32
def log_softmax(a: Given, axis: Axis = -1) -> Given:
    """Return log(softmax(a)), without overflow.

    >>> mg.log_softmax(mg.Tensor([0.0, 1000.0])).data
    array([-1000.,     0.])
    """
    # The shift first, or one that is common to all would cost digits.
    shifted = a - _top(a, axis, log_softmax)
    return shifted - log(sum(exp(shifted), axis=axis, keepdims=True))


@composite(decides=[Decision("largest", of=0, answer=1)])
@in_float32
def softmax(a: Given, axis: Axis = -1) -> Given:
    """Return exp(a) / sum(exp(a)) over the axis, without overflow.

    >>> mg.softmax(mg.Tensor([0.0, 1000.0])).data
    array([0., 1.])
    """
    raised = exp(a - _top(a, axis, softmax))
    return raised / sum(raised, axis=axis, keepdims=True)


# ------------------------------------------------------------------------------ losses


@composite
@in_float32
def squared_error(prediction: Given, target: Operand) -> Given:
    """Return the mean of (prediction - target)^2; the shapes must be the same.

    Raises ValueError for different shapes, which broadcasting would hide.

    >>> mg.squared_error(mg.Tensor([1.0, 2.0]), np.array([1.0, 4.0])).data
    array(2.)
    """
    if not isinstance(target, Tensor):
        target = numbers(target, "squared_error(prediction, target)", "target")
    if shape_of(prediction) != shape_of(target):
        raise explained(
            ValueError,
            "squared_error(prediction, target)",
            {"prediction": prediction, "target": target},
            "each prediction needs its own target; broadcasting would compare all "
            "with all.",
            "reshape one to the shape of the other.",
        )
    difference = prediction - target
    return mean(difference * difference)


def _labels_fix(logits: Shape, labels: Shape) -> str:
    """Return what to do with labels that do not fit, by what their shape says."""
    if labels == logits and labels:
        return "pass class numbers, not one-hot rows: labels = one_hot.argmax(-1)."
    if labels == (*logits[:-1], 1):
        return "labels[..., 0] has a class number for each example."
    if logits == labels[:-1] or logits[:-1] != labels:
        return "the scores come first: (..., K) logits, then (...) labels."
    return "class numbers count from 0 and are whole: np.asarray(labels, int)."


@composite
@in_float32
def cross_entropy(logits: Given, labels: Array | Sequence[int]) -> Given:
    """Return the mean of -log softmax(logits)[label].

    logits (..., K) are scores, labels (...) the right classes, integers in 0..K-1.
    Raises ValueError or TypeError where they do not fit.

    >>> mg.cross_entropy(mg.Tensor([[0.0, 1000.0]]), [0]).data
    array(1000.)
    """
    asked = "cross_entropy(logits, labels)"
    shape = shape_of(logits)
    labels = integers(labels, asked, "labels", _labels_fix(shape, np.shape(labels)))
    inside = not labels.size or 0 <= labels.min() <= labels.max() < shape[-1]
    if not shape or labels.shape != shape[:-1] or not inside:
        classes = f"in 0..{shape[-1] - 1}" if shape else "of a (..., K) of scores"
        raise explained(
            ValueError,
            asked,
            {"logits": logits, "labels": labels},
            f"labels must be integers of shape {shape[:-1]} {classes}.",
            _labels_fix(shape, labels.shape),
        )
    scores = reshape(log_softmax(logits), (-1, shape[-1]))
    right = take(scores, (np.arange(labels.size), labels.reshape(-1)))
    return -mean(right)
