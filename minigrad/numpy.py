"""NumPy, but for arrays that Tensors can be written into.

    from minigrad import numpy as np

NumPy's functions take Tensors as they are. Only what *makes* an array cannot know that
a Tensor is to come: `out = np.zeros(3); out[0] = t` would keep t's number and lose its
record, and is refused. The functions here that make arrays make such as can be written
to (`minigrad.writable`); every other name is NumPy's own. So code that fills arrays
runs with its import changed, and nothing else.

>>> from minigrad import Tensor, grad
>>> from minigrad import numpy as np
>>> t = Tensor(3.0)
>>> out = np.zeros(2)
>>> out[:] = t * np.array([t, 1.0])
>>> grad(np.sum(out), t)
array(7.)
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy
from numpy.typing import DTypeLike

from minigrad import writable as _writable
from minigrad.array_like import current
from minigrad.numpy_calls import NUMPY_FACE
from minigrad.numpy_loops import ndenumerate, nditer, vectorize
from minigrad.types import Operand
from minigrad.writable import (
    Writable,
    array,
    empty_like,
    full_like,
    has_tensors,
    joined,
    ones_like,
    zeros_like,
)


def full(
    shape: int | Sequence[int],
    fill_value: Operand,
    dtype: DTypeLike | None = None,
    order: str = "C",
) -> Any:
    """Return an array of one value; whole numbers and booleans are a plain array."""
    if dtype is None:
        kind = numpy.asarray(getattr(fill_value, "data", fill_value)).dtype
    else:
        kind = numpy.dtype(dtype)
    if kind.kind not in "fO":
        return numpy.full(shape, fill_value, kind)
    layout = numpy.empty(shape, kind, "F") if order == "F" else None
    return _writable.filled(shape, fill_value, kind, layout)


def zeros(
    shape: int | Sequence[int], dtype: DTypeLike = float, order: str = "C"
) -> Any:
    """Return zeros; whole numbers and booleans are a plain array."""
    return full(shape, 0, dtype, order)


def ones(shape: int | Sequence[int], dtype: DTypeLike = float, order: str = "C") -> Any:
    """Return ones; whole numbers and booleans are a plain array."""
    return full(shape, 1, dtype, order)


def empty(
    shape: int | Sequence[int], dtype: DTypeLike = float, order: str = "C"
) -> Any:
    """Return an array to be filled; an entry that is not filled is NaN."""
    if numpy.dtype(dtype).kind not in "fO":
        return numpy.empty(shape, dtype)
    return full(shape, numpy.nan, dtype, order)


def eye(N: int, M: int | None = None, k: int = 0, dtype: DTypeLike = float) -> Any:
    """Return ones on a diagonal and zeros elsewhere."""
    return array(numpy.eye(N, M, k, dtype))


def identity(n: int, dtype: DTypeLike = float) -> Any:
    """Return the identity matrix."""
    return eye(n, dtype=dtype)


def asarray(a: Any, dtype: DTypeLike | None = None) -> Any:
    """Return an array as it is, and lists of numbers and Tensors as one."""
    if isinstance(current(a), numpy.ndarray) or hasattr(a, "current"):
        kept = dtype is None or a.dtype == numpy.dtype(dtype)
        return a if kept else a.astype(dtype)
    return array(a, dtype)


asanyarray = asarray


def ascontiguousarray(a: Any, dtype: DTypeLike | None = None) -> Any:
    """Return an array as it is, if its rows stand one after the other; else a copy."""
    x = asarray(a, dtype)
    if isinstance(x, numpy.ndarray):
        return numpy.ascontiguousarray(x)
    x = x if x.ndim else x.reshape(1)
    return x.copy() if isinstance(x, Writable) and not x.is_contiguous else x


class _InBrackets:
    """np.r_[0, t] and np.c_[x, t]: arrays and Tensors joined, in rows or columns."""

    def __init__(self, theirs: Any, join: Callable[[list[Any]], Any]) -> None:
        self.theirs, self.join = theirs, join

    def __getitem__(self, parts: Any) -> Any:
        parts = list(parts) if isinstance(parts, tuple) else [parts]
        if not has_tensors(parts) or any(isinstance(each, str) for each in parts):
            return self.theirs[tuple(parts)]
        return self.join(
            [joined(each) if has_tensors(each) else numpy.r_[each] for each in parts]
        )


r_ = _InBrackets(
    numpy.r_, lambda parts: numpy.concatenate([*map(numpy.atleast_1d, parts)])
)
c_ = _InBrackets(numpy.c_, numpy.column_stack)


def __getattr__(name: str) -> Any:
    theirs = getattr(numpy, name)
    is_function = callable(theirs) and not isinstance(theirs, numpy.ufunc)
    ours = NUMPY_FACE.get(theirs) if is_function else None
    return theirs if ours is None else _of_lists(theirs, ours)


def _of_lists(
    theirs: Callable[..., Any], ours: Callable[..., Any]
) -> Callable[..., Any]:
    """Return a function that takes a list of Tensors for an array: np.mean([s, t])."""

    @functools.wraps(theirs)
    def function(*args: Any, **options: Any) -> Any:
        listed = bool(args) and type(args[0]) is list and has_tensors(args[0])
        listed = listed and "out" not in options  # which knows how it is written
        return (ours if listed else theirs)(*args, **options)

    return function


def __dir__() -> list[str]:
    return sorted({*dir(numpy), *__all__})


__all__ = [
    "Writable",
    "array",
    "asanyarray",
    "asarray",
    "ascontiguousarray",
    "c_",
    "empty",
    "empty_like",
    "eye",
    "full",
    "full_like",
    "identity",
    "ndenumerate",
    "nditer",
    "ones",
    "ones_like",
    "r_",
    "vectorize",
    "zeros",
    "zeros_like",
]
