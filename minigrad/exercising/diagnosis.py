"""What is wrong with an answer, in mathematics.

The answer runs where the solution runs, and is compared output by output. What differs
is looked for, in this order:

1. one slip of the solution that gives the same: one of all that the solution admits
   (mutations.py), or something too much, guessed from the answer (too_much.py); or a
   slip that concerns one use of a variable, and not the others;
2. another expression of the solution's variables in the place of a variable or output;
3. two slips together;
4. at least the first variable whose numbers are not those of the solution.

Comparing means floats at a few random points. What was found that way is then proved
by `prove_equal`: the answer is this very program, for all numbers of these shapes.
Where an answer does not run on Tensors, the finding says that it was seen in floats.
"""

from __future__ import annotations

import ast
import difflib
import functools
import itertools
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from minigrad.console import shown
from minigrad.exercising.answer import Answer, histories, is_variable
from minigrad.exercising.exercise import POINTS, Exercise, Mutant, WrongForm, same
from minigrad.exercising.instead import computed_instead
from minigrad.exercising.mutations import KINDS
from minigrad.exercising.program_text import exactly, run
from minigrad.exercising.too_much import first_difference, too_much
from minigrad.numpy_protocol.array_like import plain
from minigrad.shapes import leaves

TRIED = 4  # slips that make the same numbers, of which one is proved to be the answer
PAIRS = 4000  # of slips that are tried together: a few seconds
OPEN, RIGHT, WRONG = "not begun", "right", "not yet"
GAP = "  The gap, ..., is not filled in yet."
BUG = "  It computes what it did: the bug is still in it."


class Finding(NamedTuple):
    """What is said of one or more outputs of an answer.

    kind    "right", a kind of slip, or "" where no slip explains it
    exact   is it proved, or only seen in floats?
    """

    outputs: tuple[str, ...]
    kind: str
    words: str
    exact: bool = False


@dataclass(frozen=True)
class Diagnosis:
    """What is right and what is wrong with an answer; true if all of it is right."""

    findings: tuple[Finding, ...]
    note: str = ""

    @property
    def state(self) -> str:
        """One of "right", "not yet", and "not begun", where the question stands yet."""
        if not self.findings:
            return OPEN
        return RIGHT if all(f.kind == RIGHT for f in self.findings) else WRONG

    def __bool__(self) -> bool:
        return self.state == RIGHT

    def __str__(self) -> str:
        if self:
            return shown(f"{RIGHT}: {self.findings[0].words}")
        lines = [self.state]
        for each in self.findings:
            sure = each.exact or each.kind in CERTAIN
            floats = "" if sure else " (seen in floats)"
            lines.append(f"  {', '.join(each.outputs)}: {each.words}{floats}")
        return shown("\n".join([*lines, self.note] if self.note else lines))


UNEXPLAINED = ("", "form", "error")  # kinds of findings that no slip explains
CERTAIN = (*UNEXPLAINED, RIGHT)  # or that say by themselves what they rest on


def diagnosed(
    exercise: Exercise, function: Callable[..., Any], exact: bool
) -> Diagnosis:
    """Compare an answer with the solution, and explain what differs.

    exact  False to leave out the proofs, which take most of the time
    """
    found = _explained(exercise, function, exact)
    wrong = {each.words for each in found.findings if each.kind != RIGHT}
    return Diagnosis((), BUG) if wrong == {exercise.bug} else found


def _explained(
    exercise: Exercise, function: Callable[..., Any], exact: bool
) -> Diagnosis:
    stopped, where, before, wrong = "", "", None, set[str]()
    for k, case in enumerate(exercise.cases):
        try:
            results = [run(function, args) for args in case]
            if any(_is_gap(v) for result in results for v in leaves(result).values()):
                return Diagnosis((), GAP)
            answer = Answer(exercise, function, k, [*map(exercise.values, results)])
        except NotImplementedError:
            return Diagnosis((), GAP)
        except WrongForm as error:
            return _one("form", str(error))
        except Exception as error:
            stopped, where = f"{type(error).__name__}: {error}", _where(error, function)
            continue
        found = _Search(answer, exact).findings()
        if k == 0:
            before, wrong = Diagnosis(tuple(found)), {*answer.wrong}
            if answer.fits or all(each.kind for each in found):
                return before
            continue  # a result of another shape: what is it with square matrices?
        if before is not None:
            explained = all(f.kind for f in found) and wrong <= {*answer.wrong}
            return Diagnosis(tuple(found)) if explained else before
        if not answer.wrong:
            return _one("", f"it stops{where} unless the matrices are square")
        note = f"  It stops{where} unless the matrices are square, as they were here."
        return Diagnosis(tuple(found), note)
    if before is not None:
        return before
    return _one("error", f"it stops{where}: {stopped}")


def _one(kind: str, words: str) -> Diagnosis:
    return Diagnosis((Finding(("your answer",), kind, words),))


def _is_gap(value: Any) -> bool:
    array = np.asarray(plain(value))
    return array.dtype == object and any(each in (..., None) for each in array.flat)


def _where(error: Exception, function: Any) -> str:
    """Say at which line of the answer an error came up."""
    code = getattr(function, "__code__", None)
    for frame, line in reversed(list(traceback.walk_tb(error.__traceback__))):
        if code and frame.f_code.co_filename == code.co_filename:
            return f" in line {line}"
    return ""


class _Search:
    """The search for what explains an answer."""

    def __init__(self, answer: Answer, exact: bool) -> None:
        self.answer, self.exercise, self.exact = answer, answer.exercise, exact
        self.said: set[str] = set()

    def findings(self) -> list[Finding]:
        """Say what is wrong, output by output; and what is right."""
        left, found = list(self.answer.wrong), []
        steps = self.one_slip, self.one_use, self.instead, self.two_slips
        for step in steps if left else ():
            while left and (more := step(left)):
                found.append(more)
                left = [name for name in left if name not in more.outputs]
        if left:
            words = first_difference(self.answer, left[0])
            found.append(Finding(tuple(left), "", words))
        fine = self.answer.fine
        right = self.finding(fine, [], self.proved(fine, []))
        apart = right.kind != RIGHT and len(fine) > 1
        found += (
            [self.finding([n], [], self.proved([n], [])) for n in fine]
            if apart
            else [right] * bool(fine)
        )
        return found

    @functools.cached_property
    def mutants(self) -> list[Mutant]:
        """The wrong programs that slips make, and those that this answer suggests."""
        k = self.answer.k
        guessed = self.exercise.mutants_of(too_much(self.answer), k)
        return [*self.exercise.mutants(k), *guessed]

    def two_slips(self, left: list[str]) -> Finding | None:
        """Look for two slips that together give what the answer gives."""
        name = left[0]
        right, given = self.answer.right[0][name], self.answer.given[0][name]
        every = self.exercise.mutants(self.answer.k)
        different: dict[bytes, Mutant] = {}  # the first of those that give the same
        for each in every:
            if not same(each.outputs[0][name], right):
                values = (v for outputs in each.outputs for v in outputs.values())
                different.setdefault(b"".join(v.tobytes() for v in values), each)
        moving = [*different.values()]
        moving.sort(key=lambda each: each.mutation.words not in self.said)
        pairs = sorted(itertools.combinations(range(len(moving)), 2), key=sum)
        for i, j in pairs[:PAIRS]:
            with suppress(Exception), self.program([moving[i], moving[j]]) as function:
                case = iter(self.answer.case)
                outputs = [self.exercise.values(run(function, next(case)))]
                if same(outputs[0][name], given):
                    outputs += [self.exercise.values(run(function, a)) for a in case]
                    names = [n for n in left if self.answer.gives(outputs, n)]
                    if names:
                        both = [moving[i], moving[j]]
                        return self.finding(names, both, self.proved(names, both))
        return None

    def one_slip(self, left: list[str]) -> Finding | None:
        """Find the slip that explains most."""
        return self.explained(left, self.mutants)

    def one_use(self, left: list[str]) -> Finding | None:
        """Find a slip that concerns one use of a variable."""
        return self.explained(left, self.exercise.mutants_of_one_use(self.answer.k))

    def instead(self, left: list[str]) -> Finding | None:
        """Find what was computed instead: an expression of the solution's variables."""
        made = self.exercise.mutants_of(computed_instead(self.answer), self.answer.k)
        return self.explained(left, list(made))

    def explained(self, left: list[str], mutants: Sequence[Mutant]) -> Finding | None:
        """Find the slip that spoils least of what is right, and explains most.

        Several slips may make the same results: then the one whose variables have the
        numbers that the answer's have, of the commonest kind, with the fewest changes,
        whose text is nearest to the answer's, and which is proved to be the answer.
        """
        gives = self.answer.gives

        def merit(mutant: Mutant) -> tuple[bool, int, int]:
            explained = sum(gives(mutant.outputs, name) for name in left)
            kept = sum(gives(mutant.outputs, name) for name in self.answer.fine)
            spoils_nothing = explained > 0 and kept == len(self.answer.fine)
            return spoils_nothing, explained, kept

        merits = [merit(each) for each in mutants]
        most = max(merits, default=(False, 0, 0))
        if not most[1]:
            return None
        best = [m for m, its in zip(mutants, merits, strict=True) if its == most]
        if len(best) > 1:
            best.sort(key=self.unlike)
        names = [name for name in left if gives(best[0].outputs, name)]
        tried = ((each, self.proved(names, [each])) for each in best[:TRIED])
        chosen, equal = next((both for both in tried if both[1]), (best[0], None))
        return self.finding(names, [chosen], equal)

    def unlike(self, mutant: Mutant) -> tuple[float, ...]:
        """Say how far a mutant is from the answer: by its variables, kind, and text."""
        mine, agreeing, alike = self.answer.histories, 0, 0.0
        mutation, program = mutant.mutation, self.exercise.program
        with suppress(Exception), self.program([mutant]) as function:
            other = histories(function, self.answer.case[0])
            own = (k for k in mine if k in other and k[0] not in self.exercise.shapes)
            agreeing = sum(same(mine[key], other[key]) for key in own)
        with suppress(Exception), program.mutated([mutation]) as tree:
            texts = (self.answer.text, ast.unparse(tree))
            alike = difflib.SequenceMatcher(None, *texts, autojunk=False).ratio()
        kind = KINDS.index(mutation.kind) if mutation.kind in KINDS else len(KINDS)
        return (
            mutation.kind != "mistake",
            kind == len(KINDS),
            -agreeing,
            alike < 1,
            kind,
            len(mutation.edits),
            -alike,
        )

    @contextmanager
    def program(
        self, slips: Sequence[Mutant], exact: bool = False
    ) -> Iterator[Callable[..., Any]]:
        """Yield the program that slips make of the solution."""
        if slips and slips[0].function:
            yield exactly(slips[0].function) if exact else slips[0].function
            return
        mutations = [each.mutation for each in slips]
        with self.exercise.program.changed(mutations, exact) as function:
            yield function

    def proved(self, names: Sequence[str], slips: Sequence[Mutant]) -> bool | None:
        """Is the answer the program that these slips make? None: it is not shown."""
        if not self.exact:
            return None
        with self.program(slips, exact=True) as program:
            return self.answer.is_equal(program, names)

    def finding(
        self, names: Sequence[str], slips: Sequence[Mutant], equal: bool | None
    ) -> Finding:
        """Say that these outputs come of these slips; of none, if they are right."""
        outputs = tuple(names)
        if slips:
            words = "; and ".join(self.worded(each, names) for each in slips)
            return Finding(outputs, slips[0].mutation.kind, words, bool(equal))
        if equal:
            words = "proved equal to the solution, for all numbers of these shapes"
            return Finding(outputs, RIGHT, words, True)
        if equal is False:
            return Finding(outputs, "", "nearly right, and yet another function")
        points = f" in floats, at {POINTS} random points"
        drawn = any(map(is_variable, self.answer.case[0]))
        return Finding(outputs, RIGHT, RIGHT + points * drawn)

    def worded(self, mutant: Mutant, names: Sequence[str]) -> str:
        """Say it once, and leave out whose it is where that stands before the colon."""
        words = mutant.mutation.words
        if words in self.said:
            return "the same"
        self.said.add(words)
        for own in (*(f"your {name}" for name in names), "your result"):
            if len(names) == 1 and words.startswith(f"{own} "):
                return f"it{words.removeprefix(own)}"
        return words
