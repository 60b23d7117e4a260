"""Arguments and results: what tells one call from another, and when results agree."""

from __future__ import annotations

import inspect
import itertools
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from minigrad.compiling.one_run import Output, is_leaf
from minigrad.compiling.traced import Traced
from minigrad.numpy_protocol.array_like import ArrayLike
from minigrad.shapes import mapped
from minigrad.tensor import Tensor
from minigrad.types import Array


def array_names(function: Callable[..., Any], kind: Any) -> list[str]:
    """Return what code calls the arrays among the arguments: as the function does."""
    try:
        own = [*inspect.signature(function).parameters]
    except (TypeError, ValueError):
        own = []
    names: list[str] = []
    for path, *what in kind:
        if len(what) != 3:
            continue
        first, *more = re.findall(r"\w+", path.removeprefix("[0]"))
        at = int(first) if first.isdigit() else len(own)
        name = own[at] if at < len(own) else f"x{at}"
        name = "_".join([name, *more]) if first.isdigit() else "_".join([first, *more])
        names.append(
            name if name not in names and name.isidentifier() else f"x{len(names)}"
        )
    return names


def kind_of(value: Any, kept: list[Any]) -> tuple[Any, ...]:
    """Return a key of a constant: of a number its value, of an object its identity."""
    if isinstance(value, int | float | str | bytes | type(None)):
        return type(value), repr(value)
    if not any(value is each for each in kept):
        kept.append(value)
    return type(value), id(value)


def same_arrays(structure: Any, found: Sequence[Array], gap: float = 0.0) -> bool:
    """Are the arrays that a structure holds these, but for rounding?"""
    arrays = [np.asarray(each) for each in _leaves(structure) if _is_array(each)]
    return len(arrays) == len(found) and all(
        _are_same(*pair, gap) for pair in zip(arrays, found, strict=True)
    )


def constants_in(structure: Any) -> list[str]:
    """Return what else a structure holds: numbers, words, None."""
    others = [each for each in _leaves(structure) if not _is_array(each)]
    return [repr(each) for each in others if not isinstance(each, Output)]


def structure_of(returned: Any) -> Any:
    """Return what a function returned, with places of outputs for its arrays."""
    places = itertools.count()

    def leaf(_: str, value: Any) -> Any:
        value = value.current() if isinstance(value, ArrayLike) else value
        is_tensor = isinstance(value, Tensor)
        return (
            Output(next(places), is_tensor) if is_tensor or _is_array(value) else value
        )

    return mapped(leaf, returned, "", is_leaf)


def _leaves(structure: Any) -> list[Any]:
    found: list[Any] = []

    def leaf(_: str, value: Any) -> None:
        value = value.current() if isinstance(value, ArrayLike) else value
        found.append(value.data if isinstance(value, Tensor) else value)

    mapped(leaf, structure, "", is_leaf)
    return found


def _is_array(value: Any) -> bool:
    return isinstance(value, Traced | np.ndarray | np.generic)


def rounding(arrays: Iterable[Array], dtypes: Iterable[Any] = ()) -> float:
    """Return how far results of arrays may lie apart, computed in these dtypes too.

    The least precise number tells: a float64 may be computed from float32.
    """
    floats = [np.abs(a[np.isfinite(a)]) for a in arrays if a.dtype.kind == "f"]
    size = max((float(np.max(a, initial=0.0)) for a in floats), default=0.0)
    used = [np.dtype(d) for d in (*dtypes, *(a.dtype for a in floats))]
    return size * max((_gap(d) for d in used if d.kind == "f"), default=0.0)


def _gap(dtype: np.dtype) -> float:
    return 1e4 * float(np.finfo(dtype).eps)


def _are_same(expected: Array, found: Array, gap: float) -> bool:
    """Are these equal but for rounding: this far apart, or as their sizes allow?"""
    if expected.shape != found.shape or expected.dtype != found.dtype:
        return False
    if expected.dtype.kind != "f":
        return bool(np.array_equal(expected, found))
    finite = np.isfinite(expected)
    if not np.array_equal(expected[~finite], found[~finite], equal_nan=True):
        return False
    size = float(np.max(np.abs(expected), initial=1e-30, where=finite))
    gaps = np.abs(expected.astype(float) - found.astype(float))
    most = max(gap, _gap(expected.dtype) * size)
    return bool(np.max(gaps, initial=0.0, where=finite) <= most)
