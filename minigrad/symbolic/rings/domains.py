"""Domains: what the numbers of a replayed tape may be, other than floats.

    FieldElement   an integer modulo a prime p: exact, and division works (field.py)
    Size           not a number but how large a polynomial can be (sizes.py)
    Dual           a number and its tangent, over either ring (duals.py)
    Exact          a constant of the program, as a fraction

The functions that are not polynomials are *generators* (generators.py). The first time
sigma(z) is asked of an element z, a new independent variable s is drawn, and z
remembers it. All that is known of s is how it differentiates, s' = s (1 - s). Putting
the true value of sigma(z) in the place of s keeps sums, products and derivatives. So an
identity between polynomials in free generators is one between the real functions.

The generator belongs to the element, not to its value. A rule that asks for cos(a)
again, on the very a that the tape kept, gets the cosine that the reference used; two
applications whose arguments merely coincide modulo p get different generators. The
algebra is then freer than the truth (sigma(z) and sigma(z + 0) are unrelated), which
can only make a proof fail, never succeed.
"""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Any, NoReturn

from minigrad.exact import NUMBERS, fraction
from minigrad.symbolic.rings.generators import Generator, asked_as, root


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


class Functions:
    """Lets NumPy find functions: for `np.tanh` it asks an object for its `tanh()`.

    A class of numbers has `ring`, and `function(generator)`, its value here.
    """

    __slots__ = ()

    ring: Any

    def function(self, generator: Generator) -> Any:
        """Return the generator's value at this number."""
        raise NotImplementedError

    def __getattr__(self, name: str) -> Any:
        found = None if name == "ring" else self.ring.asked_as(name)
        if found is None:
            raise AttributeError(f"a {type(self).__name__} has no {name}")
        return functools.partial(self.function, found)


class Element(Functions):
    """What the elements of both rings share: functions, division, powers.

    A ring has `fresh(name)`, a new independent variable; an element has `ring`, its
    own + - *, `whole_power(n)` and `inverse()`.
    """

    __slots__ = ("known", "ring")

    known: dict[str, Any]  # what was asked of this element before: its generators
    ring: Any

    def __getattr__(self, name: str) -> Any:
        if name == "known":  # most elements are never asked, and carry no dict
            self.known = {}
            return self.known
        return super().__getattr__(name)

    def function(self, generator: Generator) -> Any:
        """Return f(a): a new variable, unless f, or one of its atom, was asked before.

        So after exp(a), sigma(a) is exp(a) / (exp(a) + 1).
        """
        known = self.known
        if generator.meaning in known:
            return known[generator.meaning]
        atom = f"from {generator.atom}"
        if atom in known:
            other = known[atom]
            value = other.to_atom(known[other.meaning], self)
            y = generator.from_atom(value, self)
        else:
            y = self.ring.drawn_for(generator, self)
            known[atom] = generator
        known[generator.meaning] = y
        return y

    def __pow__(self, exponent: Any) -> Any:
        """A ** (k + r) = a**k * (a**r), with a generator for a**r if 0 < r < 1."""
        if type(exponent) is int:
            return self.whole_power(exponent)
        if not isinstance(exponent, NUMBERS):
            return NotImplemented
        exponent = fraction(exponent)
        whole = math.floor(exponent)
        part = exponent - whole
        power = self.whole_power(whole)
        return power * self.function(root(part)) if part else power

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
        known = self.known
        if "reciprocal" not in known:
            known["reciprocal"] = self.inverse()
        return known["reciprocal"]

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


class Ring:
    """What both rings share: the functions that their elements have been asked for.

    `met` keeps the generators that were drawn, by name.
    """

    fresh: Callable[[str], Any]
    lift: Callable[[Any], Any]

    def __init__(self) -> None:
        self.met: dict[str, Generator] = {}
        self._asked: dict[str, Generator | None] = {}

    def inner(self, a: Iterable[Any], b: Iterable[Any]) -> Any:
        """Return the sum of the products of two sequences."""
        return sum((x * y for x, y in zip(a, b, strict=True)), self.lift(0))

    def drawn_for(self, generator: Generator, at: Any) -> Any:
        """Return a new variable for the value of a generator at an element."""
        self.met[generator.name] = generator
        return self.fresh(generator.name)

    def asked_as(self, method: str) -> Generator | None:
        """Return the generator behind `a.method()`, or None; looked up once."""
        if method not in self._asked:
            self._asked[method] = asked_as(method)
        return self._asked[method]
