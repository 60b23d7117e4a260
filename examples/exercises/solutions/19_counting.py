"""The solution of exercise 19."""

import numpy as np

from minigrad.exercising import Exercise


def accepted(U):
    """Return 1.0 for every string aⁱbʲcᵏ at whose end both counters are 0."""
    counts = np.array(list(np.ndindex(5, 5, 5)))
    return np.all(counts @ np.transpose(U) == 0, axis=1).astype(float)


def increments():
    U = np.array([[1, -1, 0], [0, 1, -1]])
    return U


exercise = Exercise(
    increments,
    shapes={},
    hints=[
        "One counter compares the a with the b. What is the other one for?",
        ("#a = #b and #b = #c. A counter that is 0 at the end can say one of these."),
        ("Row 0: +1 at an a, −1 at a b, 0 at a c. Row 1 does the same for b and c."),
    ],
    seen=accepted,
    mistakes={
        "every string with as many a as b is accepted, whatever its c: the other "
        "counter does not say how many c there are": lambda: np.array([[1, -1, 0]]),
        "every string with as many b as c is accepted, whatever its a: the other "
        "counter does not say how many a there are": lambda: np.array([[0, 1, -1]]),
        "every string with as many c as a and b together is accepted: no counter says "
        "how many a there are for each b": lambda: np.array([[1, 1, -1]]),
        "both counters are always 0, so that every string is accepted": (
            lambda: np.zeros((2, 3))
        ),
    },
)
