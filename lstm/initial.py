"""How the weights of an LSTM start: three presets, each a known recipe.

A preset returns, for each of the four gates, the two halves of its W and its b. They
differ in what they take for "one layer":

    glorot  each gate is a dense layer of its own: W_x Glorot uniform over (n, m), W_y
            orthogonal (m, m), b zero, forget bias 1. The reading of this project.
    keras   the four gates are one (4m) layer: Glorot over (n, 4m), orthogonal rows
            over (m, 4m) jointly; b zero, forget bias 1. Keras's LSTM layer.
    torch   everything uniform in +-1/sqrt(m), b the sum of two such draws, since
            PyTorch keeps two biases; no forget bias.

A forget bias of 1 keeps the cell state at the start (Gers et al. 2000; Jozefowicz
et al. 2015): f = sigma(1) = 0.73 instead of 0.5.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

Array = np.ndarray
Start = tuple[Array, Array]  # W of shape (m, n+m), b of shape (m,)

GATES = ("forget", "input", "candidate", "output")


def orthogonal(rows: int, columns: int, rng: np.random.Generator) -> Array:
    """Return a (rows, columns) matrix with orthonormal rows or columns, whichever fit.

    Saxe et al. 2014: the orthogonal factor of a Gaussian matrix, with the signs fixed
    so that every orthogonal matrix is equally likely.
    """
    tall = rng.standard_normal((max(rows, columns), min(rows, columns)))
    q, r = np.linalg.qr(tall)
    q *= np.sign(np.diag(r))
    return q if rows >= columns else q.T


def glorot(n: int, m: int, rng: np.random.Generator) -> dict[str, Start]:
    """Return the start of four dense layers, one for each gate."""
    limit = np.sqrt(6 / (n + m))
    return {
        gate: (
            np.hstack(
                [rng.uniform(-limit, limit, (m, n)), orthogonal(m, m, rng)],
            ),
            np.full(m, 1.0 if gate == "forget" else 0.0),
        )
        for gate in GATES
    }


def keras(n: int, m: int, rng: np.random.Generator) -> dict[str, Start]:
    """Return the start of Keras's LSTM: one layer of 4m."""
    limit = np.sqrt(6 / (n + 4 * m))
    kernel = rng.uniform(-limit, limit, (4, m, n))
    recurrent = orthogonal(m, 4 * m, rng)  # its rows are orthonormal, its blocks not
    return {
        gate: (
            np.hstack([kernel[k], recurrent[:, k * m : (k + 1) * m].T]),
            np.full(m, 1.0 if gate == "forget" else 0.0),
        )
        for k, gate in enumerate(GATES)
    }


def torch(n: int, m: int, rng: np.random.Generator) -> dict[str, Start]:
    """Return the start of PyTorch's LSTM: everything uniform."""
    limit = 1 / np.sqrt(m)
    return {
        gate: (
            rng.uniform(-limit, limit, (m, n + m)),
            rng.uniform(-limit, limit, (2, m)).sum(axis=0),
        )
        for gate in GATES
    }


PRESETS: Mapping[str, Callable[[int, int, np.random.Generator], dict[str, Start]]] = {
    "glorot": glorot,
    "keras": keras,
    "torch": torch,
}
