"""The solution of exercise 18."""

import numpy as np

from minigrad.exercising import Exercise


def step(w, g, m, v, t, lr):
    m = 0.9 * m + (1 - 0.9) * g
    v = 0.999 * v + (1 - 0.999) * g**2
    m_hat = m / (1 - 0.9**t)  # the correction for the start at 0
    v_hat = v / (1 - 0.999**t)  # the correction for the start at 0
    w = w - lr * m_hat / (np.sqrt(v_hat) + 1e-8)
    return w, m, v


exercise = Exercise(
    step,
    shapes={
        "w": "n",
        "g": "n",
        "m": "n",
        "v": np.array([0.3, 0.1, 0.2]),
        "t": 3,
        "lr": np.array(0.01),
    },
    hints=[
        "A running mean keeps β of the old and takes 1 − β of the new.",
        "v is the mean of g², entry by entry. The hats divide by 1 − β^t.",
        "w goes against the gradient: w − lr m̂ / (√v̂ + 1e-8).",
    ],
)
