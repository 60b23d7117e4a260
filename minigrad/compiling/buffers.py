"""What a program's source calls: memory, views of it, and questions.

A program that does not hold for its arguments raises `Changed`, and is traced again.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.types import Array, Shape


class Changed(Exception):
    """The program does not hold for these numbers: it must be traced again."""


def buffer(shape: Shape, dtype: str, like: Array | None = None) -> Array:
    """Return memory that begins where a cache line does.

    like: an array of the same shape, whose axes lie in the order that it shall have.
    """
    if like is not None:
        order = np.argsort([-abs(step) for step in like.strides], kind="stable")
        held = buffer(tuple(shape[k] for k in order), dtype)
        return held.transpose(np.argsort(order))
    kind = np.dtype(dtype)
    size = int(np.prod(shape, dtype=int)) * kind.itemsize
    raw = np.zeros(size + 64, np.uint8)
    start = -raw.ctypes.data % 64
    return raw[start : start + size].view(kind).reshape(shape)


def rows(a: Array, start: int, stop: int, step: int) -> list[Array]:
    """Return the entries along the first axis, as arrays: also single numbers."""
    return [a[k, ...] for k in range(start, stop, step)]


def shaped(value: Any, shape: Shape) -> Array:
    """Return an array, if it has the shape that it had while tracing."""
    array = np.asarray(value)
    if array.shape != shape:
        raise Changed
    return array


def answered(asked: Any, answer: Any) -> None:
    """Go on if a question has the answer that it had while tracing."""
    if asked != answer:
        raise Changed
