"""A Tensor is an array that remembers how it was made.

    data       the NumPy array, whatever its dtype: the engine never looks inside
    primitive  the row of the table that made it, or None for a leaf
    args       what the primitive was given, in order: Tensors, arrays, numbers
    options    its keyword options: axis, shape, index, ...
    tick       when it was made; a tape is Tensors sorted by tick
    scope      where in the model it was made, and at which time step
    call       which named function made it: softmax, say, or None
    witness    under `checked()`: the source line, and what the operands were

That is all a tape consists of. A Tensor is the ground floor: it knows no primitive.
The table hands it its operators (`x + y`, `x.sum()`) and fills `NUMPY_FACE`, which
says what `np.tanh(x)` or `np.concatenate([x, y])` mean.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from minigrad.context import SETTING, Call, Scope
from minigrad.messages import explained
from minigrad.numpy_protocol.array_like import ArrayLike
from minigrad.numpy_protocol.arrays import floats
from minigrad.types import Array as Array
from minigrad.types import Operand, Options

if TYPE_CHECKING:  # floors above
    from minigrad.primitive import Primitive
    from minigrad.watching import Witness

clock = itertools.count(1).__next__

UNRECORDED: Options = {"unrecorded": True}  # options of what no_grad made
RELEASED: Options = {"released": True}  # options after Tape.release()


class Tensor(ArrayLike):
    """An array that remembers how it was made.

    `data` is copied; it must hold real floating-point numbers, or objects with exact
    arithmetic (fractions, expressions, field elements).

    >>> x = Tensor([1.0, 2.0], name="x")
    >>> x * x
    Tensor([1., 4.], made by multiply)

    Raises TypeError for integers and booleans, which have no derivative, and for what
    `minigrad.numpy_protocol.arrays` refuses.
    """

    __slots__ = (
        "__weakref__", "args", "call", "data", "name", "options", "primitive", "scope",
        "tick", "witness",
    )  # fmt: skip

    data: Array
    primitive: Primitive | None
    args: tuple[Any, ...]  # Tensors, arrays, numbers: what the row takes
    options: Options
    tick: int
    scope: Scope
    call: Call | None
    name: str | None
    witness: Witness | None

    def __init__(self, data: Operand, name: str | None = None) -> None:
        self.primitive = None
        self.args = ()
        self.options = {}
        self.tick = clock()
        self.scope = SETTING.get().scope
        self.name = name
        self.call = self.witness = None
        self.data = _leaf_data(data, name, type(self).__name__)

    @property
    def line(self) -> str | None:
        """The source line that recorded this, `file:line`, if `checked()` saw it."""
        return self.witness.line if self.witness else None

    def detach(self) -> Tensor:
        """Return a leaf with the same numbers: a cut edge of the tape."""
        return Tensor(self.data, self.name)

    def __copy__(self) -> Self:
        return self.__deepcopy__({})

    def __deepcopy__(self, memo: dict[int, object]) -> Self:
        make, arguments, *_ = self.__reduce__()
        return make(*arguments)

    def __reduce__(self) -> tuple[type[Self], tuple[Array, str | None]]:
        if self.primitive is None:
            return type(self), (self.data, self.name)
        raise explained(
            TypeError,
            "a copy of a result",
            {self.name or "t": self},
            "the copy would not know how it was made, so gradients would silently "
            "stop at it.",
            "copy t.data, the numbers; a plot, too, takes t.data.",
        )


def _leaf_data(data: object, name: str | None, kind: str) -> Array:
    if isinstance(data, Tensor):
        raise explained(
            TypeError,
            f"{kind}(t) of a Tensor",
            {data.name or "t": data},
            "it is unclear whether gradients should flow through.",
            "t itself if they should, t.detach() if not."
            if kind == "Tensor"
            else f"t itself if they should; mg.{kind}(t.data) takes the numbers.",
        )
    if not isinstance(name, str | None):
        raise explained(
            TypeError,
            f"{kind}(data, {name!r})",
            {"name": name},
            "the second argument is a name, for messages, equations and pictures.",
            f"a dtype is that of the array: mg.{kind}(np.asarray(data, dtype)).",
        )
    return np.copy(floats(data, f"{kind}({name or '...'})", name or "data"))
