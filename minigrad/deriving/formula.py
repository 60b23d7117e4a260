"""Formulas: what stands on a blackboard, as something that can be evaluated.

A formula is made of letters (c_t, W_f, c_t with a bar), numbers, sums, products entry
by entry, powers, and rows of the table applied to formulas. Formulas are made by the
functions below, which tidy up as a teacher would,

    y * (1.0 - y)        y (1 - y)             numbers are exact, roots too
    g * b + g * b        2 g b                 like terms are one term
    sqrt(a) * sqrt(a)    a                     and a / sqrt(a) is sqrt(a)
    exp(z) / sum(exp(z)) softmax(z)            with or without a shift of z

In moving.py they are spared what only moves entries back, and evaluating.py computes
what is written.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction

import numpy as np

from minigrad.deriving.roots import root_of, taken_out
from minigrad.exact import NUMBERS
from minigrad.primitive import Primitive
from minigrad.proving.keyed_functions import as_written
from minigrad.proving.program import frozen
from minigrad.structure.provenance import UNSEEN
from minigrad.types import Real, Shape


@dataclass(frozen=True)
class At:
    """The time t + offset, in an equation that holds for many t."""

    offset: int


@dataclass(frozen=True)
class Formula:
    """What all formulas have: a shape, and operators that build larger ones."""

    @functools.cached_property
    def shape(self) -> Shape:
        """The shape of its value: that which its parts broadcast to, or a given one."""
        match self:
            case Letter(of=given) | Applied(of=given) | Spread(of=given):
                return given
            case OneHot(of=given) | Indicator(mask=Letter(of=given)):
                return given
        return np.broadcast_shapes(*(part.shape for part in parts_of(self)))

    def __add__(self, other: Formula | Real) -> Formula:
        return add((self, formula(other)))

    def __radd__(self, other: Formula | Real) -> Formula:
        return add((formula(other), self))

    def __sub__(self, other: Formula | Real) -> Formula:
        return add((self, -formula(other)))

    def __rsub__(self, other: Formula | Real) -> Formula:
        return add((formula(other), -self))

    def __mul__(self, other: Formula | Real) -> Formula:
        return multiply((self, formula(other)))

    def __rmul__(self, other: Formula | Real) -> Formula:
        return multiply((formula(other), self))

    def __truediv__(self, other: Formula | Real) -> Formula:
        return multiply((self, power(formula(other), Number(Fraction(-1)))))

    def __rtruediv__(self, other: Formula | Real) -> Formula:
        return multiply((formula(other), power(self, Number(Fraction(-1)))))

    def __pow__(self, other: Formula | Real) -> Formula:
        return power(self, formula(other))

    def __rpow__(self, other: Formula | Real) -> Formula:
        return power(formula(other), self)

    def __neg__(self) -> Formula:
        return multiply((Number(Fraction(-1)), self))


@dataclass(frozen=True)
class Letter(Formula):
    """The name of a value on the tape, or with a bar of its cotangent.

    name, subscript   W and f of W_f
    mark              tells letters of one name apart: "1" of f^(1)
    time              a number, t + k (`At`), or None outside time
    """

    name: str
    subscript: str = ""
    mark: str = ""
    time: int | At | None = None
    bar: bool = False
    of: Shape = field(default=(), compare=False)

    def barred(self) -> Letter:
        """Return the letter of the cotangent."""
        return replace(self, bar=True)


@dataclass(frozen=True)
class Number(Formula):
    """An exact number."""

    value: Fraction


@dataclass(frozen=True)
class Sum(Formula):
    """Terms added entry by entry."""

    terms: tuple[Formula, ...]


@dataclass(frozen=True)
class Product(Formula):
    """A number times factors, multiplied entry by entry."""

    coefficient: Fraction
    factors: tuple[Formula, ...]


@dataclass(frozen=True)
class Power(Formula):
    """A power, entry by entry."""

    base: Formula
    exponent: Formula


@dataclass(frozen=True)
class Applied(Formula):
    """A row of the table applied to formulas."""

    row: Primitive
    args: tuple[Formula, ...]
    options: tuple[tuple[str, object], ...]
    of: Shape

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Applied) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    @functools.cached_property
    def _key(self) -> Hashable:  # options may hold arrays, slices and lists
        return self.row, self.args, frozen(self.options), self.of


@dataclass(frozen=True)
class Spread(Formula):
    """A formula repeated to a shape, as broadcasting does. Seen only standing alone."""

    part: Formula
    of: Shape


@dataclass(frozen=True)
class Indicator(Formula):
    """1 where a formula is positive, 0 elsewhere: [z > 0], the slope of relu.

    mask   the letter of what the program recorded of it; nobody reads it
    """

    inside: Formula
    mask: Letter


@dataclass(frozen=True)
class Softmax(Formula):
    """exp(inside) divided by its sum along an axis, counted from the last: -1."""

    inside: Formula
    axis: int


@dataclass(frozen=True)
class OneHot(Formula):
    """1 in one entry of each row, 0 elsewhere; a vector is one row.

    places   of each row which entry, counted from 0, row by row
    letter   what many places are called: k
    """

    places: tuple[int, ...]
    of: Shape
    letter: str = field(default="", compare=False)


@dataclass(frozen=True)
class TimeSum(Formula):
    """The sum of a term over the times first, ..., last."""

    term: Formula
    first: int
    last: int


ZERO, ONE = Number(Fraction(0)), Number(Fraction(1))
HALF = Fraction(1, 2)


def formula(value: object) -> Formula:
    """Return a number as a formula; a formula as it is. A float is read as written.

    >>> formula(0.1), formula(2**0.5) == power(formula(2), formula(0.5))
    (Number(value=Fraction(1, 10)), True)
    """
    if isinstance(value, Formula):
        return value
    if not isinstance(value, NUMBERS):
        raise TypeError(f"{value!r} is no number that a formula can hold")
    square = root_of(value)
    if square is None:
        return Number(as_written(value))
    size = power(Number(square), Number(HALF))
    return size if value > 0 else -size


def spread(part: Formula, shape: Shape) -> Formula:
    """Return a formula of this shape."""
    return part if part.shape == shape else Spread(visible(part), shape)


def visible(part: Formula) -> Formula:
    """Return what is written of a factor or term: broadcasting and casts are not."""
    while True:
        if isinstance(part, Spread):
            part = part.part
        elif isinstance(part, Applied) and part.row.written == UNSEEN:
            (part,) = part.args
        else:
            return part


# ------------------------------------------------------------------------- tidying up


def add(terms: Iterable[Formula]) -> Formula:
    """Return the sum, with like terms as one, and what all have in common outside.

    >>> a, b = Letter("a"), Letter("b")
    >>> add((a, a)) == formula(2) * a, add((a, -a)) == ZERO
    (True, True)
    >>> add((a / b, 1 / b)) == add((a, ONE)) / b
    True
    """
    counted: dict[Formula, Fraction] = {}
    for term in itertools.chain.from_iterable(map(terms_of, terms)):
        coefficient, core = split(term)
        counted[core] = counted.get(core, Fraction(0)) + coefficient
    counted = {core: k for core, k in counted.items() if k}
    sizes, dividing = {abs(k) for k in counted.values()}, _common_divisor(counted)
    size = sizes.pop() if len(sizes) == 1 else Fraction(1)
    if len(counted) < 2:
        return next((_scaled(k, core) for core, k in counted.items()), ZERO)
    if dividing is not None:
        above = (_scaled(k, core) / dividing for core, k in counted.items())
        return multiply((add(above), dividing))
    inside = Sum(tuple(_scaled(k / size, core) for core, k in counted.items()))
    return inside if size == 1 else Product(size, (inside,))


def terms_of(part: Formula) -> tuple[Formula, ...]:
    """Return what a formula adds up: 2 (a + b) are 2 a and 2 b."""
    part = visible(part)
    if isinstance(part, Sum):
        return part.terms
    if isinstance(part, Product) and len(part.factors) == 1:
        (inside,) = part.factors
        if isinstance(inside, Sum):
            terms = map(split, inside.terms)
            return tuple(_scaled(part.coefficient * k, core) for k, core in terms)
    return (part,)


def _common_divisor(terms: Iterable[Formula]) -> Formula | None:
    """Return a power by which every term divides, if there is one."""
    first, *others = [_factors(term) for term in terms] or [()]
    for each in first:
        if divides(each) and all(each in factors for factors in others):
            return each
    return None


def multiply(factors: Iterable[Formula]) -> Formula:
    """Return the product, with numbers in front and equal factors as one power.

    >>> a, y = Letter("a"), Letter("y")
    >>> multiply((y, formula(3), y)) == formula(3) * y**2
    True
    >>> multiply((y, a / y + 1)) == a + y
    True
    """
    coefficient = Fraction(1)
    exponents: dict[Formula, Formula] = {}
    for factor in map(visible, factors):
        number, parts = coefficient_and_factors(factor)
        coefficient *= number
        for each in parts:
            base, exponent = _base_and_exponent(each)
            exponents[base] = exponents.get(base, ZERO) + exponent
    kept: list[Formula] = []
    for base, exponent in exponents.items():
        number, parts = coefficient_and_factors(power(base, exponent))
        coefficient *= number
        kept += parts
    kept.sort(key=is_root, reverse=True)
    if coefficient == -1 and len(kept) == 1 and isinstance(kept[0], Sum):
        return add(-term for term in kept[0].terms)
    if not kept or not coefficient:
        return Number(coefficient)
    for each in kept:
        others = [other for other in kept if other is not each]
        if isinstance(each, Sum) and _cancels(each, others):
            return add(multiply((Number(coefficient), term, *others))
                       for term in each.terms)  # fmt: skip
    if coefficient == 1 == len(kept):
        return kept[0]
    return Product(coefficient, tuple(kept))


def is_root(part: Formula) -> bool:
    """Is this a number such as √2? It stands in front."""
    return isinstance(part, Power) and isinstance(part.base, Number)


def _cancels(whole: Sum, others: Iterable[Formula]) -> bool:
    """Does a term divide by one of these factors?"""
    factors = itertools.chain.from_iterable(map(_factors, whole.terms))
    below = {_base_and_exponent(each)[0] for each in factors if divides(each)}
    above = {_base_and_exponent(each)[0] for each in others if not divides(each)}
    return not below.isdisjoint(above)


def power(base: Formula, exponent: Formula) -> Formula:
    """Return base ** exponent, written as little as possible.

    >>> a = Letter("a")
    >>> power(power(a, formula(0.5)), formula(2)) == a
    True
    """
    base, exponent = visible(base), visible(exponent)
    if exponent == ONE:
        return base
    if isinstance(exponent, Number):
        k = exponent.value
        if k == 0:
            return ONE
        if isinstance(base, Number) and k.denominator == 1 and base.value:
            return Number(base.value ** int(k))
        if isinstance(base, Number) and k.denominator == 2 and base.value > 0:
            return _root(base.value ** int(2 * k))
        if isinstance(base, Product) and k.denominator == 1:
            scale = Number(base.coefficient ** int(k))
            return multiply((scale, *(power(each, exponent) for each in base.factors)))
        inner = base.exponent if isinstance(base, Power) else None
        if isinstance(base, Power) and isinstance(inner, Number) and k.denominator == 1:
            return power(base.base, Number(inner.value * k))
    return Power(base, exponent)


def _root(square: Fraction) -> Formula:
    """Return the root of a fraction: of 8 it is 2 √2, of 1/2 it is 1/√2."""
    outside, inside = taken_out(square)
    base, half = (1 / inside, -HALF) if inside.numerator == 1 else (inside, HALF)
    root = ONE if inside == 1 else Power(Number(base), Number(half))
    return _scaled(outside, root)


def split(term: Formula) -> tuple[Fraction, Formula]:
    """Return a term's number and the rest."""
    if isinstance(term, Number):
        return term.value, ONE
    if isinstance(term, Product):
        return term.coefficient, _scaled(Fraction(1), term)
    return Fraction(1), term


def coefficient_and_factors(part: Formula) -> tuple[Fraction, tuple[Formula, ...]]:
    """Return a formula's number and its factors."""
    return split(part)[0], _factors(part)


def _factors(part: Formula) -> tuple[Formula, ...]:
    """Return what a formula multiplies, but for its number."""
    if isinstance(part, Number):
        return ()
    return part.factors if isinstance(part, Product) else (part,)


def _scaled(coefficient: Fraction, core: Formula) -> Formula:
    if core == ONE:
        return Number(coefficient)
    factors = _factors(core)
    if coefficient == 1 and len(factors) == 1:
        return factors[0]
    return Product(Fraction(coefficient), factors)


def divides(factor: Formula) -> bool:
    """Is this a power with a number below zero as its exponent?"""
    exponent = factor.exponent if isinstance(factor, Power) else ONE
    return isinstance(exponent, Number) and exponent.value < 0


def _base_and_exponent(part: Formula) -> tuple[Formula, Formula]:
    """Return both of a power; if there is a letter in its exponent, it is a base."""
    if isinstance(part, Power) and isinstance(part.exponent, Number):
        return part.base, part.exponent
    return part, ONE


# ----------------------------------------------------------- what it is made of


def every_part(whole: Formula) -> Iterator[Formula]:
    """Yield a formula and all that it is made of, as often as it stands there."""
    yield whole
    for part in parts_of(whole):
        yield from every_part(part)


def meaning(row: Primitive | None) -> str:
    """Return what an elementwise row means, "exp(a)"; of any other nothing."""
    return getattr(row, "meaning", "")


def is_sum(row: Primitive | None) -> bool:
    """Does a row add up along axes?"""
    return getattr(row, "written", "").startswith("Σ")


def letters_in(whole: Formula) -> Iterator[Letter]:
    """Yield every letter, as often as it stands there."""
    return (part for part in every_part(whole) if isinstance(part, Letter))


def parts_of(whole: Formula) -> tuple[Formula, ...]:
    """Return the formulas that a formula is made of."""
    match whole:
        case Sum(terms=parts) | Product(factors=parts) | Applied(args=parts):
            return parts
        case Power(base=base, exponent=exponent):
            return base, exponent
        case TimeSum(term=part) | Spread(part=part):
            return (part,)
        case Indicator(inside=part) | Softmax(inside=part):
            return (part,)
    return ()


def weight(whole: Formula) -> int:
    """Count the operations that are written out, but for numbers that multiply.

    A softmax counts as the letter that it will have.
    """
    parts = () if isinstance(whole, Softmax) else parts_of(whole)
    if isinstance(whole, Product):
        parts = tuple(part for part in parts if not is_root(part))
    own = len(parts) - 1 if isinstance(whole, (Sum, Product)) else bool(parts)
    return own + sum(map(weight, parts))
