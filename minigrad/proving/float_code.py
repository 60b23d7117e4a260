"""What a step computes, and its slopes, in the numbers that train: entry by entry.

Of an elementwise row the formulas say what comes out, to some units in the last place;
of a linear row what it computes of jets does.

A lemma holds on its row's domain, and beside kinks. Where numbers were recorded
elsewhere, the slope is compared with SymPy's derivative of the meaning, if that is
finite and continuous there.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias, cast, overload

import numpy as np

from minigrad.context import clean_recording
from minigrad.numpy_protocol.array_like import plain
from minigrad.primitive import Elementwise, Linear
from minigrad.proving.jets import Jet
from minigrad.proving.lemmas import Function, Lemma
from minigrad.tensor import Tensor
from minigrad.types import Array, Operand, Shape

ULPS = 64  # units in the last place, of 1 or of the larger value
NUDGE = 2.0**-20  # by which arguments are moved to see how rounding them matters
CLOSE = 1e-3  # relative: how far a continuous derivative changes when they are

Off: TypeAlias = tuple[tuple[int, ...], float, float]  # where, found, expected


@dataclass(frozen=True, eq=False)
class Difference:
    """Code that is not what it should be: a step, the argument of the rule, numbers.

    argument  whose slope; None for the function itself
    why       why the rule did not run at all
    sums      was it the walk through the step, and not a slope by itself?
    """

    step: Tensor
    argument: int | None
    entry: tuple[int, ...] = ()
    found: float = np.nan
    expected: float = np.nan
    why: str = ""
    sums: bool = False


def epsilon(*arrays: object) -> float:
    """Return the coarsest precision of some arrays, no finer than that of a double."""
    dtypes = {a.dtype for a in map(plain, arrays) if hasattr(a, "dtype")}
    floats = [np.finfo(each) for each in dtypes if each.kind == "f"]
    return max(float(each.eps) for each in (np.finfo(float), *floats))


@overload
def double(arg: Array) -> Array: ...
@overload
def double(arg: object) -> object: ...
def double(arg: object) -> object:
    """Return an array in double precision; a number as a float; others as they are."""
    if isinstance(arg, Array) and arg.dtype.kind in "fiubO":
        return arg.astype(np.float64)
    if isinstance(arg, Array):
        raise TypeError(f"{arg.dtype} numbers are not real")
    return float(arg) if isinstance(arg, np.generic) else arg


def check_code(steps: Sequence[Tensor], lemma: Lemma) -> Difference | None:
    """Compare elementwise steps of one kind, and their slopes, with the formulas."""
    args = [_beside([step.args[i] for step in steps], steps) for i in _indices(steps)]
    at = [_beside(steps, steps), *args]
    limits = np.finfo(steps[0].dtype) if steps[0].dtype.kind == "f" else np.finfo(float)
    rounding = epsilon(steps[0], *steps[0].args), float(limits.max)
    with clean_recording():
        wrong = _first_off(at[0], lemma.value, args, rounding)
        if wrong:
            return _difference(steps, None, wrong)
        for i in _indices(steps):
            if not isinstance(steps[0].args[i], Tensor):
                continue
            slopes = []
            for step in steps:
                try:
                    slopes.append(_slope(step, i))
                except Exception as error:  # whatever a broken rule may raise
                    return Difference(step, i, why=str(error))
            found = np.array(slopes)
            wrong = _first_off(found, lemma.slopes[i], at, rounding)
            wrong = wrong or _no_derivative(found, lemma.derivatives[i], args, rounding)
            if wrong:
                return _difference(steps, i, wrong)
            if not np.array_equal(at[0], _beside(steps, steps), equal_nan=True):
                why = "it writes into the result that it is given"
                return Difference(steps[0], i, why=why)
    return None


def _difference(steps: Sequence[Tensor], i: int | None, wrong: Off) -> Difference:
    """Return what is wrong with one of several steps, which the entry begins with."""
    (k, *entry), found, expected = wrong
    return Difference(steps[k], i, tuple(entry), found, expected)


def _indices(steps: Sequence[Tensor]) -> range:
    return range(len(steps[0].args))


def _beside(arrays: Sequence[Operand], steps: Sequence[Tensor]) -> Array:
    """Return an array for each step, in double precision, as one more axis in front."""
    return np.array(
        [
            _spread(np.asarray(double(plain(a)), float), step.shape)
            for a, step in zip(arrays, steps, strict=True)
        ]
    )


def _slope(step: Tensor, i: int) -> Array:
    """Return what the code of a partial gives in the recorded numbers."""
    row: Elementwise = step.primitive  # type: ignore[assignment]
    slope = plain(row.partials[i](step.data, *map(plain, step.args)))
    return _spread(double(np.asarray(slope)), step.shape)


def _spread(array: Array, shape: Shape) -> Array:
    """Return an array repeated to a shape; most have it, and NumPy would be slow."""
    return array if array.shape == shape else np.broadcast_to(array, shape)


def _first_off(
    found: Array, formula: Function, at: Sequence[Array], rounding: tuple[float, float]
) -> Off | None:
    """Return the first entry that is off, and both numbers there.

    Where the formula itself is not finite, or too large for the dtype, nothing can be
    compared. `rounding` is the precision of the dtype and its largest number.
    """
    eps, largest = rounding
    expected = np.broadcast_to(np.asarray(formula(*at), np.float64), found.shape)
    known = np.abs(expected) <= largest
    with np.errstate(all="ignore"):
        gap = np.abs(found - expected)
        allowed = ULPS * eps * np.maximum(1, np.abs(expected))
        if not (~(gap <= allowed) & known).any():
            return None
        for k, x in enumerate(at):  # does the rounding of an argument explain it?
            nudged = [*at[:k], np.asarray(x) * (1 + NUDGE), *at[k + 1 :]]
            moved = np.abs(np.asarray(formula(*nudged), np.float64) - expected)
            allowed = allowed + ULPS * eps / NUDGE * np.nan_to_num(moved)
        return _first(~(gap <= allowed) & known, found, expected)


def _no_derivative(
    found: Array,
    derivative: Function,
    args: Sequence[Array],
    rounding: tuple[float, float],
) -> Off | None:
    """Return the first entry where the meaning has another derivative, and both."""
    eps, largest = rounding
    with np.errstate(all="ignore"):
        expected = np.broadcast_to(derivative(*args), found.shape)
        allowed = max(CLOSE, ULPS * eps) * np.maximum(1, np.abs(expected))
        known = np.abs(expected) <= largest
        for way in (-NUDGE, NUDGE):
            near = derivative(*(a + way * np.maximum(1, np.abs(a)) for a in args))
            known = known & (np.abs(near - expected) <= allowed)
        return _first(known & ~(np.abs(found - expected) <= allowed), found, expected)


def _first(off: Array, found: Array, expected: Array) -> Off | None:
    if not off.any():
        return None
    entry = tuple(int(i) for i in np.argwhere(off)[0])
    return entry, float(found[entry]), float(expected[entry])


def check_image(step: Tensor) -> Difference | None:
    """Compare what a linear step computed with what its row computes of jets."""
    row: Linear = step.primitive  # type: ignore[assignment]
    args = [
        Jet(double(a.data)) if isinstance(a, Tensor) else double(a) for a in step.args
    ]
    with clean_recording(), np.errstate(all="ignore"):
        expected = cast(Array, cast(Jet, row.function(*args, **step.options)).value)
        found = double(step.data)
        if np.array_equal(found, expected):
            return None
        sizes = [float(np.sum(np.abs(plain(a)))) for a in step.args]
        size = sum(sizes) if row.jointly else math.prod(sizes)
        known = np.isfinite(expected) & np.isfinite(found)
        allowed = ULPS * epsilon(step, *step.args) * size
        wrong = _first(known & (np.abs(found - expected) > allowed), found, expected)
    return wrong and Difference(step, None, *wrong)
