"""The solution of exercise 23."""

from minigrad import numpy as np
from minigrad.exercising import Exercise

IDS = np.array([2, 0, 2])


def backward(Y_bar):
    W_bar = np.zeros((4, Y_bar.shape[1]))
    for k, word in enumerate(IDS):
        W_bar[word] += Y_bar[k]
    return W_bar


exercise = Exercise(
    backward,
    shapes={"Y_bar": "3 n"},
    hints=[
        "Word 2 comes twice in ids. What does row 2 of W̄ get?",
        "Gradients add, wherever one thing is used twice.",
        "W_bar[word] is set, and must be added to.",
    ],
    bug="= stands where += belongs: your W̄[word] forgets what came before",
)
