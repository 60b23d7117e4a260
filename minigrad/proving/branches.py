"""Two programs at many points: which branches do they take, and which constants move?

A tape knows one branch of a program: one mask of `where`, one sign of `abs`. So both
programs run at points of other signs and scales. Records with the same steps, masks and
indices are of one branch. Constants that differ at a nearby point of one branch move
with the inputs.
"""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from random import Random
from typing import NamedTuple, TypeAlias

import numpy as np

from minigrad.context import clean_recording
from minigrad.messages import explained
from minigrad.refusals import require_recorded
from minigrad.retracing.retrace import moved
from minigrad.retracing.traces import Place as Constant
from minigrad.retracing.traces import Trace, changes, is_floating
from minigrad.shapes import random_tensors, tensors
from minigrad.tape import Tape
from minigrad.tensor import Tensor, clock
from minigrad.types import Array, Shape, Structure

Numbers: TypeAlias = dict[Tensor, Array]
Program: TypeAlias = Callable[..., Structure[Tensor]]
POINTS = 16  # at which both programs run


class Undefined(Exception):
    """A program raised, or gave what is not finite, at a point."""


class Record(NamedTuple):
    """Both programs at one point: numbers of inputs, outputs by name, and the trace."""

    programs: Programs
    numbers: Numbers
    outputs: dict[str, tuple[Tensor, Tensor]]
    trace: Trace

    @property
    def tapes(self) -> tuple[Tape, Tape, Tape]:
        """The tapes of the first, of the second, and of both."""
        first, second = ([pair[k] for pair in self.outputs.values()] for k in (0, 1))
        return Tape(*first), Tape(*second), Tape(*first, *second)

    def both(self, name: str) -> tuple[Array, Array]:
        """Return the numbers of an output, which may be an input itself."""
        a, b = self.outputs[name]
        return self.numbers.get(a, a.data), self.numbers.get(b, b.data)

    def inputs(self) -> dict[str, Array]:
        """Return the numbers of the arguments, and of what was moved of the rest."""
        named = self.programs.inputs.items()
        return {name: self.numbers[x] for name, x in named if x in self.numbers}

    def alone(self) -> list[Tensor]:
        """Return the leaves, other than the arguments, that only one program uses."""
        first, second, both = (tape.leaves for tape in self.tapes)
        shared = {*first} & {*second} | {*self.programs.arguments.values()}
        return [leaf for leaf in both if leaf not in shared]

    def has_masks(self) -> bool:
        """Does a mask, a choice of branches, stand on one of the tapes?"""
        parts: list[object] = []
        for each in self.trace.constants.values():
            parts += each if isinstance(each, tuple | list) else [each]
        return any(isinstance(part, Array) and part.dtype == bool for part in parts)

    def changes(self, other: Record) -> dict[Constant, Array] | None:
        """Return the constants that differ in two records; None if other steps ran."""
        if self.trace.form != other.trace.form:
            return None
        found = changes(self.trace, other.trace, self.numbers | other.numbers)
        roles = ("argument", "option")
        return {place: each for place, each in found.items() if place.role in roles}


class Branch(NamedTuple):
    """The records of one branch, one of them nearby, and which constants move."""

    records: list[Record]
    moving: dict[Constant, Array]

    def includes(self, record: Record) -> bool:
        """Does a record differ from this branch only in constants that move?"""
        found = self.records[0].changes(record)
        return found is not None and not any(
            np.greater(entries, self.moving.get(place, False)).any()
            for place, entries in found.items()
        )


class Programs:
    """f and g, the arguments that both get, and the leaves from outside.

    arguments  the Tensors among the arguments, by name
    inputs     these, and the leaves from outside
    undefined  why a program was not defined, for each point at which it was not
    """

    def __init__(
        self,
        f: Program,
        g: Program,
        shapes: Sequence[Structure[Shape | Array]],
        random: Random,
    ) -> None:
        self.f, self.g = f, g
        self.asked = f"prove_equal({name_of(f)}, {name_of(g)})"
        self.given: list[Structure[Tensor]] = []
        self.arguments: dict[str, Tensor] = {}
        self.undefined: list[Undefined] = []
        with clean_recording():
            for name, shape in zip(_parameters(f, len(shapes)), shapes, strict=True):
                self.given.append(random_tensors(shape, random, name))
                self.arguments.update(tensors(self.given[-1], name, others=True))
        self.inputs = dict(self.arguments)

    def call(self) -> list[Structure[Tensor]]:
        """Return what f and g return."""
        return [self.f(*self.given), self.g(*self.given)]

    def error(self, why: str, fix: str) -> ValueError:
        """Return an error about the question."""
        return explained(ValueError, self.asked, why, fix)

    def at(self, numbers: Numbers) -> Record:
        """Run both at a point; raise Undefined if that is no point of their domain."""
        start = clock()
        with moved(numbers), clean_recording():
            try:
                results = self.call()
            except Exception as error:
                raise Undefined from error
            first, second = (tensors(result, "output") for result in results)
            for output in (*first.values(), *second.values()):
                require_recorded(output, "prove_equal")
            trace = Trace(results, self.inputs.values())
        if first.keys() == second.keys():
            second = {name: second[name] for name in first}
        shapes = [[each.shape for each in side.values()] for side in (first, second)]
        if shapes[0] != shapes[1]:
            raise self.error(
                f"the first returns shapes {shapes[0]}, the second {shapes[1]}.",
                "return the same number of Tensors, of the same shapes.",
            )
        pairs = zip(first.values(), second.values(), strict=True)
        record = Record(self, numbers, dict(zip(first, pairs, strict=True)), trace)
        self._find_outside(record.tapes[2], start)
        if not all(np.isfinite(record.both(name)).all() for name in first):
            raise Undefined
        return record

    def _find_outside(self, tape: Tape, start: int) -> None:
        """Find leaves that were there before, and that only these programs use."""
        known: set[object] = {*self.inputs.values()}
        known.update(*(step.args for step in tape if step.tick < start))
        for leaf in tape.leaves:
            if leaf.tick < start and leaf not in known:
                name = leaf.name or "a Tensor from outside"
                while name in self.inputs:
                    name += "'"
                self.inputs[name] = leaf

    def moving(self) -> list[Tensor]:
        """Return the inputs whose numbers can move."""
        return [each for each in self.inputs.values() if each.dtype.kind == "f"]

    def records(self, rng: np.random.Generator, end: float) -> list[Record]:
        """Run both at several points; skip those at which one is undefined.

        Raises what f or g raised if there is no other.
        """
        found: list[Record] = []
        for numbers in self._points(rng):
            try:
                found.append(self.at(numbers))
            except Undefined as error:
                self.undefined.append(error)
            if len(found) >= POINTS or (found and time.monotonic() > end):
                return found
        if found:
            return found
        raise self.undefined[0].__cause__ or self.error(
            "a result is not finite at any random point: there is nothing to compare.",
            "give arrays in the place of shapes, with numbers where both are defined: "
            "prove_equal(f, g, np.array([0.5, 2.0])).",
        )

    def _points(self, rng: np.random.Generator) -> Iterator[Numbers]:
        """Yield the drawn point, then others: other signs, other scales."""

        def drawn(x: Array) -> Array:
            return 10 ** rng.uniform(-1, 0.7) * rng.normal(size=x.shape)

        changes: list[Callable[[Array], Array]] = [np.positive, np.negative, np.abs]
        changes += [lambda x: -np.abs(x), lambda x: rng.uniform(0.05, 0.95, x.shape)]
        changes += [drawn, lambda x: np.abs(drawn(x))] * POINTS
        for change in changes:
            yield {x: np.asarray(change(x.data), x.dtype) for x in self.moving()}

    def branches(self, records: list[Record], rng: np.random.Generator) -> list[Branch]:
        """Group records by branch; find which constants move."""
        found: list[Branch] = []
        for record in records:
            home = next((branch for branch in found if branch.includes(record)), None)
            if home is None:
                near = self._nearby(record, rng)
                moving = record.changes(near) if near else None
                found.append(Branch([record, *([near] if near else [])], moving or {}))
            else:
                home.records.append(record)
        return found

    def _nearby(self, record: Record, rng: np.random.Generator) -> Record | None:
        """Return a record of the same branch at a nearby point, if there is one."""
        numbers = {}
        for leaf in self.moving():
            x = record.numbers.get(leaf, leaf.data)
            step = np.finfo(x.dtype).eps ** 0.4 * rng.uniform(0.5, 1, x.shape)
            numbers[leaf] = np.asarray(x + np.where(x == 0, 1, x) * step, x.dtype)
        try:
            near = self.at(numbers)
        except Undefined:
            return None
        found, constants = record.changes(near), record.trace.constants
        alike = found is not None and all(is_floating(constants[p]) for p in found)
        return near if alike else None


def name_of(f: Program) -> str:
    """Return what messages call a function."""
    return getattr(f, "__name__", type(f).__name__)


def _parameters(f: Program, count: int) -> list[str]:
    """Return the names of f's arguments, or `argument 2` where it does not say."""
    names = []
    with suppress(TypeError, ValueError):
        every = inspect.signature(f).parameters.values()
        names = [each.name for each in every if each.kind <= each.POSITIONAL_OR_KEYWORD]
    return names[:count] + [f"argument {k}" for k in range(len(names), count)]
