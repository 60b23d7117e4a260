"""Domains: what the numbers of a replayed tape may be, other than floats.

    FieldElement   an integer modulo a prime p: exact, and division works
    Size           not a number but how large a polynomial can be (sizes.py)
    Dual           a number and its tangent, over either ring (duals.py)
    Exact          a constant of the program, as a fraction

The functions that are not polynomials are *generators*. The first time sigma(z) is
asked of an element z, a new independent variable s is drawn, and z remembers it. All
that is known of s is how it differentiates, s' = s (1 - s): that is `SLOPES`, which
`lemmas` proves. Putting the true value of sigma(z) in the place of s keeps sums,
products and derivatives. So an identity between polynomials in free generators is an
identity between the real functions.

The generator belongs to the element, not to its value. A rule that asks for cos(a)
again, on the very a that the tape kept, gets the cosine that the reference used; two
applications whose arguments merely coincide modulo p get different generators. The
algebra is then freer than the truth (sigma(z) and sigma(z + 0) are unrelated), which
can only make a proof fail, never succeed.
"""

from __future__ import annotations

import math
import operator
from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from random import Random
from typing import Any, NoReturn

import numpy as np

NUMBERS = (int, float, Fraction, np.integer, np.floating)

# How each generator differentiates: slope(y, a) for y = f(a). Proved in `lemmas`.
SLOPES: dict[str, Callable[[Any, Any], Any]] = {
    "sigmoid": lambda s, a: s * (1 - s),
    "tanh": lambda t, a: 1 - t * t,
    "exp": lambda e, a: e,
    "log": lambda y, a: 1 / a,
    "sqrt": lambda r, a: 1 / (2 * r),
    "sin": lambda y, a: a.cos(),
    "cos": lambda y, a: -a.sin(),
}


def fraction(number: Any) -> Fraction:
    """Return a number exactly; a float is an integer over a power of two.

    >>> fraction(0.75)
    Fraction(3, 4)

    Raises ValueError or OverflowError for what is not finite.
    """
    return Fraction(number.item() if isinstance(number, np.generic) else number)


class Exact(Fraction):
    """A constant of the program: a fraction that stays one beside a float.

    >>> 1.0 / Exact(3)
    Exact(1, 3)
    """

    __slots__ = ()


def _exactly(operation: Callable[[Any, Any], Any], reflected: bool) -> Any:
    def method(self: Exact, other: Any) -> Any:
        if not isinstance(other, NUMBERS):
            return NotImplemented
        pair = (
            (fraction(other), Fraction(self)) if reflected else (Fraction(self), other)
        )
        return Exact(operation(pair[0], fraction(pair[1])))

    return method


for _name in ("add", "sub", "mul", "truediv"):
    setattr(Exact, f"__{_name}__", _exactly(getattr(operator, _name), False))
    setattr(Exact, f"__r{_name}__", _exactly(getattr(operator, _name), True))


class Element:
    """What the elements of both rings share: functions, division, powers.

    A ring has `fresh(name)`, a new independent variable; an element has `ring`, its
    own + - *, `whole_power(n)` and `inverse()`.
    """

    __slots__ = ("known", "ring")

    known: dict[str, Any]  # what was asked of this element before: its generators
    ring: Any

    def _remembered(self, name: str, make: Callable[[], Any]) -> Any:
        try:
            known = self.known
        except AttributeError:  # most elements are never asked, and carry no dict
            known = self.known = {}
        if name not in known:
            known[name] = make()
        return known[name]

    def _generator(self, name: str) -> Any:
        return self._remembered(name, lambda: self.ring.fresh(name))

    def _knows(self, name: str) -> bool:
        return name in getattr(self, "known", ())

    def sigmoid(self) -> Any:
        """Return sigma(a): a generator, or exp(a) / (1 + exp(a)) if exp(a) is one."""
        if not self._knows("exp"):
            return self._generator("sigmoid")
        return self._remembered("sigmoid", lambda: self.exp() / (1 + self.exp()))

    def exp(self) -> Any:
        """Return e to the a: a generator, or s / (1 - s) if s = sigma(a) is one."""
        if not self._knows("sigmoid"):
            return self._generator("exp")
        return self._remembered("exp", lambda: self.sigmoid() / (1 - self.sigmoid()))

    def __pow__(self, exponent: Any) -> Any:
        """A ** (k + r) = a**k * (a**r), with a generator for a**r if 0 < r < 1."""
        if not isinstance(exponent, NUMBERS):
            return NotImplemented
        exponent = fraction(exponent)
        whole = math.floor(exponent)
        part = exponent - whole
        power = self.whole_power(whole)
        return power * self._generator(f"power {part}") if part else power

    def __truediv__(self, other: Any) -> Any:
        if not isinstance(other, Element):
            if not isinstance(other, NUMBERS):
                return NotImplemented
            return self * self.ring.lift(1 / fraction(other))
        return self * other.reciprocal()

    def __rtruediv__(self, other: Any) -> Any:
        return other * self.reciprocal()

    def reciprocal(self) -> Any:
        """Return 1 / self, the same object every time it is asked."""
        return self._remembered("reciprocal", self.inverse)

    def whole_power(self, n: int) -> Any:
        """Return self ** n for an integer n."""
        raise NotImplementedError

    def inverse(self) -> Any:
        """Return 1 / self."""
        raise NotImplementedError

    def _unordered(self, other: object) -> NoReturn:
        raise TypeError(
            f"a {type(self).__name__} has no order: a proof speaks about the branch "
            "that was recorded, and cannot choose one."
        )

    __lt__ = __le__ = __gt__ = __ge__ = _unordered


for _name in SLOPES.keys() - {"sigmoid", "exp"}:
    setattr(Element, _name, lambda self, name=_name: self._generator(name))


class Field:
    """The integers modulo a prime, and the random source for its variables.

    >>> F = Field(7, Random(0))
    >>> F.lift(5) * 3, F.lift(1) / 3, F.lift(0.5)
    (1 mod 7, 5 mod 7, 4 mod 7)
    """

    def __init__(self, p: int, random: Random) -> None:
        self.p = p
        self.random = random
        self.drawn: Counter[str] = Counter()
        self._lifted: dict[Any, FieldElement] = {}

    def fresh(self, name: str) -> FieldElement:
        """Draw the value of a new variable; `drawn` counts them by name."""
        self.drawn[name] += 1
        return FieldElement(self.random.randrange(self.p), self)

    def lift(self, number: Any) -> FieldElement:
        """Bring a number into the field exactly, as numerator / denominator."""
        element = self._lifted.get(number)
        if element is None:
            exact = fraction(number)
            below = FieldElement(exact.denominator % self.p, self)
            residue = exact.numerator * below.inverse().value % self.p
            element = self._lifted[number] = FieldElement(residue, self)
        return element


class FieldElement(Element):
    """An integer modulo a prime. Equal means equal residues; there is no order."""

    __slots__ = ("value",)

    def __init__(self, value: int, ring: Field) -> None:
        self.value = value
        self.ring = ring

    def __repr__(self) -> str:
        return f"{self.value} mod {self.ring.p}"

    def __add__(self, other: Any) -> Any:
        if type(other) is not FieldElement:
            if not isinstance(other, NUMBERS):
                return NotImplemented
            other = self.ring.lift(other)
        return FieldElement((self.value + other.value) % self.ring.p, self.ring)

    __radd__ = __add__

    def __sub__(self, other: Any) -> Any:
        if type(other) is not FieldElement:
            if not isinstance(other, NUMBERS):
                return NotImplemented
            other = self.ring.lift(other)
        return FieldElement((self.value - other.value) % self.ring.p, self.ring)

    def __rsub__(self, other: Any) -> Any:
        return -self + other

    def __mul__(self, other: Any) -> Any:
        if type(other) is not FieldElement:
            if not isinstance(other, NUMBERS):
                return NotImplemented
            other = self.ring.lift(other)
        return FieldElement(self.value * other.value % self.ring.p, self.ring)

    __rmul__ = __mul__

    def __neg__(self) -> FieldElement:
        return FieldElement(-self.value % self.ring.p, self.ring)

    def whole_power(self, n: int) -> FieldElement:
        """Return self ** n; ZeroDivisionError for a negative power of 0."""
        if n < 0 and self.value == 0:
            raise ZeroDivisionError("division by zero in the field")
        return FieldElement(pow(self.value, n, self.ring.p), self.ring)

    def inverse(self) -> FieldElement:
        """Return 1 / self; ZeroDivisionError for 0."""
        return self.whole_power(-1)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, NUMBERS):
            other = self.ring.lift(other)
        return isinstance(other, FieldElement) and self.value == other.value

    __hash__ = None  # type: ignore[assignment]
