"""Which entry is this? The moves of a tape, replayed on names.

Between two layers stand rows that only move entries about: `take` picks x_t out of X,
`stack` puts all y_t below each other, `concatenate` joins. To know where an entry came
from, every entry is given a number for a name, and the moves are run on the names.

Which rows are moves? Nobody is asked: a move commutes with squaring what it moves, and
a sum does not, (a + b)² being more than a² + b² for names above 0.

    names of x       1 2 3
    x[::-1]          3 2 1        squared before or after: 9 4 1
    x.sum()          6            squared after: 36, before: 14
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Container, Iterable, Iterator
from typing import Any

import numpy as np

from minigrad.primitive import Linear
from minigrad.structure.reads import length
from minigrad.tape import Tape
from minigrad.tensor import Array, Tensor

MANY = 10_000  # entries: beyond that two Tensors are not compared
Entry = tuple[Tensor, int]  # an entry of a vector: the Tensor, and its place in it


class Moves:
    """Where the entries of each Tensor of a tape come from.

    A vector is the last axis. In a batch of what was computed all examples have the
    same names; of a leaf every entry has its own. What is `boxed`, part of a dense
    sub-layer, is no move where it has constants: it is an activation.

    >>> import minigrad as mg
    >>> x = mg.Tensor([5.0, 6.0, 7.0], name="x")
    >>> last_two = mg.concatenate([x, x])[4:]
    >>> row = next(Moves(mg.Tape(last_two)).rows(last_two))
    >>> [(each.name, j) for each, j in row]
    [('x', 1), ('x', 2)]
    """

    def __init__(self, tape: Tape, boxed: Container[Tensor] = ()) -> None:
        self._starts: list[int] = []
        self._owners: list[Tensor] = []
        self._next = 1  # 0 is the name of a constant
        self._names: dict[Tensor, Array] = {}
        self._makers: set[Tensor] = set()
        for entry in tape:
            moved = self._moved(entry)
            if entry in boxed and moved is not None and not moved.all():
                moved = None  # relu puts zeros among the entries of a dense sub-layer
            self._names[entry] = self._new(entry) if moved is None else moved

    def rows(self, value: Tensor) -> Iterator[list[Entry]]:
        """Yield for every vector in a Tensor where each of its entries comes from.

        A vector with constants in it, such as the zeros of a mask, is left out.
        """
        for row in _vectors(self._names[value]):
            if row.all():
                yield [self._entry(name) for name in row.tolist()]

    def made(self, entries: Iterable[Tensor]) -> list[Tensor]:
        """Return the entries that are no moves."""
        return [each for each in entries if each in self._makers]

    def moved_from(self, value: Tensor) -> tuple[int, ...] | None:
        """Return the same for all Tensors whose entries are the same ones, moved."""
        names = self._names[value].ravel()
        return tuple(names.tolist()) if len(names) < MANY else None

    def mixes(self, value: Tensor) -> bool:
        """Has a vector entries of several vectors of one Tensor, as in K.T?

        >>> import minigrad as mg
        >>> K = mg.exp(mg.Tensor([[1.0, 2.0], [3.0, 4.0]]))
        >>> turned, back = K.T, K[::-1]
        >>> moves = Moves(mg.Tape(turned, back))
        >>> moves.mixes(turned), moves.mixes(back)
        (True, False)
        """
        for row in _vectors(self._names[value]).tolist():
            vectors = {
                (owner, n) for owner, n, _ in map(self._found, filter(None, row))
            }
            if len(vectors) > len({owner for owner, _ in vectors}):
                return True
        return False

    def _entry(self, name: int) -> Entry:
        owner, _, j = self._found(name)
        return owner, j

    def _found(self, name: int) -> tuple[Tensor, int, int]:
        """Return whose entry a name is: of which of its vectors, at which place."""
        i = bisect.bisect_right(self._starts, name) - 1
        owner = self._owners[i]
        return owner, *divmod(name - self._starts[i], length(owner))

    def _new(self, entry: Tensor) -> Array:
        names = np.arange(self._next, self._next + entry.size)
        self._makers.add(entry)
        self._starts.append(self._next)
        self._owners.append(entry)
        self._next += entry.size
        return names.reshape(entry.shape)

    def _moved(self, entry: Tensor) -> Array | None:
        """Return the names of what was only moved, or None."""
        row = entry.primitive
        if not isinstance(row, Linear) or not row.jointly:
            return None
        names = [
            self._names[a] if isinstance(a, Tensor) else np.zeros(np.shape(a), int)
            for a in entry.args
        ]

        def run(given: list[Array]) -> Any:
            return np.asarray(row.function(*given, **entry.options)).astype(int)

        try:
            moved = run(names)
            squared = run([each * each for each in names])
        except Exception:  # a row of the reader's own that wants no whole numbers
            return None
        return moved if np.array_equal(moved * moved, squared) and moved.any() else None


def _vectors(names: Array) -> Array:
    """Return an array as rows of vectors; an axis may be empty, so -1 would not do."""
    names = np.atleast_1d(names)
    return names.reshape(math.prod(names.shape[:-1]), names.shape[-1])
