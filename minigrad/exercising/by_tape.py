"""An exercise from the forward pass alone: the right answer is what the tape gives.

    exercise = of_gradient(gate, {"f_bar": "m", "W": "m n", "v": "n"}, by=("W", "v"))

Nobody wrote the backward pass, so there is no text of it to make slips in, but for its
results as a whole. Instead the engine's gradient is asked with a mistake planted in it:
the classic ones, each with its story (minigrad.mistakes), then the slips that
`minigrad.testing.mutants` makes in every rule that the gradient goes through. What
comes of a transpose that was forgotten is what whoever forgot it has written.
"""

from __future__ import annotations

import linecache
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

from minigrad.exercising.exercise import Exercise
from minigrad.exercising.program_text import exactly
from minigrad.mistakes import MISTAKES
from minigrad.mistakes.mutants import plantings
from minigrad.transforms import vjp

NOT_MADE = ("times 1.5", "batched")  # slips in rules that no pupil makes by hand


def of_gradient(
    forward: Callable[..., Any],
    shapes: Mapping[str, Any],
    by: Sequence[str],
    hints: Sequence[str] = (),
) -> Exercise:
    """Return the exercise to write the gradient of a function, `backward`.

    forward  of arguments that are named in shapes; it gives one array
    shapes   first that of the cotangent of its result, then of its arguments
    by       the arguments whose cotangents are to be returned, in this order

    >>> import numpy as np
    >>> exercise = of_gradient(np.tanh, {"y_bar": "n", "z": "n"}, by=["z"])
    >>> print(exercise.check(lambda y_bar, z: y_bar))
    not yet
      z̄: the slope of tanh is forgotten
    """
    recorded, (_, *names) = exactly(forward), shapes

    def gradient(name: str, bar: Any, *args: Any) -> Any:
        return vjp(recorded, *args)[1](bar)[names.index(name)]

    given = ", ".join(shapes)
    lines = [f"def backward({given}):"]
    lines += [f'    {name}_bar = gradient("{name}", {given})' for name in by]
    lines += [f"    return {', '.join(f'{name}_bar' for name in by)}"]
    file, text = (
        f"<the gradient of {forward.__name__}, {id(forward)}>",
        "\n".join(lines),
    )
    linecache.cache[file] = (len(text), None, text.splitlines(True), file)
    place: dict[str, Any] = {"gradient": gradient}
    exec(compile(text, file, "exec"), place)
    backward = place["backward"]
    exercise = Exercise(backward, shapes, hints)
    _, *args = exercise.cases[-1][0]  # square, so that a transpose may be forgotten
    for mistake in MISTAKES:
        words = str(mistake).rstrip(".")
        exercise.mistakes[words] = _with(mistake.planted, backward)
    for slip, planted in plantings(recorded, *args):
        if not any(each in slip.kind for each in NOT_MADE):
            noun, _, what = slip.kind.partition(" ")
            where = f" by its argument {slip.argument}" if slip.argument else ""
            words = f"the {noun} of {slip.row}{where} is {what}"
            exercise.wrong_rules[words] = _with(planted, backward)
    return exercise


def _with(
    planted: Callable[[], AbstractContextManager[None]], function: Callable[..., Any]
) -> Callable[..., Any]:
    def wrong(*args: Any) -> Any:
        with planted():
            return function(*args)

    return wrong
