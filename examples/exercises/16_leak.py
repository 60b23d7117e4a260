"""16. A gate that leaks

A forget gate that says f = σ(b) at every step keeps f of c each time. After k steps, c
is f^k of what it was. Which bias b keeps one half over k steps?

The answer is how a forget bias is chosen for memories of known length.

Needs: chapter 3, the forget gate
Check: minigrad check examples/exercises/16_leak.py    (a hint: --hint)
"""

import numpy as np


def forget_bias(k):
    f = ...
    b = ...
    return b
