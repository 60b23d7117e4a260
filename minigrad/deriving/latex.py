"""Formulas as LaTeX, such as amsmath, MathJax and matplotlib's mathtext read."""

from __future__ import annotations

import re
from collections.abc import Sequence

from minigrad.deriving.formula import Formula, Letter
from minigrad.deriving.typeset import SUM, Writer, time_text

FUNCTIONS = {"tanh", "sin", "cos", "tan", "sinh", "cosh", "log", "exp"}
TALL = (r"\frac", r"\sum", r"\left", "}^{")  # what needs brackets that grow
SIGNS = {"ᵀ": r"\top", "Σ": r"\sum", " ": r" \, "}
GREEK = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "ζ": "zeta",
    "η": "eta", "θ": "theta", "ι": "iota", "κ": "kappa", "λ": "lambda", "μ": "mu",
    "ν": "nu", "ξ": "xi", "π": "pi", "ρ": "rho", "σ": "sigma", "τ": "tau",
    "υ": "upsilon", "φ": "varphi", "χ": "chi", "ψ": "psi", "ω": "omega",
}  # fmt: skip


class Latex(Writer):
    r"""LaTeX for mathematics mode.

    >>> from minigrad.deriving.formula import At
    >>> y = Letter("y", time=At(0), of=(2,))
    >>> print(Latex().write(y.barred() * y * (1 - y)))
    \bar{y}_{t} \odot y_{t} \odot (1 - y_{t})
    """

    one, odot, beside = r"\mathbf{1}", r" \odot ", r" \, "
    prime, dots = "'", r"\ldots"

    def letter(self, letter: Letter) -> str:
        plain = letter.name.rstrip("~")
        name = _name(plain)
        if letter.name.endswith("~"):
            name = rf"\tilde{{{name}}}"
        if letter.bar:
            name = rf"\{'bar' if len(plain) == 1 else 'overline'}{{{name}}}"
        below = [_name(letter.subscript)] if letter.subscript else []
        below += [] if letter.time is None else [time_text(letter.time)]
        text = name + (f"_{{{','.join(below)}}}" if below else "")
        return f"{text}^{{({letter.mark})}}" if letter.mark else text

    def marked(self, mark: str) -> str:
        return f"{{}}^{{({mark})}}"

    def bracketed(self, text: str) -> str:
        tall = any(sign in text for sign in TALL)
        return rf"\left({text}\right)" if tall else f"({text})"

    def function(
        self, name: str, args: str, exponent: str = "", along: str = ""
    ) -> str:
        power = f"^{{{exponent}}}" if exponent else ""
        below = rf"_{{\mathrm{{{along.replace(' ', '~')}}}}}" if along else ""
        return f"{_name(name)}{power}{below}{self.bracketed(args)}"

    def root(self, inside: str, bracketed: str) -> str:
        return rf"\sqrt{{{inside}}}"

    def raised(self, base: str, exponent: str) -> str:
        base = self.bracketed(base) if "^" in base else f"{{{base}}}"
        return f"{base}^{{{SIGNS.get(exponent, exponent)}}}"

    def quotient(self, above: Sequence[Formula], below: Sequence[Formula]) -> str:
        top, bottom = (
            self.side_by_side(part) if len(part) > 1 else self.write(part[0], SUM)
            for part in (above, below)
        )
        return rf"\frac{{{top}}}{{{bottom}}}"

    def subscripted(self, text: str, below: str) -> str:
        if ("_" in text or "^" in text) and not text.endswith(")"):
            text = self.bracketed(text)
        words = re.sub("[a-z]{2,} ?", lambda found: rf"\mathrm{{{found[0]}}}", below)
        return f"{text}_{{{words.replace(' ', '~')}}}"

    def over_time(self, term: str, first: int, last: int) -> str:
        return rf"\sum_{{t={first}}}^{{{last}}} {term}"

    def signs(self, text: str) -> str:
        return "".join(SIGNS.get(sign, sign) for sign in text)

    def times_power_of_ten(self, front: str, exponent: int) -> str:
        ten = f"10^{{{exponent}}}"
        return ten if front == "1" else rf"{front} \cdot {ten}"

    def space(self, shape: tuple[int, ...]) -> str:
        above = r" \times ".join(map(str, shape))
        return r"\in \mathbb{R}" + (f"^{{{above}}}" if above else "")

    def maths(self, text: str) -> str:
        return f"${text}$"

    def plain(self, text: str) -> str:
        return escaped(text)

    def words(self, text: str) -> str:
        spaced = escaped(text).replace(" ", r"\ ")
        return rf"\mathrm{{{spaced}}}"


def escaped(text: str) -> str:
    r"""Return a user's text with what LaTeX would take for its own made harmless.

    >>> print(escaped("50 % of_{it}"))
    50 \% of\_it
    """
    return re.sub(r"([_%])", r"\\\1", re.sub(r"[\\{}^~$&#]", "", text))


def _name(name: str) -> str:
    if name in GREEK or name in FUNCTIONS:
        return rf"\{GREEK.get(name, name)}"
    if len(name) == 1 or name.isdecimal():
        return escaped(name) or "?"
    return rf"\mathrm{{{escaped(name)}}}"
