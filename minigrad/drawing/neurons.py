"""Dots and lines: the same record, one dot for every number.

    dot            one entry of a vector: x_2, f_1, c_1
    coloured line  one weight: blue if positive, orange and dashed if negative, as wide
                   as it is large; W_f[1, 3] leads from entry 3 of v to neuron 1
    black line     element-wise: entry k goes to entry k and to no other
    loop           what entry k of a state reads of itself, one time step before

One neuron is dark, with everything it reads: row k of every W and its own number c_k.
The others are there, but faint. So the question "neuron or layer?" can be looked at. An
ordinary feed-forward network is drawn by the same rules, and has no loops.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass, field

from minigrad.drawing.curves import XY, shortened
from minigrad.drawing.legend import sign
from minigrad.drawing.safe import SMALL, width
from minigrad.drawing.sheet import Sheet
from minigrad.drawing.styles import CELL, INK, MINUS, NEURON, OUTSIDE_OF, PLUS, STYLES
from minigrad.drawing.sublayers import by_structure, is_product, tensors, weights
from minigrad.drawing.time_steps import Step, steps
from minigrad.drawing.view import DENSE, JOIN, VIEWS, Group, View
from minigrad.drawing.words import Label, leaf_label, name_in_time, number, shape_text
from minigrad.messages import explain, user_line
from minigrad.parameter import Parameter
from minigrad.tape import Tape
from minigrad.tensor import Tensor

DOT, APART, ROW, WEIGHTS, SLIM = 30.0, 46.0, 105.0, 165.0, 900.0  # points
MOST = 700  # lines: more cannot be told from each other
SHOWN = 0  # the neuron that is dark
FAINT = "30"  # how much of the others' colour is left, in hexadecimal


@dataclass(eq=False)
class Layer:
    """One matrix of weights, or several that are added, and the neurons they feed."""

    products: list[Tensor]
    entries: list[Tensor]
    out: Tensor


@dataclass
class Network:
    """What there is to draw: vectors in rows, and which entry reads which."""

    step: Step
    layers: list[Layer] = field(default_factory=list)
    level: dict[Tensor, int] = field(default_factory=dict)
    feeds: dict[Tensor, list[Tensor]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        step = self.step
        self.maker = {e: g for g in step.groups for e in g.entries}
        for group in step.groups:
            if group.kind == DENSE:
                self.layers += _layers(group)
        self.outs = {layer.out: layer for layer in self.layers}
        self.before = {s.before: s.after for s in step.states if s.before is not None}
        read = [
            p for layer in self.layers for v in _sources(layer) for p in self.parts(v)
        ]
        ends = [s.after for s in step.states if s.after is not None] + step.leaves
        self.points = {
            v for v in (*read, *ends) if v in self.maker and v not in self.outs
        }
        for value in dict.fromkeys([*read, *step.inputs]):
            if value not in self.maker:
                self.level[value] = 0
        for group in step.groups:
            for entry in group.entries:
                self._place(entry)

    def _place(self, entry: Tensor) -> None:
        if entry in self.outs:
            parts = [p for v in _sources(self.outs[entry]) for p in self.parts(v)]
            self.level[entry] = 1 + max(
                (self.level.get(p, 0) for p in parts), default=0
            )
        elif entry in self.points:
            self.feeds[entry] = list(dict.fromkeys(self._feeding(entry)))
            levels = [self.level.get(v, 0) for v in self.feeds[entry]]
            self.level[entry] = 1 + max(levels, default=0)

    def parts(self, value: Tensor) -> list[Tensor]:
        """Return the vectors that were joined to a value; or the value itself."""
        maker = self.maker.get(value)
        return tensors(value) if maker is not None and maker.kind == JOIN else [value]

    def _feeding(self, value: Tensor) -> Iterator[Tensor]:
        """Yield what reaches a value through element-wise operations only."""
        for arg in tensors(value):
            if arg in self.outs or arg in self.points or arg not in self.maker:
                yield arg
            else:
                yield from self._feeding(arg)


def _layers(group: Group) -> Iterator[Layer]:
    """Yield the layers of a dense sub-layer: one, or those of a deeper box."""
    own = set(group.entries)
    products: list[Tensor] = []
    entries: list[Tensor] = []
    for entry in group.entries:
        if is_product(entry):
            if products and any(arg in own for arg in tensors(entry)):
                yield Layer(products, entries, tensors(entry)[0])
                products, entries = [], []
            products.append(entry)
        entries.append(entry)
    yield Layer(products, entries, entries[-1])


def _sources(layer: Layer) -> list[Tensor]:
    return [value for product in layer.products for value in tensors(product)]


def neuron_sheet(tape: Tape) -> Sheet | None:
    """Return the picture of one step, or of a whole network, as dots and lines."""
    found = steps(tape)
    network = Network(found[min(1, len(found) - 1)])
    if not network.layers:
        return None
    lines = sum(
        p.args[_weight(p)].size for layer in network.layers for p in layer.products
    )
    if lines > MOST:
        raise _too_many(lines, tape)
    t, many = network.step.t, len(found)
    notes = [] if t is None else [f"drawn: t = {t}, one of {many} time steps"]
    return Dots(network, notes).sheet


class Dots:
    """The network on a sheet: rows from the inputs below to the outputs above."""

    def __init__(self, network: Network, notes: list[str]) -> None:
        self.network = network
        dark = f"dark: neuron {SHOWN + 1} and all that it reads; lines lead upwards"
        self.sheet = Sheet([*notes, dark])
        self.sheet.entries["+"] = (
            sign("━━", PLUS),
            "a weight > 0, as wide as it is large",
        )
        self.sheet.entries["-"] = sign("━ ━", MINUS), "a weight < 0"
        self.at: dict[Tensor, list[XY]] = {}
        self.ids: dict[Tensor, list[str]] = {}
        self._rows()
        self._lines()
        for i, (value, places) in enumerate(self.at.items()):
            self._dots(f"n{i}", value, places)

    # ------------------------------------------------------------------------- places

    def _rows(self) -> None:
        level = self.network.level
        height = 0.0
        wide = dict.fromkeys(level.values(), 0.0)
        for value, row in level.items():
            wide[row] += self._room(value)
        steep = max(1.0, max(wide.values()) / SLIM)  # flat lines cannot be told apart
        for row in range(max(level.values()) + 1):
            values = [value for value, at in level.items() if at == row]
            values.sort(key=lambda v: (v in self.network.before, v.tick))
            height += steep * (WEIGHTS if self._weighted(values) else ROW) * bool(row)
            self._row(values, height)

    def _weighted(self, values: list[Tensor]) -> bool:
        return any(value in self.network.outs for value in values)

    def _row(self, values: list[Tensor], height: float) -> None:
        wide = [self._room(value) for value in values]
        x = -sum(wide) / 2
        for value, room in zip(values, wide, strict=True):
            x = max(x, self._wished(value, x + room / 2) - room / 2)
            first = x + 15 + self._margin(value) + APART / 2
            n = _length(value)
            self.at[value] = [(first + APART * k, height) for k in range(n)]
            x += room

    def _room(self, value: Tensor) -> float:
        return APART * _length(value) + 30 + self._margin(value)

    def _margin(self, value: Tensor) -> float:
        """Return the room for the names of a layer's Parameters, beside its dots."""
        layer = self.network.outs.get(value)
        return 12 + SMALL * width(_names(layer).replace("_", "")) if layer else 0.0

    def _wished(self, value: Tensor, otherwise: float) -> float:
        """Return where the middle of a vector would stand best: above what feeds it."""
        feeds = [v for v in self.network.feeds.get(value, ()) if v in self.at]
        upright = [v for v in feeds if v in self.network.points]
        middles = [(self.at[v][0][0] + self.at[v][-1][0]) / 2 for v in upright or feeds]
        inner = [m for v, m in zip(upright or feeds, middles, strict=True)
                 if v not in self.network.before]  # fmt: skip
        return sum(inner) / len(inner) if inner else otherwise

    # -------------------------------------------------------------------------- dots

    def _dots(self, id: str, value: Tensor, places: list[XY]) -> None:
        layer = self.network.outs.get(value)
        (left, y), (right, _) = places[0], places[-1]
        if layer is not None:
            margin = self._margin(value)
            corner = (left - 22 - margin, y - 24)
            self.sheet.frame(corner, (right + 24, y + 24), STYLES[DENSE])
            self._title(id, (left - 16 - margin, y), _names(layer))
        elif value in self.network.feeds and self._own(value) is not None:
            self.sheet.frame((left - 42, y - 24), (right + 24, y + 42), CELLS)
        elif self.network.level[value] == 0:
            words = f"{name_in_time(value)} {shape_text(value)}"
            self._title(id, (left - 20, y - 26), words)
        style = OUTSIDE_OF if self.network.level[value] == 0 else NEURON
        if value in self.network.feeds:
            style = POINT
        for k, at in enumerate(places):
            letter = (value.name or "").replace("~", "_tilde").removesuffix("_0")
            letter = letter.removesuffix("_prev")
            label = Label("", f"{letter}_{k + 1}" if len(letter) else str(k + 1))
            self.sheet.node(
                self.ids[value][k], at, (DOT, DOT), style, label, _says(value, k),
                penwidth="2.2" if k == SHOWN and style is not OUTSIDE_OF else "1",
            )  # fmt: skip

    def _title(self, id: str, left: XY, words: str) -> None:
        self.sheet.text(f"{id}_title", left, words)

    def _own(self, value: Tensor) -> Tensor | None:
        """Return the state before, if a state reads itself entry by entry."""
        feeds = self.network.feeds.get(value, ())
        return next((v for v in feeds if self.network.before.get(v) is value), None)

    # -------------------------------------------------------------------------- lines

    def _lines(self) -> None:
        self.ids = {
            value: [f"n{i}_{k + 1}" for k in range(len(places))]
            for i, (value, places) in enumerate(self.at.items())
        }
        lines = [*self._weights(), *self._elementwise()]
        for dark in (False, True):
            for k, tail, head, points, says, look in lines:
                if (k == SHOWN) == dark:
                    self.sheet.line(tail, head, points, says, **look)
        for value in self.network.feeds:
            if self._own(value) is not None:
                for k, at in enumerate(self.at[value]):
                    self._loop(value, k, at)

    def _weights(self) -> Iterator[tuple[int, str, str, list[XY], str, dict[str, str]]]:
        for layer, product in self._products():
            W = product.args[_weight(product)]
            (value,) = tensors(product)[:1]
            sources = [
                (p, j) for p in self.network.parts(value) for j in range(_length(p))
            ]
            rows = W.data if _weight(product) == 0 else W.data.T
            for k, row in enumerate(rows):
                for (source, j), (i, w) in zip(sources, enumerate(row), strict=False):
                    if source not in self.at:
                        continue
                    points = self._around(self.at[source][j], self.at[layer.out][k])
                    index = (
                        f"{k + 1}, {i + 1}"
                        if _weight(product) == 0
                        else f"{i + 1}, {k + 1}"
                    )
                    says = f"{leaf_label(W).name}[{index}] = {number(float(w))}"
                    yield (
                        k, self.ids[source][j], self.ids[layer.out][k], points, says,
                        _thread(float(w), k),
                    )  # fmt: skip

    def _products(self) -> Iterator[tuple[Layer, Tensor]]:
        for layer in self.network.layers:
            for product in layer.products:
                yield layer, product

    def _elementwise(
        self,
    ) -> Iterator[tuple[int, str, str, list[XY], str, dict[str, str]]]:
        for value, feeds in self.network.feeds.items():
            for source in feeds:
                if source is self._own(value) or source not in self.at:
                    continue
                for k, (a, b) in enumerate(
                    zip(self.at[source], self.at[value], strict=False)
                ):
                    points = self._around(a, b)
                    color = INK if k == SHOWN else INK + "60"
                    look = {"color": color, "penwidth": "1.4", "arrow": "yes"}
                    says = f"{name_in_time(source)}, entry {k + 1}"
                    yield k, self.ids[source][k], self.ids[value][k], points, says, look

    def _around(self, a: XY, b: XY) -> list[XY]:
        """Return a line that runs through no other dot: straight, or bent aside."""
        dots = [p for places in self.at.values() for p in places if p not in (a, b)]
        for aside in (0, 40, -40, 80, -80, 120, -120):
            middle = ((a[0] + b[0]) / 2 + aside, (a[1] + b[1]) / 2)
            bent = [a, middle, b] if aside else [a, b]
            if not any(
                _near(p, c, d) for p in dots for c, d in itertools.pairwise(bent)
            ):
                break
        return [*_trimmed(bent[0], bent[1])[:1], *bent[1:-1], _trimmed(bent[-2], b)[-1]]

    def _loop(self, value: Tensor, k: int, at: XY) -> None:
        x, y = at
        points = [(x - 5, y + 15), (x - 12, y + 46), (x - 50, y + 32), (x - 15, y + 5)]
        says = f"entry {k + 1} of the time step before"
        id = self.ids[value][k]
        dark = k == SHOWN
        self.sheet.line(
            id, id, points, says, color=INK if dark else INK + "60",
            penwidth="2.4" if dark else "1.4", arrow="yes", curved="yes",
        )  # fmt: skip


CELLS = CELL._replace(legend="state: reads itself entry by entry (loop)")
POINT = STYLES["elementwise"]._replace(legend="combined entry by entry")


def _weight(product: Tensor) -> int:
    """Return which argument of a product is the matrix."""
    return next(i for i, a in enumerate(product.args) if isinstance(a, Parameter))


def _names(layer: Layer) -> str:
    return ", ".join(leaf_label(each).name or "·" for each in weights(layer.entries))


def _length(value: Tensor) -> int:
    return value.shape[-1] if value.shape else 1


def _says(value: Tensor, k: int) -> str:
    entry = f"entry {k + 1} of {name_in_time(value)} {shape_text(value)}"
    if value.ndim > 1:
        return entry
    return f"{entry}\nvalue {number(value.data.reshape(-1)[k].item())}"


def _thread(w: float, k: int) -> dict[str, str]:
    color = PLUS if w >= 0 else MINUS
    look = {
        "color": color if k == SHOWN else color + FAINT,
        "penwidth": f"{0.4 + 1.2 * min(abs(w), 2):.2f}",
    }
    return look if w >= 0 else {**look, "style": "dashed"}


def _trimmed(a: XY, b: XY) -> list[XY]:
    return [shortened(b, a, DOT / 2 + 1), shortened(a, b, DOT / 2 + 1)]


def _near(p: XY, a: XY, b: XY) -> bool:
    """Does the line from a to b pass through the dot at p?"""
    along = (b[0] - a[0], b[1] - a[1])
    length = math.hypot(*along)
    part = ((p[0] - a[0]) * along[0] + (p[1] - a[1]) * along[1]) / length**2
    foot = a[0] + part * along[0], a[1] + part * along[1]
    return 0 < part < 1 and math.dist(p, foot) < DOT / 2 + 3


def _too_many(lines: int, tape: Tape) -> ValueError:
    return ValueError(
        explain(
            f"draw(output, view='neuron') of {lines} weights, at {user_line()}",
            {each.name or "output": each for each in tape.outputs},
            f"every line is one weight, and more than {MOST} cannot be told apart.",
            "draw the same model with small sizes, such as n=3 and m=2; or use "
            "view='gate', where a whole matrix is one box.",
        )
    )


VIEWS["neuron"] = View("is it a neuron or a layer?", by_structure, neuron_sheet)
