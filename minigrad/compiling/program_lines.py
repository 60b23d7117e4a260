"""Classes over time: nodes that do the same at different steps are one line.

    for t = 1..T:   z[t] = W v[t];   f[t] = sigma(z[t]);   c[t] = f[t] c[t-1] + ...

The tape has T copies of each; a program needs one line for all of them. Nodes are of
one class if they have the same role at different times. Then argument k of the node at
t is the same for all t, or the node at t + s of another class, with one shift s. So a
`Line` is a node with times, and its arguments are references, with that shift.

What stands at the ends, c_0 before c_1, is a value of the line at a time outside its
own: `ends`. Where the last step has one summand less than the others, the sum is
continued there with a zero. What does not fit is a line of its own: a program is right
without any class, only longer.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import zip_longest
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np

from minigrad.compiling.graph import Node
from minigrad.compiling.line import Line, Moving, Ref
from minigrad.compiling.simplify import Graph, is_like, key_of, total
from minigrad.primitive import TABLE, Primitive
from minigrad.types import Array, Options


class _Class:
    """Nodes that do the same at one time step after another, and what they read.

    patterns  what their arguments are: a `_Place`, `_Arrays`, or one value for all
    ends      what is read of them at the steps before the first and after the last
    """

    def __init__(self, nodes: list[Node]) -> None:
        self.nodes = nodes
        self.patterns: list[Any] = []
        self.ends: dict[int, Any] = {}
        for node in nodes:
            node.group = self

    @property
    def times(self) -> range:
        """The time steps, one after another."""
        return range(self.nodes[0].time, self.nodes[-1].time + 1)

    def extend(self, node: Node) -> None:
        """Add a node at the step before the first, or after the last."""
        self.nodes.insert(0 if node.time < self.times[0] else len(self.nodes), node)
        node.group = self

    def at(self, t: int) -> Node | None:
        """Return the node at a time step, if there is one."""
        k = t - self.nodes[0].time
        return self.nodes[k] if 0 <= k < len(self.nodes) else None


class _Place(NamedTuple):
    """An argument that is, at t, the node of a class at t + shift."""

    of: _Class
    shift: int


class _Arrays(NamedTuple):
    """An argument that is another array at each step, of this one's shape and dtype."""

    like: Array


def lines_of(graph: Graph, rolled: bool = True) -> tuple[list[Line], list[Ref]]:
    """Make one line of what does the same at every time step, whatever T is.

    Returns the lines, and where the outputs are.
    """
    if rolled:
        _take_in_time(graph)
    classes = _classes(graph.nodes) if rolled else []
    left = 2 * len(classes)  # to continue one sum may be a reason to continue another
    while True:
        for each in classes:
            each.ends = {}
        misfits = {node for each in classes for node in _misfits(each)}
        if misfits:
            for node in misfits:
                node.group = None
            kept = [[n for n in each.nodes if n.group] for each in classes]
            classes = [part for nodes in kept for part in _runs(nodes)]
        elif left > 0 and (more := _continued(classes)):
            left -= more
        else:
            break
    made = _lines(graph.outputs)
    for each in classes:  # without circles memory is free at once
        each.nodes, each.patterns = [], []
    return made


def _take_in_time(graph: Graph) -> None:
    """Give x[t] the time at which it is read, where it was taken before that step.

    So a loop over cell(x[t], state) is found, whose calls are counted.
    """
    readers: dict[Node, list[tuple[Node, int]]] = defaultdict(list)
    for node in graph.nodes:
        for k, arg in enumerate(node.args):
            if type(arg) is Node and arg.op is TABLE["take"] and arg.time is None:
                readers[arg].append((node, k))
    for taken in readers.keys() - {*graph.outputs}:
        first, k = readers[taken][0]
        if len({node.time for node, _ in readers[taken]}) == 1:  # all of one step
            taken.time, taken.role = first.time, ("read by", first.role, k)


def _classes(nodes: list[Node]) -> list[_Class]:
    """Return the nodes that have one role, by their times."""
    found: dict[Any, list[Node]] = defaultdict(list)
    for node in nodes:
        if node.op is None or node.time is None:
            continue
        key = (node.role, node.op, node.shape, node.dtype, len(node.args))
        if node.options:
            key = (*key, key_of(_without_numbers(node.options)))  # type: ignore[assignment]
        found[key].append(node)
    return [part for members in found.values() for part in _runs(members)]


def _runs(nodes: list[Node]) -> list[_Class]:
    """Return the runs of times, without a gap; alone, a node is in no class."""
    runs: list[list[Node]] = [[]]
    again: list[Node] = []  # a second node of one time
    for node in sorted(nodes, key=attrgetter("time")):
        gap = node.time - runs[-1][-1].time if runs[-1] else 1
        if gap == 0:
            again.append(node)
        elif gap == 1:
            runs[-1].append(node)
        else:
            runs.append([node])
        node.group = None
    found = [_Class(run) for run in runs if len(run) > 1]
    return found + _runs(again) if again else found


def _without_numbers(options: Any) -> Any:
    """Leave out which entry is taken: x[:, t] is the same at every t."""
    if "index" not in options:
        return options
    return {**options, "index": ["t" if _is_int(p) else p for p in _index(options)]}


def _index(options: Any) -> tuple[Any, ...]:
    index = options["index"]
    return index if isinstance(index, tuple) else (index,)


def _is_int(part: Any) -> bool:
    return isinstance(part, int | np.integer) and not isinstance(part, bool)


# -------------------------------------------------------- what arguments have in common


def _misfits(each: _Class) -> list[Node]:
    """Find the patterns of a class; return the nodes that do not fit, if there are."""
    nodes = each.nodes
    if not _affine(nodes):
        return nodes
    each.patterns = [_pattern(k, nodes) for k in range(len(nodes[0].args))]
    misfits: list[Node] = []
    for k, pattern in enumerate(each.patterns):
        usual = [pattern] * len(nodes)
        if isinstance(pattern, _Place):
            first = each.times[0] + pattern.shift - pattern.of.times[0]
            usual = [None] * -first + pattern.of.nodes[max(first, 0) :]
        for node, expected in zip_longest(nodes, usual[: len(nodes)]):
            arg = node.args[k]
            if arg is not expected and not _fits(arg, pattern, node):
                misfits.append(node)
    return misfits


def _pattern(k: int, nodes: list[Node]) -> Any:
    """Return what argument k usually is: (class, shift), or one value for all.

    A few dozen members tell, however many there are.
    """
    kinds: Counter[Any] = Counter()
    some: dict[Any, Any] = {}
    for node in nodes[:: 1 + len(nodes) // 32]:
        arg = node.args[k]
        if _is_grouped(arg):
            key: Any = _Place(arg.group, arg.time - node.time)
            some[key] = key
        elif isinstance(arg, Array) and arg.ndim and _differ(k, nodes):
            key, some[_Arrays] = _Arrays, _Arrays(arg)
        else:
            key = key_of(arg)
            some[key] = arg
        kinds[key] += 1
    return some[kinds.most_common(1)[0][0]]


def _is_grouped(arg: Any) -> bool:
    return type(arg) is Node and arg.group is not None


def _differ(k: int, nodes: list[Node]) -> bool:
    args = [node.args[k] for node in nodes]
    first = args[0]
    return all(isinstance(a, Array) for a in args) and any(a is not first for a in args)


def _fits(arg: Any, pattern: Any, reader: Node) -> bool:
    if isinstance(pattern, _Arrays):
        return isinstance(arg, Array) and is_like(arg, pattern.like)
    if not isinstance(pattern, _Place):
        return not _is_grouped(arg) and key_of(arg) == key_of(pattern)
    cls, at = pattern.of, reader.time + pattern.shift
    if at not in (cls.times[0] - 1, cls.times[-1] + 1):
        return False
    usual = cls.nodes[0]
    is_array = isinstance(arg, (Node, Array))
    if not (is_like(arg, usual) if is_array else usual.dtype == reader.dtype):
        return False  # a number becomes one of the dtype of those that it stands beside
    known = cls.ends.setdefault(at, arg)
    return known is arg or key_of(known) == key_of(arg)


def _affine(nodes: list[Node]) -> bool:
    """Is each number of an index the same at all times, or t plus a number at all?

    x[-1] at t = 0 and x[0] at t = 1 are no slice: entries from the end stay apart.
    """
    if not nodes[0].options or "index" not in nodes[0].options:
        return True
    numbers = [[int(p) for p in _index(n.options) if _is_int(p)] for n in nodes]
    moved = [*range(len(nodes))]
    for first, *others in zip(*numbers, strict=True):
        steps = [number - first for number in (first, *others)]
        if any(steps) and (steps != moved or first < 0):
            return False
    return True


def _continued(classes: list[_Class]) -> int:
    """Continue sums to a step at which they have other terms: a = a + 0.

    At the last step nothing comes back from the next. Where all other steps read the
    sum of both, that step reads what is left, and a zero stands for what is missing, or
    whatever is added there and nowhere else. Returns how many were continued.
    """
    count = 0
    for cls, t in [(each, t) for each in classes for t in each.ends]:
        some, value = cls.nodes[0], cls.ends[t]
        if some.op is not total or not isinstance(value, Node):
            continue
        terms = _terms(cls, t, value)
        if terms is None:
            continue
        made = Node(total, terms, {}, some.shape, some.dtype, some.role, t)
        made.name = some.name
        for each in classes:
            for k, pattern in enumerate(each.patterns):
                node = isinstance(pattern, _Place) and each.at(t - pattern.shift)
                if node and pattern.of is cls and node.args[k] is value:
                    node.args = (*node.args[:k], made, *node.args[k + 1 :])
        cls.extend(made)
        count += 1
    return count


def _terms(cls: _Class, t: int, value: Node) -> tuple[Any, ...] | None:
    """Return the terms of a sum at t that is this value; None if it cannot be."""
    is_sum = value.op is total and value.group is None
    left = [*value.args] if is_sum else [value]
    terms: list[Any] = []
    for pattern in cls.patterns:
        if not isinstance(pattern, _Place):
            return None
        usual = pattern.of.at(t + pattern.shift)
        found = [each for each in left if each is usual]
        if not found and usual is not None:
            return None
        terms.append(found[0] if found else None)
        left = [each for each in left if not found or each is not found[0]]
    missing = [k for k, term in enumerate(terms) if term is None]
    if len(missing) == len(terms) or (left and not missing):
        return None
    if left:
        k = missing.pop(0)
        terms[k] = left[0]
        if len(left) > 1:
            terms[k] = Node(total, tuple(left), {}, value.shape, value.dtype)
    for k in missing:
        terms[k] = 0.0
    return tuple(terms)


# ----------------------------------------------------------------------- nodes to lines


def _lines(outputs: list[Node]) -> tuple[list[Line], list[Ref]]:
    """Make a line of each class, and of each node that is in none."""
    lines: dict[Any, Line] = {}  # by class, or node, or the identity of an array
    waiting: list[Any] = []

    def line(node: Node) -> Line:
        key = node.group or node
        if key not in lines:
            node = node.group.nodes[0] if node.group else node
            made = Line(node.op, [], node.options, node.shape, node.dtype)
            made.source, made.name = node.source, node.name
            lines[key] = made
            waiting.append(key)
        return lines[key]

    def ref(arg: Any, of: Any = None) -> Any:
        """Return what is read outside of time; arrays that are multiplied are lines."""
        if isinstance(arg, Node):
            return Ref(line(arg), at=arg.time if arg.group else None)
        is_read = isinstance(arg, Array) and arg.ndim and isinstance(of, Primitive)
        if not is_read or of.is_elementwise:
            return arg
        if id(arg) not in lines:
            lines[id(arg)] = _constant(arg)
        return Ref(lines[id(arg)])

    refs = [ref(each) for each in outputs]
    while waiting:
        each = waiting.pop()
        made = lines[each]
        if isinstance(each, Node):
            made.args = [ref(arg, each.op) for arg in each.args]
            made.values = {None: each.value}
            continue
        made.times, made.options = each.times, _in_time(each)
        made.values = {node.time: node.value for node in each.nodes}
        for k, pattern in enumerate(each.patterns):
            if isinstance(pattern, _Arrays):
                arrays = np.stack([node.args[k] for node in each.nodes])
                lines[each, k] = _constant(arrays, each.times)
                made.args.append(Ref(lines[each, k], shift=0))
            elif isinstance(pattern, _Place):
                made.args.append(Ref(line(pattern.of.nodes[0]), shift=pattern.shift))
            else:
                made.args.append(ref(pattern, made.op))
        made.ends = {t: ref(value) for t, value in each.ends.items()}
    return [*lines.values()], refs


def _constant(array: Array, times: range | None = None) -> Line:
    shape = array.shape if times is None else array.shape[1:]
    made = Line(None, [], {}, shape, array.dtype)
    made.source, made.times = array, times
    return made


def _in_time(cls: _Class) -> Options:
    """Return the options of a class, with `Moving` where the entry moves with t."""
    options = cls.nodes[0].options
    if not options or "index" not in options:
        return options
    parts = tuple(
        Moving(int(a) - cls.times[0]) if _is_int(a) and a != b else a
        for a, b in zip(_index(options), _index(cls.nodes[-1].options), strict=True)
    )
    return {**options, "index": parts}
