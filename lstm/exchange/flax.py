"""Flax: the `params` of `LSTMCell` or `OptimizedLSTMCell`, and back.

    ii, if, ig, io   {"kernel": (n, m)}                W_x of a gate, transposed
    hi, hf, hg, ho   {"kernel": (m, m), "bias": (m,)}  its W_y, transposed, and its b

The second letter is the gate, our candidate c being g. Both cells have these. Flax
carries (c, y), in this order.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from lstm.cell import Cell, LSTMCell
from lstm.exchange.blocks import Block, fill, joined
from lstm.exchange.fitting import (
    fit,
    read,
    refuse,
    require_into,
    require_known,
    zero_biases,
)
from lstm.exchange.sources import source_name
from lstm.layer import LSTM, Recurrent
from minigrad import Module
from minigrad.messages import a_kind, explained
from minigrad.tensor import Array

ORDER = "ifco"
LETTERS = "ifgo"  # the same gates, as Flax calls them
TIED = (("forget", "input", "output"), ("candidate", "state"))  # one option each
SIDES = (("i", "kernel"), ("h", "kernel"), ("h", "bias"))  # W_x, W_y, b

Params = dict[str, dict[str, Array]]


def to_flax(model: Module) -> Params:
    """Return the parameters of the Flax cell that is a cell, or the cell of a layer.

    >>> from lstm import LSTM
    >>> params = to_flax(LSTM(n=3, m=2, rng=0))
    >>> params["if"]["kernel"].shape, params["hf"]["bias"].shape
    ((3, 2), (2,))

    `nn.LSTMCell(m).apply({"params": params}, carry, x)` runs it; in an `nn.RNN` they
    are its {"cell": params}. A stack is a dict of these, under names of your own.
    """
    asked = f"to_flax of {a_kind(model)}"
    params: Params = {}
    for name, array in _exported(asked, _cell(asked, model)).items():
        part, kind = name.split(".")
        params.setdefault(part, {})[kind] = array
    return params


def from_flax(params: Mapping[str, object], into: Module | None = None) -> Module:
    """Return an LSTM with these weights: a new one, or `into`, which is changed.

    params  of an LSTMCell or OptimizedLSTMCell: {"ii": {"kernel": ...}, ...}
    into    the layer or cell to fill; if not given, the sizes are read off the shapes

    >>> layer = from_flax(to_flax(LSTM(n=3, m=2, rng=0)))
    >>> layer.cell.n, layer.cell.m
    (3, 2)

    Raises ValueError with everything that does not fit; then nothing was changed.
    """
    asked = f"from_flax({source_name(params)})"
    require_into(asked, into)
    if not isinstance(params, Mapping):
        raise explained(
            TypeError,
            asked,
            "Flax keeps its weights in dicts, by their names.",
            "give variables['params'], in which 'ii' and 'hi' are.",
        )
    given = read(asked, _flat(params))
    model = LSTM(_built(asked, given)) if into is None else into
    cell = _cell(asked, model)
    own = _exported(asked, cell)
    given |= zero_biases(own, given)
    fit(asked, own, given, built=into is None)
    W_x, W_y, b_h = (
        np.concatenate([given[f"{side}{letter}.{kind}"].T for letter in LETTERS])
        for side, kind in SIDES
    )
    fill(cell, Block(W_x, W_y, np.zeros_like(b_h), b_h), ORDER)
    return model


def _exported(asked: str, cell: Cell) -> dict[str, Array]:
    """Return the parameters of a cell under their paths: "hi.kernel"."""
    fix = (
        "in Flax, gate_fn is the activation of the three gates and activation_fn that "
        "of the candidate and of c; whatever else has to be a Flax cell of your own."
    )
    require_known(asked, {"the cell": cell}, [LSTMCell], fix, TIED)
    block = joined(cell, ORDER)
    parts = block.W_x, block.W_y, block.b
    return {
        f"{side}{letter}.{kind}": rows.T.copy()
        for (side, kind), part in zip(SIDES, parts, strict=True)
        for letter, rows in zip(LETTERS, np.split(part, len(LETTERS)), strict=True)
    }


def _cell(asked: str, model: Module) -> Any:
    if isinstance(model, Recurrent) and not model.reverse:
        return model.cell
    refuse(
        asked,
        "these are the weights of one cell, which knows no direction:",
        [] if isinstance(model, LSTMCell) else [f"it is {a_kind(model)}"],
        "convert each cell: to_flax(layer.cell). In Flax, nn.RNN(cell, reverse=True, "
        "keep_order=True) reads from the end.",
    )
    return model


def _flat(params: Mapping[str, Any], path: str = "") -> dict[str, object]:
    """Return nested dicts as one, under paths with dots."""
    flat: dict[str, object] = {}
    for name, value in params.items():
        below = isinstance(value, Mapping)
        flat |= _flat(value, f"{path}{name}.") if below else {f"{path}{name}": value}
    return flat


def _built(asked: str, given: Mapping[str, Array]) -> LSTMCell:
    """Return a cell whose sizes are those of the shapes."""
    names = [f"{side}{letter}.kernel" for side in "ih" for letter in LETTERS]
    refuse(
        asked,
        "four kernels for x and four for y make an LSTM:",
        [
            *(f"{name}: missing" for name in names if name not in given),
            *(
                f"{name}: {array.shape} is no matrix"
                for name, array in given.items()
                if name in names and array.ndim != 2
            ),
        ],
        "give the dict in which 'ii' and 'hi' are: variables['params'], and in it, for "
        "an nn.RNN, ['cell'].",
    )
    first, second = given["ii.kernel"], given["hi.kernel"]
    return LSTMCell(len(first), len(second), rng=0, dtype=first.dtype)
