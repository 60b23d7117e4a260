"""The solution of exercise 11."""

import numpy as np

from minigrad.exercising import Exercise


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def step(W, b, x, y_prev, c_prev):
    v = np.concatenate([x, y_prev])
    f = sigmoid(W[0] @ v + b[0])
    i = sigmoid(W[1] @ v + b[1])
    c_tilde = np.tanh(W[2] @ v + b[2])
    o = sigmoid(W[3] @ v + b[3])
    c = (
        f * c_prev  # what is kept
        + i * c_tilde  # what is new
    )
    y = o * np.tanh(c)
    return y, c


exercise = Exercise(
    step,
    shapes={"W": "4 m n+m", "b": "4 m", "x": "n", "y_prev": "m", "c_prev": "m"},
    hints=[
        ("Four dense layers that read the same v; the candidate is the one with tanh."),
        "c keeps f of what was there, and lets in i of what is new.",
        "c = f * c_prev + i * c_tilde, and y shows o of tanh(c).",
    ],
)
