"""What a trained layer does, step by step: its gates, and its gradient through time.

Both are readings of a tape. The gates of step t are the Tensors with those names that
were recorded in the scope of t. The gradient through time is that of something at the
end with respect to x: its norm at step t says how much of what happened then can still
be learned from.
"""

from __future__ import annotations

import numpy as np

from lstm.layer import Recurrent
from minigrad import Tape, Tensor, grad
from minigrad.types import Array

LINES = ("f", "i", "c~", "o", "c", "y")  # of the usual picture


def gates(layer: Recurrent, x: Array) -> dict[str, Array]:
    """Return each line of a layer that read one sequence x (T, n), as (T, m).

    What a cell has not is left out: a simple RNN has only y.

    >>> from lstm import LSTM
    >>> read = gates(LSTM(n=3, m=2, rng=0), np.ones((7, 3)))
    >>> list(read), read["f"].shape
    (['f', 'i', 'c~', 'o', 'c', 'y'], (7, 2))
    """
    Y, _ = layer(Tensor(x, name="X"))
    found: dict[str, dict[int, Array]] = {name: {} for name in LINES}
    for step in Tape(Y):
        times = [part for part in step.scope if isinstance(part, int)]
        if step.name in found and times and step.primitive:
            found[step.name][times[-1]] = step.data
    return {
        name: np.stack([steps[t] for t in sorted(steps)])
        for name, steps in found.items()
        if steps
    }


def gradient_norms(layer: Recurrent, x: Array) -> Array:
    """Return (T,): the norm of the gradient of the last outputs' sum, at each x_t.

    x   (B, T, n); the norm is taken over the examples and features together

    >>> from lstm import LSTM
    >>> gradient_norms(LSTM(n=3, m=2, rng=0), np.ones((4, 7, 3))).shape
    (7,)
    """
    read = Tensor(x, name="X")
    Y, _ = layer(read)
    norms: Array = np.sqrt((grad(Y[:, -1].sum(), read) ** 2).sum(axis=(0, 2)))
    return norms
