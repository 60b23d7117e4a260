"""Keras: the list `layer.get_weights()` of an `LSTM` or `Bidirectional`, and back.

    kernel            (n, 4m)   W_x transposed, the gates i, f, c, o side by side
    recurrent_kernel  (m, 4m)   W_y transposed
    bias              (4m,)     one bias

A Bidirectional has these of the forward layer, then those of the backward layer. What
Keras keeps in options, not in weights, is up to whoever builds the layer there: both
activations, `merge_mode`, `return_sequences`, `return_state`.

A GRU has 3 gates z, r, h (our u, r, y~), and with reset_after two biases, (2, 3m); a
SimpleRNN has one box.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from lstm.cell import Cell, LSTMCell
from lstm.exchange.blocks import Block, fill, joined
from lstm.exchange.fitting import fit, read, refuse, require_known, zero_biases
from lstm.exchange.models import BOTH, layer_of, new_cell, sweeps
from lstm.others import GRUCell, IRNNCell, ResetAfterGRUCell, RNNCell
from lstm.stack import Stack
from minigrad import Module
from minigrad.tensor import Array

ORDERS: dict[type, str] = {
    LSTMCell: "ifco",
    ResetAfterGRUCell: "ury",
    GRUCell: "ury",  # reset_after=False
    RNNCell: "y",
    IRNNCell: "y",  # activation="relu"
}
KINDS = ("kernel", "recurrent_kernel", "bias")
DIRECTIONS = ("forward", "backward")
# In Keras, one option says the activations of each of these.
TIED = (("forget", "input", "output"), ("reset", "update"), ("candidate", "state"))


def to_keras(model: Module) -> list[Any]:
    """Return what `set_weights` of the Keras layer takes; of a Stack, a list of these.

    >>> from lstm import LSTM
    >>> [array.shape for array in to_keras(LSTM(n=3, m=2, rng=0))]
    [(3, 8), (2, 8), (8,)]

    Raises ValueError with everything that a Keras LSTM does not compute.
    """
    lists = _exported(f"to_keras of a {type(model).__name__}", model)
    return lists if isinstance(model, Stack) else lists[0]


def from_keras(weights: Sequence[Any], into: Module | None = None) -> Module:
    """Return the model with these weights: a new one, or `into`, which is changed.

    weights  `layer.get_weights()`, for an LSTM or a Bidirectional; or a list of such
             lists, one for each layer, for a Stack; of a GRU or SimpleRNN, too
    into     the model to fill; if not given, the sizes are read off the shapes. A new
             Bidirectional has merge="concat", and every new cell the usual activations

    >>> from lstm import LSTM
    >>> layer = from_keras(to_keras(LSTM(n=3, m=2, rng=0)))
    >>> layer.cell.n, layer.cell.m
    (3, 2)

    Without biases (use_bias=False), b is zero here, and a Parameter like any other.
    Raises ValueError with everything that does not fit; then nothing was changed.
    """
    asked = f"from_keras(a list of {len(weights)})"
    nested = any(isinstance(each, list | tuple) for each in weights)
    given = read(asked, _named(asked, weights if nested else [weights]))
    model = _built(asked, given, nested) if into is None else into
    own = _named(asked, _exported(asked, model))
    given |= zero_biases(own, given)
    fit(asked, own, given)
    for name, cell in _cells(model).items():
        kernel, recurrent, bias = (given[f"{name}.{kind}"] for kind in KINDS)
        b_x, b_y = bias if bias.ndim == 2 else (bias, np.zeros_like(bias))
        fill(cell, Block(kernel.T, recurrent.T, b_x, b_y), ORDERS[type(cell)])
    return model


def _exported(asked: str, model: Module) -> list[list[Array]]:
    """Return a list of weights for each layer."""
    cells = _cells(model)
    fix = (
        "in Keras, recurrent_activation is that of the gates and activation that of "
        "the candidate and of c; whatever else has to be a Keras layer of your own."
    )
    require_known(asked, cells, ORDERS, fix, TIED)
    layers = sweeps(model)
    refuse(
        asked,
        "a Keras LSTM reads from the beginning, a Bidirectional also from the end:",
        (
            f"layer {depth} reads from the end only"
            for depth, sweep in enumerate(layers)
            if sweep.reading != BOTH[: len(sweep.cells)]
        ),
        "convert LSTM(layer.cell), and reverse x there: go_backwards=True does so, and "
        "leaves y reversed.",
    )
    return [
        [array for cell in sweep.cells for array in _weights(cell)] for sweep in layers
    ]


def _weights(cell: Any) -> tuple[Array, Array, Array]:
    block = joined(cell, ORDERS[type(cell)])
    two = isinstance(cell, ResetAfterGRUCell)
    bias = np.stack([block.b_x, block.b_y]) if two else block.b
    return block.W_x.T.copy(), block.W_y.T.copy(), bias


def _cells(model: Module) -> dict[str, Any]:
    """Return each cell by its layer and direction."""
    return {
        f"{depth}.{direction}": cell
        for depth, sweep in enumerate(sweeps(model))
        for direction, cell in zip(DIRECTIONS, sweep.cells, strict=False)
    }


def _named(asked: str, lists: Sequence[Sequence[Any]]) -> dict[str, Any]:
    """Return weights by their names: layer, direction and kind."""
    refuse(
        asked,
        "a layer has 3 arrays (without bias 2), a Bidirectional twice as many:",
        (
            f"layer {k}: {len(w)} arrays"
            for k, w in enumerate(lists)
            if len(w) not in (2, 3, 4, 6)
        ),
        "pass layer.get_weights() of one recurrent layer, or a list of such lists: one "
        "for each layer, without those of Dense and other layers.",
    )
    return {
        f"{depth}.{name}": array
        for depth, weights in enumerate(lists)
        for name, array in zip(_names(len(weights)), weights, strict=True)
    }


def _names(count: int) -> list[str]:
    directions = DIRECTIONS[: 1 + (count > 3)]
    kinds = KINDS[: count // len(directions)]
    return [f"{direction}.{kind}" for direction in directions for kind in kinds]


def _built(asked: str, given: Mapping[str, Array], nested: bool) -> Module:
    """Return a model whose sizes are those of the shapes."""

    def cell(name: str) -> Cell:
        kernel, recurrent = (given[f"{name}.{kind}"] for kind in KINDS[:2])
        before = np.ndim(given.get(f"{name}.bias", [[]])) == 1
        classes = {4: LSTMCell, 3: GRUCell if before else ResetAfterGRUCell, 1: RNNCell}
        return new_cell(asked, f"{name}, transposed", kernel.T, recurrent.T, classes)

    layers: list[Module] = []
    while f"{len(layers)}.forward.kernel" in given:
        names = [f"{len(layers)}.{direction}" for direction in DIRECTIONS]
        layers.append(
            layer_of([cell(each) for each in names if f"{each}.kernel" in given])
        )
    return Stack(*layers) if nested else layers[0]
