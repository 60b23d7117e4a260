"""18. An optimizer

Adam keeps running means m of the gradient g and v of its square, with β₁ = 0.9 and β₂ =
0.999. They begin at 0, so they are too small at first: step t (1, 2, ...) divides them
by 1 − β^t. Then w moves by lr m̂ / (√v̂ + 1e-8).

Return the new w, m and v.

Needs: nothing but arithmetic
Check: minigrad check examples/exercises/18_adam.py    (a hint: --hint)
"""

import numpy as np


def step(w, g, m, v, t, lr):
    m = ...
    v = ...
    m_hat = ...
    v_hat = ...
    w = ...
    return w, m, v
