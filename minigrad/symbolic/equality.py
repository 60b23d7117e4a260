"""`mg.prove_equal(f, g, *shapes)`: are two programs the same function?

Both run once on the same random floats, which records two tapes. Then both tapes are
replayed in a field with a random prime of 61 bits, from the same random residues, where
equal arguments have equal functions (keyed.py). What both compute there are quotients
of polynomials, at one random point:

    equal     at every entry: they are one function, but for a chance that is computed
    unequal   they differ as polynomials. That is no disproof, since identities such as
              exp(a + b) = exp(a) exp(b) are not known here; numbers may give one
              (counterexample.py)

Chance deceives in two ways: a difference that is not zero vanishes at the point, or
two different arguments of one function have the same residue there. The second is as
the first for the difference of every two arguments, so the bound sums over all pairs.
"""

from __future__ import annotations

import inspect
import secrets
from collections.abc import Callable
from fractions import Fraction
from random import Random
from typing import Any

import numpy as np

from minigrad.messages import explain, user_line
from minigrad.primitive import Elementwise
from minigrad.symbolic.certificate import fingerprint, log2, versions
from minigrad.symbolic.counterexample import failure
from minigrad.symbolic.equality_certificate import Equality, Shapes
from minigrad.symbolic.identity import exact
from minigrad.symbolic.keyed import Keyed, KeyedElement
from minigrad.symbolic.primes import BITS, PRIMES, random_prime
from minigrad.symbolic.setting import undisturbed
from minigrad.symbolic.shapes import random_tensors, tensors
from minigrad.tape import Tape
from minigrad.tensor import Array, Tensor

NAMED = 4  # leaves that a failure names
ATTEMPTS = 2  # the second, should a denominator be zero by accident


def prove_equal(
    f: Callable[..., Any], g: Callable[..., Any], *shapes: Any, seed: int | None = None
) -> Equality:
    """Prove that f and g are the same function of arguments with these shapes.

    f, g     functions of as many Tensors as there are shapes, or of structures of them,
             that return a Tensor or a structure of Tensors
    shapes   a tuple of integers each, or a structure: State((2,), (2,)), [(3,)] * 4. In
             the place of a shape an array may stand: the inputs at which to record
    seed     an integer from which every random choice is made; drawn if None

    A Tensor that f and g use from outside, a Parameter, is a variable as well: the same
    one if it is the same Tensor. Plain numbers and arrays are constants.

    >>> import minigrad as mg
    >>> def by_sigma(z):
    ...     return mg.sigmoid(z)
    >>> def by_tanh(z):
    ...     return (1 + mg.tanh(z / 2)) / 2
    >>> certificate = prove_equal(by_sigma, by_tanh, (3,), seed=1)
    >>> certificate.functions, certificate.chance < -45
    ({'exp': 3}, True)

    A slip is answered with numbers at which it shows:

    >>> prove_equal(by_sigma, lambda z: (1 + mg.tanh(z)) / 2, np.array([1.0]))
    Traceback (most recent call last):
    ...
    minigrad.symbolic.counterexample.NotEqual: prove_equal(by_sigma, <lambda>), ...

    Raises NotEqual for different functions, with a counterexample; NotShown where it
    cannot be told; TypeError or ValueError for what cannot be compared.
    """
    seed = secrets.randbits(64) if seed is None else seed
    random = Random(seed)
    programs = _called(f), _called(g)
    asked = f"prove_equal({', '.join(programs)}), at {user_line()}"
    names = _parameters(f, len(shapes))
    with undisturbed(), np.errstate(all="ignore"):
        arguments = [
            random_tensors(shape, random, name)
            for name, shape in zip(names, shapes, strict=True)
        ]
        outputs = [tensors(function(*arguments), "output") for function in (f, g)]
    inputs = {
        path: x
        for name, argument in zip(names, arguments, strict=True)
        for path, x in tensors(argument, name).items()
    }
    pairs = _paired(asked, *outputs)
    tapes = [Tape(*each.values()) for each in outputs]
    both = Tape(*(each for pair in pairs.values() for each in pair))
    ring, values = _replayed(asked, both, random)
    differing = {
        name: (a, b, entries)
        for name, (a, b) in pairs.items()
        if (entries := _differing(values[a], values[b]))
    }
    if differing:
        alone = _alone(tapes, list(inputs.values()))
        raise failure(asked, both, differing, inputs, alone)
    differences = [
        x.size - y.size
        for a, b in pairs.values()
        for x, y in zip(values[a].flat, values[b].flat, strict=True)
    ]
    degree = max((each.degree for each in differences), default=0)
    bits = max((each.height.bit_length() for each in differences), default=0)
    return Equality(
        programs=programs,
        arguments=_with_shapes(inputs),
        outputs=_with_shapes({name: a for name, (a, _) in pairs.items()}),
        tapes=(fingerprint(tapes[0]), fingerprint(tapes[1])),
        steps=(_steps(tapes[0]), _steps(tapes[1])),
        variables=sum(leaf.size for leaf in both.leaves),
        functions=dict(ring.drawn),
        questions=sum(map(len, ring.asked.values())),
        prime=ring.field.p,
        seed=seed,
        degree=degree,
        height_bits=bits,
        chance=log2(chance(ring, degree, bits)),
        rounding=max(
            float(np.max(np.abs(a.data - b.data), initial=0)) for a, b in pairs.values()
        ),
        versions=versions(),
    )


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


def _larger(args: tuple[KeyedElement, ...]) -> tuple[int, int]:
    """Return degree and bits, each of the larger of a numerator and a denominator."""
    sizes = [each for arg in args for each in (arg.size, arg.size.denominator())]
    degree = max((each.degree for each in sizes), default=0)
    bits = max((each.height.bit_length() for each in sizes), default=0)
    return degree, bits + 1


def replay(ring: Keyed, tape: Tape) -> dict[Tensor, Array]:
    """Return, for every step of a tape, its values in the ring.

    Every leaf is an array of new variables; constants enter exactly. Raises TypeError
    for a linear row that does not run on objects.
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


def _replayed(
    asked: str, tape: Tape, random: Random
) -> tuple[Keyed, dict[Tensor, Array]]:
    """Replay in a new field; once more if something happened to be divided by zero."""
    for attempt in range(ATTEMPTS):
        ring = Keyed(random_prime(random), random)
        try:
            with np.errstate(all="ignore"):  # NumPy looks for infinities in objects too
                return ring, replay(ring, tape)
        except ZeroDivisionError as error:
            if attempt == ATTEMPTS - 1:
                raise ValueError(
                    explain(
                        asked,
                        {},
                        "at every random point tried, something was divided by zero: a "
                        "denominator is zero whatever the inputs are.",
                        "look for x - x, or a constant 0, under a division.",
                    )
                ) from error
    raise AssertionError


def _paired(asked: str, first: Any, second: Any) -> dict[str, tuple[Tensor, Tensor]]:
    """Return the outputs to compare: those of one name, or else in their order."""
    if first.keys() == second.keys():
        second = {name: second[name] for name in first}
    shapes = [[each.shape for each in side.values()] for side in (first, second)]
    if shapes[0] != shapes[1]:
        raise ValueError(
            explain(
                asked,
                {},
                f"the first returns shapes {shapes[0]}, the second {shapes[1]}.",
                "return the same number of Tensors, of the same shapes.",
            )
        )
    both = zip(first.values(), second.values(), strict=True)
    pairs = dict(zip(first, both, strict=True))
    for a, b in pairs.values():
        if not (np.isfinite(a.data).all() and np.isfinite(b.data).all()):
            raise ValueError(
                explain(
                    asked,
                    {"the first gives": a, "the second": b},
                    "at random inputs a result is not finite, so which branch was "
                    "recorded means nothing.",
                    "give arrays in the place of shapes, with numbers where both are "
                    "defined: prove_equal(f, g, np.array([0.5, 2.0])).",
                )
            )
    return pairs


def _differing(a: Array, b: Array) -> list[tuple[int, ...]]:
    return [index for index in np.ndindex(a.shape) if a[index] != b[index]]


def _alone(tapes: list[Tape], inputs: list[Tensor]) -> list[str]:
    """Say which leaves, other than the arguments, stand on one tape only."""
    sides: list[dict[int, Tensor]] = [
        {x.tick: x for x in tape.leaves if not any(x is each for each in inputs)}
        for tape in tapes
    ]
    alone = [
        f"{leaf.name or 'a leaf'} of shape {leaf.shape}, which only the {which} uses"
        for which, (own, other) in (("first", sides), ("second", sides[::-1]))
        for tick, leaf in own.items()
        if tick not in other
    ]
    more = [f"and {len(alone) - NAMED} more"] if len(alone) > NAMED else []
    return alone[:NAMED] + more


def _called(f: Any) -> str:
    return getattr(f, "__name__", type(f).__name__)


def _parameters(f: Any, count: int) -> list[str]:
    """Return the names of f's arguments, or x0, x1, ... where it does not say."""
    try:
        found = list(inspect.signature(f).parameters.values())
    except (TypeError, ValueError):
        found = []
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    names = [each.name for each in found if each.kind in kinds][:count]
    return names + [f"x{k}" for k in range(len(names), count)]


def _with_shapes(named: dict[str, Tensor]) -> Shapes:
    return tuple((name, each.shape) for name, each in named.items())


def _steps(tape: Tape) -> int:
    return sum(step.primitive is not None for step in tape)
