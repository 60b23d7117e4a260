"""The solution of exercise 1."""

import numpy as np

from minigrad.exercising import Exercise


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def backward(y_bar, w, x, b):
    y = sigmoid(w * x + b)
    z_bar = y_bar * y * (1 - y)
    w_bar = z_bar * x
    x_bar = z_bar * w
    b_bar = z_bar
    return w_bar, x_bar, b_bar


exercise = Exercise(
    backward,
    shapes={"y_bar": "", "w": "", "x": "", "b": ""},
    hints=[
        (
            "Go back through the three steps p = w x, z = p + b, y = σ(z), one at a "
            "time."
        ),
        "The slope of σ is written with its result: σ′(z) = y (1 − y).",
        "z̄ = ȳ y (1 − y). Then w̄ is z̄ times what w was multiplied by.",
    ],
)
