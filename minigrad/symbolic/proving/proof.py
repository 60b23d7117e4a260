"""`mg.prove(loss)`: is the gradient that trains the derivative? Shown, or refuted.

Five statements, each checked by other means:

    lemmas   every partial of an elementwise row is the derivative of what the row
             means, as real functions: SymPy, deterministic          (lemmas_used.py)
    rules    <g, A x'> = <A* g, x'> for every application on the tape, in a field
             of about 2^60 elements, on its own random numbers       (rules.py)
    network  <gradient, v> = D_v loss for the whole tape             (network.py)
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

A tape with very many numbers is calculated on whole arrays, modulo shorter primes and
several times (arrays/large.py); rules too large to be checked one by one are left to
the network and the rows, and the certificate counts them.

With order=2 the same is shown of the Hessian times a vector: the rules are those on the
tape of the recorded gradient, and <H v, w> = D_w D_v loss = <H w, v>.
"""

from __future__ import annotations

import math
import secrets
from fractions import Fraction
from random import Random
from typing import Any

from minigrad.context import clean_recording
from minigrad.gradient import grad
from minigrad.symbolic.arrays import large
from minigrad.symbolic.failures import divides_by_zero
from minigrad.symbolic.proving.cells import show_cells
from minigrad.symbolic.proving.certificate import (
    Certificate,
    fingerprint,
    log2,
    versions,
)
from minigrad.symbolic.proving.lemmas_used import lemmas_of, of_generators
from minigrad.symbolic.proving.memory import memory
from minigrad.symbolic.proving.network import check_network, check_start
from minigrad.symbolic.proving.outside import outside
from minigrad.symbolic.proving.question import (
    named_in,
    parameters_alone,
    question,
)
from minigrad.symbolic.proving.rows import show_rows
from minigrad.symbolic.proving.rules import BUDGET, check_rules
from minigrad.symbolic.rings.chance import chance
from minigrad.tape import Tape
from minigrad.tensor import Tensor


def prove(
    output: Any, wrt: Any = None, order: int = 1, seed: int | None = None
) -> Certificate:
    """Prove that the gradient of `output` is its derivative, on its recorded tape.

    output   a Tensor with one entry
    wrt      a Tensor, or a list, tuple or dict of them; every leaf of the tape if None
    order    2 to prove the second derivative, the Hessian times a vector, as well
    seed     an integer from which every random choice is made; drawn if None

    The engine plans its walk by what is asked of it, and the proof is about that walk:
    to prove what a training step computes, give the `wrt` that it asks for. Without
    `wrt` the walk to the Parameters alone is proved as well.

    >>> import minigrad as mg
    >>> w, x = mg.Tensor([1.0, 2.0], name="w"), mg.Tensor([3.0, 4.0], name="x")
    >>> certificate = prove(mg.tanh(w * x).sum(), seed=1)
    >>> certificate.degree, certificate.inputs, certificate.generators
    (4, 4, {'tanh': 2})

    Raises ProofFailed, naming the row, argument and step, or saying that every rule is
    right and the accumulation wrong; ValueError or TypeError for what cannot be asked.
    """
    everything = wrt is None
    tape, wrt = question(output, wrt, order)
    alone = parameters_alone(wrt) if everything else []
    seed = secrets.randbits(64) if seed is None else seed
    random = Random(seed)
    whole = tape if order == 1 else _with_gradient(tape, wrt)
    in_arrays = order == 1 and large.work(tape) > large.WORTHWHILE
    known = memory()
    lemmas = lemmas_of(whole)
    try:
        rules = check_rules(whole, random, known, BUDGET if in_arrays else math.inf)
        if in_arrays:
            walks = [
                large.check_tape(tape, asked_for, random, rules.opaque)
                for asked_for in filter(None, (wrt, alone))
            ]
        else:
            opaque = rules.opaque
            walks = [check_network(tape, wrt, random, opaque, order, alone)]
    except ZeroDivisionError as error:
        asked = f"the proof of {output.name or 'an output'}"
        raise divides_by_zero(asked, {"output": output}) from error
    check_start(output)
    network = walks[0]
    opaque = {row for walk in walks for row in walk.opaque}
    rows, sizes = show_rows(whole, opaque, seed, known)
    cells = show_cells(tape, opaque, known)
    sizes = [*rules.sizes, *sizes]
    told = of_generators(network.met, network.generators, lemmas)
    return Certificate(
        output=output.name or "the output",
        wrt=named_in(tape, wrt),
        alone=len(alone),
        order=order,
        outside=outside(whole, wrt),
        tape=fingerprint(tape),
        steps=sum(step.primitive is not None for step in tape),
        applications=rules.checked + rules.left,
        too_large=rules.left,
        inputs=sum(leaf.size for leaf in tape.leaves),
        generators=network.generators,
        lemmas=(*lemmas, *told),
        opaque=tuple(sorted(row.name for row in opaque)),
        rows=rows,
        cells=cells,
        primes=tuple(p for walk in walks for p in walk.primes),
        seed=seed,
        degree=max(walk.degree for walk in walks),
        height_bits=max(walk.height_bits for walk in walks),
        chance=log2(sum((walk.chance for walk in walks), Fraction(0))),
        rules_degree=max((size.degree for size in sizes), default=0),
        rules_chance=log2(sum(map(chance, sizes), Fraction(0))),
        versions=versions(),
    )


def _with_gradient(tape: Tape, wrt: list[Tensor]) -> Tape:
    """Return the tape and its recorded gradient, as second derivatives read it."""
    (output,) = tape.outputs
    with clean_recording():
        return Tape(output, *grad(output, wrt, record=True))
