"""A number carried in three ways: the elements of the keyed field.

    at      at a random point of the inputs, modulo a prime: what is compared
    origin  where all inputs are 0, modulo the same prime: which constant it contains;
            None if something was divided by zero there
    size    how large a quotient of polynomials it can be (sizes.py)

Every operation is done three times over.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from minigrad.symbolic.rings.domains import NUMBERS, Element
from minigrad.symbolic.rings.field import FieldElement
from minigrad.symbolic.rings.sizes import Size

if TYPE_CHECKING:
    from minigrad.symbolic.rings.keyed import Keyed

Function = Callable[..., Any]


def _in_each(operation: Function, reflected: bool = False) -> Any:
    def method(self: KeyedElement, other: Any) -> Any:
        if not isinstance(other, KeyedElement):
            if not isinstance(other, NUMBERS):
                return NotImplemented
            other = self.ring.lift(other)
        return self.in_each(operation, *((other, self) if reflected else (self, other)))

    return method


class KeyedElement(Element):
    """A number at a random point, at the origin, and its size.

    Equal means equal at the point. A program that was not meant for it runs on it:

    >>> from random import Random
    >>> import numpy as np
    >>> from minigrad.symbolic.rings.keyed import Keyed
    >>> a = Keyed(7, Random(0)).fresh("a")
    >>> np.sum(np.array([a, a])) == 2 * a
    True
    """

    __slots__ = ("at", "origin", "size")

    ring: Keyed

    def __init__(self, at: FieldElement, origin: Any, size: Size, ring: Keyed) -> None:
        self.at = at
        self.origin = origin
        self.size = size
        self.ring = ring

    def __repr__(self) -> str:
        return repr(self.at)

    def in_each(self, operation: Function, *operands: KeyedElement) -> KeyedElement:
        """Apply an operation at the point, at the origin and to the sizes."""
        at = operation(*(each.at for each in operands))
        size = operation(*(each.size for each in operands))
        origin: Any = [each.origin for each in operands]
        try:
            origin = None if None in origin else operation(*origin)
        except ZeroDivisionError:
            origin = None
        return KeyedElement(at, origin, size, self.ring)

    __add__, __radd__ = _in_each(operator.add), _in_each(operator.add)
    __mul__, __rmul__ = _in_each(operator.mul), _in_each(operator.mul)
    __sub__, __rsub__ = _in_each(operator.sub), _in_each(operator.sub, reflected=True)
    __truediv__ = _in_each(operator.truediv)
    __rtruediv__ = _in_each(operator.truediv, reflected=True)

    def __neg__(self) -> KeyedElement:
        return self.in_each(operator.neg, self)

    def __pos__(self) -> KeyedElement:
        return self

    def __pow__(self, exponent: Any) -> Any:
        if type(exponent) is int and exponent >= 0:
            return self.in_each(lambda each: each**exponent, self)
        return self.ring.power(self, exponent)

    def __rpow__(self, base: Any) -> Any:
        return self.ring.power(base, self)

    def inverse(self) -> KeyedElement:
        """Return 1 / self; ZeroDivisionError for 0."""
        return self.in_each(operator.methodcaller("reciprocal"), self)

    def function(self, row: Any, *others: Any) -> KeyedElement:
        """Return what a row means, with this as its first argument."""
        return self.ring.meant(row.meaning, self, *others)

    def constant(self) -> KeyedElement | None:
        """Return what this is at the origin, as an element; None if undefined there."""
        if self.origin is None:
            return None
        if "constant" not in self.known:
            size = self.size  # at the origin the denominator is another number
            below = {size.denominator(): 1} if size.under else {}
            size = type(size)(size.degree, size.height, below, self.ring.sizes)
            constant = KeyedElement(self.origin, self.origin, size, self.ring)
            self.known["constant"] = constant
        return self.known["constant"]

    def __eq__(self, other: object) -> bool:
        if isinstance(other, NUMBERS):
            other = self.ring.lift(other)
        return isinstance(other, KeyedElement) and self.at == other.at

    __hash__ = None  # type: ignore[assignment]
