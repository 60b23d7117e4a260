"""Rewrites of single nodes: what costs nothing to know, and saves a call each.

    1 x = x, reshaped to its own shape = x, ...     identities
    the same operation on the same values           computed once
    (a + b) + c                                     one sum of three

Each is a function from a graph to a graph, and knows no time step. The first copies
what was traced, which stays as it is; the second changes the copies.
"""

from __future__ import annotations

import functools
import operator
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from minigrad.compiling.graph import Node, in_order
from minigrad.compiling.line import Line
from minigrad.primitive import TABLE
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


def like(node: Node, op: Any, args: Sequence[Any], options: Any = None) -> Node:
    """Return another way to compute what a node computes."""
    given = node.options if options is None else options
    made = Node(
        op, tuple(args), given, node.shape, node.dtype, node.role, node.time,
        node.value, None, node.number,
    )  # fmt: skip
    made.name = node.name
    return made


def _unchanged(node: Node) -> Node:
    """Leave out what changes nothing: x = 1 x = x / 1 = x^T^T = x[:].

    Also a reshape, or a cast, to what it is already; and an array that repeats one
    number is that number.
    """
    rule = _RULES.get(node.op)
    return node if rule is None else rule(node)


def _not_scaled(node: Node) -> Node:
    """1 x = x 1 = x / 1 = x."""
    args, places = node.args, (1,) if node.op is TABLE["divide"] else (0, 1)
    if type(args[0]) is type(args[1]) is Node:
        return node
    if any(_repeats(a) and a.ndim for a in args):
        args = tuple([a[(0,) * a.ndim] if _repeats(a) and a.ndim else a for a in args])
        shapes = [a.shape for a in args if isinstance(a, Node)]
        if shapes and np.broadcast_shapes(*shapes) == node.shape:
            node = like(node, node.op, args)
    for place in places:
        other = node.args[1 - place]
        is_same = isinstance(other, Node) and is_like(other, node)
        if is_same and _is_one(node.args[place]):
            return other  # type: ignore[no-any-return]
    return node


def is_like(a: Node | Line | Array, b: Node | Line | Array) -> bool:
    """Are these of one shape and dtype?"""
    return a.shape == b.shape and a.dtype == b.dtype


def _not_moved(node: Node) -> Node:
    """An array in the shape and dtype that it has is itself."""
    is_known = len(node.args) == 1 and is_like(node.args[0], node)
    return node.args[0] if is_known else node


def _keeping_axes(node: Node) -> Node:
    """Put back the axes of a sum, by a reshape: the sum keeps them."""
    inner = node.args[0]
    if inner.op is not TABLE["sum"] or inner.options.get("keepdims"):
        return _not_moved(node)
    (of,) = inner.args
    gone = tuple(sorted(axes_of(inner.options, len(of.shape))))
    kept = tuple(1 if k in gone else n for k, n in enumerate(of.shape))
    if node.shape != kept:
        return _not_moved(node)
    return like(node, inner.op, inner.args, {"axis": gone, "keepdims": True})


def axes_of(options: Any, ndim: int) -> tuple[int, ...]:
    """Return the axes over which a sum goes, from the front; a number has none."""
    axis = options.get("axis")
    axes = range(ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    return tuple(k % ndim for k in axes) if ndim else ()


def axes_order(options: Any, ndim: int) -> tuple[int, ...]:
    """Return the order in which a transpose puts the axes."""
    axes = options.get("axes") or [*range(ndim)][::-1]
    return tuple(k % ndim for k in axes)


def _turned_once(node: Node) -> Node:
    """x^T^T = x."""
    a = node.args[0]
    if a.op is node.op:
        ndim = len(node.shape)
        first, then = (axes_order(each.options, ndim) for each in (a, node))
        if [first[k] for k in then] == [*range(ndim)]:
            return a.args[0]  # type: ignore[no-any-return]
    return node


def _taken_once(node: Node) -> Node:
    """x[2:][0] = x[2]."""
    a = node.args[0]
    if len(node.args) == 1 and a.op is node.op and len(a.args) == 1:
        index = _index_of_index(a, node)
        if index is not None:
            return like(node, node.op, a.args, {"index": index})
    return node


def _joined_once(node: Node) -> Node:
    """[stack(a, b), stack(c, d)] = stack(a, b, c, d), along the same axis."""
    parts: Any = node.args
    if not all(isinstance(p, Node) and p.op is TABLE["stack"] for p in parts):
        return node
    axes: Any = [each.options.get("axis", 0) for each in (node, *parts)]
    if len({axis % len(node.shape) for axis in axes}) > 1:
        return node
    args = [each for part in parts for each in part.args]
    return like(node, parts[0].op, args, parts[0].options)


def _of_vector(node: Node) -> Node:
    """W @ v, of a matrix and a vector, is W v: of many v that is one call."""
    if [len(a.shape) for a in node.args] != [2, 1]:
        return node
    return like(node, TABLE["matvec"], node.args, {})


_RULES: dict[Any, Callable[[Node], Node]] = {
    TABLE["multiply"]: _not_scaled, TABLE["divide"]: _not_scaled,
    TABLE["reshape"]: _keeping_axes, TABLE["cast"]: _not_moved,
    TABLE["broadcast"]: _not_moved, TABLE["transpose"]: _turned_once,
    TABLE["take"]: _taken_once, TABLE["concatenate"]: _joined_once,
    TABLE["matmul"]: _of_vector,
}  # fmt: skip


def _index_of_index(inner: Node, outer: Node) -> Any:
    """Return the index that takes what the outer one takes of the inner: x[2:][0]."""
    first, then = (
        in_full(each.options["index"], len(each.args[0].shape))
        for each in (inner, outer)
    )
    if not all(isinstance(p, slice) for p in first) or len(then) > len(first):
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


def _is_one(arg: Any) -> bool:
    """Is this 1, or an array that repeats it?"""
    arg = arg[(0,) * arg.ndim] if _repeats(arg) else arg
    return isinstance(arg, int | float | np.floating) and arg == 1


def _repeats(arg: Any) -> bool:
    """Is this an array that repeats one number, and that nobody can change?"""
    is_fixed = isinstance(arg, Array) and arg.size and not arg.flags.writeable
    return bool(is_fixed and not any(arg.strides))


def shared(graph: Graph) -> Graph:
    """Compute once what is the same, and nothing that changes nothing: 1 x = x."""
    new: dict[Node, Node] = {}
    known: dict[Any, Node] = {}
    for node in graph.nodes:
        if node.op is not None:
            args = [new[a] if type(a) is Node else a for a in node.args]
            made = _unchanged(like(node, node.op, args))
            new[node] = known.setdefault(_computation(made), made)
        else:
            new[node] = node
    return Graph.of([new[each] for each in graph.outputs])


def _computation(node: Node) -> Any:
    """Return a key of what a node computes, and of which values."""
    if node.op is None:
        return node
    args = [a if type(a) is Node else key_of(a) for a in node.args]
    return (node.op, *args, key_of(node.options) if node.options else None)


def key_of(value: Any) -> Any:
    """Return a key: equal for values that are surely the same, and only for these."""
    if isinstance(value, (Node, Array)):
        return id(value)
    if isinstance(value, dict):
        return tuple((k, key_of(v)) for k, v in value.items())
    if isinstance(value, tuple | list):
        return (type(value), *map(key_of, value))
    if isinstance(value, slice):
        return (slice, value.start, value.stop, value.step)
    return type(value), repr(value)  # 0.0 and -0.0 are equal, and not the same


def one_sum(graph: Graph) -> Graph:
    """Join sums of sums: (a + b) + c = a + b + c, where nobody else reads a + b."""
    add = TABLE["add"]
    read = [a for n in graph.nodes for a in n.args if type(a) is Node and a.op is add]
    readers = Counter([*read, *graph.outputs])
    alone: set[Node] = set()  # sums that one node reads
    gone: set[Node] = set()
    for node in graph.nodes:
        if node.op is not add or not all(_is_term(a, node) for a in node.args):
            continue
        terms: list[Any] = []
        for arg in node.args:
            if type(arg) is Node and arg in alone:
                terms += arg.args
                node.role = arg.role
                gone.add(arg)
            else:
                terms.append(arg)
        node.op, node.args, node.options = total, tuple(terms), {}
        if readers[node] == 1:
            alone.add(node)
    return Graph([node for node in graph.nodes if node not in gone], graph.outputs)


def _is_term(a: Any, node: Node) -> bool:
    return isinstance(a, (Node, Array)) and is_like(a, node)
