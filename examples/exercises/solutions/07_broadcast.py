"""The solution of exercise 7."""

import numpy as np

from minigrad.exercising import Exercise


def backward(Z_bar, X, b):
    X_bar = Z_bar
    b_bar = Z_bar.sum(axis=0)  # over the examples of the batch
    return X_bar, b_bar


exercise = Exercise(
    backward,
    shapes={"Z_bar": "B m", "X": "B m", "b": "m"},
    hints=[
        "How often was b used? What must its gradient's shape be?",
        "b was used B times, once by each example, and gradients add.",
        "The examples are axis 0 of Z̄.",
    ],
)
