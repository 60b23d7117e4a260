"""The layer over time: one cell, connected to itself.

    for t in 1..T:   y_t, c_t = cell(x_t, State(y_{t-1}, c_{t-1}))

The same four W and b at every step: unrolled pictures show T copies of one cell. What
is handed on, y and c, are vectors in R^m. That is why the cell is a layer: its neuron k
is row k of every W, plus one number c_k, and it reads all of y_{t-1}.

`Recurrent` connects any cell: a Module with sizes n and m that is called as
`cell(x, state)` and returns the next state. A state is a NamedTuple whose field y is
the output; `cell.start(batch)` returns the one to begin with.
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


class Recurrent(Module):
    """A cell over time: `y, state = layer(x)`.

    x       (B, T, n) a batch of sequences, or (T, n) one sequence
    y       (B, T, m) or (T, m): the output at every step
    state   what the cell carries, after the last step: each part (B, m) or (m,)

    >>> from lstm.cell import LSTMCell
    >>> y, last = Recurrent(LSTMCell(n=3, m=2, rng=0))(np.ones((7, 3)))
    >>> y.shape, last.c.shape
    ((7, 2), (2,))
    """

    def __init__(self, cell: Any) -> None:
        self.cell = cell

    def forward(self, x: Any, state: Any = None) -> tuple[Any, Any]:
        """Return y at every step, and the state after the last."""
        x = self._read(x)
        state = self._begin(state, x.shape[:-2])
        outputs = []
        with reusing_weights():
            for t in range(x.shape[-2]):
                with scope(t + 1):
                    state = self.cell(_named(x[..., t, :]), state)
                outputs.append(state.y)
        together = stack(outputs, axis=-2)
        together.name = "Y"
        return together, state

    def _read(self, x: Any) -> Any:
        x = x if isinstance(x, Tensor) else np.asarray(x)
        n = self.cell.n
        if x.ndim in (2, 3) and x.shape[-1] == n and x.shape[-2] > 0:
            return x
        raise ValueError(
            explain(
                f"{type(self).__name__}: layer(x), at {user_line()}",
                {"x": x},
                f"x must be (B, T, n) or (T, n) with n = {n} and T > 0.",
                "x[..., None] adds a feature axis, x[None] a batch axis, "
                "x.transpose(1, 0, 2) turns (T, B, n) into (B, T, n).",
            )
        )

    def _begin(self, state: Any, batch: tuple[int, ...]) -> Any:
        """Return the state before the first step, its parts visible on the tape."""
        start = self._start(batch)
        if state is None:
            state = start
        require_state(state, type(start))
        return type(state)(
            *(leaf(v, f"{k}_0") for k, v in zip(state._fields, state, strict=True))
        )

    def _start(self, batch: tuple[int, ...]) -> Any:
        if hasattr(self.cell, "start"):
            return self.cell.start(batch)
        dtype = getattr(self.cell, "dtype", float)
        return State.zeros(self.cell.m, batch, dtype)


class LSTM(Recurrent):
    """An LSTM over time: `y, state = layer(x)`.

    x       (B, T, n) a batch of sequences, or (T, n) one sequence
    y       (B, T, m) or (T, m): the output at every step
    state   State(y, c) after the last step, each (B, m) or (m,)

    Made from sizes, `LSTM(n, m, ...)` with the options of LSTMCell, or from a cell of
    your own, `LSTM(cell)`: a Module with sizes n and m, called as cell(x, state).

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
        super().__init__(n if own else LSTMCell(n, m, **options))  # type: ignore[arg-type]

    def explain(self) -> None:
        """Print what each line and box of the picture is: shapes, counts, readings."""
        print(self.explanation())

    def explanation(self) -> Explanation:
        """Return what `explain` prints."""
        return Explanation(self.cell)


def _named(x_t: Any) -> Any:
    """Return x_t under its name; integers stay as they are, they may be indices."""
    if isinstance(x_t, Tensor):
        x_t.name = "x"
    elif x_t.dtype.kind == "f":
        x_t = leaf(x_t, "x")
    return x_t
