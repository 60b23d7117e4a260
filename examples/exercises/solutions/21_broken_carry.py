"""The solution of exercise 21."""

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
        "The last time step is right, and all earlier ones are not.",
        "c[t] is used by y[t] and by c[t + 1].",
        "Unless t is the last step, c̄[t] also gets c̄[t+1] ⊙ f[t+1].",
    ],
    bug=("your c̄[t] lacks the term c̄[t+1] ⊙ f[t+1], the carry from the next step"),
)
