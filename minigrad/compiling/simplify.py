"""Rewrites of single nodes: what costs nothing to know, and saves a call each.

    1 x = x, reshaped to its own shape = x, ...     identities
    the same operation on the same values           computed once
    (a + b) + c                                     one sum of three

Each is a function from a graph to a graph. Nothing here knows a time step.
"""

from __future__ import annotations

import functools
import operator
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from minigrad.compiling.graph import Node, in_order
from minigrad.primitive import TABLE, Primitive
from minigrad.types import Array


def total(*terms: Any) -> Any:
    """Return the sum of many terms, of one shape."""
    return functools.reduce(operator.add, terms)


total.is_elementwise = True  # type: ignore[attr-defined]
total.onnx = "Add"  # type: ignore[attr-defined]


class Graph(NamedTuple):
    """The nodes that outputs depend on, in order, and the outputs."""

    nodes: list[Node]
    outputs: list[Node]

    @classmethod
    def of(cls, outputs: list[Node]) -> Graph:
        """Return the graph below outputs."""
        return cls(in_order(outputs), outputs)


def rebuilt(graph: Graph, rewrite: Callable[[Node], Node]) -> Graph:
    """Return the graph with rewrite(node) in the place of every node.

    A node comes when all that it reads has been rewritten, and reads that already.
    """
    new: dict[Node, Node] = {}  # of those that changed
    for node in graph.nodes:
        if node.op is None:
            continue
        read = node
        if new:
            args = [new.get(a, a) if type(a) is Node else a for a in node.args]
            if any(map(operator.is_not, args, node.args)):
                read = like(node, node.op, tuple(args))
        made = rewrite(read)
        if made is not node:
            new[node] = made
    return Graph.of([new.get(each, each) for each in graph.outputs]) if new else graph


def like(node: Node, op: Any, args: tuple[Any, ...], options: Any = None) -> Node:
    """Return another way to compute what a node computes."""
    given = node.options if options is None else options
    made = Node(
        op, args, given, node.shape, node.dtype, node.role, node.time, node.value,
        None, node.number,
    )  # fmt: skip
    made.name = node.name
    return made


def _unchanged(node: Node) -> Node:
    """Leave out what changes nothing: x = 1 x = x / 1 = x^T^T = x[:].

    Also a reshape, or a cast, to what it is already; and an array that repeats one
    number is that number.
    """
    if not isinstance(node.op, Primitive):
        return node
    args: Any = node.args
    name = node.op.name
    if name in _NEUTRAL and any(_repeats(a) for a in args):
        args = tuple(a[(0,) * a.ndim] if _repeats(a) else a for a in args)
        shapes = [a.shape for a in args if isinstance(a, Node)]
        if shapes and np.broadcast_shapes(*shapes) == node.shape:
            return _unchanged(like(node, node.op, args))
        args = node.args
    if name in _NEUTRAL:
        number, places = _NEUTRAL[name]
        for place in places:
            other = args[1 - place]
            if (
                isinstance(other, Node)
                and other.shape == node.shape
                and other.dtype == node.dtype
                and _is_number(args[place], number)
            ):
                return other
    elif len(args) == 1 and isinstance(args[0], Node) and args[0].dtype == node.dtype:
        a: Node = args[0]
        if name in ("reshape", "cast", "broadcast") and a.shape == node.shape:
            return a
        if name == a_transpose and isinstance(a.op, Primitive) and a.op.name == name:
            axes = _axes(a), _axes(node)
            if [axes[0][k] for k in axes[1]] == [*range(len(node.shape))]:
                first: Node = a.args[0]
                return first
        if name == "take" and isinstance(a.op, Primitive) and a.op is node.op:
            index = _index_of_index(a, node)
            if index is not None:
                return like(node, node.op, a.args, {"index": index})
    elif name == "concatenate" and all(_joins(a, node) for a in args):
        parts = tuple(each for a in args for each in a.args)
        return like(node, args[0].op, parts, args[0].options)
    return node


def _index_of_index(inner: Node, outer: Node) -> Any:
    """Return the index that takes what the outer one takes of the inner: x[2:][0]."""
    first, then = (
        in_full(each.options["index"], len(each.args[0].shape))
        for each in (inner, outer)
    )
    if not all(isinstance(p, slice) for p in first):
        return None
    index = []
    for axis, (a, b) in enumerate(zip(first, then, strict=True)):
        n = inner.args[0].shape[axis]
        start, stop, step = a.indices(n)
        if step != 1:
            return None
        if isinstance(b, slice):
            from_, to, by = b.indices(max(0, stop - start))
            if by != 1:
                return None
            index.append(slice(start + from_, start + max(from_, to)))
        elif type(b) is int:
            index.append(start + b if b >= 0 else stop + b)
        else:
            return None
    return tuple(index)


def in_full(index: Any, ndim: int) -> tuple[Any, ...]:
    """Return an index with a part for each axis: x[..., 0] is x[:, :, 0]."""
    parts = [*index] if isinstance(index, tuple) else [index]
    at = next((k for k, p in enumerate(parts) if p is Ellipsis), len(parts))
    more = [slice(None)] * (ndim - len(parts) + (at < len(parts)))
    return (*parts[:at], *more, *parts[at + 1 :])


def _joins(part: Any, node: Node) -> bool:
    """Is this a stack along the axis along which the node concatenates?"""
    if not isinstance(part, Node) or getattr(part.op, "name", "") != "stack":
        return False
    ndim = len(node.shape)
    axes = [each.options.get("axis", 0) % ndim for each in (part, node)]  # type: ignore[operator]
    return axes[0] == axes[1]


a_transpose = "transpose"
_NEUTRAL = {"multiply": (1, (0, 1)), "divide": (1, (1,))}  # and where it may stand


def _axes(node: Node) -> Sequence[int]:
    axes: Any = node.options.get("axes")
    ndim = len(node.shape)
    return [k % ndim for k in axes] if axes else [*range(ndim)][::-1]


def _is_number(arg: Any, number: int) -> bool:
    """Is this the number, or an array that nobody can change and that repeats it?"""
    if isinstance(arg, Array) and not arg.flags.writeable and not any(arg.strides):
        arg = arg[()] if not arg.ndim else arg[(0,) * arg.ndim] if arg.size else None
    return isinstance(arg, int | float | np.floating) and arg == number


def _repeats(arg: Any) -> bool:
    """Is this an array that repeats one number, and that nobody can change?"""
    if not isinstance(arg, Array) or not arg.ndim or not arg.size:
        return False
    return not arg.flags.writeable and not any(arg.strides)


def shared(graph: Graph) -> Graph:
    """Compute once what is the same, and nothing that changes nothing: 1 x = x."""
    known: dict[Any, Node] = {}

    def first(node: Node) -> Node:
        node = _unchanged(node)
        if node.op is None:
            return node
        key: Any = [a if type(a) is Node else _key(a) for a in node.args]
        key = (id(node.op), *key, _key(node.options) if node.options else 0)
        return known.setdefault(key, node)

    return rebuilt(graph, first)


def _key(value: Any) -> Any:
    """Return what is equal for values that are surely the same, and never else."""
    if isinstance(value, Node | Array):
        return id(value)
    if isinstance(value, dict):
        return tuple((k, _key(v)) for k, v in value.items())
    if isinstance(value, tuple | list):
        return (type(value), *map(_key, value))
    if isinstance(value, slice):
        return (slice, value.start, value.stop, value.step)
    return type(value), repr(value)  # 0.0 and -0.0 are equal, and not the same


def one_sum(graph: Graph) -> Graph:
    """Join sums of sums: (a + b) + c = a + b + c, where nobody else reads a + b."""
    add = TABLE["add"]
    readers = Counter(
        arg.number
        for node in graph.nodes
        for arg in node.args
        if type(arg) is Node and arg.op is add
    )
    readers.update(node.number for node in graph.outputs)
    joined: set[Node] = set()  # sums that one node reads

    def join(node: Node) -> Node:
        if node.op is not add:
            return node
        for a in node.args:
            if not isinstance(a, Node | Array):
                return node
            if a.shape != node.shape or a.dtype != node.dtype:
                return node
        terms: list[Any] = []
        role = node.role
        for arg in node.args:
            if isinstance(arg, Node) and arg in joined:
                terms += arg.args
                role = arg.role
            else:
                terms.append(arg)
        made = like(node, total, tuple(terms), {})
        made.role = role
        if readers[node.number] == 1:
            joined.add(made)
        return made

    return rebuilt(graph, join)
