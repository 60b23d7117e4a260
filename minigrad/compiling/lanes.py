"""Side by side: what several lines do alike, at one step, one call does for all.

    W_f y, W_i y, W_c y, W_o y                     [W_f; W_i; W_c; W_o] y
    tanh of four gates                             one tanh
    U_f z_f + U_i z_i                              [U_f, U_i] [z_f; z_i]
    z_f v^T, z_i v^T                               [z_f; z_i] v^T

Such lines become the *lanes* of one line: rows of it, one block below the other, and
each is a view of it. In loops a call less is a call less at every step. What is
broadcast over lanes, c_bar [p; q], is measured to be no faster than its parts, and
stays.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any, NamedTuple

from minigrad.compiling.graph import is_elementwise, name_of
from minigrad.compiling.line import Line, Ref
from minigrad.compiling.reads import (
    Lines,
    at_its_time,
    is_alone,
    line_like,
    through,
)
from minigrad.compiling.simplify import key_of, total
from minigrad.primitive import TABLE

_CONCATENATE, _MATMUL, _OUTER = TABLE["concatenate"], TABLE["matmul"], TABLE["outer"]
_TAKE, _TRANSPOSE = TABLE["take"], TABLE["transpose"]


class Lane(NamedTuple):
    """Rows of another line, from `start` on, that a line is."""

    whole: Line
    start: int


Lanes = dict[Line, Lane]


def products_joined(lines: Lines) -> None:
    """U p + V q = [U, V] [p; q], of vectors that the loop computes."""
    for line in lines.in_circles(total):
        products = [
            term
            for term in line.args
            if is_alone(term, lines, _MATMUL)
            and term.line.shape == line.shape
            and _is_outside(term.line.args[0])
            and lines.moves(term.line.args[1], term.line)
        ]
        if len(products) < 2:
            continue
        matrices = [term.line.args[0] for term in products]
        vectors = [through(term, term.line.args[1]) for term in products]
        v = _joined(vectors, 0, line)
        joined = line_like(line, _MATMUL, [_joined(matrices, 1, line), v])
        others = [term for term in line.args if term not in products]
        if others:
            line.args = [*others, at_its_time(joined, line.times)]
        else:
            line.becomes(_MATMUL, joined.args)


def _is_outside(W: Any) -> bool:
    """Is this a matrix that is the same at all steps?"""
    return isinstance(W, Ref) and W.shift is None and len(W.line.shape) == 2


def _joined(parts: list[Ref], axis: int, line: Line) -> Ref:
    """Return parts joined along an axis; at all their times, if those are the same."""
    shape = [*parts[0].line.shape]
    shape[axis] = sum(part.line.shape[axis] for part in parts)
    whole = Line(_CONCATENATE, parts, {"axis": axis}, tuple(shape), line.dtype)
    if all(part.shift is None for part in parts):
        return Ref(whole)
    times = {part.line.times if part.shift == 0 else line.times for part in parts}
    whole.times = times.pop() if len(times) == 1 else line.times
    return Ref(whole, shift=0)


def side_by_side(lines: Lines) -> None:
    """Do at once what lines do alike: V y and W y are [V; W] y."""
    lanes: Lanes = {}
    alike: dict[Any, list[Line]] = defaultdict(list)
    for line, depth in _in_depth(lines):
        alike[depth, _how(line)].append(line)
    for group in alike.values():
        found: dict[Any, list[Line]] = defaultdict(list)
        for line in group:
            key = [_part(k, arg, line, lines, lanes) for k, arg in enumerate(line.args)]
            if None not in key:
                found[tuple(key)].append(line)
        for same in found.values():
            for run in _runs(same, lines, lanes):
                _merge(run, lines, lanes)


def _in_depth(lines: Lines) -> Iterator[tuple[Line, int]]:
    """Yield what may be lanes, with how many lines come before it at its step."""
    depth: dict[Line, int] = {}

    def of(line: Line) -> int:
        if line not in depth:
            read = [
                r.line for r in line.refs() if r.shift == 0 and lines.moves(r, line)
            ]
            depth[line] = 1 + max(map(of, read), default=-1)
        return depth[line]

    able = [
        line
        for line in lines.all
        if lines.circle[line] != -1
        and line.times is not None
        and line.shape
        and not line.ends
        and (line.op is _MATMUL or is_elementwise(line.op))
    ]
    return iter(sorted(((line, of(line)) for line in able), key=lambda pair: pair[1]))


def _how(line: Line) -> Any:
    """Return a key of what a line computes, whatever it reads."""
    return line.op, key_of(line.options), line.shape[1:], line.dtype, line.times


def _part(k: int, arg: Any, line: Line, lines: Lines, lanes: Lanes) -> Any:
    """Return a key that arguments of lanes share; None if this cannot be a lane."""
    if not isinstance(arg, Ref):
        return key_of(arg)
    if line.op is _MATMUL:
        if k == 1:
            return arg
        return ("outside", arg.line.shape[1]) if _is_outside(arg) else None
    if lines.moves(arg, line):
        # What is broadcast over lanes is no faster.
        is_lane = arg.line in lanes and arg.shift == 0
        return ("lane", lanes[arg.line].whole) if is_lane else None
    if arg.line.shape == line.shape and arg.at is None:
        return ("outside", arg.shift is None)
    return arg


def _runs(group: list[Line], lines: Lines, lanes: Lanes) -> list[list[Line]]:
    """Return lines in the order in which they are lanes, split where lanes are not."""
    if not any(isinstance(a, Ref) and a.line in lanes for a in group[0].args):
        if len({_outside(line, lines) for line in group}) < 2:
            return []  # nothing tells them apart but what moves, which is no lane
        return [sorted(group, key=lambda line: _readers(line, lines))]
    runs: list[list[Line]] = []
    for line in sorted(group, key=lambda line: _starts(line, lanes)):
        before = runs[-1][-1] if runs else None
        if before is not None and _starts(line, lanes) == [
            start + before.shape[0] for start in _starts(before, lanes)
        ]:
            runs[-1].append(line)
        else:
            runs.append([line])
    return runs


def _starts(line: Line, lanes: Lanes) -> list[int]:
    """Return where the lanes that a line reads begin."""
    lines = [arg.line for arg in line.args if isinstance(arg, Ref)]
    return [lanes[each].start for each in lines if each in lanes]


def _outside(line: Line, lines: Lines) -> Any:
    return tuple(
        (a.line, a.shift) if isinstance(a, Ref) and not lines.moves(a, line) else 0
        for a in line.args
    )


def _readers(line: Line, lines: Lines, depth: int = 3) -> str:
    """Describe who reads a line, and who reads these: lanes read alike lie together."""
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
    count = sum(line.shape[0] for line in run)
    shape = (count, *first.shape[1:])
    made = line_like(first, first.op, [], shape, first.options)
    for k, arg in enumerate(first.args):
        args = [line.args[k] for line in run]
        if not isinstance(arg, Ref) or all(each == arg for each in args):
            made.args.append(arg)
        elif arg.line in lanes and lines.moves(arg, first):
            made.args.append(_some_rows(*lanes[arg.line], count))
        else:
            made.args.append(_joined(args, 0, first))
    start = 0
    for line in run:
        rows = slice(start, start + line.shape[0])
        line.becomes(_TAKE, [Ref(made, shift=0)], {"index": (rows,)})
        lanes[line] = Lane(made, start)
        start = rows.stop
    lines.circle[made] = lines.circle[first]


def _some_rows(whole: Line, start: int, count: int) -> Ref:
    """Return rows of a line in a loop, as a line of its own."""
    if count == whole.shape[0]:
        return Ref(whole, shift=0)
    shape, index = (count, *whole.shape[1:]), (slice(start, start + count),)
    part = line_like(whole, _TAKE, [Ref(whole, shift=0)], shape, {"index": index})
    return Ref(part, shift=0)


def outer_products_joined(lines: Lines) -> None:
    """Rows of [z; w] v^T are z v^T and w v^T, where z and w lie side by side."""
    lanes = _joined_lanes(lines)
    groups: dict[Any, dict[int, Line]] = defaultdict(dict)
    for line in lines.all:
        z, v = line.args if line.op is _OUTER else (None, None)
        if not isinstance(z, Ref) or not isinstance(v, Ref):
            continue
        is_turned = z.line.op is _TRANSPOSE and z.line.args[0].shift == 0
        lane = lanes.get(z.line.args[0].line if is_turned else z.line)
        if lane is None or len(lane.whole.shape) != 1 + is_turned:
            continue
        if lane.whole.times == z.line.times:
            groups[lane.whole, z.at, v][lane.start] = line
    for (whole, at, v), found in groups.items():
        rows = whole.shape[0]
        if sum(line.shape[0] for line in found.values()) != rows:
            continue
        z = whole
        if len(whole.shape) == 2:
            args, shape = [Ref(whole, shift=0)], whole.shape[::-1]
            z = line_like(whole, _TRANSPOSE, args, shape, {"axes": (1, 0)})
        shape = (rows, v.line.shape[-1])
        both = Line(_OUTER, [Ref(z, at=at), v], {}, shape, whole.dtype)
        for start, line in found.items():
            index = slice(start, start + line.shape[0]), slice(None)
            line.becomes(_TAKE, [Ref(both)], {"index": index})


def _joined_lanes(lines: Lines) -> Lanes:
    """Return what is joined with others along the first axis, at its own step."""
    found: Lanes = {}
    for whole in lines.all:
        if whole.op is not _CONCATENATE or whole.options.get("axis", 0) != 0:
            continue
        start = 0
        for part in whole.args:
            if part.shift == 0:
                found[part.line] = Lane(whole, start)
            start += part.line.shape[0]
    return found
