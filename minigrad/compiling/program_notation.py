"""A program in our notation: a few dozen lines, however long the sequence is.

    z_f[t] = W_f[:, 0:3] v4[t] + b_f      t = 1, ..., T
    for t = 1, ..., T:
        c[t] = f[t] * c[t-1] + i[t] * k[t]

What is computed for all steps at once has its times at the end of the line; what must
run step by step stands in a loop. Views of weights are written where they are used.
"""

from __future__ import annotations

from collections.abc import Iterable
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


class Notation:
    """Writes the lines of a program."""

    def __init__(self, items: Iterable[Item], outputs: list[Ref]) -> None:
        self.items = [*items]
        self.outputs = outputs
        times = [line.times for line in lines_in(self.items) if line.times]
        self.last = max((each[-1] for each in times), default=0)

    def __str__(self) -> str:
        texts: list[str] = []
        for item in self.items:
            if isinstance(item, Loop):
                texts.append(f"for {self._over(item.times)}:")
                texts += [f"    {self._line(line)}" for line in item.lines]
            elif item.op is not None and not _is_inline(item):
                text = self._line(item)
                over = f"   {self._over(item.times)}" if item.times else ""
                texts.append(text + over)
            for line in lines_in([item]):
                texts += [
                    f"{line.name}[{self._time(t)}] = {self._argument(end)}"
                    for t, end in line.ends.items()
                    if not isinstance(end, Array) and end != 0.0
                ]
        texts.append(f"return {', '.join(map(self._argument, self.outputs))}")
        return "\n".join(texts)

    def _over(self, times: range | None) -> str:
        assert times is not None
        return f"t = {self._time(times[0])}, …, {self._time(times[-1])}"

    def _time(self, t: int) -> str:
        behind = t - self.last
        if abs(behind) > 1 or self.last < 2:
            return str(t)
        return f"T{behind:+d}".replace("-", "−") if behind else "T"

    def _line(self, line: Line) -> str:
        at = "[t]" if line.times is not None else ""
        return f"{line.name}{at} = {self._expression(line)}"

    def _argument(self, arg: Any) -> str:
        if isinstance(arg, Ref) and isinstance(arg.line.source, Array):
            arg = arg.line.source
        if not isinstance(arg, Ref):
            if isinstance(arg, Array):
                is_one = "ones" if (arg == 1).all() else "array"
                name = is_one if arg.any() else "zeros"
                return f"{name}{arg.shape}" if arg.ndim else f"{arg:g}"
            return f"{arg:g}" if isinstance(arg, float) else str(arg)
        line = arg.line
        if _is_inline(line):
            return self._expression(line)
        if arg.shift is not None:
            return f"{line.name}[{_shifted(arg.shift)}]"
        if isinstance(arg.at, range):
            return f"{line.name}[{self._time(arg.at[0])}…{self._time(arg.at[-1])}]"
        return line.name if arg.at is None else f"{line.name}[{self._time(arg.at)}]"

    def _expression(self, line: Line) -> str:
        name, args = name_of(line.op), [self._argument(a) for a in line.args]
        if name in _BETWEEN and len(args) > 1:
            return _BETWEEN[name].join(args)
        if name in ("take", "along"):
            return f"{args[0]}[{_index(line.options['index'], args)}]"
        if name == "transpose":
            return f"{args[0]}ᵀ"
        if name == "outer":
            return f"{args[0]} {args[1]}ᵀ"
        if name == "negative":
            return f"−{args[0]}"
        if name == "concatenate":
            is_above = len(line.shape) > 1 and line.options.get("axis", 0) == 0
            return f"[{('; ' if is_above else ', ').join(args)}]"
        options = {k: _option(v, args) for k, v in line.options.items()}
        given = (
            [*args] if POSITIONAL not in options else [options.pop(POSITIONAL)[1:-1]]
        )
        given += [f"{k}={v}" for k, v in options.items() if v not in ("None", "False")]
        return f"{name}({', '.join(given)})"


def _is_inline(line: Line) -> bool:
    """Is this a view of something without time, written where it is used?"""
    return line.times is None and name_of(line.op) in VIEWS and len(line.args) == 1


def _shifted(shift: int) -> str:
    return f"t{shift:+d}".replace("-", "−") if shift else "t"


def _index(index: Any, args: list[str]) -> str:
    parts = index if isinstance(index, tuple) else (index,)
    return ", ".join(_option(part, args) for part in parts)


def _option(value: Any, args: list[str]) -> str:
    if isinstance(value, Hole):
        return args[value.at]
    if isinstance(value, Moving):
        return _shifted(value.plus)
    if isinstance(value, slice):
        ends = ["" if n is None else str(n) for n in (value.start, value.stop)]
        return ":".join([*ends, str(value.step)] if value.step else ends)
    if isinstance(value, tuple | list):
        return f"({', '.join(_option(each, args) for each in value)})"
    if isinstance(value, np.ndarray):
        return f"array{value.shape}"
    return "…" if value is Ellipsis else str(value)
