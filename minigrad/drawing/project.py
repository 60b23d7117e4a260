"""From groups of tape entries to a picture: clusters, nodes and arrows.

    cluster    what was recorded in one scope: a part of the model, a time step
    arrow      a value goes from the group that made it to a group that uses it
    tap        a leaf used in several clusters is drawn once in each, dashed: one node
               with an arrow to every time step is what ruins a layout
    constant   numbers and plain arrays among the arguments are in their user's label

A picture knows nothing of colours or of DOT. Its ids are generated from positions on
the tape, so the same program gives the same picture in every process.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from minigrad.context import Scope
from minigrad.drawing.view import FOLDED, LAYER, label, tooltip
from minigrad.drawing.words import (
    Label,
    is_infix,
    leaf_label,
    name_of,
    order_matters,
    shape_text,
    tooltip_of,
)
from minigrad.parameter import Parameter
from minigrad.primitive import Linear, Primitive
from minigrad.structure.consumers import weights
from minigrad.structure.loops import times
from minigrad.structure.parts import DENSE, FUNCTION, JOIN, SEVERAL, Part
from minigrad.tape import Tape
from minigrad.tensor import Tensor


@dataclass(frozen=True)
class Node:
    """One shape of the picture; `tap` marks a leaf that is drawn elsewhere too."""

    id: str
    kind: str
    label: Label
    tooltip: str
    tap: bool = False
    output: bool = False
    entries: tuple[Tensor, ...] = field(default=(), compare=False)

    @property
    def held(self) -> tuple[Tensor, ...]:
        """Return what stands there; a box keeps its Parameters to itself."""
        boxed = self.kind in (DENSE, SEVERAL, FOLDED, LAYER)
        return (*(weights(self.entries) if boxed else ()), *self.entries)


@dataclass(frozen=True)
class Arrow:
    """A value on its way: its shape, and which operand it is where that matters."""

    tail: str
    head: str
    shape: str
    operand: str
    tooltip: str
    read: tuple[Tensor, ...] = field(default=(), compare=False)  # the value, its user

    @property
    def label(self) -> str:
        """Return what stands on it; a number needs no shape."""
        shape = "" if self.shape == "()" else self.shape
        return ": ".join(word for word in (self.operand, shape) if word)


@dataclass
class Cluster:
    """A frame around what was recorded in one scope."""

    scope: Scope
    nodes: list[Node] = field(default_factory=list)
    clusters: dict[str | int, Cluster] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Node]:
        """Yield the nodes inside, at every depth."""
        yield from self.nodes
        for inner in self.clusters.values():
            yield from inner

    def frames(self) -> Iterator[Cluster]:
        """Yield the clusters inside, at every depth."""
        for inner in self.clusters.values():
            yield inner
            yield from inner.frames()


class Picture:
    """The projection of a tape under a grouping; `notes` say what was folded."""

    def __init__(self, tape: Tape, groups: list[Part], notes: tuple[str, ...] = ()):
        self.tape = tape
        self.root = Cluster(())
        self.arrows: list[Arrow] = []
        self.notes = notes
        self._place = {entry: i for i, entry in enumerate(tape)}
        self._owner = {entry: group for group in groups for entry in group.entries}
        self._outputs = set(tape.outputs)
        self._users = self._scopes_using_leaves(groups)
        self._ids = {group: f"n{self._place[group.entries[0]]}" for group in groups}
        self._taps: dict[Tensor, dict[Scope, str]] = {}
        self._folded: set[tuple[str, str, str, str]] = set()
        for group in groups:
            self._draw(group)
        for output in tape.outputs:
            known = output in self._owner or output in self._taps
            if output.primitive is None and not known:
                self._tap(output, output.scope)
        self.nodes = list(self.root)
        self.primitives = _rows_shown(groups)

    def _scopes_using_leaves(self, groups: list[Part]) -> dict[Tensor, set[Scope]]:
        users: dict[Tensor, set[Scope]] = {}
        for group in groups:
            for entry in group.entries:
                for arg in entry.args:
                    if isinstance(arg, Tensor) and arg not in self._owner:
                        users.setdefault(arg, set()).add(group.scope)
        return users

    def _draw(self, group: Part) -> None:
        output = not self._outputs.isdisjoint(group.entries)
        node = Node(
            self._ids[group],
            group.kind,
            label(group),
            tooltip(group, self._place),
            output=output,
            entries=group.entries,
        )
        self._cluster(group.scope).nodes.append(node)
        for entry in group.entries:
            drawn = [a for a in entry.args if self._is_drawn(a, group)]
            operands = (
                operand_numbers(entry) if len(drawn) > 1 else [""] * len(entry.args)
            )
            for i, arg in enumerate(entry.args):
                if isinstance(arg, Tensor):
                    self._draw_arrow(arg, group, operands[i], entry)

    def _is_drawn(self, value: object, user: Part) -> bool:
        """Does an arrow lead there? Boxes keep their Parameters to themselves."""
        if not isinstance(value, Tensor) or self._owner.get(value) is user:
            return False
        closed = user.kind in (DENSE, LAYER, SEVERAL)
        return not (closed and isinstance(value, Parameter))

    def _draw_arrow(
        self, value: Tensor, user: Part, operand: str, entry: Tensor
    ) -> None:
        maker = self._owner.get(value)
        if maker is user and user.kind != LAYER:
            return
        shape, head = shape_text(value), self._ids[user]
        words = f"{name_of(value, self._place)} {shape}"
        read = value, entry
        if maker is user:
            then, now = _time(value), _time(entry)
            if then and now and then != now:
                name = value.name or "state"
                to = "t + 1" if max(now) > max(then) else "t − 1"
                self._return(Arrow(head, head, shape, name, words, read), to)
        elif maker is None:  # folded steps and boxes keep their leaves to themselves
            if user.kind != FOLDED and self._is_drawn(value, user):
                tail = self._tap(value, user.scope)
                arrow = Arrow(tail, head, "", operand, words, read)
                if user.kind in (LAYER, FUNCTION):
                    self._once(replace(arrow, operand=""))
                else:
                    self.arrows.append(arrow)
        else:
            tail = self._ids[maker]
            closed = user.kind in (FOLDED, LAYER, SEVERAL, FUNCTION)
            if {FOLDED, LAYER} & {user.kind, maker.kind} or closed:
                made = sum(
                    self._owner.get(a) is maker
                    for a in entry.args
                    if isinstance(a, Tensor)
                )
                alone = made == 1 and not closed
                where = operand if alone else ""
                self._once(Arrow(tail, head, shape, where, words, read))
            else:
                self.arrows.append(Arrow(tail, head, shape, operand, words, read))

    def _return(self, arrow: Arrow, to: str) -> None:
        """Draw one arrow from a recurrent layer to itself for all that it carries."""
        for i, other in enumerate(self.arrows):
            if (other.tail, other.head) == (arrow.tail, arrow.head):
                names = other.operand.removesuffix(f" to {to}").split(", ")
                names = list(dict.fromkeys([*names, arrow.operand]))
                self.arrows[i] = replace(other, operand=f"{', '.join(names)} to {to}")
                return
        self.arrows.append(replace(arrow, operand=f"{arrow.operand} to {to}"))

    def _once(self, arrow: Arrow) -> None:
        """Draw one arrow for those of all the steps that were folded."""
        key = arrow.tail, arrow.head, arrow.operand, arrow.shape
        if key not in self._folded:
            self._folded.add(key)
            self.arrows.append(arrow)

    def _tap(self, leaf: Tensor, scope: Scope) -> str:
        """Draw a leaf beside its user, unless it is there; return its id."""
        taps = self._taps.setdefault(leaf, {})
        if scope in taps:
            return taps[scope]
        shared = len(self._users.get(leaf, ())) > 1
        kind = "parameter" if isinstance(leaf, Parameter) else "input"
        id = f"n{self._place[leaf]}" + (f"_{len(taps) + 1}" if shared else "")
        taps[scope] = id
        made_around = leaf.scope == scope[: len(leaf.scope)]
        if kind == "input" and made_around and not shared:
            scope = leaf.scope
        self._cluster(scope).nodes.append(
            Node(
                id,
                kind,
                leaf_label(leaf),
                tooltip_of(leaf, self._place),
                tap=shared,
                output=leaf in self._outputs,
                entries=(leaf,),
            )
        )
        return id

    def _cluster(self, scope: Scope) -> Cluster:
        cluster = self.root
        for depth, part in enumerate(scope, start=1):
            cluster = cluster.clusters.setdefault(part, Cluster(scope[:depth]))
        return cluster


def _time(entry: Tensor) -> set[int]:
    return set(times(entry.scope))


def _rows_shown(groups: list[Part]) -> list[Primitive]:
    """Return the rows whose symbol a node shows, in the order of the tape."""
    return list(
        dict.fromkeys(
            entry.primitive
            for group in groups
            if group.kind != JOIN  # it is drawn as a mark
            for entry in group.entries
            if entry.primitive and entry.primitive.symbol == label(group).symbol
        )
    )


def operand_numbers(entry: Tensor) -> list[str]:
    """Return "1", "2", ... for arguments that may not be swapped, where in doubt.

    There is none with one arrow, and none in W v, where one operand is a Parameter.
    """
    primitive, args = entry.primitive, entry.args
    drawn = [arg for arg in args if isinstance(arg, Tensor)]
    if len(drawn) < 2 or primitive is None or not order_matters(primitive):
        return [""] * len(args)
    vectors = sum(not isinstance(arg, Parameter) for arg in drawn)
    if vectors < 2 and isinstance(primitive, Linear) and not is_infix(primitive):
        return [""] * len(args)
    return [str(i) for i in range(1, len(args) + 1)]
