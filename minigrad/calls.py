"""Which named function made this? A tape says so: softmax, relu, the reader's own.

Every entry knows the innermost call that recorded it, and each call knows the one that
made it (see `minigrad.composite`). So a reading may show a call as one thing, or open
it and show what is inside: the calls it made, and primitives.

>>> import minigrad as mg
>>> x = mg.Tensor([[1.0, 2.0]])
>>> steps = mg.Tape(mg.relu(mg.cross_entropy(x, [0])) * 2.0).steps
>>> [(call.name, len(made)) for call, made in closed(steps).items()]
[('cross_entropy', 10), ('relu', 1)]
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from minigrad.context import Call
from minigrad.tensor import Tensor


def closed(
    entries: Sequence[Tensor],
    may_close: Callable[[list[Tensor]], bool] = lambda steps: True,
) -> dict[Call, list[Tensor]]:
    """Return the outermost calls among entries, each with the entries that it made.

    What all entries lie in is open, for a picture of it would be one box.

    may_close   is a call shown as one thing, to judge by its entries? If not, it is
                open, and the calls that it made are asked
    """
    made = [entry for entry in entries if entry.primitive is not None]
    inside: dict[Call, list[Tensor]] = {}
    for entry in made:
        for call in entry.call.chain() if entry.call else ():
            inside.setdefault(call, []).append(entry)
    may = {
        call: len(steps) < len(made) and may_close(steps)
        for call, steps in inside.items()
    }
    shown: dict[Call, list[Tensor]] = {}
    for entry in made:
        for call in entry.call.chain() if entry.call else ():
            if may[call]:
                shown.setdefault(call, inside[call])
                break
    return shown


def function_of(entry: Tensor) -> str:
    """Return the calls that an entry was recorded in: "cross_entropy > log_softmax".

    >>> import minigrad as mg
    >>> function_of(mg.relu(mg.Tensor(1.0))), function_of(mg.exp(mg.Tensor(1.0)))
    ('relu', '')
    """
    chain = entry.call.chain() if entry.call else []
    return " > ".join(call.name for call in chain)
