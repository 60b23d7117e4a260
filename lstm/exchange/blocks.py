"""The gates of a cell as one block, and back: what every conversion is made of.

Frameworks compute the four yellow boxes at once, so they keep them joined, one gate's
m rows below another's, and apart in another place: what multiplies x and what
multiplies y_{t-1} are two arrays.

    W v + b = W_x x + W_y y_{t-1} + b        W = [W_x, W_y]

What is left to say about a framework is the order of its gates, what it transposes, and
how many biases it adds. No number changes on the way: cutting, joining and transposing
are exact.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from lstm.cell import Gate
from minigrad.messages import explain, user_line
from minigrad.tensor import Array


class Block(NamedTuple):
    """The gates of one cell, one below another; for an LSTM in order, k = 4.

    W_x  (k m, n)   what multiplies x_t
    W_y  (k m, m)   what multiplies y_{t-1}
    b    (k m,)
    """

    W_x: Array
    W_y: Array
    b: Array


def joined(cell: Any, order: str) -> Block:
    """Return the weights of a cell as one block, its gates in this order.

    >>> from lstm import LSTMCell
    >>> cell = LSTMCell(n=3, m=2, rng=0)
    >>> W_x, W_y, b = joined(cell, "ifco")
    >>> W_x.shape, W_y.shape, b.shape
    ((8, 3), (8, 2), (8,))
    >>> bool(np.all(W_x[:2] == cell.input.W.data[:, :3]))
    True

    Raises ValueError if the cell has other gates, or a deeper one.
    """
    boxes = _boxes(cell, order)
    W = np.concatenate([box.W.data for box in boxes])
    b = np.concatenate([box.b.data for box in boxes])
    W_x, W_y = np.split(W, [cell.n], axis=1)
    return Block(W_x.copy(), W_y.copy(), b)


def fill(cell: Any, block: Block, order: str) -> None:
    """Put a block into the gates of a cell: `joined` backwards.

    >>> from lstm import LSTMCell
    >>> cell, other = LSTMCell(n=3, m=2, rng=0), LSTMCell(n=3, m=2, rng=1)
    >>> fill(other, joined(cell, "iofc"), "iofc")
    >>> bool(np.all(other.forget.W.data == cell.forget.W.data))
    True
    """
    boxes = _boxes(cell, order)
    together = np.hstack([block.W_x, block.W_y])
    # How W lies in memory decides the order of a product's sums, and so its last bit.
    W = np.split(np.ascontiguousarray(together), len(order))
    b = np.split(block.b, len(order))
    for box, W_box, b_box in zip(boxes, W, b, strict=True):
        box.W.data, box.b.data = W_box, b_box


def _boxes(cell: Any, order: str) -> list[Gate]:
    """Return the boxes of a cell in this order; refuse what has no place in it."""
    letters = getattr(cell, "letters", {})
    boxes = {letter: getattr(cell, name) for name, letter in letters.items()}
    problems = [
        *(f"it has no box {letter}" for letter in order if letter not in boxes),
        *(f"nobody asks for its box {each}" for each in boxes if each not in order),
        *(
            f"its box {letter} is deeper than W_{letter} v + b_{letter}"
            for letter, box in boxes.items()
            if type(box) is not Gate or box.hidden
        ),
    ]
    if not problems:
        return [boxes[letter] for letter in order]
    raise ValueError(
        explain(
            f"the boxes {', '.join(order)} of a {type(cell).__name__}, "
            f"at {user_line()}",
            {},
            "a block holds one W and one b for each of these letters:\n        "
            + "\n        ".join(problems),
            "convert a cell whose boxes are one dense layer each.",
        )
    )
