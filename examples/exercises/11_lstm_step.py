"""11. One LSTM step in plain NumPy

v = [x, y_prev]
f = σ(W_f v + b_f), i and o likewise; c̃ = tanh(W_c v + b_c)
c = f ⊙ c_prev + i ⊙ c̃; y = o ⊙ tanh(c)

W holds the four matrices in the order f, i, c, o: W[0] is W_f. b likewise.

Needs: chapter 3
Check: minigrad check examples/exercises/11_lstm_step.py    (a hint: --hint)
"""

import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def step(W, b, x, y_prev, c_prev):
    v = np.concatenate([x, y_prev])
    f = sigmoid(W[0] @ v + b[0])
    i = ...
    c_tilde = ...
    o = ...
    c = ...
    y = ...
    return y, c
