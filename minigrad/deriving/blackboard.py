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
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from minigrad.deriving.formula import (
    ONE,
    Formula,
    Indicator,
    Letter,
    Number,
    OneHot,
    Softmax,
    add,
    formula,
    letters_in,
    spread,
    visible,
    weight,
)
from minigrad.deriving.indices import FEW, Chosen
from minigrad.deriving.letters import letters, time_of
from minigrad.deriving.rules import Note, Record, rule_of
from minigrad.deriving.through_time import rebuilt, summed_over_time
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
    lettered   what entries are called; constants, what numbers of the program are;
               defined, what has a letter and no entry; chosen, which entries
    bars       what the cotangents are called that the lines speak of
    given      for each output its cotangent: a formula, 1 for a loss
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
        self._name_softmax()
        self._name_choices()

    # ------------------------------------------------------------------------- forward

    def _forward(self) -> Iterator[Line]:
        self.value: dict[Tensor, Formula] = {}
        self.kept: dict[Tensor, Formula] = {}
        named: dict[Tensor, tuple[Note, ...]] = {}  # functions that led to an entry
        for step in self.tape:
            letter = self.lettered.get(step)
            named[step] = _functions(step, named)
            if letter is not None and (step.primitive is None or step not in self.only):
                self.value[step] = letter
                continue
            kept = self._kept(step)
            right = written(step, self.value, self._constant_at(step), kept)
            if letter is None:
                users = set(self.consumers.get(step, ()))
                several = len(users) > 1 and not any(map(_adds_up, users))
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
        shift = getattr(step.primitive, "meaning", "") in ("a + b", "a - b")
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
            count = sum(letter.time == time for letter in others)
            mark = str(count + 1) if count else ""
            name = self._free("K", "J", "C")
            letter = Letter(name, mark=mark, time=time, of=array.shape)
            self.constants[letter] = array
            return letter

        return constant

    def _kept(self, step: Tensor) -> Formula | None:
        """Return [z > 0] for a step that keeps z where it is positive, else puts 0.

        None for any other: a function of this package has to have asked that, and the
        recorded mask has to be the answer.
        """
        asked = decision(step)
        if step in self.kept or asked is None:
            return self.kept.get(step)
        for z, other, relation in zip(
            step.args, step.args[::-1], (">", "<="), strict=True
        ):
            zero = not isinstance(other, Tensor) and not np.any(np.asarray(other))
            if not (zero and isinstance(z, Tensor) and asked.question == relation):
                continue
            time = time_of(step)
            taken = [each for each in self.constants if each.name == "mask"]
            count = sum(each.time == time for each in taken)
            letter = Letter("mask", mark=str(count + 1), time=time, of=step.shape)
            self.constants[letter] = (z.data > 0).astype(float)
            self.kept[step] = Indicator(visible(self.value[z]), letter)
        return self.kept.get(step)

    def _name_softmax(self) -> None:
        """Write p where a line has softmax(z), below a line that says p = softmax(z).

        On the tape p may have no entry: a cross-entropy has its logarithm only.
        """
        named: dict[Formula, Letter] = {
            line.right: line.left
            for line in self.forward
            if isinstance(line.right, Softmax)
        }
        name = self._free("p", "q", "s")
        self.taken |= {name}
        self.defined: dict[Letter, Formula] = {}

        def letter(part: object) -> Letter | None:
            if not isinstance(part, Softmax):
                return None
            if part not in named:  # what is inside it may need a letter before it
                inside = replace(part, inside=rebuilt(part.inside, letter))
                when = (each.time for each in letters_in(part))
                time = max((t for t in when if isinstance(t, int)), default=None)
                count = sum(each.time == time for each in self.defined)
                mark = str(count + 1) if count else ""
                named[part] = Letter(name, mark=mark, time=time, of=part.shape)
                self.defined[named[part]] = inside
                above.append(Line(named[part], inside, step, ("softmax",)))
            return named[part]

        forward: list[Line] = []
        for lines in (self.forward, self.backward):
            for k, line in enumerate(lines):
                above: list[Line] = []
                step = line.step
                if line.left != named.get(line.right):
                    lines[k] = replace(line, right=rebuilt(line.right, letter))
                forward += above
                if lines is self.forward:
                    forward.append(lines[k])
        self.forward = forward

    def _name_choices(self) -> None:
        """Give many chosen entries a letter: x[k], onehot(k)."""
        self.chosen: dict[tuple[int, ...], str] = {}

        def called(places: tuple[int, ...]) -> str:
            if places not in self.chosen:
                self.chosen[places] = self._free("k", "j", "l")
                self.taken |= {self.chosen[places]}
            return self.chosen[places]

        def lettered(part: object) -> object:
            if isinstance(part, OneHot):
                many = len(set(part.places)) > 1 and len(part.places) > FEW
                return replace(part, letter=called(part.places)) if many else None
            if not isinstance(part, (list, np.ndarray)) or np.size(part) <= FEW:
                return None
            array = np.asarray(part)
            places = tuple(array.ravel().tolist())
            if array.dtype.kind not in "iu" or places == tuple(range(array.size)):
                return None
            named = array.view(Chosen)
            named.letter = called(places)
            return named

        for lines in (self.forward, self.backward):
            lines[:] = (
                replace(line, right=rebuilt(line.right, lettered)) for line in lines
            )

    # ------------------------------------------------------------------------ backward

    def _backward(self) -> Iterator[Line]:
        given = dict(zip(self.tape.outputs, self.given(), strict=True))
        terms: dict[Tensor, list[Formula]] = {}
        notes: dict[Tensor, list[Note]] = {}
        self.bars: dict[Tensor, Letter] = {}
        for output, cotangent in given.items():
            terms.setdefault(output, []).append(cotangent)
        wanted = self.active & self.only
        bar: Formula
        passed_on: tuple[Note, ...]
        for step in (*self._in_reverse(), *self._by_first_use()):
            if step not in self.active or (step in self.only and step not in terms):
                continue
            onward = [
                (i, a)
                for i, a in enumerate(step.args)
                if isinstance(a, Tensor) and a in wanted
            ]
            if step not in self.only:  # it needs no line, and its letter will do
                if not onward:
                    continue
                bar, passed_on = self._bar(step), ()
            else:
                right = spread(add(terms[step]), step.shape)
                told = tuple(dict.fromkeys(notes.get(step, ())))
                if len(terms[step]) > 1:
                    told = (*told, "sum over uses")
                bar, passed_on = right, told
                if self._has_line(step, right, onward):
                    yield Line(self._bar(step), right, step, told)
                    if not isinstance(visible(right), Number):
                        bar, passed_on = self._bar(step), ()
                elif step in self.short or step in self.long:
                    bar = Letter("?", mark=str(step.tick), of=step.shape, bar=True)
            for arg, term, rule in self._contributions(step, onward, bar):
                terms.setdefault(arg, []).append(term)
                notes.setdefault(arg, []).extend((*passed_on, *rule))

    def _bar(self, step: Tensor) -> Letter:
        """Return what a cotangent is called, and remember that it was spoken of."""
        return self.bars.setdefault(step, self.lettered[step].barred())

    def _in_reverse(self) -> list[Tensor]:
        return [step for step in reversed(self.tape.steps) if step.primitive]

    def _by_first_use(self) -> list[Tensor]:
        """Return the leaves: each is complete only when all its uses were met."""
        order: dict[Tensor, None] = {}
        for step in self.tape:
            for arg in step.args:
                if isinstance(arg, Tensor) and arg.primitive is None:
                    order[arg] = None
        return list(order | dict.fromkeys(self.tape.leaves))

    @property
    def is_given(self) -> bool:
        """Are the outputs' cotangents given, as g? Of one number it is 1."""
        return len(self.tape.outputs) > 1 or self.tape.outputs[0].size != 1

    def given(self) -> list[Formula]:
        """Return the outputs' cotangents."""
        if self.is_given:
            return [self.given_for(output) for output in self.tape.outputs]
        return [spread(ONE, output.shape) for output in self.tape.outputs]

    def given_for(self, output: Tensor) -> Letter:
        """Return the letter of the cotangent that is given for an output: g_y for y."""
        letter = self.lettered[output]
        name = self._free("g", "G", "γ")
        return replace(letter, name=name, subscript=letter.name + letter.subscript)

    def _free(self, *names: str) -> str:
        """Return the first of these names that the program has not taken."""
        primed = (names[0] + "′" * k for k in itertools.count(1))
        return next(n for n in itertools.chain(names, primed) if n not in self.taken)

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
        record, kept = self._record_of(step), self._kept(step)
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


def _adds_up(step: Tensor) -> bool:
    """Does a step add up? An exponential over the sum of all is a softmax."""
    return getattr(step.primitive, "written", "").startswith("Σ")


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
