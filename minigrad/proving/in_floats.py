"""What trains, in the numbers that train.

A lemma is about formulas and the identity of identity.py about exact numbers. The code
that trains runs on arrays of floats, and may do something else there: a branch on the
dtype or the shape is enough, or a transposed argument. So each kind of step is
looked at in floats, at the tape's own shapes, dtypes and places in memory.

    code      what an elementwise row computes, and its slopes, are what the formulas
              say, entry by entry, to some units in the last place; what a linear row
              computes is what it computes of jets
    sums      the walk through one step, in small whole numbers, which floats add and
              multiply without rounding: <x_bar, v> = <g, D_v y> to the last bit

(The third thing, the very gradient that training asks for, is in float_gradient.py.)
Sums are looked at once for each kind of application: a row, and the shapes, dtypes and
strides of its arguments. Numbers are looked at in every application.

A lemma holds on its row's domain, and beside kinks. Where numbers were recorded
elsewhere, the slope is compared with SymPy's derivative of the meaning, if that is
finite and continuous there.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import TypeAlias, cast, overload

import numpy as np

from minigrad.array_like import plain
from minigrad.context import clean_recording
from minigrad.gradient import grad
from minigrad.primitive import Elementwise, Linear
from minigrad.proving.identity import WithSlopes
from minigrad.proving.jets import Jet
from minigrad.proving.lemmas import Function, Lemma, Lemmas
from minigrad.recording import record
from minigrad.tape import Tape, made_by
from minigrad.tensor import Tensor
from minigrad.types import Array, Operand, Shape

ULPS = 64  # units in the last place, of 1 or of the larger value
NUDGE = 2.0**-20  # by which arguments are moved to see how rounding them matters
CLOSE = 1e-3  # relative: how far a continuous derivative changes when they are
WHOLE = {2: 1, 4: 3}  # the largest whole numbers, by the bytes of a float; 63 of 8
DRAWS = 4  # of whole numbers
SEVERAL = 8  # arguments of a linear row that are still looked at one by one
ENTRIES = 2**16  # of applications of one kind that are looked at together

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
    entry: tuple[int, ...]
    found: float
    expected: float
    why: str = ""
    sums: bool = False


def kinds(tape: Tape) -> list[list[Tensor]]:
    """Return the applications of each kind on a tape, in its order."""
    found: dict[object, list[Tensor]] = {}
    for step in tape:
        if step.primitive is not None:
            found.setdefault(_kind(step), []).append(step)
    return list(found.values())


def _kind(step: Tensor) -> object:
    operands = tuple((type(a), _in_memory(plain(a))) for a in step.args)
    options = tuple((name, _rough(option)) for name, option in step.options.items())
    return step.primitive, operands, options, _in_memory(step.data)


def _in_memory(arg: object) -> object:
    return (arg.shape, arg.dtype, arg.strides) if isinstance(arg, Array) else type(arg)


def _rough(option: object) -> object:
    """Return an option without the numbers of an index, which the identity has seen."""
    if isinstance(option, Array):
        return option.shape, option.dtype
    if isinstance(option, (list, tuple)):
        return tuple(map(_rough, option))
    return type(option) if isinstance(option, (int, np.integer, slice)) else str(option)


def in_floats(tape: Tape) -> str:
    """Say why a tape cannot be looked at in floats; "" if it can."""
    for step in tape:
        try:
            double(step.data)
        except (TypeError, ValueError, OverflowError):
            return f"its numbers are {step.dtype}"
    return ""


def epsilon(*arrays: object) -> float:
    """Return the coarsest precision of some arrays, no finer than that of a double."""
    dtypes = {a.dtype for a in map(plain, arrays) if hasattr(a, "dtype")}
    floats = [np.finfo(each) for each in dtypes if each.kind == "f"]
    return max(float(each.eps) for each in (np.finfo(float), *floats))


# --------------------------------------------------------------- code, entry by entry


def check_code(steps: Sequence[Tensor], lemma: Lemma) -> Difference | None:
    """Compare elementwise steps of one kind, and their slopes, with the formulas."""
    args = [_beside([step.args[i] for step in steps], steps) for i in _indices(steps)]
    at = [_beside(steps, steps), *args]
    limits = np.finfo(steps[0].dtype) if steps[0].dtype.kind == "f" else np.finfo(float)
    rounding = epsilon(steps[0], *steps[0].args), float(limits.max)
    with clean_recording():
        wrong = _first_off(at[0], lemma.value, args, rounding)
        if wrong:
            return Difference(steps[wrong[0][0]], None, wrong[0][1:], *wrong[1:])
        for i in _indices(steps):
            if not isinstance(steps[0].args[i], Tensor):
                continue
            slopes = []
            for step in steps:
                try:
                    slopes.append(_slope(step, i))
                except Exception as error:  # whatever a broken rule may raise
                    return Difference(step, i, (), np.nan, np.nan, str(error))
            found = np.array(slopes)
            wrong = _first_off(found, lemma.slopes[i], at, rounding)
            wrong = wrong or _no_derivative(found, lemma.derivatives[i], args, rounding)
            if wrong:
                return Difference(steps[wrong[0][0]], i, wrong[0][1:], *wrong[1:])
            if not np.array_equal(at[0], _beside(steps, steps), equal_nan=True):
                why = "it writes into the result that it is given"
                return Difference(steps[0], i, (), np.nan, np.nan, why)
    return None


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


# --------------------------------------------------------------- sums, without rounding


def check_sums(step: Tensor, random: Random) -> Difference | None:
    """Walk back through one step in whole numbers: <x_bar, v> = <g, D_v y>, exactly.

    A linear row is walked by its own rules. In an elementwise row the slopes are whole
    numbers that are given, so that what the engine does with them is seen. Where both
    sides are zero by accident, little is seen, and other numbers are drawn.
    """
    rng = np.random.default_rng(random.getrandbits(64))
    for _ in range(DRAWS):
        wrong, telling = _sums_once(step, rng)
        if wrong or telling:
            return wrong
    return None


def _sums_once(
    step: Tensor, rng: np.random.Generator
) -> tuple[Difference | None, bool]:
    """Compare both sides once; say what is wrong, and whether all were other than 0."""
    row = made_by(step)
    telling = True
    with clean_recording():
        largest = _largest(step)
        args = [_whole(arg, rng, largest) for arg in step.args]
        g = _whole_like(step.data, rng, largest)
        value, image = step.data, _linear_image
        if isinstance(row, Elementwise):
            row = WithSlopes(row, [_whole_like(value, rng, largest) for _ in args])
            image = _elementwise_image
        else:
            value = row.function(*map(plain, args), **step.options)
        y = record(row, value, tuple(args), step.options)
        moving = [i for i, x in enumerate(args) if isinstance(x, Tensor)]
        together = [moving] * (len(moving) > SEVERAL)
        for some in together or [[i] for i in moving]:
            expected = float(np.sum(double(g) * double(image(y, some))))
            leaves = [x for i in some if isinstance(x := args[i], Tensor)]
            try:
                bars = grad(y, leaves, seed=g)
            except Exception as error:  # whatever a broken rule may raise
                why = str(error.__cause__ or error)
                wrong = Difference(step, some[0], (), np.nan, np.nan, why, sums=True)
                return wrong, True
            pairs = zip(map(double, bars), leaves, strict=True)
            found = float(sum(np.sum(bar * double(x.data)) for bar, x in pairs))
            if found != expected:
                return Difference(step, some[0], (), found, expected, sums=True), True
            telling = telling and expected != 0
    return None, telling


def _elementwise_image(y: Tensor, some: Sequence[int]) -> Array:
    """Return what of a step with given slopes some arguments contribute."""
    row: WithSlopes = y.primitive  # type: ignore[assignment]
    image: Array = sum(row.slopes[i] * plain(y.args[i]) for i in some)
    return image


def _linear_image(y: Tensor, some: Sequence[int]) -> Array:
    """Return what of a linear step some arguments contribute."""
    row = made_by(y)
    arrays = [plain(arg) for arg in y.args]
    for i in some:
        arrays[i] = np.zeros_like(arrays[i])
    image: Array = y.data - row.function(*arrays, **y.options)
    return image


def _largest(step: Tensor) -> int:
    """Return how large whole numbers may be, for the narrowest float at a step."""
    dtypes = [a.dtype for a in map(plain, (step, *step.args)) if isinstance(a, Array)]
    return min(WHOLE.get(each.itemsize, 63) for each in dtypes if each.kind in "fO")


def _whole(arg: object, rng: np.random.Generator, largest: int) -> object:
    """Return an argument with small whole numbers, where its own lay in memory."""
    if isinstance(arg, Tensor):
        return record(None, _whole_like(arg.data, rng, largest), (), {})
    if isinstance(arg, Array) and arg.dtype.kind == "f":
        return _whole_like(arg, rng, largest)
    return float(rng.integers(-3, 4)) if isinstance(arg, float) else arg


def _whole_like(array: Array, rng: np.random.Generator, largest: int) -> Array:
    """Return small whole numbers, none 0, in an array of the same dtype and strides."""
    numbers = rng.integers(1, largest + 1, array.shape)
    numbers *= rng.choice((-1, 1), array.shape)
    strides = array.strides
    if array.size == 0 or any(
        s <= 0 or s % array.itemsize
        for s, n in zip(strides, array.shape, strict=True)
        if n > 1
    ):
        return numbers.astype(array.dtype)
    extent = sum(
        (n - 1) * s for n, s in zip(array.shape, strides, strict=True) if n > 1
    )
    memory = np.zeros(extent // array.itemsize + 1, array.dtype)
    placed = np.lib.stride_tricks.as_strided(memory, array.shape, strides)
    placed[...] = numbers
    return placed


def numbers(tape: Tape) -> list[int]:
    """Return a hash of each step's numbers, to see whether a rule writes into them."""
    return [hash(step.data.tobytes()) for step in tape]


def differences(tape: Tape, lemmas: Lemmas, random: Random) -> Iterator[Difference]:
    """Yield what is wrong in floats at the steps of a tape."""
    for steps in kinds(tape):
        row, several = steps[0].primitive, max(1, ENTRIES // max(1, steps[0].size))
        found: list[Difference | None] = []
        if isinstance(row, Elementwise):
            for k in range(0, len(steps), several):
                found.append(check_code(steps[k : k + several], lemmas[row]))
        else:
            found += map(check_image, steps)
        found.append(check_sums(steps[0], random))
        yield from filter(None, found)
