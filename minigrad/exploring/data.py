"""What each step of a tape says: its equations, its numbers, and what comes back.

Everything is read from the record: the equations are those of the blackboard with a
line for every entry (`mg.derive(output, level="op")`), the values are the record's own,
the cotangents are what `mg.grad` returns, and every line is evaluated before it is
shown. Nothing here knows HTML.
"""

from __future__ import annotations

import linecache
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from minigrad.deriving.blackboard import Blackboard, Line
from minigrad.deriving.checking import checked
from minigrad.deriving.equations import Equation
from minigrad.deriving.evaluating import evaluate
from minigrad.deriving.formula import Formula, Letter, Sum
from minigrad.deriving.formula_styles import TEXT
from minigrad.deriving.typeset import Writer
from minigrad.exploring.sums import Use, added, contributions
from minigrad.gradient import grad
from minigrad.proving.failures import LemmaFailed, ProofFailed
from minigrad.tape import Tape
from minigrad.tensor import Array, Tensor

SEED = 0  # of every random number: the same program gives the same page
CLOSE = 1e4  # units in the last place by which orders of adding may differ


@dataclass(frozen=True, eq=False)
class Step:
    """One entry of the tape.

    position            on the tape
    name                as text: f[1], or t13 for what has no name
    forward, backward   its lines on the blackboard; None for a leaf, or where no
                        cotangent was asked for
    bar                 its cotangent, by the engine
    uses                what its users contribute to that, in the order of the walk
    terms               for each use its part of the backward line, if it is one term
    adds_up             is the cotangent the sum of these contributions?
    """

    entry: Tensor
    position: int
    name: str
    forward: Line | None
    backward: Line | None
    bar: Array | None
    uses: tuple[Use, ...]
    terms: tuple[Formula | None, ...]
    adds_up: bool


class Exploration:
    """The steps of a tape, and what they have in common.

    tape       all of it, for a cotangent comes from everywhere
    wrt        whose cotangents are asked for
    shown      the entries that get a step, with equations; None for all
    values     the array behind every letter of the equations
    nameless   what entries without a name are called: t, 13 below
    check      a sentence: how the lines were compared with the tape, or what failed
    """

    def __init__(
        self,
        tape: Tape,
        wrt: Sequence[Tensor],
        shown: Collection[Tensor] | None = None,
    ) -> None:
        self.tape = tape
        self.shown = set(tape) if shown is None else set(shown)
        self.place = {entry: i for i, entry in enumerate(tape)}
        self.board = Blackboard(tape, wrt, "op", self.shown)
        self.letters = self.board.lettered
        self.nameless = {
            self.letters[entry]: Letter("t", str(place))
            for entry, place in self.place.items()
            if not entry.name and entry.primitive is not None
        }
        aloud = {k: Letter(t.name + t.subscript) for k, t in self.nameless.items()}
        self.spoken = Writer(TEXT.style, aloud)
        self.given = {output: np.ones_like(output.data) for output in tape.outputs}
        self.bars = self._cotangents()
        self.uses = contributions(tape, self.given, self.board.active)
        self.values = self._values()
        self.check = self._checked()
        self.steps = [*self._steps()]

    def name(self, entry: Tensor) -> str:
        """Return what an entry is called, as text."""
        return self.spoken.write(self.letters[entry])

    def _cotangents(self) -> dict[Tensor, Array]:
        asked = [entry for entry in self.tape if entry in self.board.active]
        seeds = list(self.given.values())
        return dict(zip(asked, grad(list(self.given), asked, seed=seeds), strict=True))

    def _values(self) -> dict[Letter, Array]:
        values = {letter: entry.data for entry, letter in self.letters.items()}
        values |= {self.letters[e].barred(): bar for e, bar in self.bars.items()}
        values |= {self.board.seed_of(e): seed for e, seed in self.given.items()}
        return values | {k: np.asarray(v) for k, v in self.board.constants.items()}

    def _checked(self) -> str:
        """Evaluate every line; say how, or what failed."""
        shown = [
            Equation(line.left, line.right, line.notes, (), (line,), forward)
            for forward, lines in (
                (True, self.board.forward),
                (False, self.board.backward),
            )
            for line in lines
        ]
        try:
            return checked(self.board, shown, SEED)[1].sentence()
        except (LemmaFailed, ProofFailed) as error:
            return f"FAILED. {error}"

    def _steps(self) -> Any:
        forward = {line.step: line for line in self.board.forward}
        backward = {line.step: line for line in self.board.backward}
        for position, entry in enumerate(self.tape):
            if entry not in self.shown:
                continue
            line, uses = backward.get(entry), tuple(self.uses.get(entry, ()))
            bar = self.bars.get(entry)
            yield Step(
                entry,
                position,
                self.name(entry),
                forward.get(entry),
                line,
                bar,
                uses if bar is not None else (),
                self._terms(line, uses) if line else (None,) * len(uses),
                bar is None
                or not uses
                or _same(added(list(uses)), bar, [use.contribution for use in uses]),
            )

    def _terms(self, line: Line, uses: Sequence[Use]) -> tuple[Formula | None, ...]:
        """Find for each use its term of the line: the one that evaluates to it."""
        terms = list(line.right.terms if isinstance(line.right, Sum) else [line.right])
        if len(terms) != len(uses):  # like terms became one
            return (None,) * len(uses)
        found: list[Formula | None] = []
        for use in uses:
            for term in terms:
                value = np.asarray(evaluate(term, self.values, float))
                if _same(value, use.contribution):
                    terms.remove(term)
                    found.append(term)
                    break
            else:
                found.append(None)
        return tuple(found)


def source(entry: Tensor) -> tuple[str, str] | None:
    """Return `file:line` and the text of the line that recorded an entry, if known."""
    if entry.witness is None:
        return None
    witness = entry.witness
    return entry.line or "", linecache.getline(witness.file, witness.number).strip()


def _same(found: Array, expected: Array, summands: Sequence[Array] = ()) -> bool:
    """Are these the same numbers, but for the order in which they were added?

    How far they may differ is measured by the largest number, not by 1: a gradient that
    vanishes is compared as well.
    """
    if expected.dtype.kind not in "fc":
        return bool(np.all(found == expected))
    sizes = [np.abs(each[np.isfinite(each)]) for each in (expected, *summands)]
    largest = max(float(each.max(initial=0.0)) for each in sizes)
    close = CLOSE * float(np.finfo(expected.dtype).eps) * largest
    return bool(np.allclose(found, expected, rtol=0, atol=close, equal_nan=True))
