"""A program equals the tape: shown in exact arithmetic, modulo random primes.

Both are run on random numbers of a prime field: the graph as it was traced, operation
by operation, and the program line by line, as it is printed, with its loops and its
calls for all time steps. Functions are keyed by the value of their argument, as in
`mg.prove_equal`: two programs that agree are one, but for a chance that is stated.
Decisions (masks, the largest entry) are taken as they were at the example.

What is left, that the Python does what the lines say, is compared in floats whenever a
program is built.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

import numpy as np

from minigrad.compiling.graph import Node, fill_holes, in_order
from minigrad.compiling.interpreter import Interpreter, Values
from minigrad.compiling.invariants import product
from minigrad.compiling.line import Line
from minigrad.compiling.one_run import Trace
from minigrad.compiling.over_time import along, placed
from minigrad.compiling.programs import Program
from minigrad.compiling.rolled_loops import Loop
from minigrad.compiling.simplify import total
from minigrad.messages import explained
from minigrad.parameter import Parameter
from minigrad.primitive import Primitive
from minigrad.proving.equality import ENOUGH
from minigrad.proving.failures import ProofFailed
from minigrad.proving.keyed_functions import KeyedField, KeyedResidues
from minigrad.types import Array

PRIMES = (16, 32, 64)  # how many are tried until the chance is small enough
_EXACT = {total, product, along, placed}


class WrongProgram(Exception):
    """A program is not what was traced: some rewrite is wrong."""


@dataclass(frozen=True)
class Shown:
    """What was shown of a program.

    rewrites   whose identities were proved
    outputs    shapes of what was compared
    decisions  how many arrays were taken as they were at the example
    primes     modulo how many random primes
    chance     log2 of a bound: a wrong program passed with this probability
    """

    rewrites: tuple[str, ...]
    outputs: tuple[tuple[int, ...], ...]
    decisions: int
    primes: int
    chance: float

    def __str__(self) -> str:
        shapes = ", ".join(map(str, self.outputs))
        return (
            f"The program equals the tape, gradient included, at shapes {shapes}."
            f"\nShown on residues modulo {self.primes} random primes; wrong with a "
            f"chance below 2^{np.ceil(self.chance):.0f}."
            f"\nIdentities proved: {', '.join(self.rewrites)}."
            f"\nTaken as they were: {self.decisions} decisions. Not covered: rounding."
            "\nThat the Python does what the lines say was compared in floats."
        )


def show(
    program: Program, trace: Trace, arrays: Sequence[Array], names: Sequence[str]
) -> Shown:
    """Show that a program equals what was traced.

    Raises WrongProgram if it does not, and ProofFailed if it may do so by chance.
    """
    random = Random(0)
    for primes in PRIMES:
        field = _Field(random, arrays, primes)
        try:
            expected = field.graph(trace.outputs)
            found = field.run(program)
        except ZeroDivisionError as error:
            fix = "look for a mean of nothing, an empty batch, or for x / (x - x)."
            raise _not_shown("something is divided by zero.", fix) from error
        for k, (one, other) in enumerate(zip(expected, found, strict=True)):
            if not _equal(one, other):
                raise explained(
                    WrongProgram,
                    f"the proof of a program, output {k}",
                    {},
                    "modulo random primes it is another number than the tape has: "
                    "a rewrite is wrong.",
                    "leave out rewrites, one by one, until the program is right.",
                )
        chance = field.field.chance()
        if chance < ENOUGH:
            shapes = tuple(tuple(np.shape(each)) for each in trace.numbers)
            return Shown(tuple(names), shapes, field.decisions, primes, chance)
        if field.field.chance(PRIMES[-1]) >= ENOUGH:  # more primes do not help
            break
    raise _not_shown(
        f"program and tape agree modulo {primes} random primes, but in polynomials of "
        "such degrees wrong ones might do so as well, with a chance of "
        f"2^{np.ceil(chance):.0f}.",
        "prove it for smaller shapes: fewer time steps, fewer examples in a batch; "
        "the same rewrites make it.",
    )


def _not_shown(why: str, fix: str) -> ProofFailed:
    why = f"it is not shown, and not refuted either: {why}"
    return explained(
        ProofFailed, "the proof of a program", {}, why, fix, undecided=True
    )


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, KeyedResidues):
        one.field.compared(one.size, one.bound, other.bound)
        return one.shape == other.shape and bool(np.all(one.equals(other)))
    return bool(np.array_equal(one, other))


class _Field(Interpreter):
    """The sources as random numbers of a field, and how both forms run on them."""

    def __init__(self, random: Random, arrays: Sequence[Array], primes: int) -> None:
        super().__init__()
        self.field = KeyedField.drawn(random, primes)
        self.arrays = arrays
        self.sources: dict[Any, Any] = {}
        self.decisions = 0

    def source(self, source: Any) -> Any:
        """Return an input or a Parameter as variables; integers are what they are."""
        key = source if isinstance(source, int | Parameter) else id(source)
        if key not in self.sources:
            if isinstance(source, Array):
                self.sources[key] = self.lifted(source)
            else:
                is_input = isinstance(source, int)
                array = self.arrays[source] if is_input else source.data
                is_real = array.dtype.kind == "f"
                self.sources[key] = self.field.draw(array.shape) if is_real else array
        return self.sources[key]

    def lifted(self, value: Any) -> Any:
        """Return a constant in the field; what chooses stays what it is."""
        if isinstance(value, float | np.floating | Array) and (
            np.asarray(value).dtype.kind == "f"
        ):
            if not np.isfinite(value).all():
                raise _not_shown("a constant is not finite.", "use finite numbers.")
            return self.field.lift(value)
        return value

    def compute(self, op: Any, args: Sequence[Any], options: Any) -> Any:
        """Compute an operation in the field."""
        operands, options = fill_holes(args, options)
        function = op.apply if isinstance(op, Primitive) else op
        return function(*map(self.lifted, operands), **options)

    def decided(self, op: Any, args: list[Any], options: Any, value: Any) -> Any:
        """Compute an operation, or take it as it was decided."""
        if isinstance(op, Primitive) or op in _EXACT:
            return self.compute(op, args, options)
        self.decisions += 1
        return self.lifted(value)

    # ----------------------------------------------------------------- as it was traced

    def graph(self, outputs: list[Node]) -> list[Any]:
        """Return the outputs of a graph, computed node by node."""
        values: dict[int, Any] = {}
        for node in in_order(outputs):
            if node.op is None:
                values[id(node)] = self.source(node.source)
            else:
                args = [values[id(a)] if isinstance(a, Node) else a for a in node.args]
                values[id(node)] = self.decided(node.op, args, node.options, node.value)
        return [values[id(each)] for each in outputs]

    # ----------------------------------------------------------------- as it is printed

    def computed(self, line: Line, args: Values, options: Any, t: int | None) -> Any:
        value = line.values.get(t)
        if line.times is not None and t is None:
            values: list[Any] = [line.values.get(t) for t in line.times]
            value = None if any(v is None for v in values) else np.stack(values)
        return self.decided(line.op, args, options, value)

    def peel(self, loop: Loop) -> tuple[list[int], list[int], list[int]]:
        """Every step is computed by itself: decisions differ from step to step."""
        return [*loop.times], [], []
