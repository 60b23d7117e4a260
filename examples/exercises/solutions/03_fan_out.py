"""The solution of exercise 3."""

from minigrad.exercising import Exercise


def backward(a, b):
    c = a + b
    d = a * b
    c_bar = 1 + d
    d_bar = 1 + c
    a_bar = c_bar + d_bar * b
    b_bar = c_bar + d_bar * a
    return a_bar, b_bar


exercise = Exercise(
    backward,
    shapes={"a": "", "b": ""},
    hints=[
        "y uses c twice: in the sum c + d, and in the product c d.",
        "c̄ is what the sum says, 1, plus what the product says, d.",
        "a is used by c and by d: ā = c̄ · 1 + d̄ · b.",
    ],
)
