"""The picture as DOT text: what it looks like.

The text needs no renderer and is the same, byte for byte, in every process. Three
habits keep all engines in agreement, from Graphviz 2.43 to its ports: colours are
#rrggbb; shapes are plain and have sizes of our own choosing, for ports guess the width
of a σ; ids are generated, and a user's text goes through `safe.py`.
"""

from __future__ import annotations

import html
import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from minigrad.context import path
from minigrad.drawing.project import Arrow, Cluster, Node, Picture
from minigrad.drawing.safe import (
    MEDIUM,
    SMALL,
    plain,
    printable,
    rich,
    shortened,
    size,
    width,
)
from minigrad.drawing.view import FOLDED

if TYPE_CHECKING:
    import graphviz

INK, MUTED, PAPER = "#1b1b1b", "#55595e", "#ffffff"


class Style(NamedTuple):
    """What a kind of node or frame looks like, and what the legend says of it."""

    fill: str
    border: str
    shape: str
    legend: str


STYLES = {
    "elementwise": Style("#f8cfe0", "#99215a", "ellipse", "elementwise primitive"),
    "linear": Style("#ffffff", "#1b1b1b", "box", "linear primitive"),
    "parameter": Style("#ececec", "#8c8c8c", "box", "parameter"),
    "input": Style("#dbe7f6", "#2f5f96", "ellipse", "input, initial state"),
    FOLDED: Style("#d3e8d7", "#4f7f58", "box", "folded time steps"),
}
STEP = Style("#eaf4ec", "#4f7f58", "frame", "time step")
PART = Style("#fbfbfb", "#b3b3b3", "frame", "part of the model")
GATE = Style("#fff6d0", "#8a6d00", "frame", "innermost part")


DARK = {  # what each colour becomes on a dark page
    INK: "#e9e9e9",
    MUTED: "#a9afb5",
    PAPER: "#17191c",
    "white": "#17191c",
    "#f8cfe0": "#5a1f3c",
    "#99215a": "#e58bb5",
    "#ececec": "#3a3d41",
    "#8c8c8c": "#9a9a9a",
    "#dbe7f6": "#1f3a5c",
    "#2f5f96": "#8db6e6",
    "#d3e8d7": "#2c4a35",
    "#eaf4ec": "#1d2b22",
    "#4f7f58": "#86b991",
    "#fbfbfb": "#1c1e21",
    "#b3b3b3": "#6a6e73",
    "#fff6d0": "#332c12",
    "#8a6d00": "#d9bb55",
}


def dot_text(picture: Picture, title: str, legend: bool = True) -> str:
    """Return the DOT text of a picture."""
    import graphviz

    graph = graphviz.Digraph("tape")
    graph.attr(
        "graph",
        rankdir="LR",
        fontname="Helvetica",
        fontsize=str(MEDIUM),
        nodesep=".16",
        ranksep=".3",
        newrank="true",
        bgcolor=PAPER,
        tooltip=plain(title),
    )
    graph.attr("node", fontname="Helvetica", fontcolor=INK, fixedsize="true")
    graph.attr(
        "edge",
        fontname="Helvetica",
        fontsize=str(SMALL),
        fontcolor=MUTED,
        color=INK,
        arrowsize=".6",
    )
    if legend:
        graph.attr(label=_legend(picture), labelloc="b")
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
        if isinstance(frame.scope[-1], int)
        for node in frame
    }


def _in_time(picture: Picture) -> Iterator[tuple[str, str]]:
    """Yield pairs of nodes, first left of second, that keep time from left to right.

    An input of step t depends on nothing, so it could stand below step t-1; the two
    frames would overlap, and Graphviz would move one down: a staircase. So what ends
    step t-1 is put before whatever begins step t. Folded steps are a step here.
    """
    arrows = [(arrow.tail, arrow.head) for arrow in picture.arrows]
    for frame in [picture.root, *picture.root.frames()]:
        inner = [each for key, each in frame.clusters.items() if isinstance(key, int)]
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


def _write_cluster(graph: graphviz.Digraph, cluster: Cluster, ids: Any) -> None:
    for node in cluster.nodes:
        _write_node(graph, node)
    for inner in cluster.clusters.values():
        style = frame_style(inner)
        label = inner.scope[-1]
        text = f"t = {label}" if isinstance(label, int) else shortened(label)
        with graph.subgraph(name=ids[inner.scope]) as frame:
            frame.attr(
                label=plain(text),
                tooltip=plain(path(inner.scope)),
                style="rounded,filled",
                fillcolor=style.fill,
                color=style.border,
                fontcolor=MUTED if style is PART else style.border,
                labelloc="t",
                labeljust="l",
                margin="7",
            )
            _write_cluster(frame, inner, ids)


def frame_style(cluster: Cluster) -> Style:
    """A time step is green, an innermost part (a gate) yellow, other parts are grey."""
    if isinstance(cluster.scope[-1], int):
        return STEP
    return PART if cluster.clusters else GATE


def _write_node(graph: graphviz.Digraph, node: Node) -> None:
    style = STYLES[node.kind]
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
    graph.node(node.id, label=rich(node.label), tooltip=plain(node.tooltip), **look)


def _write_arrow(graph: graphviz.Digraph, arrow: Arrow, carried: bool) -> None:
    tooltip = plain(arrow.tooltip)
    look = {"tooltip": tooltip}
    shape = "" if arrow.shape == "()" else arrow.shape  # a number needs no shape
    label = ": ".join(word for word in (arrow.operand, shape) if word)
    if label:
        look.update(label=plain(label), labeltooltip=tooltip)
    if carried or not arrow.shape:  # keep time straight and leaves close
        look["weight"] = "5"
    graph.edge(arrow.tail, arrow.head, **look)


# ------------------------------------------------------------------------ the legend


def _legend(picture: Picture) -> str:
    """Return a table: a swatch for every kind of node, and what was folded."""
    nodes = list(picture.root)
    kinds = {node.kind for node in nodes}
    styles = [style for kind, style in STYLES.items() if kind in kinds]
    frames = {frame_style(frame) for frame in picture.root.frames()}
    styles += [style for style in (STEP, PART, GATE) if style in frames]
    cells = [_swatch(style.fill, style.border, style.legend) for style in styles]
    if any(node.tap for node in nodes):
        cells.append(_swatch(PAPER, MUTED, "dashed: drawn at each use", dashed=True))
    if any(node.output for node in nodes):
        cells.append(_swatch(PAPER, INK, "heavy: the output", border=2))
    if any(arrow.operand for arrow in picture.arrows):
        cells.append(_entry("1, 2: order of operands"))
    wide = 10 if len(nodes) > 40 else 5 if len(nodes) > 8 else 3
    rows = ["".join(cells[i : i + wide]) for i in range(0, len(cells), wide)]
    rows = [f'<TABLE BORDER="0" CELLPADDING="1"><TR>{row}</TR></TABLE>' for row in rows]
    rows = [*(html.escape(printable(note)) for note in picture.notes), *rows]
    return (
        f'<<FONT POINT-SIZE="{SMALL}" COLOR="{MUTED}">'
        '<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="1">'
        + "".join(f"<TR><TD>{row}</TD></TR>" for row in rows)
        + "</TABLE></FONT>>"
    )


def _swatch(
    fill: str, color: str, text: str, border: int = 1, dashed: bool = False
) -> str:
    style = "rounded,dashed" if dashed else "rounded"
    return (
        f'<TD FIXEDSIZE="TRUE" WIDTH="20" HEIGHT="12" BORDER="{border}" '
        f'STYLE="{style}" COLOR="{color}" BGCOLOR="{fill}"></TD>{_entry(text)}'
    )


def _entry(text: str) -> str:
    room = round(width(text) * SMALL) + 10
    return f'<TD ALIGN="LEFT" WIDTH="{room}">{text}</TD>'
