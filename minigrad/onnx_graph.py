"""A graph of ONNX that grows, and the bytes of its file.

The format is written and read by the package `onnx`, which is imported when it is
needed. Such a file holds numbers and a graph, and nothing that Python would execute.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from minigrad.messages import explained

OPSET, IR_VERSION = 18, 8  # of the year 2022; whatever is newer reads them


def package() -> Any:
    """Return the package `onnx`, which writes the format and reads it."""
    try:
        import onnx
    except ModuleNotFoundError as error:
        raise explained(
            ModuleNotFoundError,
            "a file of ONNX",
            "the package onnx writes and reads this format, and is not installed.",
            "install it: pip install 'minigrad-lstm[onnx]'. lstm.exchange.to_onnx and "
            "from_onnx, which give and take plain arrays, do without.",
        ) from error
    return onnx


class OnnxGraph:
    """A graph that grows: what it reads and holds, its nodes, what it returns.

    dtype  of all its floating numbers
    """

    def __init__(self, dtype: np.dtype[Any]) -> None:
        self.onnx, self.dtype = package(), dtype
        self.numbers = itertools.count()
        self.inputs: list[Any] = []
        self.constants: list[Any] = []
        self.nodes: list[Any] = []
        self.outputs: list[Any] = []

    def body(self) -> OnnxGraph:
        """Return a graph inside of this one, which may read all that is here."""
        inner = OnnxGraph(self.dtype)
        inner.numbers, inner.constants = self.numbers, self.constants
        return inner

    def element(self, dtype: Any) -> int:
        """Return what ONNX calls a dtype, a number; floats have that of the graph."""
        kind = np.dtype(dtype)
        kind = self.dtype if kind.kind == "f" else kind
        number: int = self.onnx.helper.np_dtype_to_tensor_dtype(kind)
        return number

    def value(self, name: str, shape: Sequence[Any], dtype: Any = float) -> Any:
        """Return the description of an input or output."""
        element = self.element(dtype)
        return self.onnx.helper.make_tensor_value_info(name, element, shape)

    def input(self, name: str, shape: Sequence[Any], dtype: Any = float) -> str:
        """Add an input."""
        self.inputs.append(self.value(name, shape, dtype))
        return name

    def output(self, source: str, name: str, shape: Sequence[Any], dtype: Any) -> None:
        """Let a value be an output, under a name of its own."""
        self.node("Identity", [source], [name])
        self.outputs.append(self.value(name, shape, dtype))

    def constant(self, name: str, array: Any) -> str:
        """Add an array; floating numbers in the dtype of the graph."""
        array = np.asarray(array)
        array = array.astype(self.dtype) if array.dtype.kind == "f" else array
        self.constants.append(self.onnx.numpy_helper.from_array(array, name))
        return name

    def node(
        self,
        op: str,
        inputs: Sequence[str],
        outputs: Sequence[str] = (),
        **attributes: Any,
    ) -> str:
        """Add a node; return the name of its first output.

        Inputs that it does without are "", and left out at the end.
        """
        name = f"{op}_{next(self.numbers)}"
        while not inputs[-1]:
            inputs = inputs[:-1]
        made = self.onnx.helper.make_node(
            op, inputs, outputs or [f"{name}_out"], name, **attributes
        )
        self.nodes.append(made)
        return str(made.output[0])

    def proto(self, name: str, constants: Sequence[Any] = ()) -> Any:
        """Return the graph as ONNX keeps it."""
        return self.onnx.helper.make_graph(
            self.nodes, name, self.inputs, self.outputs, constants
        )

    def model(self, name: str) -> Any:
        """Return the whole, checked."""
        from minigrad import __version__

        helper = self.onnx.helper
        model = helper.make_model(
            self.proto(name, self.constants),
            opset_imports=[helper.make_opsetid("", OPSET)],
            ir_version=IR_VERSION,
            producer_name="minigrad",
            producer_version=__version__,
        )
        self.onnx.checker.check_model(model, full_check=True)
        return model

    def content(self, name: str) -> bytes:
        """Return the bytes of the file, the same for the same graph."""
        content: bytes = self.model(name).SerializeToString(deterministic=True)
        return content
