"""`mg.prove(loss)`: is the gradient that trains the derivative? Shown, or refuted.

Five statements, each checked by other means:

    lemmas   every partial of an elementwise row is the derivative of what the row
             means, as real functions: SymPy, deterministic          (lemmas.py)
    rules    <g, A x'> = <A* g, x'> for every application on the tape, in a field
             of about 2^60 elements, on its own random numbers       (local.py)
    tape     <gradient, v> = D_v loss for the whole tape             (identity.py)
    rows     the rules again, at shapes and options that the tape does not have, in
             integers where the row is linear                        (rows.py)
    cell     one time step of a loop, as an identity of polynomials  (cells.py)

The third is the claim, and needs only the lemmas about generators beside it. The second
says, when it fails, which rule is broken. The last two say why one may expect the same
of other shapes and other lengths: they are deterministic but for the elementwise rows.

The prime is drawn at random between 2^60 and 2^61, so an identity that fails over the
rationals fails modulo the prime too, unless the prime divides every coefficient; and
the numbers are drawn at random, so it fails at them, unless they are a zero. Both
chances are bounded by the sizes of the polynomials, which a replay computes (sizes.py).

With order=2 the same is shown of the Hessian times a vector: the rules are those on the
tape of the recorded gradient, and <H v, w> = D_w D_v loss = <H w, v>.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from fractions import Fraction
from random import Random
from typing import Any

import numpy as np

from minigrad.gradient import grad
from minigrad.primitive import Elementwise, Primitive
from minigrad.symbolic.failures import (
    LemmaFailed,
    ProofFailed,
    cannot_run,
    divides_by_zero,
    where_made,
)
from minigrad.symbolic.proving.cells import show_cells
from minigrad.symbolic.proving.certificate import (
    Certificate,
    fingerprint,
    log2,
    versions,
)
from minigrad.symbolic.proving.counterexamples import of_rule, of_tape
from minigrad.symbolic.proving.identity import (
    Twin,
    both_sides,
    runs_on,
    second_order,
    twin,
)
from minigrad.symbolic.proving.local import (
    accumulation_failed,
    applications,
    check_rule,
    kind,
    rule_sizes,
)
from minigrad.symbolic.proving.memory import Memory, as_it_is, memory, remembered
from minigrad.symbolic.proving.question import named_in, question
from minigrad.symbolic.proving.rows import RowShown, show_row
from minigrad.symbolic.rings.domains import Field
from minigrad.symbolic.rings.generators import Generator
from minigrad.symbolic.rings.primes import BITS, PRIMES, random_prime
from minigrad.symbolic.rings.sizes import NotShared, SharedSizes, Size, Sizes
from minigrad.symbolic.setting import undisturbed
from minigrad.tape import Tape
from minigrad.tensor import Tensor

ATTEMPTS = 2  # the second, should a denominator be zero by accident


def prove(
    output: Any, wrt: Any = None, order: int = 1, seed: int | None = None
) -> Certificate:
    """Prove that the gradient of `output` is its derivative, on its recorded tape.

    output   a Tensor with one entry
    wrt      a Tensor, or a list, tuple or dict of them; every leaf of the tape if None
    order    2 to prove the second derivative, the Hessian times a vector, as well
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
    tape, wrt = question(output, wrt, order)
    seed = secrets.randbits(64) if seed is None else seed
    random = Random(seed)
    whole = tape if order == 1 else _with_gradient(tape, wrt)
    lemmas = _lemmas(whole)
    kinds = list(applications(whole))
    for attempt in range(ATTEMPTS):
        field = Field(random_prime(random), random)
        try:
            opaque = _check_rules(field, kinds)
            whole_field = Field(field.p, random)
            generators = _check_tape(whole_field, tape, wrt, opaque, order)
            break
        except ZeroDivisionError as error:
            if attempt == ATTEMPTS - 1:
                raise divides_by_zero(output) from error
    known = memory()
    rows, rules = _show_rows(whole, opaque, seed, known)
    cells = show_cells(tape, opaque, known)
    sizes = _sizes(tape, wrt, opaque, order)
    rules += [size for _, step in kinds for size in _rule_sizes(step, opaque, known)]
    return Certificate(
        output=output.name or "the output",
        wrt=named_in(tape, wrt),
        order=order,
        tape=fingerprint(tape),
        steps=sum(step.primitive is not None for step in tape),
        applications=len(kinds),
        inputs=sum(leaf.size for leaf in tape.leaves),
        generators=generators,
        lemmas=(*lemmas, *_generator_lemmas(whole_field.met, generators, lemmas)),
        opaque=tuple(sorted(row.name for row in opaque)),
        rows=rows,
        cells=cells,
        prime=field.p,
        seed=seed,
        degree=max(size.degree for size in sizes),
        height_bits=max(size.height.bit_length() for size in sizes),
        chance=log2(sum(map(chance, sizes), Fraction(0))),
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


def _rule_sizes(step: Tensor, opaque: set[Primitive], known: Memory) -> list[Size]:
    """Return the sizes of the differences that `check_rule` found to be zero."""
    key = "sizes", kind(step), as_it_is(step.primitive), step.primitive in opaque
    return remembered(known, key, lambda: rule_sizes(step, opaque))


def _with_gradient(tape: Tape, wrt: list[Tensor]) -> Tape:
    """Return the tape and its recorded gradient, as second derivatives read it."""
    (output,) = tape.outputs
    with undisturbed(), np.errstate(all="ignore"):
        return Tape(output, *grad(output, wrt, record=True))


def _check_rules(field: Field, kinds: list[tuple[int, Tensor]]) -> set[Primitive]:
    """Check each application on its own; return the rows that need their lemma."""
    opaque: set[Primitive] = set()
    for position, step in kinds:
        if not runs_on(field, step):
            if not isinstance(step.primitive, Elementwise):
                raise cannot_run(step, position)
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
    field: Field, tape: Tape, wrt: list[Tensor], opaque: set[Primitive], order: int
) -> dict[str, int]:
    """Check the claim itself; return how many generators of each kind it took."""
    (output,) = tape.outputs
    one = np.full(output.shape, field.lift(1), object)
    drawn: dict[str, int] = {}
    for made, found, expected in _compared(field, tape, wrt, opaque, order):
        drawn = drawn or dict(field.drawn)
        if found != expected:
            of_order = 2 if made.second else 1
            example = of_tape(output, wrt, of_order)
            raise accumulation_failed(made, tape, [one], found, expected, example)
    return {name: drawn[name] for name in drawn if name not in ("input", "direction")}


def _compared(
    ring: Any, tape: Tape, wrt: list[Tensor], opaque: set[Primitive], order: int
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
    tape: Tape, wrt: list[Tensor], opaque: set[Primitive], order: int
) -> list[Size]:
    """Return the sizes of the differences that `_check_tape` found to be zero."""

    def replayed(ring: Sizes) -> list[Size]:
        compared = _compared(ring, tape, wrt, opaque, order)
        return [found - expected for _, found, expected in compared]

    try:
        return replayed(SharedSizes())
    except NotShared:
        return replayed(Sizes())


def _show_rows(
    tape: Tape, opaque: set[Primitive], seed: int, known: Memory
) -> tuple[tuple[RowShown, ...], list[Size]]:
    """Try every row on the tape at other shapes; return that, and the sizes of it."""
    shown: list[RowShown] = []
    sizes: list[Size] = []
    first: dict[Any, int] = {}
    for position, step in enumerate(tape):
        if step.primitive is not None:
            first.setdefault(step.primitive, position)
    for row, position in first.items():
        key = "row", as_it_is(row), row in opaque
        try:
            one, more = remembered(
                known,
                key,
                lambda: show_row(row, row in opaque, seed),  # noqa: B023
            )
        except ProofFailed as failure:
            failure.step = position
            where = where_made(position, tape.steps[position])
            failure.add(f"First used at {where}.")
            raise
        shown.append(one)
        sizes += more
    return tuple(shown), sizes


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
                _place(failure, step, position)
                raise
    return sorted(shown.values())


def _place(failure: LemmaFailed, step: Tensor, position: int) -> None:
    """Say of a failed lemma where on the tape its row first stands, and in floats."""
    failure.step = position
    if failure.argument is not None:
        failure.counterexample = of_rule(step, failure.argument)
    told = [] if failure.counterexample is None else [str(failure.counterexample)]
    told.append(f"First used at {where_made(position, step)}.")
    failure.add(*told)


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
