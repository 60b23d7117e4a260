"""What a NumPy user expects of a Tensor.

Values come out wherever they are asked for by name (`float(t)`, `t.data`, `t > 0`);
recording never begins or ends by accident. What `np.tanh(t)` means is in
`numpy_calls.py`, operators and methods are in `operators.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
from numpy.typing import DTypeLike

from minigrad.console import shown
from minigrad.context import SETTING
from minigrad.leaving import (
    CONVERTED,
    CONVERTERS,
    LISTED,
    STORED,
    calls,
    fills_an_array,
    numpy_asks,
)
from minigrad.messages import explained
from minigrad.methods import Methods
from minigrad.types import Array, Index, Operand, Shape, Value

if TYPE_CHECKING:  # floors above
    from minigrad.primitive import Primitive
    from minigrad.tensor import Tensor

# Array classes whose entries are no floating-point numbers (elements of a finite
# field, say), and how they compute what a row of one argument means.
DOMAINS: dict[type, Callable[..., Value]] = {}
# Numbers and Tensors, nested in lists, as one Tensor: handed over by writable.py,
# a floor above.
joined_by: Callable[[Any], Any] = None  # type: ignore[assignment]


class ArrayLike(Methods):
    """The behaviour of an array, on top of `data`, `name` and `primitive`."""

    __slots__ = ()

    if TYPE_CHECKING:
        data: Array
        name: str | None
        primitive: Primitive | None

        def __getitem__(self, index: Index) -> Tensor: ...
        def astype(self, dtype: DTypeLike) -> Tensor: ...

    def current(self) -> Any:
        """Return the Tensor that this is now: itself, if it cannot be written to."""
        return self

    @property
    def shape(self) -> Shape:
        """The size along each axis."""
        return self.data.shape

    @shape.setter
    def shape(self, shape: Shape) -> None:
        raise explained(
            AttributeError,
            f"t.shape = {shape}",
            {self.name or "t": self},
            "a Tensor that a tape may hold is never changed.",
            f"write t = t.reshape({shape}).",
        )

    @property
    def dtype(self) -> np.dtype:
        """The kind of numbers."""
        return self.data.dtype

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return self.data.ndim

    @property
    def size(self) -> int:
        """The number of entries."""
        return self.data.size

    def item(self, *index: int) -> Any:
        """Return the only entry, or that at an index, as a Python number."""
        if self.size != 1 and not index:
            raise self._not_one(
                "item", "or take one, t.item(0), or all, t.data.tolist()."
            )
        return self.data.item(*index)

    def __repr__(self) -> str:
        kind = type(self).__name__
        numbers = np.array2string(
            self.data, separator=", ", prefix=f"{kind}(", threshold=100
        )
        name = f", name={self.name!r}" if self.name else ""
        made = f", made by {self.primitive.name}" if self.primitive else ""
        return shown(f"{kind}({numbers}{name}{made})")

    def __len__(self) -> int:
        if self.ndim:
            return self.shape[0]
        raise explained(
            TypeError,
            "len(t) of, or a loop over, a Tensor of shape ()",
            {self.name or "t": self},
            "a single number has no axis to run along.",
            "t.item() or float(t) is the number; t.reshape(1) has one entry.",
        )

    def __iter__(self) -> Iterator[Tensor]:
        return (self[i] for i in range(len(self)))

    def __contains__(self, value: object) -> bool:
        return bool(np.any(self == value))

    def __bool__(self) -> bool:
        return bool(self._only("bool"))

    def __float__(self) -> float:
        return float(self._only("float"))

    def __int__(self) -> int:
        return int(self._only("int"))

    def __complex__(self) -> complex:
        return complex(self._only("complex"))

    def __format__(self, form: str) -> str:
        return format(self._only("format") if form else str(self), form)

    def _only(self, kind: str) -> Any:
        if self.size == 1:
            if SETTING.get().recording and fills_an_array():
                raise self._leaves_the_tape(*STORED)
            if SETTING.get().recording and numpy_asks():
                raise self._leaves_the_tape(*LISTED)
            if SETTING.get().recording and calls(CONVERTERS):
                raise self._leaves_the_tape(*CONVERTED)
            data: Any = self.data  # traced, it says itself who asks
            return data.item() if isinstance(data, np.ndarray) else data.reshape(())
        raise self._not_one(kind)

    def _not_one(
        self, kind: str, fix: str = "or compare with (t.data > 0).any()."
    ) -> TypeError:
        return explained(
            TypeError,
            f"{kind}(t) of a Tensor with {self.size} entries",
            {self.name or "t": self},
            f"only a single number has one {kind}.",
            f"reduce first (t.sum(), t.max()), {fix}",
        )

    def __lt__(self, other: Operand) -> Array:
        answer: Array = self.data < plain(other)
        return answer

    def __le__(self, other: Operand) -> Array:
        answer: Array = self.data <= plain(other)
        return answer

    def __gt__(self, other: Operand) -> Array:
        answer: Array = self.data > plain(other)
        return answer

    def __ge__(self, other: Operand) -> Array:
        answer: Array = self.data >= plain(other)
        return answer

    def __eq__(self, other: object) -> Array:  # type: ignore[override]
        answer: Array = self.data == plain(other)
        return answer

    def __ne__(self, other: object) -> Array:  # type: ignore[override]
        answer: Array = self.data != plain(other)
        return answer

    __hash__ = object.__hash__  # by identity, as for any object that can be a dict key

    def __setitem__(self, index: Index, value: object) -> NoReturn:
        raise explained(
            TypeError,
            "t[index] = value",
            {self.name or "t": self},
            "a Tensor that a tape may hold is never written to: the tape would "
            "differentiate numbers that are no longer there.",
            "t = t.copy() can be written to, and so can mg.zeros(shape); of a "
            "Parameter assign p.data = new_array.",
        )

    def __array__(
        self, dtype: DTypeLike | None = None, copy: bool | None = None
    ) -> Array:
        if not SETTING.get().recording:
            return np.array(self.data, dtype=dtype)
        if not self.ndim and dtype in (None, object):
            return _object(self)  # np.array([t0, t1]) holds the Tensors themselves
        if fills_an_array():
            raise self._leaves_the_tape(*STORED)
        raise self._leaves_the_tape(
            "a plain array made from a Tensor",
            "say so: t.data is the array, float(t) a number. mg.array([t, 0.0]) of a "
            "list is recorded, as mg.stack is, and so is np.asarray(t) in a file with "
            "`from minigrad import numpy as np`.",
        )

    def _leaves_the_tape(self, asked: str, fix: str) -> TypeError:
        return explained(
            TypeError,
            asked,
            {self.name or "t": self},
            "the array would no longer know how it was made, so gradients would "
            "silently stop here.",
            fix,
        )


def as_array(value: object, dtype: DTypeLike | None = None) -> Array:
    """Return an array of a value; an array of another domain stays what it is."""
    if type(value) in DOMAINS:
        array: Array = value  # type: ignore[assignment]  # it does what an array does
        other = dtype is not None and array.dtype not in (object, dtype)
        return array.astype(dtype) if other else array
    return np.asarray(value, dtype)


def plain(value: Any) -> Any:
    """Return the array of a Tensor, and anything else as it is."""
    return value.data if isinstance(value, ArrayLike) else value


def _object(value: object) -> Array:
    array = np.empty((), object)
    array[()] = value
    return array


def current(value: Any) -> Any:
    """Return the Tensor that a value stands for now; in a list, too.

    An array that can be written to stands for what is in it, and an array of objects
    for its entries, if Tensors are among them: np.array([t0, t1]). Anything else is
    returned as it is.
    """
    if isinstance(value, ArrayLike):
        return value.current()
    if type(value) is Array and value.dtype == object:
        return _joined(value)
    if type(value) in (list, tuple):
        return type(value)([current(each) for each in value])
    return value


def has_tensors(data: Any) -> bool:
    """Is this a list, nested or not, with Tensors in it; or a Tensor itself?"""
    if isinstance(data, (list, tuple)):
        return any(has_tensors(each) for each in data)
    return isinstance(data, ArrayLike)


def _joined(objects: Array) -> Any:
    if any(isinstance(each, ArrayLike) for each in objects.flat):
        return joined_by(objects.tolist())
    return objects


def zero_like(value: object) -> Value | int:
    """Return zeros in the place of an array or a Tensor, 0 in that of a number."""
    array = plain(value)
    return np.zeros_like(array) if hasattr(array, "shape") else 0
