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
from typing import Any, NamedTuple

import numpy as np

from minigrad.compiling.graph import Node, in_order
from minigrad.compiling.line import Line, Moving, Ref
from minigrad.compiling.simplify import Graph, _key, total
from minigrad.primitive import Primitive
from minigrad.types import Array, Options


class _Class:
    """Nodes that do the same at different times, and what their arguments are."""

    def __init__(self, members: dict[int, Node]) -> None:
        self.members = members
        self.patterns: list[Any] = []


class _Place(NamedTuple):
    """A member of a class by its time; of an argument, by the shift."""

    of: _Class
    at: int


def lines_of(graph: Graph, rolled: bool = True) -> tuple[list[Line], list[Ref]]:
    """Make one line of what does the same at every time step, whatever T is.

    Returns the lines, and where the outputs are.
    """
    classes = _classes(graph.nodes) if rolled else []
    left = 2 * len(classes)  # to continue one sum may be a reason to continue another
    while True:
        place = {
            id(n): _Place(each, t) for each in classes for t, n in each.members.items()
        }
        ends: dict[_Place, Any] = {}
        irregular = [each for each in classes if not _regular(each, place, ends)]
        extended = not irregular and left > 0 and _continued(classes, place, ends)
        left -= extended
        if not irregular and not extended:
            return _lines(graph.outputs, place, ends)
        classes = [part for each in classes for part in _runs(each.members)]


def _classes(nodes: list[Node]) -> list[_Class]:
    """Return the nodes that have one role, by their times."""
    found: dict[Any, dict[int, Node]] = defaultdict(dict)
    for node in nodes:
        if node.op is None or node.time is None:
            continue
        key = (node.role, id(node.op), node.shape, node.dtype, len(node.args))
        if node.options:
            key = (*key, _key(_without_numbers(node.options)))  # type: ignore[assignment]
        again = 0
        while node.time in found[(key, again)]:
            again += 1
        found[(key, again)][node.time] = node
    return [part for members in found.values() for part in _runs(members)]


def _runs(members: dict[int, Node]) -> list[_Class]:
    """Split members at gaps between their times; alone, a node is no class."""
    times = sorted(members)
    cuts = [k for k in range(1, len(times)) if times[k] != times[k - 1] + 1]
    parts = [times[a:b] for a, b in zip([0, *cuts], [*cuts, None], strict=True)]
    return [_Class({t: members[t] for t in part}) for part in parts if len(part) > 1]


def _without_numbers(options: Any) -> Any:
    """Leave out which entry is taken: x[:, t] is the same at every t."""
    index = options.get("index")
    if index is None:
        return options
    parts = index if isinstance(index, tuple) else (index,)
    return {**options, "index": tuple("t" if _is_int(p) else p for p in parts)}


def _is_int(part: Any) -> bool:
    return isinstance(part, int | np.integer) and not isinstance(part, bool)


# -------------------------------------------------------- what arguments have in common


def _regular(each: _Class, place: dict[int, _Place], ends: dict[_Place, Any]) -> bool:
    """Find the patterns of a class; take out members that do not fit, if there are."""
    members = each.members
    some = next(iter(members.values()))
    each.patterns = []
    odd: set[int] = set()
    for k in range(len(some.args)):
        pattern = _pattern(k, members, place)
        each.patterns.append(pattern)
        found, shift = (
            (pattern[0].members, pattern[1]) if isinstance(pattern, _Place) else ({}, 0)
        )
        for t, node in members.items():
            arg = node.args[k]
            if arg is found.get(t + shift, pattern):  # most are
                continue
            if not _fits(arg, pattern, t, place, ends):
                odd.add(t)
    if not _affine(members):
        odd = set(members)
    for t in odd:
        del members[t]
    return not odd


def _pattern(k: int, members: dict[int, Node], place: dict[int, _Place]) -> Any:
    """Return what argument k usually is: (class, shift), or one value for all.

    A few dozen members tell, however many there are.
    """
    kinds: Counter[Any] = Counter()
    some: dict[Any, Any] = {}
    for t in sorted(members)[:: 1 + len(members) // 32]:
        arg = members[t].args[k]
        at = place.get(id(arg))
        if at is not None:
            key: Any = (id(at[0]), at[1] - t)
            some[key] = _Place(at[0], at[1] - t)
        elif isinstance(arg, Array) and arg.ndim and _differ(k, members):
            key = "arrays"
            some[key] = "arrays"
        else:
            key = _key(arg)
            some[key] = arg
        kinds[key] += 1
    return some[kinds.most_common(1)[0][0]]


def _differ(k: int, members: dict[int, Node]) -> bool:
    args = [node.args[k] for node in members.values()]
    first = args[0]
    return all(isinstance(a, Array) for a in args) and any(a is not first for a in args)


def _fits(
    arg: Any, pattern: Any, t: int, place: dict[int, _Place], ends: dict[_Place, Any]
) -> bool:
    if isinstance(pattern, str):
        return isinstance(arg, Array)
    if not isinstance(pattern, _Place):
        return id(arg) not in place and _key(arg) == _key(pattern)
    cls, shift = pattern
    wanted = t + shift
    if wanted in cls.members:
        return cls.members[wanted] is arg
    if not cls.members or wanted not in (min(cls.members) - 1, max(cls.members) + 1):
        return False
    known = ends.setdefault(_Place(cls, wanted), arg)
    return known is arg or _key(known) == _key(arg)


def _affine(members: dict[int, Node]) -> bool:
    """Is each number of an index the same at all times, or t plus a number at all?

    x[-1] at t = 0 and x[0] at t = 1 are no slice: entries from the end stay apart.
    """
    some = next(iter(members.values()))
    if not some.options or "index" not in some.options:
        return True
    times = sorted(members)
    numbers = [_numbers(members[t]) for t in times]
    moved = [t - times[0] for t in times]
    for first, *others in zip(*numbers, strict=True):
        steps = [number - first for number in (first, *others)]
        if any(steps) and (steps != moved or first < 0):
            return False
    return True


def _numbers(node: Node) -> list[int]:
    index: Any = node.options["index"]
    parts = index if isinstance(index, tuple) else (index,)
    return [int(p) for p in parts if _is_int(p)]


def _continued(
    classes: list[_Class], place: dict[int, _Place], ends: dict[_Place, Any]
) -> bool:
    """Continue a sum to a step at which it has other terms: a = a + 0.

    At the last step nothing comes back from the next. Where all other steps read the
    sum of both, that step reads what is left, and a zero stands for what is missing, or
    whatever is added there and nowhere else.
    """
    for (cls, t), value in ends.items():
        some = next(iter(cls.members.values()))
        if some.op is not total or not isinstance(value, Node):
            continue
        terms = _terms(cls, t, value, place)
        if terms is None:
            continue
        number = value.number + 0.5  # after its terms, before who reads it
        made = Node(
            total, terms, {}, some.shape, some.dtype, some.role, t, number=number
        )
        made.name = some.name
        for each in classes:
            for time, node in [*each.members.items()]:
                for k, pattern in enumerate(each.patterns):
                    is_read = isinstance(pattern, tuple) and node.args[k] is value
                    if is_read and pattern == (cls, t - time):
                        node.args = (*node.args[:k], made, *node.args[k + 1 :])
        cls.members[t] = made
        return True
    return False


def _terms(
    cls: _Class, t: int, value: Node, place: dict[int, _Place]
) -> tuple[Any, ...] | None:
    """Return the terms of a sum at t that is this value; None if it cannot be."""
    is_sum = value.op is total and id(value) not in place
    left = [*value.args] if is_sum else [value]
    terms: list[Any] = []
    for pattern in cls.patterns:
        if not isinstance(pattern, _Place):
            return None
        wanted = (pattern[0], t + pattern[1])
        found = [each for each in left if place.get(id(each)) == wanted]
        if not found and wanted[1] in pattern[0].members:
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
            shape, number = value.shape, value.number + 0.25
            terms[k] = Node(total, tuple(left), {}, shape, value.dtype, number=number)
    for k in missing:
        terms[k] = 0.0
    return tuple(terms)


# ----------------------------------------------------------------------- nodes to lines


def _lines(
    outputs: list[Node], place: dict[int, _Place], ends: dict[_Place, Any]
) -> tuple[list[Line], list[Ref]]:
    """Make a line of each class, and of each node that is in none."""
    lines: dict[int, Line] = {}
    found: list[Line] = []

    def line(node: Node) -> Line:
        at = place.get(id(node))
        key = id(at[0]) if at else id(node)
        if key not in lines:
            made = Line(node.op, [], node.options, node.shape, node.dtype)
            made.source, made.name = node.source, node.name
            lines[key] = made
            found.append(made)
        return lines[key]

    def ref(arg: Any, of: Any = None) -> Any:
        """Return what is read outside of time; arrays that are multiplied are lines."""
        if isinstance(arg, Array) and arg.ndim and isinstance(of, Primitive):
            if of.is_elementwise:
                return arg
            if id(arg) not in lines:
                lines[id(arg)] = Line(None, [], {}, arg.shape, arg.dtype)
                lines[id(arg)].source = arg
                found.append(lines[id(arg)])
            return Ref(lines[id(arg)])
        if not isinstance(arg, Node):
            return arg
        at = place.get(id(arg))
        return Ref(line(arg), at=at[1]) if at else Ref(line(arg))

    for node in in_order(outputs):
        made, at = line(node), place.get(id(node))
        if at is None:
            made.args = [ref(arg, node.op) for arg in node.args]
            made.values = {None: node.value}
            continue
        if made.times is not None:
            made.values[at[1]] = node.value
            continue
        cls = at[0]
        made.times = range(min(cls.members), max(cls.members) + 1)
        made.values[at[1]] = node.value
        made.options = _in_time(cls)
        for k, pattern in enumerate(cls.patterns):
            if isinstance(pattern, str):
                arrays = [cls.members[t].args[k] for t in made.times]
                constant = Line(None, [], {}, arrays[0].shape, arrays[0].dtype)
                constant.source, constant.times = np.stack(arrays), made.times
                found.append(constant)
                made.args.append(Ref(constant, shift=0))
            elif isinstance(pattern, _Place):
                some = next(iter(pattern[0].members.values()))
                made.args.append(Ref(line(some), shift=pattern[1]))
            else:
                made.args.append(ref(pattern, node.op))
    for (cls, t), value in ends.items():
        some = next(iter(cls.members.values()))
        if id(cls) in lines:
            line(some).ends[t] = ref(value)
    return found, [ref(each) for each in outputs]


def _in_time(cls: _Class) -> Options:
    """Return the options of a class, with `Moving` where the entry moves with t."""
    first, last = min(cls.members), max(cls.members)
    options = cls.members[first].options
    if not options or "index" not in options or first == last:
        return options
    index: Any = options["index"]
    others: Any = cls.members[last].options["index"]
    if not isinstance(index, tuple):
        index, others = (index,), (others,)
    parts = tuple(
        Moving(int(a) - first) if _is_int(a) and a != b else a
        for a, b in zip(index, others, strict=True)
    )
    return {**options, "index": parts}
