"""What functions take and return: the names that annotations use.

    Array      NumPy's array, whatever its entries are
    Value      what a rule computes with: an array, a Tensor, an array of exact numbers
    Operand    what may stand beside a Value in a formula: also a number, nested lists
    Given      what a composite takes and returns: a Tensor, or an array
    OneArray   the same, with numbers and lists: where types would only be in the way
    Operation  a row, or a composite, as users call it: recorded if a Tensor is given
    Rule       an adjoint: Values in, a Value out; a Partial may also be a number, 1
    Structure  one thing, or a list, tuple or dict of such, as `grad` takes and returns

A rule is one line of code for every domain. So a Value promises only what every domain
has: arithmetic, a shape, and entries to move and to sum.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from types import EllipsisType
from typing import (
    TYPE_CHECKING,
    Any,
    Protocol,
    SupportsIndex,
    TypeAlias,
    TypeVar,
    overload,
)  # fmt: skip

import numpy as np

if TYPE_CHECKING:
    from minigrad.primitive import Primitive
    from minigrad.tensor import Tensor

Leaf = TypeVar("Leaf")

Array: TypeAlias = np.ndarray
Real: TypeAlias = int | float | Fraction | np.integer | np.floating
Number: TypeAlias = Real | complex | np.generic

Shape: TypeAlias = tuple[int, ...]
Axis: TypeAlias = int | tuple[int, ...] | None  # None: all axes
IndexOfAxis: TypeAlias = (
    SupportsIndex | slice | EllipsisType | Array | Sequence[int] | None
)
Index: TypeAlias = IndexOfAxis | tuple[IndexOfAxis, ...]
Options: TypeAlias = dict[str, object]  # of a primitive: axis, shape, index, ...


class Value(Protocol):
    """What every domain provides.

    NumPy's functions take a Value, too: each domain says what they mean there. What
    stands beside it is an Operand, and written Any: beside the overloads of NumPy's
    operators, a type checker takes minutes for every isinstance otherwise.
    """

    @property
    def shape(self) -> Shape: ...
    @property
    def ndim(self) -> int: ...
    @property
    def size(self) -> int: ...
    @property
    def dtype(self) -> np.dtype: ...
    @property
    def T(self) -> Value: ...

    def __add__(self, other: Any, /) -> Value: ...
    def __radd__(self, other: Any, /) -> Value: ...
    def __sub__(self, other: Any, /) -> Value: ...
    def __rsub__(self, other: Any, /) -> Value: ...
    def __mul__(self, other: Any, /) -> Value: ...
    def __rmul__(self, other: Any, /) -> Value: ...
    def __truediv__(self, other: Any, /) -> Value: ...
    def __rtruediv__(self, other: Any, /) -> Value: ...
    def __pow__(self, other: Any, /) -> Value: ...
    def __matmul__(self, other: Any, /) -> Value: ...
    def __neg__(self) -> Value: ...

    def __getitem__(self, index: Index, /) -> Value: ...
    def reshape(self, shape: Shape, /) -> Value: ...
    def transpose(self, axes: Shape | None, /) -> Value: ...
    def sum(self, axis: Axis = None, *, keepdims: bool = False) -> Value: ...

    def __array__(self) -> Array: ...
    def __array_function__(
        self,
        function: Callable[..., object],
        types: Sequence[type],
        args: tuple[object, ...],
        options: Options,
        /,
    ) -> object: ...


class Printer(Protocol):
    """What IPython hands to `_repr_pretty_`, to be written on."""

    def text(self, text: str) -> object: ...


Operand: TypeAlias = Value | Number | Sequence["Operand"]
Rule: TypeAlias = Callable[..., Value]
Partial: TypeAlias = Callable[..., Value | int]
Code: TypeAlias = Callable[..., Array]  # of a row: it computes in any domain
Args: TypeAlias = Sequence[Operand]  # what a primitive was given, in order
OneArray: TypeAlias = Any
Given = TypeVar("Given", "Tensor", Array, Value)


class Operation(Protocol):
    """A row as users call it: its arguments, then its options, by position or name."""

    __name__: str
    __qualname__: str
    primitive: Primitive

    @overload
    def __call__(self, a: Tensor, /, *others: object, **options: object) -> Tensor: ...
    @overload
    def __call__(
        self, a: Operand, b: Tensor, /, *others: object, **options: object
    ) -> Tensor: ...
    @overload
    def __call__(self, a: Array, /, *others: object, **options: object) -> Array: ...
    @overload
    def __call__(self, a: Operand, /, *others: object, **options: object) -> Value: ...


Structure: TypeAlias = (
    Leaf | Sequence["Structure[Leaf]"] | Mapping[str, "Structure[Leaf]"]
)
