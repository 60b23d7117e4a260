"""19. Weights that recognise a^n b^n c^n

No training: think. The cell state of an LSTM with open gates adds up what comes in. Two
counters are enough for aⁿbⁿcⁿ (a string of that order with equal counts): row k of U
says by how much counter k changes at a letter a, b or c, and the string is accepted if
both counters are 0 at its end. Let each change be −1, 0 or 1.

The check reads all strings aⁱbʲcᵏ up to length 4 each.

Needs: chapter 8
Check: minigrad check examples/exercises/19_counting.py    (a hint: --hint)
"""

import numpy as np


def increments():
    U = np.array(...)
    return U
