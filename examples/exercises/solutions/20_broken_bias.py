"""The solution of exercise 20."""

import numpy as np

from minigrad.exercising import Exercise


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def step(x, y_prev, c_prev, W, b_f, b_i, b_c, b_o):
    v = np.concatenate([x, y_prev])
    f = sigmoid(W[0] @ v + b_f)
    i = sigmoid(W[1] @ v + b_i)
    c_tilde = np.tanh(W[2] @ v + b_c)
    o = sigmoid(W[3] @ v + b_o)
    c = f * c_prev + i * c_tilde
    y = o * np.tanh(c)
    return y, c


exercise = Exercise(
    step,
    shapes={
        "x": "n",
        "y_prev": "m",
        "c_prev": "m",
        "W": "4 m n+m",
        "b_f": "m",
        "b_i": "m",
        "b_c": "m",
        "b_o": "m",
    },
    hints=[
        "The derivative by b_f is zero: nothing depends on it.",
        "In the picture, one bias has two lines that leave it.",
        "The forget gate adds b_i.",
    ],
    bug="your f has b_i where b_f belongs",
)
