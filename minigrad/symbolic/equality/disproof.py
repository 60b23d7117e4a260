"""Two programs that were not shown equal: are they different?

The field cannot say. It was not told every identity, so two residues that differ may
belong to one function. Numbers can say: both programs are run again at the very inputs
of the recording, exactly as these floats are, with 50 and with 80 digits. If the
results differ, and by the same amount both times, it is no rounding: the inputs are a
counterexample, and the programs are `NotEqual`. If the difference shrinks as digits are
added, nothing speaks against their being equal, and nothing is proved: `NotShown`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from minigrad.messages import explain
from minigrad.primitive import Elementwise
from minigrad.symbolic.failures import ProofFailed
from minigrad.symbolic.meanings import LETTERS, read
from minigrad.symbolic.rings.closed_forms import exactly
from minigrad.tape import Tape
from minigrad.tensor import Array, Tensor

DIGITS = (50, 80)
SAME = 1e-6  # how far two differences may be apart, relatively, to be called the same
UNKNOWN = (
    "exp(a + b) = exp(a) exp(b), log(a b) = log(a) + log(b), sqrt(a) sqrt(a) = a, or "
    "the sine of a sum"
)
SHOWN = 12  # numbers of an input that a message spells out


class NotShown(ProofFailed):
    """Two programs whose equality could not be shown. This is no disproof.

    output   which output, and `entry` where in it
    values   what the two programs give there, as floats
    inputs   the arguments, by name, at which this is so
    """

    def __init__(
        self,
        message: str,
        output: str,
        entry: tuple[int, ...],
        values: tuple[float, float],
        inputs: dict[str, Array],
    ) -> None:
        super().__init__(message, found=values[0], expected=values[1])
        self.output = output
        self.entry = entry
        self.values = values
        self.inputs = inputs


class NotEqual(NotShown):
    """Two programs that give different numbers: `inputs` are a counterexample."""


def failure(
    asked: str,
    tape: Tape,
    differing: Mapping[str, tuple[Tensor, Tensor, list[tuple[int, ...]]]],
    inputs: Mapping[str, Tensor],
    alone: list[str],
) -> NotShown:
    """Return the failure for entries at which two programs differ in the field.

    differing  for each output its two Tensors, and the indices of those entries
    alone      leaves that only one program has, as words
    """
    found = _counterexample(tape, differing)
    output, entry = found[:2] if found else _first(differing)
    first, second, _ = differing[output]
    values = float(first.data[entry]), float(second.data[entry])
    at = output + (str(list(entry)) if entry else "")
    numbers = {name: x.data for name, x in inputs.items()}
    gives = f"{at} is {values[0]!r} by the first and {values[1]!r} by the second"
    if found:
        kind: type[NotShown] = NotEqual
        why = (
            f"they are different functions: {gives}. With {DIGITS[-1]} digits the "
            f"difference is {found[2]}, so it is not rounding."
        )
        fix = "look at what makes this entry; these inputs are a counterexample:"
        fix += "".join(f"\n        {name} = {_shown(x)}" for name, x in numbers.items())
    else:
        kind = NotShown
        why = (
            f"that is not shown, and not refuted either: {gives}, and no digit beyond "
            "rounding tells them apart, but as polynomials they differ. They may be "
            f"equal by an identity that the field was not told: {UNKNOWN}."
        )
        fix = "write both with the same exponentials, logarithms and roots."
    if alone:
        why += " Mind what is a variable of its own: " + "; ".join(alone) + "."
        fix = "make it an argument, or use the same Tensor in both. Or " + fix
    message = explain(asked, dict(inputs), why, fix)
    return kind(message, output, entry, values, numbers)


def _first(differing: Mapping[str, Any]) -> tuple[str, tuple[int, ...]]:
    output, (_, _, entries) = next(iter(differing.items()))
    return output, entries[0]


def _counterexample(tape: Tape, differing: Mapping[str, Any]) -> Any:
    """Return output, entry and difference where that is largest; None if it is noise.

    None as well if some function cannot be computed with many digits.
    """
    import mpmath

    try:
        few, many = (in_digits(tape, digits) for digits in DIGITS)
    except Exception:  # a user's row may raise anything
        return None
    largest, found = 0, None
    for output, (first, second, entries) in differing.items():
        for entry in entries:
            rough = few[first][entry] - few[second][entry]
            with mpmath.workdps(DIGITS[-1]):
                fine = many[first][entry] - many[second][entry]
                stable = abs(rough - fine) <= SAME * abs(fine)
            if stable and abs(fine) > largest:
                largest = abs(fine)
                found = output, entry, mpmath.nstr(fine, 3)
    return found


def in_digits(tape: Tape, digits: int) -> dict[Tensor, Array]:
    """Replay a tape from its own numbers, with this many digits.

    >>> import minigrad as mg
    >>> y = mg.exp(mg.Tensor(1.0))
    >>> import mpmath
    >>> mpmath.nstr(in_digits(mg.Tape(y), 30)[y].item(), 30)
    '2.71828182845904523536028747135'
    """
    import mpmath

    def exact(numbers: Any) -> Array:
        entries = [mpmath.mpf(float(x)) for x in np.asarray(numbers).flat]
        return np.array([*entries, None], object)[:-1].reshape(np.shape(numbers))

    with mpmath.workdps(digits):
        values: dict[Tensor, Array] = {}
        for step in tape:
            if step.primitive is None:
                values[step] = exact(step.data)
                continue
            args = [values[a] if isinstance(a, Tensor) else exact(a) for a in step.args]
            values[step] = np.asarray(_function(step.primitive)(*args, **step.options))
        return values


def _function(row: Any) -> Any:
    """Return what a row computes on numbers of mpmath."""
    import sympy

    if not isinstance(row, Elementwise):
        return row.function
    letters = LETTERS[: len(row.partials)]
    symbols = tuple(sympy.Symbol(letter, real=True) for letter in letters)
    value = exactly(read(row.name, row.meaning, symbols))
    compiled = sympy.lambdify(symbols, value, "mpmath")
    return np.frompyfunc(compiled, len(symbols), 1)


def _shown(numbers: Array) -> str:
    if numbers.size > SHOWN:
        return f"failure.inputs, {numbers.size} numbers"
    return np.array_repr(numbers, precision=17).replace("\n", "\n          ")
