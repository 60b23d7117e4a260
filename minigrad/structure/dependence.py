"""Dependence: which entries does an entry read, through one row or through many?

A row that only moves entries reads what the marks say (see `provenance.py`), and an
elementwise row what broadcasting puts there. A linear row says it itself, when it runs
on a vector with a single entry that is not 0: where the result is not 0, that entry was
read.

    x = 0 1 0        x.sum() = 1,  x.cumsum() = 0 1 1
    A @ V            column k reads column k of V, and every column of A

So every row has a **pattern**, the places where its Jacobian may differ from 0, and the
pattern of several steps is the product of theirs:

    d loss / d x = (d loss / d y) (d y / d x)
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

import numpy as np

from minigrad.parameter import Parameter
from minigrad.primitive import Elementwise, Linear
from minigrad.structure.provenance import (
    constant,
    length,
    marks,
    moved,
    numbers,
    vectors,
)
from minigrad.tape import in_order
from minigrad.tensor import Array, Tensor
from minigrad.types import Shape


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


# ---------------------------------------------------------------------- of one vector


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
        found[:, j] = vectors(_reading(entry, i, chosen)).any(0)
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
