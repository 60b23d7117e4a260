"""The solution of exercise 10."""

import numpy as np

from minigrad.exercising import Exercise


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def halves_exchanged(f_bar, W, b, x, y_prev):
    W_bar, x_bar, y_prev_bar = backward(f_bar, W, b, x, y_prev)
    v_bar = np.concatenate([x_bar, y_prev_bar])
    return W_bar, v_bar[len(b) :], v_bar[: len(b)]


def backward(f_bar, W, b, x, y_prev):
    v = np.concatenate([x, y_prev])
    f = sigmoid(W @ v + b)
    z_bar = f_bar * f * (1 - f)
    v_bar = W.T @ z_bar
    W_bar = np.outer(z_bar, v)
    x_bar = v_bar[: len(x)]
    y_prev_bar = v_bar[len(x) :]
    return W_bar, x_bar, y_prev_bar


exercise = Exercise(
    backward,
    shapes={"f_bar": "m", "W": "m n+m", "b": "m", "x": "n", "y_prev": "m"},
    hints=[
        "First z̄, then v̄ as in exercise 8; then take v̄ apart.",
        "Joining is undone by splitting: x gets the first n entries of v̄.",
        "v_bar[: len(x)] and v_bar[len(x) :].",
    ],
    mistakes={
        "v is [x, y_prev], and was taken apart as if it were [y_prev, x]": (
            halves_exchanged
        ),
    },
)
