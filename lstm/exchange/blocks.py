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

from lstm.cell import Cell
from lstm.gate import Gate
from minigrad.messages import a_kind, explained
from minigrad.tensor import Array


class Block(NamedTuple):
    """The k gates of one cell, one below another; for an LSTM k = 4.

    W_x  (k m, n)   what multiplies x_t
    W_y  (k m, m)   what multiplies y_{t-1}
    b_x  (k m,)     the bias
    b_y  (k m,)     a bias of W_y y_{t-1} by itself: zero, but for the candidate of
                    ResetAfterGRUCell, where a gate comes between
    """

    W_x: Array
    W_y: Array
    b_x: Array
    b_y: Array

    @property
    def b(self) -> Array:
        """Return the one bias, where only the sum of the two counts."""
        b: Array = self.b_x + self.b_y
        return b


def joined(cell: Cell, order: str) -> Block:
    """Return the weights of a cell as one block, its boxes in this order of letters.

    >>> from lstm import LSTMCell
    >>> cell = LSTMCell(n=3, m=2, rng=0)
    >>> block = joined(cell, "ifco")
    >>> block.W_x.shape, block.W_y.shape, block.b.shape
    ((8, 3), (8, 2), (8,))
    >>> bool(np.all(block.W_x[:2] == cell.input.W.data[:, :3]))
    True

    Raises ValueError if the cell has other boxes, or a deeper one.
    """
    parts = [_halves(cell, box) for box in _boxes(cell, order)]
    return Block(*(np.concatenate(part) for part in zip(*parts, strict=True)))


def fill(cell: Cell, block: Block, order: str) -> None:
    """Put a block into the boxes of a cell: `joined` backwards.

    >>> from lstm import LSTMCell
    >>> cell, other = LSTMCell(n=3, m=2, rng=0), LSTMCell(n=3, m=2, rng=1)
    >>> fill(other, joined(cell, "iofc"), "iofc")
    >>> bool(np.all(other.forget.W.data == cell.forget.W.data))
    True
    """
    boxes = _boxes(cell, order)
    parts = (np.split(part, len(order)) for part in block)
    for box, part in zip(boxes, zip(*parts, strict=True), strict=True):
        _put(cell, box, Block(*part))


def _halves(cell: Any, box: Gate) -> Block:
    """Return what a box does with x, and what it does with y."""
    if box.W.shape[1] == cell.n:  # y goes another way
        U = cell.recurrent
        return Block(box.W.data, U.W.data, box.b.data, U.b.data)
    W_x, W_y = np.split(box.W.data, [cell.n], axis=1)
    return Block(W_x, W_y, box.b.data, np.zeros_like(box.b.data))


def _put(cell: Any, box: Gate, part: Block) -> None:
    # How W lies in memory decides the order of a product's sums, and so its last bit.
    W_x, W_y = (np.ascontiguousarray(W) for W in part[:2])
    if box.W.shape[1] == cell.n:
        U = cell.recurrent
        box.W.data, U.W.data, box.b.data, U.b.data = W_x, W_y, part.b_x, part.b_y
    else:
        box.W.data, box.b.data = np.hstack([W_x, W_y]), part.b


def _boxes(cell: Cell, order: str) -> list[Gate]:
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
    raise explained(
        ValueError,
        f"the boxes {', '.join(order)} of {a_kind(cell)}",
        "a block holds one W and one b for each of these letters:\n        "
        + "\n        ".join(problems),
        "convert a cell whose boxes are one dense layer each.",
    )
