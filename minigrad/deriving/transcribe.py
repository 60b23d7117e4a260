"""From records to formulas: what a tape says, as it is written on a blackboard.

An elementwise row whose meaning has only operators, "a * b", is written with them. Any
other is applied to its arguments by name, and so is a linear row. So every row can be
transcribed, the reader's own too.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Callable, Mapping
from typing import TypeAlias

import numpy as np

from minigrad.deriving.formula import (
    HALF,
    ZERO,
    Formula,
    Number,
    formula,
    power,
    spread,
    visible,
)
from minigrad.deriving.moving import applied
from minigrad.deriving.softmax import simplified
from minigrad.primitive import Elementwise
from minigrad.proving.formulas import LETTERS
from minigrad.tape import in_order, made_by
from minigrad.tensor import Tensor
from minigrad.types import Operand

Constant: TypeAlias = Callable[[Operand], Formula]  # writes a recorded array of numbers

ROOT = {"sqrt": lambda a: power(a, Number(HALF)), "__builtins__": {}}


def transcribed(
    result: Tensor,
    known: Mapping[Tensor, Formula],
    constant: Constant,
    kept: Formula | None = None,
) -> Formula:
    """Return how `result` was made, down to the Tensors that `known` already writes.

    >>> from minigrad.deriving.formula import Letter
    >>> a = mg.Tensor(3.0)
    >>> transcribed(a * a, {a: Letter("a")}, formula) == Letter("a") ** 2
    True
    """
    found = dict(known)
    for step in in_order([result]):
        if step not in found:
            found[step] = written(step, found, constant, kept)
    return found[result]


def written(
    step: Tensor,
    found: dict[Tensor, Formula],
    constant: Constant,
    kept: Formula | None = None,
) -> Formula:
    """Return one step as its row applied to what is found for its arguments.

    kept   what a choice between a value and 0 multiplies the value by: [z > 0]
    """
    row = made_by(step)
    args = [found[a] if isinstance(a, Tensor) else constant(a) for a in step.args]
    if isinstance(row, Elementwise):
        operators = in_operators(row.meaning)
        if operators is not None:
            return spread(simplified(operators(*args)), step.shape)
        return applied(row, args, {}, step.shape)
    shapes = (np.shape(getattr(a, "data", a)) for a in step.args)
    args = [spread(arg, shape) for arg, shape in zip(args, shapes, strict=True)]
    if kept is not None and "mask" in step.options:
        others = [each for each in args if visible(each) != ZERO]
        if len(others) == 1:  # else it is a choice between two values
            return spread(kept * others[0], step.shape)
    return applied(row, args, step.options, step.shape)


@functools.cache
def in_operators(meaning: str) -> Callable[..., Formula] | None:
    """Return a meaning as a function, if it is written with operators and roots alone.

    >>> in_operators("a * b")(formula(3), formula(4)), in_operators("exp(a)")
    (Number(value=Fraction(12, 1)), None)
    """
    tree = ast.parse(meaning, mode="eval")
    calls = (part.func for part in ast.walk(tree) if isinstance(part, ast.Call))
    if any(not isinstance(f, ast.Name) or f.id not in ROOT for f in calls):
        return None
    code = compile(tree, meaning, "eval")

    def operators(*args: Formula) -> Formula:
        return formula(eval(code, ROOT, dict(zip(LETTERS, args, strict=False))))

    return operators
