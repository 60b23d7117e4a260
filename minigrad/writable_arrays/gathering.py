"""What was written into an array, and how it is read: pieces are gathered.

A piece is what one write brought, a Tensor or an array, and the memory holds the pieces
one after the other. An address is an entry's place in this row. Reading entries by
their addresses gives, if it can be, a piece itself; else the few rows that join pieces
best: a stack of rows, a choice by masks, or entries taken from all pieces.
"""

from __future__ import annotations

import itertools
from bisect import bisect
from threading import RLock
from typing import Any

import numpy as np

from minigrad.numpy_protocol import array_like
from minigrad.numpy_protocol.array_like import as_array, current
from minigrad.numpy_protocol.array_like import has_tensors as has_tensors
from minigrad.numpy_protocol.arrays import numbers
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
MANY = 32  # parts: the gradient of joining n of them costs n times n


class Memory:
    """What was written into an array, piece by piece."""

    __slots__ = ("dtype", "lock", "pieces", "root", "starts", "writes")

    def __init__(self, dtype: np.dtype) -> None:
        self.dtype = dtype
        self.root: Array | None = None  # the addresses of the whole array
        self.pieces: list[Piece] = []
        self.starts = [0]  # of each piece, and the end of the last
        self.writes = 0
        self.lock = RLock()  # threads may write different entries, as in NumPy

    def append(self, piece: Piece) -> Array:
        """Keep a piece; return the addresses of its entries."""
        start = self.starts[-1]
        self.pieces.append(piece)
        self.starts.append(start + piece.size)
        if not piece.ndim:
            return np.array(start)
        return np.arange(start, start + piece.size).reshape(piece.shape)

    def entry(self, place: int) -> Piece:
        """Return the entry at an address: the very piece, if it was written alone."""
        k = bisect(self.starts, place) - 1
        piece = self.pieces[k]
        return (
            piece
            if not piece.ndim
            else _from_one(piece, np.array(place - self.starts[k]))
        )

    def owners(self, places: Array) -> Array:
        """Return which piece holds each of some addresses."""
        low, high = int(places.min()), int(places.max())
        first, last = (bisect(self.starts, place) - 1 for place in (low, high))
        if places.size < last - first:  # few entries, far apart
            each = [bisect(self.starts, place) - 1 for place in places.ravel().tolist()]
            return np.array(each).reshape(places.shape)
        starts = np.asarray(self.starts[first : last + 1])
        return first - 1 + np.searchsorted(starts, places, side="right")

    def converted(self, value: Operand) -> Piece:
        """Return a value as a piece, in the precision of the array.

        A leaf is copied, and that is recorded: its numbers may change, as those of a
        Parameter do in training, while those of a result never do.
        """
        if not isinstance(value, Tensor):
            value = joined(value)
        if is_traced(value):  # whole numbers
            value = Tensor(value.astype(self.dtype))  # type: ignore[union-attr]
        if not isinstance(value, Tensor):
            piece = np.array(numbers(value, "x[index] = value", "value"), self.dtype)
            piece.flags.writeable = False
            return piece
        exact = "O" in (value.dtype.kind, self.dtype.kind)
        if value.primitive is None or (value.dtype != self.dtype and not exact):
            return cast(value, value.dtype if exact else self.dtype)
        return value


def gathered(memory: Memory, places: Array) -> Any:
    """Return the entries at some addresses: one piece or what joins several."""
    if not places.ndim:
        return memory.entry(int(places))
    if not places.size:
        return _nothing(memory, places)
    owner = memory.owners(places)
    pieces = {k: memory.pieces[k] for k in sorted({*owner.ravel().tolist()})}
    starts = {k: memory.starts[k] for k in pieces}
    if len(pieces) == 1:
        ((first, piece),) = pieces.items()
        return _from_one(piece, places - starts[first])
    local = places - np.array([*starts.values()])[np.searchsorted([*starts], owner)]
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
    if len({len(part) for part in parts}) == 1:  # the gradient of a stack is cheaper
        return reshape(stack_row(*parts, axis=0), owner.shape)
    return concatenate_row(*parts, axis=0) if len(parts) < MANY else None


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
    by_size: dict[int, list[Any]] = {}  # a stack's gradient is cheaper than a join's
    starts: dict[int, int] = {}
    for k in sorted(pieces, key=lambda k: pieces[k].size):
        piece = pieces[k]
        starts[k] = sum(size * len(same) for size, same in by_size.items())
        by_size.setdefault(piece.size, []).append(reshape(piece, (piece.size,)))
    parts = [
        reshape(stack_row(*same), (-1,)) if len(same) > 1 else same[0]
        for same in by_size.values()
    ]
    row = concatenate_row(*parts) if len(parts) > 1 else parts[0]
    known = sorted(starts)
    begin = np.array([starts[k] for k in known])
    return take(row, local + begin[np.searchsorted(known, owner)])


# --------------------------------------------------------- numbers and Tensors in lists


def joined(data: Any) -> Any:
    """Return numbers and Tensors, nested in lists, as one Tensor; else as they are."""
    data = current(data)
    if is_traced(data) and data.dtype.kind == "f":
        data = Tensor(data)
    if not has_tensors(data):
        return np.asarray(data) if isinstance(data, (list, tuple)) else data
    if isinstance(data, Tensor):
        return data
    return stack_row(*(as_operand(joined(each)) for each in data), axis=0)


def is_traced(value: Any) -> bool:
    """Is this an array of a function that is compiled, which knows its operation?"""
    return hasattr(value, "tracer")


array_like.joined_by = joined


def as_operand(value: Any) -> Any:
    """Return a Tensor as it is, and anything else as an array."""
    value = joined(value)
    return value if isinstance(value, Tensor) else as_array(value)
