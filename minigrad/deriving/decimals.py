"""How an exact number is written: as a decimal or as a quotient.

Short decimals are written as such, 0.25; other fractions as quotients, 1/3. What has
too many digits for either is rounded to six: 0.693147…
"""

from __future__ import annotations

from fractions import Fraction

LONG = 10**6  # a numerator or denominator above this is better read as a decimal


def to_float(value: Fraction) -> float | None:
    """Return the nearest float; None if there is none as large."""
    try:
        return float(value)
    except OverflowError:
        return None


def decimal(value: Fraction) -> str:
    """Return six digits of a number, and its power of ten; it may exceed all floats.

    >>> decimal(Fraction(1, 4)), decimal(Fraction(25 * 10**400))
    ('0.25', '2.5e+401')
    """
    near = to_float(value)
    if near is not None:
        return f"{near:.6g}"
    tens = len(str(abs(int(value)))) - 1
    return f"{float(value / 10**tens):.6g}e+{tens}"


def is_decimal(value: Fraction) -> bool:
    """Is a number written with a point, or whole, and not as a quotient?"""
    exact = Fraction(decimal(value)) == value
    return exact or is_long(value) or value.denominator == 1


def is_long(value: Fraction) -> bool:
    """Is a quotient of this number too long to be read?"""
    return max(abs(value.numerator), value.denominator) > LONG


def is_unit_fraction(value: Fraction) -> bool:
    """Is x/4 written for 0.25 x? But 0.1 x and 0.01 x stay."""
    n = value.denominator
    return value.numerator == 1 < n <= LONG and str(n).strip("0") != "1"
