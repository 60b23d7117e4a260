"""The conventions of written equations: what is said below them, each once.

Only those are said that the equations need. Some are seen in the text, some in the
formulas that they are made of, and some belong to letters.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from minigrad.deriving.blackboard import Blackboard
from minigrad.deriving.equations import letters_of
from minigrad.deriving.formula import (
    Applied,
    Formula,
    Indicator,
    Letter,
    OneHot,
    Softmax,
    every_part,
)
from minigrad.deriving.formula_styles import TEXT
from minigrad.deriving.indices import FEW
from minigrad.deriving.letters import meanings_of_marks
from minigrad.deriving.typeset import Writer

if TYPE_CHECKING:
    from minigrad.deriving.derivation import Derivation

# What stands in the text of the equations, and what is said of it; {} is a sign.
IN_TEXT = {
    "⊙": "{times}: entry by entry. An array of fewer axes is repeated, as by NumPy.",
    r"\[each,|,each": "each: every row in turn, with the entry that stands beside it.",
    "ax[ie]s ": "Axes are counted from 1.",
    "; mask": "mask: recorded truth values; where takes its first part where they "
    "hold.",
    r"[\[,]mask|at [^)]*mask": "mask, as an index: the entries where recorded truth "
    "values hold.",
    r"(?<!=)\b\d[\d.]*…": "…: a number is rounded here; it was checked with all its "
    "digits.",
    "𝟏": "{one}: ones, in the shape of the left side.",
}


def _is_product_of_rows(part: Formula) -> bool:
    """Is this W v, or z vᵀ, for each row v of a batch? Then NumPy's sign is not @."""
    return (
        isinstance(part, Applied)
        and getattr(part.row, "rule", "") == "matrix product"
        and getattr(part.row, "symbol", "") != "@"
        and len(part.args[-1].shape) > 1
    )


# Which formulas the equations are made of, and what is said of them.
IN_FORMULAS: Mapping[Callable[[Formula], bool], str] = {
    _is_product_of_rows: "Vectors are columns, on the last axis: a batch has its "
    "examples in rows. So {Wv} is meant for every row v, and {zv} is added up over the "
    "rows.",
    lambda part: isinstance(part, Applied) and "index" in dict(part.options): "Entries "
    "are counted from 1, and both ends belong to a range.",
    lambda part: isinstance(part, Indicator): "{indicator}: 1 where z is positive, 0 "
    "elsewhere. It was compared in the numbers of the record; modulo a prime its "
    "recorded value stands for it.",
}


def remarks(derivation: Derivation, writer: Writer) -> Iterator[str]:
    """Yield the conventions that these equations use, then what was checked."""
    equations, board = derivation.equations, derivation.board
    if not all(each.forward for each in equations):
        bar, what = writer.inline(Letter("q", bar=True)), _differentiated(board, writer)
        yield f"{bar}: the derivative of {what} with respect to q, in the shape of q."
    formulas = [part for each in equations for part in every_part(each.right)]
    printed = " ".join(TEXT.write(each.right) for each in equations)
    put, maths = writer.put, partial(writer.put, "maths")
    signs = {"times": maths(put("times").strip()), "one": maths(put("one"))}
    signs |= {"indicator": maths(put("indicator", "z"))}
    signs |= {"Wv": maths("W v"), "zv": maths("z " + put("turned", "v"))}
    sentences = [
        words for pattern, words in IN_TEXT.items() if re.search(pattern, printed)
    ]
    sentences += [
        words for holds, words in IN_FORMULAS.items() if any(map(holds, formulas))
    ]
    yield from (words.format(**signs) for words in sentences)
    yield from _of_labels(board, formulas, writer)
    letters = [letter for each in equations for letter in letters_of(each)]
    yield from _of_letters(board, letters, writer)
    yield derivation.check.sentence()


def _differentiated(board: Blackboard, writer: Writer) -> str:
    """Say of what the cotangents are derivatives."""
    if not board.has_seeds:
        return writer.inline(board.lettered[board.tape.outputs[0]])
    pairs = [
        f"{writer.inline(board.seed_of(each))} times "
        f"{writer.inline(board.lettered[each])}"
        for each in board.tape.outputs
    ]
    return f"the sum over all entries of {' plus '.join(pairs)}"


def _of_labels(
    board: Blackboard, formulas: Sequence[Formula], writer: Writer
) -> Iterator[str]:
    """Say what chosen entries, one-hot rows and softmaxes are."""
    for places, letter in board.chosen.items():
        few = ", ".join(str(k + 1) for k in places[:FEW])
        dots = writer.put("maths", writer.put("dots"))
        yield (
            f"{writer.inline(Letter(letter))}: the entries that the program chose: "
            f"{few}, {dots}, {len(places)} in all."
        )
    for part in dict.fromkeys(formulas):
        if isinstance(part, OneHot):
            where = "in each row 1" if len(part.shape) > 1 else "1"
            yield f"{writer.inline(part)}: {where} at the label, 0 elsewhere."
        if isinstance(part, Softmax):
            many = len(part.shape) > 1
            along = f" along axis {len(part.shape) + part.axis + 1}" * many
            yield (
                f"{writer.inline(part)}: exp of it over the sum of that{along}. What "
                "the program subtracts first, against overflow, makes no difference."
            )


def _of_letters(
    board: Blackboard, letters: Sequence[Letter], writer: Writer
) -> Iterator[str]:
    """Say what letters of first states, of constants and with marks stand for."""
    begin = {
        writer.inline(letter): None
        for step, letter in board.lettered.items()
        if letter.time == 0 and step.primitive is None
    }
    if begin:
        yield f"{', '.join(begin)}: what the first step begins with."
    constants = {letter.name for letter in board.constants}
    for name in sorted(constants & {letter.name for letter in letters}):
        named = writer.inline(Letter(name))
        yield f"{named}: numbers that the program used and nobody differentiates by."
    meanings = meanings_of_marks(board.lettered)
    marks = {each.mark for each in letters if each.name not in constants}
    for mark in sorted(marks & meanings.keys()):
        sign = writer.put("maths", writer.put("mark", mark))
        yield f"{sign}: {writer.put('plain', meanings[mark])}."
