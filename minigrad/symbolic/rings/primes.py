"""Random primes between 2^60 and 2^61, or 2^30 and 2^31, drawn evenly."""

from __future__ import annotations

from random import Random

BITS = 60  # every prime drawn is above 2^BITS
# There are more than 2^54 primes between 2^60 and 2^61. By Rosser and Schoenfeld 1962,
# x / log x < pi(x) < 1.25506 x / log x, they are more than
# 2^61 / 42.29 - 1.25506 * 2^60 / 41.58 = 2^54.1.
PRIMES = 2**54
# Primes whose products fit into 64 bits lie between 2^30 and 2^31. There are more than
# 46 million: by the same paper, x / (log x - 1/2) < pi(x) < x / (log x - 3/2) from 67
# on, so more than 2^31 / 20.988 - 2^30 / 19.294 = 46.6 million (in fact 50.7).
SHORT_BITS = 30
SHORT_PRIMES = 46_000_000
_BASES = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37)


def random_prime(random: Random, bits: int = BITS) -> int:
    """Return a prime p with 2^bits < p < 2^(bits + 1); all are equally likely."""
    while True:
        candidate = random.randrange(2**bits + 1, 2 ** (bits + 1), 2)
        if is_prime(candidate):
            return candidate


def is_prime(n: int) -> bool:
    """Decide whether n is prime; Miller and Rabin's test, exact below 3 * 10^24.

    The first twelve primes as bases suffice there (Sorenson and Webster 2015).

    >>> [n for n in range(30) if is_prime(n)]
    [2, 3, 5, 7, 11, 13, 17, 19, 23, 29]
    >>> is_prime(2**61 - 1), is_prime(2**60 + 1)
    (True, False)
    """
    if n < 2:
        return False
    for p in _BASES:
        if n % p == 0:
            return n == p
    odd, twos = n - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    return not any(_is_witness(base, n, odd, twos) for base in _BASES)


def _is_witness(base: int, n: int, odd: int, twos: int) -> bool:
    """Does `base` show that n = 2^twos * odd + 1 is not prime?"""
    power = pow(base, odd, n)
    if power in (1, n - 1):
        return False
    for _ in range(twos - 1):
        power = power * power % n
        if power == n - 1:
            return False
    return True
