"""What the field cannot compute: a row that enters a proof by its SymPy lemma alone."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from minigrad.primitive import Primitive
from minigrad.recording import record
from minigrad.symbolic.rings.duals import Dual, Dual2
from minigrad.symbolic.rings.entries import array, fresh
from minigrad.tensor import Array, Tensor


class ByLemma(Primitive):
    """Stands for an elementwise row that cannot run on ring elements (2 ** x, erf).

    Its value y and its slopes dy/da are new variables, and so are the slopes of its
    slopes. The rule itself is not run: that it gives these slopes is what the row's
    SymPy lemma says.
    """

    def __init__(self, row: Primitive, slopes: list[Array], bends: Any = None) -> None:
        vars(self).update(vars(row))
        self.slopes = slopes
        self.bends = bends

    @classmethod
    def applied(
        cls, row: Primitive, ring: Any, args: Any, shape: tuple[int, ...], order: int
    ) -> tuple[ByLemma, list[Any]]:
        """Return the stand-in, and its value as it moves, in every entry."""
        slopes = [fresh(ring, f"{row.name}'", shape) for _ in args]
        y = fresh(ring, row.name, shape)
        zero = np.full(shape, ring.lift(0), object)
        if order == 1:
            tangent = _carried(slopes, args, zero)
            return cls(row, slopes), _duals(Dual, y, tangent)
        second: dict[Any, Array] = {}
        for i, j in itertools.combinations_with_replacement(range(len(args)), 2):
            second[i, j] = second[j, i] = fresh(ring, f"{row.name}''", shape)
        rows = [[second[i, j] for j in range(len(args))] for i in range(len(args))]
        inner = [
            array([a.value for a in arg.flat], arg.shape) if _moves(arg) else arg
            for arg in args
        ]
        moving_slopes = [
            array(_duals(Dual, slope, _carried(bend, inner, zero)), shape)
            for slope, bend in zip(slopes, rows, strict=True)
        ]
        still = array(_duals(Dual, zero, zero), shape)
        value = _duals(Dual, y, _carried(slopes, inner, zero))
        tangent = _carried(moving_slopes, args, still)
        pairs = _duals(Dual2, array(value, shape), tangent)
        return cls(row, slopes, [cls(row, bend) for bend in rows]), pairs

    def vjp(self, i: int, g: Any, y: Any, args: Any, options: Any) -> Any:
        """Return g times the slope of argument i."""
        slope: Any = self.slopes[i]
        if self.bends and any(isinstance(arg, Tensor) for arg in args):
            slope = record(self.bends[i], slope, tuple(args), {})
        return g * slope

    def jvp(self, tangents: Sequence[Any], y: Any, args: Any, options: Any) -> Any:
        """Return the sum of slopes times tangents."""
        total = 0
        for slope, tangent in zip(self.slopes, tangents, strict=True):
            if tangent is not None:
                total = total + slope * tangent
        return total


def _carried(slopes: Sequence[Array], args: Sequence[Any], zero: Array) -> Array:
    """Return the sum of slopes times tangents, over the arguments that move."""
    total = zero
    for slope, arg in zip(slopes, args, strict=True):
        if _moves(arg):
            total = total + slope * array([a.tangent for a in arg.flat], arg.shape)
    return np.asarray(total)


def _duals(kind: type[Dual], values: Array, tangents: Array) -> list[Dual]:
    return [kind(*pair) for pair in zip(values.flat, tangents.flat, strict=True)]


def _moves(arg: Any) -> bool:
    return isinstance(arg, Array) and arg.size > 0 and isinstance(arg.flat[0], Dual)
