"""Rewrites of lines by algebra: what need not be done at every step is moved out.

    W [x, y] = W_x x + W_y y                          x is known before the loop, y not
    z [x, y]^T = [z x^T, z y^T]
    (A + B)[k] = A[k] + B[k],  (W v)[k] = W[k] v      rows that nobody reads
    (a + u) + b = a + (u + b)                         u, b known before the loop
    (a p) q = a (p q)                                 p, q known before the loop

Each is one function, and knows of a line only its row, and whether it is in a circle.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np

from minigrad.compiling.lines import Line, Ref
from minigrad.compiling.loops import components
from minigrad.compiling.simplify import total
from minigrad.primitive import TABLE
from minigrad.types import Shape

_ADD, _MULTIPLY = TABLE["add"], TABLE["multiply"]
_CONCATENATE, _TAKE = TABLE["concatenate"], TABLE["take"]
_MATVEC, _OUTER, _SUM = TABLE["matvec"], TABLE["outer"], TABLE["sum"]


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
            is_loop = len(part) > 1 or any(r.line is part[0] for r in part[0].refs())
            circle.update((line, number if is_loop else -1) for line in part)
            found += part
        readers: dict[Line, list[Line | None]] = defaultdict(list)
        for line in found:
            for ref in line.refs():
                readers[ref.line].append(line)
        for ref in outputs:
            readers[ref.line].append(None)
        return cls(found, readers, circle)

    def moves(self, arg: Any, line: Line) -> bool:
        """Is an argument computed in the same circle as the line that reads it?"""
        return isinstance(arg, Ref) and (
            self.circle[arg.line] == self.circle[line] != -1
        )

    def only_reader(self, ref: Any) -> bool:
        """Is this read once, and at its own time?"""
        return isinstance(ref, Ref) and len(self.readers[ref.line]) == 1


def _like(line: Line, op: Any, args: list[Any], shape: Shape | None = None) -> Line:
    """Return a new line at the times of another."""
    made = Line(op, args, {}, line.shape if shape is None else shape, line.dtype)
    made.times = line.times
    return made


def _at(line: Line, times: range | None) -> Ref:
    """Return what a line with these times reads of a new one with the same."""
    return Ref(line) if times is None else Ref(line, shift=0)


def _taken(a: Ref, index: tuple[Any, ...], shape: Shape) -> Ref:
    """Return some entries of a value without time, as a line of its own."""
    return Ref(Line(_TAKE, [a], {"index": index}, shape, a.line.dtype))


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
            W_part = _taken(W, (slice(None), slice(start, start + n)), (rows, n))
            terms.append(_at(_like(line, _MATVEC, [W_part, part]), line.times))
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
    return [_through(v, part) for part in v.line.args if isinstance(part, Ref)]


def _through(outer: Ref, inner: Ref) -> Ref:
    """Return what is read if one reads a value that only hands on another."""
    if inner.shift is None:
        return inner
    if isinstance(outer.at, range):
        first, last = outer.at[0] + inner.shift, outer.at[-1] + inner.shift
        return Ref(inner.line, at=range(first, last + 1))
    if outer.at is not None:
        return Ref(inner.line, at=outer.at + inner.shift)
    return Ref(inner.line, shift=(outer.shift or 0) + inner.shift)


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
            reads = source if term is source else _through(source, term)
            W, v = reads.line.args
            if W.shift is not None or W.at is not None:
                break
            shape = (line.shape[-1], W.line.shape[1])
            product = _like(
                line, _MATVEC, [_taken(W, (part,), shape), _through(reads, v)]
            )
            made.append(_at(product, line.times))
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


def sums_flat(lines: Lines) -> int:
    """(a + b) + c = a + b + c, in a loop, if nobody else reads a + b."""
    return _flat(lines, _ADD, total)


def products_flat(lines: Lines) -> int:
    """(a b) c = a b c, in a loop, if nobody else reads a b."""
    return _flat(lines, _MULTIPLY, product)


def product(*factors: Any) -> Any:
    """Return the product of many factors, entry by entry."""
    result = factors[0]
    for each in factors[1:]:
        result = result * each
    return result


product.is_elementwise = True  # type: ignore[attr-defined]


def _flat(lines: Lines, binary: Any, many: Any) -> int:
    done = 0
    for line in lines.all:
        if line.op not in (binary, many) or lines.circle[line] == -1:
            continue
        if line.op is binary:
            line.op = many
        args: list[Any] = []
        for arg in line.args:
            inner = arg.line if isinstance(arg, Ref) else None
            if (
                inner is not None
                and inner.op in (binary, many)
                and not inner.ends
                and arg.at is None
                and lines.only_reader(arg)
                and inner.shape == line.shape
                and inner.dtype == line.dtype
            ):
                args += [
                    _through(arg, each) if isinstance(each, Ref) else each
                    for each in inner.args
                ]
                done += 1
            else:
                args.append(arg)
        line.args = args
    return done


def invariants_out(lines: Lines) -> int:
    """What a loop does not change comes first: a + u + b = a + (u + b), also a p q."""
    done = 0
    for line in lines.all:
        if line.op not in (total, product) or lines.circle[line] == -1:
            continue
        moving = [arg for arg in line.args if lines.moves(arg, line)]
        fixed = [arg for arg in line.args if not lines.moves(arg, line)]
        if len(fixed) < 2 or not moving or line.times is None:
            continue
        is_timed = any(isinstance(a, Ref) and a.shift is not None for a in fixed)
        shapes = [a.line.shape if isinstance(a, Ref) else np.shape(a) for a in fixed]
        shape = np.broadcast_shapes(*shapes)
        made = _like(line, line.op, fixed, shape)
        made.times = line.times if is_timed else None
        line.args = [*moving, _at(made, made.times)]
        done += 1
    return done


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


def one_sum_over(lines: Lines) -> int:
    """Sum once over all axes: sum(sum(a, axis=0), axis=0) = sum(a, axis=(0, 1))."""
    done = 0
    for line in lines.all:
        inner = line.args[0].line if line.op is _SUM else None
        if inner is None or inner.op is not _SUM or line.times or inner.times:
            continue
        if not lines.only_reader(line.args[0]) or "keepdims" in str(inner.options):
            continue
        ndim = len(inner.args[0].line.shape) + isinstance(inner.args[0].at, range)
        first = _axes(inner.options, ndim)
        left = [k for k in range(ndim) if k not in first]
        second = [left[k] for k in _axes(line.options, len(left))]
        line.args, line.options = (
            inner.args,
            {**line.options, "axis": (*first, *second)},
        )
        done += 1
    return done


def _axes(options: Any, ndim: int) -> tuple[int, ...]:
    axis = options.get("axis")
    axes = range(ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    return tuple(k % ndim for k in axes)


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
