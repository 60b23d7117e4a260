"""Of products and inverses of matrices: powers, condition numbers, tensor equations.

A tensor equation is a linear system: the axes that are summed are laid side by side as
one axis, and so are the others. A condition number is the norm of a matrix times the
norm of its inverse.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from minigrad.composite import composite
from minigrad.composites.axes import moveaxis
from minigrad.composites.linalg import inv, solve, square
from minigrad.composites.norms import norm
from minigrad.functions import where
from minigrad.table import matmul, multiply, reshape
from minigrad.writable_arrays.gathering import as_operand

__all__ = ["cond", "matrix_power", "tensorinv", "tensorsolve"]


@composite
def matrix_power(a: Any, n: int) -> Any:
    """Multiply a matrix n times with itself; of negative n, its inverse.

    >>> matrix_power(mg.Tensor([[1.0, 1.0], [0.0, 1.0]]), 3).data
    array([[1., 3.],
           [0., 1.]])
    """
    a = square(a, "matrix_power(a, n)")
    if not isinstance(n, (int, np.integer)):
        raise TypeError(f"the exponent must be a whole number, and is {n!r}")
    if n == 0:
        one = np.eye(a.shape[-1], dtype=a.dtype)
        return where(np.zeros(a.shape, bool), a, one)
    factor, n, result = (inv(a), -n, None) if n < 0 else (a, n, None)
    while True:
        n, odd = divmod(n, 2)
        if odd:
            result = factor if result is None else matmul(result, factor)
        if not n:
            return result
        factor = matmul(factor, factor)


@composite
def cond(x: Any, p: Any = None) -> Any:
    """Return the condition number of each matrix: its norm times that of its inverse.

    p   the norm: 1, -1, inf, -inf or "fro"; NumPy's own choice, 2, is not recorded

    >>> cond(mg.Tensor([[1.0, 0.0], [0.0, 4.0]]), 1)
    Tensor(4., made by multiply)
    """
    x = square(x, "cond(x, p)")
    p = 2 if p is None else p
    return multiply(norm(x, p, (-2, -1)), norm(inv(x), p, (-2, -1)))


@composite
def tensorsolve(a: Any, b: Any, axes: Sequence[int] | None = None) -> Any:
    """Return x with tensordot(a, x, x.ndim) = b; `axes` of a are put last before that.

    >>> tensorsolve(2 * np.eye(4).reshape(2, 2, 4), mg.Tensor(np.ones((2, 2)))).data
    array([0.5, 0.5, 0.5, 0.5])
    """
    a, b = as_operand(a), as_operand(b)
    if axes is not None:
        a = moveaxis(a, tuple(axes), tuple(range(a.ndim - len(axes), a.ndim)))
    matrix = reshape(a, shape=(b.size, -1))
    x = solve(matrix, reshape(b, shape=(b.size,)))
    return reshape(x, shape=a.shape[b.ndim :])


@composite
def tensorinv(a: Any, ind: int = 2) -> Any:
    """Return b with tensordot(b, a, ind) the identity; b's last axes are a's first.

    >>> tensorinv(mg.Tensor(np.eye(4).reshape(2, 2, 4))).shape
    (4, 2, 2)
    """
    if ind < 1:
        raise ValueError(f"ind is 1 or more, and not {ind}")
    a = as_operand(a)
    rows, columns = a.shape[:ind], a.shape[ind:]
    matrix = reshape(a, shape=(math.prod(rows), math.prod(columns)))
    return reshape(inv(matrix), shape=columns + rows)
