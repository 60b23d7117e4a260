"""Text for every console: where there is no σ stands sigma, and nothing breaks off.

Mathematics is written in its own letters here. A console, a pipe or a file in cp1252 or
ASCII lacks most of them, and Python answers with a UnicodeEncodeError in the middle of
a line. Instead, a letter that a character set lacks is spelled out:

    z̄_f[t] = f̄[t] ⊙ f[t] ⊙ (1 − f[t])    z_bar_f[t] = f_bar[t] * f[t] * (1 - f[t])

Python asks an *error handler* what to write for what cannot be encoded. Ours is called
"minigrad.readable", and any text file can be opened with it: `errors=READABLE`. A
command gives it to its output with `accept_any_text()`, and then just prints. What is
printed by somebody else's program goes through `shown`.
"""

from __future__ import annotations

import codecs
import html
import re
import sys
import unicodedata
from collections.abc import Callable, Container, Iterable, Sequence
from typing import Any

READABLE = "minigrad.readable"
MOST_ROWS = 200  # of a table in a notebook

SPELLED = {
    "⊙": "*", "·": "*", "⋅": "*", "∗": "*", "•": "*", "×": "x", "÷": "/", "±": "+-",
    "−": "-", "–": "-", "—": "--", "‑": "-", "…": "...", "⋯": "...", "⁄": "/",
    "Σ": "sum", "∑": "sum", "∏": "prod", "∫": "int", "√": "sqrt", "∂": "d",
    "∇": "grad", "∞": "inf", "𝟏": "ones", "⊗": "(x)", "⊕": "(+)", "∘": " o ",
    "≤": "<=", "≥": ">=", "≠": "!=", "≈": "~=", "≡": "==", "∼": "~", "∝": " prop. to ",
    "∈": "in", "∉": "not in", "→": "->", "←": "<-", "↔": "<->", "⇒": "=>", "↦": "|->",
    "⟨": "<", "⟩": ">", "‖": "||", "∣": "|", "′": "'", "″": "''", "⊤": "T", "¯": "-",
    "‘": "'", "’": "'", "‚": ",", "“": '"', "”": '"', "„": '"', "‹": "<", "›": ">",
    "«": "<<", "»": ">>", "°": " deg", "€": "EUR", "✓": "ok", "✗": "x", "■": "#",
    "●": "o", "ß": "ss", "ı": "i", "ς": "sigma", "λ": "lambda", "Λ": "Lambda",
}  # fmt: skip

# What stands over a letter of mathematics. Over a letter within a word it is an accent,
# and left out, as all others are: ȳ is y_bar, Tōkyō is Tokyo.
OVER = {"\u0304": "_bar", "\u0305": "_bar", "\u0303": "~", "\u0302": "_hat",
        "\u0307": "_dot", "\u0308": "_ddot"}  # fmt: skip

LEVELS = {"<sub>": "_", "<super>": "^"}
NAMED = re.compile(
    "(?P<kind>.*?) (LETTER|LIGATURE|SYLLABLE|VOWEL SIGN) (?P<word>.*?)( WITH .*)?"
)


def accept_any_text() -> None:
    """Let standard output and standard error spell out what they cannot encode."""
    for stream in (sys.stdout, sys.stderr):
        _accept(stream)


def shown(text: str) -> str:
    """Return a text that is about to be shown, as it is.

    If standard output or standard error lacks a letter of it, that stream will spell it
    out from now on. Where both are UTF-8, nothing happens.
    """
    for stream in () if text.isascii() else (sys.stdout, sys.stderr):
        try:
            text.encode(getattr(stream, "encoding", None) or "utf-8")
        except UnicodeEncodeError:
            _accept(stream)
    return text


def _accept(stream: Any) -> None:
    if hasattr(stream, "reconfigure") and not stream.closed:  # not so in a notebook
        stream.reconfigure(errors=READABLE)


def columns_of(line: str) -> int:
    """Count the columns that a line takes: combining signs take none."""
    return sum(not unicodedata.combining(letter) for letter in line)


def display_width(line: str) -> int:
    """Count the columns that a line takes on standard output, spelled out if need be.

    >>> display_width("σ ȳ")
    3
    """
    character_set = getattr(sys.stdout, "encoding", None) or "utf-8"
    return columns_of(line.encode(character_set, READABLE).decode(character_set))


def padded(
    line: str,
    wide: int,
    right: bool = False,
    columns: Callable[[str], int] = columns_of,
) -> str:
    """Return a line with blanks on its right, or on its left, to a number of columns.

    >>> padded("ȳ", 3), padded("z̄", 3, right=True)
    ('ȳ  ', '  z̄')
    """
    blanks = " " * (wide - columns(line))
    return blanks + line if right else line + blanks


def table(rows: Iterable[Sequence[str]], right: Container[int] = ()) -> str:
    """Return rows of cells as text, one line each, in aligned columns.

    They are aligned as standard output shows them, where σ may be sigma.

    right  the columns that hold numbers, and are aligned on their right

    >>> print(table([("a", "bcd", "1"), ("efg", "h", "23")], right=[2]))
    a    bcd   1
    efg  h    23
    """
    rows = list(rows)
    widths = [max(map(display_width, column)) for column in zip(*rows, strict=True)]
    lines = (
        "  ".join(
            padded(cell, wide, k in right, display_width)
            for k, (cell, wide) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )
    return shown("\n".join(lines))


def html_table(
    head: Sequence[str], rows: Iterable[Sequence[str]], right: Container[int] = ()
) -> str:
    """Return rows of cells as a table for a notebook; of many, the first and the last.

    >>> html_table(["a"], [["<1>"]])[-64:]
    '<td style="text-align: left">&lt;1&gt;</td></tr></tbody></table>'
    """
    rows, half = list(rows), MOST_ROWS // 2
    if len(rows) > MOST_ROWS:
        left_out = (f"({len(rows) - MOST_ROWS} more)", *[""] * (len(head) - 1))
        rows = [*rows[:half], left_out, *rows[-half:]]

    def line(cells: Sequence[str], tag: str) -> str:
        sides = ("right" if k in right else "left" for k in range(len(cells)))
        return "<tr>{}</tr>".format(
            "".join(
                f'<{tag} style="text-align: {side}">{html.escape(cell)}</{tag}>'
                for cell, side in zip(cells, sides, strict=True)
            )
        )

    body = "".join(line(row, "td") for row in rows)
    return f"<table><thead>{line(head, 'th')}</thead><tbody>{body}</tbody></table>"


def readable(error: UnicodeError) -> tuple[str, int]:
    """Return ASCII for what cannot be encoded, and where to go on.

    >>> "z̄_f = W_fᵀ ȳ, v̄₁…₃ ∈ ℝ³, tanh²(c̃) ≤ 10⁻¹²".encode("ascii", READABLE).decode()
    'z_bar_f = W_f^T y_bar, v_bar_1...3 in R^3, tanh^2(c~) <= 10^-12'
    """
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text, end = error.object, error.end
    while end < len(text) and _level(text, end):  # 10⁻¹² is one exponent, also in
        end += 1  # cp1252, which has ¹ and ² but no ⁻
    return "".join(_spelled(text, k) for k in range(error.start, end)), end


codecs.register_error(READABLE, readable)


def _spelled(text: str, k: int) -> str:
    """Spell out one letter of a text."""
    letter = text[k]
    if letter.isascii():
        return letter
    level = _level(text, k)
    if level:
        follows = level == _level(text, k - 1) if k else False
        return ("" if follows else level) + _alone(letter)
    if letter in OVER:
        return "" if _within_a_word(text, k) else OVER[letter]
    plain = unicodedata.normalize("NFD", letter)
    if len(plain) > 1 and plain[1] in OVER and not _within_a_word(text, k):
        return _alone(plain[0]) + "".join(OVER.get(mark, "") for mark in plain[1:])
    return _alone(letter)


def _level(text: str, k: int) -> str:
    """Return "_" for a subscript, "^" for an exponent, "" for what is neither.

    Dots between two subscripts are one, too.
    """
    beside = text[k - 1 : k] + text[k + 1 : k + 2] if text[k] == "…" else text[k]
    levels = {unicodedata.decomposition(each).partition(" ")[0] for each in beside}
    return LEVELS.get(levels.pop(), "") if len(levels) == 1 else ""


def _within_a_word(text: str, k: int) -> bool:
    """Does the letter that this is, or stands over, have another letter beside it?"""
    before, after = k, k + 1
    while before > 0 and unicodedata.combining(text[before]):
        before -= 1
    while after < len(text) and unicodedata.combining(text[after]):
        after += 1
    beside = text[max(before - 1, 0) : before] + text[after : after + 1]
    return any(unicodedata.category(each) in ("Ll", "Lu", "Lo") for each in beside)


def _alone(letter: str) -> str:
    """Spell out a letter by what it is made of, or what it is called."""
    if letter.isascii():
        return letter
    if letter in SPELLED:
        return SPELLED[letter]
    name, category = unicodedata.name(letter, ""), unicodedata.category(letter)
    parts = unicodedata.normalize("NFKD", letter)
    if parts != letter and not name.startswith("HANGUL"):
        return "".join(map(_alone, parts))
    if category in ("Mn", "Cf"):  # accents, and signs that nobody sees
        return ""
    if not name or name.startswith("CJK"):
        return letter.encode("ascii", "backslashreplace").decode()
    if name.startswith("BOX DRAWINGS"):
        return "+" if " AND " in name else "|" if "VERTICAL" in name else "-"
    if name.endswith("BLOCK"):
        return "#"
    found = NAMED.fullmatch(name)
    if not found:
        return f"[{name.lower()}]"
    word = found["word"].lower()
    return word.capitalize() if found["kind"].endswith("CAPITAL") else word
