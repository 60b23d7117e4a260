"""The solution of exercise 25."""

import numpy as np

from minigrad.exercising import Exercise


def forward(x, h_0, W, U):
    """Return h[t] for all t: what `backward` should be the gradient of."""
    h, states = h_0, []
    for t in range(len(x)):
        h = np.tanh(W @ x[t] + U @ h)
        states.append(h)
    return np.stack(states)


def backward(g, x, h_0, W, U):
    H = [h_0]
    for t in range(len(x)):
        H.append(np.tanh(W @ x[t] + U @ H[t]))
    x_bar, h_bar = np.zeros_like(x), np.zeros_like(h_0)
    for t in reversed(range(len(x))):
        h_bar = (
            g[t] + h_bar  # the carry from the next step
        )
        z_bar = h_bar * (1 - H[t + 1] ** 2)
        x_bar[t] = W.T @ z_bar
        h_bar = U.T @ z_bar
    return x_bar


exercise = Exercise(
    backward,
    shapes={"g": "T m", "x": "T n", "h_0": "m", "W": "m n", "U": "m m"},
    hints=[
        "The last time step is right. What else does x[0] move?",
        "x[t] moves h[t], and h[t] moves h[t + 1]: a carry is missing.",
        (
            "Backwards in time, with h̄ = g[t] + Uᵀ z̄ of the next step, as in "
            "exercise 14."
        ),
    ],
    bug="your h̄ lacks the term Uᵀ z̄, the carry from the next step",
)
