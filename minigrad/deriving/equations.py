"""What a derivation is made of: equations, each true at one time or at many.

The lines of a blackboard that differ only in time are one equation with t; the terms of
one line that differ only in time are one sum over t. See through_time.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from minigrad.console import shown
from minigrad.deriving.blackboard import Line
from minigrad.deriving.formula import Formula, Letter, TimeSum, letters_in
from minigrad.deriving.formula_styles import LATEX, TEXT
from minigrad.deriving.rules import Note
from minigrad.deriving.through_time import runs, summed_over_time


@dataclass(frozen=True)
class Equation:
    """One displayed line.

    left, right   a letter, and the formula that it equals
    notes         the rules used, for the margin
    times         at which t it holds; empty for one outside time, or at one time only
    lines         the lines of the blackboard it stands for, each evaluated by itself
    forward       is it about values? Otherwise about cotangents.
    checked       how it was compared with the tape: "exactly", "in floats", or ""
    """

    left: Letter
    right: Formula
    notes: tuple[Note, ...]
    times: tuple[int, ...]
    lines: tuple[Line, ...]
    forward: bool
    checked: str = ""

    def __str__(self) -> str:
        """Write it as text, with the times at which it holds."""
        when = f"   {TEXT.times(self.times)}" if self.times else ""
        return shown(f"{TEXT.write(self.left)} = {TEXT.write(self.right)}{when}")

    def __repr__(self) -> str:
        return f"<Equation: {self}>"

    def _repr_latex_(self) -> str:
        when = rf" \qquad {LATEX.times(self.times).strip('$')}" * bool(self.times)
        equals = f"{LATEX.write(self.left)} = {LATEX.write(self.right)}"
        return rf"$\displaystyle {equals}{when}$"


def letters_of(equation: Equation) -> list[Letter]:
    """Return every letter of an equation, as often as it stands there."""
    return [*letters_in(equation.right), equation.left]


def equations(lines: Sequence[Line], forward: bool) -> list[Equation]:
    """Join the lines of one letter at successive times; keep the order of the argument.

    Forward that is the order of the first time, backward of the last.
    """
    by_letter: dict[Letter, list[Line]] = {}
    for line in lines:
        by_letter.setdefault(replace(line.left, time=None), []).append(line)
    found: list[Equation] = []
    for several in by_letter.values():
        ordered = sorted(several, key=_time)
        joined = list(_joined(ordered, forward))
        found.extend(joined if forward else reversed(joined))
    return found


def _time(line: Line) -> int:
    return line.left.time if isinstance(line.left.time, int) else 0


def _joined(lines: Sequence[Line], forward: bool) -> Iterator[Equation]:
    timeless = [line for line in lines if line.left.time is None]
    for line in timeless:
        right = summed_over_time(line.right)
        notes = line.notes
        if isinstance(right, TimeSum):
            notes = tuple(_over_time(notes))
        yield Equation(line.left, right, notes, (), (line,), forward)
    timed = {line.left.time: line for line in lines if isinstance(line.left.time, int)}
    instances = [(t, (line.left, line.right, line.notes)) for t, line in timed.items()]
    for (left, right, notes), times in runs(instances):
        its = tuple(timed[t] for t in times)
        several = tuple(times) if len(times) > 1 else ()
        yield Equation(left, right, notes, several, its, forward)


def _over_time(notes: Iterable[Note]) -> Iterator[Note]:
    for note in notes:
        yield "sum over time" if note == "sum over uses" else note
