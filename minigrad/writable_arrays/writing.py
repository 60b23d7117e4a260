"""What NumPy's functions do with an array that can be written to.

    views     np.swapaxes(x, 0, 1) only moves entries: it is called on the addresses,
              and what is written into its result stands in x, too
    writers   np.copyto(x, values) writes: it writes addresses of the values
    results   np.add(a, b, out=x) is computed and then written, and so is x += a
    sums      np.add.at(x, index, values) adds up where an index comes again

Every other function takes what is in the array now. As long as that is no Tensor, what
it returns is no Tensor either, and can be written to as well: x = np.zeros(3) + 1.0.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from minigrad.messages import is_explained
from minigrad.numpy_protocol.array_like import ArrayLike, current
from minigrad.numpy_protocol.numpy_calls import by_name
from minigrad.table import broadcast, cast, negative, reshape, scatter
from minigrad.tensor import Tensor
from minigrad.types import Array, Index, Operand, Options
from minigrad.writable_arrays.gathering import as_operand, has_tensors
from minigrad.writable_arrays.writable import Writable, misfit, writable

_NAMES = (
    "array_split broadcast_to diagonal dsplit expand_dims flip fliplr flipud hsplit "
    "matrix_transpose moveaxis permute_dims ravel reshape rollaxis rot90 split squeeze "
    "swapaxes transpose unstack vsplit"
)
VIEWS: set[object] = {getattr(np, name, None) for name in _NAMES.split()} - {None}
VIEWS |= {np.linalg.diagonal, np.linalg.matrix_transpose, np.real, np.real_if_close}
SOMETIMES_VIEWS: set[object] = {np.diag, np.einsum}  # of a matrix; of "ij->ji"
VIEWS_OF_EACH = {np.atleast_1d, np.atleast_2d, np.atleast_3d}
WRITERS: dict[object, tuple[int, str]] = {  # which argument is written
    np.copyto: (1, "src"),
    np.fill_diagonal: (1, "val"),
    np.place: (2, "vals"),
    np.put: (2, "v"),
    np.put_along_axis: (2, "values"),
    np.putmask: (2, "values"),
}
SHARED = {np.may_share_memory, np.shares_memory}
SUMS: dict[object, Callable[..., Any]] = {
    np.add: lambda values: values,
    np.subtract: negative,
}


def array_function(
    self: Writable,
    function: Callable[..., Any],
    types: Sequence[type],
    args: tuple[Any, ...],
    options: Options,
) -> Any:
    """Answer a function of NumPy that was given an array that can be written to."""
    args, options = by_name(function, args, options)
    if isinstance(options.get("out"), Writable):
        x = options.pop("out")
        return into(x, function(*args, **options))  # type: ignore[arg-type]
    x, rest = (args[0], args[1:]) if args else (None, ())
    if function in VIEWS_OF_EACH and rest:
        return tuple([function(each) for each in args])
    if function in VIEWS | VIEWS_OF_EACH and isinstance(x, Writable):
        return x.moved(function, *rest, **options)
    of = [each for each in args if isinstance(each, Writable)]
    if function in SOMETIMES_VIEWS and len(of) == 1:
        places = function(*(a.addresses if a is of[0] else a for a in args), **options)
        if np.may_share_memory(places, of[0].addresses):
            return of[0].moved(lambda _: places)
    if (
        function is np.nan_to_num
        and not options.get("copy", True)
        and isinstance(x, Writable)
    ):
        given: dict[str, Any] = dict(options, copy=True)
        in_numbers: Callable[..., Any] = function
        return into(x, in_numbers(*args, **given))
    if function in WRITERS and isinstance(x, Writable):
        return _written(function, x, list(args), dict(options))
    if function in SHARED:
        return _share(function, *args, **options)
    now = [current(each) for each in args]
    how = {key: current(value) for key, value in options.items()}
    if has_tensors([*now, *how.values()]) or function is np.empty_like:
        return ArrayLike.__array_function__(self, function, types, args, options)
    return own_array(function(*now, **how))


def array_ufunc(
    self: Writable, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any
) -> Any:
    """Answer a ufunc that was given an array that can be written to."""
    (out,) = options.get("out", (None,)) if ufunc.nout == 1 else (None,)
    if method == "__call__" and isinstance(out, Writable):
        mask = options.pop("where", True)
        del options["out"]
        return into(out, ufunc(*inputs, **options), mask)
    if method == "at" and isinstance(inputs[0], Writable):
        x, index, *values = inputs
        if ufunc in SUMS:
            return _add_at(x, index, SUMS[ufunc](as_operand(values[0])))
        return _applied_at(ufunc, x, index, *values)
    now = [current(each) for each in inputs]
    if has_tensors(now) or "out" in options:
        return ArrayLike.__array_ufunc__(self, ufunc, method, *inputs, **options)
    return own_array(getattr(ufunc, method)(*now, **options))


def own_array(result: Any) -> Any:
    """Return floats that were computed from plain numbers as an array to write to."""
    if type(result) is Array and result.ndim and result.dtype.kind in "fO":
        return writable(result, layout=result)
    return result


def with_own_result(operation: Callable[..., Any]) -> Callable[..., Any]:
    """Return an operation whose result can be written to, if it is no Tensor."""

    @functools.wraps(operation)
    def result(*args: Any, **options: Any) -> Any:
        x = options.pop("out", None)
        value = operation(*args, **options)
        return own_array(value) if x is None else into(x, value)

    return result


def _share(function: Callable[..., bool], a: Any, b: Any, *most: Any) -> bool:
    """Do two arrays have entries in common? A plain array has none of them."""
    if not (isinstance(a, Writable) and isinstance(b, Writable)):
        return False
    return function(a.addresses, b.addresses, *most)


def put(self: Writable, indices: Any, values: Operand, mode: str = "raise") -> None:
    """Write values at places that are counted along all axes, as `np.put` does."""
    np.put(self, indices, values, mode)  # type: ignore[arg-type]


def astype(
    self: Writable, dtype: DTypeLike, order: str = "K", *, copy: bool = True
) -> Any:
    """Return an array with the numbers in another precision, and of its own."""
    if not copy and np.dtype(dtype) == self.dtype:
        return self
    now = self.current()
    if np.dtype(dtype).kind in "fO":
        return writable(now, dtype, self.addresses)
    return cast(now, dtype) if isinstance(now, Tensor) else now.astype(dtype)


def partition(self: Writable, kth: Any, axis: int = -1) -> None:
    """Bring the kth smallest entry along an axis to its place, in the array itself."""
    self[...] = np.partition(self, kth, axis)


def sort(self: Writable, axis: int = -1) -> None:
    """Bring the entries along an axis into ascending order, in the array itself."""
    self[...] = np.sort(self, axis)


class Flat:
    """The entries of an array in one row, to be read and written: x.flat[::4] = t."""

    __slots__ = ("of",)

    def __init__(self, of: Writable) -> None:
        self.of = of

    def __len__(self) -> int:
        return self.of.size

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))

    def __getitem__(self, index: Any) -> Any:
        found = self.of.moved(lambda places: np.asarray(places.flat[index]))
        return found if found.ndim else found.current()

    def __setitem__(self, index: Any, value: Operand) -> None:
        def assign(places: Array, new: Array) -> None:
            places.flat[index] = new

        try:
            self.of.write(assign, value)
        except (IndexError, ValueError, TypeError) as error:
            if is_explained(error):
                raise
            fix = f"index {index!r} must lie within {self.of.size} entries."
            raise misfit(self.of, "x.flat[index] = value", error, fix, value) from error


def in_place(operation: Callable[..., Any]) -> Callable[..., Any]:
    """Return what x += y does, of what x + y does: the result has the shape of x."""

    def write(self: Writable, other: Any) -> Writable:
        result = operation(self, other)
        return into(self, result, fits=np.shape(result) == self.shape)

    return write


def into(x: Writable, result: Any, mask: Any = True, fits: bool = True) -> Writable:
    """Write a result into an array to which it broadcasts: out=x."""
    if np.ndim(result) > x.ndim or not fits:
        error = ValueError(f"the result has shape {np.shape(result)}")
        raise misfit(x, "a result written into x", error, "make x as large.", result)
    np.copyto(x, result, where=mask)  # type: ignore[arg-type]
    return x


def _written(
    function: Callable[..., Any], x: Writable, args: list[Any], options: Options
) -> None:
    place, name = WRITERS[function]
    holder: Any = args if place < len(args) else options
    key = place if place < len(args) else name
    value = holder[key]

    def writer(places: Array, new: Array) -> None:
        holder[key] = new
        function(places, *args[1:], **options)

    try:
        x.write(writer, value)
    except (IndexError, ValueError, TypeError) as error:
        if is_explained(error):
            raise
        fix = f"places lie within shape {x.shape}; values fit, or broadcast, to them."
        raise misfit(x, f"np.{function.__name__}(x, ...)", error, fix, value) from error


def _add_at(x: Writable, index: Index, values: Any) -> None:
    """Do x[index] += values; where an entry is meant again, it adds up."""
    numbered = np.asarray(np.arange(x.size).reshape(x.shape)[index])
    entries, again = np.unique(numbered, return_inverse=True)
    values = reshape(broadcast(values, shape=numbered.shape), shape=(numbered.size,))
    total = scatter(values, shape=entries.shape, index=again.reshape(-1))
    where = np.unravel_index(entries, x.shape)
    x[where] = x[where] + total


def _applied_at(ufunc: np.ufunc, x: Writable, index: Index, *values: Any) -> None:
    """Do x[index] = ufunc(x[index], values), an entry that comes again once more."""
    numbered = np.asarray(np.arange(x.size).reshape(x.shape)[index])
    places = numbered.reshape(-1)
    given = [np.broadcast_to(as_operand(v), numbered.shape).reshape(-1) for v in values]
    order = np.argsort(places, kind="stable")
    first = np.searchsorted(places[order], places[order])
    rounds = np.empty_like(places)
    rounds[order] = np.arange(places.size) - first  # how often it came before
    for i in range(int(rounds.max(initial=-1)) + 1):
        chosen = np.flatnonzero(rounds == i)
        where = np.unravel_index(places[chosen], x.shape)
        x[where] = ufunc(x[where], *(v[chosen] for v in given))
