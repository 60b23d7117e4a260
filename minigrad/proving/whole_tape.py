"""The chain rule of a whole tape: the engine's walk, in as many trials as it takes.

    <gradient, v> = D_v output       modulo a few random primes at once (identity.py)

One trial errs with a chance that is bounded by the size of what was compared. If that
is not small enough, there is another one, with new primes and a new point.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from random import Random

from minigrad.messages import explained
from minigrad.primitive import Linear
from minigrad.proving.blame import Pair, blamed
from minigrad.proving.bounds import BITS, Bound, chance
from minigrad.proving.identity import (
    RuleStopped,
    Trial,
    along_direction,
    by_itself,
    derivative,
    gradient,
    same,
    trial,
)
from minigrad.proving.program import where_made
from minigrad.proving.residues import Field, Residues
from minigrad.tape import Tape, made_by
from minigrad.tensor import Tensor

FEWEST = 3  # primes in a trial
SURELY = -40.0  # log2 of the chance that is aimed at
MOST = 5  # trials, if that is out of reach


def chain_rule(
    output: Tensor,
    tape: Tape,
    wrt: Sequence[Tensor],
    alone: Sequence[Tensor],
    modes: Sequence[str],
    random: Random,
) -> tuple[list[Trial], Bound, bool]:
    """Compare both sides in as many trials as it takes; return these and the size.

    Also says whether the derivative was zero at all points.
    """
    trials: list[Trial] = []
    zero, size, primes = True, Bound(0, 0.0), _primes(tape)
    while True:
        field = Field.drawn(random, primes)
        made = _trial(field, tape, wrt)
        one = [field.filled(1, output.shape)]
        expected = derivative(made, [output], one)
        for mode in modes:
            wrong, bars = _compared(made, output, wrt, one, expected, mode)
            if wrong is not None:
                raise blamed(made, tape, one, mode, wrong)
            found = along_direction(made, bars)
            size = size.or_(found.bound + expected.bound)
        if alone:
            for mode in modes:
                _walk_alone(made, output, alone, bars, one, tape, mode)
        trials.append(made)
        zero = zero and not expected.residues().any()
        if chance(size, primes * len(trials)) <= SURELY or len(trials) == MOST:
            return trials, size, zero


def _primes(tape: Tape) -> int:
    """Guess how many primes will do at once; the degree is about half the steps."""
    bits_of_one = BITS - math.log2(1 + len(tape))
    return max(FEWEST, math.ceil(-SURELY / max(1.0, bits_of_one)))


def _trial(field: Field, tape: Tape, wrt: Sequence[Tensor]) -> Trial:
    try:
        return trial(field, tape, wrt)
    except Exception as error:  # a linear row's own code may raise anything
        for position, step in enumerate(tape):
            if isinstance(step.primitive, Linear) and not _runs(field, step):
                raise _cannot_run(step, position, error) from error
        raise


def _runs(field: Field, step: Tensor) -> bool:
    tape = Tape(by_itself(step))
    try:
        trial(field, tape, tape.leaves)
    except Exception:  # whatever its code may raise
        return False
    return True


def _cannot_run(step: Tensor, position: int, error: Exception) -> TypeError:
    row = made_by(step)
    reason = str(error).partition("\n")[0]
    return explained(
        TypeError,
        f"the proof of {row.name} ({where_made(position, step)})",
        {"result": step},
        f"its function needs floating-point numbers: {reason}. A linear row is "
        "proved on exact arrays, and has no lemma instead.",
        f"write the row {row.name!r} with + - * / @, sums, and what moves entries.",
    )


def _compared(
    made: Trial,
    output: Tensor,
    wrt: Sequence[Tensor],
    one: Sequence[Residues],
    expected: Residues,
    mode: str,
) -> tuple[Pair | None, dict[Tensor, Residues]]:
    """Return what differs, if so, and the gradient."""
    try:
        bars = dict(zip(wrt, gradient(made, [output], wrt, one, mode), strict=True))
    except RuleStopped as stopped:
        return (stopped, expected), {}
    found = along_direction(made, bars)
    return (None if same(found, expected) else (found, expected)), bars


def _walk_alone(
    made: Trial,
    output: Tensor,
    alone: Sequence[Tensor],
    bars: Mapping[Tensor, Residues],
    one: Sequence[Residues],
    tape: Tape,
    mode: str,
) -> None:
    """Compare what the engine gives for some x alone, and together with all others."""
    try:
        found = gradient(made, [output], alone, one, mode)
    except RuleStopped as stopped:
        raise blamed(made, tape, one, mode, (stopped, None)) from stopped
    for x, bar in zip(alone, found, strict=True):
        if not same(bar, bars[x]):
            again = _trial(made.field, tape, alone)
            expected = derivative(again, [output], one)
            wrong, _ = _compared(again, output, alone, one, expected, mode)
            raise blamed(again, tape, one, mode, wrong or (bar, bars[x]))
