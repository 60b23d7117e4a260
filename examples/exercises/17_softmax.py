"""17. Softmax and cross-entropy

P = softmax(Z), row by row; L = −(1/B) Σ log P[i, y_i], the mean over a batch of B = 5
examples whose classes are y. Write Z̄.

Needs: exercise 7
Check: minigrad check examples/exercises/17_softmax.py    (a hint: --hint)
"""

import numpy as np

CLASSES = np.array([0, 2, 1, 1, 0])


def backward(Z):
    E = np.exp(Z - Z.max(axis=1, keepdims=True))
    P = ...
    Z_bar = ...
    return Z_bar
