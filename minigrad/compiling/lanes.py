"""Side by side: what several lines do alike, at one step, one call does for all.

    y W_f, y W_i, y W_c, y W_o                     y [W_f, W_i, W_c, W_o]
    tanh of four gates                             one tanh
    z_f_bar W_f^T, z_i_bar W_i^T                   [z_f_bar, z_i_bar] [W_f^T, W_i^T]

Such lines become the *lanes* of one line, along a new first axis; each is then a view
of it. Only in loops, where a call less is a call less at every step. What is broadcast
over lanes, c_bar [p, q], is measured to be no faster than its parts, and stays.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from minigrad.compiling.graph import is_elementwise, name_of
from minigrad.compiling.line import Line, Ref
from minigrad.compiling.reads import Lines
from minigrad.primitive import TABLE

_MATMUL, _STACK, _TAKE = TABLE["matmul"], TABLE["stack"], TABLE["take"]
Lanes = dict[Line, tuple[Line, int]]  # a line, and which lane of which line it is


def side_by_side(lines: Lines) -> None:
    """Do at once what lines do alike: y W_f and y W_i are y [W_f, W_i]."""
    lanes: Lanes = {}
    for level in _levels(lines):
        alike: dict[Any, list[Line]] = defaultdict(list)
        for line in level:
            key = _does(line, lines, lanes)
            if key is not None:
                alike[key].append(line)
        for group in alike.values():
            for run in _runs(group, lines, lanes):
                _merge(run, lines, lanes)


def _levels(lines: Lines) -> list[list[Line]]:
    """Return the lines of loops by level: each reads, of its own step, lower ones only.

    A product of what the loop computes comes as late as it may, so that the products of
    one sum meet; anything else as early.
    """
    read = {line: _in_its_step(line, lines) for line in lines.all}
    readers: dict[Line, list[Line]] = defaultdict(list)
    for line, args in read.items():
        for arg in args:
            readers[arg].append(line)
    first = _depths(read)
    left = _depths(readers)  # levels that are left after a line
    found: dict[int, list[Line]] = defaultdict(list)
    last = max(first.values(), default=0)
    for line in lines.all:
        if lines.circle[line] != -1:
            is_late = line.op is _MATMUL and any(
                is_elementwise(e.op) for e in read[line]
            )
            found[last - left[line] if is_late else first[line]].append(line)
    return [found[k] for k in sorted(found)]


def _in_its_step(line: Line, lines: Lines) -> list[Line]:
    """Return what a line reads of its own step in a loop."""
    return [r.line for r in line.refs() if r.shift == 0 and lines.moves(r, line)]


def _depths(edges: Mapping[Line, list[Line]]) -> dict[Line, int]:
    """Return the length of the longest way along the edges from each line."""
    depth: dict[Line, int] = {}

    def of(line: Line) -> int:
        if line not in depth:
            depth[line] = 1 + max(map(of, edges.get(line, ())), default=-1)
        return depth[line]

    for line in edges:
        of(line)
    return defaultdict(int, depth)


def _does(line: Line, lines: Lines, lanes: Lanes) -> Any:
    """Return what is equal for lines that may be lanes of one; or None."""
    if line.ends or line.times is None or not line.shape:
        return None
    if line.op is not _MATMUL and not is_elementwise(line.op):
        return None
    parts = [_part(k, arg, line, lines, lanes) for k, arg in enumerate(line.args)]
    if None in parts:
        return None
    how = (lines.circle[line], line.times.start, line.times.stop)
    return (line.op, str(line.options), line.shape, line.dtype, how, *parts)


def _part(k: int, arg: Any, line: Line, lines: Lines, lanes: Lanes) -> Any:
    if not isinstance(arg, Ref):
        return ("constant", repr(arg))
    is_product = line.op is _MATMUL
    if lines.moves(arg, line):
        if is_product and (k == 1 or len(arg.line.shape) < 2):
            return ("same", id(arg.line), arg.shift) if k == 0 else None
        if arg.line in lanes and arg.shift == 0:
            return ("lane", id(lanes[arg.line][0]))
        if not is_product:
            return None  # broadcast over lanes, it is no faster
        is_part = is_elementwise(arg.line.op) and arg.shift == 0 and not arg.line.ends
        return ("part",) if is_part else ("same", id(arg.line), arg.shift)
    if is_product and k == 1 and arg.shift is None and len(arg.line.shape) == 2:
        return ("outside", arg.line.shape)
    if not is_product and arg.line.shape == line.shape and arg.at is None:
        return ("outside", arg.line.shape)
    return ("same", id(arg.line), arg.shift, str(arg.at))


def _runs(group: list[Line], lines: Lines, lanes: Lanes) -> list[list[Line]]:
    """Return lines in the order in which they are lanes, split where lanes are not."""
    if _lane(group[0], lanes) is None:
        if len({_outside(line, lines) for line in group}) < 2:
            return []  # nothing tells them apart but what moves, which is no lane
        return [sorted(group, key=lambda line: _readers(line, lines))]
    group = sorted(group, key=lambda line: _lane(line, lanes) or 0)
    runs: list[list[Line]] = []
    for line in group:
        at = _lane(line, lanes)
        last = _lane(runs[-1][-1], lanes) if runs else None
        if at is not None and last is not None and at == last + 1:
            runs[-1].append(line)
        else:
            runs.append([line])
    return [run for run in runs if _in_step(run, lanes)]


def _outside(line: Line, lines: Lines) -> Any:
    return tuple(
        (id(a.line), a.shift) if isinstance(a, Ref) and not lines.moves(a, line) else 0
        for a in line.args
    )


def _lane(line: Line, lanes: Lanes) -> int | None:
    found = [
        lanes[a.line][1] for a in line.args if isinstance(a, Ref) and a.line in lanes
    ]
    return found[0] if found else None


def _in_step(run: list[Line], lanes: Lanes) -> bool:
    """Do all arguments that are lanes come in the same order?"""
    for k in range(len(run[0].args)):
        found = [
            lanes.get(line.args[k].line)
            for line in run
            if isinstance(line.args[k], Ref)
        ]
        at = [each[1] for each in found if each]
        if at and at != [*range(at[0], at[0] + len(run))]:
            return False
    return True


def _readers(line: Line, lines: Lines, depth: int = 3) -> str:
    """Say what becomes of a line: lanes that meet the same fate lie side by side."""
    if not depth:
        return ""
    found = sorted(
        f"{name_of(r.op)}({_readers(r, lines, depth - 1)})"
        for r in lines.readers[line]
        if r is not None and lines.circle[r] == lines.circle[line]
    )
    return ",".join(found)


def _merge(run: list[Line], lines: Lines, lanes: Lanes) -> None:
    """Make lines the lanes of one."""
    if len(run) < 2:
        return
    first = run[0]
    made = Line(first.op, [], first.options, (len(run), *first.shape), first.dtype)
    made.times = first.times
    for k, arg in enumerate(first.args):
        args = [line.args[k] for line in run]
        if all(each == arg for each in args) or not isinstance(arg, Ref):
            made.args.append(arg)
        elif arg.line in lanes and lines.moves(arg, first):
            whole, at = lanes[arg.line]
            made.args.append(_some_lanes(whole, at, len(run)))
        else:
            beside = Line(
                _STACK, args, {"axis": 0}, (len(run), *arg.line.shape), arg.line.dtype
            )
            is_timed = any(each.shift is not None for each in args)
            beside.times = first.times if is_timed else None
            if lines.moves(arg, first):
                lines.circle[beside] = lines.circle[first]
                lanes.update((e.line, (beside, at)) for at, e in enumerate(args))
            made.args.append(Ref(beside, shift=0) if is_timed else Ref(beside))
    for k, line in enumerate(run):
        line.op, line.args, line.options = _TAKE, [Ref(made, shift=0)], {"index": (k,)}
        lanes[line] = made, k
    lines.circle[made] = lines.circle[first]


def _some_lanes(whole: Line, at: int, count: int) -> Ref:
    if count == whole.shape[0]:
        return Ref(whole, shift=0)
    shape = (count, *whole.shape[1:])
    part = Line(
        _TAKE,
        [Ref(whole, shift=0)],
        {"index": (slice(at, at + count),)},
        shape,
        whole.dtype,
    )
    part.times = whole.times
    return Ref(part, shift=0)
