"""Notes of what was there: the same object, or an equal number, or entries that are so.

A note says whether the same is there now, and puts it back where a value of a traced
run was left instead.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple

from minigrad.compiling.traced import Traced

BY_VALUE = (bool, int, float, str, bytes)  # equal is enough; others: the same


class Note(NamedTuple):
    """How to look at something that a function may read, and what was there.

    write  puts another value there; None where that cannot be a traced one
    """

    look: Callable[[], Any]
    value: Any
    write: Callable[[Any], None] | None = None

    def holds(self) -> bool:
        """Is the same there?"""
        return is_still(self.look(), self.value)

    def put_back(self) -> None:
        """Put it back, where a value of a traced run was left instead."""
        if self.write is not None and is_traced(self.look()):
            self.write(self.value)


class Entries(NamedTuple):
    """What a list, a dict or an object held; `live` are its entries, as it changes."""

    holder: Any
    live: Any
    keys: tuple[Any, ...]
    values: tuple[Any, ...]

    def holds(self) -> bool:
        """Does it hold the same?"""
        pairs = zip(self.live, self.values, strict=False)
        is_as_long = len(self.live) == len(self.values)
        return is_as_long and all(is_still(*pair) for pair in pairs)

    def put_back(self) -> None:
        """Put all back, where a value of a traced run was left among them."""
        if not any(map(is_traced, self.live)):
            return
        if isinstance(self.holder, dict):
            self.holder.clear()
            self.holder.update(zip(self.keys, self.values, strict=True))
        elif isinstance(self.holder, list | deque):
            self.holder.clear()
            self.holder.extend(self.values)
        elif isinstance(self.holder, set):
            self.holder.clear()
            self.holder.update(self.values)


def is_still(value: Any, before: Any) -> bool:
    """Is this what was there before, the same object or an equal number or word?"""
    return value is before or (
        type(value) is type(before) and isinstance(value, BY_VALUE) and value == before
    )


def is_traced(value: Any) -> bool:
    """Is this of a traced run: an array, or a Tensor that holds one?"""
    return type(value) is Traced or type(getattr(value, "data", None)) is Traced
