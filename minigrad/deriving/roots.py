"""Roots of numbers: the float 0.7071067811865475 of a program is 1/√2."""

from __future__ import annotations

import math
from fractions import Fraction

from minigrad.proving.keyed_functions import DECIMALS, as_written

LARGEST = 1000  # numerator and denominator of what a root is taken of


def root_of(value: object) -> Fraction | None:
    """Return the simple fraction of which a float, or its negative, is the root.

    A quotient such as 1 / 2**0.5 may be the float beside the nearest one.

    >>> root_of(-(0.75**0.5)), root_of(1 / 2**0.5), root_of(1.5), root_of(math.inf)
    (Fraction(3, 4), Fraction(1, 2), None, None)
    """
    if not isinstance(value, float) or not math.isfinite(value):
        return None
    if as_written(value).denominator <= DECIMALS:
        return None
    square = (Fraction(value) ** 2).limit_denominator(LARGEST)
    root = math.sqrt(square)
    near = 0 < square <= LARGEST and abs(abs(value) - root) <= math.ulp(root)
    return square if near else None


def taken_out(square: Fraction) -> tuple[Fraction, Fraction]:
    """Part a root: √square is the first times the root of the second.

    >>> taken_out(Fraction(8)), taken_out(Fraction(3, 4))
    ((Fraction(2, 1), Fraction(2, 1)), (Fraction(1, 2), Fraction(3, 1)))
    """
    outside = Fraction(_largest_square(square.numerator))
    outside /= _largest_square(square.denominator)
    return outside, square / outside**2


def _largest_square(n: int) -> int:
    """Return the largest k whose square divides n, or 1 where n is too large."""
    several = range(math.isqrt(n), 1, -1) if n <= LARGEST**2 else ()
    return next((k for k in several if n % k**2 == 0), 1)
