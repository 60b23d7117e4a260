"""Vectors become columns: the examples of a batch stand in the last axis, in loops.

    v is (B, k)        W v for each row        the rows of four gates lie far apart
    V is (k, B)        W V, one product        what lies side by side is one block

A transposed value is another view of the same memory, so a line that cannot work on
columns reads one, and costs nothing.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.compiling.graph import is_elementwise
from minigrad.compiling.line import Line, Ref
from minigrad.compiling.reads import Lines, last_slice
from minigrad.primitive import TABLE
from minigrad.types import Array, Axis, Options, Shape

_CONCATENATE, _TAKE = TABLE["concatenate"], TABLE["take"]
_MATMUL, _MATVEC, _TRANSPOSE = TABLE["matmul"], TABLE["matvec"], TABLE["transpose"]


def vectors_as_columns(lines: Lines) -> None:
    """W v for the vectors v of a batch is W V: one product, its columns the results."""
    for line in lines.in_circles(_MATVEC):
        if len(line.shape) == 1 and _has_one_matrix(line):
            line.op = _MATMUL
    columns = _Columns(_to_turn(lines))
    for line, turned in columns.turned.items():
        turned.op, turned.times, turned.name = line.op, line.times, line.name
        turned.options = _on_columns(line) or {}
        turned.ends = {t: columns.read(end) for t, end in line.ends.items()}
        turned.values = {t: _column(value) for t, value in line.values.items()}
        turned.args = [*map(columns.read, line.args)]
        if line.op is _MATVEC:
            turned.op, turned.args[0] = _MATMUL, line.args[0]
    for line, turned in columns.turned.items():
        line.becomes(_TRANSPOSE, [Ref(turned, shift=0)], {"axes": (1, 0)})
        line.name, line.columns = "", True


class _Columns:
    """Lines that are computed on columns, and what these read of the others."""

    def __init__(self, lines: list[Line]) -> None:
        self.turned = {
            line: Line(line.op, [], {}, line.shape[::-1], line.dtype) for line in lines
        }
        self._others: dict[Ref, Line] = {}

    def read(self, arg: Any) -> Any:
        """Return what a line on columns reads in the place of an argument."""
        if not isinstance(arg, Ref):
            return _column(arg)
        if arg.line in self.turned:
            return arg._replace(line=self.turned[arg.line])
        times = (len(arg.at),) if isinstance(arg.at, range) else ()
        shape = (*times, *arg.line.shape)
        if not shape:
            return arg
        value = arg if arg.shift is None else arg._replace(shift=0)
        if value not in self._others:
            self._others[value] = made = _turned(value, shape)
            if arg.shift is not None:
                made.times, made.columns = arg.line.times, True
                made.ends = {t: self.read(end) for t, end in arg.line.ends.items()}
        return Ref(self._others[value], arg.shift)


def _turned(ref: Ref, shape: Shape) -> Line:
    """Return a transposed value; a vector for all rows becomes one for all columns."""
    if len(shape) == 2:
        return Line(_TRANSPOSE, [ref], {"axes": (1, 0)}, shape[::-1], ref.line.dtype)
    column = (*shape, 1)
    return Line(TABLE["reshape"], [ref], {"shape": column}, column, ref.line.dtype)


def _column(value: Any) -> Any:
    """Return a constant transposed, as `_turned` does."""
    if not isinstance(value, Array) or not value.ndim:
        return value
    return np.ascontiguousarray(value.T if value.ndim > 1 else value[:, None])


def _to_turn(lines: Lines) -> list[Line]:
    """Return what is computed on columns: loops with products, and what is beside them.

    Before and after a loop that is what is computed entry by entry from its values, and
    what nothing else reads.
    """
    possible = [
        line for line in lines.all if line.times and _on_columns(line) is not None
    ]
    found = {line for line in possible if lines.circle[line] != -1}
    if not any(line.op is _MATVEC for line in found):
        return []
    for line in possible:
        timed = (ref.line for ref in line.refs() if ref.shift is not None)
        if is_elementwise(line.op) and not found.isdisjoint(timed):
            found.add(line)
    for line in reversed(possible):
        if found.issuperset(lines.readers[line]):
            found.add(line)
    return [line for line in possible if line in found]


def _on_columns(line: Line) -> Options | None:
    """Return the options of a line on columns; None if it cannot be one."""
    if len(line.shape) != 2:
        return None
    if is_elementwise(line.op) or (line.op is _MATVEC and _has_one_matrix(line)):
        return line.options
    axis: Any = line.options.get("axis")  # of a sum None, all
    if line.op is _CONCATENATE:
        return {"axis": 1 - (axis or 0) % 2}
    if line.op is TABLE["sum"] and line.options.get("keepdims"):
        return {**line.options, "axis": _swapped(axis)}
    if line.op is TABLE["broadcast"]:
        return {"shape": line.shape[::-1]}
    part = last_slice(line) if line.op is _TAKE else None
    return None if part is None else {"index": (part,)}


def _swapped(axis: Axis) -> Axis:
    """Return the axis, or the axes, of a matrix that are these of its transpose."""
    if isinstance(axis, tuple):
        return tuple(1 - k % 2 for k in axis)
    return None if axis is None else 1 - axis % 2


def _has_one_matrix(line: Line) -> bool:
    """Is the matrix of a product the same at all steps?"""
    W = line.args[0]
    return isinstance(W, Ref) and W.shift is None and not isinstance(W.at, range)
