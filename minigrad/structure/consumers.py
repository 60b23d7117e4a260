"""Who reads whom: the arguments of an entry, and the entries that consume a value.

A tape says of each entry what it was computed from. Turned around, that says of each
value where it goes:

    y = tanh(W x + b)        matvec reads x and the Parameter W
    z = x * y                x has two consumers: matvec and multiply

Parameters are told apart from what was computed, for no structure runs through them.
"""

from __future__ import annotations

from collections.abc import Iterable

from minigrad.parameter import Parameter
from minigrad.structure.reading import reading
from minigrad.tape import Tape
from minigrad.tensor import Tensor


def tensors(entry: Tensor) -> list[Tensor]:
    """Return the Tensors an entry was made of; Parameters are not among them."""
    return [
        arg
        for arg in entry.args
        if isinstance(arg, Tensor) and not isinstance(arg, Parameter)
    ]


def weights(entries: Iterable[Tensor]) -> list[Parameter]:
    """Return the Parameters that entries read, each once.

    >>> [each.name for each in weights(mg.Tape(mg.Dense(2, 1)(mg.Tensor([1.0, 2.0]))))]
    ['W', 'b']
    """
    found = (arg for e in entries for arg in e.args if isinstance(arg, Parameter))
    return list(dict.fromkeys(found))


@reading
def consumers(tape: Tape) -> dict[Tensor, list[Tensor]]:
    """Return for every value the entries of a tape that read it, in their order.

    An entry that reads a value twice, as x * x does, is listed twice. Parameters are
    left out.

    >>> x = mg.Tensor(3.0)
    >>> [each.primitive.name for each in consumers(mg.Tape(x * x + x))[x]]
    ['multiply', 'multiply', 'add']
    """
    found: dict[Tensor, list[Tensor]] = {}
    for entry in tape:
        for arg in tensors(entry):
            found.setdefault(arg, []).append(entry)
    return found
