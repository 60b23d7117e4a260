"""What a formula is worth.

`evaluate` computes what is written, with arrays of any domain for the letters. So a
displayed equation can be checked: this very formula, not the code it came from.
`magnitude` says how much rounding may have changed.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from minigrad.deriving.formula import (
    HALF,
    Applied,
    Formula,
    Indicator,
    Letter,
    Number,
    OneHot,
    Power,
    Product,
    Softmax,
    Spread,
    Sum,
    TimeSum,
)
from minigrad.deriving.through_time import instance
from minigrad.numpy_protocol.array_like import as_array
from minigrad.primitive import Linear
from minigrad.types import Array, Operand, Value

ROUNDING = 1e4  # so many units in the last place may terms of one line differ


def evaluate(
    whole: Formula,
    values: Mapping[Letter, Value],
    number: Callable[[Fraction], Operand],
    by_roots: bool = False,
) -> Value:
    """Compute what is written, from the values of its letters.

    `number` brings an exact number into the domain of the values. `by_roots`: as powers
    of √a are computed a^(3/2) and its like, which modulo a prime are other residues.

    >>> a = Letter("a")
    >>> evaluate(1 - a**2, {a: np.array([2.0, 3.0])}, float)
    array([-3., -8.])
    """

    def known_as(exact: Fraction) -> Operand:
        try:
            return number(exact)
        except OverflowError:  # no float is as large
            return np.float64(np.inf if exact > 0 else -np.inf)

    def value(part: Formula) -> Any:
        match part:
            case Letter():
                known = values[part]  # a whole number would have no power of -1
                return known * 1.0 if known.dtype.kind in "iub" else known
            case Number(value=exact):
                return known_as(exact)
            case Sum(terms=terms):
                return functools.reduce(np.add, map(value, terms))
            case Product(coefficient=coefficient, factors=factors):
                found = functools.reduce(np.multiply, map(value, factors))
                return found if coefficient == 1 else found * known_as(coefficient)
            case Power(base=base, exponent=Number(value=k)) if (
                by_roots and k % 1 == HALF
            ):
                return (value(base) ** number(HALF)) ** int(2 * k)
            case Power(base=base, exponent=Number(value=k)):
                return value(base) ** (int(k) if k.denominator == 1 else number(k))
            case Power(base=base, exponent=exponent):
                return value(base) ** value(exponent)
            case Spread(part=part, of=shape):
                return np.broadcast_to(value(part), shape)
            case Indicator(inside=inside, mask=mask):
                known = values[mask]
                if not isinstance(known, np.ndarray):
                    return known  # modulo a prime no number is positive
                found = value(inside)
                rounding = ROUNDING * np.finfo(found.dtype).eps
                near = abs(found) <= rounding * magnitude(inside, values)
                return np.where(near, known, found > 0)
            case Softmax(inside=inside, axis=axis):
                found = value(inside)
                if isinstance(found, np.ndarray):  # no overflow, and the same numbers
                    found = found - found.max(axis, keepdims=True)
                raised = np.exp(found)
                return raised / raised.sum(axis=axis, keepdims=True)
            case OneHot(places=places, of=shape):
                hot = np.eye(shape[-1], dtype=int)[list(places)].reshape(shape)
                return hot * number(Fraction(1))
            case TimeSum(term=term, first=first, last=last):
                times = range(first, last + 1)
                return functools.reduce(
                    np.add, (value(instance(term, t)) for t in times)
                )
            case Applied(row=row, args=args, options=options):
                arrays = (as_array(value(arg)) for arg in args)
                return as_array(row.apply(*arrays, **dict(options)))
        raise TypeError(f"{part!r} is no formula")

    return as_array(value(whole))


def magnitude(whole: Formula, values: Mapping[Letter, Value]) -> Array:
    """Compute what is written as if nothing in its sums cancelled.

    Rounding is relative to this: a sum that is 0 comes out as 1e-17 of its terms.

    >>> a = Letter("a")
    >>> magnitude(a - 1, {a: np.array([1.0, 3.0])})
    array([2., 4.])
    """

    def size(part: Formula) -> Any:
        match part:
            case Sum(terms=terms):
                return functools.reduce(np.add, map(size, terms))
            case Product(coefficient=coefficient, factors=factors):
                product = functools.reduce(np.multiply, map(size, factors))
                return product * abs(float(coefficient))
            case Spread(part=part, of=shape):
                return np.broadcast_to(size(part), shape)
            case TimeSum(term=term, first=first, last=last):
                times = range(first, last + 1)
                return functools.reduce(
                    np.add, (size(instance(term, t)) for t in times)
                )
            case Applied(row=Linear() as row, args=args, options=options):
                arrays = (as_array(size(arg)) for arg in args)
                return np.abs(row.apply(*arrays, **dict(options)))
        return np.abs(evaluate(part, values, float))

    return np.asarray(size(whole))
