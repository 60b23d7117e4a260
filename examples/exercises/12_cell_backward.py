"""12. The cell's backward by hand

c = f ⊙ c_prev + i ⊙ c̃; y = o ⊙ tanh(c). Two things come back: ȳ, and c̄_next, what the
next step says of c. Write what each gate gets, and what is handed to the step before.

Needs: exercises 2, 3 and 11
Check: minigrad check examples/exercises/12_cell_backward.py    (a hint: --hint)
"""

import numpy as np


def backward(y_bar, c_bar_next, f, i, c_tilde, o, c_prev):
    c = f * c_prev + i * c_tilde
    c_bar = ...
    f_bar = ...
    i_bar = ...
    c_tilde_bar = ...
    o_bar = ...
    c_prev_bar = ...
    return f_bar, i_bar, c_tilde_bar, o_bar, c_prev_bar
