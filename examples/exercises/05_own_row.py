"""5. A row of your own

The function y = a σ(a) is called swish. A row of the table needs its slope, written
with the result y and the argument a, from operators and other rows only:

    swish = mg.elementwise("swish", function, "a / (1 + exp(-a))", (partial,))

A partial has the result y too, for whoever can use it: lambda y, a: slope(a) here.
Write the slope. As a script, this file adds the row and proves it.

Needs: exercise 2; the page Add an operation
Check: minigrad check examples/exercises/05_own_row.py    (a hint: --hint)
"""

import numpy as np

import minigrad as mg


def slope(a):
    s = mg.sigmoid(a)
    y = a * s
    return ...


if __name__ == "__main__":
    swish = mg.elementwise(
        "swish",
        lambda a: a / (1 + np.exp(-a)),
        "a / (1 + exp(-a))",
        (lambda y, a: slope(a),),
    )
    print(mg.prove(swish(mg.Tensor([0.5, -1.0], name="a")).sum()))
