"""The solution of exercise 16."""

import numpy as np

from minigrad.exercising import Exercise


def forget_bias(k):
    f = 0.5 ** (1 / k)
    b = np.log(f / (1 - f))
    return b


exercise = Exercise(
    forget_bias,
    shapes={"k": lambda rng: 5 + 20 * rng.random()},
    hints=[
        "First f: f^k = 1/2.",
        "f = (1/2)^(1/k). Then turn σ around: f = 1 / (1 + e^−b).",
        "e^−b = (1 − f) / f, so b = log(f / (1 − f)).",
    ],
    mistakes={
        "f = 1 − 1/k forgets a k-th of what is left at each step: after k steps that "
        "keeps about 1/e, and not one half": lambda k: np.log(k - 1),
    },
)
