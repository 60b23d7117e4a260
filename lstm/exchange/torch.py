"""PyTorch: the state dict of `nn.LSTM` or `nn.LSTMCell`, and back.

    weight_ih_l0             (4m, n)  W_x of the gates i, f, c, o, one below another
    weight_hh_l0             (4m, m)  W_y
    bias_ih_l0, bias_hh_l0   (4m,)    two biases, which are added: b = b_ih + b_hh
    ..._l1                            the next layer: it reads the outputs of the first
    ..._l0_reverse                    the direction that reads from the end

A second bias adds no function, only parameters: both get the same gradient, so plain
SGD moves their sum twice as fast as it moves our one b. Going out, b_hh is zero; freeze
it there if both sides are to be trained alike.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from lstm.cell import LSTMCell
from lstm.exchange.blocks import Block, fill, joined
from lstm.exchange.fitting import fit, read, refuse, require_plain, zero_biases
from lstm.exchange.models import BOTH, Sweep, layer_of, model_of, new_cell, sweeps
from minigrad import Module
from minigrad.tensor import Array

ORDER = "ifco"  # PyTorch says i, f, g, o
KINDS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
ENDINGS = ("", "_reverse")


def to_torch(model: Module) -> dict[str, Array]:
    """Return the state dict of the nn.LSTM that a model is; of a cell, its nn.LSTMCell.

    >>> from lstm import LSTM
    >>> for name, array in to_torch(LSTM(n=3, m=2, rng=0)).items():
    ...     print(name, array.shape)
    weight_ih_l0 (8, 3)
    weight_hh_l0 (8, 2)
    bias_ih_l0 (8,)
    bias_hh_l0 (8,)

    Raises ValueError with everything that `nn.LSTM` has no words for.
    """
    return _exported(f"to_torch of a {type(model).__name__}", model)


def _exported(asked: str, model: Module) -> dict[str, Array]:
    _require_words(asked, model)
    state = {}
    for suffix, cell in _cells(model).items():
        W_x, W_y, b = joined(cell, ORDER)
        parts = zip(KINDS, (W_x, W_y, b, np.zeros_like(b)), strict=True)
        state.update({f"{kind}{suffix}": array for kind, array in parts})
    return state


def from_torch(
    state: Mapping[str, Any], into: Module | None = None, prefix: str = ""
) -> Module:
    """Return the model with these weights: a new one, or `into`, which is changed.

    state   `lstm.state_dict()`: tensors on the CPU, or arrays
    into    the model to fill; if not given, the sizes are read off the shapes, and what
            is built is an LSTM, a Bidirectional or a Stack of them, or an LSTMCell
    prefix  what the names begin with in a larger model, as "encoder."; others are not
            looked at

    >>> from lstm import LSTM
    >>> layer = from_torch(to_torch(LSTM(n=3, m=2, rng=0)))
    >>> layer.cell.n, layer.cell.m
    (3, 2)

    Without biases (bias=False), b is zero here, and a Parameter like any other. Raises
    ValueError with everything that does not fit; then nothing was changed.
    """
    asked = f"from_torch(a dict of {len(state)}, prefix={prefix!r})"
    below = {
        k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)
    }
    given = read(asked, below)
    model = _built(asked, state, given) if into is None else into
    own = _exported(asked, model)
    given |= zero_biases(own, given)
    fit(asked, own, given)
    for suffix, cell in _cells(model).items():
        W_x, W_y, b_ih, b_hh = (given[f"{kind}{suffix}"] for kind in KINDS)
        fill(cell, Block(W_x, W_y, b_ih + b_hh), ORDER)
    return model


def _cells(model: Module) -> dict[str, Any]:
    """Return each cell by the ending of its names: `_l0`, `_l0_reverse`, `_l1`, ..."""
    if isinstance(model, LSTMCell):
        return {"": model}
    return {
        f"_l{depth}{ending}": cell
        for depth, sweep in enumerate(sweeps(model))
        for ending, cell in zip(ENDINGS, sweep.cells, strict=False)
    }


def _require_words(asked: str, model: Module) -> None:
    """Refuse a model that no `nn.LSTM` is."""
    fix = (
        "convert parts of it, each to an nn.LSTM of its own, or to_torch(cell) to an "
        "nn.LSTMCell; joined in lstm.exchange has the numbers of any four gates."
    )
    require_plain(asked, {f"cell{k}": cell for k, cell in _cells(model).items()}, fix)
    if not isinstance(model, LSTMCell):
        why = "the layers of an nn.LSTM are alike, but for what the first reads:"
        refuse(asked, why, _unlike(sweeps(model)), fix)


def _unlike(layers: Sequence[Sweep]) -> Iterator[str]:
    first = layers[0]
    n, m, both = first.cells[0].n, first.cells[0].m, len(first.cells)
    for depth, sweep in enumerate(layers):
        sizes = (n if depth == 0 else both * m, m)
        for name, own, wanted in (
            ("directions", len(sweep.cells), both),
            ("reverse", sweep.reading, BOTH[: len(sweep.cells)]),
            ("merge", sweep.merge, "concat"),
            *(("(n, m)", (cell.n, cell.m), sizes) for cell in sweep.cells),
        ):
            if own != wanted:
                yield f"layer {depth}: {name} = {own!r}, there {wanted!r}"


def _built(asked: str, state: Mapping[str, Any], given: Mapping[str, Array]) -> Module:
    """Return a model whose sizes are those of the shapes."""

    def cell(suffix: str) -> LSTMCell:
        names = [f"{kind}{suffix}" for kind in KINDS[:2]]
        return new_cell(asked, " and ".join(names), *(given[name] for name in names))

    if {"weight_ih", "weight_hh"} <= given.keys():
        return cell("")
    layers: list[Module] = []
    while {f"{kind}_l{len(layers)}" for kind in KINDS[:2]} <= given.keys():
        suffixes = [f"_l{len(layers)}{ending}" for ending in ENDINGS]
        layers.append(
            layer_of([cell(each) for each in suffixes if f"weight_hh{each}" in given])
        )
    refuse(
        asked,
        "there is no weight_ih_l0 and weight_hh_l0 (nor weight_ih and weight_hh, of an "
        "nn.LSTMCell) among the names:",
        [] if layers else state or ["(no names)"],
        "name the part of the model that is the LSTM: prefix='lstm.', with the dot.",
    )
    return model_of(layers)
