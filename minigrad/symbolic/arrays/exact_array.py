"""An array of exact numbers that the engine takes for an array of numbers.

It is a subclass of NumPy's array, so a Tensor can hold it and the backward walk can
run on it, and it translates NumPy's functions by `ArrayProtocol`. What is inside are
not the numbers themselves but, say, their residues modulo a prime. So nothing may
calculate with the bare entries; movements NumPy does itself (views, transposes).

To rows and to the engine it is an array of objects, as in the small prover. So a rule
that looks at the dtype takes the same branch on residues as on bounds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad.array_like import DOMAINS
from minigrad.primitive import Elementwise
from minigrad.symbolic.arrays.protocol import ArrayProtocol
from minigrad.symbolic.rings.domains import NUMBERS, Element
from minigrad.symbolic.rings.generators import of_row


class ExactArray(ArrayProtocol, np.ndarray):
    """What arrays of residues and arrays of bounds share.

    ring    where its entries live: it lifts constants and draws new variables
    known   generators and reciprocals that were asked of this very array
    """

    if not TYPE_CHECKING:
        dtype = np.dtype(object)  # as rows see it: entries with their own arithmetic
    known: dict[str, Any]

    def __init_subclass__(cls) -> None:
        DOMAINS[cls] = computed

    def __array_finalize__(self, source: Any) -> None:
        self.ring = getattr(source, "ring", None)
        self.known = {}

    def __str__(self) -> str:
        return repr(self)

    @property
    def raw(self) -> np.ndarray:
        """What is inside, as a bare array."""
        return self.view(np.ndarray)

    def lifted(self, number: Any) -> Any:
        return number if type(number) is type(self) else self.ring.lift(number)

    def filled(self, number: int, shape: tuple[int, ...] | None = None) -> Any:
        return self.ring.filled(number, self.shape if shape is None else shape)

    function: Any = Element.function
    reciprocal: Any = Element.reciprocal
    _power: Any = Element.__pow__

    def over(self, other: Any) -> Any:
        """Return a / b; ZeroDivisionError where b is zero."""
        return self.times(self.lifted(other).reciprocal())

    def to_the(self, exponent: Any) -> Any:
        """Return a ** k for a number k."""
        if type(exponent) is np.ndarray and exponent.ndim == 0:
            exponent = exponent.item()
        if not isinstance(exponent, NUMBERS):
            raise self._unknown(np.power)
        return self._power(exponent)

    def __getitem__(self, index: Any) -> Any:
        return self.moved(lambda parts: parts[0][index], [self])

    def sum(self, axis: Any = None, keepdims: bool = False, **_: Any) -> Any:  # type: ignore[override]
        """Return the sum over the axes."""
        reduce: Any = np.add.reduce
        return reduce(self, axis=axis, keepdims=keepdims)

    def astype(self, *_: Any, **__: Any) -> Any:
        """Return the array: exact numbers have no precision to change."""
        return self

    def mean(self, axis: Any = None, keepdims: bool = False, **_: Any) -> Any:  # type: ignore[override]
        """Return the mean over the axes."""
        total = self.sum(axis, keepdims)
        return total / (self.size // total.size) if total.size else total


def _bare(name: str) -> Any:
    """Return a method that refuses, where NumPy would calculate with bare entries."""

    def refused(self: ExactArray, *_: Any, **__: Any) -> Any:
        raise self._unknown(getattr(np.ndarray, name))

    return refused


for _name in (
    "dot", "trace", "round", "byteswap", "sort", "argsort", "partition", "argpartition",
    "argmax", "argmin", "searchsorted", "item", "tolist",
    "__bool__", "__int__", "__float__", "__complex__",
):  # fmt: skip
    setattr(ExactArray, _name, _bare(_name))


def computed(row: Elementwise, a: Any) -> Any:
    """Return what an elementwise row of one argument means at an exact array.

    Where the meaning is a generator this is its value, and the row's function does not
    run: written for floating point, it would turn a subclass into a bare array. That
    function and meaning agree is for the row's lemma to say.
    """
    known = of_row(row)
    return row.function(a) if known is None else a.function(known)
