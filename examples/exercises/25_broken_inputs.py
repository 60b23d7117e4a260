"""25. A broken recurrent layer: the layer below it learns nothing old

A recurrent layer and the gradient by its inputs. Alone it trains well, for nobody asks
for this gradient; stacked on another, the lower layer only sees the present.

The program has one bug. Find it, and mend it. Look: python FILE, and `minigrad explore`
on a loss of `forward`, backwards: along which lines does something come to x[0]?

Needs: exercises 13 and 14
Check: minigrad check examples/exercises/25_broken_inputs.py    (a hint: --hint)
"""

import numpy as np


def forward(x, h_0, W, U):
    """Return h[t] for all t: what `backward` should be the gradient of."""
    h, states = h_0, []
    for t in range(len(x)):
        h = np.tanh(W @ x[t] + U @ h)
        states.append(h)
    return np.stack(states)


def backward(g, x, h_0, W, U):
    H = [h_0]
    for t in range(len(x)):
        H.append(np.tanh(W @ x[t] + U @ H[t]))
    x_bar = np.zeros_like(x)
    for t in range(len(x)):
        z_bar = g[t] * (1 - H[t + 1] ** 2)
        x_bar[t] = W.T @ z_bar
    return x_bar


if __name__ == "__main__":
    import minigrad as mg

    def by_tape(bar, *args):
        """Return what the tape of `forward` gives for the same."""
        return mg.vjp(forward, *args)[1](bar)[0]

    try:
        print(mg.prove_equal(backward, by_tape, (3, 2), (3, 3), (2,), (2, 3), (2, 2)))
    except mg.ProofFailed as failure:
        print(failure)
