"""3. What is used twice gets two contributions

c = a + b, d = a b, y = (c + d) + c d. Every letter is used twice. Write ā and b̄, with
ȳ = 1 and no engine.

Needs: chapter 2, why gradients add
Check: minigrad check examples/exercises/03_fan_out.py    (a hint: --hint)
"""


def backward(a, b):
    c = a + b
    d = a * b
    c_bar = ...
    d_bar = ...
    a_bar = ...
    b_bar = ...
    return a_bar, b_bar
