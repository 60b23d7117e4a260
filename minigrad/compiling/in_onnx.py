"""The same program as a file of ONNX, which other programs run without this one.

    mg.to_onnx(f, x, path="model.onnx")      f is traced once, as by mg.compile

Every row says which operator of ONNX it is (onnx_forms.py), and each loop over
time is one node `Scan`, with the step as a graph of its own. While it is written, each
value is computed by NumPy as well: so every node knows its shape. Before the file is
there, ONNX's own reference runs it on the examples.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from minigrad.compiling.arguments import rounding, same_arrays
from minigrad.compiling.compiled import Compiled
from minigrad.compiling.graph import call, fill_holes, name_of
from minigrad.compiling.interpreter import Body, Interpreter, Values
from minigrad.compiling.one_run import is_leaf, refuse_guards
from minigrad.compiling.traced import refusal
from minigrad.files import write_whole
from minigrad.onnx_graph import OnnxGraph
from minigrad.parameter import Parameter
from minigrad.primitive import TABLE, Primitive
from minigrad.rows.onnx_forms import form_of
from minigrad.shapes import mapped
from minigrad.types import Array


class _Value:
    """A value of the graph: its name there, and what it is for the examples."""

    def __init__(self, name: str, array: Array) -> None:
        self.name, self.array = name, array
        self.shape, self.ndim, self.dtype = array.shape, array.ndim, array.dtype
        self.plus = 0  # what an index adds to it

    def __add__(self, number: int) -> _Value:
        moved = _Value(self.name, self.array + number)
        moved.plus = self.plus + number
        return moved


def _numbers(structure: Any) -> Any:
    """Return what values are for the examples, in lists, tuples and dicts."""

    def leaf(_: str, value: Any) -> Any:
        return value.array if isinstance(value, _Value) else value

    return mapped(leaf, structure, "", is_leaf)


class _Writer(Interpreter):
    """Writes a program as a graph of ONNX, operation by operation."""

    def __init__(self, asked: str, arrays: list[Array], dtype: Any) -> None:
        super().__init__()
        self.asked, self.arrays = asked, arrays
        self.graph = OnnxGraph(np.dtype(dtype))
        self.constants: dict[Any, str] = {}  # their names
        self.objects: list[Any] = []  # kept, so that no identity is used again
        self.names: dict[int, str] = {}  # of inputs and Parameters
        self.result: Any = None
        self.op: Any = None

    # ------------------------------------------------------------------- as forms write

    def __call__(self, operator: str, *args: Any, **attributes: Any) -> str:
        """Write a node; return the name of what it gives."""
        if "to" in attributes:
            attributes["to"] = self.graph.element(attributes["to"])
        return self.graph.node(operator, [*map(self._name, args)], **attributes)

    def to(self, dtype: Any, *args: Any) -> list[Any]:
        """Return arguments in a dtype."""
        found: list[Any] = []
        for a in args:
            if not isinstance(a, _Value | str):
                found.append(np.asarray(a, dtype))
            else:
                is_right = isinstance(a, str) or a.dtype == dtype
                found.append(a if is_right else self("Cast", a, to=dtype))
        return found

    def refuse(self, why: str) -> Any:
        """Refuse what is being written."""
        fix = "compute it outside of the function; or add a form to onnx_forms.py."
        asked = f"{self.asked}: {name_of(self.op)}"
        raise refusal(asked, why, fix)

    def _name(self, value: Any) -> str:
        if isinstance(value, _Value) and value.plus:
            return self("Add", value.name, np.asarray(value.plus))
        if isinstance(value, _Value | str):
            return value if isinstance(value, str) else value.name
        key: Any = id(value) if isinstance(value, Array) else repr(value)
        if key not in self.constants:
            self.objects.append(value)
            array = np.asarray(value, np.int64 if isinstance(value, list) else None)
            name = f"constant_{len(self.constants)}"
            self.constants[key] = self.graph.constant(name, array)
        return self.constants[key]

    # ----------------------------------------------------------- as an interpreter does

    def source(self, source: Any) -> Any:
        if isinstance(source, int):
            return _Value(self.names[source], self.arrays[source])
        if isinstance(source, Parameter):
            name = self.graph.constant(self.names[id(source)], source.data)
            return _Value(name, source.data)
        return _Value(self._name(source), source)

    def compute(self, op: Any, args: Sequence[Any], options: Any) -> Any:
        numbers, known = _numbers([*args]), _numbers(options)
        with np.errstate(all="ignore"):
            array = np.asarray(call(op, numbers, known))
        self.op, self.result = op, array
        if not any(isinstance(a, _Value) for a in args):
            return _Value(self._name(array), array)
        form = op.onnx if isinstance(op, Primitive) else form_of(op)
        if form is None:
            self.refuse("it has no operator of ONNX.")
        operands, options = fill_holes(args, options)
        if callable(form):
            return _Value(form(self, *operands, **options), array)
        return _Value(self._by_entry(str(form), operands), array)

    def _by_entry(self, operator: str, args: Sequence[Any]) -> str:
        """Write an operator that computes entry by entry; a sum of many by twos."""
        kind = self.result.dtype
        if kind.kind != "f":  # a comparison: of what NumPy would compare
            kind = np.result_type(*_numbers([*args]))
        first, *others = self.to(kind, *args)
        if not others:
            return self(operator, first)
        for each in others:
            first = self(operator, first, each)
        return str(first)

    def scan(
        self, body: Body, state: Values, columns: Values, count: int, back: bool
    ) -> Any:
        outside, name = self.graph, f"step_{next(self.graph.numbers)}"
        columns = [c if isinstance(c, _Value) else self.source(c) for c in columns]
        read = len(state) + len(columns)  # a Scan has a column, if the loop has none
        columns = columns or [self.source(np.arange(count))]
        columns = [self._turned(c) for c in columns] if back else columns
        self.graph = outside.body()
        given = [s.array for s in state] + [c.array[0] for c in columns]
        inputs = [
            _Value(self.graph.input(f"{name}_in_{k}", a.shape, a.dtype), a)
            for k, a in enumerate(given)
        ]
        after, rows = body(inputs[: len(state)], inputs[len(state) : read])
        for k, each in enumerate([*after, *rows]):
            self.graph.output(each.name, f"{name}_out_{k}", each.shape, each.dtype)
        step, self.graph = self.graph.proto(name), outside
        names = [f"{name}_{k}" for k in range(len(after) + len(rows))]
        scanned = [each.name for each in (*state, *columns)]
        outside.node("Scan", scanned, names, body=step, num_scan_inputs=len(columns))
        arrays = [a.array for a in after]
        arrays += [np.broadcast_to(r.array, (count, *r.shape)) for r in rows]
        made = [_Value(n, a) for n, a in zip(names, arrays, strict=True)]
        end, whole = made[: len(after)], made[len(after) :]
        return end, [self._turned(r) for r in whole] if back else whole

    def _turned(self, a: Any) -> Any:
        return self.compute(TABLE["take"], [a], {"index": (slice(None, None, -1),)})

    def checked(self, results: Values, guards: Sequence[Any]) -> Values:
        """Return results that are NaN where a check of arguments ends otherwise."""
        holds: Any = None
        for guard in guards:
            (value,) = self.to(type(guard.answer), self.read(guard.ref))
            one = self("Equal", value, np.asarray(guard.answer))
            holds = one if holds is None else self("And", holds, one)
        return [
            _Value(self("Where", holds, a, np.asarray(np.nan, a.dtype)), a.array)
            if guards and a.dtype.kind == "f"
            else a
            for a in results
        ]


def to_onnx(
    function: Callable[..., Any],
    *arguments: Any,
    path: str | os.PathLike[str],
    dtype: Any = np.float32,
) -> Path:
    """Write what a function computes as a file of ONNX; return the path.

    function   as for `mg.compile`: it may be a model
    arguments  examples: they say the shapes, the dtypes and the Python numbers
    dtype      of all floating numbers in the file: float32, if none is given

    Inputs are called as the function calls its arguments; outputs are output_0, ... in
    the order of what it returns. The shapes are those of the examples: another batch
    size is another file. A file is a snapshot: Parameters, variables of the closure,
    globals and whatever else the function reads besides its arguments are constants in
    it, as they are now. When they change, the file does not.

    Raises NotCompiled (a TypeError) for what has no operator of ONNX, by its name, and
    for a function that asks about numbers.
    """
    compiled = Compiled(function)
    program, trace, arrays = compiled.new_program(arguments)
    asked = f"to_onnx({compiled.name})"
    refuse_guards(asked, trace.guards)
    writer = _Writer(asked, arrays, dtype)
    graph = writer.graph
    for line, name in program.names.items():
        if isinstance(line.source, Parameter):
            writer.names[id(line.source)] = name
    for k, (name, array) in enumerate(zip(program.inputs, arrays, strict=True)):
        writer.names[k] = graph.input(name, array.shape, array.dtype)
    results = writer.checked(writer.run(program), program.guards)
    for k, result in enumerate(results):
        graph.output(result.name, f"output_{k}", result.shape, result.dtype)
    given = dict(zip(program.inputs, arrays, strict=True))
    try:
        model = graph.model(compiled.name.strip("<>"))
        found = _by_reference(model, given, graph.dtype)
    except Exception as error:
        why = f"ONNX says: {str(error).strip().splitlines()[0]}"
        fix = "leave out what it names; mg.compile knows all of NumPy."
        raise refusal(asked, why, fix) from error
    gap = rounding([*arrays, *trace.numbers], [dtype, *program.dtypes])
    expected = [a.astype(dtype) if a.dtype.kind == "f" else a for a in trace.numbers]
    if not same_arrays(expected, [*map(np.asarray, found)], gap):
        why = "the reference of ONNX gives other numbers than the function does."
        raise refusal(asked, why, "please report this.")
    return write_whole(path, model.SerializeToString(deterministic=True))


def _by_reference(model: Any, given: dict[str, Array], dtype: Any) -> list[Any]:
    """Return what the reference of ONNX gives for the examples."""
    from onnx.reference import ReferenceEvaluator

    floats = {k: a.astype(dtype) for k, a in given.items() if a.dtype.kind == "f"}
    return [*ReferenceEvaluator(model).run(None, given | floats)]
