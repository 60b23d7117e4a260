"""An empty graph: what every picture has in common, whoever places its nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from minigrad.drawing.safe import MEDIUM, SMALL, tooltip_text
from minigrad.drawing.styles import INK, MUTED, PAPER

if TYPE_CHECKING:
    import graphviz


def canvas(title: str, edges: dict[str, str], **look: str) -> graphviz.Digraph:
    """Return a graph without nodes; `edges` and `look` are attributes besides ours.

    >>> print(canvas("a title", {"arrowsize": ".6"}, rankdir="LR").source[:12])
    digraph tape
    """
    import graphviz

    graph = graphviz.Digraph("tape")
    own = {"fontname": "Helvetica", "fontsize": str(MEDIUM), "bgcolor": PAPER}
    graph.attr("graph", **look, **own, tooltip=tooltip_text(title))
    graph.attr("node", fontname="Helvetica", fontcolor=INK, fixedsize="true")
    words = {"fontname": "Helvetica", "fontsize": str(SMALL), "fontcolor": MUTED}
    graph.attr("edge", **words, color=INK, **edges)
    return graph
