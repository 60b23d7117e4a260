"""Layers above each other: what one says at every step, the next one reads.

    y^1, state^1 = layer_1(x);   y^2, state^2 = layer_2(y^1);   ...

Each layer has a state of its own, so a Stack takes and returns a list of them. Layers
may have any widths, as long as each reads what the one below it says. A layer without
memory, such as Dense, has no state: its place in the list is None.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeAlias, TypeVar

import numpy as np

from lstm.explain import Explained
from lstm.explain.layers_explained import unread_widths, width_in, width_out
from lstm.foreign_options import CALL, refuse_options
from lstm.masks import Dropout, Lengths, Mask, padding_mask, zero_padded
from lstm.sequences import joined, named_input, sequence, time_step
from lstm.state import CellState, Numbers, detached
from minigrad import Module, Sequential, Tensor
from minigrad.feedforward import beside, output_of, over_time
from minigrad.habits import taught
from minigrad.messages import explained
from minigrad.types import Array

if TYPE_CHECKING:
    from lstm.bidirectional import Directions

Entry = TypeVar("Entry")
LayerDropout: TypeAlias = "Dropout | Directions[Dropout] | Sequence[LayerDropout]"

# What a layer returns beside y: nothing, one cell's state, two, or one for each layer.
LayerState: TypeAlias = "CellState | Directions[CellState] | States | None"


class States(list[LayerState]):
    """The states of a Stack, from the lowest layer to the highest.

    >>> States([None]).detach()
    [None]
    """

    def detach(self) -> States:
        """Return the same numbers as leaves: no gradient flows back past this point."""
        return detached(self)


class Stack(Explained):
    """Layers above each other: `y, states = stack(x)`.

    layers   each with memory (LSTM, Recurrent, Bidirectional, Stack), called as
             layer(x, state, mask=, dropout=), or any other Module, called as module(x)
             with all steps at once. Memory is told by an attribute, `causal`

    x        (B, T, n) or (T, n): read by the lowest layer
    states   one for each layer, from the lowest up; None starts a layer from zeros
    mask     (B, T) or (T,): which steps are real, for all layers; or lengths, (B,)
    between  dropout masks between the layers (lstm.masks.between): one for each gap,
             each of the shape of what passes there, or None
    dropout  dropout masks around the cells: one entry for each layer, or None
    y        (B, T, m) or (T, m): what the highest layer says at every step

    >>> from lstm import LSTM
    >>> deep = Stack(LSTM(3, 4, rng=0), LSTM(4, 2, rng=1))
    >>> y, states = deep(np.ones((7, 3)))
    >>> y.shape, states[0].c.shape, states[1].c.shape
    ((7, 2), (4,), (2,))
    >>> deep.parameters()[0].path
    'layers.0.cell.forget.W'
    """

    def __init__(self, *layers: Module, **foreign: object) -> None:
        refuse_options("Stack", foreign, ("layers one by one",))
        _require_modules(layers)
        for k, layer in enumerate(layers):
            _require_layer(k, layer, any(map(over_time, layers[k + 1 :])))
        names = [f"layer {k}" for k in range(len(layers))]
        unread = list(unread_widths(names, layers))
        if unread:
            raise explained(
                ValueError,
                "Stack",
                dict(zip(names, layers, strict=True)),
                "\n        ".join(["each reads what the one below makes:", *unread]),
                "build them with sizes that follow each other: Stack(LSTM(3, 4), "
                "LSTM(4, 2)).",
            )
        self.layers = list(layers)

    @property
    def causal(self) -> bool:
        """Whether y_t depends on nothing later than x_t."""
        return all(getattr(layer, "causal", True) for layer in self.layers)

    @property
    def n(self) -> int | None:
        """The size of x_t, if the lowest layer says what it reads."""
        return width_in(self.layers[0])

    @property
    def m(self) -> int | None:
        """The size of y_t, if the highest layer says what it makes."""
        return width_out(self.layers[-1])

    def parts(self) -> dict[str, Module]:
        """Return the layers that this one is made of, by name."""
        return {f"layers.{k}": layer for k, layer in enumerate(self.layers)}

    def readings(self) -> list[str]:
        """Return what is to be said of the lines between the layers."""
        return [
            "From layer to layer: y_t of one is x_t of the next, read whole by each of "
            "its neurons."
        ]

    def forward(
        self,
        x: Numbers,
        states: Sequence[LayerState] | None = None,
        mask: Mask | None = None,
        lengths: Lengths | None = None,
        between: Sequence[Array | None] | None = None,
        dropout: Sequence[LayerDropout] | None = None,
        **foreign: object,
    ) -> tuple[Numbers, States]:
        """Return y of the highest layer at every step, and the state of each layer."""
        known = ("states", "mask", "lengths", "between", "dropout")
        refuse_options("stack", foreign, known, CALL)
        x = sequence(x)
        mask = padding_mask(x, mask, lengths)
        if mask is not None and not over_time(self.layers[0]):
            x = zero_padded(x, mask)  # which layers with memory do themselves
        states = _one_each(states, len(self.layers), "states", "layer")
        dropout = _one_each(dropout, len(self.layers), "dropout", "layer")
        gaps = [*_one_each(between, len(self.layers) - 1, "between", "gap"), None]
        after = States()
        for layer, state, dropped, gap in zip(
            self.layers, states, dropout, gaps, strict=True
        ):
            if over_time(layer):
                x, state = layer(x, state, mask=mask, dropout=dropped)
            else:
                x, state = layer(x), None
            x = x if gap is None else x * _fitting(gap, x)
            after.append(state)
        return x, after


def _require_modules(layers: Sequence[object]) -> None:
    """Refuse no layers, and what is none."""
    others = {
        f"layer {k}": e for k, e in enumerate(layers) if not isinstance(e, Module)
    }
    if layers and not others:
        return
    other = next(iter(others.values()), None)
    fix = "Stack(LSTM(3, 4), LSTM(4, 2)); of a list of layers, Stack(*layers)."
    if isinstance(other, type):
        fix = f"make a layer of the class: {other.__name__}(3, 4)."
    elif callable(other):
        fix = "a function becomes a layer in mg.Sequential(function)."
    raise explained(
        TypeError,
        f"Stack of {len(layers)} layer{'s' * (len(layers) != 1)}",
        others,
        "a Stack is made of one or more layers, which are Modules.",
        fix,
    )


def _require_layer(k: int, layer: Module, steps_read: bool) -> None:
    """Refuse what cannot stand in a Stack, and say what to put there.

    steps_read  whether a layer above reads all its steps
    """
    why = "a Stack hands all steps from layer to layer, and a state to each."
    if is_cell(layer):
        why, fix = "a cell makes one step.", "Stack(Recurrent(cell), ...) runs it."
    elif isinstance(layer, Sequential) and any(map(over_time, layer.layers)):
        fix = "put its layers here themselves: Stack(*sequential.layers)."
    elif steps_read and "last" in _outputs(layer):
        why += ' With outputs="last" it gives one step only.'
        fix = 'leave outputs="last" to the highest layer over time.'
    else:
        return
    raise explained(TypeError, "Stack", {f"layer {k}": layer}, why, fix)


def _outputs(layer: object) -> set[str]:
    """Return what a layer over time says of its outputs, and each that is in it."""
    inner = layer.parts().values() if hasattr(layer, "parts") else ()
    said = {getattr(layer, "outputs", "")}
    return said.union(*(_outputs(each) for each in inner if over_time(each)))


def is_cell(part: object) -> bool:
    """Return whether this makes one step: it has a state to start with, and no time."""
    return hasattr(part, "start") and not over_time(part)


class TimeDistributed(Explained):
    """The same Module at every step: `y = layer(x)`, y_t = module(x_t).

    x    (B, T, ...) or (T, ...), told apart by `rank`: the number of axes of x_t
         without a batch, 1 for vectors
    y    module(x_t) at every step, stacked in the place of time

    A Dense layer can read all steps at once, as it does in a Stack, with the same
    result and in less time. This loop keeps the steps apart: in pictures, and for
    modules that want one step only.

    >>> from minigrad import Dense
    >>> TimeDistributed(Dense(3, 2, rng=0))(np.ones((4, 7, 3))).shape
    (4, 7, 2)
    """

    @taught
    def __init__(self, module: Callable[[Tensor], Tensor], rank: int = 1) -> None:
        _require_timeless(module, rank)
        self.module = module
        self.rank = rank

    @taught
    def forward(self, x: Numbers) -> Tensor:
        """Return the module's output for each step."""
        x = sequence(x)
        axis = x.ndim - self.rank - 1
        if axis not in (0, 1) or x.shape[axis] == 0:
            raise explained(
                ValueError,
                "TimeDistributed: layer(x)",
                {"x": x},
                "x must be (B, T, ...) or (T, ...) with T > 0 and "
                f"{self.rank} axes for what stands at each step.",
                "x[..., None] adds a feature axis; TimeDistributed(module, rank=2) "
                "if each step is a matrix.",
            )
        outputs = []
        for t in range(x.shape[axis]):
            with time_step(t):
                x_t = named_input(x[(slice(None),) * axis + (t,)])
                outputs.append(output_of(self.module, x_t))
        y = joined(outputs, axis)
        y.name = "Y"
        return y


def _require_timeless(module: object, rank: int) -> None:
    """Refuse what reads time itself, where a step is a vector."""
    whole = isinstance(rank, int) and rank >= 0
    timeless = not is_cell(module) and not (over_time(module) and rank == 1)
    if timeless and whole and callable(module) and not isinstance(module, type):
        return
    if not whole or not callable(module) or isinstance(module, type):
        raise explained(
            TypeError,
            "TimeDistributed(module, rank)",
            {"module": module, "rank": rank},
            "a Module is called at every step; rank counts the axes of x_t.",
            "TimeDistributed(mg.Dense(3, 2)), or rank=2 where x_t is a matrix.",
        )
    raise explained(
        TypeError,
        f"TimeDistributed({type(module).__name__})",
        {"module": module},
        "it runs a Module at every step by itself, with nothing carried over.",
        "a cell runs over time in Recurrent(cell), a layer by itself; where every "
        "step is a sequence, (B, T, S, n), say TimeDistributed(layer, rank=2).",
    )


FORMS = {
    "states": "a Stack returns its states in this form",
    "dropout": "variational(layer, ...) or zoneout(layer, ...) makes one",
    "between": "lstm.masks.between(shape, rate, rng) makes one",
}


def _one_each(
    given: Sequence[Entry] | None, count: int, name: str, place: str
) -> Sequence[Entry | None]:
    """Return the list if it has as many entries as wanted; if None, that many None."""
    if given is None:
        return [None] * count
    if type(given) in (list, tuple, States) and len(given) == count:
        return given
    entries = f"{count} {'entry' if count == 1 else 'entries'}"
    raise explained(
        ValueError,
        f"Stack: {name} for {count} {place}{'s' * (count != 1)}",
        {name: given},
        f"{name} is a list with one entry for each {place}, from the lowest up.",
        f"give {entries}, None where there is nothing to say; {FORMS[name]}.",
    )


def _fitting(mask: Array, x: Numbers) -> Array:
    """Return a mask of the shape of x, in its dtype; refuse another shape."""
    if np.shape(mask) == x.shape:
        fitting: Array = beside(x.dtype, mask, "mask")
        return fitting
    raise explained(
        ValueError,
        "Stack: a dropout mask between layers",
        {"mask": mask, "y of the layer below": x},
        "each number that passes is multiplied by one of the mask.",
        f"sample it for this shape: between({x.shape}, rate, rng, "
        f"dtype={str(x.dtype)!r}).",
    )
