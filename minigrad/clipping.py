"""Gradients shrunk together, so that one bad batch does not throw the weights far."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from minigrad.habits import taught
from minigrad.messages import explained
from minigrad.numpy_protocol.array_like import plain
from minigrad.parameter import Parameter
from minigrad.shapes import leaves, rebuilt


@taught
def clip_by_global_norm(gradients: Any, max_norm: float) -> tuple[Any, float]:
    """Shrink all gradients together so that their joint norm is at most `max_norm`.

    Return them, in the structure they came in, and the norm they had before (Pascanu
    et al. 2013, algorithm 1; PyTorch's form, with 1e-6 added to the norm). A gradient
    that is None stays None. Raises ValueError if the norm is not a finite number.

    >>> clip_by_global_norm([np.array([3.0]), np.array([4.0])], max_norm=10.0)[1]
    5.0
    """
    gradients = list(gradients) if isinstance(gradients, Iterator) else gradients
    arrays = list(leaves(gradients).values())
    of_parameters = [g for g in arrays if isinstance(g, Parameter)]
    if of_parameters:
        raise explained(
            TypeError,
            "clip_by_global_norm of Parameters",
            {of_parameters[0].name or "p": of_parameters[0]},
            "it takes gradients and returns smaller ones; here it was given what "
            "they are gradients of.",
            "gradients, norm = mg.clip_by_global_norm([p.grad for p in "
            f"parameters], {max_norm!r}); optimizer.step(gradients).",
        )
    norm = math.hypot(*(_norm(g) for g in arrays if g is not None))
    if not (math.isfinite(norm) and max_norm > 0):
        raise explained(
            ValueError,
            f"gradients of norm {norm} clipped to {max_norm}",
            {f"gradient {i}": g for i, g in enumerate(arrays) if _is_bad(g)},
            "shrinking divides by the norm, and cannot mend what is not finite.",
            "give a max_norm above 0; find a NaN with mg.checked(), or leave out "
            "this step.",
        )
    shrink = min(1.0, float(max_norm) / (norm + 1e-6))
    clipped = (None if g is None else g * shrink for g in arrays)
    return rebuilt(gradients, clipped), norm


def _norm(g: Any) -> float:
    """Return the norm of one gradient, in float64; no square of it overflows."""
    sizes = np.abs(plain(g)).astype(float)
    largest = float(np.max(sizes, initial=0.0))
    if not 0 < largest < math.inf:  # nothing, an infinity, or NaN
        return largest
    return largest * float(np.linalg.norm(sizes / largest))


def _is_bad(g: Any) -> bool:
    return g is not None and not np.isfinite(g).all()
