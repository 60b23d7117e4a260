"""A file of ONNX: the nodes that `to_onnx` gives, wired from x to y.

    x (B, T, n)  ->  LSTM  ->  join directions  ->  LSTM  ->  ...  ->  y (B, T, m)

onnxruntime wants time before batch, so x and y are transposed at the two ends. Dense
layers, at every step, may stand between and on top.

The format is written and read by the package `onnx`, which is imported when it is
needed. Such a file holds numbers and a graph, and nothing that Python would execute.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from lstm.exchange.fitting import refuse
from lstm.exchange.models import layers_of, sweeps
from lstm.exchange.onnx import FUNCTIONS, Node, to_onnx
from minigrad import Dense, Module
from minigrad.files import write_whole
from minigrad.messages import explained
from minigrad.onnx_graph import OnnxGraph, package

REDUCTIONS = {"sum": "ReduceSum", "mul": "ReduceProd", "average": "ReduceMean"}


def write_onnx(
    model: Module,
    path: str | os.PathLike[str],
    lengths: bool = False,
    states: bool = False,
    dtype: Any = np.float32,
) -> Path:
    """Write a model as an ONNX file, all or nothing; return the path.

    model    an LSTM, a Bidirectional, or a Stack or Sequential of these and of Dense
             layers
    lengths  whether there is an input `lengths`, (B,) int32: beyond, an LSTM's y is 0,
             as ours is with outputs="zero"
    states   whether there are inputs y_0.k, c_0.k and outputs y_T.k, c_T.k, each
             (D, B, m), of every recurrent layer k; without them all begin with zeros.
             A row of length 0 ends as it began, as ours does
    dtype    float32, the only one in which onnxruntime has LSTMs; or float64, which
             keeps every bit of a float64 model

    The first input is x, (B, T, n), the first output y. Raises ValueError with
    everything that has no place in the file.
    """
    graph = OnnxGraph(np.dtype(dtype))
    x = graph.input("x", ("B", "T", _reads(model)))
    steps = graph.input("lengths", ("B",), np.int32) if lengths else ""
    x = graph.node("Transpose", [x], perm=[1, 0, 2])
    for k, part in enumerate(layers_of(model)):
        if isinstance(part, Dense):
            x = _add_dense(graph, k, part, x)
        else:
            x = _add_lstm(graph, k, part, x, steps, states)
    graph.outputs.insert(0, graph.value("y", ("B", "T", None)))
    graph.node("Transpose", [x], ["y"], perm=[1, 0, 2])
    return write_whole(path, graph.content("lstm"))


def read_onnx(path: str | os.PathLike[str]) -> list[Node]:
    """Return every LSTM node of an ONNX file, in the order of the graph.

    Only these are read: what else the file computes, around and between them, is not
    told. Raises ValueError for weights that the file computes instead of holding them.
    """
    onnx = package()
    asked = f"read_onnx({str(path)!r})"
    graph = _loaded(onnx, asked, path)
    held = {each.name: each for each in graph.initializer}
    constants = [node for node in graph.node if node.op_type == "Constant"]
    held |= {node.output[0]: node.attribute[0].t for node in constants}
    nodes = [node for node in graph.node if node.op_type == "LSTM"]
    refuse(
        asked,
        "the file must hold the weights of LSTM nodes:",
        [
            *([] if nodes else ["it has no LSTM node"]),
            *(
                f"{node.name or 'LSTM'}: {name} = {source} is computed"
                for node in nodes
                for name, source in _weights(node).items()
                if source not in held
            ),
        ],
        "export the model with constant weights, or take them from where it was "
        "trained.",
    )
    array, attribute = onnx.numpy_helper.to_array, onnx.helper.get_attribute_value
    return [
        Node(
            {name: array(held[source]) for name, source in _weights(node).items()},
            {a.name: _text(attribute(a)) for a in node.attribute},
        )
        for node in nodes
    ]


def _loaded(onnx: Any, asked: str, path: str | os.PathLike[str]) -> Any:
    """Return the graph of a file that is one of ONNX."""
    from google.protobuf.message import DecodeError  # comes with onnx

    try:
        return onnx.load(path).graph
    except (OSError, DecodeError) as error:
        raise explained(
            ValueError,
            asked,
            f"it is not a readable file of ONNX: {error}.",
            "give a file that write_onnx, or an exporter to ONNX, has written.",
        ) from error


def _weights(node: Any) -> dict[str, str]:
    """Return which tensors of the graph are W, R, B and P of an LSTM node."""
    names = ("X", "W", "R", "B", "sequence_lens", "initial_h", "initial_c", "P")
    inputs = dict(zip(names, node.input, strict=False))
    return {name: inputs[name] for name in "WRBP" if inputs.get(name)}


def _text(value: Any) -> Any:
    """Return bytes as text, also in a list."""
    if isinstance(value, bytes):
        return value.decode()
    return [_text(each) for each in value] if isinstance(value, list) else value


def _add_lstm(
    graph: OnnxGraph, k: int, layer: Module, x: str, steps: str, states: bool
) -> str:
    """Add a recurrent layer, x (T, B, n); return the name of its y, (T, B, m)."""
    (node,), (sweep,) = to_onnx(layer), sweeps(layer)
    refuse(
        "write_onnx",
        "a file has y at every step:",
        (f"layer {k}: outputs='last'" for w in sweep.directions if w.outputs == "last"),
        'build the model with outputs="hold", and take y[:, -1] of what the file '
        "gives, or y_T with states=True.",
    )
    held = {name: graph.constant(f"{name}.{k}", a) for name, a in node.arrays.items()}
    start, end = ["", ""], []
    if states:
        shape = (len(sweep.cells), "B", sweep.cells[0].m)
        start = [graph.input(f"{letter}_0.{k}", shape) for letter in "yc"]
        end = [f"{letter}_T.{k}" for letter in "yc"]
        graph.outputs += [graph.value(name, shape) for name in end]
    inputs = [x, held["W"], held["R"], held["B"], steps, *start, held.get("P", "")]
    last = [f"{name}.read" for name in end] if steps else end
    y = graph.node("LSTM", inputs, [f"Y.{k}", *last], **node.attributes)
    if states and steps:
        _keep_unread(graph, k, steps, start, last, end)
    return _joined(graph, k, sweep.merge, y)


def _keep_unread(
    graph: OnnxGraph, k: int, steps: str, start: Any, last: Any, end: Any
) -> None:
    """Add that a row of length 0 ends as it began: onnxruntime makes zeros of it."""
    empty = graph.node("Equal", [steps, graph.constant(f"none.{k}", np.int32(0))])
    per_row = graph.constant(f"per_row.{k}", np.array([1, -1, 1]))
    empty = graph.node("Reshape", [empty, per_row])
    for before, read, after in zip(start, last, end, strict=True):
        graph.node("Where", [empty, before, read], [after])


def _joined(graph: OnnxGraph, k: int, merge: str | None, y: str) -> str:
    """Add what makes one y (T, B, m) of those of the directions, (T, D, B, m)."""
    if merge == "concat":
        y = graph.node("Transpose", [y], perm=[0, 2, 1, 3])
        beside = graph.constant(f"beside.{k}", np.array([0, 0, -1]))
        return graph.node("Reshape", [y, beside])
    refuse(
        "write_onnx",
        "a file has one y for each layer:",
        [] if merge in REDUCTIONS else [f"layer {k}: merge={merge!r}"],
        f"choose one of 'concat', {', '.join(map(repr, REDUCTIONS))}.",
    )
    axis = graph.constant(f"directions.{k}", np.array([1]))
    return graph.node(REDUCTIONS[str(merge)], [y, axis], keepdims=0)


def _add_dense(graph: OnnxGraph, k: int, layer: Dense, x: str) -> str:
    """Add activation(W x + b) at every step; return the name of its output."""
    names: dict[Any, str] = {function: name for name, function in FUNCTIONS.items()}
    known = layer.activation is None or layer.activation in names
    refuse(
        "write_onnx",
        "an activation must be one that ONNX has a name for:",
        [] if known else [f"layer {k}: {layer.activation!r}"],
        f"choose one of {', '.join(FUNCTIONS)}, or none.",
    )
    W, b = (
        graph.constant(f"{n}.{k}", a)
        for n, a in (("W", layer.W.data.T), ("b", layer.b.data))
    )
    z = graph.node("Add", [graph.node("MatMul", [x, W]), b])
    return z if layer.activation is None else graph.node(names[layer.activation], [z])


def _reads(model: Module) -> int:
    """Return n, the size of x."""
    first = next(layers_of(model), model)
    return first.W.shape[1] if isinstance(first, Dense) else sweeps(first)[0].cells[0].n
