"""Second derivatives: the recorded gradient is a tape, and is proved like any other.

The gradient of <gradient, v> is the Hessian times v, if the recorded gradient is the
gradient wherever it is run. So it is run at points nearby, and compared with tangents
there: a rule that used a number its recording does not know is found out.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Mapping, Sequence
from random import Random

import numpy as np

from minigrad.context import clean_recording
from minigrad.gradient import grad
from minigrad.numpy_protocol.array_like import plain
from minigrad.proving import in_floats
from minigrad.proving.blame import forgotten
from minigrad.proving.float_code import epsilon
from minigrad.proving.float_gradient import tangents
from minigrad.proving.lemmas import Lemmas
from minigrad.tape import Tape
from minigrad.tensor import Tensor
from minigrad.types import Array

NEARBY, FAR = 3, 1e-2  # points, and how far they are at most, relatively
STALE = 1e-6  # relative: by how much a recording may differ there


def recorded_gradient(
    output: Tensor, tape: Tape, wrt: Sequence[Tensor], lemmas: Lemmas, random: Random
) -> tuple[Tape, list[Tensor]]:
    """Return the tape of <gradient, v>, and which of `wrt` are on it.

    Raises ProofFailed if the recording, run at another point, is no gradient there: a
    rule then used numbers that its recording does not know.
    """
    rng = np.random.default_rng(random.getrandbits(64))
    with clean_recording():
        bars = grad(output, list(wrt), record=True)
        terms: list[Tensor] = []
        directions: dict[Tensor, Tensor] = {}
        for k, (x, bar) in enumerate(zip(wrt, bars, strict=True)):
            most = float(np.finfo(_floating(x)).max) ** 0.25  # v must not overflow
            scale = np.max(np.abs(plain(bar)).astype(float), initial=0.0)
            numbers = rng.standard_normal(x.shape) / (
                np.clip(scale, 1 / most, most) if 0 < scale < np.inf else 1
            )
            numbers = numbers.astype(_floating(x))
            v = directions[x] = Tensor(numbers, f"v_{x.name or k}")
            terms.append((bar * v).sum())
        product = functools.reduce(operator.add, terms)
        product.name = f"<gradient of {output.name or 'the output'}, v>"
        second = Tape(product)
    if not in_floats.in_floats(tape):
        _require_no_forgotten_number(tape, second, directions, lemmas, rng)
    on_tape = set(second)
    return second, [x for x in wrt if x in on_tape]


def _floating(x: Tensor) -> np.dtype:
    return x.dtype if x.dtype.kind == "f" else np.dtype(float)


def _require_no_forgotten_number(
    tape: Tape,
    second: Tape,
    directions: Mapping[Tensor, Tensor],
    lemmas: Lemmas,
    rng: np.random.Generator,
) -> None:
    """Run the recorded gradient at points nearby, and compare it with the tangent."""
    (output,), (product,) = tape.outputs, second.outputs
    along = {x: np.asarray(v.data, float) for x, v in directions.items()}
    given = {v: v.data for v in directions.values()}
    with clean_recording():
        bars = grad(output, list(along))
        pairs = zip(bars, along.values(), strict=True)
        size = sum(abs(float(np.sum(bar * u))) for bar, u in pairs)
        for _ in range(NEARBY):
            point: dict[Tensor, Array] = {
                leaf: leaf.data.astype(float)
                * (1 + FAR * rng.uniform(-1, 1, leaf.shape))
                for leaf in tape.leaves
            }
            dots = tangents(tape, along, lemmas, values=point)
            tangent = dots[output].tangent
            expected = 0.0 if tangent is None else float(np.sum(tangent))
            replayed = second.replay(point | given)
            found = float(np.sum(replayed[product]))
            eps = epsilon(*replayed.values())
            allowed = max(STALE, 1e3 * eps) * max(abs(expected), size)
            if abs(found - expected) > allowed:
                raise forgotten(output, found, expected)
