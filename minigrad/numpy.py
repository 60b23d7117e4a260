"""NumPy, but for arrays that Tensors can be written into.

    from minigrad import numpy as np

NumPy's functions take Tensors as they are. Only what *makes* an array cannot know that
a Tensor is to come: `out = np.zeros(3); out[0] = t` would keep t's number and lose its
record, and is refused. The functions here that make arrays make such as can be written
to (writable.py); every other name is NumPy's own. So code that fills arrays
runs with its import changed, and nothing else.

>>> from minigrad import numpy as np
>>> t = Tensor(3.0)
>>> out = np.zeros(2)
>>> out[:] = t * np.array([t, 1.0])
>>> mg.grad(np.sum(out), t)
array(7.)
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy

from minigrad.composites.numpy_loops import ndenumerate, nditer, vectorize
from minigrad.numpy_protocol.numpy_calls import NUMPY_FACE
from minigrad.writable_arrays.creation import (
    array,
    asarray,
    ascontiguousarray,
    empty,
    empty_like,
    eye,
    full,
    full_like,
    identity,
    ones,
    ones_like,
    zeros,
    zeros_like,
)
from minigrad.writable_arrays.gathering import has_tensors, joined
from minigrad.writable_arrays.writable import Writable


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


asanyarray = asarray


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
    "Writable", "array", "asanyarray", "asarray", "ascontiguousarray", "c_", "empty",
    "empty_like", "eye", "full", "full_like", "identity", "ndenumerate", "nditer",
    "ones", "ones_like", "r_", "vectorize", "zeros", "zeros_like",
]  # fmt: skip
