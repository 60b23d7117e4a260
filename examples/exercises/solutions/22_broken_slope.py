"""The solution of exercise 22."""

import numpy as np

from minigrad.exercising import Exercise


def forward(f, i, c_tilde, o, c_0):
    """Return y[t] for all t: what `backward` should be the gradient of."""
    c, outputs = c_0, []
    for t in range(len(f)):
        c = f[t] * c + i[t] * c_tilde[t]
        outputs.append(o[t] * np.tanh(c))
    return np.stack(outputs)


def backward(y_bar, f, i, c_tilde, o, c_0):
    C = [c_0]
    for t in range(len(f)):
        C.append(f[t] * C[t] + i[t] * c_tilde[t])
    c_bar, f_bar, i_bar, c_tilde_bar = (np.zeros_like(f) for _ in range(4))
    for t in reversed(range(len(f))):
        c_bar[t] = y_bar[t] * o[t] * (1 - np.tanh(C[t + 1]) ** 2)
        if t + 1 < len(f):
            c_bar[t] += c_bar[t + 1] * f[t + 1]  # the carry from the next step
        f_bar[t] = c_bar[t] * C[t]
        i_bar[t] = c_bar[t] * c_tilde[t]
        c_tilde_bar[t] = c_bar[t] * i[t]
    return f_bar, i_bar, c_tilde_bar


exercise = Exercise(
    backward,
    shapes={
        "y_bar": "T m",
        "f": "T m",
        "i": "T m",
        "c_tilde": "T m",
        "o": "T m",
        "c_0": "m",
    },
    hints=[
        (
            "Where the loop is right, only a slope can be wrong. Which function has "
            "one here?"
        ),
        "y = o ⊙ tanh(c). The slope of tanh is written with its output.",
        "1 − y² is right for y = tanh(c); here c itself is squared.",
    ],
    bug=("C[t+1] stands where tanh(C[t+1]) belongs in your c̄[t]: tanh is missing"),
)
