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
from collections.abc import Collection, Sequence
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
from minigrad.symbolic.proving.identity import Twin
from minigrad.symbolic.proving.network import NetworkShown, without_inputs
from minigrad.symbolic.rings.chance import chance, until_defined
from minigrad.symbolic.rings.primes import SHORT_BITS, SHORT_PRIMES, random_prime
from minigrad.symbolic.rings.sizes import Size
from minigrad.tape import Tape
from minigrad.tensor import Tensor

SURELY = -40  # log2 of the probability that is aimed at
MOST = 8  # trials, if that is out of reach
WORTHWHILE = 100_000  # work from which arrays are faster than entries, by far


def check_tape(
    tape: Tape,
    wrt: Sequence[Tensor],
    random: Random,
    opaque: Collection[Primitive] = (),
    trials: int | None = None,
) -> NetworkShown:
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
    of_one = chance(size, SHORT_BITS, SHORT_PRIMES)
    count = trials or _enough(of_one)
    fields = [_trial(tape, wrt, rows, random) for _ in range(count)]
    return NetworkShown(
        primes=tuple(field.p for field in fields),
        generators=without_inputs(fields[0].drawn),
        degree=size.degree,
        height_bits=size.height.bit_length(),
        chance=of_one**count,
        opaque=tuple(sorted(rows, key=lambda row: row.name)),
        met=fields[0].met,
    )


def work(tape: Tape) -> float:
    """Estimate how many operations on entries a proof by entries would take.

    Every entry of the tape counts, and every product that a row which is linear in each
    argument adds up: a matrix product of sizes mk, kn and mn has mkn, the root of their
    product. Measured, `prove` takes some 12 microseconds each on one core.
    """
    return sum(map(work_of, tape))


def work_of(step: Tensor) -> float:
    """Estimate the same for one step, apart from its arguments."""
    if not isinstance(step.primitive, Linear) or step.primitive.jointly:
        return step.size
    sizes = (np.size(plain(a)) for a in step.args)
    return step.size + math.sqrt(math.prod(sizes) * step.size)


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

    def tried() -> tuple[ArrayField, Twin, Any, Any, Any]:
        field = ArrayField(random_prime(random, SHORT_BITS), random)
        made = twin(field, tape, wrt, rows)
        (output,) = tape.outputs
        one = field.filled(1, output.shape)
        return field, made, one, *both_sides(made, output, one)

    field, made, one, found, expected = until_defined(tried)
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
