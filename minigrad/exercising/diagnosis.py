"""What is wrong with an answer, in mathematics.

The answer runs where the solution runs, and is compared output by output. What differs
is looked for, in this order:

1. one slip of the solution that gives the same; then two slips together;
2. the right result but for a factor, or for a term, that stands in the solution;
3. the first variable of the answer whose numbers are not those of the solution.

Comparing means floats at a few random points. What was found that way is then proved by
`prove_equal`: the answer is this very program, for all numbers of these shapes. Where an
answer does not run on Tensors, the finding says that it rests on floats.
"""

from __future__ import annotations

import ast
import difflib
import functools
import inspect
import itertools
import textwrap
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from minigrad.console import shown
from minigrad.exercising.exercise import (
    POINTS,
    Case,
    Exercise,
    Mutant,
    Values,
    WrongForm,
    exactly,
    run,
    same,
    traced,
)
from minigrad.exercising.mutations import Mutation
from minigrad.exercising.notation import letter, written
from minigrad.proving.equality import prove_equal
from minigrad.shapes import leaves
from minigrad.types import Array

FEW = 8  # numbers that are shown
TRIED = 4  # slips that make the same numbers, of which one is proved to be the answer
SECONDS = 3.0  # to look for two slips together
RESIDUES: dict[str, Callable[[Array, Array], Array]] = {
    "is {}": lambda right, part: part,
    "has the term {} too much": np.add,
    "has the term −{} too much": np.subtract,
    "has the factor {} too much": np.multiply,
    "is divided by {}, which is too much": np.divide,
}
OPEN, RIGHT, WRONG = "open", "right", "not yet"


class Finding(NamedTuple):
    """What is said of one or more outputs of an answer.

    kind    "right", a kind of slip, or "" where no slip explains it
    exact   is it proved, or only seen in floats?
    """

    outputs: tuple[str, ...]
    kind: str
    words: str
    exact: bool


@dataclass(frozen=True)
class Diagnosis:
    """What is right and what is wrong with an answer; true if all of it is right."""

    findings: tuple[Finding, ...]
    note: str = ""

    @property
    def state(self) -> str:
        """One of "right", "not yet" and "open", before anything was filled in."""
        if not self.findings:
            return OPEN
        return RIGHT if all(f.kind == RIGHT for f in self.findings) else WRONG

    def __bool__(self) -> bool:
        return self.state == RIGHT

    def __str__(self) -> str:
        lines = [self.state]
        if self:
            lines[0] += ": " + self.findings[0].words
        for each in self.findings if not self else ():
            floats = "" if each.exact or not each.kind else " (seen in floats)"
            lines.append(f"  {', '.join(each.outputs)}: {each.words}{floats}")
        return shown("\n".join([*lines, *([self.note] if self.note else [])]))


def diagnosed(exercise: Exercise, answer: Callable[..., Any], exact: bool) -> Diagnosis:
    """Compare an answer with the solution, and explain what differs."""
    errors = []
    for k, case in enumerate(exercise.cases):
        try:
            results = [run(answer, args) for args in case]
            if any(_is_gap(v) for result in results for v in leaves(result).values()):
                return Diagnosis((), "The gap is not filled in.")
            given = [exercise.values(result) for result in results]
        except NotImplementedError:
            return Diagnosis((), "The gap is not filled in.")
        except WrongForm as error:
            return Diagnosis((Finding(("your answer",), "form", str(error), False),))
        except Exception as error:
            errors.append(error)
            continue
        found = _Search(exercise, answer, k, given, exact).findings()
        note = ""
        if errors:
            where = _where(errors[0], answer)
            note = (
                f"  It stops{where} if a matrix is not square: the shapes do not fit. So "
                "it was looked at with square ones."
            )
        if errors and all(f.kind == RIGHT for f in found):
            words = "it is right only where the matrices are square"
            found = [Finding(tuple(exercise.outputs.values()), "", words, False)]
        return Diagnosis(tuple(found), note)
    words = f"it stops{_where(errors[-1], answer)}: {type(errors[-1]).__name__}: "
    return Diagnosis(
        (Finding(("your answer",), "error", words + str(errors[-1]), False),)
    )


def _is_gap(value: Any) -> bool:
    array = np.asarray(value)
    return array.dtype == object and any(each in (..., None) for each in array.flat)


def _where(error: Exception, answer: Any) -> str:
    """Say at which line of the answer an error came up."""
    code = getattr(answer, "__code__", None)
    for frame, line in reversed(list(traceback.walk_tb(error.__traceback__))):
        if code and frame.f_code.co_filename == code.co_filename:
            return f" in line {line}"
    return ""


# ------------------------------------------------------------------------- the search


class _Search:
    """One answer, in one case: what it gives, what is right, and why they differ."""

    def __init__(
        self,
        exercise: Exercise,
        answer: Callable[..., Any],
        k: int,
        given: list[Values],
        exact: bool,
    ) -> None:
        self.exercise, self.answer, self.k, self.given = exercise, answer, k, given
        self.case: Case = exercise.cases[k]
        self.right = exercise.right(k)
        self.exact = exact
        self.said: set[str] = set()
        names = exercise.outputs.values()
        self.wrong = [name for name in names if not self.gives(self.right, name)]

    def gives(self, outputs: Sequence[Values], name: str) -> bool:
        """Is this what the answer gives for an output, at every point?"""
        both = zip(self.given, outputs, strict=True)
        return all(same(mine[name], other[name]) for mine, other in both)

    def findings(self) -> list[Finding]:
        """Say what is wrong, output by output; and what is right."""
        left, found = list(self.wrong), []
        mutants = self.exercise.mutants(self.k) if left else []
        while best := self.best(mutants, left):
            found.append(best)
            left = [name for name in left if name not in best.outputs]
        for explain in (self.residue, self.two_slips):
            if left and (more := explain(left, mutants)):
                found.append(more)
                left = [name for name in left if name not in more.outputs]
        if left:
            words = self.first_difference(left)
            found.append(Finding(tuple(left), "", words, False))
        names = self.exercise.outputs.values()
        fine = [n for n in names if n not in self.wrong and self.right[0][n].size]
        if fine:
            found.append(self.finding(fine, []))
        return found

    def best(self, mutants: Sequence[Mutant], left: Sequence[str]) -> Finding | None:
        """Find the slip that explains most, and spoils least of what is right.

        Several slips may make the same results: then the one whose variables have the
        numbers that the answer's have, or whose text is nearest to the answer's, and
        which is proved to be the answer.
        """

        def merit(mutant: Mutant) -> tuple[int, int]:
            explained = sum(self.gives(mutant.outputs, name) for name in left)
            fine = (n for n in self.exercise.outputs.values() if n not in self.wrong)
            return explained, sum(self.gives(mutant.outputs, name) for name in fine)

        most = max(map(merit, mutants), default=(0, 0))
        if not most[0]:
            return None
        best = [each for each in mutants if merit(each) == most]
        if len(best) > 1:
            best.sort(key=lambda each: (each.function is None, *self.unlike(each)))
        outputs = [name for name in left if self.gives(best[0].outputs, name)]
        found = [self.finding(outputs, [each]) for each in best[:1]]
        for each in best[1:TRIED]:
            if found[0].exact or not self.exact:
                break
            found.insert(0, self.finding(outputs, [each]))
        return found[0] if found[0].exact else found[-1]

    def unlike(self, mutant: Mutant) -> tuple[float, float]:
        """Say how far a mutant's variables, and its text, are from the answer's."""
        agreeing, alike = 0, 0.0
        with suppress(Exception), self.made([mutant]) as function:
            mine, other = (
                _histories(traced(f, self.case[0])) for f in (self.answer, function)
            )
            agreeing = sum(same(mine[key], other[key]) for key in mine if key in other)
        with (
            suppress(Exception),
            self.exercise.program.slipped([mutant.mutation]) as tree,
        ):
            texts = (self.text, ast.unparse(tree))
            alike = difflib.SequenceMatcher(None, *texts, autojunk=False).ratio()
        return -agreeing, -alike

    @functools.cached_property
    def text(self) -> str:
        """The answer's program, without comments and spaces of its own."""
        return ast.unparse(ast.parse(textwrap.dedent(inspect.getsource(self.answer))))

    @contextmanager
    def made(
        self, slips: Sequence[Mutant], exact: bool = False
    ) -> Iterator[Callable[..., Any]]:
        """Yield the program that slips make of the solution."""
        if slips and slips[0].function:
            function = slips[0].function
            yield exactly(function) if exact else function
            return
        mutations = [each.mutation for each in slips]
        with self.exercise.program.changed(mutations, exact) as function:
            yield function

    def two_slips(self, left: list[str], mutants: Sequence[Mutant]) -> Finding | None:
        """Look for two slips that together give what the answer gives."""
        end, program = time.monotonic() + SECONDS, self.exercise.program
        name = left[0]
        moving = [
            m for m in mutants if not same(m.outputs[0][name], self.right[0][name])
        ]
        moving.sort(key=lambda m: m.mutation.words not in self.said)
        pairs = sorted(itertools.combinations(range(len(moving)), 2), key=sum)
        for i, j in pairs:
            if time.monotonic() > end:
                break
            one, two = moving[i].mutation, moving[j].mutation
            with suppress(Exception), program.changed([one, two]) as function:
                first = self.exercise.values(run(function, self.case[0]))
                if not same(first[name], self.given[0][name]):
                    continue
                rest = [self.exercise.values(run(function, a)) for a in self.case[1:]]
                both = [first, *rest]
                outputs = [each for each in left if self.gives(both, each)]
                if outputs:
                    return self.finding(outputs, [moving[i], moving[j]])
        return None

    def finding(self, outputs: list[str], slips: Sequence[Mutant]) -> Finding:
        """Say that these outputs come of these slips; of none, if they are right."""
        several = [each.mutation for each in slips]
        with self.made(slips, exact=True) as function:
            exact = self.exact and self.proved(function, outputs)
        words = "; and ".join(self.worded(m, outputs) for m in several)
        if not slips:
            words = f"right in floats, at {POINTS} random points"
            words = words if any(map(_is_variable, self.case[0])) else "right"
        if not slips and exact:
            words = "proved equal to the solution, for all numbers of these shapes"
        kind = several[0].kind if several else RIGHT
        return Finding(tuple(outputs), kind, words, exact)

    def worded(self, mutation: Mutation, outputs: Sequence[str]) -> str:
        """Say it once, and leave out what stands before the colon already."""
        words = mutation.words
        if words in self.said:
            return "the same"
        self.said.add(words)
        for own in (*(f"your {name}" for name in outputs), "your result"):
            if len(outputs) == 1 and words.startswith(f"{own} "):
                return f"it{words.removeprefix(own)}"
        return words

    def proved(self, function: Any, outputs: Sequence[str]) -> bool:
        """Is the answer this function, in these outputs, for all numbers?"""
        places = [p for p, name in self.exercise.outputs.items() if name in outputs]
        arguments = self.case[0]
        given = [k for k, x in enumerate(arguments) if _is_variable(x)]

        def of(f: Any) -> Callable[..., Any]:
            def program(*tensors: Any) -> list[Any]:
                every = list(arguments)
                for k, tensor in zip(given, tensors, strict=True):
                    every[k] = tensor
                values = leaves(f(*every))
                return [values[place] for place in places]

            return program

        try:
            prove_equal(
                of(exactly(self.answer)),
                of(function),
                *(arguments[k] for k in given),
                seed=0,
            )
        except Exception:  # it does not run on Tensors, or nothing could be proved
            return False
        return True

    # ------------------------------------------------------------ where no slip is found

    def residue(self, left: list[str], _: object) -> Finding | None:
        """Is an output right but for a number, or for a factor or term that is there?"""
        found = self.first_variable()
        if found and (words := self.too_much(*found[1:])):
            return Finding(tuple(left), "residue", f"your {found[0]} {words}", False)
        for name in left:
            both = (
                [values[name] for values in each] for each in (self.given, self.right)
            )
            if words := self.too_much(*both):
                return Finding((name,), "residue", f"it {words}", False)
        return None

    def too_much(self, given: list[Array], right: list[Array]) -> str:
        """Say which expression of the solution an answer has too much, if one."""
        if any(a.shape != b.shape for a, b in zip(right, given, strict=True)):
            return ""
        if all(
            np.ptp(a) == 0 and a.flat[0] == given[0].flat[0] for a in given if a.size
        ):
            return f"is {given[0].flat[0]:g}, whatever the numbers are"
        if ratio := _ratio(given, right):
            return ratio
        for said, values in self.parts():
            for words, made in RESIDUES.items():
                with suppress(ValueError), np.errstate(all="ignore"):
                    guess = map(np.asarray, map(made, right, values))
                    if all(map(same, guess, given)):
                        return words.format(said)
        return ""

    def parts(self) -> Iterator[tuple[str, list[Array]]]:
        """Yield each expression of the solution that has a value at the end."""
        locals_ = [dict(traced(self.exercise.solution, args)) for args in self.case]
        names = self.exercise.program.function.__globals__
        seen = set()
        for node in ast.walk(self.exercise.program.tree):
            if not isinstance(node, ast.expr) or ast.dump(node) in seen:
                continue
            seen.add(ast.dump(node))
            with suppress(Exception), np.errstate(all="ignore"):
                code = compile(ast.Expression(node), "<a part>", "eval")
                values = [np.asarray(eval(code, names, each)) for each in locals_]
                if all(v.dtype.kind == "f" for v in values):
                    yield written(node), values

    def first_difference(self, left: Sequence[str]) -> str:
        """Say which variable is the first that is not what it is in the solution."""
        found = self.first_variable()
        sizes = (self.exercise.sizes, self.exercise.alike)[self.k]
        args = self.exercise.arguments(np.random.default_rng(0), sizes, paper=True)
        with suppress(Exception):
            if found and (on_paper := self.first_variable([args])):
                name, (mine,), (right,) = on_paper
                name = f"the first of your variables that differs is {name}: it"
            else:
                name = "it"
                mine = self.exercise.values(run(self.answer, args))[left[0]]
                right = self.exercise.values(run(self.exercise.solution, args))[left[0]]
            if mine.shape != right.shape:
                return (
                    f"{name} has the shape {mine.shape}, and should have {right.shape}"
                )
            if mine.size > FEW:
                entry = tuple(np.argwhere(~np.isclose(mine, right))[0])
                name += f" begins to differ at {list(map(int, entry))}, where it"
                mine, right = mine[entry], right[entry]
            return (
                f"no usual slip; {name} is {_number(mine)} and should be {_number(right)}"
                + self.at(args)
            )
        return "no usual slip explains it"

    def first_variable(
        self, case: Case | None = None
    ) -> tuple[str, list[Array], list[Array]] | None:
        """Return the first variable with other numbers than in the solution, and both."""
        case = case or self.case
        every = [
            [_histories(traced(f, args)) for args in case]
            for f in (self.answer, self.exercise.solution)
        ]
        order = list(every[1][0])
        for key in order:
            if key[0] in self.exercise.shapes or key not in every[0][0]:
                continue
            both = [[each[key] for each in side] for side in every]
            if not all(map(same, *both)):
                again = f" (value {key[1] + 1})" if key[1] else ""
                return letter(key[0]) + again, both[0], both[1]
        return None

    def at(self, args: Sequence[Any]) -> str:
        """Say at which arguments, if they are small enough for paper."""
        lines = [
            f"\n      at {letter(name)} = {_number(x)}"
            for name, x in zip(self.exercise.shapes, args, strict=True)
            if np.size(x) <= FEW
        ]
        return "".join(lines)


def _histories(seen: Sequence[tuple[str, Any]]) -> dict[tuple[str, int], Any]:
    """Return the numbers that a program's variables had: first, second, ..."""
    counts: Counter[str] = Counter()
    found = {}
    for name, value in seen:
        with suppress(ValueError, TypeError):
            found[name, counts[name]] = np.asarray(value, float)
            counts[name] += 1
    return found


def _is_variable(x: Any) -> bool:
    return (isinstance(x, Array) and x.dtype.kind == "f") or isinstance(x, float)


def _ratio(given: Sequence[Array], right: Sequence[Array]) -> str:
    """Is one the other times a number, the same at every point?"""
    with np.errstate(all="ignore"):
        ratios = np.concatenate(
            [(a / b).ravel() for a, b in zip(given, right, strict=True)]
        )
    ratios = ratios[np.isfinite(ratios)]
    if ratios.size < 2 or np.ptp(ratios) > 1e-9 * abs(ratios[0]) or ratios[0] == 0:
        return ""
    ratio = float(ratios[0])
    if ratio == -1:
        return "has the wrong sign"
    over = f"1/{round(1 / ratio)}" if abs(1 / ratio - round(1 / ratio)) < 1e-9 else ""
    return f"is right but for a factor {over or f'{ratio:g}'}" + (
        ": a mean against a sum?" if over or ratio == round(ratio) else ""
    )


def _number(x: Any) -> str:
    """Write an array in one line.

    >>> _number(np.array([1.0, -0.12345678]))
    '[1, -0.1235]'
    """
    form = {"float": "{:.4g}".format}
    text = np.array2string(np.asarray(x, float), separator=", ", formatter=form)
    return " ".join(text.split())
