"""What only moves entries about, and what a reader would rather not see of it.

    transpose(transpose(W)), [a, b][:n]         W, a: back where they were
    a matrix of one column                      the vector
    a first axis of length 1 that is dropped    nothing

None of this asks which row it is. The entries are numbered, the rows are applied to the
numbers, and where these come out tells what was done.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from math import prod

import numpy as np

from minigrad.deriving.formula import (
    Applied,
    Formula,
    Number,
    spread,
    visible,
)
from minigrad.primitive import Primitive
from minigrad.types import Array, Shape


def applied(
    row: Primitive, args: Iterable[Formula], options: Mapping[str, object], of: Shape
) -> Formula:
    """Return a row applied to formulas; the formula inside, if it only comes back."""
    if row.is_elementwise:
        return Applied(row, tuple(map(visible, args)), (), of)
    whole = Applied(row, tuple(args), tuple(sorted(options.items())), of)
    found = itertools.chain(_moved_only(whole, 1), _moved_only(whole, 2))
    return next(found, _only_entry(whole))


def _only_entry(whole: Applied) -> Formula:
    """See a single number put into an array of one entry as that number."""
    inside = whole.args[0]
    alone = prod(whole.shape) == 1 == len(whole.args) and inside.shape == ()
    moves = alone and getattr(whole.row, "jointly", False)
    if moves and whole.row.function(np.array(7), **dict(whole.options)).ravel()[0] == 7:
        return spread(inside, whole.shape)
    return whole


def _moved_only(whole: Applied, deep: int) -> Iterator[Formula]:
    """Yield the part whose entries a chain of moves brings back, all and in order.

    Every entry of what is inside gets a number of its own, and the rows are applied to
    these numbers.
    """
    inside: list[Formula] = []
    moved = _numbered(whole, inside, deep)
    if moved is None:
        return
    start = 1
    for part in inside:
        size = prod(part.shape)
        if moved.shape == part.shape and np.array_equal(
            moved.ravel(), np.arange(start, start + size)
        ):
            yield part
        start += size


def _numbered(part: Formula, inside: list[Formula], deep: int) -> Array | None:
    """Number the entries of what is inside, and move them as the rows do."""
    if deep and isinstance(part, Applied) and getattr(part.row, "jointly", False):
        args = [_numbered(arg, inside, deep - 1) for arg in part.args]
        if any(arg is None for arg in args):
            return None
        return np.asarray(part.row.function(*args, **dict(part.options)))
    if isinstance(part, Number):
        return None
    start = 1 + sum(prod(each.shape) for each in inside)
    inside.append(part)
    return np.arange(start, start + prod(part.shape)).reshape(part.shape)


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
    if len(whole.args) != 1 or not getattr(whole.row, "jointly", False):
        return False
    (arg,) = whole.args
    more = len(arg.shape) - len(whole.shape)
    if more <= 0 or arg.shape != (1,) * more + whole.shape:
        return False
    numbers = np.arange(prod(arg.shape)).reshape(arg.shape)
    moved = np.asarray(whole.row.function(numbers, **dict(whole.options)))
    return np.array_equal(moved, numbers[(0,) * more])


def column_inside(whole: Applied) -> Formula | None:
    """Return the matrix of one column whose entries a vector is, in order, or None."""
    if len(whole.shape) != 1 or len(whole.args) != 1:
        return None
    (inside,) = whole.args
    if not getattr(whole.row, "jointly", False) or inside.shape != (*whole.shape, 1):
        return None
    labels = np.arange(prod(inside.shape)).reshape(inside.shape)
    moved = np.asarray(whole.row.function(labels, **dict(whole.options)))
    return inside if np.array_equal(moved, labels.ravel()) else None


def as_vector(whole: Applied) -> Formula | None:
    """Return the vector that a matrix of one row or column is, or None.

    A column is written as the vector itself, a row as its transpose. That only axes of
    length 1 came or moved is found by moving numbers.
    """
    if len(whole.shape) != 2 or 1 not in whole.shape:
        return None
    chain, inside = [], whole
    while isinstance(inside, Applied) and len(inside.args) == 1 and inside.shape:
        if not getattr(inside.row, "jointly", False):
            return None
        chain.append(inside)
        (inside,) = inside.args  # type: ignore[assignment]
        if len(inside.shape) == 1:
            break
    if len(inside.shape) != 1 or prod(inside.shape) != prod(whole.shape):
        return None
    moved = labels = np.arange(prod(inside.shape))
    for each in reversed(chain):
        moved = np.asarray(each.row.function(moved, **dict(each.options)))
    return inside if np.array_equal(moved.ravel(), labels) else None
