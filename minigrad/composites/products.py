"""Products of vectors, matrices and arrays of them: dot, vdot, outer, kron, cross.

They say what NumPy's functions mean in the rows `matmul`, `multiply` and `sum`. Two of
NumPy's names mean something else here: `mg.outer` and `mg.matvec` are rows of the
table. So `np.outer` and `np.matvec` of Tensors are NumPy's, and `mg.outer` and
`mg.matvec` are the rows.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from minigrad.composite import composite
from minigrad.composites.axes import moveaxis, row_of
from minigrad.composites.contraction import einsum, tensordot
from minigrad.table import matmul, multiply, reshape, scatter, subtract, sum, take
from minigrad.table import matvec as row_matvec
from minigrad.writable_arrays.gathering import as_operand

__all__ = ["cross", "dot", "kron", "multi_dot", "vdot", "vecdot", "vecmat"]


@composite
def dot(a: Any, b: Any) -> Any:
    """Multiply as np.dot does: the last axis of a meets the last but one of b.

    Of a vector b it meets the only axis; a number scales.

    >>> dot(mg.Tensor([[1.0, 2.0], [3.0, 4.0]]), [1.0, 1.0])
    Tensor([3., 7.], made by matmul)
    """
    x, y = as_operand(a), as_operand(b)
    if not x.ndim or not y.ndim:
        return multiply(a, b)  # a Python number keeps float32 what it is
    if y.ndim > 2:
        return tensordot(x, y, (-1, -2))
    return matmul(x, y)


@composite
def vdot(a: Any, b: Any) -> Any:
    """Sum the products of two arrays, seen as vectors.

    >>> vdot(mg.Tensor([[1.0, 2.0]]), [[3.0], [4.0]])
    Tensor(11., made by matmul)
    """
    return matmul(row_of(a), row_of(b))


@composite
def outer(a: Any, b: Any) -> Any:
    """Multiply each entry of a by each of b: a matrix, with a row for each entry of a.

    >>> outer(mg.Tensor([1.0, 2.0]), [3.0, 4.0]).data
    array([[3., 4.],
           [6., 8.]])
    """
    column = as_operand(a)
    return multiply(reshape(column, shape=(column.size, 1)), row_of(b))


@composite
def kron(a: Any, b: Any) -> Any:
    """Put a copy of b, scaled by it, in the place of each entry of a.

    >>> kron(mg.Tensor([1.0, 10.0]), [1.0, 2.0])
    Tensor([ 1.,  2., 10., 20.], made by reshape)
    """
    a, b = as_operand(a), as_operand(b)
    ndim = max(a.ndim, b.ndim)
    high = (1,) * (ndim - a.ndim) + a.shape
    low = (1,) * (ndim - b.ndim) + b.shape
    blocks = reshape(a, shape=tuple(size for n in high for size in (n, 1)))
    copies = reshape(b, shape=tuple(size for n in low for size in (1, n)))
    return reshape(
        multiply(blocks, copies),
        shape=tuple(n * m for n, m in zip(high, low, strict=True)),
    )


@composite
def cross(
    a: Any,
    b: Any,
    axisa: int = -1,
    axisb: int = -1,
    axisc: int = -1,
    axis: int | None = None,
) -> Any:
    """Multiply vectors in space: the result is at right angles to both.

    The vectors lie along `axis`. A vector of two entries lies in the plane, z = 0, and
    of two such vectors the result is only z.

    >>> cross(mg.Tensor([1.0, 0.0, 0.0]), [0.0, 1.0, 0.0]).data
    array([0., 0., 1.])
    """
    if axis is not None:
        axisa = axisb = axisc = axis
    a, b = moveaxis(a, axisa, -1), moveaxis(b, axisb, -1)
    sizes = a.shape[-1], b.shape[-1]
    if not set(sizes) <= {2, 3}:
        raise ValueError(f"vectors have 2 or 3 entries, and these have {sizes}")
    if sizes == (2, 2):
        return subtract(multiply(a[..., 0], b[..., 1]), multiply(a[..., 1], b[..., 0]))
    a, b = _in_space(a), _in_space(b)
    after, before = np.array([1, 2, 0]), np.array([2, 0, 1])
    c = subtract(
        multiply(take(a, index=(..., after)), take(b, index=(..., before))),
        multiply(take(a, index=(..., before)), take(b, index=(..., after))),
    )
    return moveaxis(c, -1, axisc)


def _in_space(a: Any) -> Any:
    """Return vectors of three entries: the third is 0, if there are two."""
    if a.shape[-1] == 3:
        return a
    return scatter(a, shape=(*a.shape[:-1], 3), index=(..., slice(2)))


@composite
def vecdot(a: Any, b: Any, axis: int = -1) -> Any:
    """Sum the products of two arrays over an axis, after broadcasting.

    >>> vecdot(mg.Tensor([[1.0, 2.0], [3.0, 4.0]]), [1.0, 1.0])
    Tensor([3., 7.], made by sum)
    """
    a, b = as_operand(a), as_operand(b)
    lengths = [each.shape[normalize_axis_index(axis, each.ndim)] for each in (a, b)]
    if lengths[0] != lengths[1]:
        raise ValueError(f"vectors of {lengths[0]} entries meet those of {lengths[1]}")
    if axis >= 0:  # counted in each, as NumPy does, before they are broadcast
        a, b, axis = moveaxis(a, axis, -1), moveaxis(b, axis, -1), -1
    return sum(multiply(a, b), axis=axis)


@composite
def matvec(a: Any, b: Any) -> Any:
    """Multiply each matrix by its vector: a is (..., m, k), b (..., k).

    >>> matvec(mg.Tensor([[1.0, 2.0], [3.0, 4.0]]), [1.0, 1.0]).data
    array([3., 7.])
    """
    a, b = as_operand(a), as_operand(b)
    if a.ndim == 2:
        return row_matvec(a, b)
    if b.ndim < 2:
        return matmul(a, b)
    return matmul(a, b[..., None])[..., 0]


@composite
def vecmat(a: Any, b: Any) -> Any:
    """Multiply each vector by its matrix: a is (..., k), b (..., k, m).

    >>> vecmat(mg.Tensor([1.0, 1.0]), [[1.0, 2.0], [3.0, 4.0]])
    Tensor([4., 6.], made by matmul)
    """
    a, b = as_operand(a), as_operand(b)
    if a.ndim < 2 or b.ndim == 2:
        return matmul(a, b)
    return matmul(a[..., None, :], b)[..., 0, :]


@composite
def multi_dot(arrays: Sequence[Any]) -> Any:
    """Multiply matrices, in an order that needs few multiplications.

    The first and the last may be vectors.

    >>> multi_dot([mg.Tensor([[1.0, 2.0]]), np.eye(2), [3.0, 4.0]])
    Tensor([11.], made by matmul)
    """
    arrays = [as_operand(each) for each in arrays]
    if len(arrays) < 2:
        raise ValueError("at least two arrays are multiplied")
    axes = [[i, i + 1] for i in range(len(arrays))]
    if arrays[0].ndim == 1:
        axes[0] = [1]
    if arrays[-1].ndim == 1:
        axes[-1] = axes[-1][:1]
    for left, right in itertools.pairwise(arrays):
        if left.shape[-1] != right.shape[0]:
            raise ValueError(f"shapes {left.shape} and {right.shape} do not fit")
    pairs = [each for pair in zip(arrays, axes, strict=True) for each in pair]
    return einsum(*pairs, axes[0][:-1] + axes[-1][1:])
