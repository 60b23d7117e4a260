"""An index as on paper: counted from 1, and both ends belong to a range.

x[..., 0:3]   is   1:3
x[:, t]       is   :,t+1
"""

from __future__ import annotations

import numpy as np

from minigrad.deriving.formula import At
from minigrad.types import Shape

FEW = 6  # more chosen entries than these have a letter, if they have one


class Chosen(np.ndarray):
    """The numbers of chosen entries, which have a letter of their own: k."""

    letter = "chosen"


def index_text(index: object, shape: Shape) -> str:
    """Write an index into an array of this shape.

    >>> index_text((Ellipsis, slice(0, 3)), (5,)), index_text((slice(None), -1), (4, 2))
    ('1:3', ':,2')
    >>> index_text((np.arange(3), [0, 1, 1]), (3, 2))
    'each,(1 2 2)'
    """
    parts = index if isinstance(index, tuple) else (index,)
    paired = sum(isinstance(part, (list, np.ndarray)) for part in parts) > 1
    given = sum(part is not None and part is not Ellipsis for part in parts)
    words, axis = [], 0
    for part in parts:
        if part is Ellipsis:
            words += [":"] * (len(shape) - given)
            axis += len(shape) - given
        else:
            size = shape[axis] if axis < len(shape) else 0
            every = paired and np.array_equal(part, np.arange(size))
            words.append("each" if every else _along_axis(part, size))
            axis += part is not None
    while len(words) > 1 and words[-1] == ":":
        words.pop()
    return ",".join(words)


def _along_axis(part: object, size: int) -> str:
    if part is None:
        return "new"
    if isinstance(part, slice):
        return _range(part, size)
    if isinstance(part, (int, np.integer, At)):
        return _from_one(part, size)
    array = np.asarray(part)
    if array.dtype.kind == "b":
        return "mask"
    if array.size > FEW:
        return getattr(part, "letter", Chosen.letter)
    return "(" + " ".join(_from_one(k, size) for k in array.ravel()) + ")"


def _range(part: slice, size: int) -> str:
    if isinstance(part.start, At) or isinstance(part.stop, At):
        return f"{_from_one(part.start, size)}:{_from_one(part.stop, size, last=True)}"
    start, stop, step = part.indices(size)
    if (start, stop, step) == (0, size, 1):
        return ":"
    if step != 1:
        return f"{start + 1}:{stop + 1 + (-1 if step > 0 else 1)}:{step}"
    return str(stop) if start + 1 == stop else f"{start + 1}:{stop}"


def _from_one(k: int | np.integer | At | None, size: int, last: bool = False) -> str:
    """Write entry k, counted from 1; the end of a range is its last entry."""
    more = 0 if last else 1
    if isinstance(k, At):
        offset = k.offset + more
        return f"t{offset:+d}" if offset else "t"
    k = 0 if k is None else int(k)
    return str((k + size if k < 0 else k) + more)
