"""Which named function made this? A tape says so: softmax, relu, the reader's own.

Every entry knows the innermost call that recorded it, and each call knows the one that
made it (see `minigrad.composite`). So a reading may show a call as one thing, or open
it and show what is inside: the calls it made, and primitives.

>>> x = mg.Tensor([[1.0, 2.0]])
>>> steps = mg.Tape(mg.relu(mg.cross_entropy(x, [0])) * 2.0).steps
>>> [(call.name, len(made)) for call, made in closed(steps).items()]
[('cross_entropy', 10), ('relu', 1)]

And which time step is this? A part of a model that reads what it made the call before
is in a loop: its calls are the time steps, also where no `scope` says so.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext

from minigrad.context import SETTING, Call, Scope, scope
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


def step_of(
    label: str, args: Sequence[object], trained: Callable[[], Sequence[Tensor]]
) -> AbstractContextManager[object]:
    """Return the scope of the time step that this call is; an empty one if it is none.

    A call of a part of a model is a time step if the part reads what it made itself (a
    state) beside something else (x). The call that made the state is the step before.
    That this was step 1 is known only at the second call: then what it recorded gets
    its number. Nothing is counted within a time step that is open already, nor of a
    part that counts steps inside, as a layer over time does.

    label    of the part, in scopes
    args     what it is called with: Tensors and arrays, and tuples of them
    trained  its Parameters, which tell it from another of the same name

    >>> from lstm import LSTMCell
    >>> cell = LSTMCell(2, 2, rng=0)
    >>> first = cell(mg.Tensor([1.0, 2.0]), cell.start())
    >>> cell(mg.Tensor([3.0, 4.0]), first).y.scope, first.y.scope
    ((2, 'LSTMCell'), (1, 'LSTMCell'))
    """
    around = SETTING.get().scope
    depth = len(around)
    if any(isinstance(each, int) for each in around):
        return nullcontext()
    read = [*_arrays(args)]
    state = [
        each
        for each in read
        if isinstance(each, Tensor)
        and each.primitive is not None
        and each.scope[:depth] == around
        and label in each.scope[depth : depth + 2]
    ]
    if not 0 < len(state) < len(read):
        return nullcontext()
    inside = state[0].scope[depth:]  # (label, ...) at first, then (t, label, ...)
    t = inside[0] if isinstance(inside[0], int) else None
    before = (*around, label) if t is None else (*around, t, label)
    if state[0].scope[: len(before)] != before:
        return nullcontext()
    made = _made_within(before, state)
    more = (each for entry in made for each in entry.scope[len(before) :])
    if any(isinstance(each, int) for each in more) or not _reads(made, trained()):
        return nullcontext()  # it counts steps itself, or is another of this name
    if t is not None:
        return scope(t + 1)
    for entry in made:
        if not (entry.name or "").endswith("_0"):  # y_0 and c_0 were before step 1
            entry.scope = (*around, 1, *entry.scope[depth:])
    return scope(2)


def last_step(part: Scope, state: Iterable[object], trained: Sequence[Tensor]) -> int:
    """Return the time step in which a part of a model made a state; 0 if it did not.

    >>> from lstm import LSTM
    >>> layer = LSTM(2, 2, rng=0)
    >>> y, state = layer(np.ones((3, 2)))
    >>> last_step(("LSTM",), state, layer.parameters())
    3
    """
    read = [each for each in state if isinstance(each, Tensor)]
    label = read[0].scope[len(part) : len(part) + 1] if read else ()
    t = label[0] if label and read[0].scope[: len(part)] == part else 0
    if not isinstance(t, int) or not _reads(_made_within((*part, t), read), trained):
        return 0
    return t


def _reads(entries: Iterable[Tensor], trained: Sequence[Tensor]) -> bool:
    """Does one of these entries read one of these Parameters?"""
    own = set(map(id, trained))
    return any(id(arg) in own for entry in entries for arg in entry.args)


def _arrays(args: Iterable[object]) -> Iterator[object]:
    """Yield the Tensors and arrays, traced ones too, in arguments and their tuples."""
    for arg in args:
        if isinstance(arg, Tensor) or hasattr(arg, "dtype"):
            yield arg
        elif isinstance(arg, tuple | list):
            yield from _arrays(arg)


def _made_within(part: Scope, results: Iterable[Tensor]) -> list[Tensor]:
    """Return what was made in a part of the model, on the way to these results."""
    found: dict[int, Tensor] = {}
    waiting = [*results]
    while waiting:
        entry = waiting.pop()
        if entry.scope[: len(part)] == part and id(entry) not in found:
            found[id(entry)] = entry
            waiting += [arg for arg in entry.args if isinstance(arg, Tensor)]
    return [*found.values()]
