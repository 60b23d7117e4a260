"""24. A broken LSTM: the readout learns, but slowly

The layer above many an LSTM: P = softmax(Z), row by row, and Z̄ from P̄. The loss
falls, since the sign is often right.

The program has one bug. Find it, and mend it. Look: python FILE compares it with the
tape. Draw softmax, view="op": how many ways lead from one score to another's
probability?

Needs: exercises 3 and 17
Check: minigrad check examples/exercises/24_broken_softmax.py    (a hint: --hint)
"""

import numpy as np


def forward(Z):
    """Return the probabilities: what `backward` should be the gradient of."""
    E = np.exp(Z)
    return E / E.sum(axis=1, keepdims=True)


def backward(P_bar, Z):
    E = np.exp(Z)
    P = E / E.sum(axis=1, keepdims=True)
    Z_bar = P_bar * P * (1 - P)
    return Z_bar


if __name__ == "__main__":
    import minigrad as mg

    def by_tape(bar, *args):
        """Return what the tape of `forward` gives for the same."""
        return mg.vjp(forward, *args)[1](bar)[0]

    try:
        print(mg.prove_equal(backward, by_tape, (2, 3), (2, 3)))
    except mg.ProofFailed as failure:
        print(failure)
