"""An LSTM recognised in a file of arrays, by the paths of its gates.

`minigrad draw lstm.npz` asks for it: see `minigrad.saved`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from lstm.cell import LSTMCell
from lstm.layer import LSTM
from minigrad import Tensor
from minigrad.saved import Arrays, Recognised

STEPS = 3  # first, second, last


def layer(arrays: Arrays) -> Recognised | None:
    """Recognise the first LSTM of a file, also one with deeper boxes.

    >>> arrays = {p: v.data for p, v in LSTM(n=3, m=2).parameters().items()}
    >>> print(layer({**arrays, "readout.W": np.ones((1, 2))}).told)
    an LSTM with n = 3 inputs and m = 2 outputs, its cell at 'cell'. That its gates are
    those of lstm.LSTMCell is assumed; 3 time steps are drawn, with x = 0.
    """
    for path, W in arrays.items():
        base, found, _ = path.rpartition("forget.W")
        cell = _cell(arrays, base) if found and W.ndim == 2 else None
        if cell is not None:
            Y, _state = LSTM(cell)(Tensor(np.zeros((STEPS, cell.n), W.dtype), name="X"))
            told = (
                f"an LSTM with n = {cell.n} inputs and m = {cell.m} outputs, its cell "
                f"at {base.rstrip('.')!r}. That its gates are those of lstm.LSTMCell "
                f"is assumed; {STEPS} time steps are drawn, with x = 0."
            )
            return Recognised(Y, told, tuple(base + at for at in cell.parameters()))
    return None


def _cell(arrays: Arrays, base: str) -> LSTMCell | None:
    """Return a cell with the numbers below this path, if they are all there."""
    m = arrays[f"{base}forget.W"].shape[0]
    hidden: dict[str, Sequence[int]] = {
        gate: _hidden(arrays, f"{base}{gate}.hidden.") for gate in LSTMCell.letters
    }
    reads = arrays.get(f"{base}forget.hidden.0.W", arrays[f"{base}forget.W"])
    n = reads.shape[-1] - m
    if n < 1 or reads.dtype.kind != "f":
        return None
    cell = LSTMCell(n, m, hidden=hidden, rng=0)
    for at, parameter in cell.parameters().items():
        saved: Any = arrays.get(base + at)
        if saved is None or saved.shape != parameter.shape:
            return None
        parameter.data = saved
    return cell


def _hidden(arrays: Arrays, base: str) -> tuple[int, ...]:
    """Return the sizes of the layers within a box."""
    sizes: list[int] = []
    while f"{base}{len(sizes)}.b" in arrays:
        sizes.append(arrays[f"{base}{len(sizes)}.b"].size)
    return tuple(sizes)
