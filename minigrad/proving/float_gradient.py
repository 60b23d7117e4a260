"""The very gradient that training asks for, in its own floats.

Same tape, same `wrt`, same dtype, same places in memory: what `mg.grad` gives is paired
with a random direction v, and compared with the tangent of the output along v, which
jets carry forward in double precision through the recorded numbers. Slopes come from
the formulas that the lemmas have shown, so no rule and no walk takes part:

    <gradient, v> = D_v output      up to what rounding in the tape's dtype explains
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping, Sequence
from random import Random
from typing import cast

import numpy as np

from minigrad.context import clean_recording
from minigrad.gradient import grad
from minigrad.primitive import Elementwise
from minigrad.proving.float_code import ULPS, double, epsilon
from minigrad.proving.jets import Entries, Jet
from minigrad.proving.lemmas import Lemmas
from minigrad.tape import Tape, made_by
from minigrad.tensor import Tensor
from minigrad.types import Array


def rounding_of(tape: Tape) -> float:
    """Return what rounding may do to a gradient, relative to the sum of its terms."""
    return epsilon(*tape) * (ULPS + len(tape))


def check_gradient(
    output: Tensor,
    tape: Tape,
    wrt: Sequence[Tensor],
    lemmas: Lemmas,
    random: Random,
    gradients: Sequence[Array] | None = None,
) -> tuple[float, float, float]:
    """Compare <gradient, v> with the tangent of the output: (found, expected, off by).

    The last number is the gap in units of what rounding may do; above 1 it is an error,
    and it is NaN where the derivative is not finite. `gradients` is what `grad` gave.

    Each array has its own scale in v, so that a small gradient counts like a large one.
    """
    rng = np.random.default_rng(random.getrandbits(64))
    with clean_recording(), np.errstate(all="ignore"):
        if gradients is None:
            gradients = grad(output, list(wrt))
        arrays = [np.asarray(double(g)) for g in gradients]
        bars = dict(zip(wrt, arrays, strict=True))
        compare = functools.partial(_compared, output, tape, lemmas, rng)
        found, expected, off = compare(bars, closer=False)
        if off > 1:  # some arrays need a closer look, and each stands for itself
            each = [compare({x: bar}, closer=True) for x, bar in bars.items()]
            found, expected, off = max(
                each, key=lambda numbers: np.nan_to_num(numbers[2])
            )
        lost = {x: np.where(np.isfinite(bar), 0, 1.0) for x, bar in bars.items()}
        if off > 1 or not any(map(np.any, lost.values())):
            return found, expected, off
        directions = {x: rng.standard_normal(x.shape) * at for x, at in lost.items()}
        expected = _number(tangents(tape, directions, lemmas)[output].tangent)
    return np.nan, expected, np.inf if np.isfinite(expected) else np.nan


def _compared(
    output: Tensor,
    tape: Tape,
    lemmas: Lemmas,
    rng: np.random.Generator,
    bars: Mapping[Tensor, Array],
    closer: bool,
) -> tuple[float, float, float]:
    """Compare a part of the gradient, where it is finite; see `check_gradient`."""
    directions = {x: _direction(bar, rng) for x, bar in bars.items()}
    terms = [np.nan_to_num(bar) * directions[x] for x, bar in bars.items()]
    dots = tangents(tape, directions, lemmas)
    found, expected = float(sum(map(np.sum, terms))), _number(dots[output].tangent)
    if not np.isfinite(expected):
        return found, expected, np.nan
    eps = epsilon(*tape)
    size = math.fsum(float(np.sum(np.abs(term))) for term in terms)
    least = [_least(x) * np.sum(np.abs(directions[x])) for x in bars]
    gap, allowed = abs(found - expected), rounding_of(tape) * size + ULPS * sum(least)
    if gap > allowed and closer:
        allowed += rounding_of(tape) * _largest_flow(output, tape, dots)
    if gap > allowed and closer:
        for _ in range(2):
            nearby = tangents(tape, directions, lemmas, (rng, eps))
            allowed += ULPS * abs(_number(nearby[output].tangent) - expected)
    return found, expected, np.divide(gap, allowed) if gap else 0.0


def _direction(bar: Array, rng: np.random.Generator) -> Array:
    """Return random numbers on the scale at which <bar, v> is about 1; 0 beside NaN."""
    finite = np.isfinite(bar)
    scale = np.max(np.abs(bar), where=finite, initial=0.0)
    direction: Array = rng.standard_normal(bar.shape) * finite
    return direction / np.clip(scale, 1e-99, 1e99) if scale else direction


def _least(x: Tensor) -> float:
    """Return the smallest number of a dtype: below it all is rounded to it, or to 0."""
    is_float = x.dtype.kind == "f"
    return float(np.finfo(x.dtype if is_float else float).smallest_subnormal)


def _number(tangent: Entries | None) -> float:
    return 0.0 if tangent is None else float(np.sum(tangent))


def _largest_flow(output: Tensor, tape: Tape, dots: Mapping[Tensor, Jet]) -> float:
    """Return sum |s_bar s_dot| at the step s of the tape where it is greatest."""
    bars = grad(output, tape.steps)
    flows = (
        np.abs(double(bar) * dots[step].tangent)
        for step, bar in zip(tape.steps, bars, strict=True)
        if dots[step].tangent is not None
    )
    return max(float(np.sum(flow, where=np.isfinite(flow))) for flow in flows)


def tangents(
    tape: Tape,
    directions: Mapping[Tensor, Array],
    lemmas: Lemmas,
    rounded: tuple[np.random.Generator, float] | None = None,
    values: Mapping[Tensor, Array] | None = None,
) -> dict[Tensor, Jet]:
    """Carry tangents forward through the recorded numbers, in double precision.

    Slopes come from the lemmas' formulas, linear rows act on jets. With `rounded`, a
    random source and a size, the recorded numbers are moved by that much, relatively.
    With `values` (of leaves) the numbers are computed anew, by what the rows mean.
    """

    def at(step: Tensor) -> Array:
        numbers: Array = double(step.data)
        if rounded is not None:
            rng, eps = rounded
            numbers = numbers * (1 + eps * rng.standard_normal(step.shape))
            numbers = numbers + _least(step) * rng.standard_normal(step.shape)
        return numbers

    def jet(step: Tensor, value: Entries, tangent: Entries | None) -> Jet:
        if step in directions:
            tangent = (
                directions[step] if tangent is None else tangent + directions[step]
            )
        return Jet(value, tangent)

    def applied(step: Tensor, args: list[object]) -> Jet:
        row = made_by(step)
        if not isinstance(row, Elementwise):
            carried = cast(Jet, row.function(*args, **step.options))
            value = carried.value if values is not None else at(step)
            return jet(step, value, carried.tangent)
        numbers = [a.value if isinstance(a, Jet) else a for a in args]
        lemma = lemmas[row]
        value = at(step) if values is None else np.asarray(lemma.value(*numbers))
        tangent = None
        for slope, a in zip(lemma.slopes, args, strict=True):
            if isinstance(a, Jet) and a.tangent is not None:
                term = slope(value, *numbers) * a.tangent
                if not np.isfinite(term).all():  # what does not move, stays
                    term = np.where(a.tangent == 0, 0.0, term)
                if term.shape != step.shape:
                    term = np.broadcast_to(term, step.shape)
                tangent = term if tangent is None else tangent + term
        return jet(step, value, tangent)

    given = values or {}
    leaves = {x: jet(x, given.get(x, at(x)), None) for x in tape.leaves}
    return tape.replay(leaves, double, applied)
