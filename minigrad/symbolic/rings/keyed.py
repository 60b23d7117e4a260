"""A prime field in which equal arguments have equal functions.

To compare two programs, sigma(z) must be the same number wherever it is asked of the
same z, by whatever way z was computed. So a function is *keyed by the value* of its
argument: the first time exp is asked at a residue, a random residue is drawn and kept;
asked there again, by either program, it is the same. What is known of each function:

    exp     exp(0) = 1, exp(-z) = 1 / exp(z); exp(z + c) = exp(z) exp(c) for a constant
            c, if z is 0 where all inputs are
    log     log(1) = 0, log(1 / z) = -log(z), log(exp(z)) = z, exp(log(z)) = z
    sin     = 2 t / (1 + t t), cos = (1 - t t) / (1 + t t) with t = tan(z / 2), odd
    a ** r  1 ** r = 1, (1 / a) ** r = 1 / a ** r; of one root, all whole powers
    others  f(0), and whether f is odd or even, as SymPy knows it

and what can be written with them (closed_forms.py): sigma, tanh, softplus, ... The same
table lists what is *not* known: exp(a + b) = exp(a) exp(b), log(a b) = log(a) + log(b),
sqrt(a) sqrt(a) = a, sin(a + b). Programs that are equal only by these look different.

Why not more of exp? With exp(z) = w^z, and exponents modulo a second prime that divides
p - 1 (as in Mirage, Wu et al. 2024), exp(a + b) = exp(a) exp(b) would hold. But then a
difference of programs is a sum of k powers of w with huge exponents, and the best bound
that we know for the share of w at which it vanishes is about p^(-1 / (k - 1)) (Kelley
2016). The softmax of ten numbers has k = 100: no bound worth stating.

Beside its residue every number carries what it is where all inputs are 0, and its size
(keyed_element.py). The first tells z and c apart; with the second the chance is bounded
that two different arguments had the same residue.
"""

from __future__ import annotations

import operator
from collections import Counter, defaultdict
from collections.abc import Callable
from fractions import Fraction
from random import Random
from typing import Any

from minigrad.primitive import Elementwise
from minigrad.symbolic.rings.closed_forms import closed_form
from minigrad.symbolic.rings.domains import NUMBERS, Ring, fraction
from minigrad.symbolic.rings.field import Field
from minigrad.symbolic.rings.generators import row_asked_for
from minigrad.symbolic.rings.keyed_element import Function, KeyedElement
from minigrad.symbolic.rings.sizes import Sizes

Args = tuple[KeyedElement, ...]
Mirror = tuple[Function, Function]

# f(mirror(z)) = back(f(z)), as (mirror, back); both undo themselves.
_inverse = operator.methodcaller("reciprocal")
ODD: Mirror = (operator.neg, operator.neg)
EVEN: Mirror = (operator.neg, operator.pos)
NEITHER: Mirror = (operator.pos, operator.pos)
RECIPROCAL: Mirror = (_inverse, _inverse)
MIRRORS: dict[str, Mirror] = {
    "exp": (operator.neg, _inverse),
    "log": (_inverse, operator.neg),
    "tan of half": ODD,
}


class Keyed(Ring):
    """A prime field with functions keyed by the values of their arguments.

    >>> import numpy as np
    >>> ring = Keyed(2**61 - 1, Random(0))
    >>> a, b = ring.fresh("a"), ring.fresh("b")
    >>> np.tanh(np.array([a * b])) == np.tanh(np.array([b * a + 0]))
    array([ True])
    >>> (2 * a).sigmoid() == (1 + a.tanh()) / 2
    True
    >>> (a + b).exp() == a.exp() * b.exp()          # true, but not known
    False

    drawn  how many values of each function stand as independent variables
    asked  for each function, the arguments that had to be told apart
    sizes  what bounds how large its elements are as polynomials
    """

    def __init__(self, p: int, random: Random, sizes: Any = None) -> None:
        super().__init__()
        self.field, self.sizes = Field(p, random), sizes or Sizes()
        self.drawn: Counter[str] = Counter()
        self.asked: defaultdict[str, list[Args]] = defaultdict(list)
        self._values: dict[tuple[Any, ...], KeyedElement] = {}
        self._numbers: dict[Any, KeyedElement] = {}
        self._mirrors = dict(MIRRORS)
        self._rows: dict[str, Elementwise | None] = {}
        self._keep("exp", self.lift(0), self.lift(1))
        self._keep("log", self.lift(1), self.lift(0))
        self._keep("tan of half", self.lift(0), self.lift(0))

    # ------------------------------------------------------------------ its elements

    def fresh(self, name: str) -> KeyedElement:
        """Return a new variable: random at the point, and 0 at the origin."""
        at, size = self.field.fresh(name), self.sizes.fresh(name)
        return KeyedElement(at, self.field.lift(0), size, self)

    def lift(self, number: Any) -> KeyedElement:
        """Bring a number into the ring exactly."""
        if number not in self._numbers:
            at, size = self.field.lift(number), self.sizes.lift(number)
            self._numbers[number] = KeyedElement(at, at, size, self)
        return self._numbers[number]

    def element(self, entry: Any) -> KeyedElement:
        """Return an element as it is, and a number lifted."""
        return entry if isinstance(entry, KeyedElement) else self.lift(entry)

    def constant(self, name: str) -> KeyedElement:
        """Return a number known by name only, pi or E: the same each time."""
        return self._found(name, (), lambda: self._drawn(name))

    # ----------------------------------------------------------------- its functions

    def asked_as(self, method: str) -> Any:
        """Return the row that NumPy asks an object for: `np.tanh` calls a.tanh()."""
        if method not in self._rows:
            self._rows[method] = row_asked_for(method)
        return self._rows[method]

    def meant(self, meaning: str, *args: Any) -> KeyedElement:
        """Return what a row's meaning is at these arguments.

        >>> ring = Keyed(2**61 - 1, Random(0))
        >>> a = ring.fresh("a")
        >>> ring.meant("a / b", a, 2) == a / 2
        True
        """
        args = tuple(map(self.element, args))
        known = closed_form(meaning, len(args))
        return self._found(meaning, args, lambda: self.element(known(self, args)))

    def function(self, name: str, *args: Any) -> KeyedElement:
        """Return the value of a function that SymPy knows by this name."""
        args = tuple(map(self.element, args))
        known = {
            "exp": self._exp,
            "log": self._log,
            "sin": self._sin,
            "cos": self._cos,
            "tan": self._tan,
        }
        if name in known:
            return known[name](*args)
        if len(args) == 1:
            return self._mirrored(name, *args)
        return self._found(name, args, lambda: self._drawn(name, *args))

    def power(self, base: Any, exponent: Any) -> Any:
        """Return base ** exponent, which is exp(exponent * log(base)) if that moves."""
        if not isinstance(exponent, NUMBERS):
            return self._exp(exponent * self.function("log", base))
        exponent = fraction(exponent)
        if exponent < 0:
            return 1 / self.power(base, -exponent)
        whole, part = divmod(exponent, 1)
        power = base ** int(whole)
        if not part:
            return power
        name = f"root {part.denominator}"
        if name not in self._mirrors:
            self._mirrors[name] = RECIPROCAL
            self._keep(name, self.lift(1), self.lift(1))
        return power * self._mirrored(name, self.element(base)) ** part.numerator

    def _exp(self, z: KeyedElement) -> KeyedElement:
        """exp(z) = exp(z - c) exp(c), with the constant c that z is at the origin."""
        c = z.constant()
        if c is None or c == 0:
            y = self._mirrored("exp", z)
        else:
            y = self._mirrored("exp", z - c) * self._mirrored("exp", c)
        self._keep("log", y, z)
        return y

    def _log(self, w: KeyedElement) -> KeyedElement:
        """log(w), of which exp is known."""
        y = self._mirrored("log", w)
        c, d = y.constant(), w.constant()
        if c is None or d is None or c == y:
            self._keep("exp", y, w)
        else:
            self._keep("exp", y - c, w / d)  # and exp(c) = d, from log(d)
        return y

    def _sin(self, z: KeyedElement) -> KeyedElement:
        t = self._mirrored("tan of half", z / 2)
        return 2 * t / (1 + t * t)

    def _cos(self, z: KeyedElement) -> KeyedElement:
        t = self._mirrored("tan of half", z / 2)
        return (1 - t * t) / (1 + t * t)

    def _tan(self, z: KeyedElement) -> KeyedElement:
        return self._sin(z) / self._cos(z)

    # ------------------------------------------------------------ how they are keyed

    def _mirrored(self, name: str, z: KeyedElement) -> KeyedElement:
        """Return f(z); of z and its mirror image, -z or 1 / z, only one is drawn."""
        key, back = self._key(name, z)
        return back(self._found(name, (key,), lambda: self._drawn(name, key)))

    def _key(self, name: str, z: KeyedElement) -> tuple[KeyedElement, Function]:
        """Return z or its mirror image, and how to get f(z) from f of that."""
        mirror, back = self._mirror(name)
        image = mirror(z) if z.at.value else z
        return (image, back) if image.at.value < z.at.value else (z, operator.pos)

    def _mirror(self, name: str) -> Mirror:
        """Return what is known of f: f(mirror(z)) = back(f(z))."""
        if name not in self._mirrors:
            self._mirrors[name], at_zero = _as_sympy_knows(name)
            if at_zero is not None:
                self._keep(name, self.lift(0), self.lift(at_zero))
        return self._mirrors[name]

    def _keep(self, name: str, z: KeyedElement, value: KeyedElement) -> None:
        key, back = self._key(name, z)
        self._found(name, (key,), lambda: back(value))

    def _found(self, name: str, args: Args, make: Callable[[], Any]) -> KeyedElement:
        """Return what was made for these arguments, or make it."""
        key = (name, *(arg.at.value for arg in args))
        if key not in self._values:
            self._values[key] = make()
            self.asked[name].append(args)
        return self._values[key]

    def _drawn(self, name: str, *args: KeyedElement) -> KeyedElement:
        """Draw a new variable for f(*args). At the origin it is f of what they are."""
        self.drawn[name] += 1
        at, size = self.field.fresh(name), self.sizes.fresh(name)
        constants = [arg.constant() for arg in args]
        positive = self._mirrors.get(name, NEITHER)[0] is _inverse
        origin: Any = None
        if all(c == arg for c, arg in zip(constants, args, strict=True)):
            origin = at
        elif all(c is not None and (c != 0 or not positive) for c in constants):
            origin = self.function(name, *constants).at
        return KeyedElement(at, origin, size, self)


def _as_sympy_knows(name: str) -> tuple[Mirror, Fraction | None]:
    """Return whether a function is odd or even, and its value at 0 if that is rational.

    >>> _as_sympy_knows("erf")[1], _as_sympy_knows("asin")[0] == ODD
    (Fraction(0, 1), True)
    """
    import sympy

    try:
        x, f = sympy.Symbol("x", real=True), getattr(sympy, name)
        mirror = {-f(x): ODD, f(x): EVEN}.get(f(-x), NEITHER)
        zero = f(sympy.Integer(0))
    except (AttributeError, TypeError, ValueError):
        return NEITHER, None
    return mirror, Fraction(int(zero.p), int(zero.q)) if zero.is_Rational else None
