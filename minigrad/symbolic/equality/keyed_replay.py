"""A tape in the keyed field, and by what chance the field deceives.

Elementwise rows run on elements as on any objects; where compiled code does not, the
row's meaning is evaluated. Linear rows only move, add and multiply entries.

Whoever compares two residues is deceived if a difference of quotients of polynomials is
not zero and yet vanishes, at the random point or modulo the random prime. That goes for
what is compared in the end, and for the arguments of one function too, which the field
holds for equal when their residues are: for every two of them.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from minigrad.messages import explain
from minigrad.primitive import Elementwise
from minigrad.symbolic.proving.identity import exact
from minigrad.symbolic.rings.chance import ATTEMPTS
from minigrad.symbolic.rings.keyed import Args, Keyed
from minigrad.symbolic.rings.primes import BITS, PRIMES
from minigrad.tape import Tape
from minigrad.tensor import Array, Tensor


def replay(ring: Keyed, tape: Tape) -> dict[Tensor, Array]:
    """Return, for every step of a tape, its values in the ring.

    Every leaf is an array of new variables; constants enter exactly. Raises TypeError
    for a linear row that does not run on objects.

    >>> import minigrad as mg
    >>> from random import Random
    >>> x = mg.Tensor([1.0, 2.0])
    >>> values = replay(Keyed(2**61 - 1, Random(0)), mg.Tape(y := mg.exp(x)))
    >>> values[y] == np.exp(values[x])
    array([ True,  True])
    """
    values: dict[Tensor, Array] = {}
    for step in tape:
        if step.primitive is None:
            entries = [ring.fresh("input") for _ in range(step.size)]
        else:
            args = [values[a] if isinstance(a, Tensor) else exact(a) for a in step.args]
            computed = _computed(ring, step, args)
            entries = [ring.element(entry) for entry in np.asarray(computed).flat]
        values[step] = np.fromiter(entries, object, step.size).reshape(step.shape)
    return values


def _computed(ring: Keyed, step: Tensor, args: list[Any]) -> Any:
    """Run the row's function; compiled code does not run, but the meaning does."""
    row: Any = step.primitive
    try:
        return row.function(*args, **step.options)
    except ZeroDivisionError:
        raise
    except Exception as error:  # compiled code may raise anything
        if isinstance(row, Elementwise):
            return np.frompyfunc(
                lambda *each: ring.meant(row.meaning, *each), len(args), 1
            )(*args)
        raise TypeError(
            explain(
                f"the row {row.name} in a proof of equality",
                {"result": step},
                f"it does not run on object arrays of exact numbers: {error}",
                f"write the row {row.name!r} with NumPy calls that work on any dtype.",
            )
        ) from error


def chance(ring: Keyed, degree: int, bits: int) -> Fraction:
    """Bound the probability that different functions were found equal.

    With A / B and C / D for two arguments, or an argument and a mirrored one, what must
    not vanish is A D - C B or A C - B D: of a degree below the sum of the two
    arguments' larger degrees, and a height below twice the product of their larger
    heights. There are two such relations for a pair, and one for each alone.
    """
    for questions in ring.asked.values():
        sizes = [_larger(args) for args in questions]
        degree += 2 * len(sizes) * sum(d for d, _ in sizes)
        bits += 2 * len(sizes) * sum(b for _, b in sizes)
    unlucky_point = Fraction(degree, 2**BITS)
    unlucky_prime = Fraction(bits, BITS * PRIMES)
    return min(Fraction(1), ATTEMPTS * (unlucky_point + unlucky_prime))


def _larger(args: Args) -> tuple[int, int]:
    """Return degree and bits, each of the larger of a numerator and a denominator."""
    sizes = [each for arg in args for each in (arg.size, arg.size.denominator())]
    degree = max((each.degree for each in sizes), default=0)
    bits = max((each.height.bit_length() for each in sizes), default=0)
    return degree, bits + 1
