"""Rewrites of lines: what happens to all time steps at once.

    stack of y_1, ..., y_T                  the values of y, with their axes in order
    a_1 + ... + a_T                         one sum over the axis of time
    z_1 v_1^T + ... + z_T v_T^T             one product [z_1 ... z_T] [v_1 ... v_T]^T
    scatter of g_t at t, added up           one scatter of all g

Each takes a line that reads many steps of another, and returns what to read instead.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np

from minigrad.compiling.line import Line, Moving, Ref
from minigrad.compiling.simplify import in_full, total
from minigrad.primitive import TABLE
from minigrad.rows.onnx_forms import scattered
from minigrad.rows.stacked import in_programs


def along(a: Any, index: tuple[Any, ...], axis: int) -> Any:
    """Take a slice, and bring the axis of time to the front."""
    return np.moveaxis(a[index], axis, 0)


@in_programs(onnx=scattered)
def placed(g: Any, shape: Any, index: tuple[Any, ...], axis: int) -> Any:
    """Return zeros of a shape with g at the index, its first axis as this axis."""
    result = np.zeros(shape, g.dtype, like=g)
    result[index] = np.moveaxis(g, 0, axis)
    return result


def at_once(lines: list[Line]) -> None:
    """Add up all steps at once: a_1 + ... + a_T is a sum over the axis of time."""
    for line in [*lines]:
        if line.op is total and line.times is None:
            _one_sum(line, lines)
        elif line.op is TABLE["stack"] and line.times is None:
            _one_stack(line)


def _one_stack(line: Line) -> None:
    """stack(y_1, ..., y_T) = the values of y, transposed."""
    times = _times_of_one(line.args)
    if times is None:
        return
    axis: Any = line.options.get("axis", 0)
    n = len(line.shape)
    order = [*range(1, n)]
    order.insert(axis % n, 0)
    args = [Ref(line.args[0].line, at=times)]
    line.becomes(TABLE["transpose"], args, {"axes": tuple(order)})


def _times_of_one(args: list[Any]) -> range | None:
    """Return the times that are read, if all are of one line, one after the other."""
    if not all(isinstance(a, Ref) and isinstance(a.at, int) for a in args):
        return None
    first = args[0]
    times = [a.at for a in args]
    if any(a.line is not first.line for a in args) or len(times) < 2:
        return None
    step = times[1] - times[0]
    run = range(times[0], times[-1] + step, step) if step in (1, -1) else range(0)
    return run if [*run] == times else None


def _one_sum(line: Line, lines: list[Line]) -> None:
    """a_1 + ... + a_T = sum over time, for each line of which many steps are added."""
    groups: dict[Line, list[int]] = defaultdict(list)
    others = []
    for arg in line.args:
        if isinstance(arg, Ref) and isinstance(arg.at, int):
            groups[arg.line].append(arg.at)
        else:
            others.append(arg)
    terms = []
    for each, times in groups.items():
        times.sort()
        run = range(times[0], times[-1] + 1)
        if len(times) < 2 or [*run] != times:
            others += [Ref(each, at=t) for t in times]
            continue
        terms.append(_sum_over(each, run, line, lines))
    if not terms:
        return
    terms += others
    if len(terms) == 1:
        only = terms[0].line
        line.becomes(only.op, only.args, only.options)
        lines.remove(only)
    else:
        line.args = terms


def _sum_over(each: Line, times: range, line: Line, lines: list[Line]) -> Ref:
    """Return the sum of one line over times, as a new line."""
    op: Any = TABLE["sum"]
    args: list[Any] = [Ref(each, at=times)]
    options: Any = {"axis": (0,)}
    if each.op is TABLE["outer"] and all(isinstance(a, Ref) for a in each.args):
        z, v = each.args
        if z.shift is not None and v.shift is not None:
            op, options = each.op, {}
            args = [Ref(a.line, at=_moved(times, a.shift)) for a in (z, v)]
    elif each.op is TABLE["scatter"]:
        given: Any = each.options
        whole = in_full(given["index"], len(given["shape"]))
        moving = [k for k, p in enumerate(whole) if isinstance(p, Moving)]
        before = whole[: moving[0]] if moving else ()
        if len(moving) == 1 and all(isinstance(p, slice) for p in before):
            index = over_times(whole, times)
            (g,) = each.args
            op, args = placed, [Ref(g.line, at=_moved(times, g.shift))]
            axis = len(before)
            options = {"shape": given["shape"], "index": index, "axis": axis}
    made = Line(op, args, options, line.shape, line.dtype)
    lines.append(made)
    return Ref(made)


def _moved(times: range, shift: int) -> range:
    return range(times[0] + shift, times[-1] + shift + 1)


def over_times(index: tuple[Any, ...], times: range) -> tuple[Any, ...]:
    """Return the index of all times: x[:, t] for t in times is x[:, first:last]."""
    return tuple(
        slice(times[0] + p.plus, times[-1] + 1 + p.plus) if isinstance(p, Moving) else p
        for p in index
    )


def as_one_take(line: Line) -> tuple[tuple[Any, ...], int]:
    """Return index and axis of `along` for a line that takes x[:, t] at every t."""
    assert line.times is not None
    index = in_full(line.options["index"], len(line.args[0].line.shape))
    axis = next(k for k, p in enumerate(index) if isinstance(p, Moving))
    return over_times(index, line.times), axis
