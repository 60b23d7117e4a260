"""Which time step it is, where a sequence is read in pieces.

What is recorded at step t carries t in its scope, so that tapes, equations and pictures
can tell the steps apart. A layer counts from 1. Where it reads a piece of a longer
sequence, `counting_since(k)` says that k steps were read before.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from minigrad import scope

_SINCE: ContextVar[int] = ContextVar("steps read before", default=0)


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
