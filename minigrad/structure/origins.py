"""Which step made what another layer reads: found by moving marks instead of numbers.

Between two recurrent layers stands bookkeeping. The outputs of all steps are stacked,
perhaps reversed, joined with others, and taken apart again:

    Y = stack(y_1, y_2, y_3)     Y[::-1]     x_1 = Y[0]

Which output does a step read? Every entry gets a **mark**, a number that says where it
was made, and the rows that only move entries around are run on the marks. A sum of
marks is no mark: each carries check digits, as an ISBN does. An elementwise row, such
as a dropout, leaves every entry at its place, and so its mark.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from minigrad.primitive import Elementwise, Linear
from minigrad.structure.consumers import tensors
from minigrad.tape import Tape
from minigrad.tensor import Array, Tensor

DIGITS = 20  # bits for checking; 43 bits are left to count entries


def _mark(numbers: Any) -> Array:
    """Give numbers their check digits."""
    counted = np.asarray(numbers, np.int64)
    marks: Array = (counted << DIGITS) | _check(counted)
    return marks


def _number(marks: Array) -> Array:
    """Return the numbers again, and 0 for what is no mark.

    >>> _number(_mark([1, 2, 3])), int(_number(_mark(1) + _mark(2)))
    (array([1, 2, 3]), 0)
    """
    counted = marks >> DIGITS
    return np.where((counted > 0) & (marks == _mark(counted)), counted, 0)


def _check(counted: Array) -> Array:
    mixed = counted * 2654435761 % 1000003
    digits: Array = mixed * mixed % 1000003 & ((1 << DIGITS) - 1)
    return digits


class Origins:
    """What is known of where every entry of a value was made.

    >>> import minigrad as mg
    >>> a, b = mg.exp(mg.Tensor([1.0, 2.0])), mg.exp(mg.Tensor([3.0, 4.0]))
    >>> turned = mg.stack([a, b])[::-1]
    >>> found = Origins(mg.Tape(turned), {a: 0, b: 0})
    >>> found.makers(turned) == [b, a], found.makers(a + b)
    (True, [])
    """

    def __init__(self, tape: Tape, made: Mapping[Tensor, Any]) -> None:
        self.tape = tape
        self.marks: dict[Tensor, Array] = {}
        counted = len(tape) + 1
        read_outside = {a for e in tape if e not in made for a in tensors(e)}
        for i, entry in enumerate(tape):
            if entry in made:
                if entry in read_outside:
                    self.marks[entry] = np.broadcast_to(_mark(i + 1), entry.shape)
            elif entry.primitive is not None:
                self._move(entry)
            elif entry in read_outside:
                numbers = np.arange(counted, counted + entry.size)
                self.marks[entry] = _mark(numbers).reshape(entry.shape)
                counted += entry.size

    def _move(self, entry: Tensor) -> None:
        if not any(arg in self.marks for arg in tensors(entry)):
            return
        row = entry.primitive
        args = [self.marks.get(arg) for arg in tensors(entry)]
        if isinstance(row, Elementwise):
            known = [arg for arg in args if arg is not None]
            spread = [np.broadcast_to(arg, entry.shape) for arg in known]
            if all(np.array_equal(spread[0], each) for each in spread[1:]):
                self.marks[entry] = spread[0]
        elif isinstance(row, Linear) and row.jointly:
            moved = [
                self.marks.get(arg, np.zeros(arg.shape, np.int64))
                if isinstance(arg, Tensor)
                else np.zeros(np.shape(arg), np.int64)
                for arg in entry.args
            ]
            try:
                self.marks[entry] = np.asarray(row.function(*moved, **entry.options))
            except Exception:  # a row that wants numbers of another kind
                return

    def makers(self, value: Tensor) -> list[Tensor]:
        """Return whose entries these are, in order; [] where some are not known."""
        if value not in self.marks:
            return []
        found = _number(np.asarray(self.marks[value]).astype(np.int64)).ravel()
        if found.size == 0 or found.min() == 0 or found.max() > len(self.tape):
            return []
        return [self.tape.steps[i - 1] for i in dict.fromkeys(found.tolist())]

    def key(self, value: Tensor) -> bytes:
        """Return what is the same for values with the same entries; b"" if unknown."""
        if value in self.marks:
            return np.ascontiguousarray(self.marks[value]).tobytes()
        leaf = value.primitive is None
        return b"leaf" + np.ascontiguousarray(value.data).tobytes() if leaf else b""
