"""An LSTM recognised in a file of arrays, by the paths of its gates.

`minigrad draw lstm.npz` asks for it: see `minigrad.saved`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lstm.cell import LSTMCell
from lstm.layer import LSTM
from minigrad import Tensor
from minigrad.saved import Arrays, Recognition

STEPS = 3  # first, second, last


def layer(arrays: Arrays) -> Recognition | None:
    """Recognise the first LSTM of a file, also one with deeper boxes.

    >>> arrays = {p: v.data for p, v in LSTM(n=3, m=2).named_parameters()}
    >>> print(layer({**arrays, "readout.W": np.ones((1, 2))}).description)
    an LSTM with n = 3 inputs and m = 2 outputs, its cell at 'cell'. That its gates are
    those of lstm.LSTMCell is assumed; 3 time steps are drawn, with x = 0.
    """
    for path, W in arrays.items():
        base, found, _ = path.rpartition("forget.W")
        cell = _cell(arrays, base) if found and W.ndim == 2 else None
        if cell is not None:
            Y, _state = LSTM(cell)(Tensor(np.zeros((STEPS, cell.n), W.dtype), name="X"))
            description = (
                f"an LSTM with n = {cell.n} input{'s' * (cell.n > 1)} and m = {cell.m} "
                f"output{'s' * (cell.m > 1)}, its cell "
                f"at {base.rstrip('.')!r}. That its gates are those of lstm.LSTMCell "
                f"is assumed; {STEPS} time steps are drawn, with x = 0."
            )
            paths = tuple(base + at for at, _ in cell.named_parameters())
            return Recognition(Y, description, paths)
    return None


def _cell(arrays: Arrays, base: str) -> LSTMCell | None:
    """Return a cell with the numbers below this path, if they are its own exactly."""
    m = arrays[f"{base}forget.W"].shape[0]
    hidden: dict[str, Sequence[int]] = {
        gate: _hidden(arrays, f"{base}{gate}.hidden.") for gate in LSTMCell.letters
    }
    reads = arrays.get(f"{base}forget.hidden.0.W", arrays[f"{base}forget.W"])
    n = reads.shape[-1] - m
    if n < 1 or reads.dtype.kind != "f":
        return None
    cell = LSTMCell(n, m, hidden=hidden, rng=0)
    own = {base + at: parameter for at, parameter in cell.named_parameters()}
    if {at for at in arrays if at.startswith(base)} != set(own):
        return None  # a peephole, for instance, is of another class
    if any(arrays[at].shape != parameter.shape for at, parameter in own.items()):
        return None
    for at, parameter in own.items():
        parameter.data = arrays[at]
    return cell


def _hidden(arrays: Arrays, base: str) -> tuple[int, ...]:
    """Return the sizes of the layers within a box."""
    sizes: list[int] = []
    while f"{base}{len(sizes)}.b" in arrays:
        sizes.append(arrays[f"{base}{len(sizes)}.b"].size)
    return tuple(sizes)
