"""1. The derivative of one neuron

A neuron computes y = σ(z) with z = w x + b. What comes back to y is ȳ. Write w̄, x̄ and
b̄: what a nudge of each would change.

Needs: the chain rule, chapter 1
Check: minigrad check examples/exercises/01_neuron.py    (a hint: --hint)
"""

import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def backward(y_bar, w, x, b):
    y = sigmoid(w * x + b)
    z_bar = ...
    w_bar = ...
    x_bar = ...
    b_bar = ...
    return w_bar, x_bar, b_bar
