"""A program in our notation: a few dozen lines, however long the sequence is.

    z_f[t] = W_f[:, 0:3] v4[t] + b_f      t = 1, ..., T
    for t = 1, ..., T:
        c[t] = f[t] * c[t-1] + i[t] * k[t]

What is computed for all steps at once has its times at the end of the line; what must
run step by step stands in a loop, and above it what it starts with: c[0] = zeros(4, 8).
Views of weights are written where they are used. A line such as `v3 must be True` is a
question: where its answer is another, the function is traced again.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from minigrad.compiling.graph import POSITIONAL, VIEWS, Hole, name_of
from minigrad.compiling.line import Line, Moving, Ref
from minigrad.compiling.rolled_loops import Item, Loop, lines_in
from minigrad.types import Array

_BETWEEN = {
    "total": " + ", "add": " + ", "subtract": " − ", "multiply": " ⊙ ",
    "product": " ⊙ ", "divide": " / ", "matvec": " ", "matmul": " @ ",
}  # fmt: skip
# A time and the last one: the first pair is taken of which no value has the name.
_TIMES = (("t", "T"), ("s", "S"), ("k", "K"), ("r", "R"))


class Notation:
    """Writes the lines of a program."""

    def __init__(
        self,
        items: Iterable[Item],
        outputs: Sequence[Ref] = (),
        guards: Sequence[Any] = (),
    ) -> None:
        self.items = [*items]
        self.outputs, self.guards = outputs, guards
        names = {line.name for line in lines_in(self.items)}
        free = (pair for pair in _TIMES if names.isdisjoint(pair))
        self.time, self.end = next(free, _TIMES[0])
        times = [line.times for line in lines_in(self.items) if line.times]
        self.last = max((each[-1] for each in times), default=0)

    def __str__(self) -> str:
        texts: list[str] = []
        for item in self.items:
            for line in lines_in([item]):
                texts += self._ends(line)
            if isinstance(item, Loop):
                texts.append(f"for {self.over(item.times)}:")
                texts += [f"    {self._line(e, item.times)}" for e in item.lines]
            elif item.op is not None and not _is_inline(item):
                texts.append(self._line(item))
        texts += map(self._question, self.guards)
        texts.append(f"return {', '.join(map(self._argument, self.outputs))}")
        return "\n".join(texts)

    def _ends(self, line: Line) -> Iterator[str]:
        """Yield what a line is before its first time, and after its last."""
        for t, end in line.ends.items() if not line.columns else ():
            yield f"{line.name}[{self._time(t)}] = {self._argument(end)}"

    def _question(self, guard: Any) -> str:
        value, answer = self._argument(guard.ref), guard.answer
        if guard.ask is np.shape:
            return f"{value} must have the shape {answer}"
        is_plain = guard.ask in (bool, operator.index)
        asked = value if is_plain else f"{guard.ask.__name__}({value})"
        return f"{asked} must be {answer}"

    def over(self, times: range) -> str:
        """Return the times of a line or a loop: t = 1, …, T."""
        ends = self._time(times[0]), self._time(times[-1])
        return f"{self.time} = {', …, '.join(ends)}"

    def _time(self, t: int) -> str:
        behind = t - self.last
        if abs(behind) > 1 or self.last < 2:
            return str(t).replace("-", "−")
        return _shifted(self.end, behind)

    def _line(self, line: Line, loop: range = range(0)) -> str:
        """Write a line, and its times if they are not those of the loop around it."""
        if line.times is None:
            return f"{line.name} = {self._expression(line)}"
        over = "" if {*line.times} == {*loop} else f"   {self.over(line.times)}"
        return f"{line.name}[{self.time}] = {self._expression(line)}{over}"

    def _argument(self, arg: Any) -> str:
        if isinstance(arg, Ref) and isinstance(arg.line.source, Array):
            arg = arg.line.source
        if isinstance(arg, Array):
            return constant(arg)
        if not isinstance(arg, Ref):
            return f"{arg:g}" if isinstance(arg, float) else str(arg)
        line = arg.line
        if _is_inline(line):
            return self._expression(line)
        if arg.shift is not None:
            return f"{line.name}[{_shifted(self.time, arg.shift)}]"
        if isinstance(arg.at, range):
            return f"{line.name}[{self._time(arg.at[0])}…{self._time(arg.at[-1])}]"
        return line.name if arg.at is None else f"{line.name}[{self._time(arg.at)}]"

    def _expression(self, line: Line) -> str:
        name, args = name_of(line.op), [self._argument(a) for a in line.args]
        if name in _BETWEEN and len(args) > 1:
            return _BETWEEN[name].join(args)
        if name in ("take", "along"):
            return f"{args[0]}[{self._index(line.options['index'], args)}]"
        if name == "transpose":
            return f"{args[0]}ᵀ"
        if name == "outer":
            return f"{args[0]} {args[1]}ᵀ"
        if name == "negative":
            return f"−{args[0]}"
        if name == "concatenate":
            is_above = len(line.shape) > 1 and line.options.get("axis", 0) == 0
            return f"[{('; ' if is_above else ', ').join(args)}]"
        options = {k: self._option(v, args) for k, v in line.options.items()}
        given = (
            [*args] if POSITIONAL not in options else [options.pop(POSITIONAL)[1:-1]]
        )
        given += [f"{k}={v}" for k, v in options.items() if v not in ("None", "False")]
        return f"{name}({', '.join(given)})"

    def _index(self, index: Any, args: list[str]) -> str:
        parts = index if isinstance(index, tuple) else (index,)
        return ", ".join(self._option(part, args) for part in parts)

    def _option(self, value: Any, args: list[str]) -> str:
        if isinstance(value, Hole):
            return args[value.at]
        if isinstance(value, Moving):
            return _shifted(self.time, value.plus)
        if isinstance(value, slice):
            ends = ["" if n is None else str(n) for n in (value.start, value.stop)]
            return ":".join([*ends, str(value.step)] if value.step else ends)
        if isinstance(value, tuple | list):
            return f"({', '.join(self._option(each, args) for each in value)})"
        if isinstance(value, np.ndarray):
            return f"array{value.shape}"
        return "…" if value is Ellipsis else str(value)


def constant(array: Array) -> str:
    """Return how an array is written that no row computed: zeros(32, 16)."""
    if not array.ndim:
        return f"{array:g}"
    name = "ones" if (array == 1).all() else "array"
    sizes = ", ".join(map(str, array.shape))
    return f"{name if array.any() else 'zeros'}({sizes})"


def _is_inline(line: Line) -> bool:
    """Is this a view of something without time, written where it is used?"""
    return line.times is None and name_of(line.op) in VIEWS and len(line.args) == 1


def _shifted(time: str, shift: int) -> str:
    return f"{time}{shift:+d}".replace("-", "−") if shift else time
