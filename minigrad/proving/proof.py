"""`mg.prove(loss)`: is the gradient that trains the derivative? Shown, or refuted.

Three statements, each checked by other means, together say so:

    slopes      every partial of an elementwise row on the tape is the derivative of
                what the row means, as real functions: SymPy           (lemmas.py)
    chain rule  whatever the slopes are, the engine's walk combines them, and the linear
                rows, to the derivative: exactly, modulo random primes (whole_tape.py)
    in floats   the code that trains is those formulas, entry by entry, at this tape's
                shapes, dtypes and places in memory                    (in_floats.py)
                and the very gradient agrees with tangents        (float_gradient.py)

The second is tested at a random point, so it errs with a chance that is bounded by the
size of the polynomials that are compared, and printed (bounds.py).

With order=2 the recorded gradient is compared in the same way, and then <gradient, v>
is a tape of its own, which is proved like any other: its gradient is the Hessian times
v. That the recording forgot no number is seen by running it at another point.
"""

from __future__ import annotations

import math
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

import numpy as np

from minigrad.context import clean_recording
from minigrad.gradient import grad
from minigrad.habits import taught
from minigrad.messages import explained
from minigrad.numpy_protocol.array_like import plain
from minigrad.parameter import Parameter
from minigrad.primitive import Elementwise, Primitive
from minigrad.proving import in_floats
from minigrad.proving.blame import (
    code_failed,
    gradient_failed,
    gradient_unfit,
    numbers_changed,
)
from minigrad.proving.bounds import Bound, chance
from minigrad.proving.certificate import Certificate, log2_up, versions
from minigrad.proving.counterexample import Counterexample, of_rule
from minigrad.proving.failures import LemmaFailed, ProofFailed
from minigrad.proving.float_gradient import check_gradient, rounding_of
from minigrad.proving.identity import RECORDED, REVERSE
from minigrad.proving.lemmas import Lemma, Lemmas, prove_row
from minigrad.proving.one_step import show_cells
from minigrad.proving.outside import outside
from minigrad.proving.program import fingerprint, where_made
from minigrad.proving.residues import Field
from minigrad.proving.second_order import recorded_gradient
from minigrad.proving.whole_tape import FEWEST, chain_rule
from minigrad.questions import Inputs, chosen_inputs, tape_of
from minigrad.refusals import require_unspoilt
from minigrad.tape import Tape, made_by
from minigrad.tensor import Tensor
from minigrad.types import Shape

ZERO = ", so its gradient is zero whatever the rules say."


@taught
def prove(
    output: Tensor, wrt: Inputs = None, order: int = 1, seed: int | None = None
) -> Certificate:
    """Prove that the gradient of `output` is its derivative, on its recorded tape.

    output   a Tensor with one entry
    wrt      a Tensor, a Module, or a structure of such; every leaf of the tape if None
    order    2 to prove the second derivative, the Hessian times a vector, as well
    seed     an integer from which every random choice is made; drawn if None

    The engine plans its walk by what is asked of it, and the proof is about that walk:
    to prove what a training step computes, give the `wrt` that it asks for. Without
    `wrt` the walk to the Parameters alone is proved as well.

    >>> w, x = mg.Tensor([1.0, 2.0], name="w"), mg.Tensor([3.0, 4.0], name="x")
    >>> certificate = prove(mg.tanh(w * x).sum(), seed=1)
    >>> certificate.inputs, certificate.slopes, certificate.chance < -60
    (4, 6, True)

    Raises ProofFailed, naming the row, argument and step, or saying that every rule is
    right and the accumulation wrong; ValueError or TypeError for what cannot be asked.
    """
    tape, inputs = _question(output, wrt, order)
    (output,) = tape.outputs
    alone = parameters_alone(inputs) if wrt is None else []
    return certify(output, inputs, alone, order, seed)


def certify(
    output: Tensor,
    wrt: Sequence[Tensor],
    alone: Sequence[Tensor] = (),
    order: int = 1,
    seed: int | None = None,
    recorded: bool = False,
) -> Certificate:
    """Prove the walk that asks for `wrt`, and the walk that asks for `alone` of them.

    With `recorded` the walk that records the gradient is compared as well: it goes
    through each adjoint by itself, where the other may compute many at once.
    """
    tape, wrt = _question(output, list(wrt), order)
    _require_real(tape)
    seed = secrets.randbits(64) if seed is None else seed
    random = Random(seed)
    modes = (REVERSE, RECORDED) if recorded or order == 2 else (REVERSE,)
    shown = [_show(output, tape, wrt, alone, modes, random)]
    claims: list[tuple[Tape, Sequence[Tensor]]] = [(tape, wrt)]
    for asked in filter(None, (wrt, alone) if order == 2 else ()):
        second, by = recorded_gradient(output, tape, asked, shown[0].lemmas, random)
        if by:
            (product,) = second.outputs
            try:
                shown.append(_show(product, second, by, (), (REVERSE,), random))
            except ProofFailed as failure:
                failure.tape = second
                raise
            claims.append((second, by))
    cells = show_cells(tape, Field.drawn(random, FEWEST))
    lemmas = {row: lemma for each in shown for row, lemma in each.lemmas.items()}
    return Certificate(
        output=output.name or "the output",
        wrt=_named(tape, wrt),
        alone=len(alone),
        order=order,
        vacuous=shown[0].vacuous,
        outside=tuple(sentence for t, by in claims for sentence in outside(t, by)),
        tape=fingerprint(tape),
        steps=sum(step.primitive is not None for step in tape),
        inputs=sum(leaf.size for leaf in tape.leaves),
        slopes=sum(each.slopes for each in shown),
        constants=_constants(tape),
        lemmas=tuple(sorted(f"{row.name}  {lemmas[row]}" for row in lemmas)),
        kinds=sum(each.kinds for each in shown),
        dtypes=tuple(sorted({str(step.dtype) for t, _ in claims for step in t})),
        not_in_floats=next((s.not_in_floats for s in shown if s.not_in_floats), ""),
        rounding=max(each.rounding for each in shown),
        precision=max(rounding_of(t) for t, _ in claims),
        cells=cells,
        retraced=(),
        primes=tuple(p for each in shown for p in each.primes),
        seed=seed,
        degree=max(each.bound.degree for each in shown),
        height_bits=max(0, *(math.ceil(max(0.0, s.bound.bits)) for s in shown)),
        chance=log2_up(_either([each.chance for each in shown])),
        versions=versions(),
        claims=claims,
    )


@dataclass(frozen=True)
class _Shown:
    """What was shown of one tape."""

    lemmas: Lemmas
    primes: tuple[int, ...]
    bound: Bound
    chance: float
    slopes: int
    vacuous: str
    kinds: int
    not_in_floats: str
    rounding: float


def _show(
    output: Tensor,
    tape: Tape,
    wrt: Sequence[Tensor],
    alone: Sequence[Tensor],
    modes: Sequence[str],
    random: Random,
) -> _Shown:
    """Show lemmas, chain rule and floats of a tape with one output."""
    lemmas = prove_rows(tape)
    trials, size, zero = chain_rule(output, tape, wrt, alone, modes, random)
    primes = tuple(p for made in trials for p in made.field.primes)
    why = in_floats.in_floats(tape)
    kinds, rounding, before = 0, 0.0, in_floats.numbers(tape)
    if not why:
        for wrong in in_floats.differences(tape, lemmas, random):
            raise code_failed(wrong, tape)
        kinds = len(in_floats.kinds(tape))
        why, rounding = _very_gradient(output, tape, wrt, alone, lemmas, modes, random)
    for step, one, other in zip(tape, before, in_floats.numbers(tape), strict=True):
        if one != other:
            raise numbers_changed(tape, step)
    slopes = sum(
        each.size
        for node in trials[0].copies.values()
        for each in getattr(node.primitive, "slopes", ())
        if each is not None
    )
    vacuous = ""
    if not sum(x.size for x in wrt):
        vacuous = "these arrays have no entries and nothing was compared"
    elif zero:
        vacuous = "the derivative is zero wherever it was looked at"
    odds = chance(size, len(primes))
    return _Shown(lemmas, primes, size, odds, slopes, vacuous, kinds, why, rounding)


# --------------------------------------------------------------------- the three parts


def _require_real(tape: Tape) -> None:
    """Refuse complex numbers: the engine has no gradient for them, so none is proved.

    No leaf is complex; a row that makes complex numbers of real ones is wrong.
    """
    for position, step in enumerate(tape):
        if step.dtype.kind == "c" and step.primitive is not None:
            raise explained(
                ProofFailed,
                "a proof of a tape with complex numbers",
                {step.name or "step": step},
                f"{step.primitive.name} made them at "
                f"{where_made(position, step)}, and the engine refuses gradients "
                "in complex numbers.",
                "let the row return real numbers for real ones.",
                row=step.primitive.name,
                step=position,
            )


def prove_rows(tape: Tape) -> dict[Primitive, Lemma]:
    """Prove every elementwise row on a tape; say at which step it first stands.

    Raises LemmaFailed.
    """
    shown: dict[Primitive, Lemma] = {}
    for position, step in enumerate(tape):
        row = step.primitive
        if isinstance(row, Elementwise) and row not in shown:
            try:
                shown[row] = prove_row(row)
            except LemmaFailed as failure:
                failure.step = position
                if failure.argument is not None and not failure.undecided:
                    failure.counterexample = of_rule(step, failure.argument)
                example = failure.counterexample
                sentences = (
                    [str(example)] if isinstance(example, Counterexample) else []
                )
                failure.add(*sentences, f"First used at {where_made(position, step)}.")
                raise
    return shown


def _very_gradient(
    output: Tensor,
    tape: Tape,
    wrt: Sequence[Tensor],
    alone: Sequence[Tensor],
    lemmas: Lemmas,
    modes: Sequence[str],
    random: Random,
) -> tuple[str, float]:
    """Compare the gradient that training computes; return why not, or by how much."""
    worst = 0.0
    with clean_recording():
        walks = []
        for asked in filter(None, (wrt, alone)):
            walks.append((asked, grad(output, list(asked))))
            if RECORDED in modes:
                bars = grad(output, list(asked), record=True)
                walks.append((asked, [plain(bar) for bar in bars]))
    for asked, bars in walks:
        for x, bar in zip(asked, bars, strict=True):
            if (bar.shape, bar.dtype) != (x.shape, x.dtype):
                raise gradient_unfit(tape, x, bar)
        found, expected, off = check_gradient(output, tape, asked, lemmas, random, bars)
        if np.isnan(off):
            return "the derivative is not finite at the recorded numbers", 0.0
        if off > 1:
            raise gradient_failed(tape, asked, found, expected, off)
        worst = max(worst, off)
    return "", worst


# ------------------------------------------------------------------------ the question


def _question(output: Tensor, wrt: Inputs, order: int) -> tuple[Tape, list[Tensor]]:
    """Return the tape and the Tensors to differentiate by, or say why there is none."""
    tape = tape_of(output, "prove")
    asked = "prove(output, wrt)"
    if len(tape.outputs) > 1 or tape.outputs[0].size != 1:
        raise explained(
            ValueError,
            asked,
            {f"output {i}": each for i, each in enumerate(tape.outputs)},
            "a gradient belongs to one number.",
            "prove a loss: y.sum(), or (y * g).sum() with a cotangent g; "
            "minigrad.testing.assert_proved takes a function or a layer as it is.",
        )
    (output,) = tape.outputs
    name = output.name or "output"
    if output.primitive is None:
        raise explained(
            ValueError,
            asked,
            {name: output},
            "it is a leaf: nothing was computed, so there is nothing to prove.",
            "prove the result of a computation.",
        )
    if order not in (1, 2):
        raise explained(
            ValueError,
            f"prove(output, order={order!r})",
            "the gradient is of order 1, the Hessian times a vector of order 2.",
            "order=1 or order=2; a recorded gradient is a tape of its own, and "
            "<gradient, u> can be proved to order 2 again.",
        )
    require_unspoilt(tape.steps, "prove")
    by = chosen_inputs(tape, wrt, "prove", asked, ZERO)
    made = [each for each in by if each.primitive is not None]
    if order == 2 and made:
        raise explained(
            ValueError,
            "prove(output, wrt, order=2)",
            {made[0].name or "wrt": made[0]},
            "it was computed, so its own rule reads it too: a second derivative "
            "by it has no clear meaning.",
            "ask by leaves: inputs and Parameters; t.detach() makes a leaf.",
        )
    return tape, by


def parameters_alone(leaves: Sequence[Tensor]) -> list[Tensor]:
    """Return the Parameters among some leaves, for which training asks; [] if all are.

    >>> parameters_alone([Tensor(1.0)])
    []
    """
    found: list[Tensor] = [each for each in leaves if isinstance(each, Parameter)]
    return found if len(found) < len(leaves) else []


def _named(tape: Tape, wrt: Sequence[Tensor]) -> tuple[tuple[str, Shape], ...]:
    """Return name and shape of each; without a name, its step on the tape."""
    position = {step: k for k, step in enumerate(tape)}
    return tuple((each.name or f"t{position[each]}", each.shape) for each in wrt)


def _constants(tape: Tape) -> tuple[str, ...]:
    """Say where floating constants stand: `argument 1 of multiply, step 3`."""
    found = []
    for position, step in enumerate(tape):
        for i, arg in enumerate(step.args):
            kind = getattr(arg, "dtype", None)
            floats = kind is not None and kind.kind == "f"
            if not isinstance(arg, Tensor) and (floats or isinstance(arg, float)):
                row = made_by(step)
                found.append(
                    f"argument {i} of {row.name}, {where_made(position, step)}"
                )
    return tuple(found)


def _either(chances: Sequence[float]) -> float:
    """Return log2 of the sum of probabilities that are given as log2."""
    total = math.fsum(2.0**each for each in chances)
    return math.log2(total) if total else -math.inf
