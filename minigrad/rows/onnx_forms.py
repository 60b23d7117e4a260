"""What rows and functions of NumPy are in ONNX: an operator's name, or a few nodes.

A name stands for an operator that computes entry by entry, as the function does. What
needs more is a form: `form(write, *args, **options)` writes nodes, and returns the name
of what the last one gives.

    write("MatMul", v, write("Transpose", W, perm=(1, 0)))

An argument has the shape and dtype of an array; what is no argument is a constant.
`write.result` is the array that the function gives for the example. Functions of this
project say their form where they are defined, by `@in_programs(onnx=...)`; those of
NumPy are listed here. What is in neither place has none, and is refused by its name.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeAlias

import numpy as np

from minigrad.types import Array, Axis, Shape


class Write(Protocol):
    """Writes nodes: see `minigrad.compiling.in_onnx`."""

    result: Any

    def __call__(self, operator: str, *args: Any, **attributes: Any) -> str:
        """Write a node; return the name of what it gives."""

    def to(self, dtype: Any, *args: Any) -> Sequence[Any]:
        """Return arguments in a dtype."""

    def refuse(self, why: str) -> Any:
        """Refuse what is being written."""


Form: TypeAlias = str | Callable[..., str]


def form_of(function: Any) -> Form | None:
    """Return what a function is in ONNX, or None.

    >>> form_of(np.arctan), form_of(np.arctan2)
    ('Atan', None)
    """
    try:
        return getattr(function, "onnx", None) or _OF_NUMPY.get(function)
    except TypeError:  # it cannot be looked up
        return None


def _axes(a: Any, axis: Axis) -> list[int]:
    axes = (
        range(a.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    )
    return [k % a.ndim for k in axes]


def reduced(operator: str) -> Form:
    """Return the form of a reduction over axes: ReduceSum, ReduceMax, ..."""

    def form(write: Write, a: Any, axis: Axis = None, keepdims: bool = False) -> str:
        (numbers,) = write.to(write.result.dtype, a)  # a sum of truths counts them
        if not a.ndim:
            return write("Identity", numbers)
        return write(operator, numbers, _axes(a, axis), keepdims=int(keepdims))

    return form


def _of_truth(operator: str) -> Form:
    def form(write: Write, a: Any, **options: Any) -> str:
        if not a.ndim:
            return write("Identity", a)
        (numbers,) = write.to(np.int32, a)
        axes, keep = _axes(a, options.get("axis")), options.get("keepdims", False)
        reduced_numbers = write(operator, numbers, axes, keepdims=int(keep))
        return write("Cast", reduced_numbers, to=np.dtype(bool))

    return form


def _argmax(
    write: Write, a: Any, axis: int | None = None, keepdims: bool = False
) -> str:
    if axis is None:
        a, axis = write("Reshape", a, [-1]), 0
    return write("ArgMax", a, axis=axis, keepdims=int(keepdims))


def _finite(write: Write, a: Any) -> str:
    return write("Not", write("Or", write("IsInf", a), write("IsNaN", a)))


def _with_sign(write: Write, a: Any, b: Any) -> str:
    a, b = write.to(write.result.dtype, a, b)
    zero = np.zeros((), write.result.dtype)
    below = write("Less", write("Reciprocal", b), zero)  # also of -0
    size = write("Abs", a)
    is_negative = write("Or", write("Less", b, zero), below)
    return write("Where", is_negative, write("Neg", size), size)


def _unequal(write: Write, a: Any, b: Any) -> str:
    numbers = [getattr(each, "array", each) for each in (a, b)]
    return write("Not", write("Equal", *write.to(np.result_type(*numbers), a, b)))


def _as_bool(operator: str) -> Form:
    def form(write: Write, *args: Any) -> str:
        return write(operator, *write.to(np.dtype(bool), *args))

    return form


def shaped(write: Write, a: Any, shape: Any = None) -> str:
    """Reshape."""
    return write("Reshape", a, [*write.result.shape], allowzero=1)


def repeated(write: Write, a: Any, shape: Shape) -> str:
    """Repeat to a shape."""
    return write("Expand", a, [*write.result.shape])


def permuted(write: Write, a: Any, axes: Any = None) -> str:
    """Permute the axes."""
    order = [k % a.ndim for k in axes] if axes else [*range(a.ndim)][::-1]
    return write("Transpose", a, perm=order) if a.ndim else write("Identity", a)


def joined(write: Write, *parts: Any, axis: int = 0) -> str:
    """Join along an existing axis."""
    return write("Concat", *parts, axis=axis % write.result.ndim)


def stacked(write: Write, *parts: Any, axis: int = 0) -> str:
    """Join along a new axis."""
    at = axis % write.result.ndim
    return write("Concat", *(write("Unsqueeze", p, [at]) for p in parts), axis=at)


def chosen(write: Write, a: Any, b: Any, mask: Any) -> str:
    """Take a where the mask is true, b elsewhere."""
    return write("Where", mask, *write.to(write.result.dtype, a, b))


def running_sum(write: Write, a: Any, axis: int) -> str:
    """Running sums along an axis."""
    return write("CumSum", a, np.int64(axis))


def converted(write: Write, a: Any, dtype: Any) -> str:
    """Return the numbers in another dtype."""
    return write("Cast", a, to=np.dtype(dtype))


def product(write: Write, a: Any, b: Any) -> str:
    """Return a @ b."""
    return write("MatMul", *write.to(write.result.dtype, a, b))


def matrix_by_vectors(write: Write, W: Any, v: Any) -> str:
    """Return W v over the last axis."""
    return write("MatMul", v, write("Transpose", W, perm=[1, 0]))


def outer(write: Write, z: Any, v: Any) -> str:
    """Sum z v^T over all vectors."""
    rows, columns = (write("Reshape", a, [-1, a.shape[-1]]) for a in (z, v))
    return write("MatMul", write("Transpose", rows, perm=[1, 0]), columns)


def taken(write: Write, a: Any, index: Any) -> str:
    """Return a[index], if its slices, numbers and arrays leave axes where they are."""
    parts = [*index] if isinstance(index, tuple) else [index]
    if any(np.asarray(getattr(part, "array", 0)).dtype == bool for part in parts):
        write.refuse("how many entries it takes depends on numbers.")
    parts = [each for part in parts for each in _without_masks(part)]
    new = sum(part is None for part in parts)
    if not any(part is Ellipsis for part in parts):
        parts.append(...)
    at = next(k for k, part in enumerate(parts) if part is Ellipsis)
    parts[at : at + 1] = [slice(None)] * (a.ndim - (len(parts) - 1 - new))
    kept = [part for part in parts if part is not None]
    arrays = [k for k, part in enumerate(kept) if np.ndim(_numbers(part)) > 0]
    result: Any = _sliced(write, a, kept)
    if len(arrays) > 1 or (arrays and any(_is_number(part) for part in kept)):
        advanced = [k for k, part in enumerate(kept) if not isinstance(part, slice)]
        if advanced != [*range(len(advanced))] or new:
            write.refuse("arrays among an index must come first, and side by side.")
        return _by_places(write, result, [kept[k] for k in advanced])
    for axis in reversed(range(len(kept))):
        if not isinstance(kept[axis], slice):
            result = write("Gather", result, kept[axis], axis=axis)
    if new:
        dropped = [part for part in parts if not _is_number(part)]
        result = write(
            "Unsqueeze", result, [k for k, part in enumerate(dropped) if part is None]
        )
    return str(result) if result is not a else write("Identity", a)


def scattered(write: Write, g: Any, shape: Any, index: Any, axis: int = 0) -> str:
    """Return zeros with g added in at an index, its first axis as this axis there."""
    size = int(np.prod(shape, dtype=int))
    places = taken(write, np.arange(size).reshape(shape), index)
    if axis:
        order = [*range(1, axis + 1), 0, *range(axis + 1, g.ndim)]
        added = write("Transpose", g, perm=order)
    else:
        added = g
    zeros, rows = np.zeros(size, g.dtype), write("Reshape", added, [-1])
    places = write("Reshape", places, [-1, 1])
    flat = write("ScatterND", zeros, places, rows, reduction="add")
    return write("Reshape", flat, [*np.atleast_1d(shape)], allowzero=1)


def _numbers(part: Any) -> Any:
    return (
        0 if part is None or isinstance(part, slice) else getattr(part, "array", part)
    )


def _is_number(part: Any) -> bool:
    return not isinstance(part, slice | type(None)) and np.ndim(_numbers(part)) == 0


def _without_masks(part: Any) -> Sequence[Any]:
    """Return where a mask that is a constant is true."""
    is_mask = isinstance(part, Array) and part.dtype == bool
    return np.nonzero(part) if is_mask else (part,)


def _sliced(write: Write, a: Any, parts: Sequence[Any]) -> Any:
    cuts = []
    for axis, part in enumerate(parts):
        if isinstance(part, slice) and part != slice(None):
            start, stop, step = part.indices(a.shape[axis])
            stop = stop if stop >= 0 else -a.shape[axis] - 1  # before the first
            cuts.append((start, stop, axis, step))
    if not cuts:
        return a
    starts, stops, axes, steps = ([*each] for each in zip(*cuts, strict=True))
    return write("Slice", a, starts, stops, axes, steps)


def _by_places(write: Write, a: Any, indices: Sequence[Any]) -> str:
    """Return a[i, j]: entries at places along the first axes."""
    shape = np.broadcast_shapes(*(np.shape(_numbers(part)) for part in indices))
    places = [
        write("Unsqueeze", write("Expand", i, [*shape] or [1]), [-1])
        for i in write.to(np.dtype(np.int64), *indices)
    ]
    return write("GatherND", a, write("Concat", *places, axis=-1))


_OF_NUMPY: dict[Any, Form] = {
    np.add: "Add", np.subtract: "Sub", np.multiply: "Mul", np.true_divide: "Div",
    np.negative: "Neg", np.power: "Pow", np.exp: "Exp", np.log: "Log",
    np.sqrt: "Sqrt", np.tanh: "Tanh", np.sin: "Sin", np.cos: "Cos",
    np.arctan: "Atan", np.absolute: "Abs", np.sign: "Sign", np.floor: "Floor",
    np.ceil: "Ceil", np.maximum: "Max", np.minimum: "Min", np.isnan: "IsNaN",
    np.greater: "Greater", np.greater_equal: "GreaterOrEqual", np.less: "Less",
    np.less_equal: "LessOrEqual", np.equal: "Equal", np.isfinite: _finite,
    np.logical_and: _as_bool("And"), np.bitwise_and: _as_bool("And"),
    np.logical_or: _as_bool("Or"), np.bitwise_or: _as_bool("Or"),
    np.logical_not: _as_bool("Not"), np.invert: _as_bool("Not"),
    np.max: reduced("ReduceMax"), np.min: reduced("ReduceMin"),
    np.maximum.reduce: reduced("ReduceMax"), np.minimum.reduce: reduced("ReduceMin"),
    np.all: _of_truth("ReduceMin"), np.any: _of_truth("ReduceMax"),
    np.sum: reduced("ReduceSum"), np.argmax: _argmax, np.reshape: shaped,
    np.where: lambda write, mask, a, b: chosen(write, a, b, mask),
    np.copysign: _with_sign, np.not_equal: _unequal,
}  # fmt: skip
