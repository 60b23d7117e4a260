"""The solution of exercise 15."""

import numpy as np

from minigrad.exercising import Exercise


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def other_way_round(h_new_bar, h, R, Z, H):
    """Go back through h_new = (1 − u) ⊙ h + u ⊙ h̃, as other libraries have it."""
    r, u = sigmoid(R @ h), sigmoid(Z @ h)
    h_tilde = np.tanh(H @ (r * h))
    u_bar = h_new_bar * (h_tilde - h)
    s_bar = H.T @ (h_new_bar * u * (1 - h_tilde**2))
    return (
        h_new_bar * (1 - u)
        + s_bar * r
        + Z.T @ (u_bar * u * (1 - u))
        + R.T @ (s_bar * h * r * (1 - r))
    )


def backward(h_new_bar, h, R, Z, H):
    r, u = sigmoid(R @ h), sigmoid(Z @ h)
    h_tilde = np.tanh(H @ (r * h))
    u_bar = h_new_bar * (h - h_tilde)
    h_tilde_bar = h_new_bar * (1 - u)
    s_bar = H.T @ (h_tilde_bar * (1 - h_tilde**2))
    r_bar = s_bar * h
    h_bar = (
        h_new_bar * u  # the direct way
        + s_bar * r  # the way through r ⊙ h
        + Z.T @ (u_bar * u * (1 - u))  # the way through the update gate
        + R.T @ (r_bar * r * (1 - r))  # the way through the reset gate
    )
    return h_bar


exercise = Exercise(
    backward,
    shapes={"h_new_bar": "m", "h": "m", "R": "m m", "Z": "m m", "H": "m m"},
    hints=[
        ("Count the uses of h: in u ⊙ h, in r ⊙ h, in R h and in Z h. Four terms."),
        "u is used twice, with two signs: ū = h̄_new ⊙ (h − h̃).",
        "h̄ = h̄_new ⊙ u + s̄ ⊙ r + Zᵀ(ū ⊙ u ⊙ (1 − u)) + Rᵀ(r̄ ⊙ r ⊙ (1 − r)).",
    ],
    mistakes={
        "u and 1 − u have changed places everywhere: here u keeps h, and 1 − u lets h̃ "
        "in": other_way_round,
    },
)
