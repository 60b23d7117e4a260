"""21. A broken LSTM: it forgets what it should learn to remember

Backpropagation through the cell states of an LSTM, the gates being given. The gradient
of the last step is right, and so is every test of a single step.

The program has one bug. Find it, and mend it. Look: python FILE asks `mg.prove_equal`
whether this is the gradient that the tape gives. If not, it prints numbers at which it
is not. Which time steps are wrong?

Needs: exercises 12 and 13
Check: minigrad check examples/exercises/21_broken_carry.py    (a hint: --hint)
"""

import numpy as np


def forward(f, i, c_tilde, o, c_0):
    """Return y[t] for all t: what `backward` should be the gradient of."""
    c, outputs = c_0, []
    for t in range(len(f)):
        c = f[t] * c + i[t] * c_tilde[t]
        outputs.append(o[t] * np.tanh(c))
    return np.stack(outputs)


def backward(y_bar, f, i, c_tilde, o, c_0):
    C = [c_0]
    for t in range(len(f)):
        C.append(f[t] * C[t] + i[t] * c_tilde[t])
    c_bar, f_bar, i_bar, c_tilde_bar = (np.zeros_like(f) for _ in range(4))
    for t in reversed(range(len(f))):
        c_bar[t] = y_bar[t] * o[t] * (1 - np.tanh(C[t + 1]) ** 2)
        f_bar[t] = c_bar[t] * C[t]
        i_bar[t] = c_bar[t] * c_tilde[t]
        c_tilde_bar[t] = c_bar[t] * i[t]
    return f_bar, i_bar, c_tilde_bar


if __name__ == "__main__":
    import minigrad as mg

    def by_tape(bar, *args):
        """Return what the tape of `forward` gives for the same."""
        return mg.vjp(forward, *args)[1](bar)[:3]

    try:
        print(mg.prove_equal(backward, by_tape, *[(3, 2)] * 5, (2,)))
    except mg.ProofFailed as failure:
        print(failure)
