"""Lines and who reads them: what every rewrite of lines looks at."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from copy import copy
from typing import Any, NamedTuple

from minigrad.compiling.line import Line, Ref
from minigrad.compiling.rolled_loops import components, is_circle
from minigrad.compiling.simplify import in_full
from minigrad.primitive import TABLE
from minigrad.types import Options, Shape

_TAKE = TABLE["take"]


class Lines(NamedTuple):
    """The lines that outputs depend on, who reads each, and which circle it is in."""

    all: list[Line]
    readers: dict[Line, list[Line | None]]  # None: an output
    circle: dict[Line, int]  # -1 outside of all circles

    @classmethod
    def of(cls, outputs: Iterable[Ref]) -> Lines:
        """Look at the lines below outputs."""
        outputs = [*outputs]
        found: list[Line] = []
        circle: dict[Line, int] = {}
        for number, part in enumerate(components(ref.line for ref in outputs)):
            circle.update((line, number if is_circle(part) else -1) for line in part)
            found += part
        readers: dict[Line, list[Line | None]] = defaultdict(list)
        for line in found:
            for ref in line.refs():
                readers[ref.line].append(line)
        for ref in outputs:
            readers[ref.line].append(None)
        return cls(found, readers, circle)

    def in_circles(self, *ops: Any) -> Iterator[Line]:
        """Yield the lines in circles that are one of these operations."""
        return (e for e in self.all if e.op in ops and self.circle[e] != -1)

    def moves(self, arg: Any, line: Line) -> bool:
        """Is an argument computed in the same circle as the line that reads it?"""
        return isinstance(arg, Ref) and (
            self.circle[arg.line] == self.circle[line] != -1
        )

    def only_reader(self, ref: Any) -> bool:
        """Is this read once, and at its own time?"""
        return isinstance(ref, Ref) and len(self.readers[ref.line]) == 1


def copies_of(refs: list[Ref]) -> list[Ref]:
    """Return the same outputs, of lines that are copies and may be rewritten."""
    new = {line: copy(line) for line in Lines.of(refs).all}

    def of(arg: Any) -> Any:
        return arg._replace(line=new[arg.line]) if isinstance(arg, Ref) else arg

    for line in new.values():
        line.args = [*map(of, line.args)]
        line.ends = {t: of(end) for t, end in line.ends.items()}
    return [of(ref) for ref in refs]


def line_like(
    line: Line,
    op: Any,
    args: list[Any],
    shape: Shape | None = None,
    options: Options | None = None,
) -> Line:
    """Return a new line at the times of another, of its shape if none is given."""
    shape = line.shape if shape is None else shape
    made = Line(op, args, options or {}, shape, line.dtype)
    made.times = line.times
    return made


def at_its_time(line: Line, times: range | None) -> Ref:
    """Return a reference to a line at the reader's own time, if it has times."""
    return Ref(line) if times is None else Ref(line, shift=0)


def take_line(a: Ref, index: tuple[Any, ...], shape: Shape) -> Ref:
    """Return some entries of a value without time, as a line of its own."""
    return Ref(Line(_TAKE, [a], {"index": index}, shape, a.line.dtype))


def through(outer: Ref, inner: Ref) -> Ref:
    """Return what `outer` reads in the end, where its line hands on `inner`."""
    if inner.shift is None:
        return inner
    if isinstance(outer.at, range):
        first, last = outer.at[0] + inner.shift, outer.at[-1] + inner.shift
        return Ref(inner.line, at=range(first, last + 1))
    if outer.at is not None:
        return Ref(inner.line, at=outer.at + inner.shift)
    return Ref(inner.line, shift=(outer.shift or 0) + inner.shift)


def last_slice(line: Line) -> slice | None:
    """Return the slice of the last axis that is taken, and nothing else."""
    index: Any = line.options.get("index")
    source = line.args[0].line
    if not isinstance(index, tuple) or not len(line.shape) == len(source.shape) > 0:
        return None
    *others, last = in_full(index, len(source.shape))
    if not isinstance(last, slice) or last.step not in (None, 1):
        return None
    is_whole = all(isinstance(p, slice) and p == slice(None) for p in others)
    return last if is_whole else None


def is_alone(arg: Any, lines: Lines, *ops: Any) -> bool:
    """Is this one of these operations, at the same step, and read nowhere else?"""
    return (
        isinstance(arg, Ref)
        and arg.line.op in ops
        and arg.shift == 0
        and not arg.line.ends
        and lines.only_reader(arg)
    )
