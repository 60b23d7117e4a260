"""The rules of a row, as the blackboard needs them: a record of each, and its name.

The rules are the very ones that train. Each is run once on Tensors, and what it did is
transcribed; beside the line stands in the margin which rule of calculus it was.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np

from minigrad.accumulation import unbroadcast
from minigrad.context import clean_recording
from minigrad.deriving.formula import Formula, Letter, formula, spread
from minigrad.deriving.transcribe import Constant, transcribed
from minigrad.deriving.typeset import Slope
from minigrad.primitive import Elementwise, Primitive
from minigrad.proving.formulas import LETTERS
from minigrad.tape import made_by
from minigrad.tensor import Tensor
from minigrad.types import Rule, Shape

Note: TypeAlias = str | Slope


class Record:
    """The rules of a step, run on Tensors of no special value, which leaves a record.

    What stands for constants are Tensors, too: what a rule does with them is recorded
    and not rounded. Rules do not depend on values, so equal steps have one record.

    g, y, operands   what stands for the step's cotangent, its value and its arguments
    """

    def __init__(self, step: Tensor, shapes: Sequence[Shape]) -> None:
        self.step = step
        self.g, self.y = _any(step.shape), _any(step.shape)
        self.operands = [_any(shape) for shape in shapes]
        self.found: dict[int, Tensor] = {}

    def of(self, i: int) -> Tensor:
        """Return what the rule of argument i makes of g."""
        if i not in self.found:
            row, shape = made_by(self.step), self.operands[i].shape
            with clean_recording():
                found = row.vjp(i, self.g, self.y, self.operands, self.step.options)
                found = found if isinstance(found, Tensor) else Tensor(found)
                if found.shape != shape:
                    found = unbroadcast(found, shape)
            self.found[i] = found
        return self.found[i]

    def known(
        self,
        step: Tensor,
        bar: Formula,
        value: Mapping[Tensor, Formula],
        constant: Constant,
    ) -> dict[Tensor, Formula]:
        """Return what is written for g, y and the operands at a step like this one."""
        found = {
            self.g: spread(bar, step.shape),
            self.y: spread(value[step], step.shape),
        }
        for arg, operand in zip(step.args, self.operands, strict=True):
            here = value[arg] if isinstance(arg, Tensor) else constant(arg)
            found[operand] = spread(here, operand.shape)
        return found


def _any(shape: Shape) -> Tensor:
    """Return a Tensor of numbers that are nothing special."""
    return Tensor(np.full(shape, 2.5))


def rule_of(row: Primitive, i: int) -> tuple[Note, ...]:
    """Say which rule of calculus a row's rule i is.

    >>> from minigrad.primitive import TABLE
    >>> rule_of(TABLE["multiply"], 0), rule_of(TABLE["matvec"], 1)
    (('product',), ('matrix product',))
    >>> from minigrad.deriving.formula_styles import TEXT
    >>> TEXT.note(*rule_of(TABLE["sigmoid"], 0))
    'σ′ = σ (1 − σ)'
    """
    if not isinstance(row, Elementwise):
        return (getattr(row, "rule", row.name),)
    if row.meaning in _RULES:
        return _RULES[row.meaning]
    if len(row.partials) > 1 or "(" not in row.meaning:
        return (row.name,)
    name = row.symbol if row.symbol.isalpha() else row.name
    return (Slope(name, _slope(name, row.partials[i])),)


@functools.cache
def _slope(symbol: str, partial: Rule) -> Formula:
    """Return what a partial says of a function: 1 − tanh²."""
    with clean_recording():
        y, a = Tensor(0.5), Tensor(0.25)
        slope = partial(y, a)
        if not isinstance(slope, Tensor):
            slope = Tensor(slope)
    known = {y: Letter(symbol), a: Letter(LETTERS[0])}
    return transcribed(slope, known, formula)


_RULES: dict[str, tuple[str, ...]] = {
    "a + b": (),
    "a - b": (),
    "-a": (),
    "a * b": ("product",),
    "a / b": ("quotient",),
    "a ** b": ("power",),
}
