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

A Linear is a Dense: weight is W, (m, n), and bias is b. What a larger model consists of
is told by `lstm.exchange.torch_model`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from lstm.additions import ProjectedCell
from lstm.cell import Cell, LSTMCell
from lstm.exchange.blocks import Block, fill, joined
from lstm.exchange.fitting import (
    fit,
    refuse,
    require_into,
    require_known,
    zero_biases,
)
from lstm.exchange.models import (
    BOTH,
    FUNCTIONS,
    Layer,
    Sweep,
    dense,
    layer_of,
    model_of,
    new_cell,
    require_chain,
    sweeps,
)
from lstm.exchange.sources import is_path, is_torch, source_name, state_of, torch_file
from lstm.exchange.torch_model import (
    Part,
    in_order,
    matched,
    parts_of,
    require_one_reading,
    unwrapped,
)
from lstm.others import IRNNCell, ResetAfterGRUCell, RNNCell
from minigrad import Dense, Module
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
    return _exported(f"to_torch of {source_name(model)}", [model])


def from_torch(source: object, into: Module | None = None, prefix: str = "") -> Module:
    """Return the model with these weights: a new one, or `into`, which is changed.

    source  a module; its state dict, of tensors or arrays; a checkpoint that holds one;
            or the path of a file: .pt, .pth, .ckpt, .bin, .safetensors, .npz
    into    the model to fill; if not given, what the source tells is built: an LSTM, a
            Bidirectional or a Stack of them, a cell, a Dense, or a model of several
    prefix  what the names begin with in a larger model, as "encoder."; others are not
            looked at

    >>> import numpy as np
    >>> from lstm import LSTM
    >>> layer = from_torch(to_torch(LSTM(n=3, m=2, rng=0)))
    >>> layer.cell.n, layer.cell.m
    (3, 2)
    >>> head = {"fc.weight": np.ones((1, 2)), "fc.bias": np.ones(1)}
    >>> lstm = {f"lstm.{k}": array for k, array in to_torch(layer).items()}
    >>> y, states = from_torch(lstm | head)(np.ones((7, 3)))
    >>> y.shape
    (7, 1)

    A recurrent layer has y at every step, and so has what stands upon it; a module that
    takes the last one, output[:, -1], is y[:, -1] here. An nn.RNN by its arrays alone
    is one with tanh. Without biases (bias=False), b is zero here, and a Parameter like
    any other. Files are read without running what is in them.

    Raises ValueError with everything that does not fit, and where the arrays have two
    readings; then nothing was changed.
    """
    asked = f"from_torch({source_name(source)})"
    require_into(asked, into)
    prefix = prefix or ""
    sorted_by_name = str(source).endswith(".safetensors") if is_path(source) else False
    if is_path(source):
        source = torch_file(asked, source)
    module = unwrapped(source) if is_torch(source) else None
    state = state_of(asked, source if module is None else module)
    below = {k.removeprefix(prefix): state[k] for k in state if k.startswith(prefix)}
    refuse(
        asked,
        f"no name begins with {prefix!r}, they begin with:"
        if state
        else "there is no array:",
        [] if below else dict.fromkeys(_beginning(name) for name in state or [""]),
        "prefix= is what the names begin with, with the dot: prefix='lstm.'.",
    )
    parts = parts_of(asked, below, _inside(module, prefix), is_known=into is not None)
    if into is None:
        require_one_reading(asked, parts, module)
        model, pairs = _assembled(asked, parts, module is None, sorted_by_name)
    else:
        model, pairs = into, matched(asked, parts, into)
    own: dict[str, Array] = {}
    given: dict[str, Array] = {}
    for part, layers in pairs:
        there = _exported(asked, layers)
        here = {**part.arrays, **zero_biases(there, part.arrays)}
        own |= {part.name + name: array for name, array in there.items()}
        given |= {part.name + name: array for name, array in here.items()}
    fit(asked, own, given, built=into is None)
    for part, layers in pairs:
        _fill(layers, part.name, given)
    return model


def _beginning(name: str) -> str:
    """Return the beginning of a name, or all of it."""
    first, dot, _ = name.partition(".")
    return first + dot or "(no names)"


def _assembled(
    asked: str, parts: Sequence[Part], by_names: bool, sorted_by_name: bool
) -> tuple[Module, list[tuple[Part, list[Layer]]]]:
    """Return a model of these parts, and each part with its layers."""
    pairs = [(part, _built(asked, part)) for part in parts]
    if by_names:
        pairs = in_order(asked, pairs, sorted_by_name)
    layers = [layer for _, new in pairs for layer in new]
    names = [
        f"{part}, layer {k}" if len(new) > 1 else str(part)
        for part, new in pairs
        for k in range(len(new))
    ]
    require_chain(asked, names, layers)
    if len(parts) > 1:
        layers = [layer_of([e]) if isinstance(e, Cell) else e for e in layers]
    return model_of(layers), [pair for pair in pairs if pair[0].kind != "function"]


def _inside(module: object, prefix: str) -> object:
    """Return the part of a module whose names begin so."""
    for name in prefix.split(".")[:-1]:
        module = getattr(module, name, None)
    return module


def _fill(layers: Sequence[Layer], name: str, given: Mapping[str, Array]) -> None:
    """Put the arrays whose names begin so into the layers of one part."""
    if isinstance(layers[0], Dense):
        layers[0].W.data = given[f"{name}weight"]
        layers[0].b.data = given[f"{name}bias"]
        return
    for suffix, cell in _cells(layers).items():
        block = Block(*(given[f"{name}{kind}{suffix}"] for kind in KINDS))
        fill(cell, block, ORDERS[type(cell)])
        if isinstance(cell, ProjectedCell):
            cell.W_r.data = given[f"{name}weight_hr{suffix}"]


def _exported(asked: str, layers: Sequence[Layer]) -> dict[str, Array]:
    """Return the state dict of one part: of a Dense, or of recurrent layers."""
    if len(layers) == 1 and isinstance(layers[0], Dense):
        return {"weight": layers[0].W.data, "bias": layers[0].b.data}
    _require_words(asked, layers)
    state: dict[str, Array] = {}
    for suffix, cell in _cells(layers).items():
        block = joined(cell, ORDERS[type(cell)])
        parts = dict(zip(KINDS, block, strict=True))
        if isinstance(cell, ProjectedCell):
            parts["weight_hr"] = cell.W_r.data.copy()
        state |= {f"{kind}{suffix}": array for kind, array in parts.items()}
    return state


def _cells(layers: Sequence[Layer]) -> dict[str, Cell]:
    """Return each cell by the ending of its names: `_l0`, `_l0_reverse`, `_l1`, ..."""
    if len(layers) == 1 and isinstance(layers[0], Cell):
        return {"": layers[0]}
    return {
        f"_l{depth}{ending}": cell
        for depth, sweep in enumerate(_sweeps(layers))
        for ending, cell in zip(ENDINGS, sweep.cells, strict=False)
    }


def _sweeps(layers: Sequence[Layer]) -> list[Sweep]:
    return [sweep for layer in layers for sweep in sweeps(layer)]


def _require_words(asked: str, layers: Sequence[Layer]) -> None:
    """Refuse a model that PyTorch has no module for."""
    fix = (
        "convert parts of it, each to an nn.LSTM of its own, or to_torch(cell) to an "
        "nn.LSTMCell; joined in lstm.exchange has the numbers of any four gates."
    )
    cells = {f"cell{suffix}": cell for suffix, cell in _cells(layers).items()}
    require_known(asked, cells, ORDERS, fix)
    if "cell" not in cells:
        why = "the layers of an nn.LSTM are alike, but for what the first reads:"
        refuse(asked, why, _unlike(_sweeps(layers)), fix)


def _unlike(layers: Sequence[Sweep]) -> Iterator[str]:
    first = layers[0].cells[0]
    both, says = len(layers[0].cells), first.sizes()["y"]
    for depth, sweep in enumerate(layers):
        n = first.n if depth == 0 else both * says
        expected = type(first).__name__, n, first.m, says
        for name, own, there in (
            ("directions", len(sweep.cells), both),
            ("reverse", sweep.reading, BOTH[: len(sweep.cells)]),
            ("merge", sweep.merge, "concat"),
            *(
                ("(cell, n, m, size of y)", _kind(cell), expected)
                for cell in sweep.cells
            ),
        ):
            if own != there:
                yield f"layer {depth}: {name} = {own!r}, there {there!r}"


def _kind(cell: Cell) -> tuple[str, int, int, int]:
    return type(cell).__name__, cell.n, cell.m, cell.sizes()["y"]


def _built(asked: str, part: Part) -> list[Any]:
    """Return the layers of a part; their sizes are those of its arrays."""
    if part.kind == "function":
        return [FUNCTIONS[type(part.module).__name__.lower()]]
    if part.kind == "dense":
        return [dense(part.arrays["weight"], None)]
    given = part.arrays
    relu = getattr(part.module, "nonlinearity", "tanh") == "relu"
    classes = {**CLASSES, 1: IRNNCell} if relu else CLASSES

    def cell(suffix: str) -> Cell:
        names = [f"{kind}{suffix}" for kind in KINDS[:2]]
        W_x, W_y = (given[name] for name in names)
        W_r = given.get(f"weight_hr{suffix}")
        label = " and ".join(part.name + name for name in names)
        if W_r is None or W_r.ndim != 2:
            return new_cell(asked, label, W_x, W_y, classes)
        projected = {4: partial(ProjectedCell, p=W_r.shape[0])}
        return new_cell(asked, label, W_x, W_y, projected, m=W_r.shape[1])

    if {"weight_ih", "weight_hh"} <= given.keys():
        return [cell("")]
    layers: list[Layer] = []
    while {f"{kind}_l{len(layers)}" for kind in KINDS[:2]} <= given.keys():
        suffixes = [f"_l{len(layers)}{ending}" for ending in ENDINGS]
        layers.append(
            layer_of([cell(each) for each in suffixes if f"weight_hh{each}" in given])
        )
    refuse(
        asked,
        "a recurrent layer has weight_ih_l0 and weight_hh_l0:",
        [] if layers else [part.name + name for name in given],
        "give all arrays of the layer, as its state_dict() has them.",
    )
    return layers
