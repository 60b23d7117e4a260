"""How large can a polynomial be? A replay that computes bounds instead of numbers.

A polynomial that is not zero can still vanish at a random point modulo a random prime.
How rarely depends on two sizes, and both are bounded by running the very computation
that is being checked once more, with a `Size` in the place of every number:

    degree    a non-zero polynomial of degree d vanishes at a random point of a field
              with p elements with probability <= d / p  (Schwartz 1980, Zippel 1979)
    height    the sum of the absolute values of its integer coefficients: a non-zero
              coefficient <= h has at most log(h) / log(P) prime divisors above P

Quotients are kept as a numerator over powers of known denominators, because the check
is about the numerator: a quotient is zero exactly where that is.

Most programs have few different sizes: all entries of W v have one. While nothing is
divided, equal sizes may share one object, and their sums and products be looked up
(`SharedSizes`); denominators must be told apart, though their sizes be equal.
"""

from __future__ import annotations

from typing import Any

from minigrad.symbolic.rings.domains import NUMBERS, Element, Ring, fraction
from minigrad.symbolic.rings.generators import Generator


class Sizes(Ring):
    """The domain of sizes: a variable has degree 1 and height 1.

    >>> S = Sizes()
    >>> a, b = S.fresh("a"), S.fresh("b")
    >>> (a + b) * (a - 3)       # a a - 3 a + a b - 3 b
    degree <= 2, height <= 8
    """

    def __init__(self) -> None:
        super().__init__()
        self.two = Size(0, 2, {}, self)
        self._lifted: dict[Any, Size] = {}

    def fresh(self, name: str) -> Size:
        """Return the size of a new variable."""
        return Size(1, 1, {}, self)

    def lift(self, number: Any) -> Size:
        """The size of a constant n / (2^k m)."""
        size = self._lifted.get(number)
        if size is None:
            exact = fraction(number)
            odd, twos = exact.denominator, 0
            while odd % 2 == 0:
                odd, twos = odd // 2, twos + 1
            under = {self.two: twos} if twos else {}
            if odd > 1:
                under[Size(0, odd, {}, self)] = 1
            size = self._lifted[number] = Size(0, abs(exact.numerator), under, self)
        return size


class NotShared(Exception):
    """Elements of equal size must be told apart here."""


class SharedSizes(Sizes):
    """Sizes for programs that divide by constants only: one object for equal sizes.

    >>> S = SharedSizes()
    >>> S.fresh("a") * S.fresh("b") is S.fresh("c") * S.fresh("d")
    True

    Raises NotShared where an element itself matters, and not only its size.
    """

    def __init__(self) -> None:
        super().__init__()
        self.sums: dict[Any, Any] = {}
        self.products: dict[Any, Any] = {}
        self._all: dict[Any, SharedSize] = {}
        self._variable = self.shared(Size(1, 1, {}, self))

    def fresh(self, name: str) -> Size:
        """Return the size of every variable."""
        return self._variable

    def lift(self, number: Any) -> Size:
        """The size of a constant."""
        return self.shared(super().lift(number))

    def shared(self, size: Size) -> SharedSize:
        """Return the one object for this size."""
        key = size.degree, size.height, tuple(size.under.items())
        if key not in self._all:
            self._all[key] = SharedSize(size.degree, size.height, size.under, self)
        return self._all[key]


class Size(Element):
    """Bounds for a quotient of integer polynomials: numerator / product of powers.

    degree   of the numerator, in all variables together
    height   the sum of the absolute values of the numerator's coefficients
    under    the denominator: {polynomial (by its Size): power}

    + takes the larger degree and adds heights, * adds degrees and multiplies heights,
    and quotients are first brought over their common denominator.
    """

    __slots__ = ("degree", "height", "under")

    def __init__(
        self, degree: int, height: int, under: dict[Size, int], ring: Sizes
    ) -> None:
        self.degree = degree
        self.height = height
        self.under = under
        self.ring = ring

    def __repr__(self) -> str:
        quotient = " over a denominator" if self.under else ""
        return f"degree <= {self.degree}, height <= {self.height}{quotient}"

    def denominator(self) -> Size:
        """The size of the denominator, multiplied out."""
        whole = Size(0, 1, {}, self.ring)
        for base, power in self.under.items():
            whole.degree += base.degree * power
            whole.height *= base.height**power
        return whole

    def _over(self, under: dict[Size, int]) -> Size:
        """Expand numerator and denominator until the denominator is `under`."""
        missing = {base: n - self.under.get(base, 0) for base, n in under.items()}
        factor = Size(0, 1, missing, self.ring).denominator()
        return Size(
            self.degree + factor.degree, self.height * factor.height, under, self.ring
        )

    def __add__(self, other: Any) -> Any:
        if not isinstance(other, Size):
            if not isinstance(other, NUMBERS):
                return NotImplemented
            other = self.ring.lift(other)
        if not self.height:
            return other
        if not other.height:
            return self
        a, b = self, other
        under = a.under
        if a.under != b.under:
            bases = a.under | b.under
            under = {n: max(a.under.get(n, 0), b.under.get(n, 0)) for n in bases}
            a, b = a._over(under), b._over(under)
        return Size(max(a.degree, b.degree), a.height + b.height, under, self.ring)

    __radd__ = __sub__ = __rsub__ = __add__  # a sign changes no size

    def __mul__(self, other: Any) -> Any:
        if not isinstance(other, Size):
            if not isinstance(other, NUMBERS):
                return NotImplemented
            other = self.ring.lift(other)
        if not self.height:
            return self
        if not other.height:
            return other
        under = self.under or other.under
        if self.under and other.under:
            under = dict(self.under)
            for base, power in other.under.items():
                under[base] = under.get(base, 0) + power
        return Size(
            self.degree + other.degree, self.height * other.height, under, self.ring
        )

    __rmul__ = __mul__

    def __neg__(self) -> Size:
        return Size(self.degree, self.height, self.under, self.ring)

    def whole_power(self, n: int) -> Size:
        """Return the size of self ** n."""
        if n < 0:
            return self.reciprocal().whole_power(-n)
        under = {base: power * n for base, power in self.under.items()} if n else {}
        return Size(self.degree * n, self.height**n, under, self.ring)

    def inverse(self) -> Size:
        """1 / (N / D) = D / N: the numerator N is a new denominator."""
        above = self.denominator()
        below = Size(self.degree, self.height, {}, self.ring)
        return Size(above.degree, above.height, {below: 1}, self.ring)


class SharedSize(Size):
    """A size that stands for all elements as large."""

    __slots__ = ()

    def __add__(self, other: Any) -> Any:
        try:
            return self.ring.sums[self, other]
        except KeyError:
            total = super().__add__(other)
            if total is not NotImplemented:
                total = self.ring.sums[self, other] = self.ring.shared(total)
            return total

    __radd__ = __sub__ = __rsub__ = __add__

    def __mul__(self, other: Any) -> Any:
        try:
            return self.ring.products[self, other]
        except KeyError:
            product = super().__mul__(other)
            if product is not NotImplemented:
                product = self.ring.products[self, other] = self.ring.shared(product)
            return product

    __rmul__ = __mul__

    def __neg__(self) -> Size:
        return self

    def function(self, generator: Generator) -> Any:
        """Return a new variable; refuse a second function of the same atom."""
        atom = f"from {generator.atom}"
        if self.known.setdefault(atom, generator) is not generator:
            raise NotShared
        return self.ring.drawn_for(generator, self)

    def inverse(self) -> Size:
        """Refuse: which element is divided by matters."""
        raise NotShared
