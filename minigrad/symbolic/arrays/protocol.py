"""What NumPy's functions mean on arrays whose entries are not floats: a dozen words.

An array of residues, of bounds, or of values with tangents needs to know few things:
how to add, multiply, divide, sum and multiply matrices. Everything else that the rows
of the table ask of NumPy only moves entries about (reshape, concatenate, where), and
moving is the same in every domain. Here NumPy's many names are translated into those
few words; the three classes of arrays say what the words mean.

What is not listed is refused: an unlisted function would calculate with the bare
numbers inside, and its result would mean nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from minigrad.messages import explain

WORDS = {
    (np.add, "__call__"): "plus",
    (np.subtract, "__call__"): "minus",
    (np.multiply, "__call__"): "times",
    (np.true_divide, "__call__"): "over",
    (np.matmul, "__call__"): "after",
    (np.power, "__call__"): "to_the",
    (np.negative, "__call__"): "negated",
    (np.positive, "__call__"): "itself",
    (np.square, "__call__"): "squared",
    (np.reciprocal, "__call__"): "reciprocal",
    (np.add, "reduce"): "summed",
    (np.add, "accumulate"): "running",
}
IN_OTHER_WORDS: dict[Any, Callable[..., Any]] = {
    np.sum: lambda a, axis=None, **how: np.add.reduce(a, axis=axis, **how),
    np.mean: lambda a, axis=None, keepdims=False: a.mean(axis, keepdims),
    np.cumsum: lambda a, axis: np.add.accumulate(a, axis=axis),
    np.zeros_like: lambda a, shape=None, **_: a.filled(0, shape),
    np.ones_like: lambda a, shape=None, **_: a.filled(1, shape),
    np.shape: lambda a: a.shape,
    np.ndim: lambda a: a.ndim,
    np.size: lambda a: a.size,
}
# Functions that move entries about, and how they are called with other arrays.
_OF_ONE = (
    np.broadcast_to, np.reshape, np.transpose, np.swapaxes, np.moveaxis, np.ravel,
    np.squeeze, np.expand_dims, np.flip, np.roll, np.repeat, np.tile, np.diagonal,
    np.tril, np.triu,
)  # fmt: skip
_OF_LISTS = (np.concatenate, np.stack, np.vstack, np.hstack)


class ArrayProtocol:
    """Translates what NumPy asks of an array into the words above.

    A class of arrays has the words as methods, and `ring`, `function(generator)`,
    `become(result)`, `add_at(index, values)` and the methods that stand empty here.
    """

    ring: Any
    rank = 0  # where two classes meet, the higher one calculates

    def __array_ufunc__(
        self, ufunc: Any, method: str, *inputs: Any, out: Any = None, **options: Any
    ) -> Any:
        if self._yields_to(map(type, inputs)):
            return NotImplemented
        if method == "at" and ufunc is np.add:
            target, index, values = inputs
            return target.add_at(index, self.lifted(values))
        options.pop("dtype", None)  # exact numbers have no precision to choose
        word = WORDS.get((ufunc, method))
        if word is not None:
            result = getattr(self.lifted(inputs[0]), word)(*inputs[1:], **options)
        else:
            unary = method == "__call__" and len(inputs) == 1 and not options
            generator = self.ring.asked_as(ufunc.__name__) if unary else None
            if generator is None:
                raise self._unknown(ufunc)
            result = inputs[0].function(generator)
        return result if out is None else out[0].become(result)

    def __array_function__(
        self, function: Any, types: Any, args: Any, options: Any
    ) -> Any:
        if self._yields_to(types):
            return NotImplemented
        if function in IN_OTHER_WORDS:
            return IN_OTHER_WORDS[function](*args, **options)
        if function is np.zeros:  # np.zeros(shape, dtype, like=self)
            return self.filled(0, args[0])
        parts, call = _parts(function, args, options)
        if call is None:
            raise self._unknown(function)
        return self.moved(call, parts)

    def _yields_to(self, types: Iterable[type]) -> bool:
        return any(getattr(each, "rank", 0) > self.rank for each in types)

    def _unknown(self, function: Any) -> TypeError:
        name = getattr(function, "__name__", str(function))
        return TypeError(
            explain(
                f"{name} of a {type(self).__name__}",
                {},
                f"exact arrays know + - * / @, sums, and what moves entries; not "
                f"{name}.",
                "write the row with those, or prove a smaller model, whose entries are "
                "calculated one by one.",
            )
        )

    def lifted(self, number: Any) -> Any:
        """Return a number, or an array of them, as an array of this class."""
        raise NotImplementedError

    def filled(self, number: int, shape: tuple[int, ...] | None = None) -> Any:
        """Return an array of this class with one number in all entries."""
        raise NotImplementedError

    def moved(self, call: Callable[[list[Any]], Any], parts: list[Any]) -> Any:
        """Return `call(parts)`, a call that moves entries about."""
        raise NotImplementedError

    def times(self, other: Any) -> Any:
        """Return a * b, entry by entry."""
        raise NotImplementedError

    def itself(self) -> Any:
        """Return +a."""
        return self

    def squared(self) -> Any:
        """Return a * a."""
        return self.times(self)


def _parts(function: Any, args: Any, options: Any) -> tuple[list[Any], Any]:
    """Return the arrays that a moving function is given, and a call with others."""
    if function is np.where and len(args) == 3:
        mask, *parts = args
        return parts, lambda parts: np.where(mask, *parts)
    first, *rest = args
    if function in _OF_LISTS:
        return list(first), lambda parts: function(parts, *rest, **options)
    if function in _OF_ONE:
        return [first], lambda parts: function(parts[0], *rest, **options)
    return [], None
