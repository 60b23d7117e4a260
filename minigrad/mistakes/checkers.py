"""Four checkers look at one broken gradient: what does each of them say?

    the prover           mg.prove: exact, names the rule or the walk
    finite differences   (L(θ + ε) - L(θ - ε)) / 2 ε against every entry of the
                         gradient; ε = 1e-6, allowed are 1e-5 + 1e-3 |slope|
    five spots           the same at five entries drawn at random, as most projects do
    the complex step     mg.check_gradients: along random directions, to 1e-12

The settings of the second are customary, not the best: floats of 64 bits would bear
tighter ones, floats of 32 bits would not even bear these. The spot check is not run but
calculated, because whether five random entries meet a wrong one is a matter of chance.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

import minigrad as mg
from minigrad.mistakes.mistake import Blame, Mistake
from minigrad.mistakes.small_models import SmallModel
from minigrad.proving import ProofFailed, prove

EPSILON, ATOL, RTOL = 1e-6, 1e-5, 1e-3
SPOTS = 5


class Verdict(NamedTuple):
    """What the checkers say of one model.

    blame         whom the prover names; None if it proves the gradient
    wrong         how many entries of the gradient finite differences find wrong
    entries       how many there are
    complex_step  does the complex step notice?
    """

    blame: Blame | None
    wrong: int
    entries: int
    complex_step: bool

    @property
    def detection_probability(self) -> float:
        """The probability that a wrong entry is among five drawn at random.

        >>> Verdict(None, wrong=1, entries=50, complex_step=True).detection_probability
        0.1
        """
        missed = math.comb(self.entries - self.wrong, SPOTS)
        return round(1 - missed / math.comb(self.entries, SPOTS), 6)


def examined(mistake: Mistake) -> Verdict:
    """Plant a mistake, ask all checkers, and mend the engine again."""
    with mistake.planted():
        model = mistake.model()
        return Verdict(blamed(model), *differing(model), complex_step(model))


def blamed(model: SmallModel, seed: int | None = 0) -> Blame | None:
    """Ask the prover; return whom it names, or None if the gradient is proved."""
    try:
        prove(model.loss, model.wrt, seed=seed)
    except ProofFailed as failure:
        return accused(failure, model.loss)
    return None


def accused(failure: ProofFailed, loss: mg.Tensor) -> Blame:
    """Return whom a failed proof names: a row and argument, or a place on the tape."""
    if failure.row is not None or failure.step is None:
        return Blame(type(failure), failure.row, failure.argument, None)
    step = mg.Tape(loss).steps[failure.step]
    times = (f"[{label}]" for label in step.scope if isinstance(label, int))
    return Blame(type(failure), None, None, f"{step.name}{''.join(times)}")


def differing(model: SmallModel) -> tuple[int, int]:
    """Compare every entry with finite differences; return how many fail, of how many.

    >>> from minigrad.mistakes.small_models import batch
    >>> differing(batch())
    (0, 17)
    """
    loss, wrt = model
    failing = 0
    for x, bar in zip(wrt, mg.grad(loss, wrt), strict=True):
        slopes = finite_differences(loss, x)
        failing += int(np.sum(np.abs(bar - slopes) > ATOL + RTOL * np.abs(slopes)))
    return failing, sum(x.size for x in wrt)


def finite_differences(loss: mg.Tensor, x: mg.Tensor) -> np.ndarray:
    """Return the central difference quotient of a recorded loss in each entry of x."""
    tape, slopes = mg.Tape(loss), np.empty(x.shape)
    for entry in np.ndindex(x.shape):
        step = np.zeros(x.shape)
        step[entry] = EPSILON
        above, below = (
            tape.replay({x: moved})[loss].item()
            for moved in (x.data + step, x.data - step)
        )
        slopes[entry] = (above - below) / (2 * EPSILON)
    return slopes


def complex_step(model: SmallModel) -> bool:
    """Does `mg.check_gradients` notice that something is wrong?"""
    try:
        mg.check_gradients(replayed(model), *(x.data for x in model.wrt), order=1)
    except (AssertionError, TypeError, ValueError):
        return True
    return False


def replayed(model: SmallModel) -> Callable[..., mg.Tensor]:
    """Return the recorded loss as a function of what its gradient is asked by."""
    loss, wrt = model
    tape = mg.Tape(loss)

    def function(*leaves: mg.Tensor) -> mg.Tensor:
        return tape.replay(dict(zip(wrt, leaves, strict=True)))[loss]

    return function


HEADER = ("mistake", "the prover names", "differences", "5 spots", "complex")


def cells(mistake: Mistake, found: Verdict) -> tuple[str, ...]:
    """Return a verdict in words, in the order of HEADER."""
    return (
        mistake.name,
        str(found.blame or "nobody: PROVED"),
        f"{found.wrong} of {found.entries}" if found.wrong else "passes",
        ">99%"
        if 0.99 < found.detection_probability < 1
        else f"{found.detection_probability:.0%}",
        "finds" if found.complex_step else "passes",
    )
