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

Nodes hold no numbers, except those that no row computed (`value`): a proof takes the
decisions that were made as they were.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from operator import attrgetter
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from minigrad.primitive import Primitive
from minigrad.types import Array, Options, Shape

Op: TypeAlias = Primitive | Callable[..., Any] | None


_NUMBERS = itertools.count()


class Hole(NamedTuple):
    """The place of a node among options: the node itself is args[at]."""

    at: int


class Node:
    """One value of a program."""

    __slots__ = (
        "args", "dtype", "name", "number", "op", "options", "role", "shape", "source",
        "time", "value",
    )  # fmt: skip

    def __init__(
        self,
        op: Op,
        args: tuple[Any, ...],
        options: Options,
        shape: Shape,
        dtype: np.dtype,
        role: Any = None,
        time: int | None = None,
        value: Any = None,
        source: Any = None,
        number: float | None = None,
    ) -> None:
        self.op, self.args, self.options = op, args, options
        self.shape, self.dtype = shape, dtype
        self.role, self.time = role, time
        self.number = next(_NUMBERS) if number is None else number
        self.value, self.source = value, source
        self.name = ""

    def __repr__(self) -> str:
        at = "" if self.time is None else f" at t = {self.time}"
        return f"<{name_of(self.op)} {self.shape}{at}>"

    def nodes(self) -> Iterator[Node]:
        """Yield the nodes that this one reads."""
        return (arg for arg in self.args if isinstance(arg, Node))


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
    found: dict[int, Node] = {}
    waiting = [*outputs]
    while waiting:
        node = waiting.pop()
        if id(node) not in found:
            found[id(node)] = node
            waiting += [arg for arg in node.args if type(arg) is Node]
    return sorted(found.values(), key=attrgetter("number"))


def hollow(options: Any, args: list[Any], is_node: Callable[[Any], Node | None]) -> Any:
    """Return options with holes in the place of nodes, which are appended to args."""
    node = is_node(options)
    if node is not None:
        args.append(node)
        return Hole(len(args) - 1)
    if isinstance(options, dict):
        return {k: hollow(v, args, is_node) for k, v in options.items()}
    if type(options) in (tuple, list):
        return type(options)([hollow(each, args, is_node) for each in options])
    return options


def filled(options: Any, args: tuple[Any, ...] | list[Any]) -> Any:
    """Return options with values in the place of holes."""
    if isinstance(options, Hole):
        return args[options.at]
    if isinstance(options, dict):
        return {k: filled(v, args) for k, v in options.items()}
    if type(options) in (tuple, list):
        return type(options)([filled(each, args) for each in options])
    return options


def holes(options: Any) -> int:
    """Count the holes: so many of a node's last args stand in its options."""
    if isinstance(options, Hole):
        return 1
    if isinstance(options, dict):
        return sum(map(holes, options.values()))
    return sum(map(holes, options)) if type(options) in (tuple, list) else 0


def call(op: Op, args: Any, options: Options) -> Any:
    """Compute one operation: of a row its own function, in any domain."""
    operands = args[: len(args) - holes(options)]
    options = filled(options, args)
    if isinstance(op, Primitive):
        return op.function(*operands, **options)
    assert op is not None
    given: Any = options.pop(POSITIONAL, ())  # lists of nodes among the arguments
    return op(*operands, *given, **options)


VIEWS = {"take", "transpose", "reshape", "along"}  # other views of what is there
POSITIONAL = "*"  # the option that holds the positional arguments of a NumPy function


def bytes_of(shape: Shape, dtype: np.dtype) -> int:
    """Return the size of an array."""
    return int(np.prod(shape, dtype=int)) * dtype.itemsize


def is_constant(arg: Any) -> bool:
    """Is this a number or an array, and no node?"""
    return not isinstance(arg, Node)


def array_constant(arg: Any) -> bool:
    """Is this an array from outside, which the program reads as it is then?"""
    return isinstance(arg, Array) and arg.ndim > 0
