"""Formulas: what stands on a blackboard, as something that can be evaluated.

A formula is made of letters (c_t, W_f, c_t with a bar), numbers, sums, products entry
by entry, powers, and rows of the table applied to formulas. Formulas are made by the
functions below, which tidy up as a teacher would,

    y * (1.0 - y)        y (1 - y)             numbers are exact
    g * b + g * b        2 g b                 like terms are one term

In moving.py they are spared what only moves entries back, and evaluating.py computes
what is written.
"""

from __future__ import annotations

import functools
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction

import numpy as np

from minigrad.exact import NUMBERS
from minigrad.primitive import Primitive
from minigrad.proving.keyed_functions import as_written
from minigrad.proving.program import frozen
from minigrad.types import Real, Shape


@dataclass(frozen=True)
class At:
    """The time t + offset, in an equation that holds for many t."""

    offset: int


@dataclass(frozen=True)
class Formula:
    """What all formulas have: a shape, and operators that build larger ones."""

    shape: Shape = field(init=False, compare=False, repr=False, default=())

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

    def _shaped(self, shape: Shape) -> None:
        object.__setattr__(self, "shape", shape)


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

    def __post_init__(self) -> None:
        self._shaped(self.of)

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

    def __post_init__(self) -> None:
        self._shaped(_together(self.terms))


@dataclass(frozen=True)
class Product(Formula):
    """A number times factors, multiplied entry by entry."""

    coefficient: Fraction
    factors: tuple[Formula, ...]

    def __post_init__(self) -> None:
        self._shaped(_together(self.factors))


@dataclass(frozen=True)
class Power(Formula):
    """A power, entry by entry."""

    base: Formula
    exponent: Formula

    def __post_init__(self) -> None:
        self._shaped(_together((self.base, self.exponent)))


@dataclass(frozen=True)
class Applied(Formula):
    """A row of the table applied to formulas."""

    row: Primitive
    args: tuple[Formula, ...]
    options: tuple[tuple[str, object], ...]
    of: Shape

    def __post_init__(self) -> None:
        self._shaped(self.of)

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

    def __post_init__(self) -> None:
        self._shaped(self.of)


@dataclass(frozen=True)
class Indicator(Formula):
    """1 where a formula is positive, 0 elsewhere: [z > 0], the slope of relu.

    mask   the letter of what the program recorded of it; nobody reads it
    """

    inside: Formula
    mask: Letter

    def __post_init__(self) -> None:
        self._shaped(self.mask.shape)


@dataclass(frozen=True)
class TimeSum(Formula):
    """The sum of a term over the times first, ..., last."""

    term: Formula
    first: int
    last: int

    def __post_init__(self) -> None:
        self._shaped(self.term.shape)


UNSEEN = "{}"  # how a row is written that only repeats or rounds
ZERO, ONE = Number(Fraction(0)), Number(Fraction(1))


def formula(value: object) -> Formula:
    """Return a number as a formula; a formula as it is. A float is read as written.

    >>> formula(0.1)
    Number(value=Fraction(1, 10))
    """
    if isinstance(value, Formula):
        return value
    if isinstance(value, NUMBERS):
        return Number(as_written(value))
    raise TypeError(f"{value!r} is no number that a formula can hold")


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


def _together(parts: Iterable[Formula]) -> Shape:
    return np.broadcast_shapes(*(part.shape for part in parts))


# ------------------------------------------------------------------------- tidying up


def add(terms: Iterable[Formula]) -> Formula:
    """Return the sum, with like terms as one.

    >>> a = Letter("a")
    >>> add((a, a)) == formula(2) * a, add((a, -a)) == ZERO
    (True, True)
    """
    counted: dict[Formula, Fraction] = {}
    for term in map(visible, terms):
        for each in term.terms if isinstance(term, Sum) else (term,):
            coefficient, core = _split(each)
            counted[core] = counted.get(core, Fraction(0)) + coefficient
    kept = tuple(
        _scaled(coefficient, core)
        for core, coefficient in counted.items()
        if coefficient
    )
    return Sum(kept) if len(kept) > 1 else kept[0] if kept else ZERO


def multiply(factors: Iterable[Formula]) -> Formula:
    """Return the product, with numbers in front and equal factors as one power.

    >>> y = Letter("y")
    >>> multiply((y, formula(3), y)) == formula(3) * y**2
    True
    """
    coefficient = Fraction(1)
    exponents: dict[Formula, Formula] = {}
    for factor in map(visible, factors):
        number, parts = Fraction(1), tuple[Formula, ...]((factor,))
        if isinstance(factor, Product):
            number, parts = factor.coefficient, factor.factors
        elif isinstance(factor, Number):
            number, parts = factor.value, ()
        coefficient *= number
        for part in parts:
            base, exponent = _as_power(part)
            exponents[base] = exponents.get(base, ZERO) + exponent
    raised = [power(base, exponent) for base, exponent in exponents.items()]
    kept = tuple(each for each in raised if each != ONE)
    if coefficient == -1 and len(kept) == 1 and isinstance(kept[0], Sum):
        return add(-term for term in kept[0].terms)
    if not kept or not coefficient:
        return Number(coefficient)
    return kept[0] if coefficient == 1 == len(kept) else Product(coefficient, kept)


def power(base: Formula, exponent: Formula) -> Formula:
    """Return base ** exponent, written as little as possible."""
    base, exponent = visible(base), visible(exponent)
    if exponent == ONE:
        return base
    if isinstance(exponent, Number):
        k = exponent.value
        if k == 0:
            return ONE
        if isinstance(base, Number) and k.denominator == 1 and base.value:
            return Number(base.value ** int(k))
        if isinstance(base, Product) and k.denominator == 1:
            scale = Number(base.coefficient ** int(k))
            return multiply((scale, *(power(each, exponent) for each in base.factors)))
        inner = base.exponent if isinstance(base, Power) else None
        if isinstance(base, Power) and isinstance(inner, Number) and k.denominator == 1:
            return power(base.base, Number(inner.value * k))
    return Power(base, exponent)


def _split(term: Formula) -> tuple[Fraction, Formula]:
    """Return a term's number and the rest."""
    if isinstance(term, Number):
        return term.value, ONE
    if isinstance(term, Product):
        return term.coefficient, _scaled(
            Fraction(1), replace(term, coefficient=Fraction(1))
        )
    return Fraction(1), term


def _scaled(coefficient: Fraction, core: Formula) -> Formula:
    if core == ONE:
        return Number(coefficient)
    factors = core.factors if isinstance(core, Product) else (core,)
    if coefficient == 1 and len(factors) == 1:
        return factors[0]
    return Product(Fraction(coefficient), factors)


def _as_power(part: Formula) -> tuple[Formula, Formula]:
    """Part a whole or broken power; one with a letter in its exponent stays whole."""
    if isinstance(part, Power) and isinstance(part.exponent, Number):
        return part.base, part.exponent
    return part, ONE


# ----------------------------------------------------------- what it is made of


def letters_in(whole: Formula) -> Iterator[Letter]:
    """Yield every letter, as often as it stands there."""
    if isinstance(whole, Letter):
        yield whole
    for part in parts_of(whole):
        yield from letters_in(part)


def parts_of(whole: Formula) -> tuple[Formula, ...]:
    """Return the formulas that a formula is made of."""
    match whole:
        case Sum(terms=parts) | Product(factors=parts) | Applied(args=parts):
            return parts
        case Power(base=base, exponent=exponent):
            return base, exponent
        case TimeSum(term=part) | Spread(part=part) | Indicator(inside=part):
            return (part,)
    return ()


def weight(whole: Formula) -> int:
    """Count the operations that are written out."""
    parts = parts_of(whole)
    own = len(parts) - 1 if isinstance(whole, (Sum, Product)) else bool(parts)
    return own + sum(map(weight, parts))
