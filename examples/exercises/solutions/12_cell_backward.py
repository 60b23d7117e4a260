"""The solution of exercise 12."""

import numpy as np

from minigrad.exercising import Exercise


def backward(y_bar, c_bar_next, f, i, c_tilde, o, c_prev):
    c = f * c_prev + i * c_tilde
    c_bar = (
        y_bar * o * (1 - np.tanh(c) ** 2) + c_bar_next  # the carry from the next step
    )
    f_bar = c_bar * c_prev
    i_bar = c_bar * c_tilde
    c_tilde_bar = c_bar * i
    o_bar = y_bar * np.tanh(c)
    c_prev_bar = c_bar * f
    return f_bar, i_bar, c_tilde_bar, o_bar, c_prev_bar


exercise = Exercise(
    backward,
    shapes={
        "y_bar": "m",
        "c_bar_next": "m",
        "f": "m",
        "i": "m",
        "c_tilde": "m",
        "o": "m",
        "c_prev": "m",
    },
    hints=[
        "c is used twice: by y of this step, and by the next step.",
        "c̄ = ȳ ⊙ o ⊙ tanh′(c) + c̄_next.",
        ("In a product each factor gets c̄ times the other factor: f̄ = c̄ ⊙ c_prev."),
    ],
)
