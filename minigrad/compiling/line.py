"""A line of a program: what is computed once, or at every time step.

Ref(line)             of a line without times: the same value at every step
Ref(line, shift=-1)   the value one step before
Ref(line, at=3)       the value at one step, read outside of time
Ref(line, at=range)   all values, along a new first axis
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from minigrad.compiling.graph import replace_parts
from minigrad.types import Options, Shape


class Ref(NamedTuple):
    """A value that a line reads."""

    line: Line
    shift: int | None = None
    at: int | range | None = None


class Line:
    """One line of a program: what is computed once, or at every time of a range.

    values   of what no row computed: what it was while tracing, at each time
    mapped   all times are computed in one call
    columns  it is its argument transposed, at the ends as well
    """

    def __init__(
        self, op: Any, args: list[Any], options: Options, shape: Shape, dtype: np.dtype
    ) -> None:
        self.op, self.args, self.options = op, args, options
        self.shape, self.dtype = shape, dtype
        self.times: range | None = None
        self.ends: dict[int, Any] = {}
        self.source: Any = None
        self.values: dict[int | None, Any] = {}
        self.mapped = self.columns = False
        self.name = ""

    def becomes(self, op: Any, args: list[Any], options: Options | None = None) -> None:
        """Compute it in another way."""
        self.op, self.args, self.options = op, args, options or {}

    def refs(self) -> Iterator[Ref]:
        """Yield the values that this line reads, at its ends as well."""
        for arg in (*self.args, *self.ends.values()):
            if isinstance(arg, Ref):
                yield arg

    def slots(self) -> range:
        """Return the times at which it has a value."""
        assert self.times is not None
        known = [*self.ends, self.times[0], self.times[-1]]
        return range(min(known), max(known) + 1)

    def __repr__(self) -> str:
        return f"<line {self.name} {getattr(self.op, 'name', self.op)} {self.shape}>"


class Moving(NamedTuple):
    """A number in an index that moves with time: t + plus."""

    plus: int


def at_time(options: Any, t: int) -> Any:
    """Return the options of a line at one time."""
    return replace_parts(options, lambda p: t + p.plus if isinstance(p, Moving) else p)
