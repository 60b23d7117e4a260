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

What is not a move reads several entries. A linear row says which when it runs on a
vector with a single entry that is not 0: where its result is not 0, that entry was
read. Elementwise rows read what broadcasting puts there. So every row has a
**pattern**, the places where its Jacobian may differ from 0, and the pattern of several
steps is the product of theirs.
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from minigrad.parameter import Parameter
from minigrad.primitive import Elementwise, Linear, Primitive
from minigrad.structure.consumers import tensors
from minigrad.tape import in_order
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
    found: Array = (counted << DIGITS) | (mixed * mixed % PRIME)
    return found


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
    try:
        made = np.asarray(row.function(*given, **options))
        found = made.astype(np.int64)
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

    >>> import minigrad as mg
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
            if unknown and entry not in self._marks:
                waiting += unknown
            elif waiting.pop() not in self._marks:
                self._marks[entry] = self._marked(entry)
        return self._marks[value]

    def rows(self, value: Tensor) -> Iterator[list[Entry]]:
        """Yield for every vector in a Tensor where each of its entries comes from.

        A vector with constants in it, such as the zeros of a mask, is left out.
        """
        for row in _vectors(numbers(self.marks(value))):
            if row.all():
                found = map(self._origin, row.tolist())
                yield [(origin, j) for origin, _, j in found]

    def only_moved(self, value: Tensor) -> bool:
        """Is every entry one that another Tensor has, or a constant?

        >>> import minigrad as mg
        >>> x = mg.Tensor([[1.0, 2.0], [3.0, 4.0]])
        >>> [Provenance().only_moved(each) for each in (x.T, x[0], x.sum(), x)]
        [True, True, False, False]
        """
        self.marks(value)
        return value in self._moved

    def origins(self, value: Tensor) -> list[Tensor]:
        """Return whose entries these are, in order; [] where some are not known.

        >>> import minigrad as mg
        >>> a, b = mg.exp(mg.Tensor([1.0, 2.0])), mg.exp(mg.Tensor([3.0, 4.0]))
        >>> Provenance().origins(mg.stack([a, b])[::-1]) == [b, a]
        True
        """
        found = numbers(self.marks(value)).ravel().tolist()
        if not found or min(found) == 0:
            return []
        return list(dict.fromkeys(self._origin(number)[0] for number in found))

    def key(self, value: Tensor) -> bytes:
        """Return what is the same for Tensors with the same entries; b"" if unknown."""
        found = self.marks(value)
        return np.ascontiguousarray(found).tobytes() if found.any() else b""

    def mixes(self, value: Tensor) -> bool:
        """Has a vector entries of several vectors of one Tensor, as in K.T?

        >>> import minigrad as mg
        >>> K = mg.exp(mg.Tensor([[1.0, 2.0], [3.0, 4.0]]))
        >>> Provenance().mixes(K.T), Provenance().mixes(K[::-1])
        (True, False)
        """
        for row in _vectors(numbers(self.marks(value))).tolist():
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

    def _marked(self, entry: Tensor) -> Array:
        row = entry.primitive
        known = self._looked_through(entry)
        if row is None or (self._made is not None and entry in self._made):
            return self._new(entry)
        if isinstance(row, Elementwise):
            found = self._passed(entry, known)
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

    def _passed(self, entry: Tensor, known: list[Tensor]) -> Array | None:
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


# ------------------------------------------------------------------- what is computed


def pattern(entry: Tensor, i: int) -> Array:
    """Return which entry of a result (row) reads which of its argument i (column).

    These are the places where the Jacobian may differ from 0, of entries in the order
    of memory.

    >>> import minigrad as mg
    >>> W, x = mg.Tensor([[1.0, 2.0], [3.0, 4.0]]), mg.Tensor([5.0, 6.0])
    >>> pattern(mg.cumsum(x, axis=0), 0).astype(int)
    array([[1, 0],
           [1, 1]])
    >>> pattern(mg.matvec(W, x), 0).astype(int)
    array([[1, 1, 0, 0],
           [0, 0, 1, 1]])
    """
    arg, row = entry.args[i], entry.primitive
    found = np.zeros((entry.size, arg.size), bool)
    places = marks(np.arange(1, arg.size + 1)).reshape(arg.shape)
    came: Array | None
    if isinstance(row, Elementwise):
        came = np.broadcast_to(places, entry.shape)
    else:
        given = [constant(arg) for arg in entry.args]
        given[i] = places
        came = moved(row, given, entry.options, entry.shape)
    if came is not None:
        read = numbers(came).ravel()
        (k,) = np.nonzero(read)
        found[k, read[k] - 1] = True
        return found
    for j in range(arg.size):
        chosen = np.zeros(arg.size)
        chosen[j] = 1.0
        found[:, j] = _reading(entry, i, chosen.reshape(arg.shape)).ravel()
    return found


def dependence(
    value: Tensor, source: Tensor, through: Iterable[Tensor] | None = None
) -> Array:
    """Return which entry of a value (row) reads which of a source (column), at last.

    through   the entries between them, in the order of the tape; by default all

    >>> import minigrad as mg
    >>> x = mg.Tensor([1.0, 2.0, 3.0])
    >>> dependence(mg.tanh(x)[1:] * 2.0, x).astype(int)
    array([[0, 1, 0],
           [0, 0, 1]])
    >>> bool(dependence(mg.softmax(x), x).all())
    True
    """
    reached = {source: np.eye(source.size, dtype=bool)}
    for entry in in_order([value]) if through is None else through:
        if entry.primitive is None or entry is source:
            continue
        for i, arg in enumerate(entry.args):
            if isinstance(arg, Tensor) and arg in reached:
                way = np.asarray(pattern(entry, i).astype(np.float32) @ reached[arg])
                before = reached.get(entry, np.zeros(way.shape, bool))
                reached[entry] = np.asarray(before | (way > 0))
    return reached.get(value, np.zeros((value.size, source.size), bool))


def of_vectors(found: Array, value: Tensor, source: Tensor) -> Array:
    """Return a pattern of all entries as one of vectors, the last axes, of any example.

    >>> import minigrad as mg
    >>> X = mg.Tensor([[1.0, 2.0], [3.0, 4.0]])
    >>> Y = mg.tanh(X)
    >>> of_vectors(dependence(Y, X), Y, X).astype(int)
    array([[1, 0],
           [0, 1]])
    """
    k, j = length(value), length(source)
    rows, columns = (n // max(m, 1) for n, m in zip(found.shape, (k, j), strict=True))
    return np.asarray(found.reshape(rows, k, columns, j).any(axis=(0, 2)))


# ---------------------------------------------------------------------- of one vector


def length(value: Tensor) -> int:
    """Return how many entries a vector has: the last axis. A matrix is several."""
    return value.shape[-1] if value.shape else 1


def reads(entry: Tensor) -> Iterator[tuple[Tensor, int, int]]:
    """Yield each argument that is no Parameter, its entry j, and which k reads it.

    What is said of entries j and k of vectors holds for all vectors in a batch.

    >>> import minigrad as mg
    >>> x = mg.Tensor([5.0, 6.0], name="x")
    >>> [(j, k) for _, j, k in reads(mg.cumsum(x, axis=0))]
    [(0, 0), (0, 1), (1, 1)]
    """
    for i, arg in enumerate(entry.args):
        if isinstance(arg, Tensor) and not isinstance(arg, Parameter):
            yield from (
                (arg, int(j), int(k)) for j, k in np.argwhere(between(entry, i).T)
            )


def between(entry: Tensor, i: int) -> Array:
    """Return which entry k (row) of a vector reads which j (column) of argument i.

    >>> import minigrad as mg
    >>> between(mg.tanh(mg.Tensor([[1.0, 2.0], [3.0, 4.0]])), 0).astype(int)
    array([[1, 0],
           [0, 1]])
    """
    arg = entry.args[i]
    found = np.zeros((length(entry), length(arg)), bool)
    for j in range(length(arg)):
        chosen = np.zeros(arg.shape)
        here = (..., j) if arg.shape else ()
        chosen[here] = _numbers(chosen[here].shape)
        found[:, j] = _vectors(_reading(entry, i, chosen)).any(0)
    return found


def everywhere(entry: Tensor, i: int) -> bool:
    """Is the first entry of argument i read by every entry of the result?

    >>> import minigrad as mg
    >>> W, X = mg.Parameter([[1.0, 2.0], [3.0, 4.0]]), mg.Tensor([[5.0, 6.0]] * 2)
    >>> everywhere(X @ W, 0), everywhere(W @ X, 1)
    (True, False)
    """
    return bool(between(entry, i)[:, :1].all())


def _reading(entry: Tensor, i: int, chosen: Array) -> Array:
    """Return which entries of a result read those of argument i that are not 0."""
    row = entry.primitive
    if isinstance(row, Elementwise):
        return np.asarray(np.broadcast_to(chosen, entry.shape) != 0)
    args = [_numbers(a.shape) if isinstance(a, Tensor) else a for a in entry.args]
    if getattr(row, "jointly", False):
        args = [constant(arg) * 0.0 for arg in args]
    args[i] = chosen
    try:
        assert isinstance(row, Linear)
        made = np.asarray(row.function(*args, **entry.options)).reshape(entry.shape)
        return np.asarray(made != 0)
    except Exception:  # a row of the reader's own that wants other numbers
        return np.ones(entry.shape, bool)


def _numbers(shape: Shape) -> Array:
    """Return numbers between 1 and 2 that no sum of few makes 0."""
    k = np.arange(math.prod(shape), dtype=float)
    return np.asarray(1.0 + k * k * math.sqrt(0.5) % 1.0).reshape(shape)


def _vectors(found: Array) -> Array:
    """Return an array as rows of vectors; an axis may be empty, so -1 would not do."""
    found = np.atleast_1d(found)
    return found.reshape(math.prod(found.shape[:-1]), found.shape[-1])
