"""ONNX: the weights and attributes of `LSTM` nodes, and back.

    W  (D, 4m, n)  W_x of the gates i, o, f, c, one below another
    R  (D, 4m, m)  W_y
    B  (D, 8m)     two biases, one after the other, which are added; the second is 0
    P  (D, 3m)     peepholes p_i, p_o, p_f, where there are any
    hidden_size    m
    direction      "forward", "reverse" or "bidirectional": D counts them
    activations    for each direction that of the gates, the candidate, and c
    input_forget   1 if the two are coupled: f = 1 - i, and the rows of f do not count

One node is one layer, here as plain data; `lstm.exchange.onnx_file` makes a file of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from lstm.cell import Cell, LSTMCell, merged_class_attribute
from lstm.exchange.blocks import Block, fill, joined
from lstm.exchange.fitting import (
    activations,
    fit,
    read,
    refuse,
    require_into,
    require_known,
)
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
from lstm.exchange.sources import is_path, source_name
from lstm.gate import Activation
from lstm.variants import CoupledCell, PeepholeCell
from minigrad import Module, relu, sigmoid, softplus, tanh
from minigrad.tensor import Array

ORDER = "iofc"
KNOWN = (LSTMCell, PeepholeCell, CoupledCell)
DIRECTIONS = {"forward": FORWARD, "reverse": BACKWARD, "bidirectional": BOTH}
FUNCTIONS: dict[str, Activation] = {
    "Sigmoid": sigmoid,
    "Tanh": tanh,
    "Relu": relu,
    "Softplus": softplus,
}
TIED = (("forget", "input", "output"), ("candidate",), ("state",))  # one function each
USUAL = ["Sigmoid", "Tanh", "Tanh"]
# What is read of a node; layout is about the axes of x and y, not about weights.
READ = ("hidden_size", "direction", "activations", "input_forget", "layout")


class Node(NamedTuple):
    """An LSTM node: `arrays` W, R, B, P; `attributes` under the names of ONNX."""

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
    return _exported(f"to_onnx of {source_name(model)}", model)


def from_onnx(nodes: Any, into: Module | None = None) -> Module:
    """Return the model of these nodes: a new one, or `into`, which is changed.

    nodes  from `to_onnx` or `read_onnx`, the lowest layer first; or a file's path
    into   the model to fill; if not given, cells, sizes, directions and activations are
           those of the nodes, and a Bidirectional has merge="concat"

    >>> from lstm import LSTM
    >>> layer = from_onnx(to_onnx(LSTM(n=3, m=2, rng=0)))
    >>> layer.cell.n, layer.cell.m
    (3, 2)

    Raises ValueError with everything that does not fit; then nothing was changed.
    """
    asked = f"from_onnx({source_name(nodes)})"
    require_into(asked, into)
    if is_path(nodes):
        from lstm.exchange.onnx_file import read_onnx  # which imports this

        nodes = read_onnx(nodes)
    several = nodes if isinstance(nodes, list | tuple) else [nodes]
    refuse(
        asked,
        "a model is a list of Nodes, one for each layer:",
        [source_name(each) for each in several if not hasattr(each, "arrays")]
        or ([] if several else ["no node"]),
        "give what to_onnx or read_onnx returns, or the path of a file.",
    )
    given = [_understood(asked, f"node {k}", node) for k, node in enumerate(several)]
    model = _built(asked, given) if into is None else into
    own = _exported(asked, model)
    fit(asked, _named(own), _named(given), built=into is None)
    refuse(
        asked,
        "the model must compute what the nodes say:",
        _unlike(own, given),
        "leave out `into`, and a model is built for these nodes. Nothing was changed.",
    )
    for sweep, node in zip(sweeps(model), given, strict=True):
        for d, cell in enumerate(sweep.cells):
            _fill(cell, {name: array[d] for name, array in node.arrays.items()})
    return model


def _arrays(cell: Cell) -> dict[str, Array]:
    """Return the arrays of one direction."""
    if isinstance(cell, CoupledCell):
        block = _rows(
            joined(cell, "foc"), 3, lambda f, o, c: (-f, o, np.zeros_like(f), c)
        )
    else:
        block = joined(cell, ORDER)
    arrays = {
        "W": block.W_x,
        "R": block.W_y,
        "B": np.concatenate([block.b_x, block.b_y]),
    }
    if isinstance(cell, PeepholeCell):
        arrays["P"] = np.concatenate([p.data for p in (cell.p_i, cell.p_o, cell.p_f)])
    return arrays


def _fill(cell: Cell, arrays: dict[str, Array]) -> None:
    """Put the arrays of one direction into a cell."""
    block = Block(arrays["W"], arrays["R"], *np.split(arrays["B"], 2))
    if isinstance(cell, CoupledCell):
        fill(cell, _rows(block, 4, lambda i, o, f, c: (-i, o, c)), "foc")
    else:
        fill(cell, block, ORDER)
    if isinstance(cell, PeepholeCell):
        cell.p_i.data, cell.p_o.data, cell.p_f.data = np.split(arrays["P"], 3)


def _rows(block: Block, gates: int, change: Callable[..., tuple[Array, ...]]) -> Block:
    """Return a block made of the gates of another one.

    A coupled cell keeps f here and i in ONNX: 1 - sigma(z) = sigma(-z).
    """
    return Block(*(np.concatenate(change(*np.split(part, gates))) for part in block))


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
    require_known(asked, cells, KNOWN, fix, TIED)
    refuse(
        asked,
        "an LSTM node has few activations, and one kind of cell:",
        (problem for k, sweep in enumerate(layers) for problem in _wordless(k, sweep)),
        fix,
    )
    return [_node(sweep) for sweep in layers]


def _wordless(depth: int, sweep: Sweep) -> Iterator[str]:
    if len({(type(cell), cell.n, cell.m) for cell in sweep.cells}) > 1:
        yield f"layer {depth}: directions of different cells or sizes"
    for cell in sweep.cells:
        functions = activations(cell)
        for name, function in functions.items():
            if function not in FUNCTIONS.values():
                yield f"layer {depth}: the activation of {name}"
        if isinstance(cell, CoupledCell) and functions["forget"] is not sigmoid:
            yield f"layer {depth}: 1 - f is no gate of ONNX unless f is a sigmoid"


def _node(sweep: Sweep) -> Node:
    directions = {reading: name for name, reading in DIRECTIONS.items()}
    names = {function: name for name, function in FUNCTIONS.items()}
    each = [_arrays(cell) for cell in sweep.cells]
    arrays = {name: np.stack([ways[name] for ways in each]) for name in each[0]}
    attributes: dict[str, Any] = {
        "hidden_size": sweep.cells[0].m,
        "direction": directions[sweep.reading],
        "activations": [
            names[activations(cell)[group[0]]] for cell in sweep.cells for group in TIED
        ],
        "input_forget": int(isinstance(sweep.cells[0], CoupledCell)),
    }
    return Node(arrays, attributes)


def _understood(asked: str, name: str, node: Node) -> Node:
    """Return a node with all its arrays and attributes; refuse what is no LSTM here."""
    given = read(asked, {f"{name}, {key}": node.arrays[key] for key in node.arrays})
    arrays = dict(zip(node.arrays, given.values(), strict=True))
    attributes = {"direction": "forward", "input_forget": 0, **node.attributes}
    direction, coupled = attributes["direction"], attributes["input_forget"]
    usual = USUAL * len(DIRECTIONS.get(direction, ()))
    functions = [each.capitalize() for each in attributes.get("activations") or usual]
    refuse(
        asked,
        f"{name} must be an LSTM of W (D, 4m, n), R (D, 4m, m) and perhaps B (D, 8m), "
        "P (D, 3m):",
        [
            *(f"{key}: missing" for key in "WR" if key not in arrays),
            *(f"{key}: not read here" for key in arrays if key not in "WRBP"),
            *(
                f"{key}: {array.shape}, direction={direction!r}"
                for key, array in arrays.items()
                if array.shape[:1] != (len(usual) // 3,)
            ),
            *(
                f"{key}={value!r}: not read here"
                for key, value in attributes.items()
                if value and key not in READ
            ),
            *(f"activation {each}" for each in functions if each not in FUNCTIONS),
            *(f"{key} with input_forget=1" for key in arrays if coupled and key == "P"),
        ],
        f"a direction is one of {', '.join(DIRECTIONS)}, an activation one of "
        f"{', '.join(FUNCTIONS)}.",
    )
    W, R = arrays["W"], arrays["R"]
    arrays.setdefault("B", np.zeros((len(W), 2 * W.shape[1]), W.dtype))
    known = {
        "hidden_size": R.shape[-1],
        "direction": direction,
        "activations": functions,
        "input_forget": coupled,
    }
    return Node(arrays, known)


def _built(asked: str, nodes: Sequence[Node]) -> Module:
    """Return a model that computes what the nodes say, with room for their arrays."""
    layers = []
    for k, node in enumerate(nodes):
        W, R = node.arrays["W"], node.arrays["R"]
        functions = np.reshape(node.attributes["activations"], (len(W), len(TIED)))
        cells = [
            new_cell(
                asked,
                f"node {k}",
                W_x,
                W_y,
                {4: _class(node)},
                activations=_activations(_class(node), names),
            )
            for W_x, W_y, names in zip(W, R, functions, strict=True)
        ]
        layers.append(layer_of(cells, DIRECTIONS[node.attributes["direction"]]))
    return model_of(layers)


def _class(node: Node) -> type[Cell]:
    if node.attributes["input_forget"]:
        return CoupledCell
    return PeepholeCell if "P" in node.arrays else LSTMCell


def _activations(cell: type[Cell], names: Iterable[str]) -> dict[str, Activation]:
    """Return the option of a cell for the three activations of a direction."""
    boxes = merged_class_attribute(cell, "letters")
    return {
        each: FUNCTIONS[name]
        for group, name in zip(TIED, names, strict=True)
        for each in group
        if boxes.get(each, "state") is not None
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
            given = theirs.attributes[key]
            if given != value:
                yield f"node {k}: {key}={value!r} here, {given!r} given"
