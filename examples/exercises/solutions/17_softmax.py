"""The solution of exercise 17."""

import numpy as np

from minigrad.exercising import Exercise

CLASSES = np.array([0, 2, 1, 1, 0])
ONE_HOT = np.eye(3)[CLASSES]


def diagonal(Z):
    E = np.exp(Z)
    P = E / E.sum(axis=1, keepdims=True)
    return p_bar(Z) * P * (1 - P)


def p_bar(Z):
    E = np.exp(Z)
    P = E / E.sum(axis=1, keepdims=True)
    return -ONE_HOT / P / len(Z)


def all_p(Z):
    E = np.exp(Z)
    P = E / E.sum(axis=1, keepdims=True)
    return P * (1 - P) / len(Z)


def backward(Z):
    E = np.exp(Z)
    P = E / E.sum(axis=1, keepdims=True)
    Z_bar = (P - ONE_HOT) / len(Z)  # the loss is a mean over the batch
    return Z_bar


exercise = Exercise(
    backward,
    shapes={"Z": "5 3"},
    hints=[
        ("One example first: L = −z_y + log Σ_j e^{z_j}. What is its slope in z_j?"),
        (
            "The slope of log Σ e^z is the softmax, and −z_y gives −1 at the right "
            "class."
        ),
        "Z̄ = (P − one-hot) / B: the mean gives every example one B-th.",
    ],
    mistakes={
        "only the diagonal of the softmax's Jacobian, P ⊙ (1 − P), was taken: each "
        "score moves the other probabilities, too": diagonal,
        "that is P̄, what comes back to the probabilities: it has yet to go through the "
        "softmax": p_bar,
        "P ⊙ (1 − P) is the slope of σ; a softmax and a cross-entropy give "
        "P − one-hot": all_p,
    },
)
