"""What was computed instead, where no slip explains an answer.

Every short expression of one or two of the solution's variables is tried in the place
of the first variable, or output, that differs. What fits is said, but it is no slip of
the right program, and counts nothing.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator
from contextlib import suppress

import numpy as np

from minigrad.exercising.answer import Answer
from minigrad.exercising.answer_notation import written
from minigrad.exercising.exercise import same
from minigrad.exercising.mutations import Mutation
from minigrad.exercising.patterns import filled, parsed
from minigrad.exercising.program_text import OF_SLIPS, namespace, traced
from minigrad.exercising.tree_places import Place
from minigrad.types import Array

SHORT = (  # what is tried with every two variables, and with one
    "A * B; A + B; A - B; A / B; A @ B; A.T @ B; A @ B.T; A[:, None] * B; outer(A, B)",
    "A; A.T; A.sum(axis=0); A.sum(axis=1); A ** 2; 1 - A; tanh(A); sigmoid(A)",
)


def computed_instead(answer: Answer) -> Iterator[Mutation]:
    """Yield slips that put such an expression where the answer first differs."""
    program = answer.exercise.program
    ends = [dict(traced(program.function, args)) for args in answer.case]
    names = [
        name
        for name, value in ends[0].items()
        if isinstance(value, Array | float) and np.asarray(value).dtype.kind == "f"
    ]
    expressions = [
        filled(parsed(pattern), dict(zip("AB", map(parsed, some), strict=False)))
        for patterns, number in zip(SHORT, (2, 1), strict=True)
        for some in itertools.permutations(names, number)
        for pattern in patterns.split(";")
    ]
    found = answer.first_variable(answer.case)
    targets = {found[0]: found[1]} if found else {}
    for name, place in zip(answer.exercise.names, program.returned(), strict=False):
        if name in answer.wrong:
            targets[ast.unparse(place.node)] = [each[name] for each in answer.given]
    meant = namespace(program.function, exact=False) | OF_SLIPS
    for new in expressions:
        with suppress(Exception), np.errstate(all="ignore"):
            code = compile(ast.Expression(ast.fix_missing_locations(new)), "", "eval")
            values = [np.asarray(eval(code, meant, each)) for each in ends]
            for place in program.places:
                target = _target(place)
                if target in targets and all(map(same, values, targets[target])):
                    words = f"{written(new)} stands where {written(place.node)} belongs"
                    yield Mutation(
                        "instead",
                        f"{words} in your {written(parsed(target))}",
                        (place.edit(new),),
                    )


def _target(place: Place) -> str:
    """Return the variable that an expression is assigned to, or ""."""
    match place.statement:
        case ast.Assign([target]) if place.is_whole and isinstance(
            place.node, ast.expr
        ):
            return ast.unparse(target)
    return ""
