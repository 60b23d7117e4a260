r"""Formulas on paper: the walk that all ways of writing them share.

    c̄[t] = ȳ[t] ⊙ o[t] ⊙ (1 − tanh²(c[t]))          as text, in plain_text.py
    \bar{c}_{t} = \bar{y}_{t} \odot o_{t} ...        as LaTeX, in latex.py

Brackets stand where something looser is within something tighter. How a linear row is
written, the row says itself; what a function is called, too.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from minigrad.deriving.formula import (
    HALF,
    ONE,
    UNSEEN,
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
    divides,
    parted,
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
from minigrad.types import Shape

SUM, PRODUCT, ATOM = range(3)  # how tightly a formula holds together
DIGITS = 12  # of a whole number, up to which it is written out
MANY = 3  # arguments: of more that go on alike, the first and the last are written


class Slope(NamedTuple):
    """A margin note: the derivative of a function of one argument."""

    function: str
    slope: Formula


class Writer:
    """The walk over a formula. Its kinds say how things look."""

    one, odot, beside, minus = "1", " ⊙ ", " ", "-"
    prime, dots = "′", "…"

    def write(self, whole: Formula, within: int = SUM) -> str:
        """Write a formula, in brackets where it stands within something tighter."""
        text, holds = self._written(whole)
        return self.bracketed(text) if holds < within else text

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
            sign = self.minus if negative else "+" if k else ""
            pieces.append(f"{sign} {text}" if k else sign + text)
        return pieces

    def _written(self, whole: Formula) -> tuple[str, int]:
        match whole:
            case Letter():
                return self.letter(whole), ATOM
            case Number(value=value) if value >= 0:
                return self.number(value), ATOM
            case Sum():
                return " ".join(self.terms(whole)), SUM
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
                return self.function("softmax", self.write(inside), "", along), ATOM
            case OneHot():
                return self.function("onehot", self._places(whole)), ATOM
            case TimeSum(term=term, first=first, last=last):
                return self.over_time(self.write(term, PRODUCT), first, last), PRODUCT
            case Indicator(inside=inside):
                return self.indicator(self.write(inside)), ATOM
            case Spread(part=part):
                if part == ONE:
                    return self.one, ATOM
                number, factors = parted(part)
                ones = Spread(ONE, whole.shape)
                return self._product(number, (*factors, ones)), PRODUCT
            case Applied(row=row, args=args) if row.is_elementwise:
                return self.function(symbol_of(row), self.listed(args)), ATOM
            case Applied():
                return self._linear(whole)
        raise TypeError(f"{whole!r} is no formula")

    # ----------------------------------------------------------- products and quotients

    def _product(self, coefficient: Fraction, factors: Sequence[Formula]) -> str:
        """Write the number in front, and what divides below."""
        above = [each for each in factors if not divides(each)]
        below = [_upright(each) for each in factors if divides(each)]
        if not below and not _is_part(coefficient):
            front = self.number(coefficient)
            front = self.bracketed(front) if "/" in front else front
            number = "" if coefficient == 1 else front + self.beside
            return number + self.side_by_side(above)
        top, bottom = coefficient.numerator, coefficient.denominator
        if _is_long(coefficient):  # 0.693147… is no quotient to be read
            above, top, bottom = [Number(coefficient), *above], 1, 1
        if top != 1 or not above:
            above.insert(0, Number(Fraction(top)))
        if bottom != 1:
            below.insert(0, Number(Fraction(bottom)))
        return self.quotient(above, below)

    def side_by_side(self, factors: Sequence[Formula]) -> str:
        """Write factors: ⊙ between arrays, nothing beside a single number."""
        text = self.write(factors[0], ATOM if len(factors) > 1 else PRODUCT)
        for before, factor in itertools.pairwise(factors):
            sign = self.odot if before.shape and factor.shape else self.beside
            text += sign + self.write(factor, ATOM)
        return text

    def _power(self, whole: Power) -> str:
        """Write tanh²(c) for the square of tanh(c)."""
        base, exponent = whole.base, self.write(whole.exponent)
        k = whole.exponent.value if isinstance(whole.exponent, Number) else HALF * 2
        if k % 1 == HALF:
            root = self.root(self.write(base), self.write(base, ATOM))
            return root if k == HALF else self.raised(root, self.number(2 * k))
        if isinstance(base, Applied) and base.row.is_elementwise:
            return self.function(symbol_of(base.row), self.listed(base.args), exponent)
        return self.raised(self.write(base, ATOM), exponent)

    def _places(self, whole: OneHot) -> str:
        """Write which entry of each row is 1, counted from 1."""
        alike = len(set(whole.places)) == 1
        if whole.letter and not alike:
            return self.letter(Letter(whole.letter))
        places = whole.places[:1] if alike else whole.places
        return self.beside.join(self.number(Fraction(k + 1)) for k in places)

    # ---------------------------------------------------------------------- linear rows

    def _linear(self, whole: Applied) -> tuple[str, int]:
        """Write a linear row as it says that it is written."""
        vector = as_vector(whole)
        if vector is not None:
            text = self.write(vector, ATOM)
            return self.raised(text, "ᵀ") if whole.shape[0] == 1 else text, ATOM
        column = column_inside(whole)
        if column is not None:
            return self._written(column)
        if drops_leading_ones(whole):
            return self._written(whole.args[0])
        template = getattr(whole.row, "written", "")
        if not template:
            return self._called(whole), ATOM
        if template == UNSEEN:
            return self._written(whole.args[0])
        options, args, text = dict(whole.options), list(whole.args), ""
        for piece in re.findall(r"\{\}ᵀ?|\{[^}]*\}|[^{}]+", template):
            if piece == "{}ᵀ":
                text += self.raised(self.write(args.pop(0), ATOM), "ᵀ")
            elif piece == "{}":
                text += self.write(args.pop(0), ATOM)
            elif piece == "{...}":
                text += self.listed(args)
            elif piece == "{index}":
                where = index_text(options["index"], whole.args[0].shape)
                text = self.subscripted(text, where)
            elif not piece.startswith("{"):
                text += self.signs(piece)
            elif says_something(whole, piece[1:-1]):
                text = self.subscripted(text, _option(whole, piece[1:-1]))
        return text, PRODUCT if " " in template else ATOM

    def listed(self, args: Sequence[Formula]) -> str:
        """Write arguments with commas; many that go on alike as y_1, ..., y_T."""
        if len(args) > MANY and len(runs(list(enumerate(args)))) == 1:
            return f"{self.write(args[0])}, {self.dots}, {self.write(args[-1])}"
        return ", ".join(map(self.write, args))

    def _called(self, whole: Applied) -> str:
        """Write name(a, b; options), for a row that does not say more."""
        told = [
            _option(whole, name)
            for name, value in whole.options
            if name != "dtype" and value is not None
        ]
        options = "; " + self.words(", ".join(told)) if told else ""
        name = self.words(whole.row.name)
        return name + self.bracketed(self.listed(whole.args) + options)

    # --------------------------------------------------------- what stands in sentences

    def inline(self, whole: Formula) -> str:
        """Write a formula within a sentence."""
        return self.maths(self.write(whole))

    def note(self, note: str | Slope) -> str:
        """Write a margin note: words, or what a function's slope is."""
        if isinstance(note, str):
            return note
        letter = self.letter(Letter(note.function))
        return self.maths(f"{letter}{self.prime} = {self.write(note.slope)}")

    def times(self, times: Sequence[int]) -> str:
        """Write at which times an equation holds: t = 1, ..., 16."""
        listed = [str(t) for t in times]
        if len(times) > MANY:
            listed = [listed[0], self.dots, listed[-1]]
        return self.maths(f"t = {', '.join(listed)}")

    def spaces(self, by_shape: Mapping[Shape, Sequence[Letter]]) -> str:
        """Say in which space letters live: x[t] in R^3; W_f, W_i in R^(2×5)."""
        said = []
        for shape, letters in by_shape.items():
            names = dict.fromkeys(map(self.inline, letters))
            said.append(f"{', '.join(names)} {self.maths(self.space(shape))}")
        return "; ".join(said) + "."

    # ----------------------------------------------------------- what the kinds decide

    def number(self, value: Fraction) -> str:
        """Write a number: short decimals as such, other fractions as a quotient.

        What has more digits than are written ends in dots; whole numbers have all.
        """
        if value.denominator == 1 and abs(value) < 10**DIGITS:
            return str(value)
        decimal = f"{float(value):.6g}"
        exact = Fraction(decimal) == value
        if exact or _is_long(value) or value.denominator == 1:
            front, e, exponent = decimal.partition("e")
            front += "" if float(decimal) == float(value) else self.dots
            return self.times_power_of_ten(front, int(exponent)) if e else front
        return self.quotient(
            [Number(Fraction(value.numerator))], [Number(Fraction(value.denominator))]
        )

    def indicator(self, text: str) -> str:
        """Write 1 where this is positive, 0 elsewhere."""
        return f"[{text} > 0]"

    if TYPE_CHECKING:  # what a kind of writer says

        def letter(self, letter: Letter) -> str: ...
        def marked(self, mark: str) -> str: ...
        def bracketed(self, text: str) -> str: ...
        def function(
            self, name: str, args: str, exponent: str = "", along: str = ""
        ) -> str: ...
        def root(self, inside: str, bracketed: str) -> str: ...
        def raised(self, base: str, exponent: str) -> str: ...
        def quotient(
            self, above: Sequence[Formula], below: Sequence[Formula]
        ) -> str: ...
        def subscripted(self, text: str, below: str) -> str: ...
        def over_time(self, term: str, first: int, last: int) -> str: ...
        def times_power_of_ten(self, front: str, exponent: int) -> str: ...
        def space(self, shape: Shape) -> str: ...
        def maths(self, text: str) -> str: ...
        def words(self, text: str) -> str: ...
        def plain(self, text: str) -> str: ...
        def signs(self, text: str) -> str: ...


def _is_long(value: Fraction) -> bool:
    """Return whether a number is better read as a decimal than as a quotient."""
    return max(abs(value.numerator), value.denominator) > 10**6


def _is_part(coefficient: Fraction) -> bool:
    """Return whether x/4 is written for 0.25 x; but 0.1 x and 0.01 x stay."""
    n = coefficient.denominator
    return coefficient.numerator == 1 < n <= 10**6 and str(n).strip("0") != "1"


def symbol_of(row: Primitive) -> str:
    """Return what a function is called: σ, tanh, or the name the reader gave it."""
    return row.symbol if row.symbol.isalpha() or row.symbol == "√" else row.name


def time_text(time: int | At) -> str:
    """Write a time: 3, t, t+1."""
    if isinstance(time, int):
        return str(time)
    return f"t{time.offset:+d}" if time.offset else "t"


def _sign(part: Formula) -> tuple[bool, Formula]:
    """Part a formula into its sign and its size."""
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
