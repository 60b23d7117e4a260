"""A picture whose places are known: DOT text with a position for everything.

The layout named in the text itself, `nop2`, tells every engine to move nothing. So one
text gives one picture, in Graphviz and in its ports, and no option has to be passed.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence

from minigrad.drawing.canvas import canvas
from minigrad.drawing.curves import XY, curve, shortened, without_middle_points
from minigrad.drawing.legend import Entry, Legend, sign, swatch
from minigrad.drawing.safe import (
    MEDIUM,
    SMALL,
    plain,
    rich,
    tooltip_text,
    width,
    with_names,
)
from minigrad.drawing.styles import COPY, INK, MUTED, STYLES, Style
from minigrad.drawing.words import Label
from minigrad.tensor import Tensor

TIP = 8.0  # length of an arrow
RIM, AIR = 8.0, 2.0  # around a sheet; above and below its legend


class Sheet:
    """Frames, nodes and wires at their places, in points; y grows upwards.

    held   what stands at a node: entries of the tape, the one that leaves it last
    """

    def __init__(self, notes: Iterable[str] = ()) -> None:
        self.notes = list(notes)
        self.nodes: list[tuple[str, XY, tuple[float, float], dict[str, str]]] = []
        self.edges: list[tuple[str, str, dict[str, str]]] = []
        self.frames: list[tuple[XY, XY, dict[str, str]]] = []
        self.entries: dict[str, Entry] = {}
        self.held: dict[str, tuple[Tensor, ...]] = {}
        self.marks = 0
        self.ways: list[XY] = []  # where lines turn

    # ------------------------------------------------------------------ what is drawn

    def frame(
        self,
        low: XY,
        high: XY,
        style: Style,
        text: str = "",
        tooltip: str = "",
        right: bool = False,
    ) -> None:
        """Draw a frame between two corners; its text stands at the upper left one."""
        self._explain(style)
        name = _inline(text)
        look = {
            "bb": f"{_xy(low)},{_xy(high)}",
            "style": "rounded,filled",
            "fillcolor": style.fill,
            "color": style.border,
            "fontcolor": style.border,
            "label": f"<{name}>" if "<SUB>" in name else plain(text),
            "tooltip": tooltip_text(tooltip or text),
        }
        if text:
            aside = 8 + MEDIUM * width(text) / 2
            middle = high[0] - aside if right else low[0] + aside
            look["lp"] = _xy((middle, high[1] - 11))
        self.frames.append((low, high, look))

    def node(
        self,
        id: str,
        at: XY,
        size: tuple[float, float],
        kind: str | Style,
        label: Label,
        tooltip: str = "",
        **more: str,
    ) -> None:
        """Draw a node of a kind, around its place."""
        style = STYLES[kind] if isinstance(kind, str) else kind
        self._explain(style)
        box = style.shape != "ellipse"
        look = {
            "shape": "box" if box else "ellipse",
            "style": "filled",
            "fillcolor": style.fill,
            "color": style.border,
            "label": rich(label),
            "tooltip": tooltip_text(tooltip),
        }
        self.nodes.append((id, at, size, {**look, **more}))

    def dot(
        self, at: XY, tooltip: str = "", square: bool = False, tall: float = 0.0
    ) -> str:
        """Draw where a wire branches (round), or where several join (square, a bar)."""
        self.marks += 1
        id = f"d{self.marks}"
        style = COPY if not square else STYLES["join"]
        self._explain(style)
        side = 7.0 if square else 5.0
        self.nodes.append(
            (
                id,
                at,
                (side, side + tall),
                {
                    "shape": "box" if square else "circle",
                    "style": "filled",
                    "fillcolor": INK,
                    "color": INK,
                    "label": "",
                    "tooltip": tooltip_text(tooltip),
                },
            )
        )
        return id

    def text(self, id: str, left: XY, label: str) -> None:
        """Write a text that begins at a place, with names as in equations."""
        wide = SMALL * width(label.replace("_", "")) + 8
        self.nodes.append(
            (
                id,
                (left[0] + wide / 2, left[1]),
                (wide, SMALL * 1.4),
                {
                    "shape": "plaintext",
                    "fontsize": str(SMALL),
                    "fontcolor": MUTED,
                    "label": f"<{_inline(label) or chr(32)}>",
                },
            )
        )

    def wire(
        self,
        tail: str,
        head: str,
        points: Sequence[XY],
        tooltip: str = "",
        *,
        arrow: bool = True,
        sharp: Collection[XY] = (),
        hops: Collection[XY] = (),
        label: str = "",
        label_at: XY | None = None,
        back: bool = False,
        **more: str,
    ) -> None:
        """Draw a wire along points; its tip is at the last, if `back` at the first."""
        points = without_middle_points(points)
        self.ways += points
        end = points[-1]
        prefix = ""
        if back:
            tip = points[0]
            points = [shortened(points[1], tip, TIP), *points[1:]]
            prefix, more["dir"] = f"s,{_xy(tip)} ", "back"
        elif arrow:
            points = [*points[:-1], shortened(points[-2], end, TIP)]
            prefix = f"e,{_xy(end)} "
        look = {
            "pos": prefix + " ".join(map(_xy, curve(points, sharp, hops))),
            "tooltip": tooltip_text(tooltip),
        }
        if not arrow and not back:
            look["dir"] = "none"
        if label and label_at:
            wide = SMALL * width(label.replace("_", ""))
            look["label"] = f"<{_inline(label)}>"
            look["lp"] = _xy((label_at[0] + wide / 2, label_at[1]))
        self.edges.append((tail, head, {**look, **more}))

    def label(self, words: str, middle: XY) -> None:
        """Write on the line that was drawn last."""
        self.edges[-1][2].update(label=plain(words), lp=_xy(middle))

    def line(
        self,
        tail: str,
        head: str,
        points: Sequence[XY],
        tooltip: str = "",
        *,
        arrow: str = "",
        curved: str = "",
        **look: str,
    ) -> None:
        """Draw straight lines through points, or one curve that four points give."""
        self.ways += points
        ends = f"e,{_xy(points[-1])} " if arrow else ""
        path = list(points) if curved else curve(points, sharp=points)
        if arrow:
            path[-1] = shortened(path[-2], path[-1], TIP)
        look.update(pos=ends + " ".join(map(_xy, path)), tooltip=tooltip_text(tooltip))
        if arrow:
            look["arrowsize"] = ".6"
        else:
            look["dir"] = "none"
        self.edges.append((tail, head, look))

    def restyle(self, id: str, style: Style, penwidth: str) -> None:
        """Give a node another look: its shape stays, its colours change."""
        self._explain(style)
        for known, _, _, look in self.nodes:
            if known == id:
                look.update(fillcolor=style.fill, color=style.border, penwidth=penwidth)

    def add(self, other: Sheet, prefix: str, by: XY) -> None:
        """Draw another sheet on this one, so far to the right and up."""
        self.frames += [
            (_plus(low, by), _plus(high, by), _moved(look, by))
            for low, high, look in other.frames
        ]
        self.nodes += [
            (prefix + id, _plus(at, by), size, look)
            for id, at, size, look in other.nodes
        ]
        self.edges += [
            (prefix + tail, prefix + head, _moved(look, by))
            for tail, head, look in other.edges
        ]
        self.ways += [_plus(place, by) for place in other.ways]
        self.entries.update(other.entries)
        self.held.update({prefix + id: held for id, held in other.held.items()})
        self.notes += other.notes

    def _explain(self, style: Style) -> None:
        if style.legend:
            mark = (
                sign(style.shape)
                if len(style.shape) == 1
                else swatch(style.fill, style.border, rounded=style.shape != "box")
            )
            self.entries.setdefault(style.legend, (mark, style.legend))

    # -------------------------------------------------------------------- as DOT text

    def dot_text(self, title: str, with_legend: bool = True) -> str:
        """Return the DOT text."""
        low, high = self.bounds()
        look = {
            "layout": "nop2",
            "splines": "true",
            "outputorder": "edgesfirst",
            "pad": f"{RIM / 72:.2f}",
        }
        if with_legend and (self.entries or self.notes):
            legend = self._legend()
            wide, tall = legend.size()
            tall += 2 * AIR
            middle = (low[0] + high[0]) / 2, low[1] - tall / 2
            look.update(label=legend.table(), lp=_xy(middle))
            aside = max(0.0, (wide - high[0] + low[0]) / 2)
            low, high = (low[0] - aside, low[1] - tall), (high[0] + aside, high[1])
        look["bb"] = f"{_xy(low)},{_xy(high)}"
        graph = canvas(title, {"arrowsize": ".8", "penwidth": "1.6"}, **look)
        for i, (_, _, look) in enumerate(self.frames):
            with graph.subgraph(name=f"cluster_{i}") as frame:
                frame.attr("graph", penwidth="1.4", **look)
        for id, at, (wide, high_), look in self.nodes:
            size = {"width": f"{wide / 72:.3f}", "height": f"{high_ / 72:.3f}"}
            graph.node(id, pos=_xy(at), **size, **look)
        for tail, head, look in self.edges:
            graph.edge(tail, head, **look)
        return str(graph.source)

    def _legend(self) -> Legend:
        low, high = self.bounds()
        return Legend(list(self.entries.values()), self.notes, high[0] - low[0])

    def size(self, with_legend: bool = True) -> XY:
        """Return how wide and high it is, in points."""
        (left, low), (right, high) = self.bounds()
        if with_legend:
            wide, tall = self._legend().size()
            right, low = max(right, left + wide), low - tall - 2 * AIR
        return right - left + 2 * RIM, high - low + 2 * RIM

    def bounds(self) -> tuple[XY, XY]:
        """Return the corners of all that is drawn."""
        boxes = [(low, high) for low, high, _ in self.frames]
        boxes += [
            ((x - w / 2, y - h / 2), (x + w / 2, y + h / 2))
            for _, (x, y), (w, h), _ in self.nodes
        ]
        boxes += [(point, point) for point in self.ways]
        return (
            (min(low[0] for low, _ in boxes), min(low[1] for low, _ in boxes)),
            (max(high[0] for _, high in boxes), max(high[1] for _, high in boxes)),
        )


def _plus(place: XY, by: XY) -> XY:
    return place[0] + by[0], place[1] + by[1]


def _moved(look: dict[str, str], by: XY) -> dict[str, str]:
    """Move what has a place of its own to the right and up."""

    def to(point: re.Match[str]) -> str:
        return _xy(_plus((float(point[1]), float(point[2])), by))

    return {
        key: re.sub(r"(-?[\d.]+),(-?[\d.]+)", to, value)
        if key in ("pos", "bb", "lp")
        else value
        for key, value in look.items()
    }


def _inline(text: str) -> str:
    """Write words as names with subscripts: `f_2 (2,)`."""
    return with_names(text)


def _xy(point: XY) -> str:
    return ",".join(f"{round(value, 2):g}" for value in point)
