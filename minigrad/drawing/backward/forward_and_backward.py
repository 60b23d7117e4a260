"""Forward and backward: beside every value of the tape stands its cotangent.

    forward     what ran, from left to right: the tape
    backward    the cotangents, from right to left: q_bar for every q of the tape

An arrow of the way back says by which factor the cotangent is multiplied, as `derive`
writes it; without words it is passed on as it is. Where a value was read several times
its contributions are added: Σ. A Parameter that several time steps read stands beside
each of them, and so do the parts of its gradient. Single numbers are said, values and
cotangents. A gradient is shown once `backward()` has put it there; until then the
picture says "not yet", and never a zero.

Graphviz places it all: q and q_bar share a rank, and an arrow of the way back is one of
the way forward, drawn with its tip at the other end. A long tape is folded as in the
view op (`fold.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from minigrad.drawing.backward.cotangents import Cotangents
from minigrad.drawing.canvas import canvas
from minigrad.drawing.dot import gates, node_size, write_node, write_order
from minigrad.drawing.estimate import Size, ranks, size_of_ranks
from minigrad.drawing.legend import Legend, marks, of_kinds, sign, swatch
from minigrad.drawing.project import Arrow, Cluster, Node, Picture
from minigrad.drawing.safe import plain, rich, size, tooltip_text, with_names
from minigrad.drawing.styles import BACKWARD, MUTED, PART
from minigrad.drawing.view import FOLDED, LAYER
from minigrad.drawing.words import Label, number
from minigrad.structure.parts import DENSE, FUNCTION
from minigrad.tensor import Tensor

if TYPE_CHECKING:
    import graphviz

    from minigrad.drawing.backward.chain_rule import Factors

NODES, RANKS = 0.12, 0.22  # inches between nodes of a rank, and between ranks


class ForwardAndBackward:
    """A picture and its way back, as DOT text.

    nodes    the ids, of values and of cotangents; back: those of cotangents
    edges    pairs of ids, and what the arrow says
    held     whose value or cotangent stands at a node: entries of the tape
    """

    def __init__(self, picture: Picture, upright: bool = False) -> None:
        from minigrad.drawing.backward.chain_rule import factors

        self.picture, self.upright = picture, upright
        self.by_id = {node.id: node for node in picture.nodes}
        self.cotangents = Cotangents(picture.tape, picture.nodes)
        self.factors: Factors = factors(picture.tape)
        ids = [(node, id) for node in picture.nodes for id in (node.id, _back(node.id))]
        self.held = {id: node.held for node, id in ids}
        self.nodes = [*self.held]
        self.back = [_back(node.id) for node in picture.nodes]
        self.forward = list(picture.arrows)
        self.backward = [
            (_back(arrow.head), _back(arrow.tail), self._says(arrow, k))
            for arrow, k in _numbered(picture.arrows)
        ]
        self.edges = [(a.tail, a.head, a.operand) for a in self.forward]
        self.edges += self.backward
        self.notes = list(self._notes())

    def _says(self, arrow: Arrow, k: int) -> str:
        """Return the factor on the way back; it is nothing where all is passed on."""
        head = self.by_id[arrow.head]
        if arrow.tail == arrow.head:
            return arrow.operand.replace(" to t", " from t")
        if head.kind in (FOLDED, LAYER, FUNCTION):
            return f"through {head.label.symbol}" if head.kind == FUNCTION else "…"
        value, reader = arrow.read
        return ", ".join(self.factors.along(head.entries, value, reader, k))

    def _notes(self) -> Iterable[str]:
        if not all(says for _, _, says in self.backward):
            yield "an orange arrow without words: the cotangent is passed on as it is"
        yield from self.picture.notes
        if not all(map(self.cotangents.is_total, self.picture.nodes)):
            yield (
                "a Parameter stands beside each of its readers: each has a part of its "
                "gradient, and at one of them all parts are added"
            )

    def size(self, with_legend: bool = True) -> Size:
        """Return about how wide and high it will be, in points.

        What ran and its cotangents are two frames above or beside each other.
        """
        wide, high = self._bare
        if not with_legend:
            return wide, high
        across, tall = self._legend().size()
        return max(wide, across), high + tall

    @cached_property
    def _rank(self) -> dict[str, int]:
        read = [(arrow.tail, arrow.head) for arrow in self.forward]
        return ranks([node.id for node in self.picture.nodes], read)

    @cached_property
    def _bare(self) -> Size:
        twins = {node.id: self._cotangent_size(node) for node in self.picture.nodes}

        def wider(node: Node) -> Size:
            said = node_size(
                replace(node, label=_value_label(node, self.cotangents.place))
            )
            return max(said[0], twins[node.id][0]), said[1]

        flat = Cluster((), nodes=self.picture.nodes)
        words = [
            (arrow.tail, arrow.head, max(arrow.operand, says, key=len))
            for arrow, (_, _, says) in zip(self.forward, self.backward, strict=True)
        ]
        rank, apart = self._rank, (72 * RANKS, 72 * NODES)
        halves = wider, lambda node: twins[node.id]
        one, other = (
            size_of_ranks(flat, rank, size, words, apart, self.upright)
            for size in halves
        )  # two frames with titles, and air
        if self.upright:
            return one[0] + other[0] + 45, max(one[1], other[1]) + 40
        return one[0], one[1] + other[1] + 85

    def _cotangent_size(self, node: Node) -> Size:
        wide, high = size(self.cotangents.label(node), "ellipse")
        return 72 * wide, 72 * high

    # -------------------------------------------------------------------- as DOT text

    def dot_text(self, title: str, with_legend: bool = True) -> str:
        """Return the DOT text."""
        look = {"rankdir": "TB" if self.upright else "LR"}
        look |= {"nodesep": f"{NODES:g}", "ranksep": f"{RANKS:g}"}
        graph = canvas(title, {"arrowsize": ".6"}, **look, newrank="true")
        if with_legend:
            graph.attr(label=self._legend().table(), labelloc="b")
        with self._half(graph, "backward") as half:
            for node in self.picture.nodes:
                self._write_cotangent(half, node)
        place = self.cotangents.place
        with self._half(graph, "forward") as half:
            for found in gates(self.picture, self._rank):
                write_order(half, found[::-1] if self.upright else found)
            for node in self.picture.nodes:
                write_node(half, replace(node, label=_value_label(node, place)))
        for node in self.picture.nodes:
            with graph.subgraph() as beside:
                beside.attr(rank="same")
                beside.node(node.id)
                beside.node(_back(node.id))
        for arrow in self.forward:
            tooltip = tooltip_text(f"{arrow.tooltip}")
            words = {"label": plain(arrow.operand)} if arrow.operand else {}
            graph.edge(arrow.tail, arrow.head, tooltip=tooltip, **words)
        for tail, head, says in self.backward:
            self._write_back(graph, tail, head, says)
        return str(graph.source)

    @contextmanager
    def _half(self, graph: graphviz.Digraph, name: str) -> Iterator[graphviz.Digraph]:
        with graph.subgraph(name=f"cluster_{list(_HALVES).index(name)}") as half:
            half.attr(
                label=name,
                tooltip=_HALVES[name],
                style="rounded,filled",
                fillcolor=PART.fill,
                color=PART.border,
                fontcolor=MUTED,
                labeljust="l",
                labelloc="t",
                margin="7",
            )
            yield half

    def _write_cotangent(self, graph: graphviz.Digraph, node: Node) -> None:
        label = self.cotangents.label(node)
        wide, high = (points / 72 for points in self._cotangent_size(node))
        graph.node(
            _back(node.id),
            rich(label),
            shape="ellipse",
            style="filled,dashed",
            fillcolor=BACKWARD.fill,
            color=BACKWARD.border,
            width=f"{wide:.2f}",
            height=f"{high:.2f}",
            tooltip=tooltip_text(self.cotangents.tooltip(node)),
        )

    def _write_back(
        self, graph: graphviz.Digraph, tail: str, head: str, says: str
    ) -> None:
        words = {"label": f"<{with_names(says)}>"} if says else {}
        graph.edge(
            head, tail, dir="back", color=BACKWARD.border, style="dashed",
            tooltip=tooltip_text(says or "as it is"), **words,
        )  # fmt: skip

    def _names(self) -> Iterator[str]:
        """Yield what the values are called."""
        for node in self.picture.nodes:
            yield _value_label(node, self.cotangents.place).name

    def _legend(self) -> Legend:
        nodes = self.picture.nodes
        entries = of_kinds({node.kind for node in nodes})
        dashed = swatch(BACKWARD.fill, BACKWARD.border, dashed=True)
        entries.append((dashed, BACKWARD.legend))
        entries += marks(self.picture)
        if any("[axis" in says for _, _, says in self.backward):
            entries.append((sign("axis 1"), "the first axis, as in equations"))
        if any(NAMELESS.match(name) for name in self._names()):
            entries.append((sign("t₅"), "step 5 of the tape, which has no name"))
        said = {self.cotangents.label(node).remark.split("\n")[-1] for node in nodes}
        entries += [
            (sign(" "), f"{word}: {meaning}")
            for word, meaning in _WORDS.items()
            if word in said
        ]
        return Legend(entries, self.notes, self._bare[0])


NAMELESS = re.compile(r"t_\d+$")
_HALVES = {"forward": "what ran", "backward": "the chain rule, from the output on"}
_WORDS = {
    "given": "the cotangent that the way back begins with",
    "not yet": "backward() has not been called",
    "a part": "of a gradient that is added up elsewhere",
}


def _back(id: str) -> str:
    return f"b{id[1:]}"


def _value_label(node: Node, place: Mapping[Tensor, int]) -> Label:
    """Return what a value says: its name or place, and of a single number the number.

    What it was computed with says the view op.
    """
    entry = node.entries[-1]
    if entry.primitive is None or node.kind in (FOLDED, LAYER, DENSE):
        return node.label
    name = node.label.name or f"t_{place[entry]}"
    return Label(
        node.label.symbol, name, number(entry.data.item()) if entry.size == 1 else ""
    )


def _numbered(arrows: Iterable[Arrow]) -> Iterable[tuple[Arrow, int]]:
    """Yield each arrow, and which it is of those between its nodes."""
    seen: dict[tuple[str, str, object], int] = {}
    for arrow in arrows:
        key = arrow.tail, arrow.head, arrow.read
        seen[key] = seen.get(key, -1) + 1
        yield arrow, seen[key]
