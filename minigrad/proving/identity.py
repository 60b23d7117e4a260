"""One identity: what reverse mode gives is the derivative.

Let y be a tape's outputs, x its inputs, v a direction and g a cotangent. Then

    <x_bar, v> = <g, D_v y>       x_bar from `mg.grad`, D_v y from jets

The left side is the engine's own walk, over a copy of the tape whose Tensors hold
residues: the very adjoints, sums over uses and sums over broadcast axes that train. The
right side uses no rule and no walk. A rule, a cell and a network differ in the tape
that is given, and in nothing else.

What is elementwise is not computed here. The result of an elementwise step is a new
variable, and so is its slope by each argument:

    y' = s_1 a' + s_2 b'          y, s_1, s_2 variables

Both sides meet the same slopes, so the identity says: *whatever* the slopes are, the
engine combines them as the chain rule does. That the slopes are what the rows say is
another statement, about functions and not about tapes (lemmas.py, in_floats.py). So no
algebra of exp or tanh is needed, nothing is divided, and the degree of both sides is at
most about the length of the longest path. A failure is a fault.

Floating-point constants of the program are variables too. Masks, indices and integers
stay as recorded.
"""

from __future__ import annotations

import dataclasses
import functools
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from minigrad.context import clean_recording
from minigrad.gradient import grad, pushforward
from minigrad.messages import a_kind
from minigrad.numpy_protocol.array_like import plain
from minigrad.primitive import Elementwise, Primitive
from minigrad.proving.jets import Entries, Jet
from minigrad.proving.residues import Field, Residues
from minigrad.recording import record
from minigrad.tape import Tape, made_by
from minigrad.tensor import Tensor
from minigrad.types import Array, Options, Value

REVERSE, RECORDED, FORWARD = "reverse", "recorded reverse", "forward"
Slopes: TypeAlias = Sequence[Residues | None]  # None by an argument that rests
Draw: TypeAlias = Callable[[Field, Tensor, Sequence[bool]], Slopes]


class RuleStopped(Exception):
    """The engine's walk raised an error, or returned what is no exact array."""


class WithSlopes(Primitive):
    """Stands for an elementwise row: its slopes are given, its own rules do not run."""

    is_elementwise = True

    def __init__(self, row: Primitive, slopes: Sequence[Value | None]) -> None:
        self.name, self.symbol, self.rules = row.name, row.symbol, row.rules
        self.batched_adjoints, self.slice_of_argument = {}, None
        self.slopes = slopes

    def vjp(
        self, i: int, g: Value, y: Value, args: Sequence[object], options: Options
    ) -> Value:
        slope = self.slopes[i]
        assert slope is not None  # the argument moves, so there is one
        return g * slope

    def jvp(
        self,
        tangents: Sequence[Value | None],
        y: Value,
        args: Sequence[object],
        options: Options,
    ) -> Value:
        terms = (
            slope * tangent
            for slope, tangent in zip(self.slopes, tangents, strict=True)
            if slope is not None and tangent is not None
        )
        return functools.reduce(operator.add, terms)


@dataclass(eq=False)
class Trial:
    """A tape over again in a field, from new variables at every leaf.

    copies      for each Tensor of the tape its copy: recorded, over residues
    jets        for each Tensor of the tape its value, as it moves in the direction
    directions  the direction, for each Tensor with respect to which we differentiate
    """

    field: Field
    copies: dict[Tensor, Tensor] = dataclasses.field(default_factory=dict)
    jets: dict[Tensor, Jet] = dataclasses.field(default_factory=dict)
    directions: dict[Tensor, Residues] = dataclasses.field(default_factory=dict)


def drawn_slopes(field: Field, step: Tensor, moving: Sequence[bool]) -> Slopes:
    """Return variables for the slopes of an elementwise step, by what moves."""
    return [field.draw(step.shape) if moves else None for moves in moving]


def trial(
    field: Field, tape: Tape, wrt: Sequence[Tensor], slopes: Draw = drawn_slopes
) -> Trial:
    """Replay a tape on jets over a field; keep the copies that the engine can walk.

    Raises TypeError for a linear row that does not run on exact arrays.
    """
    made = Trial(field)
    read = values_read(tape)
    moving = set(wrt)  # a set asks for identity; == of Tensors compares their numbers

    def moved(step: Tensor, jet: Jet) -> Jet:
        if step in moving:
            v = made.directions[step] = field.draw(step.shape)
            jet = Jet(jet.value, v if jet.tangent is None else jet.tangent + v)
        return jet

    def applied(step: Tensor, args: list[object]) -> Jet:
        row = made_by(step)
        if isinstance(row, Elementwise):
            given = slopes(field, step, [_tangent(a) is not None for a in args])
            draw = field.draw if step in read else field.zeros
            row, jet = (
                WithSlopes(row, given),
                Jet(draw(step.shape), _carried(given, args)),
            )
        else:
            returned: object = row.function(*args, **step.options)
            if not isinstance(returned, Jet):
                raise TypeError(f"its function returned {a_kind(returned)}")
            jet = returned
        operands = tuple(
            made.copies[a] if isinstance(a, Tensor) else b
            for a, b in zip(step.args, args, strict=True)
        )
        made.copies[step] = record(row, jet.value, operands, step.options)
        return moved(step, jet)

    with clean_recording():
        leaves = {
            leaf: moved(leaf, Jet(field.draw(leaf.shape))) for leaf in tape.leaves
        }
        for leaf, jet in leaves.items():
            made.copies[leaf] = record(None, jet.value, (), {})
        made.jets = tape.replay(leaves, lambda a: as_variable(field, a), applied)
    return made


def values_read(tape: Tape) -> set[Tensor]:
    """Return the steps whose numbers matter: a linear row is given them.

    Elementwise steps have slopes that are given, so they read no numbers here.
    """
    return {
        a
        for step in tape
        if not isinstance(step.primitive, Elementwise)
        for a in step.args
        if isinstance(a, Tensor)
    }


def _tangent(arg: object) -> Entries | None:
    return arg.tangent if isinstance(arg, Jet) else None


def as_variable(field: Field, constant: object) -> object:
    """Return a variable in the place of a floating-point constant; keep others."""
    if isinstance(constant, (float, complex, np.floating)):
        return field.draw()
    if isinstance(constant, Array) and constant.dtype.kind in "fcO":
        return field.draw(constant.shape)
    return constant


def _carried(slopes: Slopes, args: Sequence[object]) -> Residues | None:
    """Return the sum of slopes times tangents, over the arguments that move."""
    total = None
    for slope, tangent in zip(slopes, map(_tangent, args), strict=True):
        if slope is not None and tangent is not None:
            term = slope * tangent
            total = term if total is None else total + term
    return total


# ------------------------------------------------------------------- the two sides


def derivative(
    made: Trial, outputs: Sequence[Tensor], cotangents: Sequence[Residues]
) -> Residues:
    """Return <g, D_v y>, from the jets."""
    tangents = [made.jets[each].tangent for each in outputs]
    return paired(made.field, cotangents, tangents)


def gradient(
    made: Trial,
    outputs: Sequence[Tensor],
    wrt: Sequence[Tensor],
    cotangents: Sequence[Residues],
    mode: str = REVERSE,
) -> list[Residues]:
    """Return x_bar, as the engine finds it.

    Raises RuleStopped if a rule raises, or returns what is no exact array.
    """
    recording = mode == RECORDED
    seeds = [record(None, g, (), {}) if recording else g for g in cotangents]
    copies = [made.copies[each] for each in outputs]
    with clean_recording():
        try:
            bars = grad(
                copies, [made.copies[x] for x in wrt], record=recording, seed=seeds
            )
        except Exception as error:  # whatever a broken rule may raise
            raise RuleStopped(str(error.__cause__ or error)) from error
    found: list[Residues] = []
    for bar, x in zip(map(plain, bars), wrt, strict=True):
        if not isinstance(bar, Residues):
            raise RuleStopped("a rule returned floats, where it was given residues")
        if bar.shape != x.shape:
            raise RuleStopped(f"it gave shape {bar.shape} for a value of {x.shape}")
        found.append(bar)
    return found


def along_direction(made: Trial, bars: Mapping[Tensor, Residues]) -> Residues:
    """Return <x_bar, v>."""
    wrt = list(bars)
    return paired(made.field, bars.values(), [made.directions[x] for x in wrt])


def forward_mode(made: Trial, output: Tensor, cotangent: Residues) -> Residues:
    """Return <g, D_v y>, as the engine's forward mode finds it."""
    directions: dict[Tensor, Any] = {
        made.copies[x]: v for x, v in made.directions.items()
    }
    with clean_recording():
        try:
            copy = made.copies[output]
            tangent = pushforward(Tape(copy), directions).get(copy)
        except Exception as error:  # whatever a broken rule may raise
            raise RuleStopped(str(error.__cause__ or error)) from error
    return paired(made.field, [cotangent], [tangent])


def paired(
    field: Field, left: Iterable[Value | None], right: Iterable[Value | None]
) -> Residues:
    """Return <left, right>, over sequences of arrays; None is zero."""
    total = field.lift(0)
    for a, b in zip(left, right, strict=True):
        if a is not None and b is not None:
            total = total + (a * b).sum()
    return total


def same(found: Residues, expected: Residues) -> bool:
    """Are all entries equal, modulo every prime?"""
    return bool(found.equals(expected).all())


def disagreement(
    field: Field, tape: Tape, wrt: Sequence[Tensor], mode: str = REVERSE
) -> tuple[Residues | RuleStopped, Residues] | None:
    """Compare both sides of the identity for a tape; None if they are equal.

    Each output gets a cotangent of new variables. Returns (found, expected), where
    `found` is a RuleStopped if the engine's walk did not come to its end.

    >>> from random import Random
    >>> W, v = mg.Tensor(np.ones((2, 3)), "W"), mg.Tensor(np.ones(3), "v")
    >>> tape = Tape(mg.tanh(mg.matvec(W, v)))
    >>> disagreement(Field.drawn(Random(0), 3), tape, [W, v]) is None
    True
    """
    made = trial(field, tape, wrt)
    cotangents = [field.draw(output.shape) for output in tape.outputs]
    expected = derivative(made, tape.outputs, cotangents)
    try:
        if mode == FORWARD:
            (output,) = tape.outputs
            found = forward_mode(made, output, cotangents[0])
        else:
            bars = gradient(made, tape.outputs, wrt, cotangents, mode)
            found = along_direction(made, dict(zip(wrt, bars, strict=True)))
    except RuleStopped as stopped:
        return stopped, expected
    return None if same(found, expected) else (found, expected)


def by_itself(step: Tensor) -> Tensor:
    """Return the same application of the same row as a tape of its own.

    Every Tensor argument is a leaf, and an argument used twice is two leaves.
    """
    with clean_recording():
        leaves = tuple(
            Tensor(np.zeros(a.shape), a.name) if isinstance(a, Tensor) else a
            for a in step.args
        )
        return record(step.primitive, np.empty(step.shape), leaves, step.options)
