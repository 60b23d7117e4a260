"""4. Why +=, and why backwards

A tape is a list of edges in the order in which they were made: edge k leads from
`result` to `argument`, two numbers of nodes, and its slope is slopes[k]. The last node
is the output. Write the walk that gives every node its cotangent.

This is the heart of minigrad/gradient.py.

Needs: exercise 3; chapter 2, why an order
Check: minigrad check examples/exercises/04_backward.py    (a hint: --hint)
"""

EDGES = [(2, 0), (2, 1), (3, 0), (3, 1), (4, 2), (4, 3), (5, 2), (5, 3), (6, 4), (6, 5)]


def backward(slopes):
    bars = [0.0] * 7
    bars[6] = 1.0
    for k in ...:
        result, argument = EDGES[k]
        ...
    return bars[0], bars[1]
