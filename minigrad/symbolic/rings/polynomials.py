"""Polynomials, written out: the domain in which an identity is decided, not tested.

A polynomial is a dictionary from monomials to integer (or rational) coefficients, and
two are equal exactly if their dictionaries are. Nothing is drawn at random, so what is
equal here is equal. The price is size: written out, an LSTM of T steps has about 20^T
monomials, one step of it some hundred. So this is for one step.

A monomial is one integer, whose digits are its exponents: with a, b, c = 1, B, B^2,

    a^2 c  =  2 + 0 B + 1 B^2            B = 256

and so the product of two monomials is the sum of two integers.

sigma and tanh are generators, as everywhere (generators.py). There is no division but
by numbers: what divides has no polynomial, and says so.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from minigrad.symbolic.rings.domains import NUMBERS, Element, Ring, fraction

WIDTH = 8  # bits to an exponent


class NotPolynomial(ArithmeticError):
    """What is asked has no polynomial, or one too large to write out."""


class Polynomials(Ring):
    """The polynomials in as many variables as are asked for.

    limit   how many products of monomials may be formed; no limit if None

    >>> R = Polynomials()
    >>> a, b = R.fresh("a"), R.fresh("b")
    >>> (a + b) * (a - b)
    a^2 - b^2
    >>> (a + b) * (a - b) == a * a - b * b
    True
    """

    def __init__(self, limit: int | None = None) -> None:
        super().__init__()
        self.names: list[str] = []
        self.limit = limit
        self.products = 0

    def fresh(self, name: str) -> Polynomial:
        """Return a new variable."""
        self.names.append(name)
        return Polynomial({1 << WIDTH * (len(self.names) - 1): 1}, 1, self)

    def lift(self, number: Any) -> Polynomial:
        """Return a number as a polynomial without variables."""
        exact = fraction(number)
        value: Any = exact.numerator if exact.denominator == 1 else exact
        return Polynomial({0: value} if value else {}, 0, self)

    def inner(self, a: Iterable[Any], b: Iterable[Any]) -> Polynomial:
        """Return the sum of products, added up in one dictionary."""
        total: dict[int, Any] = {}
        degree = 0
        for x, y in zip(a, b, strict=True):
            product = x * y
            if not isinstance(product, Polynomial):
                product = self.lift(product)
            degree = max(degree, product.degree)
            _add_into(total, product.terms)
        return Polynomial(total, degree, self)

    def count(self, products: int, degree: int) -> None:
        """Refuse what would be too large."""
        self.products += products
        if self.limit is not None and self.products > self.limit:
            raise NotPolynomial(
                f"it takes more than {self.limit:,} products of monomials"
            )
        if degree >= 1 << WIDTH:
            raise NotPolynomial(f"its degree reaches {degree}")


class Polynomial(Element):
    """A polynomial: {monomial: coefficient}, and a bound for its degree."""

    __slots__ = ("degree", "terms")

    def __init__(self, terms: dict[int, Any], degree: int, ring: Polynomials) -> None:
        self.terms = terms
        self.degree = degree
        self.ring = ring

    def __repr__(self) -> str:
        text = " + ".join(self._word(*term) for term in sorted(self.terms.items()))
        return text.replace("+ -", "- ") or "0"

    def _word(self, monomial: int, coefficient: Any) -> str:
        letters = []
        for name in self.ring.names:
            exponent = monomial & ((1 << WIDTH) - 1)
            monomial >>= WIDTH
            if exponent:
                letters.append(name if exponent == 1 else f"{name}^{exponent}")
        word = " ".join(letters)
        if not word:
            return str(coefficient)
        return {1: word, -1: f"-{word}"}.get(coefficient, f"{coefficient} {word}")

    def __add__(self, other: Any) -> Any:
        if type(other) is not Polynomial:
            if not isinstance(other, NUMBERS):
                return NotImplemented
            other = self.ring.lift(other)
        large, small = self, other
        if len(large.terms) < len(small.terms):
            large, small = small, large
        total = large.terms.copy()
        _add_into(total, small.terms)
        return Polynomial(total, max(self.degree, other.degree), self.ring)

    __radd__ = __add__

    def __neg__(self) -> Polynomial:
        terms = {monomial: -value for monomial, value in self.terms.items()}
        return Polynomial(terms, self.degree, self.ring)

    def __sub__(self, other: Any) -> Any:
        return self + -other

    def __rsub__(self, other: Any) -> Any:
        return -self + other

    def __mul__(self, other: Any) -> Any:
        if type(other) is not Polynomial:
            if not isinstance(other, NUMBERS):
                return NotImplemented
            other = self.ring.lift(other)
        degree = self.degree + other.degree
        self.ring.count(len(self.terms) * len(other.terms), degree)
        product: dict[int, Any] = {}
        for monomial, value in self.terms.items():
            _add_into(
                product, {monomial + k: value * c for k, c in other.terms.items()}
            )
        return Polynomial(product, degree, self.ring)

    __rmul__ = __mul__

    def whole_power(self, n: int) -> Any:
        """Return self ** n, for n >= 0."""
        if n < 0:
            return self.inverse().whole_power(-n)
        power = self.ring.lift(1)
        for _ in range(n):
            power = power * self
        return power

    def inverse(self) -> Polynomial:
        """Return 1 / self, of a number; a polynomial has no inverse among them."""
        if self.terms.keys() != {0}:
            raise NotPolynomial("it divides")
        return self.ring.lift(1 / fraction(self.terms[0]))

    def __eq__(self, other: object) -> bool:
        if isinstance(other, NUMBERS):
            other = self.ring.lift(other)
        return isinstance(other, Polynomial) and self.terms == other.terms

    __hash__ = None  # type: ignore[assignment]


def _add_into(total: dict[int, Any], terms: dict[int, Any]) -> None:
    """Add terms to a dictionary of our own; what becomes 0 leaves it."""
    for monomial, value in terms.items():
        value += total.get(monomial, 0)
        if value:
            total[monomial] = value
        else:
            del total[monomial]
