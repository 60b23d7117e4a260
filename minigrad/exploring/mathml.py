"""Formulas as MathML, which a browser draws by itself: no library, no font to load.

A formula is a tree, and the walk that all writers share joins pieces of text. So the
tree is first written with three marks of our own, which no name can contain,

    ⟨tag|content⟩

and made MathML at the end, where everything a user typed is escaped in one place, and
what stands between elements (a comma, a plus) becomes an operator.
"""

from __future__ import annotations

import html
import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np

from minigrad.deriving.evaluating import evaluate
from minigrad.deriving.formula import Applied, Formula, Letter
from minigrad.deriving.plain_text import Text
from minigrad.deriving.typeset import (
    ATOM,
    SUM,
    Writer,
    time_text,
)
from minigrad.drawing.safe import printable, shortened
from minigrad.drawing.words import number
from minigrad.tensor import Array

OPEN, BAR, CLOSE = "\ue000", "\ue001", "\ue002"  # private: `printable` removes them
SIDE, ROOM = 6, 18  # of an array within an equation: rows or columns, and entries


def element(tag: str, *content: str) -> str:
    """Return ⟨tag|content⟩; the tag may bring attributes along."""
    return f"{OPEN}{tag}{BAR}{''.join(content)}{CLOSE}"


def row(*content: str) -> str:
    """Return pieces as one."""
    return element("mrow", *content)


def operator(sign: str) -> str:
    """Return a sign between two things."""
    return element("mo", sign)


def mathml(text: str) -> str:
    """Return a marked text as MathML.

    >>> mathml(element("mi", "<b>") + " + " + element("mn", "1"))
    '<mi>&lt;b&gt;</mi><mo form="infix">+</mo><mn>1</mn>'
    """
    return "".join(_elements(text))


def _elements(text: str) -> Iterator[str]:
    tags: list[str] = []
    for piece in re.findall(f"{OPEN}[^{BAR}]*{BAR}|{CLOSE}|[^{OPEN}{CLOSE}]+", text):
        if piece[0] == OPEN:
            tags.append(piece[1:-1].partition(" ")[0])
            yield f"<{piece[1:-1]}>"
        elif piece == CLOSE:
            yield f"</{tags.pop()}>"
        elif tags and tags[-1] in ("mi", "mn", "mo", "mtext"):
            yield html.escape(piece)
        else:
            for sign in piece.split():
                yield f'<mo form="infix">{html.escape(sign)}</mo>'


class MathMl(Writer):
    """Formulas as MathML.

    nameless   what letters are called that stand for values without a name: t13

    >>> y = Letter("y")
    >>> MathMl().inline(1 - y)
    '<math><mn>1</mn><mo form="infix">−</mo><mi>y</mi></math>'
    >>> MathMl({y: "t13"}).inline(y)
    '<math><msub><mi>t</mi><mrow><mn>13</mn></mrow></msub></math>'
    """

    one = element("mn", "𝟏")
    odot, beside, minus = operator("⊙"), element("mspace width='0.2em'"), operator("−")
    prime, dots = element("mo", "′"), element("mo", "…")

    def __init__(self, nameless: Mapping[Letter, str] | None = None) -> None:
        self.nameless = nameless or {}

    def letter(self, letter: Letter) -> str:
        called = self.nameless.get(replace(letter, bar=False))
        if called is not None:  # its number says when, too
            letter = Letter(called[0], called[1:], bar=letter.bar)
        name = _name(letter.name.rstrip("~"))
        if letter.name.endswith("~"):
            name = element("mover accent='true'", name, operator("~"))
        if letter.bar:
            name = element("mover accent='true'", name, operator("¯"))
        below = [_name(letter.subscript)] if letter.subscript else []
        below += [] if letter.time is None else [_name(time_text(letter.time))]
        if letter.mark:
            under, over = row(",".join(below)), self._mark(letter.mark)
            return element("msubsup", name, under, over)
        return element("msub", name, row(",".join(below))) if below else name

    def _mark(self, mark: str) -> str:
        return row(operator("("), element("mn", mark), operator(")"))

    def terms(self, whole: Formula) -> list[str]:
        """Write a formula in pieces; a sign in front of a later one stands between."""
        first, *others = super().terms(whole)
        return [first, *(text.replace(f"{self.minus} ", "− ", 1) for text in others)]

    def marked(self, mark: str) -> str:
        return element("msup", row(), self._mark(mark))

    def number(self, value: Fraction) -> str:
        return _digits_first(super().number(value))

    def bracketed(self, text: str) -> str:
        return row(operator("("), text, operator(")"))

    def indicator(self, text: str) -> str:
        return row(operator("["), text, operator(">"), _number("0"), operator("]"))

    def function(
        self, name: str, args: str, exponent: str = "", along: str = ""
    ) -> str:
        called = _name(name)
        called = element("msup", called, row(exponent)) if exponent else called
        called = element("msub", called, element("mtext", along)) if along else called
        return row(called, operator("\N{FUNCTION APPLICATION}"), self.bracketed(args))

    def root(self, inside: str, bracketed: str) -> str:
        return element("msqrt", inside)

    def raised(self, base: str, exponent: str) -> str:
        above = element("mi", "⊤") if exponent == "ᵀ" else row(exponent)
        return element("msup", row(base), above)

    def quotient(self, above: Sequence[Formula], below: Sequence[Formula]) -> str:
        parts = (
            self.side_by_side(part) if len(part) > 1 else self.write(part[0], SUM)
            for part in (above, below)
        )
        return element("mfrac", *map(row, parts))

    def subscripted(self, text: str, below: str) -> str:
        shown = re.sub(r"(?<=\w):(?=[\w−])", "…", below.replace("-", "−"))
        return element("msub", row(text), element("mtext", shown))

    def over_time(self, term: str, first: int, last: int) -> str:
        start = row(_name("t"), operator("="), _number(str(first)))
        return row(
            element("munderover", operator("∑"), start, _number(str(last))), term
        )

    def signs(self, text: str) -> str:
        return "".join(self.beside if s == " " else operator(s) for s in text)

    def times_power_of_ten(self, front: str, exponent: int) -> str:
        ten = self.raised(_number("10"), _number(str(exponent)))
        return ten if front == "1" else row(_digits_first(front), operator("·"), ten)

    def space(self, shape: tuple[int, ...]) -> str:
        above = "×".join(_number(str(n)) for n in shape)
        return operator("∈") + element("msup", _name("ℝ"), row(above))

    def words(self, text: str) -> str:
        return element("mtext", printable(text))

    def plain(self, text: str) -> str:
        return html.escape(printable(text))

    def maths(self, text: str) -> str:
        return f"<math>{mathml(text)}</math>"


class Spoken(Text):
    """The same as plain text, for a line that is read aloud."""

    def __init__(self, nameless: Mapping[Letter, str]) -> None:
        self.nameless = nameless

    def letter(self, letter: Letter) -> str:
        plain = replace(letter, bar=False)
        if plain in self.nameless:
            name = self.nameless[plain]
            return name[0] + "\N{COMBINING MACRON}" * letter.bar + name[1:]
        return super().letter(letter)


class WithNumbers(MathMl):
    """The same formulas with numbers in place of the letters that have small values.

    values    the array behind each letter; what is large stays a letter
    sources   which numbers these are, for the script, which may write others there

    >>> f, c = Letter("f"), Letter("c")
    >>> WithNumbers({f: np.array(0.5), c: np.array(2.0)}).inline(f + c)
    '<math><mn>0.5</mn><mo form="infix">+</mo><mn>2</mn></math>'
    """

    beside = operator("·")  # digits side by side are one number

    def __init__(
        self,
        values: Mapping[Letter, Any],
        nameless: Mapping[Letter, str] | None = None,
        sources: Mapping[Letter, str] | None = None,
    ) -> None:
        super().__init__(nameless)
        self.values = values
        self.sources = sources or {}
        self.used = 0  # how many letters became numbers
        self.matrices: set[str] = set()  # what has brackets of its own

    def bracketed(self, text: str) -> str:
        return text if text in self.matrices else super().bracketed(text)

    def raised(self, base: str, exponent: str) -> str:
        """Write a power entry by entry with ⊙: it is no product of matrices."""
        if base in self.matrices and exponent != "ᵀ":
            exponent = self.odot + exponent
        return super().raised(base, exponent)

    def _written(self, whole: Formula) -> tuple[str, int]:
        if isinstance(whole, Letter) and fits(self.values.get(whole)):
            self.used += 1
            value = np.asarray(self.values[whole])
            text = matrix(value, self.sources.get(whole, ""))
            self.matrices |= {text} if value.ndim else set()
            return text, SUM if value.ndim == 0 and value < 0 else ATOM
        if isinstance(whole, Applied) and not self._as_on_paper(whole):
            return MathMl(self.nameless)._written(whole)
        return super()._written(whole)

    def _as_on_paper(self, whole: Applied) -> bool:
        """Do numbers side by side mean a product of matrices here? Not in a batch."""
        template = getattr(whole.row, "written", "")
        if template not in ("{} {}", "{} {}ᵀ"):
            return True
        left, right = (evaluate(arg, self.values, float) for arg in whole.args)
        if template == "{} {}ᵀ" and left.ndim == right.ndim == 1:
            return True
        if (
            left.ndim != 2
            or right.ndim not in (1, 2)
            or left.shape[1] != right.shape[0]
        ):
            return False
        found = evaluate(whole, self.values, float)
        return found.shape == (left @ right).shape and np.allclose(found, left @ right)


def fits(value: Any) -> bool:
    """Is there room for this array in an equation?"""
    shape = np.shape(value)
    small = len(shape) <= 2 and max(shape, default=1) <= SIDE
    return value is not None and small and 0 < np.size(value) <= ROOM


def matrix(value: Array, of: str = "") -> str:
    """Write a number, a vector as a column, or a matrix; `of` says whose numbers.

    >>> mathml(matrix(np.array([0.5, -1.0]))).count("<mtr>")
    2
    """
    known = itertools.count()

    def one(each: Any) -> str:
        tag = f"mn data-of='{of}' data-at='{next(known)}'" if of else "mn"
        return element(tag, number(each).replace("-", "−"))

    if value.ndim == 0:
        return one(value.item())
    rows = value.reshape(len(value), -1).tolist()
    cells = [element("mtr", *(element("mtd", one(x)) for x in line)) for line in rows]
    return row(operator("("), element("mtable", *cells), operator(")"))


def _number(text: str) -> str:
    return element("mn", text.replace("-", "−"))


def _name(name: str) -> str:
    if name.isdecimal():
        return element("mn", name)
    return element("mi", shortened(printable(name)) or "?")


def _digits_first(text: str) -> str:
    """Mark the digits that stand before other elements, such as dots."""
    digits = text.partition(OPEN)[0]
    return (_number(digits) if digits else "") + text[len(digits) :]
