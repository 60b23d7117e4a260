"""One answer where it ran: what it gives, what is right, what its variables were."""

from __future__ import annotations

import ast
import functools
import inspect
import textwrap
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np

from minigrad.exercising.exercise import Case, Exercise, Values, same
from minigrad.exercising.program_text import exactly, traced
from minigrad.numpy_protocol.array_like import plain
from minigrad.proving.disproof import NotEqual
from minigrad.proving.equality import prove_equal
from minigrad.shapes import leaves
from minigrad.types import Array

ROUNDING = 1e-12
Histories = Mapping[tuple[str, int], Array]  # by variable: its first value, second, ...


@dataclass(frozen=True, eq=False)
class Answer:
    """An answer to an exercise, and its outputs at each point of case k."""

    exercise: Exercise
    function: Callable[..., Any]
    k: int
    given: list[Values]

    @property
    def case(self) -> Case:
        """The arguments, at each point."""
        return self.exercise.cases[self.k]

    @property
    def right(self) -> list[Values]:
        """What the solution gives."""
        return self.exercise.right(self.k)

    def gives(self, outputs: Sequence[Values], name: str) -> bool:
        """Is this what the answer gives for an output, at every point?"""
        both = zip(self.given, outputs, strict=True)
        return all(same(mine[name], other[name]) for mine, other in both)

    @functools.cached_property
    def wrong(self) -> list[str]:
        """The outputs that are not right."""
        return [n for n in self.exercise.names if not self.gives(self.right, n)]

    @property
    def fits(self) -> bool:
        """Have all outputs the shapes that they should have?"""
        right = self.right[0]
        return all(self.given[0][name].shape == right[name].shape for name in right)

    @functools.cached_property
    def fine(self) -> list[str]:
        """The outputs that are right, and have entries."""
        there = (n for n in self.exercise.names if self.right[0][n].size)
        return [name for name in there if name not in self.wrong]

    @functools.cached_property
    def text(self) -> str:
        """The answer's program, without comments and spaces of its own."""
        with suppress(Exception):
            source = textwrap.dedent(inspect.getsource(self.function))
            return ast.unparse(ast.parse(source))
        return ""

    @functools.cached_property
    def histories(self) -> Histories:
        """What its variables were, at the first point."""
        return histories(self.function, self.case[0])

    def first_variable(self, case: Case) -> tuple[str, list[Array], list[Array]] | None:
        """Return the first variable whose numbers are not the solution's, and both."""
        mine = [histories(self.function, args) for args in case]
        right = [histories(self.exercise.solution, args) for args in case]
        for key in right[0]:
            if key[0] not in self.exercise.shapes and key in mine[0]:
                both = [[each[key] for each in side] for side in (mine, right)]
                if not all(map(same, *both)):
                    return key[0], both[0], both[1]
        return None

    def is_equal(
        self, program: Callable[..., Any], outputs: Sequence[str]
    ) -> bool | None:
        """Is the answer this program, in these outputs, for all numbers?

        None if that is neither proved nor refuted.
        """
        places = [p for p, name in self.exercise.outputs.items() if name in outputs]
        arguments = self.case[0]
        variables = [k for k, x in enumerate(arguments) if is_variable(x)]

        def only_wanted(f: Callable[..., Any]) -> Callable[..., Any]:
            def chosen(*tensors: Any) -> list[Any]:
                every = list(arguments)
                for k, tensor in zip(variables, tensors, strict=True):
                    every[k] = tensor
                values = leaves(f(*every))
                return [values[place] for place in places]

            return chosen

        shapes = [arguments[k] for k in variables]
        mine, other = map(only_wanted, (exactly(self.function), program))
        try:
            prove_equal(mine, other, *shapes, seed=0)
        except NotEqual as different:
            a, b = different.values  # decimals are rounded: 1 - 0.9 is not 0.1
            return False if abs(a - b) > ROUNDING * abs(b) else None
        except Exception:  # it does not run on Tensors, or nothing is shown
            return None
        return True


def histories(function: Any, arguments: Sequence[Any]) -> Histories:
    """Run a function; return every value of its variables that is made of numbers."""
    counts: Counter[str] = Counter()
    found = {}
    with suppress(Exception):
        for name, value in traced(function, arguments):
            with suppress(ValueError, TypeError):
                found[name, counts[name]] = np.asarray(plain(value), float)
                counts[name] += 1
    return found


def is_variable(x: Any) -> bool:
    """Is this an argument that may be any number?"""
    return (isinstance(x, Array) and x.dtype.kind == "f") or isinstance(x, float)
