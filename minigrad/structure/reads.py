"""Which entry reads which? An operation is asked, with one entry that is NaN.

NaN stays NaN whatever is computed from it. So the operation runs on ones, with NaN at
one place, and where NaN comes out, that place was read:

    x = 1 NaN 1      x.sum() = NaN,  x.cumsum() = 1 NaN NaN
    A @ V            column k reads column k of V, and every column of A

A vector is the last axis; a matrix is several, and what is said holds of all of them.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from minigrad.parameter import Parameter
from minigrad.primitive import Elementwise
from minigrad.tensor import Array, Tensor


def length(value: Tensor) -> int:
    """Return how many entries a vector has."""
    return value.shape[-1] if value.shape else 1


def reads(entry: Tensor) -> Iterator[tuple[Tensor, int, int]]:
    """Yield each argument that is no Parameter, its entry j, and which k reads it.

    >>> import minigrad as mg
    >>> x = mg.Tensor([5.0, 6.0], name="x")
    >>> [(j, k) for _, j, k in reads(mg.cumsum(x, axis=0))]
    [(0, 0), (0, 1), (1, 1)]
    """
    for i, arg in enumerate(entry.args):
        if not isinstance(arg, Tensor) or isinstance(arg, Parameter):
            continue
        if isinstance(entry.primitive, Elementwise):
            wide = length(arg) > 1
            yield from ((arg, k if wide else 0, k) for k in range(length(entry)))
        else:
            for j in range(length(arg)):
                yield from ((arg, j, int(k)) for k in np.flatnonzero(_at(entry, i, j)))


def everywhere(entry: Tensor, i: int) -> bool:
    """Is the first entry of argument i read by every entry of the result?

    >>> import minigrad as mg
    >>> W, X = mg.Parameter([[1.0, 2.0], [3.0, 4.0]]), mg.Tensor([[5.0, 6.0]] * 2)
    >>> everywhere(X @ W, 0), everywhere(W @ X, 1)
    (True, False)
    """
    return bool(_at(entry, i, 0).all())


def _at(entry: Tensor, i: int, j: int) -> Array:
    """Return for each entry of the result whether it reads entry j of argument i."""
    args = [np.ones(a.shape) if isinstance(a, Tensor) else a for a in entry.args]
    args[i][(..., j) if entry.args[i].shape else ()] = np.nan
    try:
        with np.errstate(all="ignore"):
            assert entry.primitive is not None
            made = entry.primitive.function(*args, **entry.options)
        found = np.isnan(made).reshape(-1, length(entry))
    except Exception:  # a row of the reader's own that wants other numbers
        return np.ones(length(entry), bool)
    return np.asarray(found.any(0))
