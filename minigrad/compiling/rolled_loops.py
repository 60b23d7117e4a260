"""Loops are circles: what depends on itself, a time step before, and nothing else.

In the graph of lines an edge leads from what is read to its reader. Lines that depend
on each other in a circle (strongly connected components; Tarjan 1972) must run
together, step by step: a loop over t. Every other line can be computed for all steps in
one call, before or after (Allen and Kennedy 1987 call this loop distribution). The
gradient of an LSTM has exactly two loops, one forwards and one backwards in time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from graphlib import TopologicalSorter
from typing import Any, TypeAlias

from minigrad.compiling.graph import bytes_of, holes, is_elementwise, parts_of
from minigrad.compiling.line import Line, Moving, Ref
from minigrad.primitive import Primitive
from minigrad.rows.stacked import Call, of_shape, same
from minigrad.types import Options


class Loop:
    """Lines that run together at each step, in this order; times in theirs."""

    def __init__(self, lines: list[Line], times: range) -> None:
        self.lines, self.times = lines, times


Item: TypeAlias = Line | Loop


def lines_in(items: Iterable[Item]) -> Iterator[Line]:
    """Yield all lines of a program, those of its loops as well."""
    for item in items:
        yield from item.lines if isinstance(item, Loop) else [item]


class Tangled(Exception):
    """Lines that no loop can compute: they read forwards and backwards in time."""


def scheduled(roots: Iterable[Line]) -> list[Item]:
    """Compute in one call for all steps what is in no circle; the rest are loops.

    Returns lines and loops, in an order in which they can run.
    """
    items: list[Item] = []
    for component in components(roots):
        if is_circle(component):
            items.append(_loop(component))
            continue
        (line,) = component
        line.mapped = line.times is not None and stacked_options(line) is not None
        if line.times is None or line.mapped or line.op is None:
            items.append(line)
        else:
            items.append(Loop([line], line.times))
    return items


def is_circle(component: list[Line]) -> bool:
    """Has a component a loop: several lines, or one that reads itself?"""
    first = component[0]
    return len(component) > 1 or any(ref.line is first for ref in first.refs())


def components(roots: Iterable[Line]) -> list[list[Line]]:
    """Return the strongly connected components; what is read comes first."""
    found: list[list[Line]] = []
    number: dict[Line, int] = {}
    low: dict[Line, int] = {}
    stack: list[Line] = []
    on_stack: set[Line] = set()
    for root in roots:
        if root in number:
            continue
        work: list[tuple[Line, Iterator[Ref]]] = []

        def enter(line: Line) -> None:
            number[line] = low[line] = len(number)
            stack.append(line)
            on_stack.add(line)
            work.append((line, line.refs()))  # noqa: B023

        enter(root)
        while work:
            line, refs = work[-1]
            for ref in refs:
                if ref.line not in number:
                    enter(ref.line)
                    break
                if ref.line in on_stack:
                    low[line] = min(low[line], number[ref.line])
            else:
                work.pop()
                if work:
                    above = work[-1][0]
                    low[above] = min(low[above], low[line])
                if low[line] == number[line]:
                    at = stack.index(line)
                    found.append(stack[at:])
                    on_stack.difference_update(stack[at:])
                    del stack[at:]
    return found


def _loop(lines: list[Line]) -> Loop:
    """Return the loop that computes lines which depend on each other."""
    inside = set(lines)
    shifts = {ref.shift for line in lines for ref in line.refs() if ref.line in inside}
    known = [shift for shift in shifts if shift is not None]
    if not known:  # they read each other outside of time
        raise Tangled
    is_forward, is_backward = min(known, default=0) < 0, max(known, default=0) > 0
    at_ends = any(
        isinstance(end, Ref) and end.line in inside
        for line in lines
        for end in line.ends.values()
    )
    if None in shifts or is_forward == is_backward or at_ends:
        raise Tangled
    first = min(line.times[0] for line in lines if line.times)
    last = max(line.times[-1] for line in lines if line.times)
    times = range(first, last + 1) if is_forward else range(last, first - 1, -1)
    return Loop(_in_step_order(lines), times)


def peel(loop: Loop) -> tuple[list[int], list[int], list[int]]:
    """Return the times at which all lines run, and those before and after."""
    common = [t for t in loop.times if all(t in (e.times or ()) for e in loop.lines)]
    if not common:
        raise Tangled
    start = loop.times.index(common[0])
    before, rest = [*loop.times[:start]], loop.times[start:]
    after = [t for t in rest if t not in set(common)]
    if len(before) + len(after) > 8:
        raise Tangled
    return before, common, after


def _in_step_order(lines: list[Line]) -> list[Line]:
    """Return lines so that each comes after what it reads at the same step."""
    inside = set(lines)
    read = {
        line: [r.line for r in line.refs() if r.line in inside and r.shift == 0]
        for line in lines
    }
    return [*TopologicalSorter(read).static_order()]


# --------------------------------------------------------------- one call for all steps


def stacked_options(line: Line) -> Options | None:
    """Return the options of one call for all steps of a line; None if there is none."""
    assert line.times is not None
    if line.op is None or parts_of(line.options, Moving):
        return line.options if is_moving_take(line) else None
    if is_elementwise(line.op):
        return line.options
    if not isinstance(line.op, Primitive) or line.op.stacked is None:
        return None
    refs = line.args[: len(line.args) - holes(line.options)]
    has_others = holes(line.options) or not all(isinstance(arg, Ref) for arg in refs)
    if has_others and not is_aligned(line):
        return None
    shapes = [arg.line.shape if isinstance(arg, Ref) else () for arg in refs]
    is_stacked = [isinstance(arg, Ref) and arg.shift is not None for arg in refs]
    call = Call(shapes, is_stacked, line.shape, line.options, len(line.times))
    return line.op.stacked(call)


def is_aligned(line: Line) -> bool:
    """Do its arguments meet entry by entry, so that their last axes belong together?"""
    stacked = getattr(line.op, "stacked", None)
    return is_elementwise(line.op) or stacked in (same, of_shape)


def is_moving_take(line: Line) -> bool:
    """Does it take x[:, t] of something that is the same at all steps?"""
    index: Any = line.options.get("index")
    if not isinstance(index, tuple) or "shape" in line.options or len(line.args) != 1:
        return False
    moving = [p for p in index if isinstance(p, Moving)]
    plain = all(isinstance(p, Moving | slice | type(...)) for p in index)
    ref = line.args[0]
    return len(moving) == 1 and plain and isinstance(ref, Ref) and ref.shift is None


def bytes_held(line: Line) -> int:
    """Return the size of what a line computes, at all its times."""
    count = 1 if line.times is None else len(line.slots())
    return count * bytes_of(line.shape, line.dtype)
