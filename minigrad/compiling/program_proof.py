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

from minigrad.compiling.graph import Node, filled, holes, in_order, name_of
from minigrad.compiling.invariants import product
from minigrad.compiling.one_run import Trace
from minigrad.compiling.over_time import along, as_one_take, placed
from minigrad.compiling.program_lines import Line, Ref, at_time
from minigrad.compiling.programs import Program
from minigrad.compiling.rolled_loops import (
    Loop,
    is_aligned,
    is_moving_take,
    stacked_options,
)
from minigrad.compiling.simplify import total
from minigrad.messages import explain
from minigrad.parameter import Parameter
from minigrad.primitive import Primitive
from minigrad.proving.keyed_functions import KeyedField, KeyedResidues
from minigrad.types import Array

PRIMES = 8
_EXACT = {total, product, along, placed}


class WrongProgram(Exception):
    """A program is not what was traced: some rewrite is wrong."""


@dataclass(frozen=True)
class Shown:
    """What was shown of a program.

    rewrites   whose identities were proved
    outputs    shapes of what was compared
    decisions  how many arrays were taken as they were at the example
    chance     log2 of a bound: a wrong program passed with this probability
    """

    rewrites: tuple[str, ...]
    outputs: tuple[tuple[int, ...], ...]
    decisions: int
    questions: int
    chance: float

    def __str__(self) -> str:
        shapes = ", ".join(map(str, self.outputs))
        return (
            f"The program equals the tape, gradient included, at shapes {shapes}."
            f"\nShown on residues modulo {PRIMES} random primes; wrong with a chance "
            f"below 2^{np.ceil(self.chance):.0f}."
            f"\nIdentities proved: {', '.join(self.rewrites)}."
            f"\nTaken as they were: {self.decisions} decisions. Not covered: rounding; "
            "that the Python does what the lines say is compared in floats."
        )


def shown(
    program: Program, trace: Trace, arrays: Sequence[Array], names: Sequence[str]
) -> Shown:
    """Show that a program equals what was traced, or raise WrongProgram."""
    field = _Field(Random(0), arrays)
    expected = field.graph(trace.outputs)
    found = field.program(program)
    for k, (one, other) in enumerate(zip(expected, found, strict=True)):
        if not _equal(one, other):
            raise WrongProgram(
                explain(
                    f"the proof of a program, output {k}",
                    {},
                    "modulo random primes it is another number than the tape has: a "
                    "rewrite is wrong.",
                    "leave out rewrites, one by one, until the program is right.",
                )
            )
    shapes = tuple(tuple(np.shape(each)) for each in trace.numbers)
    return Shown(
        tuple(names),
        shapes,
        field.decisions,
        field.field.questions,
        field.field.chance(),
    )


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, KeyedResidues):
        return one.shape == other.shape and bool(np.all(one.equals(other)))
    return bool(np.array_equal(one, other))


class _Field:
    """The sources as random numbers of a field, and how both forms run on them."""

    def __init__(self, random: Random, arrays: Sequence[Array]) -> None:
        self.field = KeyedField.drawn(random, PRIMES)
        self.arrays = arrays
        self.known: dict[Any, Any] = {}
        self.decisions = 0

    def source(self, source: Any) -> Any:
        """Return an input or a Parameter as variables; integers are what they are."""
        key = source if isinstance(source, int | Parameter) else id(source)
        if key not in self.known:
            if isinstance(source, Array):
                self.known[key] = self.lifted(source)
            else:
                is_input = isinstance(source, int)
                array = self.arrays[source] if is_input else source.data
                is_real = array.dtype.kind == "f"
                self.known[key] = self.field.draw(array.shape) if is_real else array
        return self.known[key]

    def lifted(self, value: Any) -> Any:
        """Return a constant in the field; what chooses stays what it is."""
        if isinstance(value, float | np.floating | Array) and (
            np.asarray(value).dtype.kind == "f"
        ):
            return self.field.lift(value)
        return value

    def compute(self, op: Any, args: list[Any], options: Any, value: Any) -> Any:
        """Compute an operation: in the field, or as it was decided."""
        if not isinstance(op, Primitive) and op not in _EXACT:
            self.decisions += 1
            return self.lifted(value)
        operands = [self.lifted(a) for a in args[: len(args) - holes(options)]]
        options = filled(options, args)
        function = op.apply if isinstance(op, Primitive) else op
        return function(*operands, **options)

    # ----------------------------------------------------------------- as it was traced

    def graph(self, outputs: list[Node]) -> list[Any]:
        """Return the outputs of a graph, computed node by node."""
        values: dict[int, Any] = {}
        for node in in_order(outputs):
            if node.op is None:
                values[id(node)] = self.source(node.source)
            else:
                args = [values[id(a)] if isinstance(a, Node) else a for a in node.args]
                values[id(node)] = self.compute(node.op, args, node.options, node.value)
        return [values[id(each)] for each in outputs]

    # ----------------------------------------------------------------- as it is printed

    def program(self, program: Program) -> list[Any]:
        """Return the outputs of a program, computed line by line."""
        self.values: dict[Line, Any] = {}
        for item in program.items:
            lines = item.lines if isinstance(item, Loop) else [item]
            read = [ref.line for line in lines for ref in line.refs()]
            for line in dict.fromkeys([*lines, *read]):
                for t, end in line.ends.items():
                    self._ended(line, t, end)
            if isinstance(item, Loop):
                for t in item.times:
                    for line in item.lines:
                        if t in (line.times or ()):
                            self.values.setdefault(line, {})[t] = self._step(line, t)
            else:
                self._whole_line(item)
        return [self.read(ref) for ref in program.outputs]

    def _ended(self, line: Line, t: int, end: Any) -> None:
        held = self.values.setdefault(line, {})
        if t not in held:
            value = self.read(end) if isinstance(end, Ref) else self.lifted(end)
            held[t] = (
                value if np.shape(value) else self.field.filled(0, line.shape) + value
            )

    def _whole_line(self, line: Line) -> None:
        if line.op is None:
            value = self.source(line.source)
            if line.times is not None:
                value = {t: value[k] for k, t in enumerate(line.times)}
            self.values[line] = value
        elif line.times is None:
            args = [self.read(a) if isinstance(a, Ref) else a for a in line.args]
            self.values[line] = self.compute(
                line.op, args, line.options, line.values.get(None)
            )
        else:
            found = self._all_steps(line)
            steps = {t: found[k] for k, t in enumerate(line.times)}
            self.values.setdefault(line, {}).update(steps)

    def _all_steps(self, line: Line) -> Any:
        """Compute a line for all steps in one call."""
        times = line.times
        assert times is not None
        if is_moving_take(line):
            index, axis = as_one_take(line)
            return along(self.read(line.args[0]), index, axis)
        args = []
        for arg in line.args:
            if not isinstance(arg, Ref) or arg.shift is None:
                args.append(self.read(arg) if isinstance(arg, Ref) else arg)
                continue
            run = range(times[0] + arg.shift, times[-1] + arg.shift + 1)
            whole = self.read(Ref(arg.line, at=run))
            rank, ndim = len(line.shape), len(arg.line.shape)
            if is_aligned(line) and ndim < rank:
                whole = whole.reshape(
                    (len(times), *(1,) * (rank - ndim), *arg.line.shape)
                )
            args.append(whole)
        values: list[Any] = [line.values.get(t) for t in times]
        value = None if any(v is None for v in values) else np.stack(values)
        return self.compute(line.op, args, stacked_options(line), value)

    def _step(self, line: Line, t: int) -> Any:
        args = [
            self.values[a.line][t + a.shift]
            if isinstance(a, Ref) and a.shift is not None
            else (self.read(a) if isinstance(a, Ref) else a)
            for a in line.args
        ]
        return self.compute(line.op, args, at_time(line.options, t), line.values.get(t))

    def read(self, ref: Ref) -> Any:
        """Return a value that is read outside of a loop."""
        held = self.values[ref.line]
        if ref.at is None:
            return held
        if isinstance(ref.at, int):
            return held[ref.at]
        return np.stack([held[t] for t in ref.at])


__all__ = ["Shown", "WrongProgram", "name_of", "shown"]
