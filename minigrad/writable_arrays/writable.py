"""Arrays that can be written to: `out = mg.zeros(3)`, `out[0] = t`, `x = t.copy()`.

A Tensor that a tape holds never changes. A `Writable` is a handle that does: it knows,
for each of its entries, where its number stands, and writing changes only that.

    memory    what was ever written, piece by piece: Tensors and arrays
    address   for each entry its place in the memory; an array of integers

So a write costs what is written: it appends a piece and enters addresses. Reading an
entry that was just written gives the piece itself, and records nothing; reading more
gathers pieces (stack, where, concatenate, take), each of which stays what it was. Who
read before a write keeps what was read.

Two names for one array are two views of one address array, and NumPy itself says which
operations give views. So `row = x[0]; x[0, 1] = 5` changes row, as it does in NumPy.

A loop that fills T entries and reads the last one at each step costs about T. Reading
all that was filled so far at each step costs T times T, as a copy would.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from minigrad.context import SETTING
from minigrad.messages import explained, is_explained
from minigrad.numpy_protocol.array_like import ArrayLike, plain
from minigrad.numpy_protocol.arrays import require_choices
from minigrad.tensor import Tensor
from minigrad.types import Array, Index, Operand, Shape
from minigrad.writable_arrays.gathering import Memory, Piece, gathered, is_traced


class Writable(ArrayLike):
    """An array that can be written to, and remembers what was written.

    `mg.zeros(3)`, `np.zeros_like(t)` and `t.copy()` make one. Where it is computed
    with, it stands for what is in it at that moment: a Tensor, or, as long as no Tensor
    was written, numbers; then what is computed can be written to as well.

    >>> t, out = mg.Tensor([1.0, 2.0]), mg.zeros(2)
    >>> out[0] = t[0] * 3.0
    >>> out[1] = out[0] + t[1]
    >>> mg.grad(out.sum(), t)
    array([6., 1.])

    Raises ValueError for a value that does not fit, as NumPy does.
    """

    __slots__ = ("_memory", "_now", "_places", "name")

    primitive = None

    def __init__(self, memory: Memory, places: Array) -> None:
        self.name: str | None = None  # of what is in it, too, once that is read
        self._memory = memory
        self._places = places
        self._now: tuple[int, Any] = (-1, None)

    @property
    def data(self) -> Array:  # type: ignore[override]
        """The numbers that are in it now; to be read only."""
        now: Any = plain(self.current())
        if is_traced(now):
            return now  # type: ignore[no-any-return]
        numbers = np.asarray(now).view()
        numbers.flags.writeable = False
        return numbers

    @property
    def shape(self) -> Shape:
        """The size along each axis."""
        return self._places.shape

    @shape.setter
    def shape(self, shape: int | Shape) -> None:
        places = self._places.reshape(shape)
        if places.size and not np.may_share_memory(places, self._places):
            raise explained(
                AttributeError,
                f"x.shape = {shape!r}",
                {"x": self},
                "its entries do not lie in this order, and only a copy could.",
                "write x = x.reshape(shape).",
            )
        self._places, self._now = places, (-1, None)

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return self._places.ndim

    @property
    def size(self) -> int:
        """The number of entries."""
        return self._places.size

    @property
    def dtype(self) -> np.dtype:
        """The kind of numbers; what is written is brought to it."""
        return self._memory.dtype

    @property
    def addresses(self) -> Array:
        """For each entry its place in the memory; views of an array share theirs."""
        return self._places

    @property
    def is_contiguous(self) -> bool:
        """Do the entries stand one after the other, as rows of rows?"""
        return self._places.flags.c_contiguous

    def current(self) -> Piece:
        """Return what is in it now: a Tensor, or an array if no Tensor was written."""
        memory, places = self._memory, self._places
        with memory.lock:
            if not SETTING.get().recording:  # no record of it is to be kept
                fresh: Piece = gathered(memory, places)
                return fresh
            if self._now[0] != memory.writes:
                self._now = memory.writes, gathered(memory, places)
                if places is memory.root and len(memory.pieces) > 1:
                    memory.pieces, memory.starts = [], [0]  # from now on this is all
                    places[...] = memory.append(self._now[1])
            now: Piece = self._now[1]
            if self.name and isinstance(now, Tensor) and now.primitive:
                now.name = now.name or self.name
            return now

    def __array__(
        self, dtype: DTypeLike | None = None, copy: bool | None = None
    ) -> Array:
        now = self.current()
        if isinstance(now, Tensor):
            return now.__array__(dtype, copy)
        return np.array(now, dtype)

    def __getitem__(self, index: Index) -> Any:
        require_choices(index, self, "x")
        with self._memory.lock:
            try:
                places: Any = self._places[index]
            except IndexError as error:
                raise misfit(self, "x[index]", error, _within(self, index)) from error
            if isinstance(places, Array):
                return self._seen(places)
            value = self._memory.entry(int(places))
        return value if isinstance(value, Tensor) else value[()]  # a number, no array

    def __setitem__(self, index: Index, value: Operand) -> None:  # type: ignore[override]
        require_choices(index, self, "x")

        def assign(places: Array, new: Array) -> None:
            places[index] = new

        try:
            self.write(assign, value)
        except (IndexError, ValueError, TypeError) as error:
            if is_explained(error):
                raise
            fix = _within(self, index)
            raise misfit(self, "x[index] = value", error, fix, value) from error

    def write(self, writer: Callable[[Array, Array], object], value: Operand) -> None:
        """Let a function write the addresses of a value among those of the array."""
        memory = self._memory
        if isinstance(value, Writable) and value._memory is memory:
            # Entries that move within one array need no record: x[1:] = x[:-1].
            with memory.lock:
                self._enter(writer, value._places.copy())
        else:
            piece = memory.converted(value)  # takes the lock of another array
            with memory.lock:
                self._enter(writer, memory.append(piece))

    def _enter(self, writer: Callable[[Array, Array], object], new: Array) -> None:
        self._memory.writes += 1  # it may fail half way, as NumPy's functions may
        writer(self._places, new)

    def moved(self, function: Callable[..., Any], *args: Any, **options: Any) -> Any:
        """Return what a function that only moves entries gives: a view, as in NumPy."""
        with self._memory.lock:
            moved = function(self._places, *args, **options)
            if isinstance(moved, (list, tuple)):
                return type(moved)([self._seen(each) for each in moved])
            return self._seen(moved)

    def _seen(self, places: Array) -> Writable:
        if not places.size or np.may_share_memory(places, self._places):
            return Writable(self._memory, places)
        return writable(gathered(self._memory, places), layout=places)

    def view(self) -> Writable:
        """Return another name of the same entries."""
        return self._seen(self._places[...])

    def copy(self, order: str = "C") -> Writable:
        """Return another array with the same content, which shares nothing with it."""
        return writable(self.current())

    def fill(self, value: Operand) -> None:
        """Write one value into every entry."""
        self[...] = value

    def __iter__(self) -> Any:
        return (self[i] for i in range(len(self)))

    def __reduce__(self) -> tuple[Any, ...]:
        return writable, (self.current(), self.dtype)

    def __copy__(self) -> Writable:
        return self.copy()

    def __deepcopy__(self, memo: dict[int, object]) -> Writable:
        return self.copy()


def writable(
    value: Piece, dtype: DTypeLike | None = None, layout: Array | None = None
) -> Writable:
    """Return an array that can be written to, and holds this now.

    In NumPy a copy by columns stays one by columns: its `ravel()` is another copy, and
    not a view. So the addresses stand in memory as the entries of `layout` do.
    """
    memory = Memory(np.dtype(dtype or value.dtype))
    memory.root = memory.append(memory.converted(value))
    if isinstance(layout, np.ndarray) and not layout.flags.c_contiguous:
        rows, memory.root = memory.root, np.empty_like(layout, np.intp)
        memory.root[...] = rows
    return Writable(memory, memory.root)


def layout_of(a: Any) -> Array | None:
    """Return an array whose entries stand in memory as those of `a` do."""
    return a.addresses if isinstance(a, Writable) else plain(a)


def filled(
    shape: int | Sequence[int],
    value: Operand,
    dtype: DTypeLike = float,
    layout: Array | None = None,
) -> Writable:
    """Return an array that can be written to, with one value in every entry."""
    memory = Memory(np.dtype(dtype))
    is_given = layout is not None
    memory.root = (
        np.empty_like(layout, np.intp) if is_given else np.empty(shape, np.intp)
    )
    memory.root[...] = memory.append(memory.converted(value))
    return Writable(memory, memory.root)


def _within(x: Writable, index: Index) -> str:
    return (
        f"index {index!r} must lie within shape {x.shape}, and a value must have the "
        "shape of x[index], or broadcast to it."
    )


def misfit(
    x: Writable, asked: str, error: Exception, fix: str, value: Operand | None = None
) -> Exception:
    """Say in four parts what NumPy refuses to write or to read."""
    operands = {"x": x} if value is None else {"x": x, "value": value}
    kind = type(error) if type(error) in (IndexError, TypeError) else ValueError
    return explained(kind, asked, operands, f"NumPy: {error}.", fix)
