"""What trains, compared with what SymPy proved: at points, in float64.

A lemma is about formulas. The code that trains runs on arrays of float64 (and on
Tensors of them, where a gradient is recorded), and may do something else there than on
symbols: a branch on the dtype is enough. So the function and every slope are also run
on floats, at points of the row's domain, and compared with the numbers that the
formulas have there.

That is no proof of all floats, and says nothing of float32.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad.context import clean_recording
from minigrad.messages import explain
from minigrad.symbolic.failures import LemmaFailed
from minigrad.symbolic.meanings import LETTERS, Case
from minigrad.tensor import Tensor

TOLERANCE = 1e-12  # of function from meaning, relative to 1 or the larger value
SLOPES = 1e-9  # the same for slopes: cosh as 1 / sqrt(1 - tanh²) loses digits, rightly


def compare_function(
    name: str, meaning: str, function: Any, value: Any, case: Case
) -> int:
    """Compare what a row computes with its meaning; return at how many points.

    Raises LemmaFailed, with the first point where they differ.
    """
    pairs = list(case.points(value))
    if not pairs:
        return 0
    expected = np.array([number for _, number in pairs])
    try:
        with np.errstate(all="ignore"):
            found = np.asarray(function(*_columns(pairs))).astype(float)
            k = _first_off(found, expected, TOLERANCE)
    except Exception as error:
        why = f"on an array of float64 it does not run ({error})"
        raise not_meant(name, why, meaning, error, value) from error
    if k is not None:
        why = f"at {_written(case, pairs[k][0])} it computes {found[k]!s}"
        meaning += f", which is {expected[k]!s}"
        raise not_meant(name, why, meaning, found[k], expected[k])
    return len(pairs)


def compare_slope(
    name: str,
    function: Any,
    i: int,
    partial: Callable[..., Any],
    derivative: Any,
    case: Case,
) -> None:
    """Compare partial i with the derivative, on arrays and on Tensors of float64.

    Raises LemmaFailed, with the first point where they differ.
    """
    pairs = list(case.points(derivative))
    if not pairs:
        return
    expected = np.array([number for _, number in pairs])
    columns = _columns(pairs)
    for kind, wrapped in (("an array", np.asarray), ("a Tensor", Tensor)):
        try:
            with np.errstate(all="ignore"), clean_recording():
                y = np.asarray(function(*columns))
                slope = partial(*(wrapped(each.copy()) for each in (y, *columns)))
                slope = slope.data if isinstance(slope, Tensor) else slope
                found = np.broadcast_to(np.asarray(slope, float), expected.shape)
                k = _first_off(found, expected, SLOPES)
        except Exception as error:
            why = f"the rule does not run on {kind} of float64: {error}"
            raise _wrong(name, i, why, error, derivative) from error
        if k is not None:
            why = (
                f"on {kind} of float64 the rule gives {found[k]!s} at "
                f"{_written(case, pairs[k][0])}, the derivative {derivative} is "
                f"{expected[k]!s}."
            )
            raise _wrong(name, i, why, found[k], expected[k])


def _columns(pairs: list[Any]) -> list[np.ndarray]:
    """Return the points as one array for each argument."""
    return [np.array(column) for column in zip(*(p for p, _ in pairs), strict=True)]


def _first_off(found: Any, expected: Any, tolerance: float) -> int | None:
    off = np.abs(found - expected) > tolerance * np.maximum(1, abs(expected))
    wrong = np.flatnonzero(off | np.isnan(found))
    return int(wrong[0]) if wrong.size else None


def _written(case: Case, point: tuple[float, ...]) -> str:
    both = zip(case.symbols, point, strict=True)
    return ", ".join(f"{symbol} = {x:g}" for symbol, x in both)


def not_meant(
    name: str, computes: str, meaning: str, found: Any, expected: Any
) -> LemmaFailed:
    """Return the failure of a function that is not what its row means."""
    return LemmaFailed(
        explain(
            f"the lemma of {name}",
            {},
            f"{computes}, and its meaning says {meaning}.",
            f"mend the function or the meaning in the row {name!r}.",
        ),
        name,
        found=found,
        expected=expected,
    )


def _wrong(name: str, i: int, why: str, found: Any, expected: Any) -> LemmaFailed:
    return LemmaFailed(
        explain(
            f"the lemma of {name}, partial {i} (with respect to {LETTERS[i]})",
            {},
            why,
            f"mend partial {i} in the row {name!r}: it may not tell kinds of numbers "
            "apart.",
        ),
        name,
        i,
        found=found,
        expected=expected,
    )
