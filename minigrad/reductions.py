"""Many numbers to one: means, extremes, softmax, and the losses made of them.

All are composites: written with primitives, they need no rule of their own. Where a
choice is made (which entry is the largest), it is made once, when it is recorded.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.functions import array_of, as_exact, require_real, where
from minigrad.messages import explain, user_line
from minigrad.table import exp, log, reshape, sum, take
from minigrad.tensor import Array


def mean(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the mean over the axes.

    >>> import minigrad as mg
    >>> mg.mean(mg.Tensor([1.0, 3.0]))
    Tensor(2., made by divide)
    """
    return sum(a, axis=axis, keepdims=keepdims) / as_exact(_count(a, axis), a)


def var(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the mean squared deviation from the mean (no Bessel correction).

    >>> import minigrad as mg
    >>> mg.var(mg.Tensor([1.0, 3.0]))
    Tensor(1., made by divide)
    """
    require_real(a, "var")
    deviation = a - mean(a, axis, keepdims=True)
    return mean(deviation * deviation, axis, keepdims)


def max(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the largest entry over the axes; ties share the gradient equally.

    >>> import minigrad as mg
    >>> mg.max(mg.Tensor([[1.0, 3.0], [4.0, 2.0]]), axis=1)
    Tensor([3., 4.], made by sum)
    """
    return _extreme(a, np.max, axis, keepdims)


def min(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the smallest entry over the axes; ties share the gradient equally."""
    return _extreme(a, np.min, axis, keepdims)


def _extreme(a: Any, choose: Any, axis: Any, keepdims: bool) -> Any:
    x = array_of(a)
    best = choose(x, axis=axis, keepdims=True)
    chosen = (x == best) | (x != x)  # only NaN differs from itself
    ties = np.sum(chosen, axis=axis, keepdims=True)
    if np.all(ties == 1):
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


def _count(a: Any, axis: Any) -> int:
    shape = np.shape(array_of(a))
    if axis is None:
        return int(np.prod(shape))
    axes = axis if isinstance(axis, tuple) else (axis,)
    if not shape and set(axes) <= {0, -1}:
        return 1  # a single number has this axis, for NumPy's sums
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
    return _finite(np.max(array_of(a), axis=axis, keepdims=True))


def _finite(top: Array) -> Array:
    return top if top.dtype == object else np.where(np.isfinite(top), top, 0)


def log_softmax(a: Any, axis: Any = -1) -> Any:
    """Return log(softmax(a)), without overflow.

    >>> import minigrad as mg
    >>> mg.log_softmax(mg.Tensor([0.0, 1000.0])).data
    array([-1000.,     0.])
    """
    shifted = a - _top(a, axis)  # first, or a shift common to all would cost digits
    return shifted - log(sum(exp(shifted), axis=axis, keepdims=True))


def softmax(a: Any, axis: Any = -1) -> Any:
    """Return exp(a) / sum(exp(a)) over the axis, without overflow.

    >>> import minigrad as mg
    >>> mg.softmax(mg.Tensor([0.0, 1000.0])).data
    array([0., 1.])
    """
    raised = exp(a - _top(a, axis))
    return raised / sum(raised, axis=axis, keepdims=True)


# ------------------------------------------------------------------------------ losses


def squared_error(prediction: Any, target: Any) -> Any:
    """Return the mean of (prediction - target)^2; the shapes must be the same.

    Raises ValueError for different shapes, which broadcasting would hide.

    >>> import minigrad as mg
    >>> mg.squared_error(mg.Tensor([1.0, 2.0]), np.array([1.0, 4.0])).data
    array(2.)
    """
    if np.shape(array_of(prediction)) != np.shape(array_of(target)):
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

    >>> import minigrad as mg
    >>> mg.cross_entropy(mg.Tensor([[0.0, 1000.0]]), [0]).data
    array(1000.)
    """
    labels = np.asarray(array_of(labels))
    shape = np.shape(array_of(logits))
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
