"""Composites: functions written with primitives, so they need no rule of their own.

First the public signatures of a few rows (`concatenate([x, y])`), then the functions
with branches, then reductions, and the losses made of them.

**Ties and kinks.** A branch is chosen once, when it is recorded:

    relu, abs at 0              slope 0
    maximum, minimum, max, min  equal shares among ties
    clip at its bounds          slope 1
    sqrt at 0                   slope infinite, as it is; `checked()` says so
    power                       x**0 has slope 0 everywhere, 0**b has slope 0 in b
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from minigrad.messages import explain, user_line
from minigrad.table import (
    broadcast,
    concatenate_row,
    exp,
    log,
    multiply,
    power_row,
    reshape,
    select,
    sigmoid,
    stack_row,
    sum,
    take,
    transpose,
)
from minigrad.tensor import Array, Tensor


def _data(a: Any) -> Any:
    return a.data if isinstance(a, Tensor) else np.asarray(a)


# -------------------------------------------------------------- signatures of the rows


def concatenate(parts: Sequence[Any], axis: int = 0) -> Any:
    """Join along an existing axis: `concatenate([x, y], axis=-1)` is [x, y]."""
    return concatenate_row(*parts, axis=axis)


def stack(parts: Sequence[Any], axis: int = 0) -> Any:
    """Join along a new axis."""
    return stack_row(*parts, axis=axis)


def where(mask: Any, a: Any, b: Any) -> Any:
    """Return a where the boolean array `mask` is true, b elsewhere.

    The mask is recorded as it is, and nothing flows to where it came from. The branch
    not taken gets the cotangent zero; but where its own slope is infinite, zero times
    that is NaN, so make it safe: where(x > 0, log(where(x > 0, x, 1)), 0).
    """
    if isinstance(mask, Tensor):
        raise TypeError(
            explain(
                f"where(mask, a, b) with a Tensor as mask, at {user_line()}",
                {"mask": mask},
                "a mask is a decision, not a number with a derivative.",
                "compare first, for instance where(x > 0, a, b).",
            )
        )
    return select(a, b, mask=np.array(mask, dtype=bool))


def getitem(a: Any, index: Any) -> Any:
    """Return a[index], for any index NumPy knows."""
    parts = index if isinstance(index, tuple) else (index,)
    if any(isinstance(part, Tensor) for part in parts):
        raise TypeError(
            explain(
                f"t[index] with a Tensor as index, at {user_line()}",
                {"t": a},
                "an index is a choice, not a number with a derivative.",
                "index with plain integers, slices or boolean arrays.",
            )
        )
    parts = tuple(
        np.array(part, dtype=None if np.size(part) else int)  # [] chooses nothing
        if isinstance(part, (list, tuple, range, Array)) and np.ndim(part)
        else part
        for part in parts
    )
    return take(a, parts if isinstance(index, tuple) else parts[0])


def reshaped(a: Any, *shape: Any) -> Any:
    """Return `a` in another shape: `x.reshape(2, -1)` or `x.reshape((2, -1))`."""
    return reshape(a, shape[0] if len(shape) == 1 else shape)


def transposed(a: Any, *axes: Any) -> Any:
    """Permute the axes, or reverse them: `x.transpose(1, 0)`, `x.transpose()`."""
    order = axes[0] if len(axes) == 1 and not isinstance(axes[0], int) else axes
    return transpose(a, axes=tuple(order) if order else None)


# ------------------------------------------------------------------ branches and kinks


def power(a: Any, b: Any) -> Any:
    """Return a ** b; entries where the general rule is 0 * inf get their limit.

    x**0 is constant, and 0**b does not move with b.
    """
    a, _ = _of_one_width(a, b)  # the logarithm in the rule must not be wider
    if not isinstance(b, Tensor):
        constant = np.asarray(b) == 0
        if not constant.any():
            return power_row(a, b)
        if constant.ndim == 0:
            return where(np.ones(np.shape(_data(a)), bool), 1, a)
        return where(constant, 1, power_row(a, np.where(constant, 1, b)))
    zero = _data(a) == 0
    if not np.any(zero):
        return power_row(a, b)
    return where(zero, power(a, b.data), power_row(where(zero, 1, a), b))


def _of_one_width(a: Any, b: Any) -> tuple[Any, Any]:
    """Bring a Python number to the precision of the other operand."""
    if isinstance(a, (int, float)) and _data(b).dtype.kind == "f":
        return _data(b).dtype.type(a), b
    if isinstance(b, (int, float)) and _data(a).dtype.kind == "f":
        return a, _data(a).dtype.type(b)
    return a, b


def _require_real(a: Any, asked: str) -> None:
    if _data(a).dtype.kind == "c":
        raise TypeError(
            explain(
                f"{asked} of complex numbers, at {user_line()}",
                {"a": a},
                f"{asked} is not complex differentiable.",
                "write what is meant with real and imaginary parts.",
            )
        )


def absolute(a: Any) -> Any:
    """|a| = sign(a) a, with the sign recorded; slope 0 at 0."""
    _require_real(a, "abs")
    return multiply(a, np.sign(_data(a)))


def maximum(a: Any, b: Any) -> Any:
    """Return the larger of two, entry by entry; ties share the gradient equally."""
    x, y = _data(a), _data(b)
    return _chosen(a, b, x > y, y > x)


def minimum(a: Any, b: Any) -> Any:
    """Return the smaller of two, entry by entry; ties share the gradient equally."""
    x, y = _data(a), _data(b)
    return _chosen(a, b, x < y, y < x)


def _chosen(a: Any, b: Any, first: Any, second: Any) -> Any:
    """Return a where `first`, b where `second`, and half of each at ties and NaN."""
    _require_real(a, "the larger or smaller")
    a, b = _of_one_width(a, b)
    either = first | second
    if np.all(either):
        return where(first, a, b)
    two = _exact(2, a, b)
    half = where(either, 0, a) / two + where(either, 0, b) / two
    return where(first, a, where(second, b, half))


def relu(a: Any) -> Any:
    """Return max(a, 0), with slope 0 at 0; NaN stays NaN."""
    return where(_data(a) <= 0, 0, a)


def clip(a: Any, low: Any, high: Any) -> Any:
    """Keep a within [low, high]; slope 1 at the bounds, 0 outside."""
    x = _data(a)
    a = a if low is None else where(x < low, low, a)
    return a if high is None else where(x > high, high, a)


def silu(a: Any) -> Any:
    """Return a * sigmoid(a) (Hendrycks and Gimpel 2016, Elfwing et al. 2017)."""
    return a * sigmoid(a)


# -------------------------------------------------------------------------- reductions


def mean(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the mean over the axes."""
    return sum(a, axis=axis, keepdims=keepdims) / _exact(_count(a, axis), a)


def var(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the mean squared deviation from the mean (no Bessel correction)."""
    _require_real(a, "var")
    deviation = a - mean(a, axis, keepdims=True)
    return mean(deviation * deviation, axis, keepdims)


def max(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the largest entry over the axes; ties share the gradient equally."""
    return _extreme(a, np.max, axis, keepdims)


def min(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the smallest entry over the axes; ties share the gradient equally."""
    return _extreme(a, np.min, axis, keepdims)


def _extreme(a: Any, choose: Any, axis: Any, keepdims: bool) -> Any:
    x = _data(a)
    best = choose(x, axis=axis, keepdims=True)
    chosen = (x == best) | (x != x)  # only NaN differs from itself
    ties = np.sum(chosen, axis=axis, keepdims=True)
    if np.all(ties == 1):
        return sum(where(chosen, a, 0), axis=axis, keepdims=keepdims)
    # best + the mean of (a - best) over the ties: the value is best exactly.
    best = _finite(best)  # infinity cannot be taken out, but it can be averaged
    moved = where(chosen, a, best) - best
    if x.dtype == object:
        share = moved / _exact(ties, x)
    else:
        share = moved * (1 / ties).astype(x.dtype)
    total = sum(share, axis=axis, keepdims=keepdims)
    return total + (best if keepdims else best.reshape(total.shape))


def _exact(count: Any, *others: Any) -> Any:
    """Return a divisor: beside exact numbers a fraction, so that they stay exact."""
    exactly = any(_data(other).dtype == object for other in others)
    return np.frompyfunc(Fraction, 1, 1)(count) if exactly else count


def _count(a: Any, axis: Any) -> int:
    shape = np.shape(_data(a))
    if axis is None:
        return int(np.prod(shape))
    axes = axis if isinstance(axis, tuple) else (axis,)
    return int(np.prod([shape[each] for each in axes]))


def logsumexp(a: Any, axis: Any = -1, keepdims: bool = False) -> Any:
    """Return log(sum(exp(a))) over the axes, without overflow.

    The largest entry is taken out first; as a constant, because the result does not
    depend on what is taken out.
    """
    top = _top(a, axis)
    total = log(sum(exp(a - top), axis=axis, keepdims=keepdims))
    return total + (top if keepdims else top.reshape(total.shape))


def _top(a: Any, axis: Any) -> Array:
    return _finite(np.max(_data(a), axis=axis, keepdims=True))


def _finite(top: Array) -> Array:
    return top if top.dtype == object else np.where(np.isfinite(top), top, 0)


def log_softmax(a: Any, axis: Any = -1) -> Any:
    """Return log(softmax(a)), without overflow."""
    shifted = a - _top(a, axis)  # first, or a shift common to all would cost digits
    return shifted - log(sum(exp(shifted), axis=axis, keepdims=True))


def softmax(a: Any, axis: Any = -1) -> Any:
    """Return exp(a) / sum(exp(a)) over the axis, without overflow."""
    raised = exp(a - _top(a, axis))
    return raised / sum(raised, axis=axis, keepdims=True)


# ------------------------------------------------------------------------------ losses


def squared_error(prediction: Any, target: Any) -> Any:
    """Return the mean of (prediction - target)^2; the shapes must be the same.

    Raises ValueError for different shapes, which broadcasting would hide.
    """
    if np.shape(_data(prediction)) != np.shape(_data(target)):
        raise ValueError(
            explain(
                f"squared_error(prediction, target), at {user_line()}",
                {"prediction": prediction, "target": target},
                "each prediction needs its own target; broadcasting would compare all "
                "with all.",
                "reshape one to the shape of the other.",
            )
        )
    difference = prediction - target
    return mean(difference * difference)


def cross_entropy(logits: Any, labels: Any) -> Any:
    """Return the mean of -log softmax(logits)[label].

    logits (..., K) are scores, labels (...) the right classes, integers in 0..K-1.
    Raises ValueError or TypeError where they do not fit.
    """
    labels = np.asarray(_data(labels))
    shape = np.shape(_data(logits))
    fits = labels.dtype.kind in "iu" and labels.shape == shape[:-1]
    if not fits or (labels.size and not 0 <= labels.min() <= labels.max() < shape[-1]):
        raise ValueError(
            explain(
                f"cross_entropy(logits, labels), at {user_line()}",
                {"logits": logits, "labels": labels},
                f"labels must be integers of shape {shape[:-1]} in 0..{shape[-1] - 1}.",
                "pass class numbers, not one-hot rows: labels = one_hot.argmax(-1).",
            )
        )
    classes = shape[-1]
    scores = reshape(log_softmax(logits), (-1, classes))
    right = take(scores, (np.arange(labels.size), labels.reshape(-1)))
    return -mean(right)


def broadcast_to(a: Any, shape: tuple[int, ...]) -> Any:
    """Repeat `a` to the shape, by NumPy's rules."""
    return broadcast(a, shape=tuple(shape))
