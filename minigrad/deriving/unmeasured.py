"""A size that is not measured.

The field that lines are evaluated in (rings/keyed.py) bounds, for every number, how
large a polynomial it may be: a proof needs that for its probability of error, and it
costs more than the arithmetic, the more the deeper a tape is. A derivation states no
such probability. It shows what the tape does, and `mg.prove` proves it.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any


class Unmeasured:
    """In the place of a Size and of Sizes: whatever is done with it, it stays itself.

    >>> unknown = Unmeasured()
    >>> unknown * unknown + unknown.fresh("a") is unknown
    True
    """

    degree = height = 0
    under: Mapping[Any, int] = MappingProxyType({})

    def __init__(self, *anything: Any) -> None:
        pass

    def _itself(self, *anything: Any) -> Unmeasured:
        return self

    fresh = lift = reciprocal = _itself
    __add__ = __sub__ = __mul__ = __truediv__ = __pow__ = __neg__ = _itself
