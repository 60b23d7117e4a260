"""The layer over time: one cell, connected to itself.

    for t in 1..T:   y_t, c_t = cell(x_t, State(y_{t-1}, c_{t-1}))

The same four W and b at every step: unrolled pictures show T copies of one cell. What
is handed on, y and c, are vectors in R^m. That is why the cell is a layer: its neuron k
is row k of every W, plus one number c_k, and it reads all of y_{t-1}.

`Recurrent` connects any cell, one of this project or one of your own: what it asks for
is `RecurrentCell` in lstm.state.

A layer with `reverse=True` reads x_T first and x_1 last. Its outputs stay at the steps
they belong to: y_t has seen x_t, ..., x_T. Where sequences end with padding (`mask` or
`lengths`, see lstm.masks), the state is frozen until the last real step is reached; so
a reversed layer starts there, as in Keras on a right-padded batch with a mask, and as
in PyTorch on a PackedSequence.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from lstm.cell import OPTIONS, LSTMCell
from lstm.explain import Explained
from lstm.foreign_options import (
    CALL,
    LAYER,
    known_direction,
    refuse_options,
    sizes_of,
)
from lstm.masks import (
    Dropout,
    Frozen,
    Lengths,
    Mask,
    StepHook,
    padding_mask,
    step_hooks,
    zero_padded,
)
from lstm.sequences import (
    counting_since,
    joined,
    named_input,
    sequence,
    steps_before,
    time_step,
)
from lstm.state import (
    CellState,
    Numbers,
    RecurrentCell,
    axes,
    require_cell,
    require_next,
    require_state,
)
from minigrad import where
from minigrad.calls import last_step
from minigrad.context import SETTING
from minigrad.feedforward import generator, leaf
from minigrad.habits import absent
from minigrad.messages import explained
from minigrad.numpy_protocol.foreign_names import MODULE
from minigrad.types import Shape

LAYER_OPTIONS = ("reverse", "outputs")


class Recurrent(Explained):
    """A cell over time: `y, state = layer(x)`.

    cell     a `RecurrentCell`: n, m, start(batch) and cell(x, state)
    reverse  read from the end; y stays in the order of x
    outputs  y at steps that are not real: "hold" the state's, or "zero". "last": y is
             that of the last step read alone, so (B, m) or (m,)

    x        (B, T, n) a batch of sequences, or (T, n) one sequence
    state    what to begin with; zeros if not given
    mask     (B, T) or (T,) booleans: which steps are real. At others the state is
             frozen. Or lengths, (B,) integers: steps are real up to there
    dropout  masks sampled beforehand: see lstm.masks
    y        (B, T, m) or (T, m): the output at every step
    state    what the cell carries, after the last step: each part (B, m) or (m,)

    >>> from lstm.cell import LSTMCell
    >>> layer = Recurrent(LSTMCell(n=3, m=2, rng=0))
    >>> y, state = layer(np.ones((7, 3)))
    >>> y.shape, state.c.shape
    ((7, 2), (2,))

    The state after a padded sequence is that after its last real step:

    >>> padded, short = layer(np.ones((7, 3)), lengths=4), layer(np.ones((4, 3)))
    >>> bool(np.all(padded[1].c.data == short[1].c.data))
    True

    The state, and y at real steps, are those of PyTorch's PackedSequence and of Keras
    with a mask. Elsewhere PyTorch has zeros (pad_packed_sequence), as Keras has within
    Bidirectional: outputs="zero". Keras's LSTM alone holds, as "hold" does; only before
    the first real step it has zeros, and this layer has the y that it began with.
    """

    def __init__(
        self, cell: RecurrentCell, reverse: bool = False, outputs: str = "hold"
    ) -> None:
        require_cell(cell, f"{type(self).__name__}(cell)")
        self.cell: Any = cell
        self.reverse = known_direction(reverse)
        self.outputs = _known_outputs(outputs)

    @property
    def n(self) -> int:
        """The size of x_t."""
        return int(self.cell.n)

    @property
    def m(self) -> int:
        """The size of y_t."""
        return int(np.shape(self.start().y)[-1])

    @property
    def dtype(self) -> np.dtype | None:
        """The dtype that plain real numbers get here; None: they keep their own."""
        return getattr(self.cell, "dtype", None)

    @property
    def causal(self) -> bool:
        """Whether y_t depends on nothing later than x_t."""
        return not self.reverse

    if not TYPE_CHECKING:
        __getattr__ = absent("layer", {**MODULE, **LAYER})

    def readings(self) -> list[str]:
        """Return what is to be said of the lines over time."""
        return [
            "From step to step: what a layer carries it hands to itself, and to no "
            "other layer; each part is a whole vector, one for each sequence."
        ]

    def forward(
        self,
        x: Numbers,
        state: CellState | None = None,
        mask: Mask | None = None,
        lengths: Lengths | None = None,
        dropout: Dropout = None,
        **foreign: object,
    ) -> tuple[Numbers, CellState]:
        """Return y at every step, and the state after the last step read."""
        refuse_options("layer", foreign, ("state", "mask", "lengths", "dropout"), CALL)
        with counting_since(self._steps_before(state)):
            return self._over_time(self._read(x), state, mask, lengths, dropout)

    def _steps_before(self, state: object) -> int:
        """Return how many steps were read before: to the one that made the state."""
        before = steps_before()
        if before or self.reverse or not isinstance(state, tuple):
            return before
        return last_step(SETTING.get().scope, state, self.parameters())

    def _over_time(
        self,
        x: Numbers,
        state: CellState | None,
        mask: Mask | None,
        lengths: Lengths | None,
        dropout: Dropout,
    ) -> tuple[Numbers, CellState]:
        state = self._begin(state, x)
        real = padding_mask(x, mask, lengths)
        hooks = step_hooks(dropout)
        for each in hooks:
            each.require_fit(x, state)
        if real is not None:
            x = zero_padded(x, real)
            hooks.append(Frozen(real))
        steps = range(x.shape[-2])
        outputs: dict[int, Numbers] = {}
        for t in reversed(steps) if self.reverse else steps:
            with time_step(t):
                x_t = named_input(x[..., t, :], self.dtype)
                state = self._step(t, x_t, state, hooks)
            outputs[t] = state.y
        if self.outputs == "last":
            return state.y, state
        y = joined([outputs[t] for t in steps])
        if real is not None and self.outputs == "zero":
            y = where(real[..., None], y, 0.0)
        y.name = "Y"
        return y, state

    def _step(
        self, t: int, x: Numbers, state: CellState, hooks: list[StepHook]
    ) -> CellState:
        """Return the state after step t: the cell's, and what is done around it."""
        seen = state
        for each in hooks:
            x, seen = each.before(t, x, seen)
        new: CellState = self.cell(x, seen)
        require_next(self.cell, state, new)
        for each in hooks:
            new = each.after(t, state, new)
        return new

    def _read(self, x: object) -> Numbers:
        x = sequence(x)
        n = self.cell.n
        if x.ndim in (2, 3) and x.shape[-1] == n and x.shape[-2] > 0:
            return x
        raise explained(
            ValueError,
            f"{type(self).__name__}: layer(x)",
            {"x": x},
            f"x must be (B, T, n) or (T, n) with n = {n} and T > 0.",
            "x[..., None] adds a feature axis, x[None] a batch axis, "
            "x.transpose(1, 0, 2) turns (T, B, n) into (B, T, n).",
        )

    def _begin(self, state: CellState | None, x: Numbers) -> CellState:
        """Return the state before the first step, its parts visible on the tape."""
        start = self.start(x.shape[:-2])
        if state is None:
            state = start
        state = require_state(state, type(start))
        _require_batch(state, start, x)
        at = steps_before() + (x.shape[-2] + 1 if self.reverse else 0)
        parts = zip(state._fields, state, strict=True)
        return type(state)(*(leaf(v, f"{k}_{at}", self.dtype) for k, v in parts))

    def start(self, batch: Shape = ()) -> CellState:
        """Return the state before anything was seen."""
        state: CellState = self.cell.start(axes(batch))
        return state


class LSTM(Recurrent):
    """An LSTM over time: `y, state = layer(x)`.

    x       (B, T, n) a batch of sequences, or (T, n) one sequence
    y       (B, T, m) or (T, m): the output at every step
    state   State(y, c) after the last step, each (B, m) or (m,)

    Made from sizes, `LSTM(n, m, ...)` with the options of LSTMCell, or from a cell of
    your own, `LSTM(cell)`: see `RecurrentCell` in lstm.state.
    Masks, lengths, `reverse` and `outputs` are those of Recurrent.

    >>> layer = LSTM(n=3, m=2, rng=0)
    >>> y, state = layer(np.ones((4, 7, 3)))
    >>> y.shape, state.y.shape, state.c.shape
    ((4, 7, 2), (4, 2), (4, 2))
    """

    def __init__(
        self,
        n: int | RecurrentCell | None = None,
        m: int | None = None,
        reverse: bool = False,
        outputs: str = "hold",
        **options: Any,
    ) -> None:
        self.new_cell: Callable[[], LSTMCell] | None = None
        if n is not None and not isinstance(n, int | np.integer | float | str):
            _require_alone(m, options)
            super().__init__(n, reverse, outputs)
            return
        foreign = {name: options[name] for name in options if name not in OPTIONS}
        n, m = sizes_of(type(self).__name__, n, m, foreign, (*LAYER_OPTIONS, *OPTIONS))
        if options.get("rng") is not None:  # so that another cell goes on drawing
            options["rng"] = generator(options["rng"])
        # for another layer like this one
        self.new_cell = functools.partial(LSTMCell, n, m, **options)
        super().__init__(self.new_cell(), reverse, outputs)


def _require_alone(m: object, options: Mapping[str, object]) -> None:
    """Refuse sizes and options beside a cell, which has its own."""
    if m is None and not options:
        return
    beside = {**({} if m is None else {"m": m}), **options}
    raise explained(
        TypeError,
        f"LSTM(cell, {', '.join(f'{k}={v!r}' for k, v in beside.items())})",
        "the cell has its own sizes and options.",
        "LSTM(n, m, ...), or LSTM(cell) and nothing else but reverse and outputs.",
    )


def _known_outputs(outputs: str) -> str:
    if outputs in ("hold", "zero", "last"):
        return outputs
    raise explained(
        ValueError,
        f"outputs={outputs!r}",
        "it says what y is at a step that is not real.",
        '"hold" repeats the output before, "zero" puts zeros there; "last" gives '
        "the y of the last step alone.",
    )


def _require_batch(state: CellState, start: CellState, x: Numbers) -> None:
    """Refuse a state whose parts have not the shapes of the start for this x."""
    given, expected = (
        tuple(np.shape(part) for part in each) for each in (state, start)
    )
    if given == expected:
        return
    names = [f"{field}_0" for field in state._fields]
    shapes = ", ".join(
        f"{name} {shape}" for name, shape in zip(names, expected, strict=True)
    )
    time_first = x.ndim == 3 and given[0] == (x.shape[1], *expected[0][1:])
    raise explained(
        ValueError,
        "layer(x, state)",
        {"x": x, **dict(zip(names, state, strict=True))},
        f"x is {'(B, T, n)' if x.ndim == 3 else '(T, n)'}, so its state has "
        f"{shapes}: the same batch axes, no axis of time.",
        "x seems to be (T, B, n): x.transpose(1, 0, 2) turns it."
        if time_first
        else "pass the state of this layer for this batch; PyTorch's h_n has an "
        "axis of layers in front (h_n[0] is y), also with batch_first=True.",
    )
