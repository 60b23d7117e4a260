r"""How formulas look, as tables: plain text, LaTeX, and the LaTeX that matplotlib sets.

    c̄[t] ⊙ f[t]                      TEXT
    \bar{c}_{t} \odot f_{t}          LATEX; MATHTEXT is the same but for a few entries

An entry is a template for the parts, already written, or a function of them. MathML is
another such table, in exploring/mathml.py.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from minigrad.deriving.formula import Letter
from minigrad.deriving.typeset import Writer

# -------------------------------------------------------------------------- plain text

_SUPER = str.maketrans("0123456789-×", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻ˣ")
# A larger exponent is 10^12: a character set that has ¹ and ² but no ⁰ would tear it.
_SMALL = re.compile("[0-9]|-[0-9]+")
_SUB = str.maketrans("0123456789:", "₀₁₂₃₄₅₆₇₈₉…")


def _minus(text: str) -> str:
    return text.replace("-", "−")


def _text_letter(letter: Letter, below: Sequence[str]) -> str:
    tilde = "\N{COMBINING TILDE}" if letter.name.endswith("~") else ""
    name, bar = letter.name.rstrip("~"), "\N{COMBINING MACRON}"
    if len(name) == 1:
        name = unicodedata.normalize("NFC", name + tilde + bar * letter.bar)
    elif letter.bar:
        name = f"bar({name})"
    name += f"_{letter.subscript}" if letter.subscript else ""
    name += _text_mark(letter.mark) if letter.mark else ""
    return name if letter.time is None else f"{name}[{_minus(below[-1])}]"


def _text_mark(mark: str) -> str:
    return f"⁽{mark.translate(_SUPER)}⁾"


def _text_power(base: str, exponent: str) -> str:
    if _SMALL.fullmatch(exponent):
        return base + exponent.translate(_SUPER)
    return f"{base}^{exponent if exponent.isalnum() else f'({exponent})'}"


def _text_call(name: str, args: str, exponent: str, along: str) -> str:
    name += f"[{along}]" if along else ""
    if exponent and not _SMALL.fullmatch(exponent):
        return _text_power(f"{name}({args})", exponent)
    return f"{name}{exponent.translate(_SUPER)}({args})"


def _text_below(text: str, below: str) -> str:
    if re.fullmatch("[0-9]+(:[0-9]+)?", below):
        return text + below.translate(_SUB)
    return f"{text}[{_minus(below)}]"


TEXT = Writer(
    {
        "flat": "",  # quotients stand on one line
        "letter": _text_letter,
        "mark": _text_mark,
        "name": "{}",
        "number": "{}",
        "sign": "{}",
        "words": "{}",
        "plain": "{}",
        "maths": "{}",
        "one": "𝟏",
        "times": " ⊙ ",
        "beside": " ",
        "dot": "·",
        "comma": ", ",
        "dots": "…",
        "prime": "′",
        "joint": " ",
        "infix": "{} {}",
        "fenced": "({})",
        "power": _text_power,
        "turned": "{}ᵀ",
        "below": _text_below,
        "root": lambda x: f"√{x}" if x.isalnum() else f"√({x})",
        "quotient": "{}/{}",
        "call": _text_call,
        "indicator": "[{} > 0]",
        "over_time": "Σ[t={1}…{2}] {0}",
        "space": lambda *shape: "∈ ℝ" + "×".join(shape).translate(_SUPER),
    }
)

# ------------------------------------------------------------------------------- LaTeX

FUNCTIONS = {"tanh", "sin", "cos", "tan", "sinh", "cosh", "log", "exp"}
TALL = (r"\frac", r"\dfrac", r"\sum", r"\left", "}^{")  # what needs brackets that grow
GREEK = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "ζ": "zeta",
    "η": "eta", "θ": "theta", "ι": "iota", "κ": "kappa", "λ": "lambda", "μ": "mu",
    "ν": "nu", "ξ": "xi", "π": "pi", "ρ": "rho", "σ": "sigma", "τ": "tau",
    "υ": "upsilon", "φ": "varphi", "χ": "chi", "ψ": "psi", "ω": "omega",
}  # fmt: skip


def escaped(text: str) -> str:
    r"""Return a user's text with what LaTeX would take for its own made harmless.

    >>> print(escaped("50 % of_{it}"))
    50 \% of\_it
    """
    return re.sub(r"([_%])", r"\\\1", re.sub(r"[\\{}^~$&#]", "", text))


def _latex_name(name: str) -> str:
    if name in GREEK:
        return rf"\{GREEK[name]}"
    if len(name) == 1 or name.isdecimal():
        return escaped(name) or "?"
    return rf"\mathrm{{{escaped(name)}}}"


def _latex_letter(letter: Letter, below: Sequence[str]) -> str:
    plain = letter.name.rstrip("~")
    name = _latex_name(plain)
    if letter.name.endswith("~"):
        name = rf"\tilde{{{name}}}"
    if letter.bar:
        name = rf"\{'bar' if len(plain) == 1 else 'overline'}{{{name}}}"
    named = [_latex_name(letter.subscript)] * bool(letter.subscript)
    named += below[-1:] if letter.time is not None else []
    text = name + (f"_{{{','.join(named)}}}" if named else "")
    return f"{text}^{{({letter.mark})}}" if letter.mark else text


def _latex_fenced(text: str) -> str:
    tall = any(sign in text for sign in TALL)
    return rf"\left({text}\right)" if tall else f"({text})"


def _latex_power(base: str, exponent: str) -> str:
    return f"{_latex_fenced(base) if '^' in base else base}^{{{exponent}}}"


def _latex_words(text: str) -> str:
    return rf"\mathrm{{{escaped(text)}}}".replace(" ", r"\ ")


def _latex_call(name: str, args: str, exponent: str, along: str) -> str:
    power = f"^{{{exponent}}}" if exponent else ""
    below = f"_{{{_latex_words(along)}}}" if along else ""
    shown = rf"\{name}" if name in FUNCTIONS else _latex_name(name)
    return f"{shown}{power}{below}{_latex_fenced(args)}"


def _latex_below(text: str, below: str) -> str:
    if ("_" in text or "^" in text) and not text.endswith(")"):
        text = _latex_fenced(text)
    words = re.sub("[a-z]{2,} ?", lambda found: rf"\mathrm{{{found[0]}}}", below)
    return f"{text}_{{{words.replace(' ', '~')}}}"


def _latex_sign(sign: str) -> str:
    return {"−": "-", "Σ": r"\sum"}.get(sign, sign)


def _latex_space(*shape: str) -> str:
    above = r" \times ".join(shape)
    return r"\in \mathbb{R}" + (f"^{{{above}}}" if shape else "")


LATEX = Writer(
    {
        "letter": _latex_letter,
        "mark": "{{}}^{{({})}}",
        "name": _latex_name,
        "number": "{}",
        "sign": _latex_sign,
        "words": _latex_words,
        "plain": escaped,
        "maths": "${}$",
        "one": r"\mathbf{{1}}",
        "times": r" \odot ",
        "beside": r" \, ",
        "dot": r" \cdot ",
        "comma": ", ",
        "dots": r"\ldots",
        "prime": "'",
        "joint": " ",
        "infix": lambda sign, text: f"{_latex_sign(sign)} {text}",
        "fenced": _latex_fenced,
        "power": _latex_power,
        "turned": lambda base: _latex_power(base, r"\top"),
        "below": _latex_below,
        "root": r"\sqrt{{{}}}",
        "quotient": r"\frac{{{}}}{{{}}}",
        "call": _latex_call,
        "indicator": "[{} > 0]",
        "over_time": r"\sum_{{t={1}}}^{{{2}}} {0}",
        "space": _latex_space,
    }
)
MATHTEXT = Writer(
    {
        **LATEX.style,
        "prime": "′",  # as a superscript it would be tiny
        "sign": lambda sign: r"{\sum}" if sign == "Σ" else _latex_sign(sign),
        "turned": lambda base: _latex_power(base, r"\mathsf{T}"),  # \top is an operator
        "quotient": r"\dfrac{{{}}}{{{}}}",
    }
)
