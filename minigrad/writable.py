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

import itertools
from bisect import bisect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from minigrad import array_like
from minigrad.array_like import ArrayLike, as_array, current, plain
from minigrad.arrays import numbers
from minigrad.context import SETTING
from minigrad.messages import explain, is_explained, user_line
from minigrad.table import (
    broadcast,
    cast,
    concatenate_row,
    reshape,
    select,
    stack_row,
    take,
)
from minigrad.tensor import Tensor
from minigrad.types import Array, Index, Operand, Shape

Piece = Tensor | Array


class Memory:
    """What was written into an array, piece by piece."""

    __slots__ = ("dtype", "pieces", "root", "starts", "writes")

    def __init__(self, dtype: np.dtype) -> None:
        self.dtype = dtype
        self.root: Array | None = None  # the addresses of the whole array
        self.pieces: list[Piece] = []
        self.starts = [0]  # of each piece, and the end of the last
        self.writes = 0

    def append(self, piece: Piece) -> Array:
        """Keep a piece; return the addresses of its entries."""
        start = self.starts[-1]
        self.pieces.append(piece)
        self.starts.append(start + piece.size)
        return np.arange(start, start + piece.size).reshape(piece.shape)

    def converted(self, value: Operand) -> Piece:
        """Return a value as a piece, in the precision of the array."""
        value = joined(value)
        if not isinstance(value, Tensor):
            piece = np.array(numbers(value, "x[index] = value", "value"), self.dtype)
            piece.flags.writeable = False
            return piece
        if value.dtype != self.dtype and "O" not in (value.dtype.kind, self.dtype.kind):
            return cast(value, self.dtype)
        return value


class Writable(ArrayLike):
    """An array that can be written to, and remembers what was written.

    `mg.zeros(3)`, `np.zeros_like(t)` and `t.copy()` make one. Where it is computed
    with, it stands for what is in it at that moment: a Tensor, or, as long as no Tensor
    was written, numbers; then what is computed can be written to as well.

    >>> import minigrad as mg
    >>> t, out = mg.Tensor([1.0, 2.0]), mg.zeros(2)
    >>> out[0] = t[0] * 3.0
    >>> out[1] = out[0] + t[1]
    >>> mg.grad(out.sum(), t)
    array([6., 1.])

    Raises ValueError for a value that does not fit, as NumPy does.
    """

    __slots__ = ("_memory", "_now", "_places")

    name = None
    primitive = None

    def __init__(self, memory: Memory, places: Array) -> None:
        self._memory = memory
        self._places = places
        self._now: tuple[int, Any] = (-1, None)

    @property
    def data(self) -> Array:  # type: ignore[override]
        """The numbers that are in it now."""
        return np.asarray(plain(self.current()))

    @property
    def shape(self) -> Shape:
        """The size along each axis."""
        return self._places.shape

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

    def current(self) -> Piece:
        """Return what is in it now: a Tensor, or an array if no Tensor was written."""
        memory, places = self._memory, self._places
        if not SETTING.get().recording:  # what is gathered now has no record to keep
            return _gathered(memory, places)
        if self._now[0] != memory.writes:
            self._now = memory.writes, _gathered(memory, places)
            if places is memory.root and len(memory.pieces) > 1:
                memory.pieces, memory.starts = [], [0]  # from now on this is all
                places[...] = memory.append(self._now[1])
        return self._now[1]

    def __array__(
        self, dtype: DTypeLike | None = None, copy: bool | None = None
    ) -> Array:
        now = self.current()
        if isinstance(now, Tensor):
            return now.__array__(dtype, copy)
        return np.array(now, dtype)

    def __getitem__(self, index: Index) -> Any:
        index = _as_index(index)
        try:
            places: Any = self._places[index]
        except IndexError as error:
            raise misfit(self, "x[index]", error, _within(self, index)) from error
        if isinstance(places, Array):
            return self._seen(places)
        value = _gathered(self._memory, np.asarray(places))
        return (
            value[()] if isinstance(value, Array) else value
        )  # a number, not an array

    def __setitem__(self, index: Index, value: Operand) -> None:  # type: ignore[override]
        index = _as_index(index)

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
        new = self._own_places(value)
        if new is None:
            new = memory.append(memory.converted(value))
        memory.writes += 1  # it may fail half way, as NumPy's functions may
        writer(self._places, new)

    def _own_places(self, value: object) -> Array | None:
        """Return the addresses of a value that stands in this array already.

        Entries that move within one array need no record: x[1:] = x[:-1].
        """
        if isinstance(value, Writable) and value._memory is self._memory:
            return value._places.copy()
        return None

    def view(self, function: Callable[..., Any], *args: Any, **options: Any) -> Any:
        """Return what a function that only moves entries gives: a view, as in NumPy."""
        moved = function(self._places, *args, **options)
        if isinstance(moved, (list, tuple)):
            return type(moved)([self._seen(each) for each in moved])
        return self._seen(moved)

    def _seen(self, places: Array) -> Writable:
        if not places.size or np.may_share_memory(places, self._places):
            return Writable(self._memory, places)
        return writable(_gathered(self._memory, places))

    def copy(self) -> Writable:
        """Return another array with the same content, which shares nothing with it."""
        return writable(self.current())

    def fill(self, value: Operand) -> None:
        """Write one value into every entry."""
        self[...] = value

    def __iter__(self) -> Any:
        return (self[i] for i in range(len(self)))

    def __copy__(self) -> Writable:
        return self.copy()

    def __deepcopy__(self, memo: dict[int, object]) -> Writable:
        return self.copy()


def writable(value: Piece, dtype: DTypeLike | None = None) -> Writable:
    """Return an array that can be written to, and holds this now."""
    memory = Memory(np.dtype(dtype or value.dtype))
    memory.root = memory.append(memory.converted(value))
    return Writable(memory, memory.root)


def filled(
    shape: int | Sequence[int], value: Operand, dtype: DTypeLike = float
) -> Writable:
    """Return an array that can be written to, with one value in every entry."""
    memory = Memory(np.dtype(dtype))
    memory.root = np.empty(shape, np.intp)
    memory.root[...] = memory.append(memory.converted(value))
    return Writable(memory, memory.root)


def _as_index(index: Any) -> Any:
    """Return an index, or refuse one with a derivative."""
    parts = index if isinstance(index, tuple) else (index,)
    if any(isinstance(part, ArrayLike) for part in parts):
        raise TypeError(
            explain(
                f"x[index] with a Tensor as index, at {user_line()}",
                {"index": index},
                "an index is a choice, not a number with a derivative.",
                "index with plain integers, slices or boolean arrays.",
            )
        )
    return index


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
    return kind(
        explain(f"{asked}, at {user_line()}", operands, f"NumPy: {error}.", fix)
    )


# ------------------------------------------------------------- reading what was written


def _gathered(memory: Memory, places: Array) -> Any:
    """Return the entries at some addresses: one piece or what joins several."""
    if not places.size:
        return _nothing(memory, places)
    low, high = int(places.min()), int(places.max())
    first, last = (bisect(memory.starts, place) - 1 for place in (low, high))
    if first == last:
        return _from_one(memory.pieces[first], places - memory.starts[first])
    starts = np.asarray(memory.starts[first : last + 1])
    nth = np.searchsorted(starts, places, side="right") - 1
    owner, local = nth + first, places - starts[nth]
    owners = first + np.flatnonzero(np.bincount(nth.ravel()))
    pieces = {k: memory.pieces[k] for k in owners.tolist()}
    if not any(isinstance(piece, Tensor) for piece in pieces.values()):
        return _joined(pieces, owner, local)
    one_over_another = len(pieces) == 2 and any(p.size > 1 for p in pieces.values())
    ways = (_by_masks, _by_rows) if one_over_another else (_by_rows, _by_masks)
    for way in ways:
        value = way(pieces, owner, local)
        if value is not None:
            return value
    return _joined(pieces, owner, local)


def _nothing(memory: Memory, places: Array) -> Any:
    """Return no entries: of a Tensor, if there is one."""
    for piece in memory.pieces:
        if isinstance(piece, Tensor):
            return take(reshape(piece, (piece.size,)), places)
    return np.zeros(places.shape, memory.dtype)


def _from_one(piece: Piece, local: Array) -> Any:
    """Return entries of one piece, by their places in it."""
    if piece.size == 1:
        single = piece if piece.ndim == 0 else reshape(piece, ())
        return broadcast(single, shape=local.shape) if local.shape else single
    everything = np.arange(piece.size)
    if local.size == piece.size and np.array_equal(local.ravel(), everything):
        return piece if piece.shape == local.shape else reshape(piece, local.shape)
    return take(piece, _index_of(local, piece.shape))


def _index_of(local: Array, shape: Shape) -> Index:
    """Return the index of entries by their places: rows as such, if they are whole."""
    if not local.ndim:
        entry = tuple(int(i) for i in np.unravel_index(int(local), shape))
        return entry if len(entry) > 1 else entry[0]
    width = int(np.prod(shape[1:]))
    if local.shape == shape[1:] or local.shape[1:] == shape[1:]:
        rows = local.reshape(-1, width)
        starts = rows[:, 0] // width
        if np.array_equal(rows, starts[:, None] * width + np.arange(width)):
            if local.shape == shape[1:]:
                return int(starts[0])
            if np.array_equal(starts, np.arange(starts[0], starts[0] + len(starts))):
                return slice(int(starts[0]), int(starts[-1]) + 1)
            return starts
    index = np.unravel_index(local, shape)
    return index if len(index) > 1 else index[0]


def _by_rows(pieces: dict[int, Piece], owner: Array, local: Array) -> Any:
    """Join rows, or blocks of rows, if each comes from one piece."""
    if not owner.ndim:
        return None
    flat = owner.reshape(len(owner), -1)
    if not (flat == flat[:, :1]).all():
        return None
    starts = [0, *(np.flatnonzero(np.diff(flat[:, 0])) + 1).tolist(), len(owner)]
    blocks = list(itertools.pairwise(starts))
    if len(blocks) > 2 * len(pieces):
        return None
    if all(stop == start + 1 for start, stop in blocks):
        rows = [_from_one(pieces[int(flat[i, 0])], local[i]) for i, _ in blocks]
        return stack_row(*rows, axis=0)
    parts = [
        _from_one(pieces[int(flat[start, 0])], local[start:stop])
        for start, stop in blocks
    ]
    return concatenate_row(*parts, axis=0)


def _by_masks(pieces: dict[int, Piece], owner: Array, local: Array) -> Any:
    """Choose among a few pieces, if each stands in its place, or is one number."""
    if len(pieces) > 4:
        return None
    straight = np.arange(owner.size).reshape(owner.shape)
    aligned: dict[int, Any] = {}
    for k, piece in pieces.items():
        if piece.size == 1:
            aligned[k] = piece if piece.ndim == 0 else reshape(piece, ())
        elif piece.shape == owner.shape and (local == straight)[owner == k].all():
            aligned[k] = piece
        else:
            return None
    below, *above = sorted(aligned, key=lambda k: (aligned[k].size == 1, k))
    value = aligned[below]
    if value.size == 1 and value.shape != owner.shape:
        value = broadcast(value, shape=owner.shape)
    for k in above:
        value = select(aligned[k], value, mask=owner == k)
    return value


def _joined(pieces: dict[int, Piece], owner: Array, local: Array) -> Any:
    """Take the entries from all pieces, joined into one row."""
    owners = list(pieces)
    starts = np.cumsum([0, *(pieces[k].size for k in owners[:-1])])
    row = concatenate_row(*(reshape(pieces[k], (pieces[k].size,)) for k in owners))
    return take(row, local + starts[np.searchsorted(owners, owner)])


def array(data: Any, dtype: DTypeLike | None = None) -> Any:
    """Return a new array of numbers and Tensors, nested in lists: as `np.array` does.

    >>> import minigrad as mg
    >>> t = mg.Tensor(2.0)
    >>> mg.array([[t, 0.0], [1.0, t * t]]).data
    array([[2., 0.],
           [1., 4.]])
    """
    value = joined(data)
    if not isinstance(value, Tensor):
        value = np.array(value, dtype)
        if value.dtype.kind not in "fO":
            return value
    return writable(value, dtype)


def joined(data: Any) -> Any:
    """Return numbers and Tensors, nested in lists, as one Tensor; else as they are."""
    data = current(data)
    if not has_tensors(data):
        return np.asarray(data) if isinstance(data, (list, tuple)) else data
    if isinstance(data, Tensor):
        return data
    return stack_row(*(as_operand(joined(each)) for each in data), axis=0)


array_like.joined_by = joined


def as_operand(value: Any) -> Any:
    """Return a Tensor as it is, and anything else as an array."""
    value = joined(value)
    return value if isinstance(value, Tensor) else as_array(value)


def has_tensors(data: Any) -> bool:
    """Is this a list, nested or not, with Tensors in it; or a Tensor itself?"""
    if isinstance(data, (list, tuple)):
        return any(has_tensors(each) for each in data)
    return isinstance(data, ArrayLike)


def copied(a: Tensor | Writable | Array) -> Writable:
    """Return an array with the same content that can be written to."""
    return writable(current(a))


def zeros(shape: int | Sequence[int], dtype: DTypeLike = float) -> Writable:
    """Return zeros that Tensors can be written into."""
    return filled(shape, 0, dtype)


def ones(shape: int | Sequence[int], dtype: DTypeLike = float) -> Writable:
    """Return ones that Tensors can be written into."""
    return filled(shape, 1, dtype)


def full(
    shape: int | Sequence[int], fill_value: Operand, dtype: DTypeLike = float
) -> Writable:
    """Return an array of one value that Tensors can be written into."""
    return filled(shape, fill_value, dtype)


def empty(shape: int | Sequence[int], dtype: DTypeLike = float) -> Writable:
    """Return an array to be filled; an entry that is not filled is NaN."""
    return filled(shape, np.nan, dtype)


def zeros_like(
    a: Tensor | Writable | Array, dtype: DTypeLike | None = None
) -> Writable | Array:
    """Return zeros of the same shape; whole numbers and booleans are a plain array."""
    return full_like(a, 0, dtype)


def ones_like(
    a: Tensor | Writable | Array, dtype: DTypeLike | None = None
) -> Writable | Array:
    """Return ones of the same shape; whole numbers and booleans are a plain array."""
    return full_like(a, 1, dtype)


def empty_like(
    prototype: Tensor | Writable | Array, dtype: DTypeLike | None = None
) -> Writable | Array:
    """Return an array of the same shape to be filled; what is not filled is NaN."""
    return full_like(prototype, np.nan, dtype)


def full_like(
    a: Tensor | Writable | Array, fill_value: Operand, dtype: DTypeLike | None = None
) -> Writable | Array:
    """Return an array of the same shape, with one value in every entry."""
    a = a if hasattr(a, "shape") else np.asarray(a)
    kind = np.dtype(dtype or a.dtype)
    if kind.kind in "fO":
        return filled(a.shape, fill_value, kind)
    return np.full(a.shape, fill_value, kind)
