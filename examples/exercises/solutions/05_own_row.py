"""The solution of exercise 5."""

import numpy as np

import minigrad as mg
from minigrad.exercising import Exercise


def slope(a):
    s = mg.sigmoid(a)
    y = a * s
    return s + y * (1 - s)


exercise = Exercise(
    slope,
    shapes={"a": "n"},
    hints=[
        "a is used twice, as a factor and inside σ: two contributions.",
        "The first is σ(a). The second is a times the slope of σ.",
        "The second is a s (1 − s), and a s is y.",
    ],
)
