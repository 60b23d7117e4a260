"""The solution of exercise 9."""

import numpy as np

from minigrad.exercising import Exercise


def backward(Y_bar, X, W, b):
    Y = np.tanh(X @ W.T + b)
    Z_bar = Y_bar * (1 - Y**2)
    W_bar = Z_bar.T @ X
    b_bar = Z_bar.sum(axis=0)  # over the examples of the batch
    X_bar = Z_bar @ W
    return W_bar, b_bar, X_bar


exercise = Exercise(
    backward,
    shapes={"Y_bar": "B m", "X": "B n", "W": "m n", "b": "m"},
    hints=[
        "Begin with tanh, entry by entry: Z̄ has the shape of Y.",
        "Let the shapes guide you: W̄ is m × n, Z̄ is B × m, X is B × n.",
        "W̄ = Z̄ᵀ X, b̄ the sum of Z̄ over examples, X̄ = Z̄ W.",
    ],
)
