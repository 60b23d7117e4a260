"""One call for many: what a linear row says of arguments that are stacked.

A program computes all time steps at once where it can: the arguments of T calls stand
along a new first axis, and one call does what T did.

    sum(a_t, axis=0) for all t      sum(stacked a, axis=1)
    W v_t for all t                 W (stacked v)

The function of a row says with which options: `stacked(call)` returns them, or None if
no single call does it. And `into` computes into an array that is there already, so that
a program needs no new memory. A function is told both where it is defined, by
`@in_programs`; its row hands them on.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar

import numpy as np

from minigrad.rows.onnx_forms import Form
from minigrad.types import Array, Axis, Options, Shape


class Call(NamedTuple):
    """One of the calls that shall become one: shapes of its arguments and result.

    is_stacked  which of its arguments differ from call to call
    calls       how many calls there are
    """

    shapes: Sequence[Shape]
    is_stacked: Sequence[bool]
    shape: Shape
    options: Options
    calls: int


Stacked = Callable[[Call], Options | None]
Function = TypeVar("Function", bound=Callable[..., Any])


def in_programs(
    into: Callable[..., Any] | None = None,
    by: Stacked | None = None,
    composite: Callable[..., Any] | None = None,
    onnx: Form | None = None,
) -> Callable[[Function], Function]:
    """Tell a function how programs compute it: into an array, stacked, of other rows.

    onnx: what it is in ONNX, an operator's name or a form.

    >>> @in_programs(into=np.negative, by=same)
    ... def minus(a):
    ...     return -a
    >>> minus.stacked is same
    True
    """

    def decorate(function: Function) -> Function:
        vars(function).update(into=into, stacked=by, composite=composite, onnx=onnx)
        return function

    return decorate


def same(call: Call) -> Options | None:
    """Entry by entry: the options stay."""
    return call.options


def only_second(call: Call) -> Options | None:
    """The first argument, a matrix, must be the same in all calls."""
    return call.options if not call.is_stacked[0] else None


def of_sum(call: Call) -> Options | None:
    """Sum over the same axes, one further on."""
    ndim, axis = len(call.shapes[0]), call.options.get("axis")
    if not ndim:
        return None
    axes: Any = range(ndim) if axis is None else axis
    axes = axes if isinstance(axes, tuple | range) else (axes,)
    return {**call.options, "axis": tuple(k % ndim + 1 for k in axes)}


def of_shape(call: Call) -> Options | None:
    """The shape has one more axis in front."""
    return {**call.options, "shape": (call.calls, *call.shape)}


def of_transpose(call: Call) -> Options | None:
    """The first axis stays in front."""
    ndim = len(call.shapes[0])
    axes: Any = call.options.get("axes") or [*range(ndim)][::-1]
    return {"axes": (0, *(k % ndim + 1 for k in axes))}


def of_axis(call: Call) -> Options | None:
    """The axis is one further on; all arguments must be stacked."""
    axis: Any = call.options.get("axis", 0)
    n = len(call.shape)
    return {**call.options, "axis": axis % n + 1} if all(call.is_stacked) else None


def of_index(call: Call) -> Options | None:
    """The index takes the whole first axis, if it only slices the others."""
    index: Any = call.options["index"]
    parts = index if isinstance(index, tuple) else (index,)
    if not all(isinstance(p, int | np.integer | slice | type(...)) for p in parts):
        return None
    changed: Options = {**call.options, "index": (slice(None), *parts)}
    if "shape" in changed:
        shape: Any = changed["shape"]
        changed["shape"] = (call.calls, *shape)
    return changed


def of_matmul(call: Call) -> Options | None:
    """Matrices, which matmul meets pair by pair; or vectors, the rows of a matrix."""
    ndims = [len(shape) for shape in call.shapes]
    are_rows = ndims == [1, 2] and not call.is_stacked[1]
    return call.options if are_rows or ndims == [2, 2] else None


# ---------------------------------------------------------- into an array that is there


def rows_of(a: Array, axis: Axis, out: Array, most: int) -> Array | None:
    """Return the vectors along the last axis as rows, if they are reduced and short.

    NumPy reduces each such row by itself, and at 20 numbers beginning takes longest.
    """
    if a.ndim < 2 or axis not in (-1, a.ndim - 1, (-1,), (a.ndim - 1,)):
        return None
    lie_in_one_piece = a.flags.c_contiguous and out.flags.c_contiguous
    is_short = 0 < a.shape[-1] <= most
    return a.reshape(-1, a.shape[-1]) if is_short and lie_in_one_piece else None


def sum_into(out: Array, a: Array, axis: Axis = None, keepdims: bool = False) -> None:
    """Sum over the axes, into `out`; short rows are multiplied by (1, ..., 1).

    Up to 128 numbers NumPy adds up one after another as well.
    """
    if out.dtype == np.float16:  # added up in float32, as the row does
        total = np.empty(out.shape, np.float32)
        sum_into(total, a.astype(np.float32), axis, keepdims)
        out[...] = total
    elif (rows := rows_of(a, axis, out, 128)) is not None:
        np.matmul(rows, np.ones(rows.shape[1], a.dtype), out.reshape(-1))
    else:
        np.add.reduce(a, axis=axis, out=out, keepdims=keepdims)


def largest_into(
    out: Array, a: Array, axis: Axis = None, keepdims: bool = False
) -> None:
    """Find the largest along the axes, into `out`; of short rows, side by side."""
    rows = rows_of(a, axis, out, 64)
    if rows is not None:
        np.maximum.reduce(np.ascontiguousarray(rows.T), axis=0, out=out.reshape(-1))
    else:
        np.maximum.reduce(a, axis=axis, out=out, keepdims=keepdims)


def join_into(out: Array, *parts: Array, axis: int = 0) -> None:
    """Join along an existing axis, into `out`."""
    np.concatenate(parts, axis, out)


def pile_into(out: Array, *parts: Array, axis: int = 0) -> None:
    """Join along a new axis, into `out`."""
    np.stack(parts, axis, out)


def choose_into(out: Array, a: Array, b: Array, mask: Array) -> None:
    """Take a where the mask is true, b elsewhere, into `out`."""
    np.copyto(out, b)
    np.copyto(out, a, where=mask)


def vectors(a: Array) -> Array:
    """See an array as rows of vectors; an axis may be empty, so -1 would not do."""
    return a.reshape((math.prod(a.shape[:-1]), a.shape[-1]))


def matvec_into(out: Array, W: Array, v: Array) -> None:
    """W v over the last axis, into `out`."""
    if v.ndim > 2 and out.flags.c_contiguous:
        v, out = vectors(v), vectors(out)
    np.matmul(v, W.T, out)


def outer_into(out: Array, z: Array, v: Array) -> None:
    """Sum z v^T over all vectors, into `out`."""
    np.matmul(_columns(z), _columns(v).T, out)


def _columns(v: Array) -> Array:
    """See all vectors along the last axis as columns; copied if they lie apart."""
    if v.ndim < 2 or v.strides[-1] == v.itemsize:
        return vectors(v).T
    return np.moveaxis(v, -1, 0).reshape(v.shape[-1], math.prod(v.shape[:-1]))


def moved_into(out: Array, a: Array, **_: object) -> None:
    """Copy numbers, into `out`: another precision, or repeated."""
    np.copyto(out, a, casting="same_kind")
