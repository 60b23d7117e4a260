"""What is done around the cell, at each step: before it runs, and after.

    Frozen       c_t = c of cell(x_t, ...) where step t is real, c_{t-1} elsewhere
    Variational  the cell reads x_t * d_x and y_{t-1} * d_y
    Zoneout      entries of the state keep their old value where a mask is true
    ZoneoutMean  each entry is the mean of old and new, for use at test

Each field of the state is treated by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

import numpy as np

from lstm.state import CellState, Numbers
from minigrad import Tensor, where
from minigrad.feedforward import beside
from minigrad.messages import explained
from minigrad.numpy_protocol.arrays import numbers
from minigrad.types import Array, Shape

Dropout: TypeAlias = "StepHook | Sequence[StepHook | None] | None"


class StepHook:
    """What is done around the cell; this one does nothing."""

    def __repr__(self) -> str:
        masks = (f"{name}={_in_short(each)}" for name, each in vars(self).items())
        return f"{type(self).__name__}({', '.join(masks)})"

    def require_fit(self, x: Numbers, state: CellState) -> None:
        """Raise ValueError unless this belongs to x (..., T, n) and to this state."""

    def before(self, t: int, x: Numbers, state: CellState) -> tuple[Numbers, CellState]:
        """Return what the cell shall see of x_t and of the state before step t."""
        return x, state

    def after(self, t: int, old: CellState, new: CellState) -> CellState:
        """Return the state after step t; `old` is that before, `new` is the cell's."""
        return new

    def for_steps(self, steps: slice) -> StepHook:
        """Return what concerns some of the steps only, counted anew from 0."""
        return self


class Frozen(StepHook):
    """The state stays as it is wherever `real`, of shape (..., T), is false.

    >>> from lstm.state import State
    >>> freeze = Frozen(np.array([[True, False]]))
    >>> old, new = State.zeros(1, batch=(1,)), State(np.ones((1, 1)), np.ones((1, 1)))
    >>> freeze.after(0, old, new).c, freeze.after(1, old, new).c
    (array([[1.]]), array([[0.]]))
    """

    def __init__(self, real: Array) -> None:
        self.real = real

    def after(self, t: int, old: CellState, new: CellState) -> CellState:
        """Return the new state where step t is real, the old one elsewhere."""
        real = self.real[..., t]
        shapes = ((*real.shape, *[1] * (np.ndim(part) - real.ndim)) for part in new)
        masks = [real.reshape(shape) for shape in shapes]
        return chosen(masks, new, old)

    def for_steps(self, steps: slice) -> Frozen:
        """Return what concerns some of the steps only."""
        return Frozen(self.real[..., steps])


class Variational(StepHook):
    """One mask for x and one for the y that the cell reads, the same at every step.

    x  (..., n), and y  (..., m): 0 or 1 / (1 - rate)

    Only what enters the cell is dropped: a frozen state, and c, stay whole.
    """

    def __init__(self, x: Array, y: Array) -> None:
        self.x = x
        self.y = y

    def require_fit(self, x: Numbers, state: CellState) -> None:
        """Raise ValueError unless the masks have the shapes of x_t and y_{t-1}."""
        _require_shape("x_t", self.x, (*x.shape[:-2], x.shape[-1]), x)
        _require_shape("y_{t-1}", self.y, np.shape(state.y), x)

    def before(self, t: int, x: Numbers, state: CellState) -> tuple[Numbers, CellState]:
        """Return x_t * d_x, and the state with y_{t-1} * d_y."""
        d_x = beside(x.dtype, self.x, "d_x")
        d_y = beside(state.y.dtype, self.y, "d_y")
        return x * d_x, state._replace(y=state.y * d_y)


class Zoneout(StepHook):
    """Where a mask is true, an entry of the state keeps its old value.

    masks  a state of booleans: each field (..., T, m), a new mask at every step
    """

    def __init__(self, masks: Any) -> None:
        self.masks = masks
        self.batch = (slice(None),) * (np.ndim(masks.y) - 2)

    def require_fit(self, x: Numbers, state: CellState) -> None:
        """Raise ValueError unless each field of the state has a mask for each step."""
        *batch, steps, _ = x.shape
        for name, mask, field in zip(state._fields, self.masks, state, strict=True):
            wide = np.shape(field)[len(batch) :]
            _require_shape(f"{name}_t", mask, (*batch, steps, *wide), x)
            _require_booleans(f"{name}_t", mask)

    def after(self, t: int, old: CellState, new: CellState) -> CellState:
        """Return where(d_t, old, new) for each field."""
        at = (*self.batch, t)
        return chosen([~mask[at] for mask in self.masks], new, old)

    def for_steps(self, steps: slice) -> Zoneout:
        """Return what concerns some of the steps only."""
        at = (*self.batch, steps)
        return Zoneout(type(self.masks)(*(mask[at] for mask in self.masks)))


class ZoneoutMean(StepHook):
    """Each field is the mean of what zoneout makes of it, for use at test."""

    def __init__(self, rates: dict[str, float]) -> None:
        self.rates = rates

    def after(self, t: int, old: CellState, new: CellState) -> CellState:
        """Return new + rate (old - new) for each field."""
        fields = []
        for rate, before, now in zip(self.rates.values(), old, new, strict=True):
            mean = now + rate * (before - now)
            if isinstance(mean, Tensor):
                mean.name = getattr(now, "name", None)
            fields.append(mean)
        return type(new)(*fields)


def chosen(masks: Iterable[Array], new: CellState, old: CellState) -> CellState:
    """Return a state: of each field, `new` where its mask is true, `old` elsewhere."""
    fields = []
    for mask, after, before in zip(masks, new, old, strict=True):
        field = where(mask, after, before)
        if isinstance(field, Tensor):
            field.name = getattr(after, "name", None)
        fields.append(field)
    return type(new)(*fields)


def step_hooks(dropout: Dropout) -> list[StepHook]:
    """Return a list of what is done around the cell: nothing, one thing, or several."""
    several: Any = dropout if type(dropout) in (list, tuple) else [dropout]
    found = [each for each in several if each is not None]
    if all(isinstance(each, StepHook) for each in found):
        return found
    raise explained(
        TypeError,
        "layer(x, dropout=...)",
        {"dropout": dropout},
        "a layer draws no random numbers: it is given masks, so that running it "
        "again gives the same, and a proof speaks about what ran.",
        "sample them before: dropout=variational(layer, batch=(B,), x=0.2, y=0.2, "
        "rng=rng), or zoneout(...); an array belongs between layers of a Stack.",
    )


def _in_short(value: object) -> str:
    """Return the shape of a mask, or of each of a state's; all else as it is."""
    if hasattr(value, "_asdict"):
        return (
            f"({', '.join(f'{k}={_in_short(v)}' for k, v in value._asdict().items())})"
        )
    return str(value.shape) if hasattr(value, "shape") else repr(value)


def _require_booleans(name: str, mask: Numbers) -> None:
    if numbers(mask, f"zoneout of {name}", "mask").dtype == bool:
        return
    raise explained(
        TypeError,
        f"zoneout of {name}",
        {"mask": mask},
        "its masks are booleans: does an entry keep its old value?",
        "compare, for instance mask != 0.",
    )


def _require_shape(name: str, mask: Numbers, shape: Shape, x: Numbers) -> None:
    if np.shape(mask) == shape:
        return
    raise explained(
        ValueError,
        f"dropout on {name}",
        {"x": x, "mask": mask},
        f"with this x the mask must have the shape {shape}.",
        "sample it for this layer and this batch: for x of shape (B, T, n), "
        "variational(layer, batch=(B,), ...) or zoneout(layer, (B, T), ...).",
    )
