"""The walk through one step, in small whole numbers: <x_bar, v> = <g, D_v y>, exactly.

Floats add and multiply these without rounding, so both sides agree to the last bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import numpy as np

from minigrad.context import clean_recording
from minigrad.gradient import grad
from minigrad.numpy_protocol.array_like import plain
from minigrad.primitive import Elementwise
from minigrad.proving.float_code import Difference, double
from minigrad.proving.identity import WithSlopes
from minigrad.recording import record
from minigrad.tape import made_by
from minigrad.tensor import Tensor
from minigrad.types import Array

WHOLE = {2: 1, 4: 3}  # the largest whole numbers, by the bytes of a float; 63 of 8
DRAWS = 4  # of whole numbers
SEVERAL = 8  # arguments of a linear row that are still looked at one by one


def check_sums(step: Tensor, random: Random) -> Difference | None:
    """Walk back through a step in whole numbers; return what is wrong.

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
                return Difference(step, some[0], why=why, sums=True), True
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
