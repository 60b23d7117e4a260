"""Dual numbers: a value and its tangent, over any ring. The reference of every proof.

    (a, a') + (b, b') = (a + b, a' + b')
    (a, a') * (b, b') = (a b, a' b + a b')
    sigma(z, z')      = (s, s (1 - s) z')          with s = sigma(z)

The slope s (1 - s) is the generator's, from what sigma means (generators.py).

Running a program on dual numbers differentiates it without a tape, a rule of the table
or an engine. So it can judge all three. (Clifford 1873; as forward mode, Wengert 1964.)

For second derivatives the value and the tangent are dual numbers themselves:
(a, a') moving along u, and how both change along w. The two directions must not be
confused, so the outer number has a type of its own, and takes an inner one for a
constant.
"""

from __future__ import annotations

from typing import Any

from minigrad.symbolic.rings.domains import NUMBERS, Element, Functions, fraction
from minigrad.symbolic.rings.generators import Generator

SCALARS = (*NUMBERS, Element)  # what does not move


class Dual(Functions):
    """A value and its tangent; the two are elements of one ring.

    >>> from fractions import Fraction
    >>> a = Dual(Fraction(3), Fraction(1))
    >>> a * a / 2
    Dual(Fraction(9, 2), Fraction(3, 1))
    """

    __slots__ = ("tangent", "value")

    constants: tuple[type, ...] = SCALARS

    def __init__(self, value: Any, tangent: Any) -> None:
        self.value = value
        self.tangent = tangent

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.value!r}, {self.tangent!r})"

    def __add__(self, other: Any) -> Any:
        kind = type(self)
        if type(other) is kind:
            return kind(self.value + other.value, self.tangent + other.tangent)
        if not isinstance(other, self.constants):
            return NotImplemented
        return kind(self.value + other, self.tangent)

    __radd__ = __add__

    def __sub__(self, other: Any) -> Any:
        kind = type(self)
        if type(other) is kind:
            return kind(self.value - other.value, self.tangent - other.tangent)
        if not isinstance(other, self.constants):
            return NotImplemented
        return kind(self.value - other, self.tangent)

    def __rsub__(self, other: Any) -> Any:
        return -self + other

    def __mul__(self, other: Any) -> Any:
        kind = type(self)
        if type(other) is kind:
            return kind(
                self.value * other.value,
                self.tangent * other.value + self.value * other.tangent,
            )
        if not isinstance(other, self.constants):
            return NotImplemented
        return kind(self.value * other, self.tangent * other)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Any:
        kind = type(self)
        if type(other) is kind:
            y = self.value / other.value
            return kind(y, (self.tangent - y * other.tangent) / other.value)
        if not isinstance(other, self.constants):
            return NotImplemented
        return kind(self.value / other, self.tangent / other)

    def __rtruediv__(self, other: Any) -> Any:
        y = other / self.value
        return type(self)(y, -(y * self.tangent) / self.value)

    def __pow__(self, exponent: Any) -> Any:
        if not isinstance(exponent, NUMBERS):
            return NotImplemented
        k = fraction(exponent)
        if k == 0:
            return type(self)(self.value**0, self.tangent * 0)
        slope = self.value ** (k - 1) * k
        return type(self)(self.value**k, slope * self.tangent)

    def __neg__(self) -> Dual:
        return type(self)(-self.value, -self.tangent)

    @property
    def ring(self) -> Any:
        """The ring of its value."""
        return self.value.ring

    def function(self, generator: Generator) -> Dual:
        """Return (f(a), f'(a) a'), with the slope that the generator is known by."""
        y = self.value.function(generator)
        return type(self)(y, generator.slope(y, self.value) * self.tangent)

    def moved(self, direction: Any) -> Dual:
        """Return the number, moving along the direction as well as it does."""
        return Dual(self.value, self.tangent + direction)


class Dual2(Dual):
    """A number that moves in two directions: value and tangent are dual numbers.

    >>> from fractions import Fraction
    >>> a = Dual2(Dual(Fraction(3), Fraction(1)), Dual(Fraction(1), Fraction(0)))
    >>> (a * a * a).tangent.tangent        # the second derivative of a^3 is 6 a
    Fraction(18, 1)
    """

    __slots__ = ()

    constants = (*SCALARS, Dual)

    def moved(self, direction: Any) -> Dual2:
        """Return the number, moving along both directions of a pair as well."""
        first, second = direction
        tangent = Dual(self.tangent.value + second, self.tangent.tangent)
        return Dual2(self.value.moved(first), tangent)
