"""What the linear rows compute, and how cotangents find their way back through them.

Written with operators and methods that arrays and Tensors share, so that each adjoint
here can be recorded and differentiated like any other computation. Where many uses of
one argument are cheaper together (`take_adjoints`, `matvec_adjoints_W` and `_v`), the
sum of all their adjoints is computed at once, on arrays.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import DTypeLike

from minigrad.numpy_protocol.array_like import as_array
from minigrad.rows import onnx_forms, stacked
from minigrad.rows.stacked import in_programs, vectors
from minigrad.tensor import Tensor
from minigrad.types import Array, Axis, Index, IndexOfAxis, Shape, Value

# One use of an argument: the step, its cotangent, its arguments, its options.
Use: TypeAlias = tuple[Tensor, Array, Sequence[Array], Mapping[str, Index]]

_dot: Callable[[Array, Array], Array] = np.matmul


@in_programs(
    into=stacked.sum_into, by=stacked.of_sum, onnx=onnx_forms.reduced("ReduceSum")
)
def add_up(a: Array, axis: Axis = None, keepdims: bool = False) -> Array:
    """Sum over the axes."""
    reduce: Callable[..., Array] = (
        np.add.reduce
    )  # half the price of np.sum on small arrays
    if a.dtype == np.float16:  # added up in float32, as PyTorch does
        total = reduce(a, axis=axis, keepdims=keepdims, dtype=np.float32)
        return np.asarray(total, np.float16)
    total = reduce(a, axis=axis, keepdims=keepdims)
    bare = a.dtype.kind == "O" and type(a) is Array  # then it may be a bare object
    return np.asarray(total, object) if bare else total


def sum_adjoint(g: Value, a: Value, axis: Axis = None, keepdims: bool = False) -> Value:
    """Undo a sum's change of shape: give every summand the sum's cotangent."""
    shape = a.shape
    if axis is not None and not keepdims and shape:
        axes = axis if isinstance(axis, tuple) else (axis,)
        summed = {each_axis % len(shape) for each_axis in axes}
        g = g.reshape(tuple(1 if i in summed else n for i, n in enumerate(shape)))
    return np.broadcast_to(g, shape)


@in_programs(by=stacked.of_shape, onnx=onnx_forms.shaped)
def reshaped(a: Array, shape: Shape | int) -> Array:
    """Return the entries, in their order, in another shape."""
    return a.reshape(shape)


@in_programs(into=stacked.moved_into, by=stacked.of_shape, onnx=onnx_forms.repeated)
def repeated(a: Array, shape: Shape) -> Array:
    """Repeat to a shape, by NumPy's rules of broadcasting."""
    return np.broadcast_to(a, shape)


@in_programs(by=stacked.of_transpose, onnx=onnx_forms.permuted)
def permute(a: Array, axes: Shape | None = None) -> Array:
    """Permute the axes; reverse them if `axes` is None."""
    return a.transpose(axes)


def inverse(axes: Shape | None) -> Shape | None:
    """Return the permutation that undoes this one."""
    if axes is None:
        return None
    inverse = [0] * len(axes)
    for position, axis in enumerate(axes):
        inverse[axis % len(axes)] = position
    return tuple(inverse)


@in_programs(into=stacked.join_into, by=stacked.of_axis, onnx=onnx_forms.joined)
def join(*parts: Array, axis: int = 0) -> Array:
    """Join along an existing axis: [x, y]."""
    if axis is None:
        raise TypeError("axis must be an integer: reshape the parts to join them flat")
    return np.concatenate(parts, axis=axis)


def place_of(i: int, parts: Sequence[Value], options: Mapping[str, int]) -> Index:
    """Return where part i lies in the joined array."""
    ndim = parts[i].ndim
    axis = options.get("axis", 0) % ndim
    start = sum(part.shape[axis] for part in parts[:i])
    stop = start + parts[i].shape[axis]
    return (
        (slice(None),) * axis
        + (slice(start, stop),)
        + (slice(None),) * (ndim - axis - 1)
    )


def join_adjoint(i: int, g: Value, parts: Sequence[Value], **options: int) -> Value:
    """Cut part i back out of the joined cotangent."""
    return g[place_of(i, parts, options)]


@in_programs(into=stacked.pile_into, by=stacked.of_axis, onnx=onnx_forms.stacked)
def pile_up(*parts: Array, axis: int = 0) -> Array:
    """Join along a new axis."""
    return np.stack(parts, axis=axis)


def stack_adjoint(i: int, g: Value, parts: Sequence[Value], axis: int = 0) -> Value:
    """Take layer i back out of the pile's cotangent."""
    return g[(slice(None),) * (axis % g.ndim) + (i,)]


@in_programs(by=stacked.of_index, onnx=onnx_forms.taken)
def entries(a: Array, index: Index) -> Array:
    """Return a[index]: any index NumPy knows, repeated entries included."""
    return a[index]


@in_programs(by=stacked.of_index, onnx=onnx_forms.scattered)
def scatter(g: Array, shape: Shape, index: Index) -> Array:
    """Return zeros of `shape` with g added in at `index`; repeated entries add up."""
    total = np.zeros(shape, g.dtype, like=g)
    _add_at(total, index, g)
    return total


def _add_at(total: Array, index: Index, g: Array) -> None:
    if _may_repeat(index):
        np.add.at(total, index, g)  # type: ignore[arg-type]  # any index will do
    else:
        total[index] += g


def take_adjoints(uses: Sequence[Use], part: Index = ...) -> Array:
    """Scatter the cotangents of many takes from one array into one array."""
    # One entry of an array of objects may be a bare 0, which is a whole number.
    g = next((g for _, g, _, _ in uses if g.dtype == object), uses[0][1])
    total = np.zeros(uses[0][2][0].shape, g.dtype, like=g)
    for _, g, _, options in uses:
        _add_at(total, options["index"], g)
    return total if part is ... else total[part]


_ONCE = (int, np.integer, slice, type(None), type(...))  # choose each entry once


def _may_repeat(index: Index) -> bool:
    parts = index if isinstance(index, tuple) else (index,)
    return not all(
        isinstance(part, _ONCE) or (isinstance(part, Array) and part.dtype.kind == "b")
        for part in parts
    )


@in_programs(into=stacked.choose_into, by=stacked.same, onnx=onnx_forms.chosen)
def choose(a: Array, b: Array, mask: Array) -> Array:
    """Return a where the recorded mask is true, b elsewhere."""
    return np.where(mask, a, b)


@in_programs(by=stacked.of_axis, onnx=onnx_forms.running_sum)
def running_sum(a: Array, axis: int) -> Array:
    """Running sums along an axis."""
    if a.dtype == np.float16:
        return np.cumsum(a, axis=axis, dtype=np.float32).astype(np.float16)
    return np.cumsum(a, axis=axis)


def backwards(a: Value, axis: int) -> Value:
    """Reverse the order along an axis."""
    return a[(slice(None),) * (axis % a.ndim) + (slice(None, None, -1),)]


@in_programs(into=stacked.moved_into, by=stacked.same, onnx=onnx_forms.converted)
def cast(a: Array, dtype: DTypeLike) -> Array:
    """Return the numbers in another precision; complex ones stay complex."""
    if np.dtype(dtype).kind not in "fcO":
        raise TypeError(f"{np.dtype(dtype)} numbers have no derivative; use t.data")
    if a.dtype.kind == "O":
        return a  # exact numbers have no precision to change
    if a.dtype.kind == "c":
        dtype = np.result_type(dtype, np.complex64)
    return a.astype(dtype)


@in_programs(into=np.matmul, by=stacked.of_matmul, onnx=onnx_forms.product)
def product(a: Array, b: Array) -> Array:
    """Sum over the last axis of a and the last but one of b, or its only one: a @ b."""
    return _dot(a, b)


def _matrix(a: Value, column: bool) -> Value:
    """See a vector as matmul sees it: a row on the left, a column on the right."""
    if a.ndim != 1:
        return a
    return a.reshape((-1, 1) if column else (1, -1))


def _swapped(a: Value) -> Value:
    """Transpose the last two axes."""
    return a.transpose((*range(a.ndim - 2), a.ndim - 1, a.ndim - 2))


def _product_cotangent(g: Value, a: Value, b: Value) -> Value:
    """Give g the two last axes that the product has before matmul drops them."""
    if b.ndim == 1:
        g = g.reshape((*g.shape, 1))
    return g.reshape((*g.shape[:-1], 1, g.shape[-1])) if a.ndim == 1 else g


def matmul_adjoint_a(g: Value, a: Value, b: Value) -> Value:
    """a_bar = g b^T."""
    product = _product_cotangent(g, a, b) @ _swapped(_matrix(b, column=True))
    return product if a.ndim > 1 else product[..., 0, :]


def matmul_adjoint_b(g: Value, a: Value, b: Value) -> Value:
    """b_bar = a^T g."""
    product = _swapped(_matrix(a, column=False)) @ _product_cotangent(g, a, b)
    return product if b.ndim > 1 else product[..., 0]


@in_programs(
    into=stacked.matvec_into, by=stacked.only_second, onnx=onnx_forms.matrix_by_vectors
)
def matvec(W: Array, v: Array) -> Array:
    """W v over the last axis: W is (m, k), v is (..., k), the result (..., m)."""
    if W.ndim != 2:
        raise ValueError(f"W must be a matrix, and has {W.ndim} axes")
    return _dot(v, W.T)


@in_programs(into=stacked.outer_into, onnx=onnx_forms.outer)
def outer(z: Array, v: Array) -> Array:
    """Sum z v^T over all vectors: z is (..., m), v is (..., k), the result (m, k)."""
    if z.shape[:-1] != v.shape[:-1]:
        raise ValueError(f"{z.shape[:-1]} vectors z, {v.shape[:-1]} vectors v")
    return _dot(vectors(z).T, vectors(v))


def _plus(total: Array | None, term: Array) -> Array:
    """Add to a total of our own, in place where the dtypes allow it."""
    if total is None:
        return term
    out = total if total.dtype == term.dtype else None
    total = np.add(total, term, out=out)
    return total


def matvec_adjoints_W(uses: Sequence[Use], part: Index = ...) -> Array:
    """W_bar = sum_t z_bar_t v_t^T = [z_bar_1 ... z_bar_T] [v_1 ... v_T]^T: one product.

    Or a few, of some hundred vectors each: long for BLAS, short for the cache.
    """
    _, _, (_, v), _ = uses[0]
    several = 1 + 512 // max(1, math.prod(v.shape[:-1]))  # uses to a block
    total: Array | None = None
    for start in range(0, len(uses), several):
        block = uses[start : start + several]
        z_bar = np.concatenate([vectors(g) for _, g, _, _ in block])
        v = np.concatenate([vectors(v) for _, _, (_, v), _ in block])
        total = _plus(total, _dot(z_bar.T, v))
    total = as_array(total)
    return total if part is ... else total[part]


def matvec_adjoints_v(uses: Sequence[Use], part: Index = ...) -> Array:
    """v_bar = sum of W^T z_bar, over the matrices W that v met.

    For a slice of v, the columns of W that it met suffice.
    """
    columns: IndexOfAxis = slice(None)
    if isinstance(part, tuple) and all(each == slice(None) for each in part[:-1]):
        columns, part = part[-1], ...
    total: Array | None = None
    for _, g, (W, _), _ in uses:
        product = _dot(g, W[:, columns])
        total = _plus(total, product)
    total = as_array(total)
    return total if part is ... else total[part]
