"""What a cell hands to itself from one time step to the next, and what a cell is.

A state is a NamedTuple with a field y, the output. An LSTM's is State(y, c). Other
cells carry other things, and whoever hands a state on, freezes it or cuts it, does so
field by field, without knowing which they are.

What is asked of a cell is `RecurrentCell`: every cell of this project keeps it, and
whoever writes one of their own has every layer, mask and kind of dropout for it.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import (
    TYPE_CHECKING,
    Any,
    NamedTuple,
    NoReturn,
    Protocol,
    TypeAlias,
    TypeVar,
)

import numpy as np

from lstm.foreign_options import STATE_NAMES
from minigrad import Module, Parameter, Tensor
from minigrad.habits import absent, taught
from minigrad.messages import a_kind, explained
from minigrad.types import Array, Shape

if TYPE_CHECKING:
    from typing import Self

    from numpy.typing import DTypeLike

Numbers: TypeAlias = Tensor | Array  # x, y, and all that is handed on between steps
Carried = TypeVar("Carried")


class CellState(Protocol):
    """What every state is: a NamedTuple of numbers, one of which is y."""

    @property
    def y(self) -> Numbers:
        """The output, (*batch, m)."""

    @property
    def _fields(self) -> tuple[str, ...]: ...
    def __init__(self, *fields: Numbers) -> None: ...
    def _replace(self, *, y: Numbers) -> Self: ...
    def _asdict(self) -> dict[str, Numbers]: ...
    def __iter__(self) -> Iterator[Numbers]: ...


class RecurrentCell(Protocol):
    """A Module that makes one step: what `Recurrent`, and so every layer, asks for.

    n, m           sizes: x_t is (..., n), y_t is (..., m)
    start(batch)   the state before anything was seen; batch is (B,), or () for none
    cell(x, state) the state after one more step, of the same kind and shapes

    A state is a NamedTuple with a field y, (*batch, m); what else it carries is the
    cell's own, each field with the batch axes in front. A cell may have a `dtype`:
    plain numbers that it meets are then read in it. Where y is projected, its size is
    that of start().y, and m counts the neurons.
    """

    @property
    def n(self) -> int:
        """The size of x_t."""

    @property
    def m(self) -> int:
        """The number of neurons."""

    def parameters(self) -> list[Parameter]:
        """Return what there is to train, as a Module does."""

    def start(self, batch: Shape = ()) -> CellState:
        """Return the state before anything was seen."""

    def __call__(self, x: Numbers, state: CellState) -> CellState:
        """Return the state after this step."""


def detached(state: Carried) -> Carried:
    """Return a state with the same numbers, as leaves; so for those of a Stack, too.

    >>> detached([None, State(np.ones(1), Tensor([2.0]) * 3.0)])[1].c
    Tensor([6.])
    """
    cut: Any = state
    if isinstance(cut, Tensor):
        cut = cut.detach()
    elif isinstance(cut, tuple):  # a NamedTuple: a state, or the two of Directions
        cut = type(cut)(*map(detached, cut))
    elif isinstance(cut, list):
        cut = type(cut)(map(detached, cut))
    leaves: Carried = cut
    return leaves


def axes(batch: int | Shape) -> Shape:
    """Return the axes of a batch; one number counts its sequences."""
    return (batch,) if isinstance(batch, int | np.integer) else tuple(batch)


def answering(kind: type[Carried]) -> type[Carried]:
    """Let a NamedTuple answer what others do with a state: a decorator.

    A tuple times 2 is that tuple twice, and two tuples make a longer one: wrong, and
    nobody would say so.
    """

    def refuse(self: Carried, *_: object, **__: object) -> NoReturn:
        raise explained(
            TypeError,
            f"arithmetic with {a_kind(self)}",
            f"a state is a tuple, {call_of(kind)}, and arithmetic is done with its "
            "parts. In a Bidirectional each direction has a state of its own: "
            "state.forward and state.backward.",
            "y, state = layer(x), and go on with y, or with state.y.",
        )

    for name in ("add", "sub", "mul", "truediv", "matmul", "pow"):
        setattr(kind, f"__{name}__", refuse)
        setattr(kind, f"__r{name}__", refuse)
    for name in ("neg", "abs", "array_ufunc"):
        setattr(kind, f"__{name}__", refuse)

    def added(self: Carried, to: object) -> Any:
        """Let `found += state` extend a list."""
        return NotImplemented if isinstance(to, list | tuple) else refuse(self)

    kind.__radd__ = added  # type: ignore[attr-defined]
    kind.__new__ = taught(kind.__new__)  # type: ignore[method-assign]
    kind.__getattr__ = absent("state", STATE_NAMES)  # type: ignore[attr-defined]
    return kind


@answering
class State(NamedTuple):
    """What an LSTM carries from one time step to the next.

    y  the output, shape (..., m)
    c  the cell state, shape (..., m): the line along the top of the picture
    """

    y: Numbers
    c: Numbers

    @classmethod
    @taught
    def zeros(cls, m: int, batch: Shape = (), dtype: DTypeLike = float) -> State:
        """Return the state before anything was seen.

        >>> State.zeros(2)
        State(y=array([0., 0.]), c=array([0., 0.]))
        """
        if not isinstance(m, int | np.integer):
            raise explained(
                TypeError,
                f"State.zeros({m!r})",
                "the first number is m, the size of y; the second, the batch.",
                "write State.zeros(m, (B,)) for B sequences.",
            )
        shape = (*axes(batch), m)
        return cls(np.zeros(shape, dtype), np.zeros(shape, dtype))

    def detach(self) -> State:
        """Return the same numbers as leaves: no gradient flows back past this point."""
        return detached(self)


def call_of(state: type) -> str:
    """Return how a state is written: State(y, c)."""
    return f"{state.__name__}({', '.join(getattr(state, '_fields', ()))})"


def require_state(state: object, expected: type[Carried]) -> Carried:
    """Return the state; raise TypeError unless it says by name what is y and what c."""
    if isinstance(state, expected):
        return state
    call = call_of(expected)
    kind = "no state" if state is None else f"{a_kind(state)} as the state"
    why = f"this cell carries {call} from step to step."
    fix = f"pass {call}, or cell.start(batch) to begin with"
    if state is None:
        why = f"a cell makes one step, and needs {call} of the step before."
        fix += "; Recurrent(cell) runs it over time, and starts by itself"
    elif expected is State:
        why = "y and c have the same shape, so only their names tell them apart."
        fix = (
            f"pass {call}: Keras and PyTorch call y the hidden state h, Flax has them "
            "in the order (c, h)"
        )
    raise explained(TypeError, f"{kind} of a cell", why, f"{fix}.")


def require_cell(cell: object, asked: str) -> None:
    """Raise TypeError, with all that is missing, unless this is a `RecurrentCell`."""
    lacks = list(_lacks(cell))
    if not lacks:
        return
    raise explained(
        TypeError,
        asked,
        {"cell": cell},
        "a cell is a Module with n, m, start(batch) and cell(x, state), which "
        "return a NamedTuple that has a field y:\n        " + "\n        ".join(lacks),
        _remedy(cell),
    )


def _lacks(cell: Any) -> Iterator[str]:
    """Yield what is missing, one sentence for each."""
    if isinstance(cell, type):
        yield f"{cell.__name__} is a class, no cell yet."
        return
    if hasattr(cell, "causal"):
        yield "it is a layer already: it reads all steps, a cell reads one."
        return
    if not isinstance(cell, Module):
        yield "it is no Module, so its Parameters would not be found."
    for letter, of in (("n", "x_t"), ("m", "y_t")):
        size = getattr(cell, letter, None)
        if size is None:
            yield f"it has no {letter}, the size of {of}."
        elif isinstance(size, bool) or not isinstance(size, int | np.integer):
            yield f"its {letter} is {size!r}: no size of {of}."
    if not callable(getattr(cell, "start", None)):
        yield "it has no start(batch=()), which returns the state to begin with."
        return
    try:
        inspect.signature(cell.start).bind(())
    except TypeError:
        yield "its start() takes no batch: () of one sequence, (B,) of B sequences."
        return
    yield from _flaws(cell.start(()), cell.start((2,)))


def _flaws(start: Any, pair: Any) -> Iterator[str]:
    """Yield what is wrong with the states that `start` gives for 1 and 2 sequences."""
    fields = getattr(start, "_fields", None)
    if fields is None:
        yield f"its start() returns {a_kind(start)}, no NamedTuple."
    elif "y" not in fields:
        yield f"its state {call_of(type(start))} has no field y, the output."
    elif np.ndim(start.y) != 1:
        yield f"its start().y has shape {np.shape(start.y)}: one axis, of size m, is y."
    else:
        for name, one, two in zip(fields, start, pair, strict=True):
            if np.shape(two) != (2, *np.shape(one)):
                yield (
                    f"its start((2,)).{name} has shape {np.shape(two)}, not "
                    f"{(2, *np.shape(one))}: the batch axes come first."
                )


def _remedy(cell: Any) -> str:
    if isinstance(cell, int):
        return (
            "of sizes an LSTM is made: LSTM(n, m); Recurrent(GRUCell(n, m)) of cells."
        )
    if isinstance(cell, type):
        return f"make one, {cell.__name__}(n, m)."
    if hasattr(cell, "causal"):
        return "use the layer as it is; Stack(lower, upper) puts layers upon another."
    return (
        "def start(self, batch=()): return State.zeros(self.m, batch), for one that "
        "carries State(y, c); a state of your own is class Mine(NamedTuple): y: Any. "
        "The page Build and train your own model shows a whole cell."
    )


def require_next(cell: RecurrentCell, state: CellState, new: object) -> None:
    """Refuse what a cell returned if it is no next state after `state`."""
    if isinstance(new, type(state)):
        wrong = [
            name
            for name, before, after in zip(state._fields, state, new, strict=True)
            if before.shape != after.shape
        ]
        if not wrong:
            return
        operands = {f"{k}_{{t-1}}": getattr(state, k) for k in wrong}
        operands |= {f"{k}_t": getattr(new, k) for k in wrong}
        why = "a state keeps its shapes from step to step."
        fix = f"mend forward, or start, which gave {' and '.join(wrong)} at first."
    else:
        kind = type(new).__name__
        operands = {"returned": kind if isinstance(new, tuple) else new}
        why = f"its start() is {call_of(type(state))}, so forward returns one, too."
        fix = f"return {call_of(type(state))} from forward, or change start()."
    raise explained(
        TypeError,
        f"a step of {type(cell).__name__}, cell(x, state)",
        operands,
        why,
        fix,
    )
