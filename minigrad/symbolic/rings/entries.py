"""Arrays of objects: elements of a ring, dual numbers, exact fractions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minigrad.messages import explain
from minigrad.symbolic.rings.domains import Exact
from minigrad.tensor import Array


def array(entries: list[Any], shape: tuple[int, ...]) -> Array:
    """Return objects as an array of this shape."""
    return np.fromiter(entries, object, len(entries)).reshape(shape)


def fresh(ring: Any, name: str, shape: tuple[int, ...]) -> Array:
    """Return an array of new variables."""
    return array([ring.fresh(name) for _ in range(math.prod(shape))], shape)


def exact(constant: Any) -> Any:
    """Return a constant of the program as exact fractions, in its shape.

    Raises ValueError if it is not finite: infinity is no element of a field.
    """
    try:
        if isinstance(constant, Array):
            return array([Exact(c) for c in constant.ravel().tolist()], constant.shape)
        return Exact(constant.item() if isinstance(constant, np.generic) else constant)
    except (ValueError, OverflowError, TypeError) as error:
        raise ValueError(
            explain(
                "a proof on a tape with a constant that is no finite real number",
                {"constant": constant},
                f"exact arithmetic has no element for it ({error}).",
                "use a large finite number for the infinity of a mask, or mg.where.",
            )
        ) from error
