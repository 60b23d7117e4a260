"""Learning rates over time: plain functions of the epoch.

Each takes the number of finished epochs and of all epochs, and returns the factor, in
(0, 1], by which the learning rate is multiplied during the next one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping


def constant(epoch: int, epochs: int) -> float:
    """Always the same."""
    return 1.0


def cosine(epoch: int, epochs: int) -> float:
    """Fall along half a cosine (Loshchilov and Hutter 2017, equation 5).

    >>> [round(cosine(epoch, 4), 2) for epoch in range(4)]
    [1.0, 0.85, 0.5, 0.15]
    """
    return 0.5 * (1 + math.cos(math.pi * epoch / epochs))


def steps(epoch: int, epochs: int) -> float:
    """A tenth after half of the epochs, a hundredth after three quarters.

    >>> [steps(epoch, 4) for epoch in range(4)]
    [1.0, 1.0, 0.1, 0.01]
    """
    return (1.0, 0.1, 0.01)[(2 * epoch >= epochs) + (4 * epoch >= 3 * epochs)]


SCHEDULES: Mapping[str, Callable[[int, int], float]] = {
    "constant": constant,
    "cosine": cosine,
    "steps": steps,
}
