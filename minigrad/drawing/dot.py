"""The picture as DOT text: what it looks like.

The text needs no renderer and is the same, byte for byte, in every process. Three
habits keep all engines in agreement, from Graphviz 2.43 to its ports: colours are
#rrggbb; shapes are plain and have sizes of our own choosing, for ports guess the width
of a σ; ids are generated, and a user's text goes through `safe.py`.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from minigrad.context import path
from minigrad.drawing.canvas import canvas
from minigrad.drawing.legend import legend
from minigrad.drawing.project import Arrow, Cluster, Node, Picture
from minigrad.drawing.safe import plain, pointed, rich, shortened, size
from minigrad.drawing.styles import MUTED, PART, STYLES, Style, frame_style
from minigrad.drawing.view import FOLDED

if TYPE_CHECKING:
    import graphviz


MARK = ".11"  # inches: the side of a small square


def dot_text(picture: Picture, title: str, with_legend: bool = True) -> str:
    """Return the DOT text of a picture."""
    graph = canvas(
        title,
        {"arrowsize": ".6"},
        rankdir="LR",
        nodesep=".16",
        ranksep=".3",
        newrank="true",
    )
    if with_legend:
        graph.attr(label=legend(picture), labelloc="b")
    ids = {frame.scope: f"cluster_{i}" for i, frame in enumerate(picture.root.frames())}
    _write_cluster(graph, picture.root, ids)
    step = _steps(picture.root)
    for arrow in picture.arrows:
        _write_arrow(graph, arrow, step.get(arrow.tail) != step.get(arrow.head))
    for tail, head in sorted(_in_time(picture)):
        graph.edge(tail, head, style="invis")
    return str(graph.source)


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
    arrows = [(arrow.tail, arrow.head) for arrow in picture.arrows]
    for frame in [picture.root, *picture.root.frames()]:
        inner = [each for each in frame.clusters.values() if _is_step(each)]
        steps = [{node.id for node in each} for each in inner]
        folded = [{node.id} for node in frame.nodes if node.kind == FOLDED]
        pairs = [*itertools.pairwise(steps), *itertools.product(folded, steps)]
        for before, after in pairs:
            carried = any(tail in before and head in after for tail, head in arrows)
            back = any(tail in after and head in before for tail, head in arrows)
            if back or not carried:
                continue
            go_on = {tail for tail, head in arrows if {tail, head} <= before}
            reached = {head for _, head in arrows if head in after}
            yield from itertools.product(before - go_on, after - reached)


def _is_step(frame: Cluster) -> bool:
    return _is_time(frame) or not frame.clusters


def _write_cluster(graph: graphviz.Digraph, cluster: Cluster, ids: Any) -> None:
    for node in cluster.nodes:
        write_node(graph, node)
    for inner in cluster.clusters.values():
        title, inner = _unwrapped(inner)
        style = frame_style(inner)
        with graph.subgraph(name=ids[inner.scope]) as frame:
            frame.attr(
                label=plain(title),
                tooltip=pointed(path(inner.scope)),
                style="rounded,filled",
                fillcolor=style.fill,
                color=style.border,
                fontcolor=MUTED if style is PART else style.border,
                labelloc="t",
                labeljust="c",
                margin="7",
            )
            _write_cluster(frame, inner, ids)


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
    graph.node(node.id, label=rich(node.label), tooltip=pointed(node.tooltip), **look)


def _write_mark(graph: graphviz.Digraph, node: Node, style: Style) -> None:
    graph.node(
        node.id,
        label="",
        tooltip=pointed(node.tooltip),
        shape="square",
        style="filled",
        fillcolor=style.fill,
        color=style.border,
        width=MARK,
        height=MARK,
    )


def _write_arrow(graph: graphviz.Digraph, arrow: Arrow, carried: bool) -> None:
    tooltip = pointed(arrow.tooltip)
    look = {"tooltip": tooltip}
    if arrow.says:
        look.update(label=plain(arrow.says), labeltooltip=tooltip)
    if carried or not arrow.shape:  # keep time straight and leaves close
        look["weight"] = "5"
    graph.edge(arrow.tail, arrow.head, **look)
