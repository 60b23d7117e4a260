"""What was shown once of a row or a cell holds until somebody changes a row.

So it is remembered for the life of the process, under everything that it depends on:
what was shown, every row of the table as it is now, attribute by attribute, and the
functions of the engine that walks. Exchange a rule, or the sum over broadcast axes, and
nothing is remembered; put it back and it is again. (The walk over the whole tape is
never taken from memory: each proof runs it anew.)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from minigrad import cotangents, gradient, linear_maps
from minigrad.primitive import TABLE, Primitive
from minigrad.symbolic.proving.local import frozen

T = TypeVar("T")
Memory = dict[Any, Any]
ENGINE = gradient, cotangents, cotangents.Cotangents, linear_maps
_BY_TABLE: dict[Any, Memory] = {}


def memory() -> Memory:
    """Return what was shown while the table was as it is now."""
    table = (as_it_is(row) for row in TABLE.values())
    engine = (
        each for owner in ENGINE for each in vars(owner).values() if callable(each)
    )
    now = *table, *engine
    return _BY_TABLE.setdefault(now, {})


def remembered(known: Memory, key: Any, show: Callable[[], T]) -> T:
    """Return what was shown under this key, or show it now.

    >>> known = {}
    >>> remembered(known, "one and one", lambda: 1 + 1), known
    (2, {'one and one': 2})
    """
    if key not in known:
        known[key] = show()  # what fails raises, and is not remembered
    return known[key]


def as_it_is(row: Primitive) -> Any:
    """Return a row as it is, to compare.

    >>> tanh = TABLE["tanh"]
    >>> before, right = as_it_is(tanh), tanh.partials
    >>> tanh.partials = (lambda y, a: 1 - y,)
    >>> as_it_is(tanh) == before
    False
    >>> tanh.partials = right
    >>> as_it_is(tanh) == before
    True
    """
    return frozen(vars(row))
