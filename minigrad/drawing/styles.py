"""What each kind of node and frame looks like, and what the legend says of it.

A kind is told by more than its colour: linear rows are boxes, elementwise ones round.
"""

from __future__ import annotations

from typing import NamedTuple

from minigrad.drawing.project import Cluster
from minigrad.drawing.view import FOLDED, LAYER
from minigrad.structure.parts import DENSE, FUNCTION, JOIN, SEVERAL

RAISED = "raised"  # the kind of what could not be computed
INK, MUTED, PAPER = "#1b1b1b", "#55595e", "#ffffff"


class Style(NamedTuple):
    """The look of a kind, and its meaning in a few words."""

    fill: str
    border: str
    shape: str
    legend: str

    @property
    def is_mark(self) -> bool:
        """Is it a small sign without words, such as ■, instead of a shape?"""
        return len(self.shape) == 1


STYLES = {
    DENSE: Style("#ffeeaa", "#8a6d00", "box", "dense sub-layer with its own W, b"),
    "elementwise": Style("#f8cfe0", "#99215a", "ellipse", "elementwise primitive"),
    "linear": Style("#ffffff", "#1b1b1b", "box", "linear primitive"),
    LAYER: Style("#eaf4ec", "#3f6a47", "box", "layer, with all its time steps"),
    JOIN: Style("#1b1b1b", "#1b1b1b", "■", "vectors joined to one"),
    SEVERAL: Style("#f8cfe0", "#99215a", "box", "several primitives, as one"),
    FUNCTION: Style("#e8dcf5", "#6a3d9a", "box", "function, composed of primitives"),
    "parameter": Style("#ececec", "#8c8c8c", "box", "parameter"),
    "input": Style("#dbe7f6", "#2f5f96", "ellipse", "input, initial state"),
    RAISED: Style("#ffd7d2", "#b3001b", "box", "it raised here"),
    FOLDED: Style("#b4d4bc", "#3f6a47", "box", "folded: drawn as one"),
}
STEP = Style("#eaf4ec", "#3f6a47", "frame", "time step")
CELL = Style("#eaf4ec", "#3f6a47", "frame", "the cell, which ran once")
OUTSIDE_OF = Style("#dbe7f6", "#2f5f96", "ellipse", "input, state, output")
DELAY = Style("#ffffff", "#3f6a47", "box", "carried to the next time step")
NEURON = Style("#ffffff", "#8a6d00", "ellipse", "neuron: one entry of a dense layer")
PLUS, MINUS = "#0072b2", "#d55e00"  # Okabe and Ito 2008: told apart by everybody
COMMON = Style("#ececec", "#8c8c8c", "box", "in both cells")
NEW = Style("#cfe6f5", "#0072b2", "box", "only in the first")
MISSING = Style("#f7dcc8", "#d55e00", "box", "only in the second")
REWIRED = Style("#ececec", "#6a3d9a", "box", "in both, but reads something else")
BACKWARD = Style(
    "#ffffff", "#d55e00", "ellipse", "cotangent q̄ = ∂ output / ∂ q; Σ: a sum of several"
)
COPY = Style(INK, INK, "●", "one value, read several times")
PART = Style("#fbfbfb", "#b3b3b3", "frame", "part of the model")
GATE = Style("#fff6d0", "#8a6d00", "frame", "part with parameters")

DARK = {  # what each colour becomes on a dark page
    INK: "#e9e9e9",
    MUTED: "#a9afb5",
    PAPER: "#17191c",
    "white": "#17191c",
    "#f8cfe0": "#5a1f3c",
    "#99215a": "#ffb3d6",
    "#ececec": "#3a3d41",
    "#8c8c8c": "#9a9a9a",
    "#dbe7f6": "#1f3a5c",
    "#2f5f96": "#8db6e6",
    "#0072b2": "#56b4e9",
    "#d55e00": "#f09440",
    "#b4d4bc": "#2c4a35",
    "#eaf4ec": "#1d2b22",
    "#3f6a47": "#86b991",
    "#fbfbfb": "#1c1e21",
    "#b3b3b3": "#6a6e73",
    "#fff6d0": "#332c12",
    "#8a6d00": "#d9bb55",
    "#ffeeaa": "#4d4012",
    "#e8dcf5": "#3b2a55",
    "#6a3d9a": "#b79be0",
    "#cfe6f5": "#0d3b57",
    "#ffd7d2": "#5c1414",
    "#b3001b": "#ff8a80",
    "#f7dcc8": "#5c2a08",
}


def frame_style(frame: Cluster) -> Style:
    """A time step is green, a part with Parameters of its own (a gate) yellow."""
    if isinstance(frame.scope[-1], int):
        return STEP
    trained = any(node.kind == "parameter" for node in frame.nodes)
    return GATE if trained else PART
