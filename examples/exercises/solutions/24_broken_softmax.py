"""The solution of exercise 24."""

import numpy as np

from minigrad.exercising import Exercise


def forward(Z):
    """Return the probabilities: what `backward` should be the gradient of."""
    E = np.exp(Z)
    return E / E.sum(axis=1, keepdims=True)


def diagonal(P_bar, Z):
    P = forward(Z)
    return P_bar * P * (1 - P)


def backward(P_bar, Z):
    E = np.exp(Z)
    P = E / E.sum(axis=1, keepdims=True)
    Z_bar = P * (
        P_bar
        - (P_bar * P).sum(axis=1, keepdims=True)  # what each score does to the others
    )
    return Z_bar


DIAGONAL = (
    "only the diagonal of the softmax's Jacobian, P ⊙ (1 − P), was taken: each score "
    "moves the other probabilities, too"
)

exercise = Exercise(
    backward,
    shapes={"P_bar": "B 3", "Z": "B 3"},
    hints=[
        "P (1 − P) is the slope of σ. Is a softmax computed entry by entry?",
        (
            "Each score is in the sum below all probabilities of its row, so it "
            "moves them all."
        ),
        "Z̄ = P ⊙ (P̄ − Σ_j P̄_j P_j), the sum along the row.",
    ],
    mistakes={DIAGONAL: diagonal},
    bug=DIAGONAL,
)
