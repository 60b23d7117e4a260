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

from minigrad.deriving.formula import (
    Applied,
    Formula,
    Number,
    Product,
    multiply,
    spread,
    visible,
)
from minigrad.primitive import Primitive
from minigrad.structure.provenance import marks, moved
from minigrad.types import Array, Shape


def applied(
    row: Primitive, args: Iterable[Formula], options: Mapping[str, object], of: Shape
) -> Formula:
    """Return a row applied to formulas; the formula inside, if it only comes back."""
    if row.is_elementwise:
        return Applied(row, tuple(map(visible, args)), (), of)
    whole = Applied(row, tuple(args), tuple(sorted(options.items())), of)
    if getattr(row, "rule", "") == "matrix product":
        number, parts = _number_in_front(whole.args)
        if number != 1:
            return multiply((Number(number), applied(row, parts, options, of)))
    turned = _product_transposed(whole)
    if turned is not None:
        return turned
    found = itertools.chain(_moved_only(whole, 1), _moved_only(whole, 2))
    return next(found, _only_entry(whole))


def _product_transposed(whole: Applied) -> Formula | None:
    """Return Bᵀ Aᵀ for (A B)ᵀ, and None for all else."""
    if not getattr(whole.row, "written", "").startswith("{}ᵀ") or len(whole.shape) != 2:
        return None
    number, (inside,) = _number_in_front(whole.args)
    if not isinstance(inside, Applied) or getattr(inside.row, "written", "") != "{} {}":
        return None
    if whole.shape != inside.shape[::-1] or {len(a.shape) for a in inside.args} != {2}:
        return None
    options = dict(whole.options)
    turned = [
        applied(whole.row, (each,), options, each.shape[::-1])
        for each in reversed(inside.args)
    ]
    product = applied(inside.row, turned, dict(inside.options), whole.shape)
    return multiply((Number(number), product))


def _number_in_front(
    args: Iterable[Formula],
) -> tuple[Fraction, tuple[Formula, ...]]:
    """Part the factors of a matrix product from their numbers: A (2 B) is 2 A B."""
    number, parts = Fraction(1), []
    for arg in args:
        inside = visible(arg)
        if isinstance(inside, Product) and inside.shape == arg.shape:
            number *= inside.coefficient
            rest = multiply(inside.factors)
            arg = rest if rest.shape == arg.shape else spread(rest, arg.shape)
        parts.append(arg)
    return number, tuple(parts)


def _only_entry(whole: Applied) -> Formula:
    """See a single number put into an array of one entry as that number."""
    inside = whole.args[0]
    alone = prod(whole.shape) == 1 == len(whole.args) and inside.shape == ()
    return spread(inside, whole.shape) if alone and _keeps_order(whole) else whole


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
