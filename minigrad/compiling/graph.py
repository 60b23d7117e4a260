"""The graph of a program: nodes, each computed from others, gradient included.

A tape keeps what has a derivative. A program needs more: the masks that `where` was
given, the labels that `take` was given, the gradient that a walk computed. So a node is
anything that was computed from the inputs, by whatever function of NumPy:

    op        a row of the table, or a function of NumPy; None for a source
    args      nodes, arrays and numbers
    options   its keyword options; a node among them is a `Hole`, and stands in `args`
    source    of a leaf: which input it is, a Parameter, or an array from outside
    time      the time step at which it was computed, or whose cotangent it belongs to
    role      what it does there: equal at every time step
    name      what the function called it, or whose cotangent it is
    number    larger than those of what it reads
    group     the nodes that do the same at other times: see program_lines

Nodes hold no numbers, except those that no row computed (`value`): a proof takes the
decisions that were made as they were.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, TypeAlias

import numpy as np

from minigrad.primitive import Primitive
from minigrad.types import Options, Shape

Op: TypeAlias = Primitive | Callable[..., Any] | None


_NUMBERS = itertools.count()


@dataclass(frozen=True)
class Hole:
    """The place of a node among options: the node itself is args[at]."""

    at: int


class Node:
    """One value of a program."""

    __slots__ = (
        "args", "dtype", "group", "name", "number", "op", "options", "role", "shape",
        "source", "time", "value",
    )  # fmt: skip

    def __init__(
        self,
        op: Op,
        args: tuple[Any, ...],
        options: Options,
        shape: Shape,
        dtype: np.dtype,
        role: Any = None,
        time: Any = None,
        value: Any = None,
        source: Any = None,
        number: int | None = None,
    ) -> None:
        self.op, self.args, self.options = op, args, options
        self.shape, self.dtype = shape, dtype
        self.role, self.time = role, time
        self.number = next(_NUMBERS) if number is None else number
        self.value, self.source = value, source
        self.name = ""
        self.group: Any = None

    def __repr__(self) -> str:
        at = "" if self.time is None else f" at t = {self.time}"
        return f"<{name_of(self.op)} {self.shape}{at}>"


def name_of(op: Op) -> str:
    """Return what code calls an operation."""
    if op is None:
        return "source"
    return str(getattr(op, "name", None) or getattr(op, "__name__", op))


def is_elementwise(op: Op) -> bool:
    """Is this computed entry by entry, with NumPy's broadcasting?"""
    is_ufunc = isinstance(op, np.ufunc) and op.nout == 1 and op.signature is None
    return is_ufunc or bool(getattr(op, "is_elementwise", False))


def in_order(outputs: Iterable[Node]) -> list[Node]:
    """Return everything that the outputs depend on; what is read comes first.

    What nothing reads is not there: dead code is what no output depends on.
    """
    found = set(outputs)
    nodes = [*found]
    for node in nodes:  # which grow on the way
        for arg in node.args:
            if type(arg) is Node and arg not in found:
                found.add(arg)
                nodes.append(arg)
    return sorted(nodes, key=attrgetter("number"))


def replace_parts(options: Any, of: Callable[[Any], Any]) -> Any:
    """Return options with of(part) in the place of each part that holds no others."""
    if isinstance(options, dict):
        return {k: replace_parts(v, of) for k, v in options.items()}
    if type(options) in (tuple, list):
        return type(options)([replace_parts(each, of) for each in options])
    return of(options)


def parts_of(options: Any, kind: type) -> list[Any]:
    """Return the parts of a kind that stand in options."""
    found: list[Any] = []
    replace_parts(options, found.append)
    return [part for part in found if isinstance(part, kind)]


def holes(options: Any) -> int:
    """Count the holes: so many of a node's last args stand in its options."""
    return len(parts_of(options, Hole)) if options else 0


def fill_holes(args: Sequence[Any], options: Any) -> tuple[list[Any], dict[str, Any]]:
    """Return operands, and options with values in the place of holes."""
    if not options:
        return [*args], {}
    of = replace_parts(options, lambda p: args[p.at] if isinstance(p, Hole) else p)
    given = of.pop(POSITIONAL, ())  # lists of nodes among the arguments
    return [*args[: len(args) - holes(options)], *given], of


def call(op: Op, args: Sequence[Any], options: Options) -> Any:
    """Compute one operation: of a row its own function, in any domain."""
    operands, options = fill_holes(args, options)
    function: Any = op.function if isinstance(op, Primitive) else op
    return function(*operands, **options)


VIEWS = {"take", "transpose", "reshape", "along"}  # other views of what is there
POSITIONAL = "*"  # the option that holds the positional arguments of a NumPy function


def bytes_of(shape: Shape, dtype: np.dtype) -> int:
    """Return the size of an array."""
    return int(np.prod(shape, dtype=int)) * dtype.itemsize
