"""The blackboard: a tape as equations, forward and then backward.

Forward, every entry that has a letter gets a line; what has none is written where it is
used. Backward, each line collects what the users of a value contribute:

    q_bar = sum over the users of q of (rule of the user's row)(user_bar)

The rules are the very ones that train. Each is run once on Tensors, so that it leaves a
record, and that record is transcribed: the mathematics on the board is what the engine
does. Which values have letters is what a level of detail is about:

    op      every entry of the tape
    gate    every named value; of the others those that are used more than once
    layer   as gate, but of the cotangents only those with more than one use
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from minigrad.deriving.abbreviations import name_choices, name_softmaxes, numbered
from minigrad.deriving.formula import (
    ONE,
    Formula,
    Indicator,
    Letter,
    Number,
    Softmax,
    add,
    formula,
    is_sum,
    meaning,
    spread,
    visible,
    weight,
)
from minigrad.deriving.letters import letters, time_of
from minigrad.deriving.rules import Note, Record, rule_of
from minigrad.deriving.through_time import summed_over_time
from minigrad.deriving.transcribe import Constant, transcribed, written
from minigrad.proving.program import frozen
from minigrad.structure.consumers import consumers
from minigrad.structure.decisions import decision
from minigrad.tape import Tape, made_by
from minigrad.tensor import Tensor
from minigrad.types import Array, Operand

LONG = 12  # operations: what has more is given a letter of its own


@dataclass(frozen=True)
class Line:
    """One equation: a letter, what it equals, and why.

    step    the entry of the tape whose value, or cotangent, it is
    notes   the rules that were used, as a teacher writes them in the margin
    """

    left: Letter
    right: Formula
    step: Tensor = field(compare=False)
    notes: tuple[Note, ...] = ()


class Blackboard:
    """The equations of a tape at a level of detail.

    tape     of one or more outputs
    wrt      the Tensors whose cotangents are asked for
    only     lines of these entries alone, or None for all; at the level "op", where
             every entry has a letter, so that a line needs no other line
    lettered   the letters of entries
    constants  the numbers that each letter K stands for
    defined    the softmax that each letter p stands for, which has no entry
    chosen     the letter k of the entries that an index chooses
    bars       the letters of the cotangents that stand in a line
    """

    def __init__(
        self,
        tape: Tape,
        wrt: Sequence[Tensor],
        level: str,
        only: Collection[Tensor] | None = None,
    ) -> None:
        self.tape = tape
        self.level = level
        self.only = set(tape) if only is None else set(only)
        self.wrt = set(wrt)
        self.active = _active(tape, self.wrt)
        self.consumers = consumers(tape)
        self.constants: dict[Letter, Array] = {}
        self.records: dict[object, Record] = {}
        more: set[Tensor] = set(tape) if level == "op" else set(tape.outputs)
        while True:
            self.lettered = letters(tape, more)
            self.constants.clear()
            self.taken = {letter.name for letter in self.lettered.values()}
            self.short: set[Tensor] = set()  # lines that were needed but have no letter
            self.long: set[Tensor] = set()  # formulas that only their length cuts
            self.forward = list(self._forward())
            self.backward = list(self._backward())
            lacking = self.short - more or self.long - more
            if not lacking:
                break
            alike = _roles(tape)
            roles = {alike[step] for step in lacking}
            more = more | {step for step in tape if alike[step] in roles}
        self.taken |= {letter.name for letter in self.constants}
        lines = [*self.forward, *self.backward]
        lines, self.defined = name_softmaxes(lines, self._take("p", "q", "s"))
        lines, self.chosen = name_choices(lines, lambda: self._take("k", "j", "l"))
        self.forward = [line for line in lines if not line.left.bar]
        self.backward = [line for line in lines if line.left.bar]

    # ------------------------------------------------------------------------- forward

    def _forward(self) -> Iterator[Line]:
        self.value: dict[Tensor, Formula] = {}
        self.indicators: dict[Tensor, Formula] = {}
        named: dict[Tensor, tuple[Note, ...]] = {}  # functions that led to an entry
        for step in self.tape:
            letter = self.lettered.get(step)
            named[step] = _functions(step, named)
            if letter is not None and (step.primitive is None or step not in self.only):
                self.value[step] = letter
                continue
            kept = self._indicator(step)
            right = written(step, self.value, self._constant_at(step), kept)
            if letter is None:
                users = [use.primitive for use in {*self.consumers.get(step, ())}]
                several = len(users) > 1 and not any(map(is_sum, users))  # a softmax
                if several and weight(right) > 1:
                    right = self._provisional(step, right, self.short)
                elif weight(right) > LONG < weight(summed_over_time(right)):
                    right = self._provisional(step, right, self.long)
                self.value[step] = right
            else:
                yield Line(letter, spread(right, step.shape), step, named.pop(step))
                self.value[step] = letter

    def _provisional(
        self, step: Tensor, right: Formula, lacking: set[Tensor]
    ) -> Formula:
        """Return a letter for the rest of this pass; in the next it has one of its own.

        Written out again and again, what has none would grow with every use. Where it
        is z less a constant, the letter is for z.
        """
        z, *others = step.args
        shift = meaning(step.primitive) in ("a + b", "a - b")
        alone = not any(isinstance(other, Tensor) for other in others)
        if shift and alone and isinstance(z, Tensor) and z not in self.lettered:
            lacking.add(z)
            return right
        lacking.add(step)
        return Letter("?", mark=str(step.tick), of=step.shape)

    def _constant_at(self, step: Tensor) -> Constant:
        """Return what writes a recorded constant: a number, or a letter K for many."""

        def constant(value: Operand) -> Formula:
            array, time = np.asarray(value), time_of(step)
            if array.size == 1 and np.all(np.isfinite(array.astype(float))):
                return spread(formula(array.item()), array.shape)
            for letter, known in self.constants.items():
                if letter.time == time and known is array:
                    return letter
            others = [each for each in self.constants if each.name != "mask"]
            letter = numbered(self._free("K", "J", "C"), others, time, array.shape)
            self.constants[letter] = array
            return letter

        return constant

    def _indicator(self, step: Tensor) -> Formula | None:
        """Return [z > 0] for a step that keeps z where it is positive, else puts 0.

        None for any other: a function of this package has to have asked that, and the
        recorded mask has to be the answer.
        """
        asked = decision(step)
        if step in self.indicators or asked is None:
            return self.indicators.get(step)
        for z, other, relation in zip(
            step.args, step.args[::-1], (">", "<="), strict=True
        ):
            zero = not isinstance(other, Tensor) and not np.any(np.asarray(other))
            if not (zero and isinstance(z, Tensor) and asked.question == relation):
                continue
            others = [each for each in self.constants if each.name == "mask"]
            letter = numbered("mask", others, time_of(step), step.shape)
            self.constants[letter] = (z.data > 0).astype(float)
            self.indicators[step] = Indicator(visible(self.value[z]), letter)
        return self.indicators.get(step)

    # ------------------------------------------------------------------------ backward

    def _backward(self) -> Iterator[Line]:
        given = zip(self.tape.outputs, self.seeds(), strict=True)
        terms = defaultdict(list, {output: [bar] for output, bar in given})
        notes: defaultdict[Tensor, list[Note]] = defaultdict(list)
        self.bars: dict[Tensor, Letter] = {}
        targets = self.active & self.only
        bar: Formula
        passed_on: tuple[Note, ...]
        made = [step for step in reversed(self.tape.steps) if step.primitive]
        for step in (*made, *self._leaves()):
            if step not in self.active or (step in self.only and step not in terms):
                continue
            onward = [
                (i, a)
                for i, a in enumerate(step.args)
                if isinstance(a, Tensor) and a in targets
            ]
            if step not in self.only:  # it needs no line, and its letter will do
                if not onward:
                    continue
                bar, passed_on = self._bar(step), ()
            else:
                right = spread(add(terms[step]), step.shape)
                reasons = tuple(dict.fromkeys(notes[step]))
                if len(terms[step]) > 1:
                    reasons = (*reasons, "sum over uses")
                bar, passed_on = right, reasons
                if self._has_line(step, right, onward):
                    yield Line(self._bar(step), right, step, reasons)
                    if not isinstance(visible(right), Number):
                        bar, passed_on = self._bar(step), ()
                elif step in self.short or step in self.long:
                    bar = Letter("?", mark=str(step.tick), of=step.shape, bar=True)
            for arg, term, rule in self._contributions(step, onward, bar):
                terms[arg].append(term)
                notes[arg] += (*passed_on, *rule)

    def _bar(self, step: Tensor) -> Letter:
        """Return the letter of a cotangent, and remember that a line has it."""
        return self.bars.setdefault(step, self.lettered[step].barred())

    def _leaves(self) -> list[Tensor]:
        """Return the leaves by their first use; those that nothing uses come last."""
        args = (a for step in self.tape for a in step.args if isinstance(a, Tensor))
        used = dict.fromkeys(a for a in args if a.primitive is None)
        return [*(used | dict.fromkeys(self.tape.leaves))]

    @property
    def has_seeds(self) -> bool:
        """Are the outputs' cotangents given, as g? Of one number it is 1."""
        return len(self.tape.outputs) > 1 or self.tape.outputs[0].size != 1

    def seeds(self) -> list[Formula]:
        """Return the outputs' cotangents."""
        if self.has_seeds:
            return [self.seed_of(output) for output in self.tape.outputs]
        return [spread(ONE, output.shape) for output in self.tape.outputs]

    def seed_of(self, output: Tensor) -> Letter:
        """Return the letter of the cotangent that is given for an output: g_y for y."""
        letter = self.lettered[output]
        name = self._free("g", "G", "γ")
        return replace(letter, name=name, subscript=letter.name + letter.subscript)

    def _free(self, *names: str) -> str:
        """Return the first of these names that the program has not taken."""
        primed = (names[0] + "′" * k for k in itertools.count(1))
        return next(n for n in itertools.chain(names, primed) if n not in self.taken)

    def _take(self, *names: str) -> str:
        """Return the first free name, which is taken from then on."""
        name = self._free(*names)
        self.taken |= {name}
        return name

    def _has_line(
        self, step: Tensor, right: Formula, onward: Sequence[tuple[int, Tensor]]
    ) -> bool:
        if step in self.wrt or step.primitive is None:
            return True
        several = len({arg for _, arg in onward}) > 1
        if step not in self.lettered:
            few = 2 if isinstance(self.value[step], Softmax) else 1
            if several and weight(right) > few:
                self.short.add(step)
            elif weight(right) > LONG:
                self.long.add(step)
            return False
        if step in set(self.tape.outputs) or self.level == "op":
            return True
        return self.level == "gate" or several

    def _contributions(
        self, step: Tensor, onward: Sequence[tuple[int, Tensor]], bar: Formula
    ) -> Iterator[tuple[Tensor, Formula, tuple[Note, ...]]]:
        """Yield what a step's cotangent gives each argument, and by which rule."""
        if not onward:
            return
        row, constant = made_by(step), self._constant_at(step)
        record, kept = self._record_of(step), self._indicator(step)
        known = record.known(step, bar, self.value, constant)
        for i, arg in onward:
            yield arg, transcribed(record.of(i), known, constant, kept), rule_of(row, i)

    def _record_of(self, step: Tensor) -> Record:
        """Return the record of a step's rules; equal steps have the same one."""
        shapes = [np.shape(getattr(a, "data", a)) for a in step.args]
        key = step.primitive, step.shape, *shapes, repr(frozen(step.options))
        if key not in self.records:
            self.records[key] = Record(step, shapes)
        return self.records[key]


def _roles(tape: Tape) -> dict[Tensor, Letter | Tensor]:
    """Return what entries of different time steps have in common if they are alike."""
    return {
        step: step if letter.time is None else replace(letter, time=None)
        for step, letter in letters(tape, tape).items()
    }


def _functions(
    step: Tensor, named: Mapping[Tensor, tuple[Note, ...]]
) -> tuple[Note, ...]:
    """Return the named functions that a line passes through, in their order."""
    read = (named.get(a, ()) for a in step.args if isinstance(a, Tensor))
    own = (step.call.chain()[0].name.replace("_", " "),) if step.call else ()
    return tuple(dict.fromkeys((*itertools.chain(*read), *own)))


def _active(tape: Tape, wrt: set[Tensor]) -> set[Tensor]:
    """Return the entries on the way from what is asked for to an output."""
    active = set(wrt)
    for step in tape:
        if any(isinstance(a, Tensor) and a in active for a in step.args):
            active.add(step)
    return active
