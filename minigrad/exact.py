"""Numbers as fractions: what exact arithmetic makes of a float.

A float is an integer over a power of two. But who writes 0.1 or 1 / 3 means another
number, of which the float is the nearest one; `meant` finds it.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from minigrad.types import Real

NUMBERS = (int, float, Fraction, np.integer, np.floating)
SIMPLE = 1000  # the largest denominator that somebody is taken to have meant


def fraction(number: Real) -> Fraction:
    """Return a number exactly; a float is an integer over a power of two.

    >>> fraction(0.75)
    Fraction(3, 4)

    Raises ValueError or OverflowError for what is not finite.
    """
    return Fraction(number.item() if isinstance(number, np.generic) else number)


def meant(number: Real) -> Fraction:
    """Return the simple fraction whose nearest float this is, or else its own value.

    >>> meant(0.1), meant(1 / 3), meant(np.float32(0.1))
    (Fraction(1, 10), Fraction(1, 3), Fraction(1, 10))
    >>> meant(2.0**-30).denominator == 2**30
    True
    """
    exact = fraction(number)
    if exact.denominator <= SIMPLE or isinstance(number, (int, Fraction, np.integer)):
        return exact
    simple = exact.limit_denominator(SIMPLE)
    kind = type(number) if isinstance(number, np.floating) else float
    return simple if kind(float(simple)) == number else exact
