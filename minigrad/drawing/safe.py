"""Text made safe for DOT, and how much room it takes.

Whatever a user calls a Tensor is shown letter for letter: `plain` writes a label,
`rich` one with sizes and subscripts, `pointed` a tooltip. They escape what Graphviz
would understand as its own language, and replace what no font prints and no XML file
may hold. In that language a backslash and a letter may stand for the id of the node,
also in HTML, and two backslashes are one. A label is read once, a tooltip twice.
"""

from __future__ import annotations

import html
import math
import re
import unicodedata

from minigrad.drawing.words import Label

LARGE, MEDIUM, SMALL = 13, 11, 9  # font sizes in points: symbols, names, remarks
TINY, AIR = 8, 3  # subscripts, and the space below them
LONGEST = 22  # letters of a user's text in a node; the tooltip has all of it
MARKS = {"bar": "\u0304", "tilde": "\u0303", "hat": "\u0302", "dot": "\u0307"}
NAME = re.compile(  # c_2, c~, W_f_bar; ᵀ and ² stand behind a name
    r"(?<!\w)([^\W\d_](?:~|(?=_))(?:_(?:t[+−]\d|(?:(?![ᵀ⁰¹²³⁴-⁹])[^\W_])+~?))*)"
)
MARK = re.compile(rf"_(?:{'|'.join(MARKS)})(?![^\W_])")  # takes no room of its own


def printable(text: str) -> str:
    """Replace what no font prints and no XML file may hold: control characters, ..."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def plain(text: str) -> str:
    r"""Return a label that Graphviz shows letter for letter.

    A backslash would be an escape, `&lt;` an entity, `<b>` as a whole a label in HTML.

    >>> print(plain(r"\N & a"))
    \\N &amp; a
    """
    return _quoted(text, "\\\\")


def tooltip_text(text: str) -> str:
    r"""Return a tooltip that Graphviz shows letter for letter.

    >>> print(tooltip_text(r"\N & a"))
    \\\\N &amp; a
    """
    return _quoted(text, "\\\\\\\\")


def _quoted(text: str, backslash: str) -> str:
    import graphviz

    lines = [printable(line).replace("&", "&amp;") for line in text.split("\n")]
    joined = "\\n".join(line.replace("\\", backslash) for line in lines)
    quoted: str = graphviz.nohtml(joined)
    return quoted


def markup(text: str) -> str:
    """Return text as a part of an HTML-like label that is shown letter for letter."""
    return html.escape(printable(text)).replace("\\", "\\\\")


def rich(label: Label) -> str:
    """Return a label as HTML-like text, its lines below each other."""
    name = _names(label.name)
    lines = [_font(_escape(label.symbol), LARGE), _font(name, MEDIUM)]
    lines += [_font(_names(line), SMALL) for line in label.remark.split("\n")]
    lines = [line for line in lines if line]
    for i in reversed(range(len(lines) - 1)):
        if "<SUB>" in lines[i]:
            lines.insert(i + 1, f'<FONT POINT-SIZE="{AIR}"> </FONT>')  # room below it
    return "<" + ("<BR/>".join(lines) or " ") + ">"


def _names(text: str) -> str:
    return with_names(shortened(text))


def _font(text: str, size: int) -> str:
    return f'<FONT POINT-SIZE="{size}">{text}</FONT>' if text.strip() else ""


def _escape(text: str) -> str:
    return markup(shortened(text))


def shortened(text: str) -> str:
    """Return as much of a text as a node has room for; of a list, whole names.

    >>> shortened("h_bar, " * 9 + "y_bar")
    'h_bar, h_bar, h_bar, h_bar, h_bar, h_bar, h_bar, …'
    >>> shortened("W_f_bar, W_i_bar, b_f_bar"), shortened("a" * 30)
    ('W_f_bar, W_i_bar, b_f_bar', 'aaaaaaaaaaaaaaaaaaaaa…')
    """
    if _letters(text) <= LONGEST:
        return text
    names = text.split(", ")
    while len(names) > 1 and _letters(", ".join(names)) >= LONGEST - 2:
        names.pop()
    if len(names) > 1:
        return ", ".join([*names, "…"])
    return text[: LONGEST - 1] + "…"


def _letters(text: str) -> int:
    return len(MARK.sub("", text))


def decorated(name: str) -> str:
    """Write a name as the equations do: W_f with a subscript, f_bar with a bar.

    >>> decorated("W_f")
    'W<SUB><FONT POINT-SIZE="8">f</FONT></SUB>'
    >>> decorated("f_bar") == "f" + MARKS["bar"]
    True
    >>> decorated("c~") == decorated("c_tilde") == "c" + MARKS["tilde"]
    True
    >>> decorated("squared_error")
    'squared_error'
    """
    base, *rest = name.replace("~", "_tilde", 1).split("_")
    mark = "".join(MARKS[word] for word in rest if word in MARKS)
    below = ",".join(word for word in rest if word not in MARKS)
    if len(base) != 1 or not all(rest):
        return _escape(name)
    if below:
        below = f"<SUB>{_font(_escape(below), TINY)}</SUB>"
    return _escape(base) + mark + below


def with_names(text: str) -> str:
    """Write a text in which names stand, such as a formula, with their subscripts.

    >>> with_names("⊙ tanh(c_2)")
    '⊙ tanh(c<SUB><FONT POINT-SIZE="8">2</FONT></SUB>)'
    >>> with_names("W_fᵀ")
    'W<SUB><FONT POINT-SIZE="8">f</FONT></SUB>ᵀ'
    """
    pieces = re.split(NAME, text)
    written = [decorated(p) if i % 2 else markup(p) for i, p in enumerate(pieces)]
    if written[-1] == "]":  # Graphviz loses it after a subscript: "]]>" might begin
        written[-1] = "&#93;"
    return "".join(written)


def size(label: Label, shape: str) -> tuple[float, float]:
    """Return width and height in inches: the text as DejaVu Sans sets it, and air."""
    lines = [(shortened(label.symbol), LARGE), (shortened(label.name), MEDIUM)]
    lines += [(shortened(line), SMALL) for line in label.remark.split("\n")]
    lines = [(text, size) for text, size in lines if text]
    bare = [(MARK.sub("", text), size) for text, size in lines]
    wide = max((width(text) * size for text, size in bare), default=0) / 72
    high = (1.2 * sum(size for text, size in lines) + AIR) / 72
    if shape == "ellipse":
        high = max(0.36, high * 1.25)
        return max(high, _tidy(wide * 1.25 + 0.14)), high
    return max(0.4, _tidy(wide + 0.16)), max(0.3, high + 0.1)


def _tidy(inches: float) -> float:
    """Round up to a twentieth, so that similar nodes are of one size."""
    return math.ceil(inches * 20) / 20


def width(text: str) -> float:
    """Estimate a text's width, in units of its font size.

    Hundredths are added: how Python adds floats differs from version to version.
    """
    hundredths = sum(
        0 if unicodedata.combining(letter)
        else 36 if letter in " ,.:;()[]|!'ijlIf"
        else 90 if letter in "mwMW@%→"
        else 75 if letter.isupper()
        else 62
        for letter in text
    )  # fmt: skip
    return hundredths / 100
