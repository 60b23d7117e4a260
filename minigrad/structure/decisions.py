"""How a mask was decided: relu asked where its argument is at most 0.

A mask is an array of the program: the tape has the answer, not the question. Only a
named function of this package says what it asks (see `minigrad.composite`):

    relu(z)          where(z <= 0, 0, z)
    maximum(a, b)    where(a > b, a, b)

Who shows the question, or asks it again at other numbers, finds it here; and nothing is
found where the recorded mask is not the answer to it, as at ties that were given to
both. A mask of the reader's own may agree with z > 0 by chance, and stays a mask.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from minigrad.array_like import plain
from minigrad.tensor import Tensor

RELATIONS = {"<=": np.less_equal, "<": np.less, ">": np.greater}


class Decision(NamedTuple):
    """where(args[left] relation args[right], args[0], args[1])."""

    relation: str
    left: int
    right: int


_ASKED = {
    "relu": [Decision("<=", 1, 0)],
    "maximum": [Decision(">", 0, 1)],
    "minimum": [Decision("<", 0, 1)],
    "clip": [Decision("<", 1, 0), Decision(">", 1, 0)],
}


def decision(entry: Tensor) -> Decision | None:
    """Return how the mask of a step was decided, if the function that ran says so.

    >>> import minigrad as mg
    >>> z = mg.Tensor([1.0, -2.0])
    >>> decision(mg.relu(z))
    Decision(relation='<=', left=1, right=0)
    >>> decision(mg.where(z > 0, z, 0.0)) is None
    True
    """
    call = entry.call
    if "mask" not in entry.options or call is None or not call.ours:
        return None
    args = [plain(arg) for arg in entry.args]
    for found in _ASKED.get(call.name, ()):
        answer = RELATIONS[found.relation](args[found.left], args[found.right])
        if np.all(answer == np.asarray(entry.options["mask"])):
            return found
    return None
