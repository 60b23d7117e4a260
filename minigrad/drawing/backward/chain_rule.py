"""What an arrow of the way back multiplies by: the factor of the chain rule.

    y = o * tanh(c)        o_bar = y_bar ⊙ tanh(c)        "⊙ tanh(c)"
    z = W v                v_bar = W^T z_bar              "Wᵀ"
    c = u + w              u_bar = c_bar                  nothing: it is passed on

The rules are the very ones that train. Each is run once on Tensors, as the blackboard
of `derive` does it, with a dot in the place of the cotangent; what stands beside the
dot is the factor.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from minigrad.deriving.formula import (
    ONE,
    Formula,
    Letter,
    Number,
    Product,
    formula,
    multiply,
    spread,
    visible,
    weight,
)
from minigrad.deriving.formula_styles import TEXT
from minigrad.deriving.letters import letters
from minigrad.deriving.rules import Record, rule_of
from minigrad.deriving.transcribe import transcribed, written
from minigrad.deriving.typeset import PRODUCT, Writer
from minigrad.structure.reading import reading
from minigrad.tape import Tape
from minigrad.tensor import Tensor
from minigrad.types import Operand

DOT = "·"  # stands for the cotangent that comes in
LONG = 26  # letters: of a longer factor only the name of its rule is written
SHORT = 3  # operations: a value without a name is written out up to so many


class Factors:
    """The factors of a tape, in the names that its picture shows.

    >>> import minigrad as mg
    >>> o, c = mg.Tensor([0.5, 1.0], name="o"), mg.Tensor([2.0, 3.0], name="c")
    >>> y = o * mg.tanh(c)
    >>> factors = Factors(mg.Tape(y))
    >>> factors.of(y, 0), factors.of(y, 1), factors.of(y.args[1], 0)
    ('⊙ tanh(c)', '⊙ o', '⊙ (1 − tanh²(c))')
    """

    def __init__(self, tape: Tape) -> None:
        self.letters = letters(tape, tape.steps)
        self.values: dict[Tensor, Formula] = {}
        for step in tape:
            self.values[step] = self._value(step)

    def along(
        self,
        entries: Sequence[Tensor],
        value: Tensor,
        reader: Tensor | None = None,
        k: int = 0,
    ) -> list[str]:
        """Return the factors from the last of several entries to a value they read.

        Where several read it, as in tanh(W x + U x), reader says which is meant, by
        default the first; where one reads it twice, as in c * c, k says which time.
        """
        start = next(
            i
            for i, each in enumerate(entries)
            if each is reader or (reader is None and any(a is value for a in each.args))
        )
        places = [i for i, a in enumerate(entries[start].args) if a is value]
        found = [self.of(entries[start], places[min(k, len(places) - 1)])]
        inside = {*entries[start : start + 1]}
        for each in entries[start + 1 :]:
            i = next((i for i, a in enumerate(each.args) if _is_in(a, inside)), None)
            if i is not None:
                inside.add(each)
                found.append(self.of(each, i))
        return [factor for factor in reversed(found) if factor]

    def of(self, step: Tensor, i: int) -> str:
        """Return the factor from a step's cotangent to that of argument i."""
        row = step.primitive
        assert row is not None
        dot = Letter(DOT, of=step.shape)
        term = self.term(step, i, dot)
        text = _beside(term, dot)
        if len(text) > LONG:
            text = ", ".join(map(NAMED.note, rule_of(row, i))) or row.name
        return text

    def term(self, step: Tensor, i: int, bar: Formula) -> Formula:
        """Return what a step's cotangent contributes to that of its argument i."""
        shapes = [np.shape(getattr(a, "data", a)) for a in step.args]
        record = Record(step, shapes)
        known = record.known(step, bar, self.values, _constant)
        return visible(transcribed(record.of(i), known, _constant))

    def _value(self, step: Tensor) -> Formula:
        """Return what a value is called: its name, or a short formula without one."""
        letter = self.letters[step]
        if step.name or step.primitive is None or not _is_short(step):
            return letter
        found = written(step, self.values, _constant)
        return found if weight(found) <= SHORT else letter


@reading
def factors(tape: Tape) -> Factors:
    """Return the factors of a tape."""
    return Factors(tape)


def _is_short(step: Tensor) -> bool:
    """Is it a function of one value, tanh(c) or 1 − u, to be written as it is?"""
    assert step.primitive is not None
    others = [np.size(a) for a in step.args if not isinstance(a, Tensor)]
    return (
        step.primitive.is_elementwise
        and len(step.args) - len(others) == 1
        and all(size == 1 for size in others)
    )


def _is_in(value: object, inside: set[Tensor]) -> bool:
    return isinstance(value, Tensor) and value in inside


def _constant(value: Operand) -> Formula:
    array = np.asarray(value)
    if array.size == 1 and np.all(np.isfinite(array.astype(float))):
        return spread(formula(array.item()), array.shape)
    return Letter("K", of=array.shape)


def _beside(term: Formula, dot: Letter) -> str:
    """Return what is written beside the dot."""
    write = NAMED.write
    if term == dot:
        return ""
    if isinstance(term, Product) and dot in term.factors:
        others = [each for each in term.factors if each != dot]
        number = Number(term.coefficient)
        rest = multiply([number, *others])
        if rest == Number(-ONE.value):
            return "× −1"
        sign = "⊙" if dot.shape and rest.shape else "·"
        return f"{sign} {write(rest, PRODUCT)}"
    text = write(term)
    if text == DOT:
        return ""
    if text.startswith(f"{DOT}["):
        return text.removeprefix(DOT)
    if text.endswith(f" {DOT}") and DOT not in text[:-2]:
        return text[:-2]
    return text


def _letter(letter: Letter, below: Sequence[str]) -> str:
    return "_".join([letter.name, *below, *["bar"] * letter.bar])


def _below(text: str, below: str) -> str:
    """Write an index in brackets: a subscript is part of a name."""
    return f"{text}[{below.replace(':', '…') if below != ':' else below}]"


# Formulas with names as pictures show them: c_2, W_f, f_bar.
NAMED = Writer({**TEXT.style, "letter": _letter, "below": _below})
