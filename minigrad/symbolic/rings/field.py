"""A prime field: the numbers 0 ... p - 1, exact, with division.

    5 + 4 = 2,   5 * 3 = 1,   1 / 3 = 5        modulo 7

A polynomial that is not zero is zero at few of its points. So numbers drawn at random
here stand for variables: what holds for them holds, very likely, for all (chance.py).
"""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Any

from minigrad.symbolic.rings.domains import NUMBERS, Element, Ring, fraction


class Field(Ring):
    """The integers modulo a prime, and the random source for its variables.

    >>> F = Field(7, Random(0))
    >>> F.lift(5) * 3, F.lift(1) / 3, F.lift(0.5)
    (1 mod 7, 5 mod 7, 4 mod 7)
    """

    def __init__(self, p: int, random: Random) -> None:
        super().__init__()
        self.p = p
        self.random = random
        self.drawn: Counter[str] = Counter()
        self._lifted: dict[Any, FieldElement] = {}

    def fresh(self, name: str) -> FieldElement:
        """Draw the value of a new variable; `drawn` counts them by name."""
        self.drawn[name] += 1
        value = p = self.p
        while value >= p:
            value = self.random.getrandbits(p.bit_length())
        return FieldElement(value, self)

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
