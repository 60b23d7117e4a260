"""The claim itself: <gradient, v> = D_v loss for the whole tape, entry by entry.

Both sides are calculated at one random point of a field of about 2^60 elements, and a
third and fourth time on sizes, which bound by what chance they agree undeservedly. With
order=2 the same is done for the Hessian times a vector, <H v, w> = D_w D_v loss, along
both v and w.

The seed is a one of the field here; that the engine starts from 1 where it is given
none is asked of it in floats.

Every entry is a Python integer here. For tapes with very many, arrays/large.py makes
the same statement with whole arrays.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from random import Random
from typing import Any

import numpy as np

from minigrad.context import clean_recording
from minigrad.gradient import grad
from minigrad.messages import explain
from minigrad.primitive import Primitive
from minigrad.symbolic.failures import ProofFailed
from minigrad.symbolic.proving.counterexample import of_tape
from minigrad.symbolic.proving.identity import (
    Twin,
    both_sides,
    second_order,
    twin,
)
from minigrad.symbolic.proving.local import accumulation_failed
from minigrad.symbolic.rings.chance import chance, until_defined
from minigrad.symbolic.rings.field import Field
from minigrad.symbolic.rings.generators import Generator
from minigrad.symbolic.rings.primes import random_prime
from minigrad.symbolic.rings.sizes import NotShared, SharedSizes, Size, Sizes
from minigrad.tape import Tape
from minigrad.tensor import Array, Tensor


@dataclass(frozen=True)
class NetworkShown:
    """What was shown of a whole tape.

    primes       of the fields in which it was: one for every trial
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


def check_network(
    tape: Tape,
    wrt: Sequence[Tensor],
    random: Random,
    opaque: Collection[Primitive] = (),
    order: int = 1,
    alone: Sequence[Tensor] = (),
) -> NetworkShown:
    """Check <gradient, v> = D_v output for a tape with one output.

    random   the source of the prime, the point and the directions
    opaque   elementwise rows to take by their lemma
    order    2 for second derivatives too
    alone    some of wrt that are also asked for without the others: the engine plans
             another walk then, and has to find the same

    >>> import minigrad as mg
    >>> a = mg.Tensor([2.0, 3.0])
    >>> shown = check_network(Tape(mg.tanh(a).sum()), [a], Random(1))
    >>> shown.generators, shown.degree, shown.trials
    ({'tanh': 2}, 3, 1)

    Raises ProofFailed; ZeroDivisionError if a denominator is zero at every point tried.
    """

    def compared() -> tuple[Field, dict[str, int]]:
        field = Field(random_prime(random), random)
        return field, _compare(field, tape, wrt, opaque, order, alone)

    field, generators = until_defined(compared)
    sizes = _sizes(tape, wrt, opaque, order, alone)
    return NetworkShown(
        primes=(field.p,),
        generators=generators,
        degree=max(size.degree for size in sizes),
        height_bits=max(size.height.bit_length() for size in sizes),
        chance=sum(map(chance, sizes), Fraction(0)),
        opaque=tuple(sorted(opaque, key=lambda row: row.name)),
        met=field.met,
    )


def check_start(output: Tensor) -> None:
    """Check where a walk begins that was asked for without a seed, as training asks.

    The derivative of the output by itself is 1, in floats and recorded.

    Raises ProofFailed.
    """
    with clean_recording():
        y = Tensor(output.data)
        starts = [grad(y, y), grad(y, y, record=True).data]
    for start in starts:
        if not np.all(start == 1):
            raise ProofFailed(
                explain(
                    f"the proof of the gradient of {output.name or 'the output'}",
                    {},
                    "every rule is right, and so is the walk from a given seed; but "
                    "without one it begins wrongly: the derivative of the output by "
                    f"itself is 1, and the engine gives {start!s}.",
                    "look at the seed in minigrad/gradient.py.",
                ),
                step=len(Tape(output).steps) - 1,
                found=start,
                expected=1,
            )


def without_inputs(drawn: dict[str, int]) -> dict[str, int]:
    """Return how many generators were drawn, of all variables."""
    return {k: drawn[k] for k in drawn if k not in ("input", "direction")}


def _compare(
    field: Field,
    tape: Tape,
    wrt: Sequence[Tensor],
    opaque: Collection[Primitive],
    order: int,
    alone: Sequence[Tensor],
) -> dict[str, int]:
    """Compare both sides; return how many generators of each kind the first took."""
    (output,) = tape.outputs
    one = np.full(output.shape, field.lift(1), object)
    drawn: dict[str, int] = {}
    for made, found, expected in _pairs(field, tape, wrt, opaque, order):
        drawn = drawn or dict(field.drawn)
        if found != expected:
            example = of_tape(output, wrt, 2 if made.second else 1)
            raise accumulation_failed(made, tape, [one], found, expected, example)
        if alone and not made.second:
            found, expected = _two_walks(made, output, one, alone)
            if found != expected:  # the walk alone is wrong: say where
                _compare(field, tape, alone, opaque, order, ())
                raise _walks_differ(output, found, expected)
    return without_inputs(drawn)


def _two_walks(
    made: Twin, output: Tensor, one: Array, alone: Sequence[Tensor]
) -> tuple[Any, Any]:
    """Return <x_bar, v> over some x, asked for alone and together with all others."""
    zero = made.ring.lift(0)
    sums = []
    for asked in (alone, list(made.directions)):
        with clean_recording():
            bars = grad(made.steps[output], [made.steps[x] for x in asked], seed=one)
        bar_of = dict(zip(asked, bars, strict=True))
        total = zero
        for x in alone:
            v = made.directions[x]
            total = total + made.ring.inner(bar_of[x].flat, v.flat)
        sums.append(total)
    return sums[0], sums[1]


def _walks_differ(output: Tensor, found: Any, expected: Any) -> ProofFailed:
    return ProofFailed(
        explain(
            f"the proof of the gradient of {output.name or 'the output'}",
            {},
            f"asked for the Parameters alone, the engine gives {found} along a random "
            f"direction; asked for all leaves, {expected}.",
            "look at what plans the walk, and at `parts` and `together` in the rows.",
        ),
        found=found,
        expected=expected,
    )


def _pairs(
    ring: Any,
    tape: Tape,
    wrt: Sequence[Tensor],
    opaque: Collection[Primitive],
    order: int,
) -> Iterator[tuple[Twin, Any, Any]]:
    """Yield each pair of numbers that should be equal, with the twin they are from."""
    (output,) = tape.outputs
    one = np.full(output.shape, ring.lift(1), object)
    made = twin(ring, tape, wrt, opaque)
    yield made, *both_sides(made, [output], [one])
    if order == 2:
        made = twin(ring, tape, wrt, opaque, order=2)
        along_v, along_w, expected = second_order(made, output, one)
        yield made, along_v, expected
        yield made, along_w, expected


def _sizes(
    tape: Tape,
    wrt: Sequence[Tensor],
    opaque: Collection[Primitive],
    order: int,
    alone: Sequence[Tensor],
) -> list[Size]:
    """Return the sizes of the differences that `_compare` found to be zero."""
    (output,) = tape.outputs

    def replayed(ring: Sizes) -> Iterator[Size]:
        one = np.full(output.shape, ring.lift(1), object)
        for made, found, expected in _pairs(ring, tape, wrt, opaque, order):
            yield found - expected
            if alone and not made.second:
                found, expected = _two_walks(made, output, one, alone)
                yield found - expected

    try:
        return list(replayed(SharedSizes()))
    except NotShared:
        return list(replayed(Sizes()))
