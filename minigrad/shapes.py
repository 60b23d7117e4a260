"""Structures of shapes, and of the Tensors that have them.

A tuple of integers is a shape. A list, a dict, a NamedTuple, or a tuple of such is a
structure: what a function takes or returns.

    (3,)                       a vector of 3
    State(y=(2,), c=(2,))      two vectors of 2, called y and c
    [(3,)] * 4                 a list of 4 vectors
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from random import Random
from typing import Any

import numpy as np

from minigrad.messages import explained
from minigrad.numpy_protocol.array_like import ArrayLike, current, plain
from minigrad.tensor import Array, Tensor


def random_tensors(shapes: Any, random: Random, name: str = "x") -> Any:
    """Return Tensors of standard normal numbers, in the same structure.

    Where an array, a Tensor or a float stands in the place of a shape, its numbers are
    used.

    What is neither shape nor floating-point numbers (labels, masks, None) stays.

    >>> random_tensors({"W": (2, 3), "b": (2,)}, Random(0))["W"].shape
    (2, 3)
    """

    def leaf(path: str, shape: Any) -> Any:
        if is_shape(shape):
            numbers = [random.gauss(0, 1) for _ in range(int(np.prod(shape)))]
            return Tensor(np.array(numbers).reshape(shape), path)
        given = np.array(shape) if isinstance(shape, float) else plain(shape)
        floating = isinstance(given, Array) and given.dtype.kind == "f"
        return Tensor(given, path) if floating else shape

    return mapped(leaf, shapes, name, lambda part: is_shape(part) or not _holds(part))


def is_shape(value: Any) -> bool:
    """Is this a shape, and not a structure of such?

    >>> is_shape((2, 3)), is_shape(()), is_shape(((2,), (3,))), is_shape([2, 3])
    (True, True, False, False)
    """
    if not isinstance(value, tuple) or hasattr(value, "_fields"):
        return False
    return all(isinstance(n, (int, np.integer)) and n >= 0 for n in value)


def tensors(structure: Any, name: str, others: bool = False) -> dict[str, Tensor]:
    """Return the Tensors of a structure by their paths: y.c, y[0], y['W'].

    >>> list(tensors([Tensor(1.0), {"b": Tensor(2.0)}], "y"))
    ['y[0]', "y[1]['b']"]

    Raises TypeError for what is no Tensor, unless there may be `others`.
    """
    found: dict[str, Any] = {}

    def is_leaf(part: Any) -> bool:
        return isinstance(part, ArrayLike) or (others and not _holds(part))

    mapped(
        lambda path, each: found.update({path: current(each)}), structure, name, is_leaf
    )
    return {path: each for path, each in found.items() if isinstance(each, Tensor)}


def mapped(
    leaf: Callable[[str, Any], Any],
    structure: Any,
    name: str,
    is_leaf: Callable[[Any], bool],
) -> Any:
    """Return the structure with leaf(path, value) in the place of every leaf."""
    if is_leaf(structure):
        return leaf(name, structure)
    if is_module(structure):
        structure = dict(structure.named_parameters())

    def below(path: str, value: Any) -> Any:
        return mapped(leaf, value, name + path, is_leaf)

    if isinstance(structure, Mapping):
        return {key: below(f"[{key!r}]", value) for key, value in structure.items()}
    if isinstance(structure, tuple) and hasattr(structure, "_fields"):
        pairs = zip(structure._fields, structure, strict=True)
        return type(structure)(*(below(f".{field}", value) for field, value in pairs))
    if isinstance(structure, (list, tuple)):
        return type(structure)(
            below(f"[{k}]", each) for k, each in enumerate(structure)
        )
    raise explained(
        TypeError,
        f"{name} as a structure",
        {name: structure},
        f"{type(structure).__name__} is no leaf here, and not made of them.",
        "a shape is a tuple of integers, (m, n); functions return Tensors; both "
        "may stand in tuples, NamedTuples, lists and dicts.",
    )


def leaves(structure: Any, open_modules: bool = True) -> dict[str, Any]:
    """Return what stands in a structure, by its place; alone, its place is "".

    A Module is the dict of its Parameters by their paths, unless it is a leaf itself;
    an iterator is a list.

    >>> leaves({"W": 1.0, "b": [2.0, 3.0]})
    {"['W']": 1.0, "['b'][0]": 2.0, "['b'][1]": 3.0}
    """
    found: dict[str, Any] = {}
    structure = list(structure) if isinstance(structure, Iterator) else structure
    may_hold = holds if open_modules else _holds

    def add(path: str, each: Any) -> None:
        found[path] = current(each)

    mapped(add, structure, "", lambda part: not may_hold(part))
    return found


def rebuilt(structure: Any, values: Iterable[Any]) -> Any:
    """Return the structure with other leaves, given in the order of `leaves`.

    >>> rebuilt({"W": 1.0, "b": [2.0, 3.0]}, [10, 20, 30])
    {'W': 10, 'b': [20, 30]}
    """
    values = iter(values)
    return mapped(
        lambda _, __: next(values), structure, "", lambda part: not holds(part)
    )


def holds(value: Any) -> bool:
    """Is this a structure that may hold leaves: a container or a Module?"""
    return _holds(value) or is_module(value)


def _holds(value: Any) -> bool:
    return isinstance(value, (Mapping, list, tuple))


def is_module(value: Any) -> bool:
    """Is this a Module, which is a floor above and not known here?"""
    return hasattr(type(value), "named_parameters")
