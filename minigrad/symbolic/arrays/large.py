"""The proof of a large tape: whole arrays modulo short primes, several times.

`prove` calculates with one Python integer per entry, which a training step of realistic
size has too many of. Here the same identity is evaluated by NumPy, on arrays of
residues modulo a prime between 2^30 and 2^31 (field_array.py).

One such evaluation errs more easily than one modulo a prime of 61 bits: a wrong
gradient passes with probability at most

    degree / 2^30  +  (height bits / 30) / (number of primes)

both sizes being bounded for all entries of an array together (bound_array.py). So it is
repeated with new primes and new points until the product of the bounds is small enough.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from random import Random
from typing import Any

import numpy as np

from minigrad.array_like import plain
from minigrad.primitive import Linear, Primitive
from minigrad.symbolic.arrays.bound_array import ArraySizes
from minigrad.symbolic.arrays.failures import located
from minigrad.symbolic.arrays.field_array import ArrayField
from minigrad.symbolic.arrays.twin import (
    WalkStopped,
    both_sides,
    twin,
    without_partials,
)
from minigrad.symbolic.rings.generators import Generator
from minigrad.symbolic.rings.primes import SHORT_BITS, SHORT_PRIMES, random_prime
from minigrad.symbolic.rings.sizes import Size
from minigrad.tape import Tape
from minigrad.tensor import Tensor

ATTEMPTS = 2  # the second, should a denominator be zero by accident
SURELY = -40  # log2 of the probability that is aimed at
MOST = 8  # trials, if that is out of reach
WORTHWHILE = 100_000  # work from which arrays are faster than entries, by far


@dataclass(frozen=True)
class LargeCheck:
    """What `check_tape` showed.

    primes       the field of each trial
    generators   how many values of each function stood as independent variables
    degree, height_bits     bounds for the polynomial that was found to be zero
    chance       bound for the probability that a wrong gradient passed all trials
    opaque       rows that entered by their lemma alone, not run in the field
    met          the generators themselves, by name
    """

    primes: tuple[int, ...]
    generators: dict[str, int]
    degree: int
    height_bits: int
    chance: Fraction
    opaque: tuple[Primitive, ...]
    met: dict[str, Generator]

    @property
    def trials(self) -> int:
        """How many independent primes and points were tried."""
        return len(self.primes)


def check_tape(
    tape: Tape,
    wrt: Sequence[Tensor],
    random: Random,
    opaque: Sequence[Primitive] = (),
    trials: int | None = None,
) -> LargeCheck:
    """Check <gradient, v> = D_v output for a tape with one output, on whole arrays.

    random   the source of primes, points and directions
    opaque   elementwise rows to take by their lemma; others that cannot run on exact
             arrays are added
    trials   as many as take the probability of error below 2^SURELY, if None

    >>> import numpy as np, minigrad as mg
    >>> W, x = mg.Tensor(np.ones((30, 40)), "W"), mg.Tensor(np.ones((50, 40)), "x")
    >>> tape = Tape(mg.tanh(mg.matvec(W, x)).sum())
    >>> shown = check_tape(tape, [W, x], Random(1))
    >>> shown.generators, shown.degree, shown.trials
    ({'tanh': 1500}, 4, 2)

    Raises ProofFailed, naming the row and step or the accumulation; TypeError for a
    linear row that does not run on exact arrays; ZeroDivisionError if a denominator is
    zero at every point tried.
    """
    rows = set(opaque)
    size = _size(tape, wrt, rows, random)
    chance = error_of_one(size)
    count = trials or _enough(chance)
    fields = [_trial(tape, wrt, rows, random) for _ in range(count)]
    drawn = fields[0].drawn
    return LargeCheck(
        primes=tuple(field.p for field in fields),
        generators={k: drawn[k] for k in drawn if k not in ("input", "direction")},
        degree=size.degree,
        height_bits=size.height.bit_length(),
        chance=chance**count,
        opaque=tuple(sorted(rows, key=lambda row: row.name)),
        met=fields[0].met,
    )


def work(tape: Tape) -> float:
    """Estimate how many operations on entries a proof by entries would take.

    Every entry of the tape counts, and every product that a row which is linear in each
    argument adds up: a matrix product of sizes mk, kn and mn has mkn, the root of their
    product. Measured, `prove` takes some 12 microseconds each on one core.
    """
    total = 0.0
    for step in tape:
        total += step.size
        if isinstance(step.primitive, Linear) and not step.primitive.jointly:
            sizes = (np.size(plain(a)) for a in step.args)
            total += math.sqrt(math.prod(sizes) * step.size)
    return total


def error_of_one(difference: Size) -> Fraction:
    """Bound the probability that one trial takes a difference for zero that is not.

    As `chance` in proof.py, with shorter primes.
    """
    unlucky_prime = Fraction(difference.height.bit_length() // SHORT_BITS, SHORT_PRIMES)
    unlucky_point = Fraction(difference.degree, 2**SHORT_BITS)
    return min(Fraction(1), ATTEMPTS * (unlucky_prime + unlucky_point))


def _enough(chance: Fraction) -> int:
    """Return how many trials of this chance are surely enough, or the most we do."""
    if chance <= 0:
        return 1
    bits = math.log2(chance.numerator) - math.log2(chance.denominator)
    return min(MOST, math.ceil(SURELY / bits)) if bits < 0 else 1


def _size(
    tape: Tape, wrt: Sequence[Tensor], rows: set[Primitive], random: Random
) -> Size:
    """Return the size of the difference that the trials will find to be zero."""
    made = twin(ArraySizes(), tape, wrt, rows)
    unruly = without_partials(made)
    if unruly:
        rows |= unruly
        made = twin(ArraySizes(), tape, wrt, rows)
    (output,) = tape.outputs
    one = made.ring.filled(1, output.shape)
    try:
        found, expected = both_sides(made, output, one)
    except WalkStopped as stopped:
        raise _failure(tape, wrt, rows, random, stopped) from stopped
    return (found - expected).bound


def _trial(
    tape: Tape, wrt: Sequence[Tensor], rows: set[Primitive], random: Random
) -> ArrayField:
    """Compare both sides modulo one random prime, at one random point."""
    for attempt in range(ATTEMPTS):
        field = ArrayField(random_prime(random, SHORT_BITS), random)
        try:
            made = twin(field, tape, wrt, rows)
            (output,) = tape.outputs
            one = field.filled(1, output.shape)
            found, expected = both_sides(made, output, one)
            break
        except ZeroDivisionError:
            if attempt == ATTEMPTS - 1:
                raise
    if found.raw != expected.raw:
        raise located(made, tape, one, found, expected)
    return field


def _failure(
    tape: Tape, wrt: Sequence[Tensor], rows: set[Primitive], random: Random, why: Any
) -> Exception:
    """Find the rule that stopped the walk."""
    field = ArrayField(random_prime(random, SHORT_BITS), random)
    made = twin(field, tape, wrt, rows)
    (output,) = tape.outputs
    return located(made, tape, field.filled(1, output.shape), why, None)
