"""Running a function once, on traced arrays: what it computes becomes a graph.

    x, target, every Parameter     are sources of the graph
    rows of the table              are nodes, in the gradient's walk as well
    comparisons, argmax, ...       are nodes too, without a derivative
    numbers and arrays made inside stay what they are: they depend on no input

The `Tracer` is what `checked()` calls a watch: the engine hands it each computation.
Nodes are numbered by the part of the model and the time step in which they are made, or
to whose derivative they belong: so the graph knows which of them do the same at
different times.
"""

from __future__ import annotations

import functools
import itertools
import sys
from collections import defaultdict
from collections.abc import Callable
from operator import index
from typing import Any, NamedTuple

import numpy as np

from minigrad.compiling.graph import (
    POSITIONAL,
    Hole,
    Node,
    fill_holes,
    name_of,
    replace_parts,
)
from minigrad.compiling.traced import NotCompiled, Traced, refusal
from minigrad.context import SETTING
from minigrad.messages import in_packages, user_line
from minigrad.parameter import Parameter
from minigrad.primitive import TABLE, Primitive
from minigrad.tensor import Tensor
from minigrad.types import Array, Options

_TAKE = TABLE["take"]
_WRITERS = {
    np.copyto, np.put, np.place, np.putmask, np.put_along_axis, np.fill_diagonal,
}  # fmt: skip
# What has as many entries as numbers say: so many must be there at each call.
_SIZED = {
    getattr(np, name) for name in (
        "argwhere", "bincount", "compress", "delete", "extract", "flatnonzero",
        "histogram", "insert", "intersect1d", "nonzero", "repeat", "setdiff1d",
        "setxor1d", "trim_zeros", "union1d", "unique", "unique_all", "unique_counts",
        "unique_inverse", "unique_values",
    ) if hasattr(np, name)
}  # fmt: skip


class Guard(NamedTuple):
    """A question that was asked while tracing, and the answer that was given."""

    ask: Callable[[Any], Any]
    node: Node
    answer: Any
    line: str  # of the program that led to it
    is_check: bool  # whether a function of this project asked, about its arguments


class Tracer:
    """The watch of a function that is traced: makes a node of each computation."""

    def __init__(self, serves_all: bool = False, with_lines: bool = False) -> None:
        self.serves_all = serves_all  # shortcuts that depend on numbers are not taken
        self.with_lines, self.lines = with_lines, dict[Node, str]()
        self.rows: dict[Any, Primitive] = {r.function: r for r in TABLE.values()}
        ufuncs = {r.into: r for r in TABLE.values() if isinstance(r.into, np.ufunc)}
        self.rows = ufuncs | self.rows
        self.guards: list[Guard] = []
        self.refusals: list[NotCompiled] = []
        self.parameters: dict[Parameter, Traced] = {}
        # what a part does: roles of the first, second, ... ; how many, at each time
        self.roles: dict[Any, tuple[list[int], dict[Any, int]]]
        self.roles = defaultdict(lambda: ([], {}))
        self.numbers = itertools.count()
        self.within: tuple[Any, int | None] | None = None  # role and time, in a walk
        self.notes = None
        self.steps: list[Tensor] = []
        self.summed: Tensor | None = None  # whose cotangent is being added up
        self.bars: dict[int, tuple[Tensor, Node]] = {}  # what is each, so far

    # ----------------------------------------------------------------- what is computed

    def source(self, value: Array, source: Any) -> Traced:
        """Return an input, or a Parameter, as a traced array."""
        node = Node(None, (), {}, value.shape, value.dtype, source=source)
        return Traced(self, value, node)

    def compute(self, function: Callable[..., Any], *args: Any, **options: Any) -> Any:
        """Compute what a row asks for; anything else (a walk) just runs."""
        row = self.rows.get(function)
        if row is not None:
            return self.row(row, args, options)
        before, self.within = self.within, None
        try:
            return function(*args, **options)
        finally:
            self.within, self.summed = before, None

    def row(self, row: Primitive, args: Any, options: Options) -> Any:
        """Compute a row of the table."""
        args = [*args]
        count = len(args)
        if options:
            options = _hollow(options, args)
        numbers, nodes, is_traced = [*args], [*args], False
        for k, each in enumerate(args):
            if type(each) is Traced:
                numbers[k], nodes[k], is_traced = each.value, each.node, True
                if not row.is_elementwise:
                    each.is_shared = True
        operands, given = numbers, options
        if len(args) > count:
            operands, given = fill_holes(numbers, options)
        value = row.function(*operands, **given)
        if not is_traced:
            return value
        made = self._made(row, tuple(nodes), options, value)
        if row is _TAKE and any(a.dtype.kind == "b" for a in nodes[1:]):
            self._sized(made)
        return made

    def function(
        self, function: Callable[..., Any], args: Any, options: Options
    ) -> Any:
        """Compute what no row does: a comparison, argmax, the largest entry, ..."""
        traced: list[Any] = []
        options = _hollow({POSITIONAL: tuple(args), **options}, traced)
        operands, given = fill_holes([each.value for each in traced], options)
        for each in traced:
            each.is_shared = True
        if function in _WRITERS or given.get("out") is not None:
            raise refusal(
                f"{name_of(function)} inside a function that is compiled",
                "it writes into an array, which no program would do again.",
                "np.where, or a sum of arrays: what returns a new array.",
                {"arguments": args},
            )
        value = function(*operands, **given)
        if isinstance(value, str | np.dtype):
            return value
        nodes = tuple(each.node for each in traced)
        is_many = isinstance(value, tuple | list)
        whole = value if is_many else np.asarray(value)
        parts = [self._made(function, nodes, options, whole)]
        if is_many:
            parts = [
                self._made(entry_of, (parts[0].node, k), {}, np.asarray(each))
                for k, each in enumerate(value)
            ]
        if function in _SIZED or (function is np.where and len(operands) == 1):
            for each in parts:
                self._sized(each)
        if not is_many:
            return parts[0]
        return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)

    def _sized(self, made: Traced) -> None:
        """Require that it has as many entries at each call."""
        self.guards.append(Guard(np.shape, made.node, made.shape, user_line(), True))

    def _made(
        self, op: Any, nodes: tuple[Any, ...], options: Any, value: Any
    ) -> Traced:
        is_array = isinstance(value, (np.ndarray, np.generic))
        value = np.asarray(value) if is_array else value
        if is_array and value.dtype.kind not in "fiub":
            raise refusal(
                f"{op} in a function that is compiled",
                f"it gives {value.dtype} entries, and programs compute with real "
                "numbers.",
                "compute it outside, and pass it in.",
            )
        shape, dtype = (value.shape, value.dtype) if is_array else ((), np.dtype("O"))
        part, time = self.within or _without_time(SETTING.get().scope)
        roles, counts = self.roles[part, op, shape]
        counts[time] = count = counts.get(time, 0) + 1
        if count > len(roles):
            roles.append(next(self.numbers))
        kept = None if isinstance(op, Primitive) else value
        node = Node(op, nodes, options, shape, dtype, roles[count - 1], time, kept)
        if self.with_lines:
            self.lines[node] = user_line()
        if self.summed is not None and self.summed.tick in self.bars:
            self.bars[self.summed.tick] = (self.summed, node)
        return Traced(self, value, node)

    def guard(self, ask: Callable[[Any], Any], asked: Traced) -> Any:
        """Answer a question of the program, and remember that it was asked."""
        answer = ask(asked.value)
        is_check = in_packages(sys._getframe(2))
        self.guards.append(Guard(ask, asked.node, answer, user_line(), is_check))
        return answer

    # ------------------------------------------------------------ what the engine tells

    def read(self, parameter: Parameter, array: Array) -> Any:
        """Return the numbers of a Parameter, which each call reads anew."""
        if parameter not in self.parameters:
            self.parameters[parameter] = self.source(array, parameter)
        return self.parameters[parameter]

    def recorded(self, node: Tensor) -> None:
        """Keep a step: its name may come later."""
        self.steps.append(node)

    def name_nodes(self) -> None:
        """Give nodes the names that their Tensors have."""
        for step in self.steps:
            data: Any = step.data
            if step.name and type(data) is Traced:
                data.node.name = step.name
        for tensor, node in self.bars.values():
            if tensor.name and not node.name:
                node.name = f"{tensor.name}_bar"

    def forget(self) -> None:
        """Drop the Tensors of the run: they refer to this, and would keep it alive."""
        self.steps, self.bars, self.summed, self.parameters = [], {}, None, {}

    def failed(self, *_: Any) -> None:
        """Ignore that a primitive could not compute: its error is raised anyway."""

    def differentiating(self, node: Tensor, i: int) -> None:
        """Number what follows as part of a rule, at the time of its step.

        A step that joins values of all time steps belongs to none: then the time is
        that of the value whose cotangent it is.
        """
        role, time = self._place(node)
        if time is None and node.primitive is not None:
            role = node.primitive
            i, time = self._place(node.args[i])
        self.within, self.summed = (("∂", role, i), time), None

    def differentiated(self, node: Tensor, i: int, contribution: Any) -> None:
        """Number what follows as the sum that a cotangent is."""
        role, time = self._place(node.args[i])
        self.within = (("Σ", role), time)
        self.summed = arg = node.args[i]
        if type(contribution) is Traced:
            self.bars[arg.tick] = (arg, contribution.node)

    def _place(self, tensor: Any) -> tuple[Any, int | None]:
        """Return the role of a Tensor, and its time step."""
        data = tensor.data
        if type(data) is not Traced:
            return ("constant", tensor.name), None
        node = data.node
        if node.op is None:
            return node, None
        return node.role, node.time


def _hollow(options: Any, args: list[Any]) -> Any:
    """Return options with holes in the place of traced arrays, which join the args.

    A slice has none: x[:n] asks n what it is, as NumPy does.
    """

    def of(part: Any) -> Any:
        if isinstance(part, slice):
            ends = (part.start, part.stop, part.step)
            return slice(*(end if end is None else index(end) for end in ends))
        if type(part) is not Traced:
            return part
        args.append(part)
        return Hole(len(args) - 1)

    return replace_parts(options, of)


@functools.lru_cache(maxsize=64)
def _without_time(scope: tuple[Any, ...]) -> tuple[Any, int | None]:
    """Return a scope without its last time step, and that."""
    for at in range(len(scope) - 1, -1, -1):
        label = scope[at]
        if isinstance(label, int):
            return (*scope[:at], "", *scope[at + 1 :]), label
    return scope, None


def entry_of(values: Any, k: int) -> Any:
    """Return one of several results."""
    return values[k]
