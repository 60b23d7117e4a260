"""Two layers read the same sequence: one from the start, the other from the end.

    forth_t has seen x_1, ..., x_t;   back_t has seen x_t, ..., x_T
    y_t = merge(forth_t, back_t)

So y_t knows the whole sequence around step t (Schuster and Paliwal 1997). Each layer
has weights and a state of its own. That of the second is its state after x_1, the step
that it reads last; in y it stands at the first step, not at the last.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Generic, NamedTuple, TypeVar

from lstm.explain import Explained
from lstm.foreign_options import CALL, CONSTRUCTION, refuse_options
from lstm.layer import LSTM, Recurrent
from lstm.masks import Dropout, Lengths, Mask
from lstm.state import CellState, Numbers, detached
from minigrad import Module, Tensor, concatenate
from minigrad.messages import a_kind, explained

Each = TypeVar("Each")


class Directions(NamedTuple, Generic[Each]):
    """What belongs to each of the two layers of a Bidirectional.

    forward   of the layer that reads x_1, x_2, ..., x_T
    backward  of the layer that reads x_T, x_(T-1), ..., x_1
    """

    forward: Each | None = None
    backward: Each | None = None

    def detach(self) -> Directions[Each]:
        """Return the same numbers as leaves: no gradient flows back past this point."""
        return detached(self)


MERGES: Mapping[str | None, Callable[[Tensor, Tensor], Tensor | Directions[Tensor]]] = {
    "concat": lambda forth, back: concatenate([forth, back], axis=-1),
    "sum": lambda forth, back: forth + back,
    "mul": lambda forth, back: forth * back,
    "average": lambda forth, back: (forth + back) / 2,
    None: lambda forth, back: Directions(forth, back),
}


class Bidirectional(Explained):
    """Two layers over the same steps: `y, state = layer(x)`.

    forth    reads from the start: a Recurrent with reverse=False
    back     reads from the end: a Recurrent with reverse=True. If not given and
             `forth` was made from sizes, LSTM(n, m, ...): a second one like it, with
             weights drawn anew
    merge    "concat", "sum", "mul", "average"; None: y is Directions(forth, back)

    x        (B, T, n) or (T, n)
    state    Directions(forward, backward): a state for each layer
    mask     (B, T) or (T,), or lengths, (B,): `back` starts at the last real step
    dropout  Directions(forward, backward) of dropout masks around the cells
    y        (B, T, 2m) or (T, 2m) if merged by "concat"

    At steps that are not real, each layer's y is what its `outputs` says. With "zero",
    this is PyTorch's bidirectional LSTM of a PackedSequence, and Keras's Bidirectional
    with a mask on a right-padded batch, which both have zeros there.

    >>> import numpy as np
    >>> both = Bidirectional(LSTM(3, 2, rng=0))
    >>> y, state = both(np.ones((4, 7, 3)))
    >>> y.shape, state.backward.c.shape
    ((4, 7, 4), (4, 2))
    >>> bool(np.all(state.backward.y.data == y.data[:, 0, 2:]))
    True
    """

    causal = False  # y_t has seen all of x

    def __init__(
        self,
        forth: Recurrent,
        back: Recurrent | None = None,
        merge: str | None = "concat",
        **foreign: object,
    ) -> None:
        refuse_options(
            "Bidirectional", foreign, ("forth", "back", "merge"), CONSTRUCTION
        )
        for each in (forth, *([] if back is None else [back])):
            _require_one_way(each)
        back = _mirrored(forth) if back is None else back
        ways = [forth.reverse, back.reverse]
        if ways != [False, True] or forth.cell is back.cell or forth.n != back.n:
            raise explained(
                ValueError,
                "Bidirectional(forth, back)",
                {
                    "forth.n": forth.n,
                    "forth.reverse": forth.reverse,
                    "back.n": back.n,
                    "back.reverse": back.reverse,
                },
                "forth reads from the start, back from the end, both read the "
                "same x, and each has a cell of its own.",
                "Bidirectional(LSTM(n, m), LSTM(n, m, reverse=True)).",
            )
        if merge not in list(MERGES):  # also what has no hash
            raise explained(
                ValueError,
                f"Bidirectional(..., merge={merge!r})",
                "there is no such way to make one y of two.",
                f"choose one of {', '.join(map(repr, MERGES))}.",
            )
        if merge not in ("concat", None) and forth.m != back.m:
            raise explained(
                ValueError,
                f"Bidirectional(forth, back, merge={merge!r})",
                {"forth.m": forth.m, "back.m": back.m},
                "this merges number by number, so both must say as many.",
                'give both the same m, or join them: merge="concat".',
            )
        self.forth = forth
        self.back = back
        self.merge = merge

    @property
    def n(self) -> int:
        """The size of x_t."""
        return self.forth.n

    @property
    def m(self) -> int:
        """The size of y_t, or of each of the two that are not merged."""
        return self.forth.m + (self.back.m if self.merge == "concat" else 0)

    def parts(self) -> dict[str, Module]:
        """Return the layers that this one is made of, by name."""
        return {"forth": self.forth, "back": self.back}

    def readings(self) -> list[str]:
        """Return what is to be said of the lines of both layers."""
        return [
            f"Two directions, merge={self.merge!r}: forth has seen x_1, ..., x_t, back "
            "has seen x_t, ..., x_T; so back's last word stands at the first step."
        ]

    def forward(
        self,
        x: Numbers,
        state: Directions[CellState] | None = None,
        mask: Mask | None = None,
        lengths: Lengths | None = None,
        dropout: Directions[Dropout] | None = None,
        **foreign: object,
    ) -> tuple[Tensor | Directions[Tensor], Directions[CellState]]:
        """Return the merged y at every step, and both states."""
        refuse_options("layer", foreign, ("state", "mask", "lengths", "dropout"), CALL)
        state = _directions(state, "state")
        dropout = _directions(dropout, "dropout")
        known = {"mask": mask, "lengths": lengths}
        forth, forward = self.forth(x, state.forward, dropout=dropout.forward, **known)
        back, backward = self.back(x, state.backward, dropout=dropout.backward, **known)
        return MERGES[self.merge](forth, back), Directions(forward, backward)


def _require_one_way(layer: object) -> None:
    """Refuse what is no single layer over time."""
    if isinstance(layer, Recurrent):
        return
    fix = "Bidirectional(LSTM(n, m)), or of two: Bidirectional(forth, back)."
    if isinstance(layer, type):
        fix = f"make a layer of the class: {layer.__name__}(3, 2)."
    elif hasattr(layer, "causal"):
        fix = (
            "of a Stack make every layer Bidirectional: Stack(Bidirectional(LSTM(n, "
            "m)), Bidirectional(LSTM(2m, m)))."
        )
    elif isinstance(layer, Module):
        fix = (
            "of cells of your own: Bidirectional(Recurrent(cell), Recurrent(other, "
            "reverse=True))."
        )
    elif layer in [each for each in MERGES if each]:
        fix = f"by its name: Bidirectional(layer, merge={layer!r})."
    raise explained(
        TypeError,
        f"Bidirectional of {a_kind(layer)}",
        {"layer": layer},
        "each direction is one layer over time: a Recurrent, such as an LSTM.",
        fix,
    )


def _mirrored(forth: Recurrent) -> Recurrent:
    """Return a layer like `forth` that reads from the end, with weights of its own."""
    new_cell = getattr(forth, "new_cell", None)
    if new_cell:
        return LSTM(new_cell(), reverse=True, outputs=forth.outputs)
    raise explained(
        TypeError,
        "Bidirectional(forth) without back",
        {"forth": forth},
        "only of an LSTM made from sizes is it known how to make a second one; a "
        "copy of a cell would begin with the same weights.",
        "give both: Bidirectional(Recurrent(cell), Recurrent(other, reverse=True)).",
    )


def _directions(given: Directions[Each] | None, name: str) -> Directions[Each]:
    if given is None:
        return Directions()
    if isinstance(given, Directions):
        return given
    raise explained(
        TypeError,
        f"Bidirectional: {a_kind(given)} as {name}",
        "there are two layers, and only names tell which is which.",
        f"pass Directions(forward=..., backward=...); None for no {name}.",
    )
