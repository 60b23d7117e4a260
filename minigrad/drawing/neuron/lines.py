"""Lines between dots: which there are, how each looks, and the way it goes.

    coloured   one weight: blue if positive, orange and dashed if negative, as wide as
               it is large; W_f[1, 3] leads from entry 3 of v to neuron 1
    black      element-wise: entry k goes to entry k and to no other

All lines between two vectors go the same way: straight, or, if dots or boxes stand
there, around them in the gentlest curve that is clear. A line that would pass behind a
dot all the same goes a way of its own.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from minigrad.drawing.curves import XY, shortened
from minigrad.drawing.neuron.dots import DOT, Dots
from minigrad.drawing.neuron.network import Network, weight
from minigrad.drawing.styles import INK, MINUS, PLUS
from minigrad.drawing.words import leaf_label, number
from minigrad.structure.loops import name_in_time
from minigrad.structure.provenance import length
from minigrad.tensor import Array, Tensor

SHOWN = 0  # the neuron that is dark
FAINT, FAINTER = "60", "30"  # how much of the others' colour is left, in hexadecimal
OUT = 25, 50, 80, 120, 170, 230, 300, 400
ASIDE = 0, *(side * out for out in OUT for side in (1, -1))
SAMPLES = np.linspace(0.02, 0.98, 49)[:, None]  # of a curve, where it is looked at
HIT, THROUGH = 1000, 8  # the price of touching a dot, of a sample in a box


class Line(NamedTuple):
    """From entry j of a vector to entry k of another; a weight, or None."""

    j: int
    k: int
    weight: float | None
    tooltip: str


@dataclass(eq=False)
class Bundle:
    """All lines from one vector to another."""

    tail: Tensor
    head: Tensor
    lines: list[Line] = field(default_factory=list)


def bundles(network: Network, dots: Dots) -> list[Bundle]:
    """Return the lines between dots that are drawn."""
    found: dict[tuple[Tensor, Tensor], Bundle] = {}
    for tail, head, line in [*_weights(network, dots), *_elementwise(network)]:
        tails, heads = dots.at.get(tail), dots.at.get(head)
        if tails and heads and line.j in tails.dots and line.k in heads.dots:
            bundle = found.setdefault((tail, head), Bundle(tail, head))
            bundle.lines.append(line)
    return list(found.values())


def _weights(network: Network, dots: Dots) -> Iterator[tuple[Tensor, Tensor, Line]]:
    for layer in network.layers.values():
        made = dots.at[layer.out].dots if layer.out in dots.at else ()
        for product, row in network.lines(layer):
            drawn = [
                i
                for i, (value, j) in enumerate(row)
                if value in dots.at and j in dots.at[value].dots
            ]
            place = weight(product)
            W = product.args[place]
            name = leaf_label(W).name
            axes: list[Iterable[int]] = [range(size) for size in W.shape]
            axes[0], axes[-1] = (made, drawn) if place == 0 else (drawn, made)
            if W.ndim == 1:  # as many as there are entries in v, or in p * c
                axes = [drawn]
            for index in itertools.product(*axes):
                k, i = (index[0], index[-1]) if place == 0 else (index[-1], index[0])
                k = min(k, length(product) - 1)  # w · v is one neuron
                where = ", ".join(str(each + 1) for each in index)
                w = float(W.data[index])
                says = f"{name}[{where}] = {number(w)}"
                yield row[i][0], layer.out, Line(row[i][1], k, w, says)


def _elementwise(network: Network) -> Iterator[tuple[Tensor, Tensor, Line]]:
    for value, lines in network.feeds.items():
        for (source, j), k in lines:
            if network.before.get(source) is not value or j != k:
                says = f"{name_in_time(source)}, entry {j + 1}"
                yield source, value, Line(j, k, None, says)


def look(line: Line) -> dict[str, str]:
    """Return the colour, width and dashes of a line."""
    dark = line.k == SHOWN
    if line.weight is None:
        color = INK if dark else INK + FAINT
        return {"color": color, "penwidth": "1.4", "arrow": "yes"}
    color = PLUS if line.weight >= 0 else MINUS
    wide = f"{0.4 + 1.2 * min(abs(line.weight), 2):.2f}"
    drawn = {"color": color if dark else color + FAINTER, "penwidth": wide}
    return drawn if line.weight >= 0 else {**drawn, "style": "dashed"}


class Detours:
    """How lines get around dots and boxes.

    boxes   (x1, y1, x2, y2) and the vector that the box belongs to
    words   ... of what is written in boxes; no line goes through it
    """

    def __init__(
        self,
        dots: Dots,
        boxes: Iterable[tuple[Tensor, tuple[float, ...]]],
        words: Iterable[tuple[float, ...]] = (),
    ) -> None:
        self.dots = dots
        self.boxes = list(boxes)
        self.words = np.array([*words]).reshape(-1, 4)
        self.all = np.array([p for at in dots.at.values() for p in at.dots.values()])

    def of(self, bundle: Bundle) -> Iterator[tuple[Line, list[XY]]]:
        """Yield each line with its points: two, or the four of a curve."""
        tails, heads = self.dots.at[bundle.tail].dots, self.dots.at[bundle.head].dots
        ends = [(tails[line.j], heads[line.k]) for line in bundle.lines]
        own = {bundle.tail, bundle.head}
        others = [box for of, box in self.boxes if of not in own]
        if self.dots.level[bundle.head] - self.dots.level[bundle.tail] == 1:
            others = []  # only its neighbours are near, and these it may graze
        boxes = np.array(others).reshape(-1, 4)
        together = self._gentlest(ends, boxes)
        for line, end in zip(bundle.lines, ends, strict=True):
            touches = self._price(_curve(*end, together), boxes) >= HIT
            aside = self._gentlest([end], boxes) if touches else together
            yield line, _trimmed(_curve(*end, aside))

    def _gentlest(self, ends: list[tuple[XY, XY]], boxes: Array) -> float:
        """Return how far aside all these lines should swing, so as to touch least."""
        least, gentlest = math.inf, 0.0
        for aside in ASIDE:
            price = abs(aside) * len(ends) / 10
            for end in ends:
                if price >= least:
                    break
                price += self._price(_curve(*end, aside), boxes)
            if price < least:
                least, gentlest = price, aside
        return gentlest

    def _price(self, points: list[XY], boxes: Array) -> float:
        """Return how much a line touches that it has nothing to do with."""
        path = path_of(points)
        ends = np.array([points[0], points[-1]])
        others = self.all[~(self.all[:, None] == ends[None]).all(-1).any(-1)]
        apart = np.hypot(*(path[:, None] - others[None]).transpose(2, 0, 1))
        price: float = HIT * int((apart.min(0, initial=np.inf) < DOT / 2 + 3).sum())
        price += THROUGH * int(inside(path, boxes).sum())
        return price + HIT * int(inside(path, self.words).any(axis=1).sum())


def inside(path: Array, boxes: Array) -> Array:
    """Return for each of some boxes, (k, 4), which places of a line are in it."""
    x, y = path.T
    x1, y1, x2, y2 = boxes.T[:, :, None]
    return np.asarray((x1 < x) & (x < x2) & (y1 < y) & (y < y2))


def _curve(a: XY, b: XY, aside: float) -> list[XY]:
    """Return a straight line, or the four points of a curve that swings aside."""
    if not aside:
        return [a, b]
    third = (b[1] - a[1]) / 3
    return [a, (a[0] + aside, a[1] + third), (b[0] + aside, b[1] - third), b]


def path_of(points: list[XY]) -> Array:
    """Return places along a line or a Bézier curve."""
    if len(points) == 2:
        a, b = np.array(points)
        places: Array = a + (b - a) * SAMPLES
        return places
    a, b, c, d = np.array(points)
    t, s = SAMPLES, 1 - SAMPLES
    places = s**3 * a + 3 * s * s * t * b + 3 * s * t * t * c + t**3 * d
    return places


def _trimmed(points: list[XY]) -> list[XY]:
    """Let a line begin and end at the rims of its dots."""
    first = shortened(points[1], points[0], DOT / 2 + 1)
    last = shortened(points[-2], points[-1], DOT / 2 + 1)
    return [first, *points[1:-1], last]
