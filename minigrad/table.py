"""THE TABLE: every primitive, one row each.

Read a row as a line of a calculus book: the name, what it computes, and how it
differentiates. `a, b` are the arguments, `y` the result, `g` the cotangent of y.

Everything else is made from these rows: operators, `np.tanh(t)`, gradients of every
order in both modes, proofs, pictures, the table in the documentation. To add an
operation, add a row.

Rules never compare and never branch on values. Where a function has branches, the
branch is chosen once, when it is recorded, and `where` remembers the mask.
"""

from __future__ import annotations

import builtins
import operator
from typing import Any

import numpy as np

from minigrad.context import SETTING
from minigrad.primitive import each, elementwise, linear
from minigrad.tensor import Array

# ---------------------------------------------------------------- elementwise rows


def _sigmoid(a: Array) -> Array:
    """1 / (1 + exp(-a)), as (1 + tanh(a/2)) / 2: one pass that never overflows."""
    if getattr(a, "dtype", None) == object:
        return _sigmoid_of_objects(a)
    half = np.asarray(a * 0.5)
    np.tanh(half, half)
    np.multiply(half, 0.5, half)
    return np.add(half, 0.5, half)


def _softplus(a: Array) -> Array:
    """log(1 + exp(a)) without overflow."""
    if np.asarray(a).dtype.kind == "f":
        return np.maximum(a, 0) + np.log1p(np.exp(-np.abs(a)))
    return np.log(1 + np.exp(a))


_sigmoid_of_objects = np.frompyfunc(operator.methodcaller("sigmoid"), 1, 1)

add = elementwise(
    "add", np.add, "a + b", (lambda y, a, b: 1, lambda y, a, b: 1), symbol="+"
)
subtract = elementwise(
    "subtract", np.subtract, "a - b", (lambda y, a, b: 1, lambda y, a, b: -1), symbol="−"
)
multiply = elementwise(
    "multiply", np.multiply, "a * b", (lambda y, a, b: b, lambda y, a, b: a), symbol="×"
)
divide = elementwise(
    "divide",
    np.true_divide,
    "a / b",
    (lambda y, a, b: 1 / b, lambda y, a, b: -y / b),
    symbol="÷",
    domain="b != 0",
)
negative = elementwise("negative", np.negative, "-a", (lambda y, a: -1,), symbol="−")
power_row = elementwise(
    "power",
    np.power,
    "a ** b",
    (lambda y, a, b: b * a ** (b - 1), lambda y, a, b: y * log(a)),
    symbol="aᵇ",
    domain="a > 0",
)
exp = elementwise("exp", np.exp, "exp(a)", (lambda y, a: y,))
log = elementwise("log", np.log, "log(a)", (lambda y, a: 1.0 / a,), domain="a > 0")
sqrt = elementwise("sqrt", np.sqrt, "sqrt(a)", (lambda y, a: 0.5 / y,), domain="a > 0")
tanh = elementwise("tanh", np.tanh, "tanh(a)", (lambda y, a: 1.0 - y * y,))
sigmoid = elementwise(
    "sigmoid", _sigmoid, "1 / (1 + exp(-a))", (lambda y, a: y * (1.0 - y),), symbol="σ"
)
softplus = elementwise(
    "softplus", _softplus, "log(1 + exp(a))", (lambda y, a: sigmoid(a),)
)
sin = elementwise("sin", np.sin, "sin(a)", (lambda y, a: cos(a),))
cos = elementwise("cos", np.cos, "cos(a)", (lambda y, a: -sin(a),))

# --------------------------------------------------------------------- linear rows
# They come in pairs, each the other's shadow: sum and broadcast, take and scatter.


def _sum(a: Array, axis: Any = None, keepdims: bool = False) -> Array:
    """Sum over the axes."""
    return np.add.reduce(a, axis=axis, keepdims=keepdims)


def _spread(g: Any, shape: Any, axis: Any, keepdims: bool) -> Any:
    """Undo a sum's change of shape: give every summand the sum's cotangent."""
    if axis is not None and not keepdims:
        axes = axis if isinstance(axis, tuple) else (axis,)
        summed = {each_axis % len(shape) for each_axis in axes}
        g = reshape(g, tuple(1 if i in summed else n for i, n in enumerate(shape)))
    return broadcast(g, shape)


def _transpose(a: Array, axes: Any = None) -> Array:
    """Permute the axes; reverse them if `axes` is None."""
    return a.transpose(axes)


def _inverse(axes: Any) -> Any:
    if axes is None:
        return None
    inverse = [0] * len(axes)
    for position, axis in enumerate(axes):
        inverse[axis % len(axes)] = position
    return tuple(inverse)


def _concatenate(*parts: Array, axis: int = 0) -> Array:
    """Join along an existing axis: [x, y]."""
    return np.concatenate(parts, axis=axis)


def _place(i: int, parts: Any, options: Any) -> Any:
    """Return where part i lies in the joined array."""
    ndim = parts[i].ndim
    axis = options.get("axis", 0) % ndim
    start = builtins.sum(part.shape[axis] for part in parts[:i])
    stop = start + parts[i].shape[axis]
    return (slice(None),) * axis + (slice(start, stop),) + (slice(None),) * (
        ndim - axis - 1
    )


def _part(i: int, g: Any, *parts: Any, **options: Any) -> Any:
    """Cut part i back out of the joined cotangent."""
    return take(g, _place(i, parts, options))


def _stack(*parts: Array, axis: int = 0) -> Array:
    """Join along a new axis."""
    return np.stack(parts, axis=axis)


def _layer(i: int, g: Any, *parts: Any, axis: int = 0) -> Any:
    return take(g, (slice(None),) * (axis % g.ndim) + (i,))


def _take(a: Array, index: Any) -> Array:
    """Return a[index]: any index NumPy knows, repeated entries included."""
    return a[index]


def _scatter(g: Array, shape: Any, index: Any) -> Array:
    """Return zeros of `shape` with g added in at `index`; repeated entries add up."""
    total = np.zeros(shape, g.dtype)
    _add_at(total, index, g)
    return total


def _add_at(total: Array, index: Any, g: Array) -> None:
    if _may_repeat(index):
        np.add.at(total, index, g)
    else:
        total[index] += g


def _scatter_all(uses: Any, part: Any = ...) -> Array:
    """Scatter the cotangents of many takes from one array into one array."""
    _, g, (a,), _ = uses[0]
    total = np.zeros(a.shape, g.dtype)
    for _, g, _, options in uses:
        _add_at(total, options["index"], g)
    return total[part]


def _may_repeat(index: Any) -> bool:
    parts = index if isinstance(index, tuple) else (index,)
    return any(
        isinstance(part, list) or (isinstance(part, Array) and part.dtype != bool)
        for part in parts
    )


def _select(a: Array, b: Array, mask: Any) -> Array:
    """Return a where the recorded mask is true, b elsewhere."""
    return np.where(mask, a, b)


def _cumsum(a: Array, axis: int) -> Array:
    """Running sums along an axis."""
    return np.cumsum(a, axis=axis)


def _backwards(a: Any, axis: int) -> Any:
    return take(a, (slice(None),) * (axis % a.ndim) + (slice(None, None, -1),))


def _matrix(a: Any, column: bool) -> Any:
    """See a vector as matmul sees it: a row on the left, a column on the right."""
    if a.ndim != 1:
        return a
    return reshape(a, (-1, 1) if column else (1, -1))


def _swapped(a: Any) -> Any:
    """Transpose the last two axes."""
    return transpose(a, (*range(a.ndim - 2), a.ndim - 1, a.ndim - 2))


def _product_cotangent(g: Any, a: Any, b: Any) -> Any:
    """Give g the two last axes that the product has before matmul drops them."""
    if b.ndim == 1:
        g = reshape(g, (*g.shape, 1))
    return reshape(g, (*g.shape[:-1], 1, g.shape[-1])) if a.ndim == 1 else g


def _left(g: Any, a: Any, b: Any) -> Any:
    """a_bar = g b^T."""
    product = matmul(_product_cotangent(g, a, b), _swapped(_matrix(b, column=True)))
    return product if a.ndim > 1 else take(product, (..., 0, slice(None)))


def _right(g: Any, a: Any, b: Any) -> Any:
    """b_bar = a^T g."""
    product = matmul(_swapped(_matrix(a, column=False)), _product_cotangent(g, a, b))
    return product if b.ndim > 1 else take(product, (..., 0))


def _matvec(W: Array, v: Array) -> Array:
    """W v over the last axis: W is (m, k), v is (..., k), the result (..., m)."""
    kept = SETTING.get().layouts
    if kept is None or v.ndim == 1:
        return np.matmul(v, W.T)
    if id(W) not in kept:  # W is kept too, so that its id stays its own
        kept[id(W)] = W, np.ascontiguousarray(W.T)
    return np.matmul(v, kept[id(W)][1])


def _outer_sum(g: Any, W: Any, v: Any) -> Any:
    """W_bar = sum of z_bar v^T over all vectors."""
    rows = reshape(g, (-1, g.shape[-1]))
    return matmul(transpose(rows), reshape(v, (-1, v.shape[-1])))


def _outer_sums(uses: Any, part: Any = ...) -> Array:
    """W_bar = sum_t z_bar_t v_t^T = [z_bar_1 ... z_bar_T] [v_1 ... v_T]^T: one product,
    in blocks of some hundred vectors: long for BLAS, short for the cache."""
    _, g, (W, _), _ = uses[0]
    m, k = W.shape
    several = 1 + 512 * m // (g.size or 1)  # uses to a block
    total = None
    for start in range(0, len(uses), several):
        block = uses[start : start + several]
        z_bar = np.concatenate([g.reshape(-1, m) for _, g, _, _ in block])
        v = np.concatenate([v.reshape(-1, k) for _, _, (_, v), _ in block])
        product = np.matmul(z_bar.T, v)
        total = product if total is None else np.add(total, product, out=total)
    return total[part]


def _pulled_back(uses: Any, part: Any = ...) -> Array:
    """v_bar = sum of W^T z_bar over the matrices that v met; of a slice of v, only the
    columns of W that it met are needed."""
    columns: Any = slice(None)
    if part is not ... and all(each == slice(None) for each in part[:-1]):
        columns, part = part[-1], ...
    total = None
    for _, g, (W, _), _ in uses:
        product = np.matmul(g, W[:, columns])
        total = product if total is None else np.add(total, product, out=total)
    return np.asarray(total)[part]


sum = linear(
    "sum",
    _sum,
    (
        lambda g, a, axis=None, keepdims=False: _spread(g, a.shape, axis, keepdims),
    ),
    jointly=True,
    symbol="Σ",
)
broadcast = linear(
    "broadcast",
    np.broadcast_to,
    (lambda g, a, shape: g,),  # the engine sums what was spread
    jointly=True,
)
reshape = linear(
    "reshape",
    np.reshape,
    (lambda g, a, shape: reshape(g, a.shape),),
    jointly=True,
)
transpose = linear(
    "transpose",
    _transpose,
    (lambda g, a, axes=None: transpose(g, _inverse(axes)),),
    jointly=True,
    symbol="ᵀ",
)
concatenate_row = linear(
    "concatenate",
    _concatenate,
    each(_part),
    jointly=True,
    symbol="[ , ]",
    parts=_place,
)
stack_row = linear("stack", _stack, each(_layer), jointly=True)
take = linear(
    "take",
    _take,
    (lambda g, a, index: scatter(g, a.shape, index),),
    jointly=True,
    symbol="[i]",
    together={0: _scatter_all},
)
scatter = linear(
    "scatter",
    _scatter,
    (lambda g, a, shape, index: take(g, index),),
    jointly=True,
)
select = linear(
    "where",
    _select,
    (
        lambda g, a, b, mask: select(g, 0, mask),
        lambda g, a, b, mask: select(0, g, mask),
    ),
    jointly=True,
)
cumsum = linear(
    "cumsum",
    _cumsum,
    (lambda g, a, axis: _backwards(cumsum(_backwards(g, axis), axis), axis),),
    jointly=True,
)
matmul = linear("matmul", np.matmul, (_left, _right), jointly=False, symbol="@")
matvec = linear(
    "matvec",
    _matvec,
    (_outer_sum, lambda g, W, v: matvec(transpose(W), g)),
    jointly=False,
    symbol="W v",
    together={0: _outer_sums, 1: _pulled_back},
)
