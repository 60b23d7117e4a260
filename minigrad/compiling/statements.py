"""How one operation is written as Python: into an array that is there, if it can be.

multiply(v5, v6, v7)                    a ufunc, into v7
sum_into(v9, v8, axis=(0,))             a row that knows how
shaped(argsort(v3, axis=-1), (5,))      anything else of NumPy, as a new array
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from minigrad.compiling.buffers import answered, buffer, rows, shaped
from minigrad.compiling.graph import (
    POSITIONAL,
    bytes_of,
    fill_holes,
    is_elementwise,
    name_of,
)
from minigrad.compiling.invariants import product
from minigrad.compiling.line import Line
from minigrad.compiling.rolled_loops import Item
from minigrad.compiling.simplify import total
from minigrad.primitive import Primitive
from minigrad.rows.stacked import largest_into
from minigrad.types import Shape

_MANY: dict[Any, np.ufunc] = {total: np.add, product: np.multiply}  # two by two
_INTO: dict[Any, Any] = {np.max: largest_into, **_MANY}


# What the text itself calls: no value of a program has such a name.
OWN = {
    "buffer": buffer, "rows": rows, "shaped": shaped, "answered": answered,
    "copyto": np.copyto, "copy": np.array,
}  # fmt: skip
RESERVED = {*OWN, "buffers", "step", "range", "slice", "zip"}


class _Code(str):
    """A piece of source text among values."""


class Text:
    """The text of a program, the objects that it names, and how calls are written."""

    def __init__(
        self, items: Iterable[Item], names: dict[Line, str], inputs: Iterable[str] = ()
    ) -> None:
        self.names = names
        self.used_names = {*inputs, *names.values(), *RESERVED}
        self.setup: list[str] = []
        self.run: list[str] = []
        self.objects: dict[str, Any] = dict(OWN)
        self.static: set[str] = set()  # names that setup knows
        self.buffers: set[str] = set()  # those that are memory, and no view of other
        self.whole: set[str] = set()  # those that lie in one piece, in C's order
        self.memory: dict[Line, str] = {}  # names of what holds a line's values
        self.single: set[Line] = set()  # whose memory is for one step
        self.readers: dict[Line, list[Line | None]] = {}  # None: an output
        self.name_for: dict[Any, str] = {}
        self.copied_ends: set[tuple[Line, int]] = set()
        self.bytes = 0
        self.calls = 0  # places in the text
        self.runtime_calls, self.repeats = 0, 1  # calls, and how often one is made
        self.items = [*items]

    def _buffer(self, name: str, shape: Shape, dtype: np.dtype, like: str = "") -> None:
        """Make memory of a shape; `like`: with the axes in the order of another's."""
        order = f", {like}" if like else ""
        self.setup.append(f"{name} = buffer({shape}, {dtype.str!r}{order})")
        self.static.add(name)
        self.buffers.add(name)
        if not like:
            self.whole.add(name)
        self.bytes += bytes_of(shape, dtype)

    def _copied(self, place: str, value: str) -> str:
        """Return how to copy a value to a place."""
        self.calls += 1
        self.runtime_calls += self.repeats
        return f"copyto({place}, {value})"

    def _statements(
        self, out: str, op: Any, args: list[str], options: Any
    ) -> list[str]:
        """Return how to compute into an array that is there."""
        self.calls += 1
        self.runtime_calls += self.repeats
        into = into_of(op)
        is_ufunc = isinstance(into, np.ufunc)
        if into is None or (is_ufunc and set(options) - {POSITIONAL}):
            return [f"copyto({out}, {self._call(op, args, options)})"]
        name = self._object(into.__name__, into)
        if not is_ufunc:
            return [self._call_text(name, args, options, out)]
        if op not in _MANY:
            given, _ = self._operands(args, options)
            target = f"out={out}" if into in (np.maximum, np.minimum) else out
            return [f"{name}({', '.join([*given, target])})"]
        first, second, *more = args
        self.calls += len(more)
        self.runtime_calls += len(more) * self.repeats
        texts = [f"{name}({first}, {second}, {out})"]
        return texts + [f"{name}({out}, {each}, {out})" for each in more]

    def _call(self, op: Any, args: list[str], options: Any) -> str:
        function = op.function if isinstance(op, Primitive) else op
        name = self._object(name_of(op).replace(".", "_"), function)
        return self._call_text(name, args, options)

    def _call_text(self, name: str, args: list[str], options: Any, *before: str) -> str:
        if isinstance(options, str):  # prepared for each step
            return f"{name}({', '.join([*before, *args])}, **{options})"
        given, words = self._operands(args, options)
        return f"{name}({', '.join([*before, *given, *words])})"

    def _operands(self, args: list[str], options: Any) -> tuple[list[str], list[str]]:
        """Write arguments and options, with arguments in the place of holes."""
        operands, more = fill_holes([*map(_Code, args)], options)
        words = [f"{k}={self._text(v)}" for k, v in more.items()]
        return [*map(self._text, operands)], words

    def _text(self, value: Any) -> str:
        """Write an option as code; what has no short text is an object with a name."""
        if isinstance(value, _Code):
            return value
        if isinstance(value, tuple | list):
            inner = ", ".join(map(self._text, value))
            if isinstance(value, list):
                return f"[{inner}]"
            return f"({inner},)" if len(value) == 1 else f"({inner})"
        if value is Ellipsis:
            return "..."
        if isinstance(value, slice):
            ends = (value.start, value.stop, value.step)
            return f"slice({', '.join(map(self._text, ends))})"
        if type(value) in (int, str, bool, type(None)):
            return repr(value)
        if type(value) is float and np.isfinite(value):
            return repr(value)
        return self._object("k", value)

    def _subscript(self, index: tuple[Any, ...]) -> str:
        """Write an index as people do: 0:101, :, 8:24."""
        return ", ".join(
            f"{'' if p.start is None else p.start}:{'' if p.stop is None else p.stop}"
            if isinstance(p, slice) and p.step is None
            else self._text(p)
            for p in index
        )

    def _object(self, name: str, value: Any) -> str:
        """Return a name for an object, a new one if the name is another's."""
        free = self._name((name, id(value)), name)
        self.objects[free] = value
        self.static.add(free)
        return free

    def _name(self, key: Any, name: str) -> str:
        """Return the name for a key; a new key gets one that no other has."""
        if key not in self.name_for:
            free, k = name, 1
            while free in self.used_names:
                k += 1
                free = f"{name}_{k}"
            self.used_names.add(free)
            self.name_for[key] = free
        return self.name_for[key]

    def _constant(self, arg: Any, line: Line) -> str:
        """Write a constant: a number among floats as an array, which is read faster."""
        if type(arg) not in (float, int):
            return self._object("k", arg)
        if not is_elementwise(line.op) or line.dtype.kind != "f":
            return self._text(arg)
        key = ("number", repr(arg), line.dtype)
        if key not in self.name_for:
            self.name_for[key] = self._object("k", np.asarray(arg, line.dtype))
        return self.name_for[key]


def calls_of(op: Any, count: int) -> int:
    """Return how many calls an operation takes: many terms are added by twos."""
    return count - 1 if op in _MANY else 1


def into_of(op: Any) -> Any:
    """Return what computes an operation into an array that is there, or None."""
    function: Any = op.function if isinstance(op, Primitive) else op
    into = op.into if isinstance(op, Primitive) else _INTO.get(op)
    is_ufunc = isinstance(function, np.ufunc) and function.nout == 1
    return into or (function if is_ufunc else None)
