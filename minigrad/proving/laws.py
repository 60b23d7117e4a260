"""exp(a + b) = exp(a) exp(b), and log(a b) = log(a) + log(b).

A softmax may subtract the largest entry or not, a loss may be written with log(softmax)
or with logsumexp. To see that these are the same, a sum inside exp and a product inside
log are taken apart. A number does not say what it is a sum of, but an array of a field
with laws remembers the operation that made it, and its operands:

    exp(c (a + b)) = exp(c a) exp(c b)       rational c
    exp(c t)       = exp(t / 12)^(12 c)      if 12 c is a whole number
    log(a b)       = log(a) + log(b)         if one of them is known to be positive
    log(a^n)       = n log(a)                if a is, or n is odd
    log(w)         = log(w') + z             for a known log(w'), if w / w' = exp(z)

What only moves entries (reshape, index, stack) moves the functions as well. Values of
exp are positive, and so are sums, products and squares of positive arrays, positive
constants, and what a program takes the logarithm of. Where a product is positive and
one factor is, the other is too.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from minigrad.types import Array

if TYPE_CHECKING:
    from minigrad.proving.keyed_functions import KeyedField, KeyedResidues

UNIT = 12  # exponents are multiples of 1 / 12 of their terms
LARGE = 64  # the largest multiple of a term that is a power
DEEP = 12  # operations that are looked through
MANY = 400  # known logarithms that are tried
POSITIVE = "positive numbers"  # a table of the field, for arrays that are assumed so


class Laws:
    """exp and log of arrays of a field, taken apart as the arrays were written."""

    def __init__(self, field: KeyedField) -> None:
        self.field = field
        self._logged: list[
            tuple[KeyedResidues, KeyedResidues]
        ] = []  # 1 / w and log(w), numbers

    def exp(
        self, z: KeyedResidues, c: Fraction = Fraction(1), depth: int = DEEP
    ) -> KeyedResidues:
        """Return the exponential of c z."""
        field, whole = self.field, z * c if c != 1 else z

        def apart(part: KeyedResidues, factor: Fraction = Fraction(1)) -> KeyedResidues:
            return self.exp(part, c * factor, depth - 1)

        y: KeyedResidues | None = None
        if depth and None in field.lookup("exp", whole):
            match z.written:
                case ("plus", a, b):
                    y = apart(a) * apart(b)
                case ("times", a, b) if (r := field.number_of(b)) is not None:
                    y = apart(a, r)
                case ("times", a, b) if (r := field.number_of(a)) is not None:
                    y = apart(b, r)
                case ("moved", call, first, *rest) if _only_moves(call, first, *rest):
                    y = apart(first).moved(call, *map(apart, rest))
        y = field.by_value("exp", whole, value=self._multiple(z, c) if y is None else y)
        y.written = ("exp",)
        return y

    def _multiple(self, t: KeyedResidues, c: Fraction) -> KeyedResidues:
        """Return exp(c t) for a term t, which is not taken apart."""
        if (c * UNIT).denominator > 1 or abs(c) > LARGE:
            t, c = t * c, Fraction(1)
        whole, part = int(c), c - int(c)
        unit = self.field.by_value("exp", t / UNIT)
        power = unit.whole_power(int(part * UNIT))
        if not whole:
            return power
        of_one = self.field.by_value("exp", t, value=unit.whole_power(UNIT))
        return power * of_one.whole_power(whole)

    def log(self, w: KeyedResidues, depth: int = DEEP) -> KeyedResidues:
        """Return the logarithm of an array."""

        def apart(part: KeyedResidues) -> KeyedResidues:
            return self.log(part, depth - 1)

        y: KeyedResidues | None = None
        match w.written if depth else None:
            case ("times", a, b) if self._is_positive(a) or self._is_positive(b):
                y = apart(a) + apart(b)
            case ("inverse", a):
                y = -apart(a)
            case ("power", n, a) if n % 2 or self._is_positive(a):
                y = n * apart(a)
            case ("moved", call, first, *rest) if _only_moves(call, first, *rest):
                y = apart(first).moved(call, *map(apart, rest))
        if y is None:
            return self._by_ratio(w)
        result = self.field.by_value("log", w, value=y)
        result.written = y.written
        return result

    def _by_ratio(self, w: KeyedResidues) -> KeyedResidues:
        """Return log(w) = log(w') + z, entry by entry, where w / w' is exp(z)."""
        field = self.field
        for number in w.reshape(-1):
            if None not in field.lookup("log", number):
                continue
            known: list[KeyedResidues] = []
            if self._logged:
                inverses, logs = zip(*self._logged[-MANY:], strict=True)
                ratios = number * np.stack(inverses)
                pairs = zip(
                    field.lookup("log", ratios, like=number.bound), logs, strict=True
                )
                known = [field.assembled([z], ()) + log for z, log in pairs if z]
            y = field.by_value("log", number, value=known[0] if known else None)
            if not known:
                self._logged.append((number.reciprocal(), y))
        return field.by_value("log", w)

    def _is_positive(self, w: KeyedResidues, depth: int = DEEP) -> bool:
        """Is an array positive wherever it is defined and not zero?"""

        def are(*arrays: KeyedResidues) -> bool:
            return all(self._is_positive(each, depth - 1) for each in arrays)

        number = self.field.number_of(w)
        if number is not None:
            return number > 0
        if None not in self.field.lookup(POSITIVE, w):
            return True
        match w.written if depth else None:
            case ("exp",):
                return True
            case ("plus", a, b):
                return are(a, b)
            case ("times", a, b):
                return a.raw is b.raw or are(a, b)
            case ("power", n, a):
                return n % 2 == 0 or are(a)
            case ("inverse" | "sum", a):
                return are(a)
            case ("moved", _, *arrays):
                return are(*arrays)
        return False


def _only_moves(call: Callable[..., Array], *arrays: KeyedResidues) -> bool:
    """Do all entries of a result come from the arrays? np.tril fills in zeros."""
    return bool(np.all(call(*(np.ones(a.shape) for a in arrays))))
