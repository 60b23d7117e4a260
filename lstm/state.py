"""What a cell hands to itself from one time step to the next, by name.

A state is a NamedTuple that begins with y, the output. An LSTM's is State(y, c). Other
cells carry other things, and whoever hands a state on, freezes it or cuts it, does so
field by field, without knowing which they are.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from minigrad.messages import explain, user_line


def detached(state: Any) -> Any:
    """Return a state with the same numbers, as leaves."""
    return type(state)(*(a.detach() if hasattr(a, "detach") else a for a in state))


class State(NamedTuple):
    """What an LSTM carries from one time step to the next.

    y  the output, shape (..., m)
    c  the cell state, shape (..., m): the line along the top of the picture
    """

    y: Any
    c: Any

    @classmethod
    def zeros(cls, m: int, batch: tuple[int, ...] = (), dtype: Any = float) -> State:
        """Return the state before anything was seen.

        >>> State.zeros(2)
        State(y=array([0., 0.]), c=array([0., 0.]))
        """
        return cls(np.zeros((*batch, m), dtype), np.zeros((*batch, m), dtype))

    def detach(self) -> State:
        """Return the same numbers as leaves: no gradient flows back past this point."""
        return detached(self)


def start_of(cell: Any, batch: tuple[int, ...] = ()) -> Any:
    """Return a cell's state before anything was seen; zeros of size m, if it has none.

    >>> from lstm.others import RNNCell
    >>> start_of(RNNCell(n=3, m=2, rng=0))
    Output(y=array([0., 0.]))
    """
    if hasattr(cell, "start"):
        return cell.start(batch)
    return State.zeros(cell.m, batch, getattr(cell, "dtype", float))


def require_state(state: Any, wanted: type = State) -> None:
    """Raise TypeError unless `state` says by name which is y and which is c."""
    if isinstance(state, wanted):
        return
    call = f"{wanted.__name__}({', '.join(getattr(wanted, '_fields', ()))})"
    raise TypeError(
        explain(
            f"a {type(state).__name__} as the state of a cell, at {user_line()}",
            {},
            "y and c have the same shape, so only their names tell them apart."
            if wanted is State
            else f"this cell carries {call} from step to step.",
            f"pass {call}: Keras and PyTorch call y the hidden state h, Flax has them "
            "in the order (c, h)."
            if wanted is State
            else f"pass {call}, or cell.start() to begin with.",
        )
    )
