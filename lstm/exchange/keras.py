"""Keras: the list `layer.get_weights()` of an `LSTM` or `Bidirectional`, and back.

    kernel            (n, 4m)   W_x transposed, the gates i, f, c, o side by side
    recurrent_kernel  (m, 4m)   W_y transposed
    bias              (4m,)     one bias

A Bidirectional has these of the forward layer, then those of the backward layer. What
Keras keeps in options, not in weights, is up to whoever builds the layer there: both
activations, `merge_mode`, `return_sequences`, `return_state`. A layer or a model given
itself knows them, see `lstm.exchange.keras_model`.

A GRU has 3 gates z, r, h (our u, r, y~), and with reset_after two biases, (2, 3m); a
SimpleRNN has one box. A Dense has a kernel, (n, m), which is W transposed, and a bias.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from lstm.cell import Cell, LSTMCell
from lstm.exchange.blocks import Block, fill, joined
from lstm.exchange.fitting import (
    fit,
    refuse,
    require_into,
    require_known,
    zero_biases,
)
from lstm.exchange.keras_lists import (
    DIRECTIONS,
    KINDS,
    Part,
    names_of,
    parts_of_list,
    parts_of_lists,
    require_functions,
)
from lstm.exchange.keras_model import are_layers, layer_of_part, parts_of_layers
from lstm.exchange.models import BOTH, layers_of, model_of, require_chain, sweeps
from lstm.exchange.sources import is_keras, is_path, is_torch, keras_file, source_name
from lstm.others import GRUCell, IRNNCell, ResetAfterGRUCell, RNNCell
from lstm.stack import Stack
from minigrad import Dense, Module
from minigrad.messages import explained
from minigrad.tensor import Array

ORDERS: dict[type, str] = {
    LSTMCell: "ifco",
    ResetAfterGRUCell: "ury",
    GRUCell: "ury",  # reset_after=False
    RNNCell: "y",
    IRNNCell: "y",  # activation="relu"
}
# In Keras, one option says the activations of each of these.
TIED = (("forget", "input", "output"), ("reset", "update"), ("candidate", "state"))


def to_keras(model: Module) -> list[Array] | list[list[Array]]:
    """Return what `set_weights` of the Keras layer takes; of a Stack, a list of these.

    >>> from lstm import LSTM
    >>> [array.shape for array in to_keras(LSTM(n=3, m=2, rng=0))]
    [(3, 8), (2, 8), (8,)]

    Raises ValueError with everything that a Keras LSTM does not compute.
    """
    asked = f"to_keras of {source_name(model)}"
    lists = [list(each.values()) for each in _exported(asked, [model])]
    _require_forward(asked, [model])
    return lists if isinstance(model, Stack) else lists[0]


def from_keras(source: object, into: Module | None = None) -> Module:
    """Return the model with these weights: a new one, or `into`, which is changed.

    source  a layer, a model, or a list of layers; the path of a file, .keras, .h5 or
            .npz; or arrays: `layer.get_weights()`, a list of such lists, one for each
            layer, or `model.get_weights()`
    into    the model to fill; if not given, one is built. From layers it has their
            activations, merges, directions and outputs; from arrays, which do not tell
            them, the usual ones, merge="concat", and y at every step

    >>> from lstm import LSTM
    >>> layer = from_keras(to_keras(LSTM(n=3, m=2, rng=0)))
    >>> layer.cell.n, layer.cell.m
    (3, 2)
    >>> head = [np.ones((2, 1)), np.ones(1)]
    >>> y, states = from_keras([*to_keras(layer), *head])(np.ones((7, 3)))
    >>> y.shape
    (7, 1)

    Where Keras has return_sequences=False, ours has outputs="last". Without biases
    (use_bias=False), b is zero here, and a Parameter like any other. Files are read
    without running what is in them.

    Raises ValueError with everything that does not fit, and where the arrays have two
    readings; then nothing was changed.
    """
    asked = f"from_keras({source_name(source)})"
    require_into(asked, into)
    if is_path(source):
        source = keras_file(asked, source)
    parts = _parts(asked, source, into)
    if into is None:
        require_functions(asked, parts)
        layers = [layer_of_part(asked, k, part) for k, part in enumerate(parts)]
        require_chain(asked, [f"layer {k}" for k in range(len(layers))], layers)
        nested = isinstance(source, list | tuple) and _nested(source)
        model = Stack(*layers) if nested else model_of(layers)
    else:
        model = into
        layers = [each for each in layers_of(into) if isinstance(each, Module)]
        _require_forward(asked, layers)
    parts = [part for part in parts if part.kind != "function"]
    layers = [each for each in layers if isinstance(each, Module)]
    own = _named(_exported(asked, layers))
    given: dict[str, Array] = {}
    for k, part in enumerate(parts):
        named = {f"{k}.{name}": array for name, array in part.arrays.items()}
        mine = {name: array for name, array in own.items() if name.startswith(f"{k}.")}
        given |= named | zero_biases(mine, named)
    fit(asked, own, given, built=into is None)
    for k, layer in enumerate(layers):
        _fill(f"{k}.", layer, given)
    return model


def _parts(asked: str, source: Any, into: Module | None) -> list[Part]:
    """Return the layers in what was given: objects, lists of arrays, or one list."""
    if is_keras(source) or are_layers(source):
        layers = [source] if is_keras(source) else source
        return parts_of_layers(asked, layers, is_known=into is not None)
    if is_torch(source) or not isinstance(source, list | tuple):
        raise explained(
            TypeError,
            asked,
            f"{source_name(source)} is neither a layer of Keras nor a list of arrays.",
            "that is from_torch."
            if is_torch(source)
            else "give a layer, a model, layer.get_weights() or a path.",
        )
    if _nested(source):
        return parts_of_lists(asked, source)
    if into is None:
        return parts_of_list(asked, source)
    return parts_of_lists(asked, _cut_as(asked, source, into))


def _nested(source: Sequence[object]) -> bool:
    return any(isinstance(each, list | tuple) for each in source)


def _cut_as(
    asked: str, weights: Sequence[object], into: Module
) -> list[Sequence[object]]:
    """Return a flat list cut where a model's own layers would be cut."""
    layers = [each for each in layers_of(into) if isinstance(each, Module)]
    own = _exported(asked, layers)
    for without in (0, 1):
        counts = [
            len(each) - without * sum(n.endswith("bias") for n in each) for each in own
        ]
        if sum(counts) == len(weights):
            ends = np.cumsum(counts)
            return [weights[b - a : b] for a, b in zip(counts, ends, strict=True)]
    refuse(
        asked,
        "the model must have as many arrays as were given:",
        [f"{sum(map(len, own))} here, {len(weights)} given"],
        "build a model with these layers, or give the arrays of its layers alone.",
    )
    return []


def _exported(asked: str, layers: Sequence[Module]) -> list[dict[str, Array]]:
    """Return the arrays of each layer by name, in the order of Keras."""
    cells = {
        f"{depth}.{direction}": cell
        for depth, layer in enumerate(layers)
        if not isinstance(layer, Dense)
        for sweep in sweeps(layer)
        for direction, cell in zip(DIRECTIONS, sweep.cells, strict=False)
    }
    fix = (
        "in Keras, recurrent_activation is that of the gates and activation that of "
        "the candidate and of c; whatever else has to be a Keras layer of your own."
    )
    require_known(asked, cells, ORDERS, fix, TIED)
    exported: list[dict[str, Array]] = []
    for layer in layers:
        if isinstance(layer, Dense):
            exported.append({"kernel": layer.W.data.T.copy(), "bias": layer.b.data})
            continue
        for sweep in sweeps(layer):
            arrays = [array for cell in sweep.cells for array in _weights(cell)]
            names = names_of("", len(arrays))
            exported.append(dict(zip(names, arrays, strict=True)))
    return exported


def _weights(cell: Cell) -> tuple[Array, Array, Array]:
    block = joined(cell, ORDERS[type(cell)])
    two = isinstance(cell, ResetAfterGRUCell)
    bias = np.stack([block.b_x, block.b_y]) if two else block.b
    return block.W_x.T.copy(), block.W_y.T.copy(), bias


def _require_forward(asked: str, layers: Sequence[Module]) -> None:
    """Refuse layers that read from the end alone."""
    recurrent = (each for each in layers if not isinstance(each, Dense))
    refuse(
        asked,
        "a Keras LSTM reads from the beginning, a Bidirectional also from the end:",
        (
            f"layer {depth} reads from the end only"
            for depth, sweep in enumerate(s for each in recurrent for s in sweeps(each))
            if sweep.reading != BOTH[: len(sweep.cells)]
        ),
        "convert LSTM(layer.cell), and reverse x there: go_backwards=True does so, and "
        "leaves y reversed.",
    )


def _named(exported: Sequence[Mapping[str, Array]]) -> dict[str, Array]:
    return {
        f"{depth}.{name}": array
        for depth, arrays in enumerate(exported)
        for name, array in arrays.items()
    }


def _fill(prefix: str, layer: Module, given: Mapping[str, Array]) -> None:
    if isinstance(layer, Dense):
        layer.W.data, layer.b.data = given[f"{prefix}kernel"].T, given[f"{prefix}bias"]
        return
    (sweep,) = sweeps(layer)
    for direction, cell in zip(DIRECTIONS, sweep.cells, strict=False):
        kernel, recurrent, bias = (given[f"{prefix}{direction}.{k}"] for k in KINDS)
        b_x, b_y = bias if bias.ndim == 2 else (bias, np.zeros_like(bias))
        fill(cell, Block(kernel.T, recurrent.T, b_x, b_y), ORDERS[type(cell)])
