"""Rewrites of lines by algebra: what need not be done at every step is moved out.

    W [x, y] = W_x x + W_y y                          x is known before the loop, y not
    z [x, y]^T = [z x^T, z y^T]
    (A + B)[k] = A[k] + B[k],  (W v)[k] = W[k] v      rows that nobody reads
    (a + u) + b = a + (u + b)                         u, b known before the loop
    (a p) q = a (p q)                                 p, q known before the loop

Each is one function, and knows of a line only its row, and whether it is in a circle.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from minigrad.compiling.invariants import (
    invariants_out,
    one_sum_over,
    product,
    products_flat,
    sums_flat,
)
from minigrad.compiling.program_lines import Line, Ref
from minigrad.compiling.reads import Lines, at_its_time, line_like, taken, through
from minigrad.compiling.simplify import total
from minigrad.primitive import TABLE

_ADD, _MULTIPLY = TABLE["add"], TABLE["multiply"]
_CONCATENATE, _TAKE = TABLE["concatenate"], TABLE["take"]
_MATVEC, _OUTER, _SUM = TABLE["matvec"], TABLE["outer"], TABLE["sum"]


# ----------------------------------------------------------------------------- products


def products_apart(lines: Lines) -> int:
    """W [x, y] = W_x x + W_y y, in a loop that not both x and y are computed in."""
    done = 0
    for line in lines.all:
        if line.op is not _MATVEC or lines.circle[line] == -1:
            continue
        W, v = line.args
        parts = _joined(v)
        if W.shift is not None or parts is None:
            continue
        if all(lines.moves(p, line) for p in parts):
            continue
        start, terms = 0, []
        for part in parts:
            n = part.line.shape[-1]
            rows = W.line.shape[0]
            W_part = taken(W, (slice(None), slice(start, start + n)), (rows, n))
            terms.append(
                at_its_time(line_like(line, _MATVEC, [W_part, part]), line.times)
            )
            start += n
        line.op, line.args = total, terms
        done += 1
    return done


def _joined(v: Any) -> list[Ref] | None:
    """Return the parts of [x, y] as its reader would read them, or None."""
    if not isinstance(v, Ref) or v.line.op is not _CONCATENATE or v.line.ends:
        return None
    axis: Any = v.line.options.get("axis", 0)
    if axis % len(v.line.shape) != len(v.line.shape) - 1:
        return None
    return [through(v, part) for part in v.line.args if isinstance(part, Ref)]


def outers_apart(lines: Lines) -> int:
    """Z [x, y]^T = [Z x^T, Z y^T]: then nobody needs [x, y] itself."""
    done = 0
    for line in lines.all:
        if line.op is not _OUTER or line.times is not None:
            continue
        z, v = line.args
        parts = _joined(v)
        if parts is None or not isinstance(v.at, range):
            continue
        if any(not isinstance(part.at, range) for part in parts):
            continue
        made = []
        for part in parts:
            shape = (line.shape[0], part.line.shape[-1])
            made.append(Ref(Line(_OUTER, [z, part], {}, shape, line.dtype)))
        line.op, line.args, line.options = _CONCATENATE, made, {"axis": 1}
        done += 1
    return done


def rows_alone(lines: Lines) -> int:
    """(W v)[k] = W[k] v, also in sums: if all who read W v take some of its entries."""
    done = 0
    for line in lines.all:
        if line.op is not _TAKE or not isinstance(line.args[0], Ref):
            continue
        source, part = line.args[0], _last_slice(line)
        if part is None or source.line.op not in (total, _MATVEC):
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
                line, _MATVEC, [taken(W, (part,), shape), through(reads, v)]
            )
            made.append(at_its_time(product, line.times))
        else:
            if len(made) == 1:
                line.op, line.args = _MATVEC, made[0].line.args
            else:
                line.op, line.args = total, made
            line.options = {}
            done += 1
    return done


def _is_product(term: Any, lines: Lines) -> bool:
    return (
        isinstance(term, Ref)
        and term.line.op is _MATVEC
        and not term.line.ends
        and all(r is not None and r.op is total for r in lines.readers[term.line])
    )


def _last_slice(line: Line) -> slice | None:
    """Return the slice of the last axis that is taken, and nothing else."""
    index: Any = line.options.get("index")
    source = line.args[0].line
    if not isinstance(index, tuple) or len(line.shape) != len(source.shape):
        return None
    *others, last = index
    if not isinstance(last, slice) or last.step not in (None, 1):
        return None
    is_whole = all(p is Ellipsis or p == slice(None) for p in others)
    fills = Ellipsis in others or len(index) == len(source.shape)
    return last if is_whole and fills else None


# -------------------------------------------------------------------- sums and products


def vectors_as_rows(lines: Lines) -> int:
    """W v = v W^T for vectors v in rows: what BLAS computes in one call, in a loop."""
    done = 0
    for line in lines.all:
        if line.op is not _MATVEC or lines.circle[line] == -1:
            continue
        W, v = line.args
        if W.shift is None:
            shape = W.line.shape[::-1]
            turned = Line(TABLE["transpose"], [W], {"axes": (1, 0)}, shape, line.dtype)
            line.op, line.args = TABLE["matmul"], [v, Ref(turned)]
            done += 1
    return done


def two_by_two(lines: Lines) -> int:
    """Return to what NumPy computes in one call: a b."""
    done = Counter[str]()
    for line in lines.all:
        if line.op is product and len(line.args) == 2:
            line.op = _MULTIPLY
            done["products"] += 1
        elif line.op is total and len(line.args) == 2:
            done["sums"] += 1
    return done.total()


REWRITES: list[Callable[[Lines], int]] = [
    products_apart, outers_apart, rows_alone, sums_flat, products_flat,
    invariants_out, vectors_as_rows, one_sum_over, two_by_two,
]  # fmt: skip
