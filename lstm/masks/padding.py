"""Which steps are real: masks and lengths.

Sequences of one batch differ in length, so the shorter ones are padded. A mask says
which steps are real: an array of booleans, one for each step, of shape (B, T), or (T,)
for a single sequence. Lengths are the masks that are true up to some step and false
from there on. At a step that is not real the state is frozen, and what stands in x is
never read, not even if it is NaN.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

from lstm.state import Numbers
from minigrad import Tensor, where
from minigrad.messages import a_kind, explained
from minigrad.numpy_protocol.arrays import integers, numbers
from minigrad.types import Array, Shape

Mask: TypeAlias = Array | Sequence[bool] | Sequence[Sequence[bool]]
Lengths: TypeAlias = Array | Sequence[int] | int


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
        raise explained(
            TypeError,
            "layer(x, mask=..., lengths=...)",
            {"mask": mask, "lengths": lengths},
            "both say which steps are real, and could disagree.",
            "give one of them; lengths are the mask np.arange(T) < lengths[:, None].",
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
    raise explained(
        ValueError,
        "the steps of x",
        {"x": x},
        "x must be (B, T, n) or (T, n) with T > 0.",
        "x[:, None] makes a step of each number, x[None] one step of all.",
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
    raise explained(ValueError, asked, {"lengths": array}, why, fix)


def _checked_mask(mask: object, x: Numbers) -> Array:
    array = numbers(mask, "layer(x, mask=...)", "mask")
    shape = x.shape[:-1]
    if array.dtype == bool and array.shape == shape:
        return array
    if array.dtype != bool:
        error: type[Exception] = TypeError
        why = "a mask answers yes or no for each step: is it real?"
        fix = "compare, for instance mask != 0; Keras's masks are booleans, too."
    else:
        error = ValueError
        why = f"x says that there are {shape} steps, one boolean for each is needed."
        fix = (
            "mask.T turns (T, B) into (B, T)."
            if array.shape == shape[::-1]
            else "take the mask of the same batch, without the axis of features."
        )
    asked = "layer(x, mask=...)"
    raise explained(error, asked, {"x": x, "mask": array}, why, fix)


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
        raise explained(
            TypeError,
            f"last(y, lengths) of {a_kind(y)}",
            {f"y[{k}]": each for k, each in enumerate(y)},
            "a layer returns y and its state, and last reads y.",
            "y, state = layer(x); last(y, lengths).",
        )
    y = y if isinstance(y, Tensor) else numbers(y, "last(y, lengths)", "y")
    if y.ndim not in (2, 3):
        raise explained(
            ValueError,
            "last(y, lengths)",
            {"y": y},
            "y must be (B, T, m) or (T, m).",
            "pass the outputs of a layer at every step, not its state.",
        )
    *batch, steps, _ = y.shape
    read: Numbers
    if lengths is None:
        read = y[..., -1, :]
        return read
    lengths = checked_lengths(lengths, tuple(batch), steps)
    if not np.all(lengths > 0):
        raise explained(
            ValueError,
            "last(y, lengths)",
            {"y": y, "lengths": lengths},
            "a sequence of length 0 has no last step.",
            "take state.y, which is then what the state began with, or leave empty "
            "sequences out.",
        )
    index = (lengths - 1,) if not batch else (np.arange(batch[0]), lengths - 1)
    read = y[index]
    return read
