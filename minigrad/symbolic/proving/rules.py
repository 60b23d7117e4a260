"""The rules, one by one: every different application on the tape, by itself.

This is what can name a broken rule before the whole tape is looked at. It takes each
entry as a Python integer, which a large application has too many of: where a tape is
proved on whole arrays, the cheapest applications are taken, up to a budget, and the
others are left to the network and to the rows.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from minigrad.primitive import Elementwise, Primitive
from minigrad.symbolic.arrays.large import work_of
from minigrad.symbolic.failures import ProofFailed, cannot_run
from minigrad.symbolic.proving.identity import runs_on, sample
from minigrad.symbolic.proving.lemmas_used import has_lemma
from minigrad.symbolic.proving.local import (
    applications,
    check_rule,
    kind,
    readings_agree,
    rule_sizes,
)
from minigrad.symbolic.proving.memory import Memory, as_it_is, remembered
from minigrad.symbolic.rings.chance import until_defined
from minigrad.symbolic.rings.field import Field
from minigrad.symbolic.rings.primes import random_prime
from minigrad.symbolic.rings.sizes import Size
from minigrad.tape import Tape
from minigrad.tensor import Tensor

BUDGET = 20_000  # work that takes some 0.5 s: 25 microseconds each, measured
FLOOR = 30  # what an application of a single entry costs, in the same unit

Applications = list[tuple[int, Tensor]]


@dataclass(frozen=True)
class RulesShown:
    """What was shown of the rules, one by one.

    checked   how many different applications
    left      how many more there are, too large for that
    opaque    elementwise rows that cannot run in the field, and enter by their lemma
    sizes     of the differences that were found to be zero
    """

    checked: int
    left: int
    opaque: set[Primitive]
    sizes: list[Size]


def check_rules(
    tape: Tape, random: Random, known: Memory, budget: float = math.inf
) -> RulesShown:
    """Check each different application by itself, or the cheapest within a budget.

    >>> import minigrad as mg
    >>> a = mg.Tensor([2.0, 3.0])
    >>> shown = check_rules(Tape(a * a + a), Random(1), {})
    >>> shown.checked, shown.left
    (2, 0)

    Raises ProofFailed; TypeError for a linear row that does not run on exact numbers;
    ZeroDivisionError if a denominator is zero at every point tried.
    """
    taken, left = _within(budget, list(applications(tape)))

    def checked() -> set[Primitive]:
        field = Field(random_prime(random), random)
        opaque = _check(field, tape, taken)
        return opaque | _only_by_lemma(field, left, opaque)

    opaque = until_defined(checked)
    sizes = [size for _, step in taken for size in _sizes(step, opaque, known)]
    return RulesShown(len(taken), len(left), opaque, sizes)


def _within(budget: float, kinds: Applications) -> tuple[Applications, Applications]:
    """Divide applications into the cheapest that the budget pays for, and the rest."""
    dearest: set[int] = set()
    for position, step in sorted(kinds, key=lambda each: _cost(each[1])):
        budget -= _cost(step)
        if budget < 0:
            dearest.add(position)
    taken = [each for each in kinds if each[0] not in dearest]
    return taken, [each for each in kinds if each[0] in dearest]


def _cost(step: Tensor) -> float:
    operands = sum(a.size for a in step.args if isinstance(a, Tensor))
    return FLOOR + operands + work_of(step)


def _check(field: Field, tape: Tape, kinds: Applications) -> set[Primitive]:
    """Check each application; return the rows that need their lemma."""
    opaque: set[Primitive] = set()
    for position, step in kinds:
        if not runs_on(field, step):
            if not isinstance(step.primitive, Elementwise):
                raise cannot_run(step, position)
            opaque.add(step.primitive)
    for position, step in kinds:
        try:
            check_rule(field, step, position, opaque, tape)
        except ProofFailed as failure:
            if failure.row is None or not _excused(field, step, opaque):
                raise
            opaque.add(step.primitive)  # right by an identity that the field lacks
            check_rule(field, step, position, opaque, tape)
    return opaque


def _excused(field: Field, step: Tensor, opaque: Collection[Primitive]) -> bool:
    """May a rule that failed be right nevertheless, by an identity that we lack?

    Its lemma must say so. The readings of the rule, wherever they are evaluated, are
    then the same formula, so they must agree with each other, even if not with us.
    """
    row = step.primitive
    if row in opaque:
        return False
    again = _ByValue(field.p, field.random)
    return readings_agree(again, step) and has_lemma(row)


class _ByValue(Field):
    """A field where equal numbers have equal functions, whoever asks."""

    def __init__(self, p: int, random: Random) -> None:
        super().__init__(p, random)
        self._values: dict[Any, Any] = {}

    def drawn_for(self, generator: Any, at: Any) -> Any:
        key = generator.meaning, at.value
        if key not in self._values:
            self._values[key] = super().drawn_for(generator, at)
        return self._values[key]


def _only_by_lemma(
    field: Field, kinds: Applications, known: Collection[Primitive]
) -> set[Primitive]:
    """Return further rows that need their lemma, each tried at a few entries."""
    found: set[Primitive] = set()
    tried = set()
    for _, step in kinds:
        row = step.primitive
        if not isinstance(row, Elementwise) or row in known or row in found:
            continue
        few = sample(step)
        if kind(few) in tried:
            continue
        tried.add(kind(few))
        if not runs_on(field, few) or (_fails(field, few) and _excused(field, few, ())):
            found.add(row)
    return found


def _fails(field: Field, step: Tensor) -> bool:
    try:
        check_rule(field, step, 0, ())
    except ProofFailed:
        return True
    return False


def _sizes(step: Tensor, opaque: set[Primitive], known: Memory) -> Sequence[Size]:
    """Return the sizes of the differences that `check_rule` found to be zero."""
    key = "sizes", kind(step), as_it_is(step.primitive), step.primitive in opaque
    return remembered(known, key, lambda: rule_sizes(step, opaque))
