"""`mg.prove(loss)`: is the gradient that trains the derivative? Shown, or refuted.

Three statements, each checked by other means:

    lemmas   every partial of an elementwise row is the derivative of what the row
             means, as real functions: SymPy, deterministic          (lemmas.py)
    rules    <g, A x'> = <A* g, x'> for every application on the tape, in a field
             of about 2^60 elements, on its own random numbers       (local.py)
    tape     <gradient, v> = D_v loss for the whole tape             (identity.py)

The last is the claim, and needs only the lemmas about generators beside it. The middle
one says, when it fails, which rule is broken.

The prime is drawn at random between 2^60 and 2^61, so an identity that fails over the
rationals fails modulo the prime too, unless the prime divides every coefficient; and
the numbers are drawn at random, so it fails at them, unless they are a zero. Both
chances are bounded by the sizes of the polynomials, which a replay computes (sizes.py).
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from fractions import Fraction
from random import Random
from typing import Any

import numpy as np

from minigrad.messages import explain, user_line
from minigrad.primitive import Elementwise, Primitive
from minigrad.refusals import require_kept, require_recorded, require_tensor
from minigrad.symbolic.certificate import Certificate, fingerprint, log2, versions
from minigrad.symbolic.domains import Field
from minigrad.symbolic.failures import LemmaFailed, ProofFailed, where_made
from minigrad.symbolic.generators import Generator
from minigrad.symbolic.identity import alone, both_sides, fresh, runs_on, twin
from minigrad.symbolic.local import (
    accumulation_failed,
    applications,
    check_rule,
    readings,
)
from minigrad.symbolic.primes import BITS, PRIMES, random_prime
from minigrad.symbolic.sizes import Size, Sizes
from minigrad.tape import Tape
from minigrad.tensor import Tensor

ATTEMPTS = 2  # the second, should a denominator be zero by accident


def prove(output: Any, wrt: Any = None, seed: int | None = None) -> Certificate:
    """Prove that the gradient of `output` is its derivative, on its recorded tape.

    output   a Tensor with one entry
    wrt      a Tensor, or a list, tuple or dict of them; every leaf of the tape if None
    seed     an integer from which every random choice is made; drawn if None

    The engine plans its walk by what is asked of it, and the proof is about that walk:
    to prove what a training step computes, give the `wrt` that it asks for.

    >>> import minigrad as mg
    >>> w, x = mg.Tensor([1.0, 2.0], name="w"), mg.Tensor([3.0, 4.0], name="x")
    >>> certificate = prove(mg.tanh(w * x).sum(), seed=1)
    >>> certificate.degree, certificate.inputs, certificate.generators
    (4, 4, {'tanh': 2})

    Raises ProofFailed, naming the row, argument and step, or saying that every rule is
    right and the accumulation wrong; ValueError or TypeError for what cannot be asked.
    """
    tape, wrt = _question(output, wrt)
    seed = secrets.randbits(64) if seed is None else seed
    random = Random(seed)
    lemmas = _lemmas(tape)
    for attempt in range(ATTEMPTS):
        field = Field(random_prime(random), random)
        try:
            opaque = _check_rules(field, tape)
            whole_field = Field(field.p, random)
            generators = _check_tape(whole_field, tape, wrt, opaque)
            break
        except ZeroDivisionError as error:
            if attempt == ATTEMPTS - 1:
                raise _divides_by_zero(output) from error
    whole = _size(tape, wrt, opaque)
    kinds = [step for _, step in applications(tape)]
    rules = [size for step in kinds for size in _rule_sizes(step, opaque)]
    return Certificate(
        output=output.name or "the output",
        wrt=_named(wrt, tape),
        tape=fingerprint(tape),
        steps=sum(step.primitive is not None for step in tape),
        applications=len(kinds),
        inputs=sum(leaf.size for leaf in tape.leaves),
        generators=generators,
        lemmas=(*lemmas, *_generator_lemmas(whole_field.met, generators, lemmas)),
        opaque=tuple(sorted(row.name for row in opaque)),
        prime=field.p,
        seed=seed,
        degree=whole.degree,
        height_bits=whole.height.bit_length(),
        chance=log2(chance(whole)),
        rules_degree=max(size.degree for size in rules),
        rules_chance=log2(sum(map(chance, rules), Fraction(0))),
        versions=versions(),
    )


def chance(difference: Size) -> Fraction:
    """Bound the probability that a difference that is not zero was found to be zero.

    A non-zero coefficient below 2^bits has at most bits / 60 prime divisors above 2^60;
    a polynomial that is not zero modulo p is zero at most at degree / p of all points.
    This may happen in each attempt, if it comes to that: hence the factor.
    """
    unlucky_prime = Fraction(difference.height.bit_length() // BITS, PRIMES)
    unlucky_point = Fraction(difference.degree, 2**BITS)
    return min(Fraction(1), ATTEMPTS * (unlucky_prime + unlucky_point))


def _check_rules(field: Field, tape: Tape) -> set[Primitive]:
    """Check each application on its own; return the rows that need their lemma."""
    kinds = list(applications(tape))
    opaque: set[Primitive] = set()
    for position, step in kinds:
        if not runs_on(field, step):
            if not isinstance(step.primitive, Elementwise):
                raise _cannot_run(step, position)
            opaque.add(step.primitive)
    for position, step in kinds:
        try:
            check_rule(field, step, position, opaque)
        except ProofFailed:
            if step.primitive in opaque or not _has_lemma(step.primitive):
                raise
            opaque.add(step.primitive)  # right by an identity that the field lacks
            check_rule(field, step, position, opaque)
    return opaque


def _has_lemma(row: Any) -> bool:
    """Does SymPy show that an elementwise row's partials are its derivatives?"""
    from minigrad.symbolic.lemmas import prove_row

    try:
        return isinstance(row, Elementwise) and bool(prove_row(row))
    except LemmaFailed:
        return False


def _check_tape(
    field: Field, tape: Tape, wrt: list[Tensor], opaque: set[Primitive]
) -> dict[str, int]:
    """Check the claim itself; return how many generators of each kind it took."""
    made = twin(field, tape, wrt, opaque)
    output = tape.outputs[0]
    one = np.full(output.shape, field.lift(1), object)
    found, expected = both_sides(made, output, one)
    if found != expected:
        raise accumulation_failed(made, tape, one, found, expected)
    drawn = field.drawn
    return {name: drawn[name] for name in drawn if name not in ("input", "direction")}


def _size(tape: Tape, wrt: list[Tensor], opaque: set[Primitive]) -> Size:
    """Return the size of the difference that `_check_tape` found to be zero."""
    sizes = Sizes()
    output = tape.outputs[0]
    one = np.full(output.shape, sizes.lift(1), object)
    found, expected = both_sides(twin(sizes, tape, wrt, opaque), output, one)
    return found - expected


def _rule_sizes(step: Tensor, opaque: set[Primitive]) -> list[Size]:
    """Return the sizes of the differences that `check_rule` found to be zero."""
    sizes = Sizes()
    output = alone(step)
    tape = Tape(output)
    made = twin(sizes, tape, tape.leaves, opaque)
    g = fresh(sizes, "cotangent", output.shape)
    return [found - expected for found, expected in readings(made, output, g)]


def _lemmas(tape: Tape) -> list[str]:
    """Prove every elementwise row on the tape; say at which step it first stands."""
    from minigrad.symbolic.lemmas import prove_row

    shown = {}
    for position, step in enumerate(tape):
        row = step.primitive
        if isinstance(row, Elementwise) and row not in shown:
            try:
                shown[row] = f"{row.name}  {prove_row(row)}"
            except LemmaFailed as failure:
                failure.step = position
                failure.add_note(f"  first used at {where_made(position, step)}")
                raise
    return sorted(shown.values())


def _generator_lemmas(
    known: Mapping[str, Generator], drawn: Mapping[str, int], told: list[str]
) -> list[str]:
    """Say what the reference used of each generator that no lemma speaks of yet."""
    from minigrad.symbolic.lemmas import of_generator

    names = {text.split("  ")[0] for text in told}
    return [
        f"{name}  {of_generator(known[name])}"
        for name in drawn
        if name in known and name not in names
    ]


def _question(output: Any, wrt: Any) -> tuple[Tape, list[Tensor]]:
    """Return the tape and the Tensors to differentiate by, or say why there is none."""
    require_recorded(output, "prove")
    asked = f"prove(output, wrt), at {user_line()}"
    name = output.name or "output"
    if output.size != 1:
        raise ValueError(
            explain(
                asked,
                {name: output},
                "a gradient belongs to one number.",
                "prove a loss: y.sum(), or (y * g).sum() with a cotangent g.",
            )
        )
    if output.primitive is None:
        raise ValueError(
            explain(
                asked,
                {name: output},
                "it is a leaf: nothing was computed, so there is nothing to prove.",
                "prove the result of a computation.",
            )
        )
    tape = Tape(output)
    require_kept(tape, "prove")
    return tape, _wanted(tape, wrt, asked)


def _wanted(tape: Tape, wrt: Any, asked: str) -> list[Tensor]:
    if wrt is None:
        return tape.leaves
    if isinstance(wrt, Mapping):
        wrt = list(wrt.values())
    elif not isinstance(wrt, list | tuple):
        wrt = [wrt]
    on_tape = set(tape)
    for each in wrt:
        require_tensor(each, "prove(output, wrt)")
        if each not in on_tape:
            raise ValueError(
                explain(
                    asked,
                    {"output": tape.outputs[0], "wrt": each},
                    "the output was not computed from this wrt, so its gradient is "
                    "zero whatever the rules say.",
                    "pass the very Tensors that the computation used; list(mg.Tape("
                    "output)) shows them.",
                )
            )
    return list(dict.fromkeys(wrt))


def _cannot_run(step: Tensor, position: int) -> TypeError:
    row: Any = step.primitive
    return TypeError(
        explain(
            f"the proof of {row.name} ({where_made(position, step)})",
            {"result": step},
            "its function or its rules need floating-point numbers: they do not run on "
            "object arrays of exact numbers, and a linear row has no lemma instead.",
            f"write the row {row.name!r} with NumPy calls that work on any dtype.",
        )
    )


def _divides_by_zero(output: Tensor) -> ValueError:
    return ValueError(
        explain(
            f"the proof of {output.name or 'an output'}",
            {"output": output},
            "at every random point tried, something was divided by zero: a denominator "
            "is zero whatever the inputs are.",
            "look for x - x, or a constant 0, under a division.",
        )
    )


def _named(wrt: list[Tensor], tape: Tape) -> tuple[tuple[str, tuple[int, ...]], ...]:
    position = {step: k for k, step in enumerate(tape)}
    return tuple((each.name or f"t{position[each]}", each.shape) for each in wrt)
