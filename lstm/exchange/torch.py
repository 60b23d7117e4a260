"""PyTorch: the state dict of `nn.LSTM` or `nn.LSTMCell`, and back; nn.GRU, nn.RNN too.

    weight_ih_l0             (4m, n)  W_x of the gates i, f, c, o, one below another
    weight_hh_l0             (4m, m)  W_y
    bias_ih_l0, bias_hh_l0   (4m,)    two biases, which are added: b = b_ih + b_hh
    weight_hr_l0             (p, m)   W_r, with proj_size=p: then W_y is (4m, p)
    ..._l1                            the next layer: it reads the outputs of the first
    ..._l0_reverse                    the direction that reads from the end

The second bias adds no function to an LSTM, only parameters: both get the same
gradient, so plain SGD moves their sum twice as fast as it moves our one b. Going out,
b_hh is zero; freeze it there if both sides are to be trained alike. (An nn.GRU has a
use for it: its reset gate multiplies W_y y_{t-1} + b_hh in the candidate.)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from lstm.additions import ProjectedCell
from lstm.cell import Cell, LSTMCell
from lstm.exchange.blocks import Block, fill, joined
from lstm.exchange.fitting import fit, read, refuse, require_known, zero_biases
from lstm.exchange.models import BOTH, Sweep, layer_of, model_of, new_cell, sweeps
from lstm.others import IRNNCell, ResetAfterGRUCell, RNNCell
from minigrad import Module
from minigrad.tensor import Array

ORDERS: dict[type, str] = {
    LSTMCell: "ifco",  # PyTorch says i, f, g, o
    ProjectedCell: "ifco",
    ResetAfterGRUCell: "ruy",  # r, z, n
    RNNCell: "y",
    IRNNCell: "y",  # nonlinearity="relu"
}
CLASSES = {4: LSTMCell, 3: ResetAfterGRUCell, 1: RNNCell}
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

    A ProjectedCell is an nn.LSTM with proj_size, ResetAfterGRUCell an nn.GRU, RNNCell
    and IRNNCell an nn.RNN. Raises ValueError with everything that none of them can say.
    """
    return _exported(f"to_torch of a {type(model).__name__}", model)


def from_torch(
    state: Mapping[str, Any], into: Module | None = None, prefix: str = ""
) -> Module:
    """Return the model with these weights: a new one, or `into`, which is changed.

    state   `lstm.state_dict()`: tensors on the CPU, or arrays
    into    the model to fill; if not given, the sizes are read off the shapes, and what
            is built is a layer, a Bidirectional or a Stack of them, or a cell; that of
            an nn.RNN with tanh (for relu, give into=Recurrent(IRNNCell(n, m)))
    prefix  what the names begin with in a larger model, as "encoder."; others are not
            looked at

    >>> from lstm import LSTM
    >>> layer = from_torch(to_torch(LSTM(n=3, m=2, rng=0)))
    >>> layer.cell.n, layer.cell.m
    (3, 2)

    Without biases (bias=False), b is zero here, and a Parameter like any other. Raises
    ValueError with everything that does not fit; then nothing was changed.
    """
    asked = f"from_torch(a dict of {len(state)})"
    below = [name for name in state if name.startswith(prefix)]
    given = read(asked, {name.removeprefix(prefix): state[name] for name in below})
    model = _built(asked, state, given) if into is None else into
    own = _exported(asked, model)
    given |= zero_biases(own, given)
    fit(asked, own, given)
    for suffix, cell in _cells(model).items():
        block = Block(*(given[f"{kind}{suffix}"] for kind in KINDS))
        fill(cell, block, ORDERS[type(cell)])
        if isinstance(cell, ProjectedCell):
            cell.W_r.data = given[f"weight_hr{suffix}"]
    return model


def _exported(asked: str, model: Module) -> dict[str, Array]:
    _require_words(asked, model)
    state: dict[str, Array] = {}
    for suffix, cell in _cells(model).items():
        block = joined(cell, ORDERS[type(cell)])
        parts = dict(zip(KINDS, block, strict=True))
        if isinstance(cell, ProjectedCell):
            parts["weight_hr"] = cell.W_r.data.copy()
        state |= {f"{kind}{suffix}": array for kind, array in parts.items()}
    return state


def _cells(model: Module) -> dict[str, Any]:
    """Return each cell by the ending of its names: `_l0`, `_l0_reverse`, `_l1`, ..."""
    if isinstance(model, Cell):
        return {"": model}
    return {
        f"_l{depth}{ending}": cell
        for depth, sweep in enumerate(sweeps(model))
        for ending, cell in zip(ENDINGS, sweep.cells, strict=False)
    }


def _require_words(asked: str, model: Module) -> None:
    """Refuse a model that PyTorch has no module for."""
    fix = (
        "convert parts of it, each to an nn.LSTM of its own, or to_torch(cell) to an "
        "nn.LSTMCell; joined in lstm.exchange has the numbers of any four gates."
    )
    cells = {f"cell{suffix}": cell for suffix, cell in _cells(model).items()}
    require_known(asked, cells, ORDERS, fix)
    if not isinstance(model, Cell):
        why = "the layers of an nn.LSTM are alike, but for what the first reads:"
        refuse(asked, why, _unlike(sweeps(model)), fix)


def _unlike(layers: Sequence[Sweep]) -> Iterator[str]:
    first = layers[0].cells[0]
    both, says = len(layers[0].cells), first.sizes()["y"]
    for depth, sweep in enumerate(layers):
        n = first.n if depth == 0 else both * says
        wanted = type(first).__name__, n, first.m, says
        for name, own, there in (
            ("directions", len(sweep.cells), both),
            ("reverse", sweep.reading, BOTH[: len(sweep.cells)]),
            ("merge", sweep.merge, "concat"),
            *(("(cell, n, m, size of y)", _kind(cell), wanted) for cell in sweep.cells),
        ):
            if own != there:
                yield f"layer {depth}: {name} = {own!r}, there {there!r}"


def _kind(cell: Any) -> tuple[str, int, int, int]:
    return type(cell).__name__, cell.n, cell.m, cell.sizes()["y"]


def _built(asked: str, state: Mapping[str, Any], given: Mapping[str, Array]) -> Module:
    """Return a model whose sizes are those of the shapes."""

    def cell(suffix: str) -> Cell:
        names = [f"{kind}{suffix}" for kind in KINDS[:2]]
        W_x, W_y = (given[name] for name in names)
        W_r = given.get(f"weight_hr{suffix}")
        told = " and ".join(names)
        if W_r is None or W_r.ndim != 2:
            return new_cell(asked, told, W_x, W_y, CLASSES)
        projected = {4: partial(ProjectedCell, p=W_r.shape[0])}
        return new_cell(asked, told, W_x, W_y, projected, m=W_r.shape[1])

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
