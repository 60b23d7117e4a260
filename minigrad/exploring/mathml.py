"""Formulas as MathML, which a browser draws by itself: no library, no font to load.

MathML is one more style of the writer in `deriving`: a table that says for each part of
a formula which element it is. What a user typed is escaped where it becomes one.
"""

from __future__ import annotations

import html
import itertools
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from minigrad.deriving.evaluating import evaluate
from minigrad.deriving.formula import Applied, Formula, Letter
from minigrad.deriving.typeset import ATOM, SUM, Style, Writer
from minigrad.drawing.safe import printable, shortened
from minigrad.drawing.words import number
from minigrad.tensor import Array

SIDE, ROOM = 6, 18  # of an array within an equation: rows or columns, and entries
BLANK = "<mspace width='0.2em'></mspace>"


def element(tag: str, *content: str) -> str:
    """Return an element with this content; the tag may bring attributes along."""
    return f"<{tag}>{''.join(content)}</{tag.partition(' ')[0]}>"


def row(*content: str) -> str:
    """Return pieces as one."""
    return element("mrow", *content)


def operator(sign: str) -> str:
    """Return a sign between two things."""
    return element("mo", html.escape(sign))


def fenced(text: str) -> str:
    """Return something in brackets."""
    return row(operator("("), text, operator(")"))


def name(text: str) -> str:
    """Return a name, or a number in its place."""
    if text.isdecimal():
        return element("mn", text)
    return element("mi", html.escape(shortened(printable(text))) or "?")


def digits(text: str) -> str:
    """Return a number."""
    return element("mn", text.replace("-", "−"))


def words(text: str) -> str:
    """Return words within a formula."""
    return element("mtext", html.escape(printable(text)))


def _accented(letter: str, sign: str) -> str:
    return element("mover accent='true'", letter, operator(sign))


def _letter(letter: Letter, below: Sequence[str]) -> str:
    text = name(letter.name.rstrip("~"))
    text = _accented(text, "~") if letter.name.endswith("~") else text
    text = _accented(text, "¯") if letter.bar else text
    under = row(operator(",").join(map(name, below)))
    if letter.mark:
        return element("msubsup", text, under, fenced(digits(letter.mark)))
    return element("msub", text, under) if below else text


def _call(function: str, args: str, exponent: str, along: str) -> str:
    called = name(function)
    called = element("msup", called, row(exponent)) if exponent else called
    called = element("msub", called, words(along)) if along else called
    return row(called, operator("\N{FUNCTION APPLICATION}"), fenced(args))


def _below(text: str, below: str) -> str:
    shown = re.sub(r"(?<=\w):(?=[\w−])", "…", below.replace("-", "−"))
    return element("msub", row(text), words(shown))


def _over_time(term: str, first: str, last: str) -> str:
    start = row(name("t"), operator("="), digits(first))
    return row(element("munderover", operator("∑"), start, digits(last)), term)


def _indicator(inside: str) -> str:
    return row(operator("["), inside, operator(">"), digits("0"), operator("]"))


def _space(*shape: str) -> str:
    above = operator("×").join(map(digits, shape))
    return operator("∈") + element("msup", name("ℝ"), row(above))


MATHML: Style = {
    "letter": _letter,
    "mark": lambda mark: element("msup", row(), fenced(digits(mark))),
    "name": name,
    "number": digits,
    "sign": operator,
    "words": words,
    "plain": lambda text: html.escape(printable(text)),
    "maths": "<math>{}</math>",
    "one": digits("𝟏"),
    "times": operator("⊙"),
    "beside": BLANK,
    "dot": operator("·"),
    "comma": operator(","),
    "dots": operator("…"),
    "prime": operator("′"),
    "joint": "",
    "infix": lambda sign, text: element('mo form="infix"', sign) + text,
    "fenced": fenced,
    "power": lambda base, exponent: element("msup", row(base), row(exponent)),
    "turned": lambda base: element("msup", row(base), name("⊤")),
    "below": _below,
    "root": lambda inside: element("msqrt", inside),
    "quotient": lambda top, bottom: element("mfrac", row(top), row(bottom)),
    "call": _call,
    "indicator": lambda x: row(
        operator("["), x, operator(">"), digits("0"), operator("]")
    ),
    "over_time": _over_time,
    "space": _space,
}


class WithNumbers(Writer):
    """The same formulas with numbers in place of the letters that have small values.

    values    the array behind each letter; what is large stays a letter
    sources   which numbers these are, for the script, which may write others there
    style     may differ from MATHML: of a single entry, ⊙ is a dot

    >>> f, c = Letter("f"), Letter("c")
    >>> WithNumbers({f: np.array(0.5), c: np.array(2.0)}).inline(f + c)
    '<math><mn>0.5</mn><mo form="infix">+</mo><mn>2</mn></math>'
    """

    def __init__(
        self,
        values: Mapping[Letter, Any],
        called: Mapping[Letter, Letter] | None = None,
        sources: Mapping[Letter, str] | None = None,
        style: Style = MATHML,
    ) -> None:
        # digits side by side are one number
        super().__init__({**style, "beside": style["dot"]}, called)
        self.values = values
        self.sources = sources or {}
        self.used = 0  # how many letters became numbers
        self.matrices: set[str] = set()  # what has brackets of its own

    def put(self, kind: str, *parts: str) -> str:
        """Put parts down; a matrix has its brackets, and its powers are by entry."""
        if parts and parts[0] in self.matrices:
            if kind == "fenced":
                return parts[0]
            if kind == "power":
                return super().put(kind, parts[0], self.put("times") + parts[1])
        return super().put(kind, *parts)

    def _written(self, whole: Formula) -> tuple[str, int]:
        if isinstance(whole, Letter) and fits(self.values.get(whole)):
            self.used += 1
            value = np.asarray(self.values[whole])
            text = matrix(value, self.sources.get(whole, ""))
            self.matrices |= {text} if value.ndim else set()
            return text, SUM if value.ndim == 0 and value < 0 else ATOM
        if isinstance(whole, Applied) and not self._as_on_paper(whole):
            return Writer(MATHML, self.called)._written(whole)
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

    >>> matrix(np.array([0.5, -1.0])).count("<mtr>")
    2
    """
    known = itertools.count()

    def one(each: Any) -> str:
        where = f" data-of='{of}' data-at='{next(known)}'" if of else ""
        return element(f"mn{where}", number(each).replace("-", "−"))

    if value.ndim == 0:
        return one(value.item())
    rows = value.reshape(len(value), -1).tolist()
    cells = [element("mtr", *(element("mtd", one(x)) for x in line)) for line in rows]
    return fenced(element("mtable", *cells))
