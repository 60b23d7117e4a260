"""What a formula is worth.

`evaluate` computes what is written, with arrays of any domain for the letters. So a
displayed equation can be checked: this very formula, not the code it came from.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from minigrad.array_like import as_array
from minigrad.deriving.formula import (
    Applied,
    Formula,
    Letter,
    Number,
    Power,
    Product,
    Spread,
    Sum,
    TimeSum,
)
from minigrad.deriving.through_time import instance
from minigrad.types import Operand, Value


def evaluate(
    whole: Formula,
    values: Mapping[Letter, Value],
    number: Callable[[Fraction], Operand],
) -> Value:
    """Compute what is written, from the values of its letters.

    `number` brings an exact number into the domain of the values.

    >>> a = Letter("a")
    >>> evaluate(1 - a**2, {a: np.array([2.0, 3.0])}, float)
    array([-3., -8.])
    """

    def value(part: Formula) -> Any:
        match part:
            case Letter():
                return values[part]
            case Number(value=exact):
                return number(exact)
            case Sum(terms=terms):
                return functools.reduce(np.add, map(value, terms))
            case Product(coefficient=coefficient, factors=factors):
                found = functools.reduce(np.multiply, map(value, factors))
                return found if coefficient == 1 else found * number(coefficient)
            case Power(base=base, exponent=Number(value=k)):
                return value(base) ** (int(k) if k.denominator == 1 else number(k))
            case Power(base=base, exponent=exponent):
                return value(base) ** value(exponent)
            case Spread(part=part, of=shape):
                return np.broadcast_to(value(part), shape)
            case TimeSum(term=term, first=first, last=last):
                times = range(first, last + 1)
                return functools.reduce(
                    np.add, (value(instance(term, t)) for t in times)
                )
            case Applied(row=row, args=args, options=options):
                arrays = (as_array(value(arg)) for arg in args)
                return as_array(row.apply(*arrays, **dict(options)))
        raise TypeError(f"{part!r} is no formula")

    found: Value = as_array(value(whole))
    return found
