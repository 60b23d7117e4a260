"""13. The carry through time

c[t] = f[t] ⊙ c[t−1] + u[t] for t = 0, ..., T − 1, from c_0 on. What comes back to each
c[t] from outside is g[t]. Write ū, f̄ and c̄_0. C[t] is what was before step t.

Needs: exercise 12
Check: minigrad check examples/exercises/13_through_time.py    (a hint: --hint)
"""

import numpy as np


def backward(g, f, u, c_0):
    C = [c_0]
    for t in range(len(u)):
        C.append(f[t] * C[t] + u[t])
    c_bar, u_bar, f_bar = np.zeros_like(u), np.zeros_like(u), np.zeros_like(f)
    for t in ...:
        c_bar[t] = ...
        u_bar[t] = ...
        f_bar[t] = ...
    c_0_bar = ...
    return u_bar, f_bar, c_0_bar
