"""The LSTM layer: one cell, connected to itself over time.

    for t in 1..T:   y_t, c_t = cell(x_t, State(y_{t-1}, c_{t-1}))

The same four W and b at every step: unrolled pictures show T copies of one cell. What
is handed on, y and c, are vectors in R^m. That is why the cell is a layer: its neuron k
is row k of every W, plus one number c_k, and it reads all of y_{t-1}.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lstm.cell import LSTMCell, State, require_state
from lstm.explain import Explanation
from minigrad import Module, Tensor, scope, stack
from minigrad.context import reusing_weights
from minigrad.messages import explain, user_line
from minigrad.module import leaf


class LSTM(Module):
    """An LSTM over time: `y, state = layer(x)`.

    x       (B, T, n) a batch of sequences, or (T, n) one sequence
    y       (B, T, m) or (T, m): the output at every step
    state   State(y, c) after the last step, each (B, m) or (m,)

    Made from sizes, `LSTM(n, m, ...)` with the options of LSTMCell, or from a cell of
    your own, `LSTM(cell)`: a Module with sizes n and m, called as cell(x, state).

    >>> import numpy as np
    >>> layer = LSTM(n=3, m=2, rng=0)
    >>> y, state = layer(np.ones((4, 7, 3)))
    >>> y.shape, state.y.shape, state.c.shape
    ((4, 7, 2), (4, 2), (4, 2))
    """

    def __init__(self, n: int | Module, m: int | None = None, **options: Any) -> None:
        own = isinstance(n, Module)
        if own == (m is not None) or (own and options):
            raise TypeError(
                explain(
                    f"LSTM({'cell' if own else n}, ...), at {user_line()}",
                    {},
                    "a layer has two sizes, n features come in, m come out; or a cell, "
                    "which has its own.",
                    "LSTM(n, m, ...), or LSTM(cell) and nothing else.",
                )
            )
        self.cell: Any = n if own else LSTMCell(n, m, **options)  # type: ignore[arg-type]

    def forward(self, x: Any, state: State | None = None) -> tuple[Any, State]:
        """Return y at every step, and the State after the last."""
        n, m = self.cell.n, self.cell.m
        x = x if isinstance(x, Tensor) else np.asarray(x)
        if x.ndim not in (2, 3) or x.shape[-1] != n or x.shape[-2] == 0:
            raise ValueError(
                explain(
                    f"LSTM: layer(x), at {user_line()}",
                    {"x": x},
                    f"x must be (B, T, n) or (T, n) with n = {n} and T > 0.",
                    "x[..., None] adds a feature axis, x[None] a batch axis, "
                    "x.transpose(1, 0, 2) turns (T, B, n) into (B, T, n).",
                )
            )
        batch = x.shape[:-2]
        if state is None:
            state = State.zeros(m, batch, getattr(self.cell, "dtype", float))
        require_state(state)
        state = State(leaf(state.y, "y_0"), leaf(state.c, "c_0"))
        outputs = []
        with reusing_weights():
            for t in range(x.shape[-2]):
                with scope(t + 1):
                    x_t = x[..., t, :]
                    if isinstance(x_t, Tensor):
                        x_t.name = "x"
                    elif x_t.dtype.kind == "f":  # integers may be indices
                        x_t = leaf(x_t, "x")
                    state = self.cell(x_t, state)
                outputs.append(state.y)
        together = stack(outputs, axis=-2)
        together.name = "Y"
        return together, state

    def explain(self) -> None:
        """Print what each line and box of the picture is: shapes, counts, readings."""
        print(self.explanation())

    def explanation(self) -> Explanation:
        """Return what `explain` prints."""
        return Explanation(self.cell)
