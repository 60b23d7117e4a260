"""What trains, in the numbers that train.

A lemma is about formulas and the identity of identity.py about exact numbers. The code
that trains runs on arrays of floats, and may do something else there: a branch on the
dtype or the shape is enough, or a transposed argument. So each kind of step is
looked at in floats, at the tape's own shapes, dtypes and places in memory.

    float_code.py      what a step computes, and its slopes, are what the formulas say
    float_sums.py      the walk through one step, without rounding
    float_gradient.py  the very gradient that training asks for

Sums are looked at once for each kind of application: a row, and the shapes, dtypes and
strides of its arguments. Numbers are looked at in every application.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import numpy as np

from minigrad.numpy_protocol.array_like import plain
from minigrad.primitive import Elementwise
from minigrad.proving.float_code import Difference, check_code, check_image, double
from minigrad.proving.float_sums import check_sums
from minigrad.proving.lemmas import Lemmas
from minigrad.tape import Tape
from minigrad.tensor import Tensor
from minigrad.types import Array

ENTRIES = 2**16  # of applications of one kind that are looked at together


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


def numbers(tape: Tape) -> list[int]:
    """Return a hash of each step's numbers, to see whether a rule writes into them."""
    return [hash(step.data.tobytes()) for step in tape]


def differences(tape: Tape, lemmas: Lemmas, random: Random) -> Iterator[Difference]:
    """Yield what is wrong in floats at the steps of a tape."""
    for steps in kinds(tape):
        row, several = steps[0].primitive, max(1, ENTRIES // max(1, steps[0].size))
        if isinstance(row, Elementwise):
            starts = range(0, len(steps), several)
            found = [check_code(steps[k : k + several], lemmas[row]) for k in starts]
        else:
            found = [check_image(step) for step in steps]
        yield from filter(None, [*found, check_sums(steps[0], random)])
