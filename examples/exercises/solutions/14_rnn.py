"""The solution of exercise 14."""

import numpy as np

from minigrad.exercising import Exercise


def backward(g, x, h_0, W, U):
    H = [h_0]
    for t in range(len(x)):
        H.append(np.tanh(W @ x[t] + U @ H[t]))
    W_bar, U_bar = np.zeros_like(W), np.zeros_like(U)
    x_bar, h_bar = np.zeros_like(x), np.zeros_like(h_0)
    for t in reversed(range(len(x))):
        h_bar = (
            g[t] + h_bar  # the carry from the next step
        )
        z_bar = h_bar * (1 - H[t + 1] ** 2)
        W_bar += np.outer(z_bar, x[t])
        U_bar += np.outer(z_bar, H[t])
        x_bar[t] = W.T @ z_bar
        h_bar = U.T @ z_bar
    return W_bar, U_bar, x_bar


exercise = Exercise(
    backward,
    shapes={"g": "T m", "x": "T n", "h_0": "m", "W": "m n", "U": "m m"},
    hints=[
        (
            "h[t] is used from outside, g[t], and by step t + 1: keep a carry, as "
            "in exercise 13."
        ),
        (
            "z̄ = h̄ ⊙ (1 − h[t]²), and h[t] is H[t + 1]. Then every step adds to "
            "W̄ and to Ū."
        ),
        (
            "The carry to the step before is Uᵀ z̄: no mask keeps it from shrinking "
            "or growing."
        ),
    ],
)
