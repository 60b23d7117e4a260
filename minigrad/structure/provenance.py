"""Provenance: which entry of which value does this entry read?

Rows that only move entries about stand between layers: `take` picks x_t out of X,
`stack` puts all y_t below each other, `transpose` turns. To follow an entry through
them, every entry gets a **mark**, a number that says which entry it is, and the row
runs on the marks instead of the numbers. Which rows only move is asked of no list.
Each mark carries check digits, as an ISBN does, so that a sum of marks is none:

    marks of x       A B C
    x[::-1]          C B A        marks: a move
    x.sum()          no mark      not a move
    [x, 0]           A B C 0      a move too; 0 is the mark of a constant

What is not a move reads several entries: which, says `dependence.py`.
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from minigrad.primitive import Elementwise, Primitive
from minigrad.structure.consumers import tensors
from minigrad.tensor import Array, Tensor
from minigrad.types import Shape

Entry = tuple[Tensor, int]  # an entry of a vector: the Tensor, and its place in it
DIGITS = 25  # bits for checking; with 27 to count entries, float64 holds a mark exactly
PRIME = 33_554_393  # the largest below 2 ** DIGITS
MIXTURE = -1  # instead of a number, for what is no mark
UNSEEN = "{}"  # how a row is written that only repeats or rounds


# ------------------------------------------------------------------------------- marks


def marks(numbers: Any) -> Array:
    """Give numbers from 1 on their check digits; 0 stays the mark of a constant."""
    counted = np.asarray(numbers, np.int64)
    mixed = counted * 2654435761 % PRIME
    mixed = mixed * mixed % PRIME
    return (counted << DIGITS) | (mixed * mixed % PRIME)


def numbers(found: Array) -> Array:
    """Return the numbers of marks again, and MIXTURE for what is no mark.

    >>> numbers(marks([0, 1, 2])), int(numbers(marks(1) + marks(2)))
    (array([0, 1, 2]), -1)
    """
    counted = found >> DIGITS
    valid = (counted >= 0) & (found == marks(np.where(counted >= 0, counted, 0)))
    return np.where(valid, counted, MIXTURE)


def moved(
    row: Primitive | None,
    given: Sequence[Array],
    options: Mapping[str, Any],
    shape: Shape,
) -> Array | None:
    """Return the marks that a row makes of those of its arguments; None if it mixes.

    >>> from minigrad.primitive import TABLE
    >>> found = moved(TABLE["take"], [marks([1, 2, 3])], {"index": [2, 0]}, (2,))
    >>> numbers(found), moved(TABLE["sum"], [marks([1, 2, 3])], {}, ())
    (array([3, 1]), None)
    """
    if not getattr(row, "jointly", False):
        return None
    assert row is not None
    if row.written == UNSEEN:
        return np.broadcast_to(given[0], shape)
    return moved_by(partial(row.function, **options), given)


def moved_by(function: Callable[..., Any], given: Sequence[Array]) -> Array | None:
    """Return the marks that a function makes of marks; None if it mixes them.

    >>> found = moved_by(np.flip, [marks([1, 2])])
    >>> numbers(found), moved_by(np.sum, [marks([1, 2])])
    (array([2, 1]), None)
    """
    try:
        found = np.asarray(function(*given)).astype(np.int64)
    except Exception:  # a row of the reader's own that wants other numbers
        return None
    return found if (numbers(found) != MIXTURE).all() else None


def constant(arg: Any) -> Array:
    """Return the marks of what has no entries to be followed."""
    return np.zeros(arg.shape if isinstance(arg, Tensor) else np.shape(arg), np.int64)


# ---------------------------------------------------------------- through many moves


class Provenance:
    """Where the entries of Tensors come from: which entry of which Tensor each one is.

    An entry that was computed is its own origin. One that was only moved has the origin
    of what it was. Nothing is looked up before it is asked for.

    apart   entries of which a move with constants in it is a computation: relu, in a
            dense sub-layer, puts zeros among the entries
    made    if it is given, whatever is in it is its own origin, moved or not, and
            beyond it an elementwise row, such as a dropout, leaves every entry what it
            was; what else was computed there is unknown

    >>> x = mg.Tensor([5.0, 6.0, 7.0], name="x")
    >>> last_two = mg.concatenate([x, x])[4:]
    >>> row = next(Provenance().rows(last_two))
    >>> [(each.name, j) for each, j in row]
    [('x', 1), ('x', 2)]
    """

    def __init__(
        self, apart: Container[Tensor] = (), made: Container[Tensor] | None = None
    ) -> None:
        self._apart = apart
        self._made = made
        self._marks: dict[Tensor, Array] = {}
        self._starts: list[int] = []  # the first number of each that is its own origin
        self._origins: list[Tensor] = []
        self._moved: set[Tensor] = set()
        self._next = 1

    def marks(self, value: Tensor) -> Array:
        """Return the mark of each entry: equal marks, the same entry."""
        waiting = [value]  # a loop may have moved it a thousand times: no recursion
        while waiting:
            entry = waiting[-1]
            unknown = [a for a in self._looked_through(entry) if a not in self._marks]
            if unknown:
                waiting += unknown
            elif waiting.pop() not in self._marks:
                self._marks[entry] = self._marks_of(entry)
        return self._marks[value]

    def rows(self, value: Tensor) -> Iterator[list[Entry]]:
        """Yield for every vector in a Tensor where each of its entries comes from.

        A vector with constants in it, such as the zeros of a mask, is left out.
        """
        for row in vectors(numbers(self.marks(value))):
            if row.all():
                found = map(self._origin, row.tolist())
                yield [(origin, j) for origin, _, j in found]

    def is_rearranged(self, value: Tensor) -> bool:
        """Is every entry one that another Tensor has, or a constant?

        >>> x = mg.Tensor([[1.0, 2.0], [3.0, 4.0]])
        >>> [Provenance().is_rearranged(each) for each in (x.T, x[0], x.sum(), x)]
        [True, True, False, False]
        """
        self.marks(value)
        return value in self._moved

    def origins(self, value: Tensor) -> list[Tensor]:
        """Return whose entries these are, in order; [] where some are not known.

        >>> a, b = mg.exp(mg.Tensor([1.0, 2.0])), mg.exp(mg.Tensor([3.0, 4.0]))
        >>> Provenance().origins(mg.stack([a, b])[::-1]) == [b, a]
        True
        """
        return self.whose(self.marks(value))

    def whose(self, found: Array) -> list[Tensor]:
        """Return whose entries have these marks, in order; [] where some are none."""
        counted = numbers(found).ravel().tolist()
        if not counted or min(counted) == 0:
            return []
        return list(dict.fromkeys(self._origin(number)[0] for number in counted))

    def vectors_of(self, value: Tensor) -> list[tuple[Tensor, int]]:
        """Return whose vectors have the entries of a Tensor: whose, and which of them.

        >>> x = mg.Tensor([[1.0, 2.0], [3.0, 4.0]])
        >>> [which for _, which in Provenance(made={x}).vectors_of(x[1])]
        [1]
        """
        found = numbers(self.marks(value)).ravel().tolist()
        return list(dict.fromkeys(self._origin(n)[:2] for n in found if n))

    def key(self, value: Tensor) -> bytes:
        """Return what is the same for Tensors with the same entries; b"" if unknown."""
        found = self.marks(value)
        return np.ascontiguousarray(found).tobytes() if found.any() else b""

    def mixes(self, value: Tensor) -> bool:
        """Has a vector entries of several vectors of one Tensor, as in K.T?

        >>> K = mg.exp(mg.Tensor([[1.0, 2.0], [3.0, 4.0]]))
        >>> Provenance().mixes(K.T), Provenance().mixes(K[::-1])
        (True, False)
        """
        for row in vectors(numbers(self.marks(value))).tolist():
            found = {self._origin(number)[:2] for number in row if number}
            if len(found) > len({origin for origin, _ in found}):
                return True
        return False

    def _origin(self, number: int) -> tuple[Tensor, int, int]:
        """Return whose entry has a number: of which of its vectors, at which place."""
        i = bisect.bisect_right(self._starts, number) - 1
        origin = self._origins[i]
        return origin, *divmod(number - self._starts[i], length(origin))

    def _looked_through(self, entry: Tensor) -> list[Tensor]:
        """Return the arguments on which an entry's marks depend."""
        row = entry.primitive
        if self._made is not None and entry in self._made:
            return []
        if isinstance(row, Elementwise):
            return [] if self._made is None else tensors(entry)
        if getattr(row, "jointly", False):
            return [arg for arg in entry.args if isinstance(arg, Tensor)]
        return []

    def _marks_of(self, entry: Tensor) -> Array:
        row = entry.primitive
        known = self._looked_through(entry)
        if row is None or (self._made is not None and entry in self._made):
            return self._new(entry)
        if isinstance(row, Elementwise):
            found = self._marks_passed_on(entry, known)
        else:
            given = [
                self._marks[arg] if known and isinstance(arg, Tensor) else constant(arg)
                for arg in entry.args
            ]
            found = moved(row, given, entry.options, entry.shape)
        if found is None or (entry in self._apart and not found.all()):
            nothing = np.broadcast_to(np.int64(0), entry.shape)
            return self._new(entry) if self._made is None else nothing
        self._moved.add(entry)
        only_constants = self._made is None and not found.any()
        return self._new(entry) if only_constants else found

    def _marks_passed_on(self, entry: Tensor, known: list[Tensor]) -> Array | None:
        """Return the marks that an elementwise row leaves where they are."""
        found = [self._marks[arg] for arg in known if self._marks[arg].any()]
        spread = [np.broadcast_to(each, entry.shape) for each in found]
        same = all(np.array_equal(spread[0], each) for each in spread[1:])
        return spread[0] if spread and same else None

    def _new(self, entry: Tensor) -> Array:
        found = np.arange(self._next, self._next + entry.size)
        self._starts.append(self._next)
        self._origins.append(entry)
        self._next += entry.size
        return marks(found).reshape(entry.shape)


def length(value: Tensor) -> int:
    """Return how many entries a vector has: the last axis. A matrix is several."""
    return value.shape[-1] if value.shape else 1


def vectors(found: Array) -> Array:
    """Return an array as rows of vectors; an axis may be empty, so -1 would not do."""
    found = np.atleast_1d(found)
    return found.reshape(math.prod(found.shape[:-1]), found.shape[-1])
