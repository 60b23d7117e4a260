"""The solution of exercise 6."""

import numpy as np

from minigrad.exercising import Exercise

IDS = np.array([2, 0, 2])


def backward(Y_bar):
    W_bar = np.zeros((4, Y_bar.shape[1]))
    np.add.at(W_bar, IDS, Y_bar)
    return W_bar


exercise = Exercise(
    backward,
    shapes={"Y_bar": "3 n"},
    hints=[
        "Each row of Ȳ goes back to the row of W that it came from.",
        "Row 2 of W was used twice, so it gets two rows of Ȳ, added.",
        (
            "W_bar[IDS] += Y_bar adds only once for a repeated index. Use "
            "np.add.at, or a loop."
        ),
    ],
)
