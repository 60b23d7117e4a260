"""The solution of exercise 8."""

import numpy as np

from minigrad.exercising import Exercise


def backward(z_bar, W, v):
    W_bar = np.outer(z_bar, v)
    v_bar = W.T @ z_bar
    return W_bar, v_bar


exercise = Exercise(
    backward,
    shapes={"z_bar": "m", "W": "m n", "v": "n"},
    hints=[
        "W_ij is used once, in z_i, and multiplied by v_j there.",
        "W̄_ij = z̄_i v_j. And v_j is used by every z_i: v̄_j = Σ_i W_ij z̄_i.",
        "A column times a row, np.outer(z_bar, v); and the sum over i is Wᵀ z̄.",
    ],
)
