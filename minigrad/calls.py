"""Which named function made this? A tape says so: softmax, relu, the reader's own.

Every entry knows the innermost call that recorded it, and each call knows the one that
made it (see `minigrad.composite`). So a reading may show a call as one thing, or open
it and show what is inside: the calls it made, and primitives.

>>> x = mg.Tensor([[1.0, 2.0]])
>>> steps = mg.Tape(mg.relu(mg.cross_entropy(x, [0])) * 2.0).steps
>>> [(call.name, len(made)) for call, made in closed(steps).items()]
[('cross_entropy', 10), ('relu', 1)]
"""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence

from minigrad.context import Call
from minigrad.tensor import Tensor


def closed(
    entries: Sequence[Tensor],
    may_close: Callable[[list[Tensor]], bool] = lambda steps: True,
    opened: Container[str] = (),
) -> dict[Call, list[Tensor]]:
    """Return the outermost calls among entries, each with the entries that it made.

    What all entries lie in is open, for a picture of it would be one box.

    may_close   is a call shown as one thing, to judge by its entries? If not, it is
                open, and the calls that it made are asked
    opened      names of functions that are shown open, with what they lie in
    """
    made = [entry for entry in entries if entry.primitive is not None]
    inside: dict[Call, list[Tensor]] = {}
    around: set[Call] = set()  # calls that are open, for one in them is
    for entry in made:
        for call in entry.call.chain() if entry.call else ():
            inside.setdefault(call, []).append(entry)
            if call.name in opened:
                around.update(call.chain())
    may = {
        call: len(steps) < len(made) and call not in around and may_close(steps)
        for call, steps in inside.items()
    }
    shown: dict[Call, list[Tensor]] = {}
    for entry in made:
        for call in entry.call.chain() if entry.call else ():
            if may[call]:
                shown.setdefault(call, inside[call])
                break
    return shown


def names_of(entries: Sequence[Tensor]) -> list[str]:
    """Return the names of the functions that entries were recorded in, each once.

    >>> x = mg.Tensor([[1.0, 2.0]])
    >>> names_of(mg.Tape(mg.relu(mg.cross_entropy(x, [0]))).steps)
    ['cross_entropy', 'log_softmax', 'mean', 'relu']
    """
    found = (call for entry in entries if entry.call for call in entry.call.chain())
    return list(dict.fromkeys(call.name for call in found))


def function_of(entry: Tensor) -> str:
    """Return the calls that an entry was recorded in: "cross_entropy > log_softmax".

    >>> function_of(mg.relu(mg.Tensor(1.0))), function_of(mg.exp(mg.Tensor(1.0)))
    ('relu', '')
    """
    chain = entry.call.chain() if entry.call else []
    return " > ".join(call.name for call in chain)
