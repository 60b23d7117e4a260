"""Sums and products in loops: what the loop does not change is computed before it.

(a + u) + b = a + (u + b)                         u, b known before the loop
(a p) q = a (p q)                                 p, q known before the loop
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.compiling.line import Ref
from minigrad.compiling.reads import Lines, at_its_time, is_alone, line_like, through
from minigrad.compiling.simplify import axes_of, is_like, total
from minigrad.primitive import TABLE

_MULTIPLY, _SUM = TABLE["multiply"], TABLE["sum"]


def product(*factors: Any) -> Any:
    """Return the product of many factors, entry by entry."""
    result = factors[0]
    for each in factors[1:]:
        result = result * each
    return result


product.is_elementwise = True  # type: ignore[attr-defined]
product.onnx = "Mul"  # type: ignore[attr-defined]


def products_flat(lines: Lines) -> None:
    """(a b) c = a b c, in a loop, if nobody else reads a b."""
    for line in lines.in_circles(_MULTIPLY, product):
        args: list[Any] = []
        for arg in line.args:
            if is_alone(arg, lines, _MULTIPLY, product) and is_like(arg.line, line):
                args += [
                    through(arg, each) if isinstance(each, Ref) else each
                    for each in arg.line.args
                ]
            else:
                args.append(arg)
        line.becomes(product, args)


def invariants_out(lines: Lines) -> None:
    """What a loop does not change comes first: a + u + b = a + (u + b), also a p q."""
    for line in lines.in_circles(total, product):
        moving = [arg for arg in line.args if lines.moves(arg, line)]
        fixed = [arg for arg in line.args if not lines.moves(arg, line)]
        if len(fixed) < 2 or not moving or line.times is None:
            continue
        is_timed = any(isinstance(a, Ref) and a.shift is not None for a in fixed)
        shapes = [a.line.shape if isinstance(a, Ref) else np.shape(a) for a in fixed]
        shape = np.broadcast_shapes(*shapes)
        made = line_like(line, line.op, fixed, shape)
        made.times = line.times if is_timed else None
        line.args = [*moving, at_its_time(made, made.times)]


def one_sum_over(lines: Lines) -> None:
    """Sum once over all axes: sum(sum(a, axis=0), axis=0) = sum(a, axis=(0, 1))."""
    for line in lines.all:
        inner = line.args[0].line if line.op is _SUM else None
        if inner is None or inner.op is not _SUM or line.times or inner.times:
            continue
        keeps = any(each.options.get("keepdims") for each in (line, inner))
        if not lines.only_reader(line.args[0]) or keeps:
            continue
        ndim = len(inner.args[0].line.shape) + isinstance(inner.args[0].at, range)
        first = axes_of(inner.options, ndim)
        left = [k for k in range(ndim) if k not in first]
        second = [left[k] for k in axes_of(line.options, len(left))]
        line.args, line.options = (
            inner.args,
            {**line.options, "axis": (*first, *second)},
        )
