"""Letters for what has no entry on the tape: a softmax within a line, chosen entries.

A cross-entropy has the logarithm of its softmax only, and yet p = softmax(z) is what a
teacher writes first. And x[k] is read more easily than the numbers that k stands for.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from minigrad.deriving.formula import Formula, Letter, OneHot, Softmax, letters_in
from minigrad.deriving.indices import FEW, Chosen
from minigrad.deriving.through_time import rebuilt
from minigrad.types import Shape

if TYPE_CHECKING:
    from minigrad.deriving.blackboard import Line


def numbered(
    name: str, others: Collection[Letter], time: int | None, shape: Shape
) -> Letter:
    """Return a letter of this name; a mark tells it from the others of its time."""
    count = sum(other.time == time for other in others)
    return Letter(name, mark=str(count + 1) if count else "", time=time, of=shape)


def name_softmaxes(
    lines: Sequence[Line], name: str
) -> tuple[list[Line], dict[Letter, Formula]]:
    """Write p for softmax(z), below a line p = softmax(z); return what p stands for.

    A softmax that is the value of a line has a letter already: that of the line.
    """
    named: dict[Formula, Letter] = {
        line.right: line.left
        for line in lines
        if isinstance(line.right, Softmax) and not line.left.bar
    }
    defined: dict[Letter, Formula] = {}
    result: list[Line] = []

    def letter(part: object) -> Letter | None:
        if not isinstance(part, Softmax):
            return None
        if part not in named:  # what is inside it may need a letter before it
            right = replace(part, inside=rebuilt(part.inside, letter))
            times = (each.time for each in letters_in(part))
            time = max((t for t in times if isinstance(t, int)), default=None)
            left = named[part] = numbered(name, defined, time, part.shape)
            defined[left] = right
            above.append(replace(line, left=left, right=right, notes=("softmax",)))
        return named[part]

    for line in lines:
        above: list[Line] = []
        if line.left != named.get(line.right):
            line = replace(line, right=rebuilt(line.right, letter))
        result += [*above, line]
    return result, defined


def name_choices(
    lines: Sequence[Line], free: Callable[[], str]
) -> tuple[list[Line], dict[tuple[int, ...], str]]:
    """Give many chosen entries a letter, x[k] and onehot(k); return them with it."""
    chosen: dict[tuple[int, ...], str] = {}

    def letter(places: tuple[int, ...]) -> str:
        if places not in chosen:
            chosen[places] = free()
        return chosen[places]

    def lettered(part: object) -> object:
        if isinstance(part, OneHot):
            many = len(set(part.places)) > 1 and len(part.places) > FEW
            return replace(part, letter=letter(part.places)) if many else None
        if not isinstance(part, (list, np.ndarray)) or np.size(part) <= FEW:
            return None
        array = np.asarray(part)
        places = tuple(array.ravel().tolist())
        if array.dtype.kind not in "iu" or places == tuple(range(array.size)):
            return None
        named = array.view(Chosen)
        named.letter = letter(places)
        return named

    rewritten = [replace(each, right=rebuilt(each.right, lettered)) for each in lines]
    return rewritten, chosen
