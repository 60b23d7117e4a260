"""A sequence as layers over time read it, step by step, and put it together again.

What is recorded at step t carries t in its scope, so that tapes, equations and pictures
can tell the steps apart. A layer counts from 1. Where it reads a piece of a longer
sequence, `counting_since(k)` says that k steps were read before.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

import numpy as np

from lstm.state import Numbers
from minigrad import Tensor, concatenate, scope, stack
from minigrad.feedforward import leaf
from minigrad.messages import a_kind, explained
from minigrad.numpy_protocol.arrays import numbers

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

TOGETHER = 256  # outputs in one stack; a longer sequence has several, joined
_SINCE: ContextVar[int] = ContextVar("steps read before", default=0)


def joined(outputs: list[Numbers], axis: int = -2) -> Tensor:
    """Return y at all steps, (..., T, m), from those of each, (..., m).

    In groups: the engine hands all parts of a stack to the adjoint of each, and so the
    time for a stack of T parts would grow with T squared.
    """
    groups = [
        stack(outputs[k : k + TOGETHER], axis=axis)
        for k in range(0, len(outputs), TOGETHER)
    ]
    whole = groups[0] if len(groups) == 1 else concatenate(groups, axis=axis)
    return whole  # type: ignore[return-value]  # Tensors, unless all is constant


def sequence(x: object) -> Numbers:
    """Return x as a Tensor or an array; refuse what is neither."""
    if isinstance(x, Tensor):
        return x
    if not isinstance(x, tuple | list) or not any(isinstance(e, Tensor) for e in x):
        _require_unmasked(x)
        return numbers(x, "layer(x)", "x")
    raise explained(
        TypeError,
        f"layer(x), where x is {a_kind(x)} of Tensors",
        {f"x[{k}]": part for k, part in enumerate(x)},
        "a layer reads one array (B, T, n) or (T, n).",
        'join them: a Bidirectional with merge="concat" does, mg.stack joins '
        "steps; of what a layer returns, y is the first part.",
    )


def _require_unmasked(x: object) -> None:
    """Refuse what says by itself what is padding: a masked array, a PackedSequence."""
    if isinstance(x, np.ma.MaskedArray) and np.ma.is_masked(x):
        fix = "layer(x.filled(0.0), mask=~np.ma.getmaskarray(x).any(axis=-1))."
    elif hasattr(x, "batch_sizes"):
        fix = (
            "x, lengths = pad_packed_sequence(packed, batch_first=True); then "
            "layer(x.numpy(), lengths=lengths.numpy())."
        )
    else:
        return
    raise explained(
        TypeError,
        f"layer(x), where x is {a_kind(x)}",
        {"x": x},
        "a layer reads one array, (B, T, n) or (T, n); which of its steps are real "
        "it is told by mask or lengths.",
        fix,
    )


def named_input(x_t: Numbers, dtype: DTypeLike | None = None) -> Numbers:
    """Return x_t under its name; integers stay as they are, they may be indices."""
    if isinstance(x_t, Tensor):
        x_t.name = "x"
    elif x_t.dtype.kind in "fc":
        x_t = leaf(x_t, "x", dtype)
    return x_t


def steps_before() -> int:
    """Return how many steps were read before the present sequence."""
    return _SINCE.get()


def time_step(t: int) -> scope:
    """Return the scope of step t of the present sequence, counted from 0 as arrays are.

    >>> from minigrad import Tensor
    >>> with counting_since(20), time_step(0):
    ...     y = Tensor([1.0]) * 2.0
    >>> y.scope
    (21,)
    """
    return scope(_SINCE.get() + t + 1)


@contextmanager
def counting_since(k: int) -> Iterator[None]:
    """Inside, layers count time from k + 1."""
    token = _SINCE.set(k)
    try:
        yield
    finally:
        _SINCE.reset(token)
