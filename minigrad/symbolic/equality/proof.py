"""`mg.prove_equal(f, g, *shapes)`: are two programs the same function?

Both run once on the same random floats, which records two tapes. Then both tapes are
replayed in a field with a random prime of 61 bits, from the same random residues, where
equal arguments have equal functions (keyed.py). What both compute there are quotients
of polynomials, at one random point:

    equal     at every entry: they are one function, but for a chance that is computed
    unequal   they differ as polynomials. That is no disproof, since identities such as
              exp(a + b) = exp(a) exp(b) are not known here; numbers may give one
              (disproof.py)

How likely it is that chance deceived is bounded in keyed_replay.py.
"""

from __future__ import annotations

import inspect
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

import numpy as np

from minigrad.context import clean_recording
from minigrad.messages import explain, user_line
from minigrad.refusals import require_recorded
from minigrad.shapes import random_tensors, tensors
from minigrad.symbolic.equality.certificate import Equality, Shapes
from minigrad.symbolic.equality.disproof import failure
from minigrad.symbolic.equality.keyed_replay import chance, replay
from minigrad.symbolic.failures import divides_by_zero
from minigrad.symbolic.proving.certificate import fingerprint, log2, versions
from minigrad.symbolic.rings.chance import until_defined
from minigrad.symbolic.rings.keyed import Keyed
from minigrad.symbolic.rings.primes import random_prime
from minigrad.tape import Tape
from minigrad.tensor import Array, Tensor

NAMED = 4  # leaves that a failure names


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
    minigrad.symbolic.equality.disproof.NotEqual: prove_equal(by_sigma, ...

    Raises NotEqual for different functions, with a counterexample; NotShown where it
    cannot be told; TypeError or ValueError for what cannot be compared.
    """
    seed = secrets.randbits(64) if seed is None else seed
    random = Random(seed)
    question = _recorded(f, g, shapes, random)
    ring, values = _replayed(question, random)
    differing = {
        name: (a, b, entries)
        for name, (a, b) in question.outputs.items()
        if (entries := _differing(values[a], values[b]))
    }
    if differing:
        alone = _alone(question)
        raise failure(question.asked, question.both, differing, question.inputs, alone)
    return _certificate(question, ring, values, seed)


@dataclass
class _Question:
    """What is to be compared: `outputs` by name, of the first and of the second."""

    asked: str
    programs: tuple[str, str]
    inputs: dict[str, Tensor]
    outputs: dict[str, tuple[Tensor, Tensor]]
    tapes: tuple[Tape, Tape]
    both: Tape


def _recorded(f: Any, g: Any, shapes: tuple[Any, ...], random: Random) -> _Question:
    """Run both programs on the same random inputs."""
    programs = _called(f), _called(g)
    asked = f"prove_equal({', '.join(programs)}), at {user_line()}"
    arguments, inputs = [], {}
    with clean_recording():
        for name, shape in zip(_parameters(f, len(shapes)), shapes, strict=True):
            arguments.append(random_tensors(shape, random, name))
            inputs.update(tensors(arguments[-1], name, others=True))
        first, second = (tensors(each(*arguments), "output") for each in (f, g))
    for output in (*first.values(), *second.values()):
        require_recorded(output, "prove_equal")
    tapes = Tape(*first.values()), Tape(*second.values())
    both = Tape(*first.values(), *second.values())
    outputs = _paired(asked, first, second)
    return _Question(asked, programs, inputs, outputs, tapes, both)


def _certificate(
    question: _Question, ring: Keyed, values: dict[Tensor, Array], seed: int
) -> Equality:
    differences = [
        x.size - y.size
        for a, b in question.outputs.values()
        for x, y in zip(values[a].flat, values[b].flat, strict=True)
    ]
    degree = max((each.degree for each in differences), default=0)
    bits = max((each.height.bit_length() for each in differences), default=0)
    first, second = question.tapes
    return Equality(
        programs=question.programs,
        arguments=_with_shapes(question.inputs),
        outputs=_with_shapes({name: a for name, (a, _) in question.outputs.items()}),
        tapes=(fingerprint(first), fingerprint(second)),
        steps=(_steps(first), _steps(second)),
        variables=sum(leaf.size for leaf in question.both.leaves),
        functions=dict(ring.drawn),
        questions=sum(map(len, ring.asked.values())),
        prime=ring.field.p,
        seed=seed,
        degree=degree,
        height_bits=bits,
        chance=log2(chance(ring, degree, bits)),
        masked=any(_is_mask(step.options) for step in question.both),
        rounding=max(
            float(np.max(np.abs(a.data - b.data), initial=0))
            for a, b in question.outputs.values()
        ),
        versions=versions(),
    )


def _replayed(question: _Question, random: Random) -> tuple[Keyed, dict[Tensor, Array]]:
    """Replay in a new field; once more if something happened to be divided by zero."""

    def replayed() -> tuple[Keyed, dict[Tensor, Array]]:
        ring = Keyed(random_prime(random), random)
        with clean_recording():
            return ring, replay(ring, question.both)

    try:
        return until_defined(replayed)
    except ZeroDivisionError as error:
        raise divides_by_zero(question.asked, {}) from error


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


def _alone(question: _Question) -> list[str]:
    """Say which leaves, other than the arguments, stand on one tape only."""
    given = {x.tick for x in question.inputs.values()}
    sides: list[dict[int, Tensor]] = [
        {leaf.tick: leaf for leaf in tape.leaves if leaf.tick not in given}
        for tape in question.tapes
    ]
    alone = [
        f"{leaf.name or 'a leaf'} of shape {leaf.shape}, which only the {which} uses"
        for which, (own, other) in (("first", sides), ("second", sides[::-1]))
        for tick, leaf in own.items()
        if tick not in other
    ]
    more = [f"and {len(alone) - NAMED} more"] if len(alone) > NAMED else []
    return alone[:NAMED] + more


def _is_mask(option: Any) -> bool:
    """Is there an array of booleans among options? It says which branch was taken."""
    if isinstance(option, Array):
        return option.dtype == bool
    if isinstance(option, Mapping):
        option = option.values()
    elif not isinstance(option, list | tuple):
        return False
    return any(map(_is_mask, option))


def _called(f: Any) -> str:
    return getattr(f, "__name__", type(f).__name__)


def _parameters(f: Any, count: int) -> list[str]:
    """Return the names of f's arguments, or `argument 2` where it does not say."""
    try:
        found = list(inspect.signature(f).parameters.values())
    except (TypeError, ValueError):
        found = []
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    names = [each.name for each in found if each.kind in kinds][:count]
    return names + [f"argument {k}" for k in range(len(names), count)]


def _with_shapes(named: dict[str, Tensor]) -> Shapes:
    return tuple((name, each.shape) for name, each in named.items())


def _steps(tape: Tape) -> int:
    return sum(step.primitive is not None for step in tape)
