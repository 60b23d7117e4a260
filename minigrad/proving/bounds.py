"""By what chance is a polynomial that is not zero found to be zero?

It is evaluated at one random point modulo each of a few random primes. All values may
be zero undeservedly in two ways, and both are bounded by the size of the polynomial:

    degree  a polynomial of degree d that is not zero modulo p is zero at no more than
            d / p of all points (Schwartz 1980, Zippel 1979)
    height  the sum of the absolute values of its integer coefficients; a coefficient
            below 2^bits has at most bits / 25 prime divisors above 2^25

So every exact array carries such a `Bound` for all its entries. A quotient is kept as a
numerator over powers of known denominators, for it is zero where its numerator is.
Heights are kept as logarithms, rounded up: nothing here grows with the numbers.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from random import Random
from types import MappingProxyType

BITS = 25  # every prime is between 2^25 and 2^26
# pi(2^26) - pi(2^25) = 3,957,809 - 2,063,689, as a sieve counts (see the tests).
PRIMES = 1_894_120
ATTEMPTS = 2  # the second, should something be divided by zero by accident
# One residue is drawn as floor(u p) with u = k / 2^53, so its probability is 1 / p up
# to a factor of 1 + 2^-27. That and the slack of rounding is covered by this factor.
SLACK = 1 + 2**-20
_NOTHING: Mapping[Bound, int] = MappingProxyType({})


class Bound:
    """Bounds for a quotient of integer polynomials.

    degree  of the numerator, in all variables together
    bits    log2 of the sum of the absolute values of the numerator's coefficients
    under   the denominator, as powers of other polynomials by their bounds

    >>> a, b = VARIABLE, VARIABLE
    >>> (a + b) * (a + of_number(Fraction(3)))
    degree <= 2, height <= 2^3.0
    """

    __slots__ = ("bits", "degree", "under")

    def __init__(
        self, degree: int, bits: float, under: Mapping[Bound, int] = _NOTHING
    ) -> None:
        self.degree = degree
        self.bits = bits
        self.under = under

    def __repr__(self) -> str:
        over = " over a denominator" if self.under else ""
        return f"degree <= {self.degree}, height <= 2^{self.bits:.1f}{over}"

    def __add__(self, other: Bound) -> Bound:
        a, b = self, other
        if a.under is not b.under and a.under != b.under:
            bases = {**a.under, **b.under}
            under = {x: max(a.under.get(x, 0), b.under.get(x, 0)) for x in bases}
            a, b = a._over(under), b._over(under)
        low, high = sorted((a.bits, b.bits))
        bits = (
            high if low == -math.inf else _up(high + math.log2(1 + 2 ** (low - high)))
        )
        return Bound(max(a.degree, b.degree), bits, a.under)

    def __mul__(self, other: Bound) -> Bound:
        under = self.under or other.under
        if self.under and other.under:
            bases = {**self.under, **other.under}
            under = {x: self.under.get(x, 0) + other.under.get(x, 0) for x in bases}
        return Bound(self.degree + other.degree, self.bits + other.bits, under)

    def repeated(self, count: int) -> Bound:
        """Return the bound of a sum of so many terms."""
        if count < 2:
            return self
        return Bound(self.degree, _up(self.bits + math.log2(count)), self.under)

    def denominator(self) -> Bound:
        """The bound of the denominator, multiplied out."""
        degree = sum(base.degree * power for base, power in self.under.items())
        return Bound(degree, sum(base.bits * k for base, k in self.under.items()))

    def _over(self, under: Mapping[Bound, int]) -> Bound:
        """Expand numerator and denominator until the denominator is `under`."""
        missing = {x: n - self.under.get(x, 0) for x, n in under.items()}
        factor = Bound(0, 0.0, missing).denominator()
        degree, bits = self.degree + factor.degree, self.bits + factor.bits
        return Bound(degree, bits, under)

    def inverse(self, size: int) -> Bound:
        """Return the bound of 1 / (N_i / D) for `size` entries.

        All entries come over one denominator, the product of all N_j; the numerator of
        one is D times the product of the others.
        """
        above, others = self.denominator(), max(0, size - 1)
        whole = Bound(self.degree * size, self.bits * size)
        degree = above.degree + self.degree * others
        return Bound(degree, above.bits + self.bits * others, {whole: 1})

    def or_(self, other: Bound) -> Bound:
        """Return a bound for what may be either of two."""
        if self is other:
            return self
        if self.under is other.under or self.under == other.under:
            degree, bits = max(self.degree, other.degree), max(self.bits, other.bits)
            return Bound(degree, bits, self.under)
        return self + other  # brings both over one denominator


def _up(rounded: float) -> float:
    """Return a float that is above the true value of a result that was rounded."""
    return math.nextafter(math.nextafter(rounded, math.inf), math.inf)


VARIABLE = Bound(1, 0.0)
ZERO = Bound(0, -math.inf)
_TWO = Bound(0, 1.0)
_DENOMINATORS: dict[int, Bound] = {}


def of_number(number: Fraction) -> Bound:
    """Return the bound of a constant."""
    above, below = abs(number.numerator), number.denominator
    bits = _up(math.log2(above)) if above else -math.inf
    twos = (below & -below).bit_length() - 1
    odd = below >> twos
    under = {_TWO: twos} if twos else {}
    if odd > 1:
        base = _DENOMINATORS.setdefault(odd, Bound(0, _up(math.log2(odd))))
        under[base] = 1
    return Bound(0, bits, under or _NOTHING)


def chance(difference: Bound, primes: int = 1) -> float:
    """Return log2 of a bound for the probability that all residues deceive.

    difference  what was found to be zero modulo each of so many random primes

    >>> chance(Bound(232, 169.0), primes=3) < -48
    True
    """
    unlucky_prime = math.ceil(SLACK * max(0.0, difference.bits) / BITS) / PRIMES
    unlucky_point = SLACK * difference.degree / 2**BITS
    of_one = min(1.0, unlucky_prime + unlucky_point)
    if of_one == 0.0:
        return -math.inf
    return min(0.0, primes * math.log2(of_one) + math.log2(ATTEMPTS))


def random_primes(random: Random, count: int) -> list[int]:
    """Return different primes between 2^25 and 2^26, all equally likely."""
    from sympy import isprime  # exact for numbers as small as these

    found: list[int] = []
    while len(found) < count:
        candidate = random.randrange(2**BITS + 1, 2 ** (BITS + 1), 2)
        if candidate not in found and isprime(candidate):
            found.append(candidate)
    return found
