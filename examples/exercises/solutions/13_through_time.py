"""The solution of exercise 13."""

import numpy as np

from minigrad.exercising import Exercise


def backward(g, f, u, c_0):
    C = [c_0]
    for t in range(len(u)):
        C.append(f[t] * C[t] + u[t])
    c_bar, u_bar, f_bar = np.zeros_like(u), np.zeros_like(u), np.zeros_like(f)
    for t in reversed(range(len(u))):
        c_bar[t] = g[t]
        if t + 1 < len(u):
            c_bar[t] += c_bar[t + 1] * f[t + 1]  # the carry from the next step
        u_bar[t] = c_bar[t]
        f_bar[t] = c_bar[t] * C[t]
    c_0_bar = c_bar[0] * f[0]
    return u_bar, f_bar, c_0_bar


exercise = Exercise(
    backward,
    shapes={"g": "T m", "f": "T m", "u": "T m", "c_0": "m"},
    hints=[
        (
            "From the last step to the first. To the last one, nothing comes from a "
            "later step."
        ),
        (
            "c[t] is used from outside, which gives g[t], and by step t + 1, where "
            "it meets f[t + 1]."
        ),
        ("c̄[t] = g[t] + c̄[t+1] ⊙ f[t+1], but c̄[T−1] = g[T−1]. And c̄_0 = c̄[0] ⊙ f[0]."),
    ],
)
