"""What only moves entries about, and what a reader would rather not see of it.

    transpose(transpose(W)), [a, b][:n]         W, a: back where they were
    a matrix of one column                      the vector
    a first axis of length 1 that is dropped    nothing

None of this asks which row it is. Entries get marks, the rows are applied to the marks,
and where these come out tells what was done (see `minigrad.structure.provenance`).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from math import prod

import numpy as np

from minigrad.deriving.evaluating import evaluate
from minigrad.deriving.formula import (
    ONE,
    Applied,
    Formula,
    Number,
    OneHot,
    coefficient_and_factors,
    is_root,
    is_sum,
    multiply,
    spread,
    visible,
)
from minigrad.primitive import Primitive
from minigrad.structure.provenance import UNSEEN, marks, moved, numbers
from minigrad.types import Array, Shape


def applied(
    row: Primitive, args: Iterable[Formula], options: Mapping[str, object], of: Shape
) -> Formula:
    """Return a row applied to formulas; the formula inside, if it only comes back."""
    if row.is_elementwise:
        return Applied(row, tuple(map(visible, args)), (), of)
    whole = Applied(row, tuple(args), tuple(sorted(options.items())), of)
    outside, parts = _outside(whole)
    if outside:
        return multiply((*outside, spread(applied(row, parts, options, of), of)))
    for simpler in (_product_transposed, _constant, _with_its_axis, _only_entry):
        found = simpler(whole)
        if found is not None:
            return found
    inside = itertools.chain(_moved_only(whole, 1), _moved_only(whole, 2))
    return next(inside, whole)


def _outside(whole: Applied) -> tuple[list[Formula], tuple[Formula, ...]]:
    """Part what may be multiplied after a linear row as well: Σ 2 s a = 2 s Σ a.

    These are numbers, such as √2; of rows with one argument also single entries; and of
    sums that keep their axes the factors that are the same along these.
    """
    alone = getattr(whole.row, "jointly", False) and len(whole.args) == 1
    if getattr(whole.row, "rule", "") != "matrix product" and not alone:
        return [], whole.args
    if alone and whole.row.written == UNSEEN:
        return [], whole.args
    outside, parts = list[Formula](), []
    for arg in whole.args:
        inside = visible(arg)
        number, factors = coefficient_and_factors(inside)
        kept = [
            each
            for each in factors
            if not (is_root(each) or (alone and _is_same(each, whole)))
        ]
        if number != 1 or len(kept) < len(factors):
            outside += [Number(number)] * (number != 1)
            outside += [each for each in factors if each not in kept]
            arg = spread(multiply(kept), arg.shape)
        parts.append(arg)
    return outside, tuple(parts)


def _is_same(factor: Formula, whole: Applied) -> bool:
    """Is a factor the same for all that a row of one argument works on?"""
    (arg,) = whole.args
    if not factor.shape:
        return bool(arg.shape) or prod(whole.shape) > 1
    along = [n for n, m in zip(arg.shape, whole.shape, strict=False) if n != m]
    if not is_sum(whole.row) or len(arg.shape) != len(whole.shape) or not along:
        return False
    inside = (1,) * (len(arg.shape) - len(factor.shape)) + factor.shape
    return all(k == 1 for k, n, m in zip(inside, arg.shape, whole.shape, strict=True)
               if n != m)  # fmt: skip


def _constant(whole: Applied) -> Formula | None:
    """Return what a row of one argument makes of ones: a number, or a one-hot array."""
    arg = whole.args[0]
    if len(whole.args) > 1 or not (visible(arg) == ONE or isinstance(arg, OneHot)):
        return None
    ones = np.broadcast_to(evaluate(arg, {}, float), arg.shape)
    found = np.asarray(whole.row.apply(ones, **dict(whole.options)))
    if not found.size:
        return None
    if (found == found.flat[0]).all():
        return spread(Number(Fraction(found.flat[0].item())), whole.shape)
    rows = found.reshape(-1, found.shape[-1]) if found.ndim else found
    hot = np.isin(rows, (0, 1)).all() and (rows.sum(-1) == 1).all()
    return OneHot(tuple(rows.argmax(-1).tolist()), whole.shape) if hot else None


def _with_its_axis(whole: Applied) -> Formula | None:
    """Return a sum that keeps its axis, for one that gets it back afterwards."""
    inside = whole.args[0]
    if len(whole.args) > 1 or not isinstance(inside, Applied) or not is_sum(inside.row):
        return None
    options = {**dict(inside.options), "keepdims": True}
    (arg,) = inside.args
    axis = options.get("axis")
    if whole.shape == inside.shape or not _keeps_order(whole):
        return None
    axes = range(len(arg.shape)) if axis is None else np.atleast_1d(axis)  # type: ignore[call-overload]
    summed = {int(k) % len(arg.shape) for k in axes}
    kept = tuple(1 if k in summed else n for k, n in enumerate(arg.shape))
    return applied(inside.row, (arg,), options, kept) if kept == whole.shape else None


def _only_entry(whole: Applied) -> Formula | None:
    """Return the one entry that is picked, or put into an array, as an entry."""
    inside = whole.args[0]
    if prod(whole.shape) != 1 or len(whole.args) != 1:
        return None
    if inside.shape == () and _keeps_order(whole):
        return spread(inside, whole.shape)
    if [name for name, _ in whole.options] != ["index"]:  # it picks, and puts nowhere
        return None
    found = _moved(whole, [], 1)
    if found is None or not found.all():
        return None
    return spread(
        _entry(inside, int(numbers(found).item()) - 1, whole.row), whole.shape
    )


def _entry(whole: Formula, place: int, take: Primitive) -> Formula:
    """Return one entry: of f(z) it is f of one of z, of what was moved, one of that."""
    if not whole.shape:
        return whole
    if isinstance(whole, Applied) and len(whole.args) == 1:
        (arg,) = whole.args
        if whole.row.is_elementwise and arg.shape == whole.shape:
            return Applied(whole.row, (_entry(arg, place, take),), (), ())
        found = _moved(whole, [], 1)
        if found is not None and found.all():
            return _entry(arg, int(numbers(found).flat[place]) - 1, take)
    index = tuple(map(int, np.unravel_index(place, whole.shape)))
    return Applied(take, (whole,), (("index", index),), ())


def _product_transposed(whole: Applied) -> Formula | None:
    """Return Bᵀ Aᵀ for (A B)ᵀ, and None for all else."""
    if not getattr(whole.row, "written", "").startswith("{}ᵀ") or len(whole.shape) != 2:
        return None
    (inside,) = whole.args
    if not isinstance(inside, Applied) or getattr(inside.row, "written", "") != "{} {}":
        return None
    if whole.shape != inside.shape[::-1] or {len(a.shape) for a in inside.args} != {2}:
        return None
    options = dict(whole.options)
    turned = [
        applied(whole.row, (each,), options, each.shape[::-1])
        for each in reversed(inside.args)
    ]
    return applied(inside.row, turned, dict(inside.options), whole.shape)


def _moved_only(whole: Applied, deep: int) -> Iterator[Formula]:
    """Yield the part whose entries a chain of moves brings back, all and in order."""
    inside: list[Formula] = []
    found = _moved(whole, inside, deep)
    if found is None:
        return
    start = 1
    for part in inside:
        size = prod(part.shape)
        if found.shape == part.shape and _is_run(found, start, size):
            yield part
        start += size


def _moved(part: Formula, inside: list[Formula], deep: int) -> Array | None:
    """Mark the entries of what is inside, and move the marks as the rows do."""
    if deep and isinstance(part, Applied) and getattr(part.row, "jointly", False):
        args = [_moved(arg, inside, deep - 1) for arg in part.args]
        known = [arg for arg in args if arg is not None]
        if len(known) < len(args):
            return None
        return moved(part.row, known, dict(part.options), part.shape)
    if isinstance(part, Number):
        return None
    start = 1 + sum(prod(each.shape) for each in inside)
    inside.append(part)
    return marks(np.arange(start, start + prod(part.shape))).reshape(part.shape)


def _is_run(found: Array, start: int, size: int) -> bool:
    """Are these the marks of so many entries, in order?"""
    return np.array_equal(found.ravel(), marks(np.arange(start, start + size)))


def _keeps_order(whole: Applied, deep: int = 1) -> bool:
    """Has a chain of rows of one argument all entries of what is inside, in order?"""
    found = _moved(whole, [], deep)
    return found is not None and _is_run(found, 1, prod(whole.shape))


def says_something(whole: Applied, name: str) -> bool:
    """Is an option given, and would the row do something else without it?"""
    options = dict(whole.options)
    if options.pop(name, None) is None:
        return False
    numbers = [np.arange(prod(a.shape)).reshape(a.shape) for a in whole.args]
    try:
        without = np.asarray(whole.row.function(*numbers, **options))
    except (TypeError, ValueError):
        return True
    said = np.asarray(whole.row.function(*numbers, **dict(whole.options)))
    return not np.array_equal(without, said)


def drops_leading_ones(whole: Applied) -> bool:
    """Are only first axes of length 1 gone? A reader would not have written them."""
    if len(whole.args) != 1:
        return False
    (arg,) = whole.args
    more = len(arg.shape) - len(whole.shape)
    fewer = more > 0 and arg.shape == (1,) * more + whole.shape
    return fewer and _keeps_order(whole)


def column_inside(whole: Applied) -> Formula | None:
    """Return the matrix of one column whose entries a vector is, in order, or None."""
    if len(whole.shape) != 1 or len(whole.args) != 1:
        return None
    (inside,) = whole.args
    stands = inside.shape == (*whole.shape, 1)
    return inside if stands and _keeps_order(whole) else None


def as_vector(whole: Applied) -> Formula | None:
    """Return the vector that a matrix of one row or column is, or None.

    A column is written as the vector itself, a row as its transpose.
    """
    if len(whole.shape) != 2 or 1 not in whole.shape:
        return None
    deep, inside = 0, whole
    while isinstance(inside, Applied) and len(inside.args) == 1 and inside.shape:
        if not getattr(inside.row, "jointly", False):
            return None
        deep += 1
        (inside,) = inside.args  # type: ignore[assignment]
        if len(inside.shape) == 1:
            break
    if len(inside.shape) != 1 or prod(inside.shape) != prod(whole.shape):
        return None
    return inside if _keeps_order(whole, deep) else None
