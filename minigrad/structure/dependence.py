"""Dependence: which entries of a vector does an entry of the result read?

An elementwise row reads what broadcasting puts there. A linear row says it itself, when
it runs on vectors with a single entry that is not 0: where the result is not 0, that
entry was read.

    x = 0 1 0        x.sum() = 1,  x.cumsum() = 0 1 1
    A @ V            column k reads column k of V, and every column of A

These are the places where the Jacobian may differ from 0. A vector is the last axis,
and what is said of its entries holds for all vectors in a batch.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from minigrad.parameter import Parameter
from minigrad.primitive import Elementwise, Linear
from minigrad.structure.provenance import constant, length, vectors
from minigrad.tensor import Array, Tensor
from minigrad.types import Shape


def reads(entry: Tensor) -> Iterator[tuple[Tensor, int, int]]:
    """Yield each argument that is no Parameter, its entry j, and which k reads it.

    What is said of entries j and k of vectors holds for all vectors in a batch.

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

    >>> between(mg.tanh(mg.Tensor([[1.0, 2.0], [3.0, 4.0]])), 0).astype(int)
    array([[1, 0],
           [0, 1]])
    """
    arg = entry.args[i]
    if isinstance(entry.primitive, Elementwise):
        alike = length(arg) == length(entry)
        one = np.eye(length(entry)) if alike else np.ones((length(entry), 1))
        return np.asarray(one * entry.size != 0)
    columns = [_column(entry, i, j) for j in range(length(arg))]
    return np.stack(columns, 1) if columns else np.zeros((length(entry), 0), bool)


def everywhere(entry: Tensor, i: int) -> bool:
    """Is the first entry of argument i read by every entry of the result?

    >>> W, X = mg.Parameter([[1.0, 2.0], [3.0, 4.0]]), mg.Tensor([[5.0, 6.0]] * 2)
    >>> everywhere(X @ W, 0), everywhere(W @ X, 1)
    (True, False)
    """
    return not length(entry.args[i]) or bool(_column(entry, i, 0).all())


def _column(entry: Tensor, i: int, j: int) -> Array:
    """Return which entries of a vector read entry j of those of argument i."""
    arg = entry.args[i]
    chosen = np.zeros(arg.shape)
    here = (..., j) if arg.shape else ()
    chosen[here] = _numbers(chosen[here].shape)
    return np.asarray(vectors(_reading(entry, i, chosen)).any(0))


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
