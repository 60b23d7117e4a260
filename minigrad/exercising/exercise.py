"""An exercise: a right program, how to call it, and hints; and its wrong twins.

    def backward(y_bar, W, v):
        W_bar = np.outer(y_bar, v)
        v_bar = W.T @ y_bar
        return W_bar, v_bar

    exercise = Exercise(backward, shapes={"y_bar": "m", "W": "m n", "v": "n"})

The right program is read as text, too: every slip that it admits is made, run once, and
kept with what it gives, so that an answer needs only to be compared with them.
"""

from __future__ import annotations

import ast
import functools
import inspect
import itertools
import string
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from minigrad.exercising.answer_notation import written
from minigrad.exercising.mutations import Mutation
from minigrad.exercising.program_text import ProgramText, run
from minigrad.messages import explained
from minigrad.numpy_protocol.array_like import plain
from minigrad.shapes import leaves
from minigrad.types import Array

if TYPE_CHECKING:
    from minigrad.exercising.diagnosis import Diagnosis

SIZES = {"n": 3, "m": 2, "T": 4, "B": 5, "K": 3}  # of axes; any other letter is 2
POINTS = 2

Values = dict[str, Array]  # by the name of an output
Case = list[list[Any]]  # the arguments, at each point


class Mutant(NamedTuple):
    """A slip, and the outputs of the program that it makes, at each point.

    function  the program, where it was not made by the slip but given
    """

    mutation: Mutation
    outputs: list[Values]
    function: Callable[..., Any] | None = None


class Exercise:
    """A question whose answer is a function.

    solution  the right function, of arrays; an expression of it that deserves words has
              them in a comment on its line
    shapes    of its arguments, by name: axes as letters, "m n", "B n+m" or "" for one
              number; or a function of a random generator that draws it; or what is
              given as it is (indices, a length)
    hints     from a nudge to nearly the answer
    sizes     of letters, where another size than usual is needed
    mistakes  programs that are wrong in a way of their own, by what to say of them
    bug       what would be said of the program that is handed out, where there is one
              to be mended: whoever hands it in has not begun
    seen      what is compared, a function of the result: what a model answers, where
              the same answers can be had with other weights

    >>> def backward(y_bar, x):
    ...     return 2 * x * y_bar
    >>> exercise = Exercise(backward, shapes={"y_bar": "n", "x": "n"})
    >>> print(exercise.check(lambda y_bar, x: x * y_bar))
    not yet
      your result: it lacks the factor 2
    """

    def __init__(
        self,
        solution: Callable[..., Any],
        shapes: Mapping[str, Any],
        hints: Sequence[str] = (),
        sizes: Mapping[str, int] | None = None,
        seen: Callable[[Any], Any] | None = None,
        mistakes: Mapping[str, Callable[..., Any]] | None = None,
        bug: str = "",
    ) -> None:
        self.solution, self.name, self.seen = solution, solution.__name__, seen
        self.mistakes, self.bug = dict(mistakes or {}), bug
        self.wrong_rules: dict[str, Callable[..., Any]] = {}  # see by_tape.py
        self.hints, self.sizes = tuple(hints), SIZES | dict(sizes or {})
        self.program = ProgramText(solution)
        names = list(inspect.signature(solution).parameters)
        if names != list(shapes):
            raise explained(
                TypeError,
                f"Exercise({self.name}, ...)",
                f"its arguments are {', '.join(names)}, and shapes are given for "
                f"{', '.join(shapes) or 'none'}.",
                "give one for each, in this order.",
            )
        self.shapes = dict(shapes)

    @functools.cached_property
    def alike(self) -> dict[str, int]:
        """Sizes of axes with which matrices are square, as far as that can be."""
        letters = sorted(set("".join(self.axes())) & set(string.ascii_letters))
        chosen = itertools.product(range(5), repeat=len(letters))
        every = (self.sizes | dict(zip(letters, each, strict=True)) for each in chosen)
        return min(every, key=self.unlike)

    @functools.cached_property
    def cases(self) -> list[Case]:
        """Arguments at a few points: with axes of their sizes, and of sizes alike."""
        return [
            [self.arguments(np.random.default_rng(k), sizes) for k in range(POINTS)]
            for sizes in (self.sizes, self.alike)
        ]

    def axes(self) -> list[str]:
        """Return the axes of all arguments, as they are written: "n+m"."""
        shapes = (shape for shape in self.shapes.values() if isinstance(shape, str))
        return [axis for shape in shapes for axis in shape.split()]

    def unlike(self, sizes: Mapping[str, int]) -> tuple[int, ...]:
        """Count what is not square with these sizes, and how many sizes there are."""
        of = [
            [_size(axis, sizes) for axis in shape.split()]
            for shape in self.shapes.values()
            if isinstance(shape, str)
        ]
        every = [n for shape in of for n in shape]
        oblong = sum(len(set(shape[-2:])) > 1 for shape in of)
        empty = len(every) if 2 * every.count(0) > len(every) else every.count(0)
        return oblong, empty, len(set(every)), every.count(1), sum(every)

    def arguments(
        self, rng: np.random.Generator, sizes: Mapping[str, int], paper: bool = False
    ) -> list[Any]:
        """Draw arguments; on `paper`, of small numbers."""

        def drawn(shape: Any) -> Any:
            if callable(shape):
                return np.asarray(shape(rng), float)
            if not isinstance(shape, str):
                return shape.copy() if isinstance(shape, Array) else shape
            axes = tuple(_size(axis, sizes) for axis in shape.split())
            if paper:
                return np.asarray(rng.choice([-2.0, -1.0, -0.5, 0.5, 1.0, 2.0], axes))
            return np.asarray(rng.normal(size=axes))

        return [drawn(shape) for shape in self.shapes.values()]

    @functools.cached_property
    def outputs(self) -> dict[str, str]:
        """The names of what is returned, by place: {"[0]": "W̄", "[1]": "v̄"}."""
        values = self._seen(run(self.solution, self.cases[0][0]))
        returned = [place.node for place in self.program.returned()]
        names = [written(node) for node in returned]
        if self.seen:
            names = ["what it answers"]
        elif len(names) != len(values):
            names = list(values)
        elif len(names) == 1 and not isinstance(returned[0], ast.Name):
            names = ["your result"]
        return dict(zip(values, names, strict=True))

    @property
    def names(self) -> list[str]:
        """The names of what is returned."""
        return list(self.outputs.values())

    def _seen(self, result: Any) -> dict[str, Any]:
        return leaves(run(self.seen, [result]) if self.seen else result)

    def values(self, result: Any) -> Values:
        """Return the arrays of a result, by the names of outputs."""
        found = self._seen(result)
        if list(found) != list(self.outputs):
            order = ", in this order" if len(self.outputs) > 1 else ""
            raise WrongForm(
                f"{self.name} must return {', '.join(self.names)}{order}; what it "
                f"returns has {len(found)} part{'s' * (len(found) != 1)}"
            )
        arrays = (np.asarray(plain(value)) for value in found.values())
        return dict(zip(self.names, arrays, strict=True))

    @functools.cache  # noqa: B019  an exercise lasts as long as the program that checks
    def right(self, k: int) -> list[Values]:
        """Return what the solution gives at each point of case k."""
        return [self.values(run(self.solution, args)) for args in self.cases[k]]

    @functools.cache  # noqa: B019  an exercise lasts as long as the program that checks
    def mutants(self, k: int) -> list[Mutant]:
        """Return the wrong programs that slips make of the solution, run in case k."""
        found = []
        given = [("mistake", *each) for each in self.mistakes.items()]
        given += [("rule", *each) for each in self.wrong_rules.items()]
        for kind, words, function in given:
            with suppress(Exception):  # it does not run on these shapes
                outputs = [self.values(run(function, args)) for args in self.cases[k]]
                found.append(Mutant(Mutation(kind, words, ()), outputs, function))
        return [*found, *self.mutants_of(self.program.mutations(self.cases[k][0]), k)]

    @functools.cache  # noqa: B019  an exercise lasts as long as the program that checks
    def mutants_of_one_use(self, k: int) -> list[Mutant]:
        """Return the programs where a slip concerns one use of a variable alone."""
        found = []
        for program, statement in self.program.written_out():
            for slip in program.mutations(self.cases[k][0], statement):
                with suppress(Exception), program.changed([slip]) as function:
                    found += self.ran(slip, function, k, function)
        return found

    def mutants_of(self, several: Iterable[Mutation], k: int) -> Iterator[Mutant]:
        """Make slips; yield those that run, and change something."""
        for each in several:
            with suppress(Exception), self.program.changed([each]) as function:
                yield from self.ran(each, function, k)

    def ran(
        self, slip: Mutation, function: Any, k: int, given: Any = None
    ) -> list[Mutant]:
        """Run what a slip makes; return it if it changes something."""
        outputs = [self.values(run(function, args)) for args in self.cases[k]]
        wrong = not all(map(same_values, outputs, self.right(k)))
        return [Mutant(slip, outputs, given)] * wrong

    def check(self, answer: Callable[..., Any], exact: bool = True) -> Diagnosis:
        """Compare an answer with the solution, and say what is wrong.

        exact  False to leave out the proofs, which take most of the time
        """
        from minigrad.exercising.diagnosis import diagnosed  # which imports this

        return diagnosed(self, answer, exact)


class WrongForm(Exception):
    """An answer that returns something other than what was asked."""


def _size(axis: str, sizes: Mapping[str, int]) -> int:
    """Return the size of an axis: n, 4, or n+m.

    >>> _size("n+m", {"n": 3, "m": 2})
    5
    """
    terms = axis.replace("*", "+").split("+")
    numbers = [int(each) if each.isdigit() else sizes.get(each, 2) for each in terms]
    return int(np.prod(numbers)) if "*" in axis else sum(numbers)


def same(a: Array, b: Array) -> bool:
    """Are two arrays of one shape, and equal but for rounding?"""
    if a.shape != b.shape or a.dtype == object or b.dtype == object:
        return False
    a, b = a + 0, b + 0  # NumPy does not subtract booleans
    with np.errstate(all="ignore"):  # by hand: np.isclose takes five times as long
        near = (abs(a - b) <= 1e-11 + 1e-9 * abs(b)) & np.isfinite(b)
    return bool((near | (a == b) | ((a != a) & (b != b))).all())


def same_values(a: Values, b: Values) -> bool:
    """Are all outputs the same?"""
    return a.keys() == b.keys() and all(same(a[name], b[name]) for name in a)
