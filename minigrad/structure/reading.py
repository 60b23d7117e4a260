"""A reading: what is found out about a tape, once, and kept with it.

A picture asks three times for the time steps: which view fits, what is drawn, what is
said below it. A tape does not change, so the answer is found the first time.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TypeVar, cast

from minigrad.tape import Tape

Found = TypeVar("Found")


def reading(find: Callable[[Tape], Found]) -> Callable[[Tape], Found]:
    """Make a function of a tape remember, with the tape, what it returned.

    >>> @reading
    ... def length(tape):
    ...     print("counting")
    ...     return len(tape)
    >>> tape = mg.Tape(mg.tanh(mg.Tensor(1.0)))
    >>> length(tape), length(tape)
    counting
    (2, 2)
    """

    @functools.wraps(find)
    def read(tape: Tape) -> Found:
        if read not in tape.readings:
            tape.readings[read] = find(tape)
        return cast(Found, tape.readings[read])

    return read
