"""Which steps are real: masks, lengths, and what happens at a step that is not.

Sequences of one batch differ in length, so the shorter ones are padded. A mask says
which steps are real; at all others the state is frozen, each of its fields by itself:

    c_t = c of cell(x_t, ...) where step t is real, c_{t-1} elsewhere

A mask is an array of booleans, one for each step: shape (B, T), or (T,) for a single
sequence. Lengths are the masks that are true up to some step and false from there on.
What stands in x at a step that is not real is never read, not even if it is NaN.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

import numpy as np

from lstm.state import CellState, Numbers
from minigrad import Tensor, where
from minigrad.arrays import integers, numbers
from minigrad.messages import a_kind, explain, user_line
from minigrad.types import Array, Shape

Mask: TypeAlias = Array | Sequence[bool] | Sequence[Sequence[bool]]
Lengths: TypeAlias = Array | Sequence[int] | int
Dropout: TypeAlias = "StepHook | Sequence[StepHook | None] | None"


class StepHook:
    """What is done around the cell, at each step: before it runs, and after.

    A mask is one such thing; dropout on the state is another. This one does nothing.
    """

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

    def during(self, steps: slice) -> StepHook:
        """Return what concerns some of the steps only, counted anew from 0."""
        return self


def _in_short(value: object) -> str:
    """Return the shape of a mask, or of each of a state's; all else as it is."""
    if hasattr(value, "_asdict"):
        return (
            f"({', '.join(f'{k}={_in_short(v)}' for k, v in value._asdict().items())})"
        )
    return str(value.shape) if hasattr(value, "shape") else repr(value)


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

    def during(self, steps: slice) -> Frozen:
        """Return what concerns some of the steps only."""
        return Frozen(self.real[..., steps])


def step_hooks(dropout: Dropout) -> list[StepHook]:
    """Return a list of what is done around the cell: nothing, one thing, or several."""
    several: Any = dropout if type(dropout) in (list, tuple) else [dropout]
    found = [each for each in several if each is not None]
    if all(isinstance(each, StepHook) for each in found):
        return found
    raise TypeError(
        explain(
            f"layer(x, dropout=...), at {user_line()}",
            {"dropout": dropout},
            "a layer draws no random numbers: it is given masks, so that running it "
            "again gives the same, and a proof speaks about what ran.",
            "sample them before: dropout=variational(layer, batch=(B,), x=0.2, y=0.2, "
            "rng=rng), or zoneout(...); an array belongs between layers of a Stack.",
        )
    )


def chosen(masks: Iterable[Array], new: CellState, old: CellState) -> CellState:
    """Return a state: of each field, `new` where its mask is true, `old` elsewhere."""
    fields = []
    for mask, after, before in zip(masks, new, old, strict=True):
        field = where(mask, after, before)
        if isinstance(field, Tensor):
            field.name = getattr(after, "name", None)
        fields.append(field)
    return type(new)(*fields)


def padding_mask(
    x: Numbers, mask: Mask | None = None, lengths: Lengths | None = None
) -> Array | None:
    """Return the mask of x (..., T, n), shape (..., T): given, or made from lengths.

    >>> padding_mask(np.zeros((2, 3, 1)), lengths=[3, 1])
    array([[ True,  True,  True],
           [ True, False, False]])

    None if neither is given: then every step is real. Raises TypeError for a mask
    that is not boolean and lengths that are not integers, ValueError for other shapes.
    """
    if mask is not None and lengths is not None:
        raise TypeError(
            explain(
                f"layer(x, mask=..., lengths=...), at {user_line()}",
                {"mask": mask, "lengths": lengths},
                "both say which steps are real, and could disagree.",
                "give one of them; lengths are the mask "
                "np.arange(T) < lengths[:, None].",
            )
        )
    if mask is None and lengths is None:
        return None
    require_steps(x)
    if mask is not None:
        return _checked_mask(mask, x)
    *batch, steps, _ = x.shape
    return np.arange(steps) < checked_lengths(lengths, tuple(batch), steps)[..., None]


def require_steps(x: Numbers) -> None:
    """Raise ValueError unless x has an axis of time, and a step on it."""
    if x.ndim > 1 and x.shape[-2] > 0:
        return
    raise ValueError(
        explain(
            f"the steps of x, at {user_line()}",
            {"x": x},
            "x must be (B, T, n) or (T, n) with T > 0.",
            "x[:, None] makes a step of each number, x[None] one step of all.",
        )
    )


def checked_lengths(lengths: object, batch: Shape, steps: int) -> Array:
    """Return the lengths as an array of `batch` integers from 0 to `steps`."""
    asked = "lengths of sequences"
    fix = "count the real steps: mask.sum(axis=-1)" + (
        "." if batch else "; of a single sequence the length is a bare integer."
    )
    array = integers(lengths, asked, "lengths", fix)
    if array.shape != batch:
        why = f"there is one length for each sequence of x: shape {batch}."
        if batch and array.ndim == 0:
            fix = f"if all are as long: np.full({batch}, {array})."
    elif np.all((array >= 0) & (array <= steps)):
        return array
    else:
        why = f"x has T = {steps} steps, so a length is one of 0, ..., {steps}."
        fix = f"look for {array[(array < 0) | (array > steps)].flat[0]} in lengths."
    raise ValueError(
        explain(f"{asked}, at {user_line()}", {"lengths": array}, why, fix)
    )


def _checked_mask(mask: object, x: Numbers) -> Array:
    array = numbers(mask, "layer(x, mask=...)", "mask")
    wanted = x.shape[:-1]
    if array.dtype == bool and array.shape == wanted:
        return array
    if array.dtype != bool:
        error: type[Exception] = TypeError
        why = "a mask answers yes or no for each step: is it real?"
        fix = "compare, for instance mask != 0; Keras's masks are booleans, too."
    else:
        error = ValueError
        why = f"x says that there are {wanted} steps, one boolean for each is needed."
        fix = (
            "mask.T turns (T, B) into (B, T)."
            if array.shape == wanted[::-1]
            else "take the mask of the same batch, without the axis of features."
        )
    asked = f"layer(x, mask=...), at {user_line()}"
    raise error(explain(asked, {"x": x, "mask": array}, why, fix))


def zero_padded(x: Numbers, real: Array) -> Numbers:
    """Return x with zeros at the steps that are not real, whatever stood there."""
    if isinstance(x, Tensor):
        zeroed: Tensor = where(real[..., None], x, 0.0)
        return zeroed
    return np.where(real[..., None], x, x.dtype.type(0))


def last(y: Any, lengths: Lengths | None = None) -> Numbers:
    """Return the output at the last real step of each sequence: (..., m).

    y        (B, T, m), or (T, m) for a single sequence
    lengths  (B,) integers from 1 to T, or one integer; all T steps if not given

    Of a layer that reads forward, that is `state.y`. The part of a Bidirectional layer
    that reads backward has seen only one step there: its summary is the y of its own
    state, `state.backward.y`.

    >>> last(np.array([[[1.0], [2.0]], [[3.0], [4.0]]]), lengths=[2, 1])
    array([[2.],
           [3.]])
    """
    if isinstance(y, tuple | list) and any(isinstance(each, Tensor) for each in y):
        raise TypeError(
            explain(
                f"last(y, lengths) of {a_kind(y)}, at {user_line()}",
                {f"y[{k}]": each for k, each in enumerate(y)},
                "a layer returns y and its state, and last reads y.",
                "y, state = layer(x); last(y, lengths).",
            )
        )
    y = y if isinstance(y, Tensor) else numbers(y, "last(y, lengths)", "y")
    if y.ndim not in (2, 3):
        raise ValueError(
            explain(
                f"last(y, lengths), at {user_line()}",
                {"y": y},
                "y must be (B, T, m) or (T, m).",
                "pass the outputs of a layer at every step, not its state.",
            )
        )
    *batch, steps, _ = y.shape
    read: Numbers
    if lengths is None:
        read = y[..., -1, :]
        return read
    lengths = checked_lengths(lengths, tuple(batch), steps)
    if not np.all(lengths > 0):
        raise ValueError(
            explain(
                f"last(y, lengths), at {user_line()}",
                {"y": y, "lengths": lengths},
                "a sequence of length 0 has no last step.",
                "take state.y, which is then what the state began with, or leave empty "
                "sequences out.",
            )
        )
    index = (lengths - 1,) if not batch else (np.arange(batch[0]), lengths - 1)
    read = y[index]
    return read
