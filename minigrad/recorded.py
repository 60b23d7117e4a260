"""What was recorded so far: `recording()`, for a program that does not reach its end.

A tape is found from its output. A program that raises has none, and what it recorded
until then would be lost. Inside `recording()` every step is noted as it is recorded,
and so is the primitive that could not compute:

    with mg.recording() as recorded:
        loss = model(x)            # raises: shapes do not fit
    mg.draw(recorded)              # all until then, and in red what raised

It notes only what is recorded inside the block, and is forgotten with its name.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Self, TypeVar

import numpy as np

from minigrad.context import Setting, Within
from minigrad.primitive import Primitive
from minigrad.tape import Tape
from minigrad.tensor import Tensor
from minigrad.types import Options, Value
from minigrad.watching import Watch

R = TypeVar("R")


class Failure(NamedTuple):
    """A primitive that could not compute: a stand-in for its result, and the error."""

    step: Tensor
    error: Exception


class recording(Within):
    """Inside, every step is noted: `mg.draw` draws it, and `tape()` is its tape.

    steps     what was recorded in the block, in order
    failure   the primitive that could not compute, if one could not
    error     what ended the block, if it did not reach its end

    >>> try:
    ...     with mg.recording() as recorded:
    ...         y = mg.tanh(mg.Tensor([1.0, 2.0], name="x"))
    ...         mg.matvec(mg.Tensor([[1.0]], name="W"), y)
    ... except ValueError:
    ...     print(recorded)
    <recording: 1 step, then matvec could not compute>
    >>> mg.draw(recorded)
    <Drawing: 4 nodes, 3 arrows, view 'op'>
    """

    __slots__ = ("error", "failure", "steps")

    def __init__(self) -> None:
        self.steps: list[Tensor] = []
        self.failure: Failure | None = None
        self.error: BaseException | None = None

    def __repr__(self) -> str:
        many = f"{len(self.steps)} step{'s' if len(self.steps) != 1 else ''}"
        if self.failure is not None:
            row = self.failure.step.primitive
            return f"<recording: {many}, then {row and row.name} could not compute>"
        ended = f", then {type(self.error).__name__}" if self.error else ""
        return f"<recording: {many}{ended}>"

    def alter(self, setting: Setting) -> None:
        around = setting.checker
        watched = around is not None and not isinstance(around, Unwatched)
        finite = watched and around is not None and around.finite
        setting.checker = (Watch if watched else Unwatched)(finite, self)

    def leave(self, setting: Setting) -> None:
        if setting.checker is not None:
            setting.checker.thaw()

    def __enter__(self) -> Self:
        self.__init__()  # type: ignore[misc]
        return super().__enter__()

    def __exit__(self, *exception: object) -> None:
        super().__exit__(*exception)
        error = exception[1] if len(exception) > 1 else None
        self.error = error if isinstance(error, BaseException) else None
        if self.failure is not None and self.failure.error is not self.error:
            self.failure = None  # the program went on, and the block did not end there

    def recorded(self, node: Tensor) -> None:
        """Note a step that was recorded."""
        self.steps.append(node)

    def failed(
        self, row: Primitive, args: tuple[Any, ...], options: Options, error: Exception
    ) -> None:
        """Note a primitive that could not compute."""
        step = Tensor(np.nan)  # it has no value: this one stands in its place
        step.primitive, step.args, step.options = row, args, dict(options)
        self.failure = Failure(step, error)

    def tape(self) -> Tape:
        """Return the tape of all that nothing has read yet, and of what failed."""
        steps = [*self.steps, *([self.failure.step] if self.failure else [])]
        read = {arg for step in steps for arg in step.args if isinstance(arg, Tensor)}
        return Tape([step for step in steps if step not in read])


class Unwatched(Watch):
    """Looks at nothing itself: only the notes are told."""

    __slots__ = ()

    def compute(
        self, function: Callable[..., R], *args: object, **options: object
    ) -> R:
        return function(*args, **options)

    def recorded(self, node: Tensor) -> None:
        if self.notes is not None:
            self.notes.recorded(node)

    def differentiated(self, node: Tensor, i: int, contribution: Value) -> None:
        return None
