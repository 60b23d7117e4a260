"""Rewrites of lines by algebra: what need not be done at every step is moved out.

    sigma(z) = (1 + tanh(z/2)) / 2                    what no single call computes
    W v + b = [W b] [v 1],  z [v 1]^T = [z v^T, z]    the bias is a column
    (W v) / 2 = (W / 2) v                             a number, not at each step
    (A + B)[k] = A[k] + B[k],  (W v)[k] = W[k] v      rows that nobody reads
    (a + u) + b = a + (u + b)                         u, b known before the loop
    (a p) q = a (p q)                                 p, q known before the loop

Each is one function, and knows of a line only its row, and whether it is in a circle.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad.compiling.graph import in_order
from minigrad.compiling.invariants import (
    invariants_out,
    one_sum_over,
    products_flat,
)
from minigrad.compiling.line import Line, Ref
from minigrad.compiling.reads import (
    Lines,
    at_its_time,
    is_alone,
    last_slice,
    line_like,
    take_line,
    through,
)
from minigrad.compiling.simplify import axes_of, total
from minigrad.compiling.tracing import Tracer
from minigrad.primitive import TABLE

_ADD, _MULTIPLY = TABLE["add"], TABLE["multiply"]
_CONCATENATE, _TAKE = TABLE["concatenate"], TABLE["take"]
_MATVEC, _OUTER, _SUM = TABLE["matvec"], TABLE["outer"], TABLE["sum"]


# ----------------------------------------------------------------------------- products


def composites_open(lines: Lines) -> None:
    """Compute of other rows what is no single call: sigma(z) = (1 + tanh(z/2)) / 2."""
    for line in lines.all:
        composite = getattr(line.op, "composite", None)
        if composite is None:
            continue
        tracer = Tracer()
        scalar = np.zeros((), line.dtype)
        sources = [tracer.source(scalar, k) for k in range(len(line.args))]
        made: dict[int, Any] = {}
        for node in in_order([composite(*sources).node]):
            if node.op is None:
                made[id(node)] = line.args[node.source]
                continue
            op, args = node.op, [made.get(id(a), a) for a in node.args]
            made[id(node)] = at_its_time(line_like(line, op, args), line.times)
        line.becomes(op, args)


def bias_as_column(lines: Lines) -> None:
    """W v + b = [W b] [v 1], in a loop that puts v = [x, y] together anyway."""
    with_one: dict[Line, Line] = {}
    for line in lines.in_circles(_ADD, total):
        product, b = line.args[0], line.args[-1]
        if len(line.args) != 2 or not is_alone(product, lines, _MATVEC):
            continue
        W, v = product.line.args
        if not isinstance(b, Ref) or (W.shift, b.shift, b.at) != (None, None, None):
            continue
        if not _is_joined(v) or b.line.shape != product.line.shape[-1:]:
            continue
        if v.line not in with_one:
            with_one[v.line] = _with_one(v.line)
        v = through(product, v)
        (m, n), dtype = W.line.shape, line.dtype
        column = Line(TABLE["reshape"], [b], {"shape": (m, 1)}, (m, 1), dtype)
        W_b = Line(_CONCATENATE, [W, Ref(column)], {"axis": 1}, (m, n + 1), dtype)
        line.becomes(_MATVEC, [Ref(W_b), Ref(with_one[v.line], v.shift)])
    _gradients_with_one(lines, with_one)


def _is_joined(v: Any) -> bool:
    """Is this [x, y], joined along the last axis?"""
    if not isinstance(v, Ref) or v.line.op is not _CONCATENATE or v.line.ends:
        return False
    axis: Any = v.line.options.get("axis", 0)
    return bool(axis % len(v.line.shape) == len(v.line.shape) - 1)


def _with_one(v: Line) -> Line:
    """Return [v, 1]."""
    *batch, n = v.shape
    one = Line(None, [], {}, (*batch, 1), v.dtype)
    one.source = np.ones(one.shape, v.dtype)
    return line_like(v, v.op, [*v.args, Ref(one)], (*batch, n + 1), v.options)


def _gradients_with_one(lines: Lines, with_one: dict[Line, Line]) -> None:
    """Take the gradient of b from that of [W b]: z [v 1]^T = [z v^T, z]."""
    made: dict[Any, Line] = {}
    for line in lines.all:
        if line.op is _OUTER and line.times is None:
            z, v = line.args
            if isinstance(v, Ref) and v.line in with_one:
                m, n = line.shape
                both = Line(_OUTER, [z, v._replace(line=with_one[v.line])], {},
                            (m, n + 1), line.dtype)  # fmt: skip
                made[z.line, z.at] = both
                line.becomes(_TAKE, [Ref(both)], {"index": (slice(None), slice(n))})
    for line in lines.all:
        if line.op is _SUM and line.times is None and isinstance(line.args[0], Ref):
            z = line.args[0]
            both = made.get((z.line, z.at), line)
            ndim = len(z.line.shape) + isinstance(z.at, range)
            leaves_entries = sorted(axes_of(line.options, ndim)) == [*range(ndim - 1)]
            if both is not line and leaves_entries and len(line.shape) == 1:
                index = slice(None), both.shape[1] - 1
                line.becomes(_TAKE, [Ref(both)], {"index": index})


def factor_into_matrix(lines: Lines) -> None:
    """(W v) / 2 = (W / 2) v, and of each term of a sum: a number leaves the loop."""
    for line in lines.in_circles(_MULTIPLY):
        inner, number = line.args
        if isinstance(inner, float | int):
            inner, number = number, inner
        if not isinstance(number, float | int):
            continue
        if is_alone(inner, lines, _ADD, total):
            terms = [through(inner, a) for a in inner.line.args if isinstance(a, Ref)]
            movable = all(
                is_alone(a, lines, _MATVEC) and a.line.args[0].shift is None
                for a in terms
                if lines.moves(a, line)
            )
            if movable and len(terms) == len(inner.line.args):
                line.becomes(total, [_scaled(t, number, line) for t in terms])
        elif is_alone(inner, lines, _MATVEC) and inner.line.args[0].shift is None:
            scaled = _scaled(inner, number, line).line
            line.becomes(scaled.op, scaled.args)


def _scaled(term: Ref, number: float, line: Line) -> Ref:
    """Return a term times a number; of a product, its matrix is multiplied."""
    W, v = term.line.args if term.line.op is _MATVEC else (term, term)
    if W.shift is None and term.shift == 0 and not term.line.ends:
        W_scaled = Line(_MULTIPLY, [W, number], {}, W.line.shape, line.dtype)
        product = line_like(line, _MATVEC, [Ref(W_scaled), v], term.line.shape)
        return at_its_time(product, line.times)
    made = Line(_MULTIPLY, [term, number], {}, term.line.shape, line.dtype)
    made.times = line.times if term.shift is not None else None
    return at_its_time(made, made.times)


def rows_alone(lines: Lines) -> None:
    """(W v)[k] = W[k] v, also in sums: if all who read W v take some of its entries."""
    for line in lines.all:
        if line.op is not _TAKE or not isinstance(line.args[0], Ref):
            continue
        source, part = line.args[0], last_slice(line)
        if part is None or source.line.op not in (total, _MATVEC) or source.line.ends:
            continue
        if any(r is None or r.op is not _TAKE for r in lines.readers[source.line]):
            continue
        terms = source.line.args if source.line.op is total else [source]
        if source.line.op is total and not all(_is_product(t, lines) for t in terms):
            continue
        made = []
        for term in terms:
            reads = source if term is source else through(source, term)
            W, v = reads.line.args
            if W.shift is not None or W.at is not None:
                break
            shape = (line.shape[-1], W.line.shape[1])
            product = line_like(
                line, _MATVEC, [take_line(W, (part,), shape), through(reads, v)]
            )
            made.append(at_its_time(product, line.times))
        else:
            if len(made) == 1:
                line.becomes(_MATVEC, made[0].line.args)
            else:
                line.becomes(total, made)


def _is_product(term: Any, lines: Lines) -> bool:
    return (
        isinstance(term, Ref)
        and term.line.op is _MATVEC
        and not term.line.ends
        and all(
            r is not None and r.op is total and r.shape == term.line.shape
            for r in lines.readers[term.line]
        )
    )


REWRITES: list[Callable[[Lines], None]] = [
    composites_open, one_sum_over, bias_as_column, factor_into_matrix,
    rows_alone, products_flat, invariants_out,
]  # fmt: skip
