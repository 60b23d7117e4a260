"""23. A broken LSTM: what it reads twice, it learns once

The layer below many an LSTM: an embedding, Y = W[ids], and its gradient. Sentences
without repeated words train well.

The program has one bug. Find it, and mend it. Look: python FILE compares it with the
tape. Which entry of W̄ does it name, and what is in this row? (minigrad.numpy is NumPy,
with arrays that Tensors can be written into.)

Needs: exercise 6
Check: minigrad check examples/exercises/23_broken_embedding.py    (a hint: --hint)
"""

from minigrad import numpy as np

IDS = np.array([2, 0, 2])


def backward(Y_bar):
    W_bar = np.zeros((4, Y_bar.shape[1]))
    for k, word in enumerate(IDS):
        W_bar[word] = Y_bar[k]
    return W_bar


def forward(W):
    """Return the rows of W that are looked up."""
    return W[IDS]


if __name__ == "__main__":
    import minigrad as mg

    W = np.zeros((4, 2))
    try:
        print(mg.prove_equal(backward, lambda g: mg.vjp(forward, W)[1](g)[0], (3, 2)))
    except mg.ProofFailed as failure:
        print(failure)
