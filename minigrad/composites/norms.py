"""Norms of vectors and matrices.

Where an absolute value is zero, its slope is zero, and so is that of a norm at the
vector zero. What is counted (ord=0) or chosen (which entry is the largest) is a choice,
made once, when it is recorded.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from minigrad.composite import composite
from minigrad.composites.axes import whole_axes
from minigrad.composites.powers import root
from minigrad.functions import absolute, array_of, power
from minigrad.messages import explained
from minigrad.reductions import max, min
from minigrad.table import multiply, sum
from minigrad.types import Axis
from minigrad.writable_arrays.gathering import as_operand

__all__ = ["matrix_norm", "norm", "vector_norm"]


@composite
def norm(x: Any, ord: Any = None, axis: Axis = None, keepdims: bool = False) -> Any:
    """Return the norm of vectors along an axis, or of matrices along two.

    Vectors have ord 2 (if none is given), 1, any other p, inf, -inf, and 0, the number
    of entries that are not zero, which has no derivative. Matrices have "fro" (if none
    is given), 1, -1, inf, -inf. At zero the slope is 0.

    >>> norm(mg.Tensor([3.0, 4.0]))
    Tensor(5., made by sqrt)
    """
    x = as_operand(x)
    if axis is None and (ord is None or x.ndim == 1):
        return _of_vectors(x, 2 if ord is None else ord, None, keepdims)
    axes = whole_axes(axis, x.ndim)
    if len(axes) == 1:
        return _of_vectors(x, 2 if ord is None else ord, axes[0], keepdims)
    if len(axes) == 2:
        return _of_matrices(x, "fro" if ord is None else ord, axes, keepdims)
    raise _no_norm(
        x,
        ord,
        f"vectors lie along one axis, matrices along two, and not along {len(axes)}.",
        "say which: norm(x, axis=-1), norm(x, axis=(0, 1)); norm(x) is of all entries.",
    )


@composite
def vector_norm(x: Any, axis: Axis = None, keepdims: bool = False, ord: Any = 2) -> Any:
    """Return the norm of vectors; several axes count as one. See `norm`.

    >>> vector_norm(mg.Tensor([[3.0, -4.0]]), ord=1)
    Tensor(7., made by sum)
    """
    return _of_vectors(as_operand(x), ord, axis, keepdims)


@composite
def matrix_norm(x: Any, keepdims: bool = False, ord: Any = "fro") -> Any:
    """Return the norm of each matrix of x (..., n, m). See `norm`.

    >>> matrix_norm(mg.Tensor([[1.0, -2.0], [3.0, 4.0]]), ord=np.inf)
    Tensor(7., made by sum)
    """
    x = as_operand(x)
    axes = normalize_axis_tuple((-2, -1), x.ndim)
    return _of_matrices(x, ord, axes, keepdims)


def _of_vectors(x: Any, ord: Any, axis: Axis, keepdims: bool) -> Any:
    if isinstance(ord, str):
        why = "vectors have norms 2, 1, any other p, inf, -inf and 0."
        raise _no_norm(x, ord, why, "give one of them, or none: norm(x).")
    if ord == np.inf:
        return max(absolute(x), axis, keepdims)
    if ord == -np.inf:
        return min(absolute(x), axis, keepdims)
    if ord == 0:
        numbers = array_of(x)
        return (numbers != 0).astype(numbers.dtype).sum(axis=axis, keepdims=keepdims)
    if ord == 1:
        return sum(absolute(x), axis=axis, keepdims=keepdims)
    if ord == 2:
        return root(sum(multiply(x, x), axis=axis, keepdims=keepdims))
    return root(sum(power(absolute(x), ord), axis=axis, keepdims=keepdims), ord)


def _of_matrices(x: Any, ord: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    if ord in ("fro", "f"):
        return _of_vectors(x, 2, axes, keepdims)
    if ord in (1, -1, np.inf, -np.inf):
        summed = axes[0] if abs(ord) == 1 else axes[1]
        sums = sum(absolute(x), axis=summed, keepdims=True)
        return (max if ord > 0 else min)(sums, axes, keepdims)
    if ord in (2, -2, "nuc"):
        why = "it is made of singular values, which are not recorded."
        fix = 'ord="fro" is not smaller than ord=2; without a gradient use x.data.'
        raise _no_norm(x, ord, why, fix, TypeError)
    why = 'matrices have norms "fro", 1, -1, inf and -inf.'
    raise _no_norm(x, ord, why, "give one of them, or none: norm(x).")


def _no_norm(
    x: Any, ord: Any, why: str, fix: str, kind: type[Exception] = ValueError
) -> Exception:
    return explained(kind, f"norm(x, ord={ord!r})", {"x": x}, why, fix)
