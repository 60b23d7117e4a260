"""ONNX: the weights and attributes of `LSTM` nodes, and back.

    W  (D, 4m, n)  W_x of the gates i, o, f, c, one below another
    R  (D, 4m, m)  W_y
    B  (D, 8m)     two biases, one after the other, which are added; the second is 0
    hidden_size    m
    direction      "forward", "reverse" or "bidirectional": D counts them
    activations    for each direction that of the gates, the candidate, and c

One node is one layer, here as plain data; `lstm.exchange.onnx_file` makes a file of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from lstm.exchange.blocks import Block, fill, joined
from lstm.exchange.fitting import activations, fit, read, refuse, require_plain
from lstm.exchange.models import (
    BACKWARD,
    BOTH,
    FORWARD,
    Sweep,
    layer_of,
    model_of,
    new_cell,
    sweeps,
)
from minigrad import Module, relu, sigmoid, softplus, tanh
from minigrad.tensor import Array

ORDER = "iofc"
DIRECTIONS = {"forward": FORWARD, "reverse": BACKWARD, "bidirectional": BOTH}
FUNCTIONS: dict[str, Any] = {
    "Sigmoid": sigmoid,
    "Tanh": tanh,
    "Relu": relu,
    "Softplus": softplus,
}
TIED = (("forget", "input", "output"), ("candidate",), ("state",))  # one function each
USUAL = ["Sigmoid", "Tanh", "Tanh"]
# What is read of a node; layout is about the axes of x and y, not about weights.
READ = ("hidden_size", "direction", "activations", "layout")


class Node(NamedTuple):
    """An LSTM node: `arrays` W, R and B; `attributes` under the names of ONNX."""

    arrays: dict[str, Array]
    attributes: dict[str, Any]


def to_onnx(model: Module) -> list[Node]:
    """Return one LSTM node for each layer of a model, the lowest first.

    >>> from lstm import LSTM
    >>> (node,) = to_onnx(LSTM(n=3, m=2, rng=0))
    >>> {name: array.shape for name, array in node.arrays.items()}
    {'W': (1, 8, 3), 'R': (1, 8, 2), 'B': (1, 16)}
    >>> node.attributes["direction"], node.attributes["activations"]
    ('forward', ['Sigmoid', 'Tanh', 'Tanh'])

    Raises ValueError with everything that such a node does not compute.
    """
    return _exported(f"to_onnx of a {type(model).__name__}", model)


def from_onnx(nodes: Sequence[Node], into: Module | None = None) -> Module:
    """Return the model of these nodes: a new one, or `into`, which is changed.

    nodes  from `to_onnx` or `read_onnx`, the lowest layer first
    into   the model to fill; if not given, sizes, directions and activations are those
           of the nodes, and a Bidirectional has merge="concat"

    >>> from lstm import LSTM
    >>> layer = from_onnx(to_onnx(LSTM(n=3, m=2, rng=0)))
    >>> layer.cell.n, layer.cell.m
    (3, 2)

    Raises ValueError with everything that does not fit; then nothing was changed.
    """
    asked = f"from_onnx({len(nodes)} nodes)"
    given = [_understood(asked, f"node {k}", node) for k, node in enumerate(nodes)]
    model = _built(asked, given) if into is None else into
    own = _exported(asked, model)
    fit(asked, _named(own), _named(given))
    refuse(
        asked,
        "the model must compute what the nodes say:",
        _unlike(own, given),
        "leave out `into`, and a model is built for these nodes. Nothing was changed.",
    )
    for sweep, node in zip(sweeps(model), given, strict=True):
        for cell, W, R, B in zip(sweep.cells, *node.arrays.values(), strict=True):
            b, second = np.split(B, 2)
            fill(cell, Block(W, R, b + second), ORDER)
    return model


def _exported(asked: str, model: Module) -> list[Node]:
    layers = sweeps(model)
    cells = {
        f"layer {depth}, direction {d}": cell
        for depth, sweep in enumerate(layers)
        for d, cell in enumerate(sweep.cells)
    }
    fix = (
        f"activations may be {', '.join(FUNCTIONS)}; one is for all three gates. What "
        "else a model computes needs nodes of its own."
    )
    require_plain(asked, cells, fix, TIED)
    refuse(
        asked,
        "an LSTM node has few activations, and one size:",
        (problem for k, sweep in enumerate(layers) for problem in _wordless(k, sweep)),
        fix,
    )
    return [_node(sweep) for sweep in layers]


def _wordless(depth: int, sweep: Sweep) -> Iterator[str]:
    if sweep.reading not in DIRECTIONS.values():
        yield f"layer {depth}: reverse = {sweep.reading}"
    if len({(cell.n, cell.m) for cell in sweep.cells}) > 1:
        yield f"layer {depth}: directions of different sizes"
    for cell in sweep.cells:
        for name, function in activations(cell).items():
            if function not in FUNCTIONS.values():
                yield f"layer {depth}: the activation of {name}"


def _node(sweep: Sweep) -> Node:
    directions = {reading: name for name, reading in DIRECTIONS.items()}
    names = {function: name for name, function in FUNCTIONS.items()}
    blocks = [joined(cell, ORDER) for cell in sweep.cells]
    W, R, b = (np.stack(parts) for parts in zip(*blocks, strict=True))
    functions = [
        names[activations(cell)[group[0]]] for cell in sweep.cells for group in TIED
    ]
    return Node(
        {"W": W, "R": R, "B": np.concatenate([b, np.zeros_like(b)], axis=1)},
        {
            "hidden_size": R.shape[2],
            "direction": directions[sweep.reading],
            "activations": functions,
        },
    )


def _understood(asked: str, name: str, node: Node) -> Node:
    """Return a node with all its arrays and attributes; refuse what is no LSTM here."""
    given = read(asked, {f"{name}, {key}": node.arrays[key] for key in node.arrays})
    arrays = dict(zip(node.arrays, given.values(), strict=True))
    attributes = {"direction": "forward", **node.attributes}
    said = attributes["direction"]
    usual = USUAL * len(DIRECTIONS.get(said, ()))
    functions = [each.capitalize() for each in attributes.get("activations") or usual]
    refuse(
        asked,
        f"{name} must be an LSTM of W (D, 4m, n), R (D, 4m, m) and perhaps B (D, 8m):",
        [
            *(f"{key}: missing" for key in "WR" if key not in arrays),
            *(f"{key}: not read here" for key in arrays if key not in "WRB"),
            *(
                f"{key}: {array.shape}, direction={said!r}"
                for key, array in arrays.items()
                if array.shape[:1] != (len(usual) // 3,)
            ),
            *(
                f"{key}={value!r}: not read here"
                for key, value in attributes.items()
                if value and key not in READ
            ),
            *(f"activation {each}" for each in functions if each not in FUNCTIONS),
        ],
        f"a direction is one of {', '.join(DIRECTIONS)}, an activation one of "
        f"{', '.join(FUNCTIONS)}.",
    )
    W, R = arrays["W"], arrays["R"]
    B = arrays.get("B", np.zeros((len(W), 2 * W.shape[1]), W.dtype))
    return Node(
        {"W": W, "R": R, "B": B},
        {"hidden_size": R.shape[-1], "direction": said, "activations": functions},
    )


def _built(asked: str, nodes: Sequence[Node]) -> Module:
    """Return a model that computes what the nodes say, with room for their arrays."""
    layers = []
    for k, node in enumerate(nodes):
        W, R, _ = node.arrays.values()
        functions = np.reshape(node.attributes["activations"], (len(W), len(TIED)))
        cells = [
            new_cell(asked, f"node {k}", *block, activations=_activations(names))
            for *block, names in zip(W, R, functions, strict=True)
        ]
        layers.append(layer_of(cells, DIRECTIONS[node.attributes["direction"]]))
    return model_of(layers)


def _activations(names: Iterable[str]) -> dict[str, Any]:
    """Return the option of LSTMCell for the three activations of a direction."""
    return {
        each: FUNCTIONS[name]
        for group, name in zip(TIED, names, strict=True)
        for each in group
    }


def _named(nodes: Sequence[Node]) -> dict[str, Array]:
    return {
        f"node {k}, {key}": array
        for k, node in enumerate(nodes)
        for key, array in node.arrays.items()
    }


def _unlike(own: Sequence[Node], given: Sequence[Node]) -> Iterator[str]:
    for k, (ours, theirs) in enumerate(zip(own, given, strict=True)):
        for key, value in ours.attributes.items():
            if theirs.attributes[key] != value:
                told = theirs.attributes[key]
                yield f"node {k}: {key}={value!r} here, {told!r} given"
