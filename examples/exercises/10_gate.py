"""10. A gate reads two vectors

f = σ(W v + b) with v = [x, y_prev]: x has n entries, y_prev has m. Write x̄, ȳ_prev and
W̄ from f̄.

Needs: exercises 1 and 8
Check: minigrad check examples/exercises/10_gate.py    (a hint: --hint)
"""

import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def backward(f_bar, W, b, x, y_prev):
    v = np.concatenate([x, y_prev])
    f = sigmoid(W @ v + b)
    z_bar = ...
    W_bar = ...
    x_bar = ...
    y_prev_bar = ...
    return W_bar, x_bar, y_prev_bar
