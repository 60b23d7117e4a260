"""Which function was this? Of relu(z) the tape holds only its steps, a `where`.

A composite leaves no name behind. But whoever knows the function can run it again, on
the same z: if that leaves the same steps, the steps are the function's, and a picture
may say `relu` for them. Enter your own activation in `COMPOSITES`, by the name that a
yellow box shall say.

>>> import minigrad as mg
>>> tape = mg.Tape(mg.Dense(2, 1, mg.silu)(mg.Tensor([1.0, 2.0])))
>>> [name for name, steps in composites(tape.steps).values()]
['silu']
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from minigrad.functions import absolute, relu, silu
from minigrad.tape import Tape
from minigrad.tensor import Tensor

COMPOSITES: dict[str, Callable[[Any], Any]] = {
    "relu": relu,
    "silu": silu,
    "abs": absolute,
}
Found = tuple[str, list[Tensor]]


def composites(entries: Sequence[Tensor]) -> dict[Tensor, Found]:
    """Return for the last step of each known function its name and all its steps."""
    made = [entry for entry in entries if entry.primitive is not None]
    found: dict[Tensor, Found] = {}
    i = 0
    while i < len(made):
        name, steps = _known(made[i:]) or ("", made[i : i + 1])
        if name:
            found[steps[-1]] = name, steps
        i += len(steps)
    return found


def _known(made: Sequence[Tensor]) -> Found | None:
    """Return the function that begins with the first of some entries, if any does."""
    for z in (arg for arg in made[0].args if isinstance(arg, Tensor)):
        for name, function in COMPOSITES.items():
            copy = Tensor(z.data)
            again = _run(function, copy)
            steps = list(made[: len(again)])
            if again and _same(steps, again, (z, copy)):
                return name, steps
    return None


def _run(function: Callable[[Any], Any], leaf: Tensor) -> list[Tensor]:
    """Return the steps of a function; none if it wants other numbers."""
    try:
        steps = Tape(function(leaf)).steps
    except Exception:
        return []
    return [each for each in steps if each.primitive is not None]


def _same(
    steps: Sequence[Tensor], again: Sequence[Tensor], twin: tuple[Tensor, Tensor]
) -> bool:
    """Are they the same primitives, reading the same? `twin` is z and its copy."""
    if len(steps) != len(again):
        return False
    twins = dict([twin, *zip(steps, again, strict=True)])
    return all(
        one.primitive is other.primitive
        and _equal((_twin(a, twins) for a in one.args), other.args)
        and _equal(one.options.values(), other.options.values())
        for one, other in zip(steps, again, strict=True)
    )


def _twin(arg: Any, twins: dict[Tensor, Tensor]) -> Any:
    return twins.get(arg, arg) if isinstance(arg, Tensor) else arg


def _equal(some: Iterable[Any], others: Iterable[Any]) -> bool:
    return all(
        one is other
        if isinstance(one, Tensor) or isinstance(other, Tensor)
        else np.array_equal(one, other)
        for one, other in itertools.zip_longest(some, others)
    )
