"""Two programs that were not shown equal: are they different?

The field cannot say. It does not know every identity, so two residues that differ may
belong to one function. Numbers can say: both programs are run again at the numbers of
a record, exactly as these floats are, with 50 and with 80 digits. If the results
differ, and by the same amount both times, it is no rounding: the inputs are a
counterexample, and the programs are `NotEqual`. If the difference shrinks as digits are
added, nothing speaks against their being equal, and nothing is proved: `NotShown`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING

import mpmath
import numpy as np
import sympy

from minigrad.exact import fraction
from minigrad.messages import error_message, user_line
from minigrad.primitive import Elementwise, Primitive
from minigrad.proving.deciding import OutOfTime, within
from minigrad.proving.failures import ProofFailed
from minigrad.proving.formulas import LETTERS
from minigrad.proving.keyed_functions import as_written
from minigrad.tape import Tape, made_by
from minigrad.tensor import Tensor
from minigrad.types import Array, Operand, Real

if TYPE_CHECKING:
    from minigrad.proving.bounds import Bound
    from minigrad.proving.branches import Record

Place = tuple[str, tuple[int, ...]]  # the name of an output, and an entry
DIGITS = (50, 80)
SAME = 1e-6  # how far two differences may be apart, relatively, to be called the same
CLEAR = 1e-3  # a difference in floats that is no rounding, relative to the output
SECONDS = 5.0  # for the digits of one record
SHOWN = 12  # numbers of an input that a message spells out
UNKNOWN = (
    "sqrt(a) sqrt(a) = a, the sine of a sum, exp(a b) in terms of exp(a), or the sign "
    "of what stands in a root or a logarithm"
)


class NotShown(ProofFailed):
    """Two programs whose equality could not be shown. This is no disproof.

    output   which output, and `entry` where in it
    values   what the two programs give there, as floats
    inputs   the arguments, by name, at which this is so
    """

    output: str = "output"
    entry: tuple[int, ...] = ()
    values: tuple[float, float] = (0.0, 0.0)

    def __init__(self, record: Record, place: Place | None, why: str, fix: str) -> None:
        if not isinstance(self, NotEqual):
            why = f"that they are equal is not shown, and not refuted either: {why}"
        if place is not None:
            self.output, self.entry = place
            first, second = (float(x[self.entry]) for x in record.both(self.output))
            self.values = first, second
            at = self.output + (str(list(self.entry)) if self.entry else "")
            why = f"{at} is {first!r} by the first and {second!r} by the second; {why}"
        self.inputs = record.inputs()
        super().__init__(
            error_message(
                f"{record.programs.asked}, at {user_line()}", self.inputs, why, fix
            ),
            found=self.values[0],
            expected=self.values[1],
            undecided=not isinstance(self, NotEqual),
        )


class NotEqual(NotShown):
    """Two programs that give different numbers: `inputs` are a counterexample."""


def unknown_identity(record: Record, place: Place) -> NotShown:
    """Return the failure where two outputs are not the same polynomials."""
    why = (
        "no difference beyond rounding was seen, but as polynomials they differ. They "
        f"may be equal by an identity that is not known here: {UNKNOWN}."
    )
    fix = "write both with the same functions, or the same roots."
    alone = [
        f"{each.name or 'a leaf'} of shape {each.shape}" for each in record.alone()
    ]
    if alone:
        why += f" Only one of them uses {'; '.join(alone)}: a variable of its own."
        fix = f"make it an argument, or use the same Tensor in both. Or {fix}"
    return NotShown(record, place, why, fix)


def by_chance(record: Record, difference: Bound, log2: float) -> NotShown:
    """Return the failure where the agreement of two programs might be an accident."""
    why = (
        "they agree at every random point, but as quotients of polynomials of a degree "
        f"up to {difference.degree:,} two that differ might agree there as well, with "
        f"a chance of 2^{math.ceil(log2)}. Programs that multiply what they have "
        "multiplied, step after step, have such degrees."
    )
    fix = "compare fewer steps, or smaller shapes; or each part by itself."
    return NotShown(record, None, why, fix)


def unequal_in_floats(record: Record) -> list[Place]:
    """Return the entries at which two programs differ by more than usual rounding."""
    found = []
    for name in record.outputs:
        x, y = record.both(name)
        widest = [np.finfo(a.dtype).eps if a.dtype.kind in "fc" else 0 for a in (x, y)]
        off = np.abs(x - y) > max(widest) ** 0.5 * np.maximum(np.abs(x), np.abs(y))
        found += [(name, tuple(map(int, index))) for index in np.argwhere(off)]
    return found


def counterexample(record: Record, differing: list[Place]) -> NotEqual | None:
    """Return the disproof by the largest difference that is no rounding, if any."""
    sizes: dict[Place, float] = {}  # or a number of mpmath
    try:
        few, many = (
            within(SECONDS, _in_digits, record.tapes[2], digits, record.numbers)
            for digits in DIGITS
        )
        for name, index in differing:
            first, second = record.outputs[name]
            rough = few[first][index] - few[second][index]
            fine = many[first][index] - many[second][index]
            if fine and abs(rough - fine) <= SAME * abs(fine):
                sizes[name, index] = fine
        why = f"with {DIGITS[-1]} digits the difference is {{}}, so it is not rounding."
    except ZeroDivisionError:  # the programs are not defined here
        return None
    except (Exception, OutOfTime):  # a user's row may raise anything
        for name, index in differing:
            x, y = record.both(name)
            size = abs(x[index] - y[index]) / max(np.abs(x).max(), np.abs(y).max())
            if size > CLEAR:
                sizes[name, index] = size
        why = "they differ by {} of the largest entry, which is more than rounding."
    if not sizes:
        return None
    place = max(sizes, key=lambda each: abs(sizes[each]))
    fix = "look at what makes this entry; these inputs are a counterexample:"
    for name, x in record.inputs().items():
        numbers = np.array_repr(x, precision=17).replace("\n", "\n          ")
        if x.size > SHOWN:
            numbers = f"failure.inputs, {x.size} numbers"
        fix += f"\n        {name} = {numbers}"
    why = why.format(mpmath.nstr(sizes[place], 3))
    return NotEqual(record, place, f"they are different functions: {why}", fix)


def _in_digits(
    tape: Tape, digits: int, numbers: Mapping[Tensor, Array]
) -> dict[Tensor, Array]:
    """Replay a tape with this many digits, at these numbers of leaves.

    The numbers of leaves are taken as they are; constants as they are written.
    """

    def exact(values: Operand, read: Callable[[Real], Fraction]) -> Array:
        array = np.asarray(values)
        fractions = map(read, array.flat)
        entries = [mpmath.mpf(x.numerator) / x.denominator for x in fractions]
        return np.array([*entries, None], object)[:-1].reshape(array.shape)

    def applied(step: Tensor, args: list[Array]) -> Array:
        return np.asarray(_function(made_by(step))(*args, **step.options))

    given = {leaf: leaf.data for leaf in tape.leaves} | dict(numbers)
    with mpmath.workdps(digits):
        leaves = {leaf: exact(data, fraction) for leaf, data in given.items()}
        return tape.replay(
            leaves, lambda constant: exact(constant, as_written), applied
        )


def _function(row: Primitive) -> Callable[..., Array]:
    """Return what a row computes on numbers of mpmath."""
    function: Callable[..., Array] = row.function
    if not isinstance(row, Elementwise):
        return function
    letters = [sympy.Symbol(letter) for letter in LETTERS[: len(row.partials)]]
    value = sympy.sympify(row.meaning, rational=True)
    function = np.frompyfunc(sympy.lambdify(letters, value, "mpmath"), len(letters), 1)
    return function
