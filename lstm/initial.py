"""How the weights of a cell start: four presets, each a known recipe.

A preset returns, for each box of a cell, its W and its b. W has a block of columns for
x, and one for each vector carried from the step before. The presets differ in what they
take for "one layer":

    glorot    each box is a dense layer of its own: W_x Glorot uniform over (n, m), W_y
              orthogonal (m, m), b zero, forget bias 1. The reading of this project.
    keras     the k boxes are one (km) layer: Glorot over (n, km), orthogonal rows over
              (m, km) jointly; b zero, forget bias 1. Keras's LSTM, GRU and SimpleRNN.
    torch     everything uniform in +-1/sqrt(m), b the sum of two such draws, since
              PyTorch keeps two biases; no forget bias.
    identity  W_y the identity, W_x Gaussian with deviation 0.001, b zero: the IRNN of
              Le, Jaitly and Hinton 2015.

A forget bias of 1 keeps the cell state at the start (Gers et al. 2000; Jozefowicz
et al. 2015): f = sigma(1) = 0.73 instead of 0.5. With `chrono` the neurons start with
different memories, as long as the task may need (Tallec and Ollivier 2018).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import numpy as np

from minigrad.messages import explained
from minigrad.types import Array

Start: TypeAlias = tuple[Array, Array]  # W of shape (m, n + ...), b of shape (m,)
Preset: TypeAlias = Callable[
    [Sequence[str], tuple[int, ...], int, np.random.Generator], dict[str, Start]
]


def start(
    reads: Mapping[str, tuple[int, ...]],
    m: int,
    init: str,
    forget_bias: float | None,
    chrono: float | None,
    rng: np.random.Generator,
) -> dict[str, Start]:
    """Return W and b to begin with, for each box of a cell.

    reads  for each box the sizes of what it reads: x first, then what is carried

    Boxes that read the same are one layer to the presets.
    """
    preset = PRESETS[_known(init)]
    alike: dict[tuple[int, ...], list[str]] = {}
    for name, sizes in reads.items():
        alike.setdefault(sizes, []).append(name)
    begin: dict[str, Start] = {}
    for sizes, names in alike.items():
        begin.update(preset(names, sizes, m, rng))
    biases: dict[str, Array] = {}
    if forget_bias is not None:
        _require_number("forget_bias", forget_bias)
        biases = {"forget": np.full(m, float(forget_bias))}
    if chrono is not None:
        biases = chrono_biases(m, chrono, rng)
    if biases:
        _require_forget(reads, forget_bias, chrono)
    return {name: (W, biases.get(name, b)) for name, (W, b) in begin.items()}


def orthogonal(rows: int, columns: int, rng: np.random.Generator) -> Array:
    """Return a (rows, columns) matrix with orthonormal rows or columns, whichever fit.

    Saxe et al. 2014: the orthogonal factor of a Gaussian matrix, with the signs fixed
    so that every orthogonal matrix is equally likely.
    """
    tall = rng.standard_normal((max(rows, columns), min(rows, columns)))
    q, r = np.linalg.qr(tall)
    q *= np.sign(np.diag(r))
    return q if rows >= columns else q.T


def glorot(
    names: Sequence[str], sizes: tuple[int, ...], m: int, rng: np.random.Generator
) -> dict[str, Start]:
    """Return the start of dense layers, one for each box."""
    n, *carried = sizes
    limit = np.sqrt(6 / (n + m))
    return {
        name: (
            np.hstack(
                [
                    rng.uniform(-limit, limit, (m, n)),
                    *(orthogonal(m, size, rng) for size in carried),
                ]
            ),
            np.full(m, 1.0 if name == "forget" else 0.0),
        )
        for name in names
    }


def keras(
    names: Sequence[str], sizes: tuple[int, ...], m: int, rng: np.random.Generator
) -> dict[str, Start]:
    """Return the start of Keras's recurrent layers: all boxes are one layer."""
    n, *carried = sizes
    limit = np.sqrt(6 / (n + len(names) * m))
    kernel = rng.uniform(-limit, limit, (len(names), m, n))
    recurrent = [orthogonal(size, len(names) * m, rng) for size in carried]
    return {  # the rows of each recurrent matrix are orthonormal, its blocks not
        name: (
            np.hstack([kernel[k], *(r[:, k * m : (k + 1) * m].T for r in recurrent)]),
            np.full(m, 1.0 if name == "forget" else 0.0),
        )
        for k, name in enumerate(names)
    }


def torch(
    names: Sequence[str], sizes: tuple[int, ...], m: int, rng: np.random.Generator
) -> dict[str, Start]:
    """Return the start of PyTorch's recurrent layers: everything uniform."""
    limit = 1 / np.sqrt(m)
    return {
        name: (
            rng.uniform(-limit, limit, (m, sum(sizes))),
            rng.uniform(-limit, limit, (2, m)).sum(axis=0),
        )
        for name in names
    }


def identity(
    names: Sequence[str], sizes: tuple[int, ...], m: int, rng: np.random.Generator
) -> dict[str, Start]:
    """Return the start of an IRNN: what was carried is handed on as it is."""
    n, *carried = sizes
    return {
        name: (
            np.hstack(
                [0.001 * rng.standard_normal((m, n)), *(np.eye(m, k) for k in carried)]
            ),
            np.zeros(m),
        )
        for name in names
    }


PRESETS: Mapping[str, Preset] = {
    "glorot": glorot,
    "keras": keras,
    "torch": torch,
    "identity": identity,
}


def chrono_biases(m: int, T: float, rng: np.random.Generator) -> dict[str, Array]:
    """Return b_f = log U(1, T - 1) and b_i = -b_f: memories of 2 to T steps.

    A neuron with b_f = log(k - 1) keeps f = 1 - 1/k of its cell state at every step, so
    it forgets over some k steps (Tallec and Ollivier 2018, section 2). T is the
    longest dependency that is expected in the data, at least 2.

    >>> biases = chrono_biases(2, 100, np.random.default_rng(0))
    >>> bool(np.all(1 / (1 + np.exp(-biases["forget"])) < 1 - 1 / 100))
    True
    """
    _require_number("chrono", T)
    if not 2 <= T < np.inf:  # nor if it is no number
        raise explained(
            ValueError,
            f"chrono={T!r}",
            "the biases are log U(1, T - 1), for memories of 2 to T steps.",
            "give the number of steps that the longest memory lasts, at least 2.",
        )
    forget = np.log(rng.uniform(1, T - 1, m))
    return {"forget": forget, "input": -forget}


def _require_number(option: str, value: object) -> None:
    """Refuse what is no number: one is for all neurons alike."""
    if isinstance(value, int | float | np.number):
        return
    raise explained(
        TypeError,
        "the start of b_f",
        {option: value},
        f"{option} is one number, for all neurons.",
        f"write {option}={'1.0' if option == 'forget_bias' else '100'}; to start "
        "each neuron otherwise, assign cell.forget.b.data.",
    )


def _known(init: str) -> str:
    if isinstance(init, str) and init in PRESETS:
        return init
    raise explained(
        ValueError,
        f"init={init!r}",
        "there is no such way to start.",
        f"choose one of {', '.join(PRESETS)}.",
    )


def _require_forget(
    reads: Mapping[str, object], forget_bias: float | None, chrono: float | None
) -> None:
    """Refuse a start of b_f where there is none, and two of them."""
    both = forget_bias is not None and chrono is not None
    if "forget" in reads and not both:
        return
    raise explained(
        ValueError,
        f"forget_bias={forget_bias!r}, chrono={chrono!r}",
        "both say where b_f starts."
        if both
        else f"the cell has no forget gate; its boxes are {', '.join(reads)}.",
        "give one of them, or none." if both else "leave it away.",
    )
