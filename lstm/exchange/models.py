"""A model seen from outside: layers one upon another, each with its own weights.

Other frameworks keep of a model a list of layers: recurrent ones, each with one
direction or two, and dense ones. `layers_of` and `sweeps` read it off a model,
`model_of` makes a model of it, and none of them calculates.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from lstm.bidirectional import Bidirectional
from lstm.cell import Cell, LSTMCell
from lstm.exchange.fitting import refuse
from lstm.explain.layers_explained import unread_widths
from lstm.gate import Activation
from lstm.layer import LSTM, Recurrent
from lstm.stack import Stack, TimeDistributed
from minigrad import Dense, Module, Sequential, relu, sigmoid, softmax, softplus, tanh
from minigrad.feedforward import over_time
from minigrad.functions import silu
from minigrad.messages import a_kind, explained
from minigrad.tensor import Array


@dataclass(frozen=True)
class Sweep:
    """One layer: one or two Recurrents over the same x, and how their y are joined."""

    directions: tuple[Recurrent, ...]
    merge: str | None = "concat"

    @property
    def cells(self) -> tuple[Any, ...]:
        """Return the cell of each direction."""
        return tuple(layer.cell for layer in self.directions)

    @property
    def reading(self) -> tuple[bool, ...]:
        """Return for each direction whether it reads from the end."""
        return tuple(layer.reverse for layer in self.directions)


FORWARD, BACKWARD, BOTH = (False,), (True,), (False, True)


def sweeps(model: object) -> list[Sweep]:
    """Return the layers of a model, the lowest first.

    >>> sweep, = sweeps(Bidirectional(LSTM(3, 2), LSTM(3, 2, reverse=True)))
    >>> sweep.reading
    (False, True)

    Raises TypeError if a part of it is no recurrent layer.
    """
    if isinstance(model, Recurrent):
        return [Sweep((model,))]
    if isinstance(model, Bidirectional):
        return [Sweep((model.forth, model.back), model.merge)]
    if isinstance(model, Stack):
        return [sweep for layer in model.layers for sweep in sweeps(layer)]
    raise explained(
        TypeError,
        f"the recurrent layers of {a_kind(model)}",
        "it is none, and has none that are known by their order.",
        "pass the LSTM, Bidirectional or Stack of them inside it; copy the W and b "
        "of a Dense yourself: PyTorch has W as it is here, Keras and Flax its "
        "transpose.",
    )


Layer: TypeAlias = Module | Activation  # of a model that is put together

# By the names of Keras, and of PyTorch's modules in small letters.
FUNCTIONS: Mapping[str, Activation | None] = {
    "linear": None,
    "identity": None,
    "relu": relu,
    "sigmoid": sigmoid,
    "silu": silu,
    "softmax": softmax,
    "softplus": softplus,
    "swish": silu,
    "tanh": tanh,
}


def layers_of(model: object) -> Iterator[Any]:
    """Yield what stands one upon another: recurrent layers, Dense ones, functions."""
    if isinstance(model, Stack | Sequential):
        for layer in model.layers:
            yield from layers_of(layer)
    elif isinstance(model, TimeDistributed) and isinstance(model.module, Dense):
        yield model.module
    else:
        yield model


def model_of(layers: Sequence[Layer]) -> Module:
    """Return the one layer; of several a Stack, or a Sequential if none has a state.

    >>> type(model_of([Dense(3, 2), Dense(2, 1)])).__name__
    'Sequential'

    A function, such as `relu`, becomes the activation of a Dense layer below it.
    """
    joined: list[Module] = []
    for layer in layers:
        below = joined[-1] if joined else None
        if isinstance(layer, Module):
            joined.append(layer)
        elif isinstance(below, Dense) and below.activation is None:
            below.activation = layer
        else:
            joined.append(Sequential(layer))
    if len(joined) == 1:
        return joined[0]
    return (Stack if any(map(over_time, joined)) else Sequential)(*joined)


def require_chain(asked: str, names: Sequence[str], layers: Sequence[Layer]) -> None:
    """Refuse layers of which one reads more or fewer numbers than those below make."""
    pairs = zip(names, layers, strict=True)
    modules = [(name, layer) for name, layer in pairs if isinstance(layer, Module)]
    refuse(
        asked,
        "layers one upon another read what the one below makes:",
        unread_widths(*zip(*modules, strict=True)) if modules else [],
        "convert the parts by themselves, and put them together as the model does.",
    )


def dense(W: Array, b: Array | None, activation: Activation | None = None) -> Dense:
    """Return a Dense layer with these weights, W (m, n); without b it is zero."""
    layer = Dense(W.shape[1], W.shape[0], activation, rng=0, dtype=W.dtype)
    layer.W.data = W
    if b is not None:
        layer.b.data = b
    return layer


def layer_of(cells: Sequence[Cell], reading: tuple[bool, ...] | None = None) -> Module:
    """Return the layer of one cell, or of two the Bidirectional."""
    reading = BOTH[: len(cells)] if reading is None else reading
    layers = [
        (LSTM if isinstance(cell, LSTMCell) else Recurrent)(cell, reverse=back)
        for cell, back in zip(cells, reading, strict=True)
    ]
    return layers[0] if len(layers) == 1 else Bidirectional(layers[0], layers[1])


def new_cell(
    asked: str,
    name: str,
    W_x: Array,
    W_y: Array,
    classes: Mapping[int, Callable[..., Cell]],
    m: int | None = None,
    **options: Any,
) -> Cell:
    """Return a cell in whose boxes a block of these shapes has room.

    name     what the message should call the arrays
    classes  what makes a cell of so many boxes
    m        where y is not of that size
    options  of the cell
    """
    matrices = W_x.ndim == W_y.ndim == 2 and min(W_y.shape) > 0
    boxes = len(W_x) / (m or W_y.shape[1]) if matrices else 0
    fits = boxes in classes and len(W_x) == len(W_y)
    refuse(
        asked,
        "gates below one another have shapes (k m, n) and (k m, m), k = "
        + " or ".join(map(str, classes))
        + ":",
        [] if fits else [f"{name}: {W_x.shape} for x and {W_y.shape} for y"],
        "an LSTM has 4 blocks of m rows, a GRU 3 and a simple RNN 1.",
    )
    made = classes[int(boxes)]
    dtype = np.result_type(W_x, W_y)
    return made(W_x.shape[1], m or W_y.shape[1], rng=0, dtype=dtype, **options)
