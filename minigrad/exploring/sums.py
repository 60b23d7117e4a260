"""What every use of a value contributes to its cotangent.

    q_bar = sum over the uses of q of (rule of the user's row)(user_bar)

The engine keeps only the sums, and computes some contributions together. Here the walk
is done once more, rule by rule, and every contribution is kept: to be shown one below
the other, with the engine's own number as what they have to add up to.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from minigrad.accumulation import unbroadcast
from minigrad.tape import Tape
from minigrad.tensor import Array, Tensor


@dataclass(frozen=True, eq=False)
class Use:
    """One use of a value: by which step, as which argument, and what comes back.

    user       the step that used it; None for what is given for an output
    argument   its number among the user's arguments
    """

    user: Tensor | None
    argument: int
    contribution: Array


def contributions(
    tape: Tape, given: Mapping[Tensor, Array], active: Collection[Tensor]
) -> dict[Tensor, list[Use]]:
    """Walk backwards, keeping what every use contributes to the active entries.

    `given` is the cotangent of each output.

    >>> import minigrad as mg
    >>> a = mg.Tensor(3.0)
    >>> y = a * a
    >>> uses = contributions(mg.Tape(y), {y: np.array(1.0)}, [a, y])[a]
    >>> [float(use.contribution) for use in uses]
    [3.0, 3.0]
    """
    found: dict[Tensor, list[Use]] = {}
    for output, cotangent in given.items():
        found.setdefault(output, []).append(Use(None, 0, cotangent))
    for step in reversed(tape.steps):
        if step.primitive is None or step not in found:
            continue
        bar = added(found[step])
        operands = [a.data if isinstance(a, Tensor) else a for a in step.args]
        for i, arg in enumerate(step.args):
            if isinstance(arg, Tensor) and arg in active:
                part: Any = step.primitive.vjp(
                    i, bar, step.data, operands, step.options
                )
                part = unbroadcast(np.asarray(part), arg.shape)
                found.setdefault(arg, []).append(Use(step, i, np.asarray(part)))
    return found


def added(uses: list[Use]) -> Array:
    """Return the sum of the contributions, in the order in which they came."""
    total = uses[0].contribution
    for use in uses[1:]:
        total = total + use.contribution
    return np.asarray(total)
