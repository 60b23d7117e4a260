"""Formulas as plain text in Unicode: f̄[t] is the cotangent of f at time t."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from minigrad.deriving.formula import Formula, Letter
from minigrad.deriving.typeset import ATOM, Writer, time_text

_SUPER = str.maketrans("0123456789-×", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻ˣ")
# A larger exponent is 10^12: a character set that has ¹ and ² but no ⁰ would tear it.
_SMALL = re.compile("[0-9]|-[0-9]+")
_SUB = str.maketrans("0123456789:", "₀₁₂₃₄₅₆₇₈₉…")


class Text(Writer):
    """Plain text in Unicode.

    >>> from minigrad.deriving.formula import At
    >>> y = Letter("y", time=At(0), of=(2,))
    >>> Text().write(y.barred() * y * (1 - y))
    'ȳ[t] ⊙ y[t] ⊙ (1 − y[t])'
    """

    one, minus = "𝟏", "−"

    def letter(self, letter: Letter) -> str:
        tilde = "\N{COMBINING TILDE}" if letter.name.endswith("~") else ""
        name, bar = letter.name.rstrip("~"), "\N{COMBINING MACRON}"
        if len(name) == 1:
            name = unicodedata.normalize("NFC", name + tilde + bar * letter.bar)
        elif letter.bar:
            name = f"bar({name})"
        below = f"_{letter.subscript}" if letter.subscript else ""
        time = "" if letter.time is None else f"[{_minus(time_text(letter.time))}]"
        return name + below + (self.marked(letter.mark) if letter.mark else "") + time

    def marked(self, mark: str) -> str:
        return f"⁽{mark.translate(_SUPER)}⁾"

    def bracketed(self, text: str) -> str:
        return f"({text})"

    def function(
        self, name: str, args: str, exponent: str = "", along: str = ""
    ) -> str:
        if exponent and not _SMALL.fullmatch(exponent):
            return self.raised(f"{name}({args})", exponent)
        below = f"[{along}]" if along else ""
        return f"{name}{exponent.translate(_SUPER)}{below}({args})"

    def root(self, inside: str, bracketed: str) -> str:
        return f"√{bracketed}" if inside.isalnum() else f"√({inside})"

    def raised(self, base: str, exponent: str) -> str:
        if exponent == "ᵀ" or _SMALL.fullmatch(exponent):
            return base + exponent.translate(_SUPER)
        return f"{base}^{exponent if exponent.isalnum() else self.bracketed(exponent)}"

    def quotient(self, above: Sequence[Formula], below: Sequence[Formula]) -> str:
        if len(below) == 1:
            return f"{self.side_by_side(above)}/{self.write(below[0], ATOM)}"
        return f"{self.side_by_side(above)}/{self.bracketed(self.side_by_side(below))}"

    def subscripted(self, text: str, below: str) -> str:
        if re.fullmatch("[0-9]+(:[0-9]+)?", below):
            return text + below.translate(_SUB)
        return f"{text}[{_minus(below)}]"

    def over_time(self, term: str, first: int, last: int) -> str:
        return f"Σ[t={first}…{last}] {term}"

    def times_power_of_ten(self, front: str, exponent: int) -> str:
        ten = self.raised("10", str(exponent))
        return ten if front == "1" else f"{front}·{ten}"

    def space(self, shape: tuple[int, ...]) -> str:
        return "∈ ℝ" + "×".join(map(str, shape)).translate(_SUPER)

    def maths(self, text: str) -> str:
        return text

    words = plain = signs = maths


def _minus(text: str) -> str:
    return text.replace("-", "−")
