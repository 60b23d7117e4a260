"""The picture as DOT text: what it looks like.

The text needs no renderer and is the same, byte for byte, in every process. Three
habits keep all engines in agreement, from Graphviz 2.43 to its ports: colours are
#rrggbb; shapes are plain and have sizes of our own choosing, for ports guess the width
of a σ; ids are generated, and a user's text goes through `safe.py`.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from minigrad.context import path
from minigrad.drawing.canvas import canvas
from minigrad.drawing.estimate import Size, ranks, size_of_ranks
from minigrad.drawing.legend import legend
from minigrad.drawing.project import Arrow, Cluster, Node, Picture
from minigrad.drawing.safe import plain, rich, shortened, size, tooltip_text
from minigrad.drawing.styles import MUTED, PART, STYLES, Style, frame_style
from minigrad.drawing.view import FOLDED
from minigrad.structure.parts import DENSE
from minigrad.tensor import Tensor

if TYPE_CHECKING:
    import graphviz


MARK = 0.11  # inches: the side of a small square
NODES, RANKS = 0.16, 0.3  # inches between nodes of a rank, and between ranks


class Graph:
    """A picture whose nodes Graphviz places, to the right or, upright, downwards."""

    def __init__(self, picture: Picture, upright: bool = False) -> None:
        self.picture, self.upright = picture, upright
        self.nodes, self.edges = picture.nodes, picture.arrows
        self.in_time = sorted(_in_time(picture))
        arrows = [(arrow.tail, arrow.head, arrow.label) for arrow in picture.arrows]
        left_of = [(tail, head) for tail, head, _ in arrows]
        left_of += [] if upright else self.in_time
        rank = ranks([node.id for node in picture.nodes], left_of)
        apart = 72 * RANKS, 72 * NODES
        self.bare = size_of_ranks(picture.root, rank, node_size, arrows, apart, upright)
        self.gates = list(gates(picture, rank))

    @property
    def held(self) -> dict[str, tuple[Tensor, ...]]:
        """Return what stands at each node: entries of the tape."""
        return {node.id: node.held for node in self.nodes}

    def size(self, with_legend: bool = True) -> Size:
        """Return about how wide and high it will be, in points."""
        if not with_legend:
            return self.bare
        wide, high = legend(self.picture, self.bare[0]).size()
        return max(self.bare[0], wide), self.bare[1] + high

    def dot_text(self, title: str, with_legend: bool = True) -> str:
        """Return the DOT text."""
        picture = self.picture
        look = {"rankdir": "TB" if self.upright else "LR"}
        look |= {"nodesep": f"{NODES:g}", "ranksep": f"{RANKS:g}"}
        graph = canvas(title, {"arrowsize": ".6"}, **look, newrank="true")
        if with_legend:
            table = legend(picture, self.bare[0]).table()
            graph.attr(label=table, labelloc="b")
        frames = enumerate(picture.root.frames())
        ids = {frame.scope: f"cluster_{i}" for i, frame in frames}
        gates = [each[::-1] for each in self.gates] if self.upright else self.gates
        _write_cluster(graph, picture.root, ids, gates, self.upright)
        step = _steps(picture.root)
        for arrow in picture.arrows:
            _write_arrow(graph, arrow, step.get(arrow.tail) != step.get(arrow.head))
        for tail, head in () if self.upright else self.in_time:
            graph.edge(tail, head, style="invis")
        return str(graph.source)


def gates(picture: Picture, rank: Mapping[str, int]) -> Iterator[list[str]]:
    """Yield the gates that read one value: f, i, c~, o, in the order of the tape."""
    kinds = {node.id: node.kind for node in picture.nodes}
    trained = {
        arrow.head for arrow in picture.arrows if kinds[arrow.tail] == "parameter"
    }
    readers: dict[tuple[str, int], dict[str, None]] = {}
    for arrow in picture.arrows:
        if kinds[arrow.head] == DENSE or arrow.head in trained:
            readers.setdefault((arrow.tail, rank[arrow.head]), {})[arrow.head] = None
    found = {tuple(each) for each in readers.values() if len(each) > 1}
    yield from map(list, sorted(found))


def write_order(graph: graphviz.Digraph, gates: Sequence[str]) -> None:
    """Let gates stand below each other in this order.

    Graphviz keeps nodes of one rank in order if they are in one frame, from below; of
    frames it only avoids that lines cross. So from a row of invisible points invisible
    lines lead to the gates: several, for one would rather be crossed than a visible.
    """
    points = [f"o{id}" for id in reversed(gates)]
    with graph.subgraph() as row:
        row.attr(rank="same")
        row.attr("node", shape="point", width=".01", style="invis")
        row.attr("edge", style="invis")
        for lower, upper in itertools.pairwise(points):
            row.edge(lower, upper)
    for point in points * 3:
        graph.edge(point, point[1:], style="invis")


def _steps(root: Cluster) -> dict[str, Any]:
    """Return the time step that each node stands in."""
    return {
        node.id: frame.scope
        for frame in root.frames()
        if _is_time(frame)
        for node in frame
    }


def _in_time(picture: Picture) -> Iterator[tuple[str, str]]:
    """Yield pairs of nodes, first left of second, that keep time from left to right.

    An input of step t depends on nothing, so it could stand below step t-1; the two
    frames would overlap, and Graphviz would move one down: a staircase. So what ends
    step t-1 is put before whatever begins step t. Folded steps are a step here, and so
    are the layers of a Sequential: innermost parts, each fed by the one before.
    """
    readers: dict[str, set[str]] = {node.id: set() for node in picture.nodes}
    for arrow in picture.arrows:
        readers[arrow.tail].add(arrow.head)
    reached = set().union(*readers.values())
    for frame in [picture.root, *picture.root.frames()]:
        inner = [each for each in frame.clusters.values() if _is_step(each)]
        steps = [{node.id for node in each} for each in inner]
        folded = [{node.id} for node in frame.nodes if node.kind == FOLDED]
        pairs = [*itertools.pairwise(steps), *itertools.product(folded, steps)]
        for before, after in pairs:
            carried = not all(readers[id].isdisjoint(after) for id in before)
            back = not all(readers[id].isdisjoint(before) for id in after)
            if back or not carried:
                continue
            ends = [id for id in before if readers[id].isdisjoint(before)]
            yield from itertools.product(ends, after - reached)


def _is_step(frame: Cluster) -> bool:
    return _is_time(frame) or not frame.clusters


def _write_cluster(
    graph: graphviz.Digraph,
    cluster: Cluster,
    ids: Any,
    gates: list[list[str]],
    upright: bool,
) -> None:
    inside = [found for found in gates if _holds(cluster, found)]
    for found in inside:
        if not any(_holds(inner, found) for inner in cluster.clusters.values()):
            write_order(graph, found)
    for node in cluster.nodes:
        write_node(graph, node)
    within = list(cluster.clusters.values())
    for inner in within if upright else within[::-1]:  # as ranks are filled
        title, inner = _unwrapped(inner)
        style = frame_style(inner)
        with graph.subgraph(name=ids[inner.scope]) as frame:
            frame.attr(
                label=plain(title),
                tooltip=tooltip_text(path(inner.scope)),
                style="rounded,filled",
                fillcolor=style.fill,
                color=style.border,
                fontcolor=MUTED if style is PART else style.border,
                labelloc="t",
                labeljust="c",
                margin="7",
            )
            _write_cluster(frame, inner, ids, inside, upright)


def _holds(frame: Cluster, nodes: Sequence[str]) -> bool:
    return {node.id for node in frame}.issuperset(nodes)


def _unwrapped(frame: Cluster) -> tuple[str, Cluster]:
    """Return the title of a frame, and what stands in it.

    Parts around nothing but a part would be a staircase: one says all their titles.
    A time step keeps its frame, whose colour says that it is one.
    """
    titles = [_title(frame)]
    while not frame.nodes and len(frame.clusters) == 1:
        (only,) = frame.clusters.values()
        if _is_time(frame) or _is_time(only):
            break
        frame = only
        titles.append(_title(frame))
    return " / ".join(titles), frame


def _is_time(frame: Cluster) -> bool:
    return isinstance(frame.scope[-1], int)


def _title(frame: Cluster) -> str:
    label = frame.scope[-1]
    return f"t = {label}" if isinstance(label, int) else shortened(label)


def node_size(node: Node) -> Size:
    """Return how wide and high a node is, in points."""
    style = STYLES[node.kind]
    wide, high = (MARK, MARK) if style.is_mark else size(node.label, style.shape)
    return 72 * wide, 72 * high


def write_node(graph: graphviz.Digraph, node: Node) -> None:
    """Write a node as its kind looks, of the size of its words."""
    style = STYLES[node.kind]
    if style.is_mark:
        _write_mark(graph, node, style)
        return
    wide, high = size(node.label, style.shape)
    look = {
        "shape": style.shape,
        "style": "filled" if style.shape == "ellipse" else "rounded,filled",
        "fillcolor": style.fill,
        "color": style.border,
        "width": f"{wide:.2f}",
        "height": f"{high:.2f}",
    }
    if node.tap:
        look["style"] += ",dashed"
    if node.output:
        look["penwidth"] = "2.4"
    if node.kind == FOLDED:
        look["peripheries"] = "2"
    graph.node(
        node.id, label=rich(node.label), tooltip=tooltip_text(node.tooltip), **look
    )


def _write_mark(graph: graphviz.Digraph, node: Node, style: Style) -> None:
    graph.node(
        node.id,
        label="",
        tooltip=tooltip_text(node.tooltip),
        shape="square",
        style="filled",
        fillcolor=style.fill,
        color=style.border,
        width=f"{MARK:g}",
        height=f"{MARK:g}",
    )


def _write_arrow(graph: graphviz.Digraph, arrow: Arrow, carried: bool) -> None:
    tooltip = tooltip_text(arrow.tooltip)
    look = {"tooltip": tooltip}
    if arrow.label:
        look.update(label=plain(arrow.label), labeltooltip=tooltip)
    if carried or not arrow.shape:  # keep time straight and leaves close
        look["weight"] = "5"
    graph.edge(arrow.tail, arrow.head, **look)
