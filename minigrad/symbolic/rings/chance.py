"""By what chance does a difference that is not zero come out as zero?

A polynomial is compared with zero at one random point modulo one random prime. It may
pass undeservedly in two ways: the prime divides all its coefficients, or the point is a
zero of it. Both are bounded by its size: how high the coefficients, and of what degree.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import TypeVar

from minigrad.symbolic.rings.primes import BITS, PRIMES
from minigrad.symbolic.rings.sizes import Size

ATTEMPTS = 2  # the second, should a denominator be zero by accident

T = TypeVar("T")


def until_defined(check: Callable[[], T]) -> T:
    """Run a check at random points; again at others if something is divided by zero.

    Raises ZeroDivisionError if that happens at all of them.
    """
    for _ in range(ATTEMPTS - 1):
        try:
            return check()
        except ZeroDivisionError:
            continue
    return check()


def chance(difference: Size, bits: int = BITS, primes: int = PRIMES) -> Fraction:
    """Bound the probability that a difference that is not zero was found to be zero.

    The prime is one of so many above 2^bits. A non-zero coefficient below 2^height has
    at most height / bits prime divisors above 2^bits (60, if not given); a polynomial
    that is not zero modulo p is zero at most at degree / p of all points. This may
    happen in each attempt, if it comes to that: hence the factor.
    """
    unlucky_prime = Fraction(difference.height.bit_length() // bits, primes)
    unlucky_point = Fraction(difference.degree, 2**bits)
    return min(Fraction(1), ATTEMPTS * (unlucky_prime + unlucky_point))
