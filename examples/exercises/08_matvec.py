"""8. A matrix and its transpose

z = W v, with W of m rows and n columns. Write W̄ and v̄.

Needs: exercise 1, written once for each entry: z_i = Σ_j W_ij v_j
Check: minigrad check examples/exercises/08_matvec.py    (a hint: --hint)
"""

import numpy as np


def backward(z_bar, W, v):
    W_bar = ...
    v_bar = ...
    return W_bar, v_bar
