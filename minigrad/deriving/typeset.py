"""Formulas on paper: one writer, and a table for each style of writing.

    c̄[t] = ȳ[t] ⊙ o[t] ⊙ (1 − tanh²(c[t]))          as text

The writer walks over a formula, and puts its parts down: a power, a quotient, a letter.
How each of these looks, a style says (formula_styles.py). Brackets stand where
something looser is within something tighter. How a linear row is written, the row says
itself; what a function is called, too.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import NamedTuple, TypeAlias

import numpy as np

from minigrad.deriving.decimals import (
    decimal,
    is_decimal,
    is_long,
    is_unit_fraction,
    to_float,
)
from minigrad.deriving.formula import (
    HALF,
    ONE,
    Applied,
    At,
    Formula,
    Indicator,
    Letter,
    Number,
    OneHot,
    Power,
    Product,
    Softmax,
    Spread,
    Sum,
    TimeSum,
    coefficient_and_factors,
    divides,
)
from minigrad.deriving.indices import index_text
from minigrad.deriving.moving import (
    as_vector,
    column_inside,
    drops_leading_ones,
    says_something,
)
from minigrad.deriving.through_time import runs
from minigrad.primitive import Primitive
from minigrad.structure.provenance import UNSEEN
from minigrad.types import Shape

SUM, PRODUCT, ATOM = range(3)  # how tightly a formula holds together
DIGITS = 12  # of a whole number, up to which it is written out
MANY = 3  # arguments: of more that go on alike, the first and the last are written


class Slope(NamedTuple):
    """A margin note: the derivative of a function of one argument."""

    function: str
    slope: Formula


Style: TypeAlias = Mapping[str, str | Callable[..., str]]


class Writer:
    """The walk over a formula, which puts its parts down in a style.

    style    how each kind of part looks: a template, or a function of the parts
    called   letters that are written as others
    """

    def __init__(
        self, style: Style, called: Mapping[Letter, Letter] | None = None
    ) -> None:
        self.style = style
        self.called = called or {}

    def put(self, kind: str, *parts: str) -> str:
        """Put parts of a kind down as this style does: x below a root."""
        rule = self.style[kind]
        return rule.format(*parts) if isinstance(rule, str) else rule(*parts)

    def write(self, whole: Formula, within: int = SUM) -> str:
        """Write a formula, in brackets where it stands within something tighter."""
        text, holds = self._written(whole)
        return self.put("fenced", text) if holds < within else text

    def letter(self, letter: Letter) -> str:
        """Write a letter, or the one that it is called."""
        other = self.called.get(replace(letter, bar=False))
        shown = replace(other, bar=letter.bar) if other else letter
        below = [shown.subscript] if shown.subscript else []
        below += [] if shown.time is None else [time_text(shown.time)]
        rule = self.style["letter"]
        assert not isinstance(rule, str)
        return rule(shown, below)

    def terms(self, whole: Formula) -> list[str]:
        """Write a formula in pieces between which a line may be broken."""
        parts = list(whole.terms) if isinstance(whole, Sum) else [whole]
        if _sign(parts[0])[0]:  # σ(z) − K, not −K + σ(z)
            first = next((each for each in parts if not _sign(each)[0]), parts[0])
            parts.sort(key=lambda each: each is not first)
        pieces = []
        for k, part in enumerate(parts):
            negative, size = _sign(part)
            text = self.write(size, PRODUCT if len(parts) > 1 or negative else SUM)
            if k:
                pieces.append(self.put("infix", "−" if negative else "+", text))
            else:
                pieces.append(self.put("sign", "−") * negative + text)
        return pieces

    def _written(self, whole: Formula) -> tuple[str, int]:
        match whole:
            case Letter():
                return self.letter(whole), ATOM
            case Number(value=value) if value >= 0:
                return self.number(value), ATOM
            case Sum():
                return self.put("joint").join(self.terms(whole)), SUM
            case Product() | Number() | Spread() if _sign(whole)[0]:
                return self.terms(whole)[0], SUM
            case Product(coefficient=coefficient, factors=factors):
                return self._product(coefficient, factors), PRODUCT
            case Power() if divides(whole):
                return self._product(Fraction(1), (whole,)), PRODUCT
            case Power():
                return self._power(whole), ATOM
            case Softmax(inside=inside, axis=axis):
                along = f"axis {len(whole.shape) + axis + 1}" if axis != -1 else ""
                return self.call("softmax", self.write(inside), "", along), ATOM
            case OneHot():
                return self.call("onehot", self._places(whole)), ATOM
            case TimeSum(term=term, first=first, last=last):
                text = self.write(term, PRODUCT)
                return self.put("over_time", text, str(first), str(last)), PRODUCT
            case Indicator(inside=inside):
                return self.put("indicator", self.write(inside)), ATOM
            case Spread(part=part):
                if part == ONE:
                    return self.put("one"), ATOM
                number, factors = coefficient_and_factors(part)
                ones = Spread(ONE, whole.shape)
                return self._product(number, (*factors, ones)), PRODUCT
            case Applied(row=row, args=args) if row.is_elementwise:
                return self.call(symbol_of(row), self.listed(args)), ATOM
            case Applied():
                return self._linear(whole)
        raise TypeError(f"{whole!r} is no formula")

    def call(self, name: str, args: str, exponent: str = "", along: str = "") -> str:
        """Write a function of something, tanh²(c), or along an axis."""
        return self.put("call", name, args, exponent, along)

    # ----------------------------------------------------------- products and quotients

    def _product(self, coefficient: Fraction, factors: Sequence[Formula]) -> str:
        """Write the number in front, and what divides below."""
        above = [each for each in factors if not divides(each)]
        below = [_upright(each) for each in factors if divides(each)]
        if not below and not is_unit_fraction(coefficient):
            front = self.number(coefficient)
            if not is_decimal(coefficient):
                front = self.put("fenced", front)
            number = "" if coefficient == 1 else front + self.put("beside")
            return number + self.side_by_side(above)
        top, bottom = coefficient.numerator, coefficient.denominator
        if is_long(coefficient):  # 0.693147… is no quotient to be read
            above, top, bottom = [Number(coefficient), *above], 1, 1
        if top != 1 or not above:
            above.insert(0, Number(Fraction(top)))
        if bottom != 1:
            below.insert(0, Number(Fraction(bottom)))
        return self._quotient(above, below)

    def _quotient(self, above: Sequence[Formula], below: Sequence[Formula]) -> str:
        """Write what stands above a line and below it, in brackets on one line."""
        if "flat" not in self.style:
            top, bottom = (
                self.side_by_side(part) if len(part) > 1 else self.write(part[0])
                for part in (above, below)
            )
        elif len(below) > 1:
            top, bottom = map(self.side_by_side, (above, below))
            bottom = self.put("fenced", bottom)
        else:
            top, bottom = self.side_by_side(above), self.write(below[0], ATOM)
        return self.put("quotient", top, bottom)

    def side_by_side(self, factors: Sequence[Formula]) -> str:
        """Write factors: ⊙ between arrays, nothing beside a single number."""
        text = self.write(factors[0], ATOM if len(factors) > 1 else PRODUCT)
        for before, factor in itertools.pairwise(factors):
            sign = "times" if before.shape and factor.shape else "beside"
            text += self.put(sign) + self.write(factor, ATOM)
        return text

    def _power(self, whole: Power) -> str:
        """Write tanh²(c) for the square of tanh(c), √x³ for x^(3/2)."""
        base, exponent = whole.base, self.write(whole.exponent)
        k = whole.exponent.value if isinstance(whole.exponent, Number) else ONE.value
        if k % 1 == HALF:
            root = self.put("root", self.write(base))
            return root if k == HALF else self.put("power", root, self.number(2 * k))
        if isinstance(base, Applied) and base.row.is_elementwise:
            return self.call(symbol_of(base.row), self.listed(base.args), exponent)
        return self.put("power", self.write(base, ATOM), exponent)

    def _places(self, whole: OneHot) -> str:
        """Write which entry of each row is 1, counted from 1."""
        alike = len(set(whole.places)) == 1
        if whole.letter and not alike:
            return self.letter(Letter(whole.letter))
        places = whole.places[:1] if alike else whole.places
        return self.put("beside").join(self.number(Fraction(k + 1)) for k in places)

    # ---------------------------------------------------------------------- linear rows

    def _linear(self, whole: Applied) -> tuple[str, int]:
        """Write a linear row as it says that it is written."""
        vector, column = as_vector(whole), column_inside(whole)
        if vector is not None:
            text = self.write(vector, ATOM)
            return self.put("turned", text) if whole.shape[0] == 1 else text, ATOM
        template = getattr(whole.row, "written", "")
        if column is not None or drops_leading_ones(whole) or template == UNSEEN:
            return self._written(column or whole.args[0])
        if not template:
            return self._called(whole), ATOM
        options, args, text = dict(whole.options), list(whole.args), ""
        for piece in re.findall(r"\{\}ᵀ?|\{[^}]*\}|[^{}]+", template):
            if piece == "{}ᵀ":
                text += self.put("turned", self.write(args.pop(0), ATOM))
            elif piece == "{}":
                text += self.write(args.pop(0), ATOM)
            elif piece == "{...}":
                text += self.listed(args)
            elif piece == "{index}":
                where = index_text(options["index"], whole.args[0].shape)
                text = self.put("below", text, where)
            elif not piece.startswith("{"):
                text += "".join(self.signs(piece))
            elif says_something(whole, piece[1:-1]):
                text = self.put("below", text, _option(whole, piece[1:-1]))
        return text, PRODUCT if " " in template else ATOM

    def signs(self, text: str) -> Iterator[str]:
        """Write the signs of a row's own template one by one."""
        return (self.put("beside") if s == " " else self.put("sign", s) for s in text)

    def listed(self, args: Sequence[Formula]) -> str:
        """Write arguments with commas; many that go on alike as y_1, ..., y_T."""
        several = list(map(self.write, args))
        if len(args) > MANY and len(runs(list(enumerate(args)))) == 1:
            several = [several[0], self.put("dots"), several[-1]]
        return self.put("comma").join(several)

    def _called(self, whole: Applied) -> str:
        """Write name(a, b; options), for a row that does not say more."""
        options = [
            _option(whole, name)
            for name, value in whole.options
            if name != "dtype" and value is not None
        ]
        inside = self.listed(whole.args)
        if options:
            inside += self.put("infix", ";", self.put("words", ", ".join(options)))
        return self.put("words", whole.row.name) + self.put("fenced", inside)

    # --------------------------------------------------------- what stands in sentences

    def inline(self, whole: Formula) -> str:
        """Write a formula within a sentence."""
        return self.put("maths", self.write(whole))

    def equation(self, left: str, right: str) -> str:
        """Write two sides as equal."""
        return self.put("joint").join([left, self.put("infix", "=", right)])

    def note(self, note: str | Slope) -> str:
        """Write a margin note: words, or what a function's slope is."""
        if isinstance(note, str):
            return note
        primed = self.letter(Letter(note.function)) + self.put("prime")
        return self.put("maths", self.equation(primed, self.write(note.slope)))

    def times(self, times: Sequence[int]) -> str:
        """Write at which times an equation holds: t = 1, ..., 16."""
        listed = [self.put("number", str(t)) for t in times]
        if len(times) > MANY:
            listed = [listed[0], self.put("dots"), listed[-1]]
        when = self.put("comma").join(listed)
        return self.put("maths", self.equation(self.put("name", "t"), when))

    def spaces(self, by_shape: Mapping[Shape, Sequence[Letter]]) -> str:
        """Say in which space letters live: x[t] in R^3; W_f, W_i in R^(2×5)."""
        sentence = []
        for shape, letters in by_shape.items():
            names = dict.fromkeys(map(self.inline, letters))
            space = self.put("maths", self.put("space", *map(str, shape)))
            sentence.append(f"{', '.join(names)} {space}")
        return "; ".join(sentence) + "."

    def number(self, value: Fraction) -> str:
        """Write a number: short decimals as such, other fractions as a quotient.

        What has more digits than are written ends in dots; whole numbers have all.
        """
        if value.denominator == 1 and abs(value) < 10**DIGITS:
            return self.put("number", str(value))
        if not is_decimal(value):
            parts = value.numerator, value.denominator
            return self._quotient(*([Number(Fraction(part))] for part in parts))
        text = decimal(value)
        digits, _, exponent = text.partition("e")
        exact = Fraction(text) == value or float(text) == to_float(value)
        front = self.put("number", digits) + self.put("dots") * (not exact)
        if not exponent:
            return front
        ten = (self.put("number", part) for part in ("10", str(int(exponent))))
        power = self.put("power", *ten)
        return power if digits == "1" and exact else front + self.put("dot") + power


def symbol_of(row: Primitive) -> str:
    """Return what a function is called: σ, tanh, or the name the reader gave it."""
    return row.symbol if row.symbol.isalpha() or row.symbol == "√" else row.name


def time_text(time: int | At) -> str:
    """Write a time: 3, t, t+1."""
    if isinstance(time, int):
        return str(time)
    return f"t{time.offset:+d}" if time.offset else "t"


def _sign(part: Formula) -> tuple[bool, Formula]:
    """Say whether a formula begins with a minus, and return it without."""
    if isinstance(part, Number) and part.value < 0:
        return True, Number(-part.value)
    if isinstance(part, Product) and part.coefficient < 0:
        return True, -part
    if isinstance(part, Spread) and _sign(part.part)[0]:
        return True, Spread(_sign(part.part)[1], part.shape)
    return False, part


def _upright(factor: Formula) -> Formula:
    """Return what stands below the line for a negative power."""
    assert isinstance(factor, Power) and isinstance(factor.exponent, Number)
    return factor.base**-factor.exponent.value


def _option(whole: Applied, name: str) -> str:
    """Write an option: an index as on paper, axes from 1, shapes as they are."""
    value = dict(whole.options)[name]
    if name == "index":
        indexed = max(whole.shape, whole.args[0].shape, key=len)
        return f"at {index_text(value, indexed)}"
    if name in ("axis", "axes"):
        axes = max(len(part.shape) for part in (whole, *whole.args))
        several = value if isinstance(value, (tuple, list)) else (value,)
        return f"{name} {', '.join(str(k % axes + 1) for k in several)}"
    if isinstance(value, np.ndarray):
        return "mask" if value.dtype == bool else f"array {value.shape}"
    shown = isinstance(value, (int, tuple, str))
    return f"{name} {value if shown else type(value).__name__}"
