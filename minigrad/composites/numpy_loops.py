"""Loops of NumPy's that ask no array how: np.nditer, np.ndenumerate, np.vectorize.

NumPy makes plain arrays of what it loops over, which a Tensor refuses. Those here take
the entries one by one, and are used in a file with `from minigrad import numpy as np`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from minigrad.messages import explained
from minigrad.numpy_protocol.array_like import ArrayLike, current, has_tensors
from minigrad.writable_arrays.creation import array
from minigrad.writable_arrays.gathering import as_operand, joined
from minigrad.writable_arrays.writable import Writable


def ndenumerate(arr: Any) -> Iterator[tuple[tuple[int, ...], Any]]:
    """Return pairs of the index of an entry and the entry."""
    if not has_tensors(arr):
        return iter(np.ndenumerate(arr))
    a = arr if isinstance(arr, ArrayLike) else as_operand(arr)
    return ((index, a[index]) for index in np.ndindex(a.shape))


def nditer(op: Any, flags: Any = (), op_flags: Any = None, **how: Any) -> Any:
    """Return a loop over entries, in NumPy's order; those of an array can be written.

    >>> x = mg.Tensor([1.0, 2.0]).copy()
    >>> for entry in nditer(x, op_flags=["readwrite"]):
    ...     entry[...] = entry * entry
    >>> x
    Writable([1., 4.])
    """
    if not has_tensors(op):
        return np.nditer(op, flags, op_flags, **how)
    if isinstance(op, ArrayLike):
        return _Entries(op, flags, **how)
    raise explained(
        TypeError,
        "np.nditer of several arrays",
        "it would join them in plain arrays, which know no records.",
        "loop over their rows: zip(np.ravel(a), np.ravel(b)).",
    )


class _Entries:
    """What np.nditer is of one array: NumPy says the order, the array has the entries.

    Unlike NumPy's, it needs no flag to know its `multi_index`.
    """

    def __init__(self, of: Any, flags: Any, **how: Any) -> None:
        numbers = of.addresses if isinstance(of, Writable) else of.data
        tracked: Any = [*{*flags, "multi_index", "zerosize_ok"}]
        places: Any = np.nditer(numbers, tracked, **how)
        self.of, self.places, self._begun = of, places, False

    multi_index = property(lambda self: self.places.multi_index)
    index = property(lambda self: self.places.index)
    finished = property(lambda self: self.places.finished)
    itersize = property(lambda self: self.places.itersize)
    value = property(lambda self: self[0])

    def iternext(self) -> bool:
        """Go on to the next entry; False if there is none."""
        more: bool = self.places.iternext()
        return more

    def __getitem__(self, operand: int) -> Any:
        return self.of[(*self.places.multi_index, ...)]

    def __setitem__(self, operand: int, value: Any) -> None:
        self.of[self.places.multi_index] = value

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        if self.finished or (self._begun and not self.iternext()):
            raise StopIteration
        self._begun = True
        return self[0]

    def __len__(self) -> int:
        return 1  # array that is looped over, as NumPy counts

    def __enter__(self) -> _Entries:
        return self

    def __exit__(self, *error: object) -> None: ...


def vectorize(pyfunc: Any = None, *options: Any, **named: Any) -> Callable[..., Any]:
    """Return a function that calls another for each entry of its broadcast arguments.

    >>> vectorize(lambda a: a * a if a > 1.0 else a)(mg.Tensor([1.0, 2.0])).data
    array([1., 4.])
    """
    if pyfunc is None:
        return functools.partial(vectorize, **named)
    theirs: Any = np.vectorize(pyfunc, *options, **named)

    @functools.wraps(pyfunc)
    def function(*args: Any, **more: Any) -> Any:
        operands: Any = [as_operand(current(each)) for each in args]
        alike = not more and theirs.signature is None and not theirs.excluded
        shape = np.broadcast_shapes(*map(np.shape, operands))
        if not alike or 0 in shape:
            return theirs(*args, **more)
        rows = [np.broadcast_to(each, shape).reshape(-1) for each in operands]
        results = [pyfunc(*entries) for entries in zip(*rows, strict=True)]
        if isinstance(results[0], tuple):
            columns = map(list, zip(*results, strict=True))
            return tuple(joined(each).reshape(shape) for each in columns)
        if has_tensors(results):
            return array(results).reshape(shape)
        kind = theirs.otypes[0] if theirs.otypes else np.asarray(results[0]).dtype
        return np.array(results, kind).reshape(shape)

    return function
