"""Watching a computation: `checked()`, for teaching, for tests and for finding a NaN.

While it records, every step is looked at: the source line it came from, whether its
numbers are finite, and a fingerprint of its operands, by which the gradient notices
later that an array was changed in the meantime.

What belongs to one block is kept in the setting of that block (a `Watch`), never in the
object `checked()` itself: a decorated function may run in many threads and tasks.
"""

from __future__ import annotations

import weakref
import zlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import numpy as np

from minigrad.context import Setting, Within
from minigrad.messages import explained, named, short, source_line
from minigrad.numpy_protocol.array_like import plain
from minigrad.tensor import Tensor
from minigrad.types import Array, Operand, Options, Value

if TYPE_CHECKING:
    from minigrad.primitive import Primitive

R = TypeVar("R")


class checked(Within):
    """Inside, every step is watched: for teaching, tests and finding a NaN.

    - The Tensors' arrays are read-only while the block lasts, results for good.
    - A NaN or infinity stops at the operation that made it, with its source line;
      so does one in a derivative (the slope of sqrt at 0 is infinite).
    - Differentiating a tape recorded inside notices arrays that were changed since.

    >>> with mg.checked():
    ...     mg.log(mg.Tensor([1.0, 0.0]))
    Traceback (most recent call last):
    FloatingPointError: log made -inf ...
    """

    __slots__ = ()

    def alter(self, setting: Setting) -> None:
        setting.checker = Watch(notes=_notes_of(setting))

    def leave(self, setting: Setting) -> None:
        if setting.checker is not None:
            setting.checker.thaw()


def _notes_of(setting: Setting) -> Notes | None:
    return setting.checker.notes if isinstance(setting.checker, Watch) else None


class Notes(Protocol):
    """What is told of each step, whether or not it is looked at."""

    def recorded(self, node: Tensor) -> None:
        """Note a step."""

    def failed(
        self, row: Primitive, args: tuple[Any, ...], options: Options, error: Exception
    ) -> None:
        """Note what could not compute."""


class keeping_lines(checked):
    """Inside, steps are watched as `checked()` does, but a NaN or infinity may pass.

    For proofs and comparisons: a mask of -inf in attention is no mistake.

    >>> with keeping_lines():
    ...     y = mg.Tensor([1.0, 0.0]) + np.array([0.0, -np.inf])
    >>> y.line is None
    False
    """

    __slots__ = ()

    def alter(self, setting: Setting) -> None:
        setting.checker = Watch(finite=False, notes=_notes_of(setting))


class Watch:
    """One block of `checked()`: looks at each step, freezes leaves until it ends.

    finite   does a NaN or infinity stop the program?
    notes    what a block of `recording()` around it notes: it is told, too
    """

    __slots__ = ("_frozen", "finite", "notes")

    def __init__(self, finite: bool = True, notes: Notes | None = None) -> None:
        self.finite = finite
        self.notes = notes
        self._frozen: dict[int, weakref.ref[Array]] = {}

    def compute(
        self, function: Callable[..., R], *args: object, **options: object
    ) -> R:
        """Call without NumPy's warnings: the look at the result says more."""
        with np.errstate(all="ignore"):
            return function(*args, **options)

    def recorded(self, node: Tensor) -> None:
        """Look at a step that was just recorded."""
        if self.notes is not None:
            self.notes.recorded(node)
        node.witness = Witness(node)
        if self.finite:
            _require_finite(node, node.data, f"{_name(node)} made")
        node.data.flags.writeable = False
        for arg in node.args:
            if isinstance(arg, Tensor) and arg.primitive is None:
                self._freeze(arg.data)

    def read(self, parameter: Tensor, array: Array) -> Array:
        """Return what a Parameter's numbers are while this block lasts."""
        return array

    def differentiating(self, node: Tensor, i: int) -> None:
        """Know that a rule is about to be asked for argument i of a step."""

    def differentiated(self, node: Tensor, i: int, contribution: Value) -> None:
        """Look at what a rule returned for argument i of a step."""
        if not self.finite:
            return
        array = getattr(contribution, "data", contribution)
        _require_finite(
            node, array, f"the derivative of {_name(node)} in argument {i} is"
        )

    def failed(
        self, row: Primitive, args: tuple[Any, ...], options: Options, error: Exception
    ) -> None:
        """Look at a primitive that could not compute, before the error is raised."""
        if self.notes is not None:
            self.notes.failed(row, args, options, error)

    def thaw(self) -> None:
        """Let the user write into the leaves again."""
        for reference in self._frozen.values():
            array = reference()
            if array is not None:
                array.flags.writeable = True
        self._frozen.clear()

    def _freeze(self, array: Array) -> None:
        if array.flags.writeable:
            self._frozen[id(array)] = weakref.ref(array)
            array.flags.writeable = False


class Witness:
    """What was seen when a step was recorded: its line, and its operands."""

    __slots__ = ("file", "number", "prints")

    def __init__(self, node: Tensor) -> None:
        self.file, self.number = source_line()
        self.prints = [_fingerprint(arg) for arg in node.args]

    @property
    def line(self) -> str:
        return short(self.file, self.number)

    def verify(self, node: Tensor) -> None:
        """Raise if an operand holds other numbers now than when it was used."""
        for i, (arg, print_then) in enumerate(zip(node.args, self.prints, strict=True)):
            if _fingerprint(arg) != print_then:
                raise explained(
                    ValueError,
                    f"a derivative through {node.primitive}",
                    named(node.args),
                    f"argument {i} was changed after {self.line} used it, so its "
                    "rule would see other numbers than the forward run did.",
                    "make a new array instead of writing into the old one.",
                )


def _name(node: Tensor) -> str:
    return node.primitive.name if node.primitive else "a leaf"


def _fingerprint(arg: Operand) -> int | None:
    array = arg.data if isinstance(arg, Tensor) else arg
    if not isinstance(array, Array) or array.dtype == object:
        return None
    return zlib.crc32(array.tobytes())


def _require_finite(node: Tensor, array: object, what: str) -> None:
    array = np.asarray(array)
    if array.dtype.kind not in "fc" or np.isfinite(array).all():
        return
    where = np.argwhere(~np.isfinite(array))[0]
    entry = tuple(int(i) for i in where)
    given = [
        i
        for i, arg in enumerate(node.args)
        if not np.isfinite(np.asarray(plain(arg), complex)).all()
    ]
    why = (
        f"argument {given[0]} was already not finite."
        if given
        else "all its arguments are finite: this is the first operation at fault."
    )
    raise explained(
        FloatingPointError,
        f"{what} {array[entry]} at entry {list(entry)}, recorded at {node.line}",
        named(node.args),
        why,
        "keep the operation inside its domain (clip, add a small number), or use "
        "the stable form: logsumexp, log_softmax, softplus.",
    )
