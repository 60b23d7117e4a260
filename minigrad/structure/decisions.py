"""How a number was decided that was recorded as a constant: relu asked where z <= 0.

A mask, a sign, the largest entry are numbers of the program: the tape has the answer,
not the question. Only the function that ran says what it asks (`minigrad.composite`):

    relu(z)          where(z <= 0, 0, z)
    absolute(a)      sign(a) a
    softmax(a)       exp(a - largest(a)) / ...
    max(a)           the sum of where(a is the largest, a, 0)

Who shows the question, or asks it again at other numbers, finds it here; and nothing is
found where what was recorded is not the answer, as at ties that were given to both. A
mask of the reader's own may agree with z > 0 by chance, and stays a mask.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np

from minigrad.composite import Decision
from minigrad.numpy_protocol.array_like import plain
from minigrad.tensor import Tensor
from minigrad.types import Array

COMPARED: dict[str, Callable[[Array, Array], Array]] = {
    "<=": np.less_equal, "<": np.less, ">": np.greater,
}  # fmt: skip
EXTREMES: dict[str, Callable[..., Array]] = {"largest": np.max, "smallest": np.min}


def decision(entry: Tensor) -> Decision | None:
    """Return how a constant of a step was decided, if the function that ran says so.

    >>> z = mg.Tensor([1.0, -2.0])
    >>> decision(mg.relu(z))
    Decision(question='<=', of=1, than=0, answer=None)
    >>> decision(mg.where(z > 0, z, 0.0)) is None
    True
    """
    for asked in entry.call.decides if entry.call else ():
        recorded = answered(entry, asked)
        if recorded is not None and np.array_equal(_answer(entry, asked), recorded):
            found: Decision = asked
            return found
    return None


def answered(entry: Tensor, asked: Decision) -> Array | None:
    """Return the constant that may be an answer: the mask, or a plain argument."""
    if asked.answer is None:
        mask = entry.options.get("mask")
        return None if mask is None else np.broadcast_to(np.asarray(mask), entry.shape)
    found = entry.args[asked.answer] if asked.answer < len(entry.args) else None
    is_plain = found is not None and not isinstance(found, Tensor)
    return np.asarray(found) if is_plain else None


def _answer(entry: Tensor, asked: Decision) -> Array:
    """Ask the question again."""
    x = np.asarray(plain(entry.args[asked.of]))
    if asked.than is not None:
        y = np.asarray(plain(entry.args[asked.than]))
        return np.broadcast_to(COMPARED[asked.question](x, y), entry.shape)
    if asked.question == "sign":
        return np.asarray(np.copysign(np.sign(x), x))
    choose = EXTREMES[asked.question]
    axes = axes_of(entry, asked)
    best = choose(x, axis=axes, keepdims=True) if x.size else x
    return best if asked.answer is not None else np.asarray(x == best)


def axes_of(entry: Tensor, asked: Decision) -> tuple[int, ...]:
    """Return over which axes the largest entry was sought, as the answer tells."""
    x, recorded = np.asarray(plain(entry.args[asked.of])), answered(entry, asked)
    assert recorded is not None
    long = [i for i, n in enumerate(x.shape) if n > 1]
    if asked.answer is not None:
        return tuple(i for i in long if recorded.shape[i - x.ndim :][:1] == (1,))
    choose = EXTREMES[asked.question]
    for count in range(len(long), 0, -1):
        for axes in itertools.combinations(long, count):
            if np.array_equal(x == choose(x, axis=axes, keepdims=True), recorded):
                return axes
    return ()
