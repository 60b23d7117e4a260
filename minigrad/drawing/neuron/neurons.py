"""Dots and lines: the same record, one dot for every number.

    dot     one entry of a vector: x[2], f[1], c[1], at the time t
    line    one weight, or one entry that goes on element by element (`lines.py`)
    loop    what entry k of a state reads of itself, one time step before
    way     from a state to where the next time step reads it, y_t to y_t−1

One neuron is dark, with everything it reads: row k of every W and its own number c_k.
The others are there, but faint. So the question "neuron or layer?" can be looked at. An
ordinary feed-forward network is drawn by the same rules, and has no loops; layers that
stand on each other are drawn on each other, each at the time step that fits.

A large network is drawn by its dark neuron: of the others' weights the lines are left
out, and of long vectors the dots in the middle. The picture says how many.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

import numpy as np

from minigrad.context import path
from minigrad.drawing.curves import XY
from minigrad.drawing.legend import sign
from minigrad.drawing.neuron.dots import DOT, SPARSER, Dots, Place
from minigrad.drawing.neuron.lines import (
    FAINT,
    SHOWN,
    Bundle,
    Detours,
    Line,
    bundles,
    inside,
    look,
    path_of,
)
from minigrad.drawing.neuron.network import Network, weight
from minigrad.drawing.safe import MEDIUM, SMALL, width
from minigrad.drawing.sheet import Sheet
from minigrad.drawing.styles import (
    CELL,
    INK,
    MINUS,
    NEURON,
    OUTSIDE_OF,
    PLUS,
    STYLES,
    Style,
)
from minigrad.drawing.view import NotPlaced, label
from minigrad.drawing.words import Label, by_name, label_of, number, shape_text
from minigrad.messages import explained
from minigrad.primitive import Elementwise
from minigrad.structure.loops import name_in_time, without_times
from minigrad.structure.parts import DENSE
from minigrad.structure.provenance import length
from minigrad.tape import Tape
from minigrad.tensor import Tensor
from minigrad.types import Array

CROWDED = 180  # lines of weights: with more, only the dark ones are drawn
MOST = 200  # dots: more do not fit on a page
WIDEST = 36.0  # points: words in a dot, as in c[128]; dots are no closer
RIM = [(x * DOT / 2, y * DOT / 2) for x in (-1, 0, 1) for y in (-1, 0, 1)]
HALF = 22.0  # points, from the middle of a dot to the frame around it
BELOW = OUTSIDE_OF._replace(legend="from outside: input, state of the step before")
CELLS = CELL._replace(legend="state: reads itself entry by entry (loop)")
POINT = STYLES["elementwise"]._replace(legend="combined entry by entry")
MIXED = STYLES["linear"]._replace(shape="ellipse", legend="combined otherwise")


def neuron_sheets(tape: Tape) -> Iterator[Sheet]:
    """Yield the picture of a network, recurrent or not, as dots and lines; then fewer.

    At last of several recurrent layers the first is drawn alone.

    Raises ValueError for one of so many layers that it fits on no page, and NotPlaced
    where there is no layer, or a dot would stand for entries that are read
    differently, as in K.T.
    """
    network = Network(tape)
    if not network.layers:
        raise NotPlaced("no weights multiply a vector")
    yield from _sheets(network, tape)
    if len(network.steps) > 1:
        yield from _sheets(Network(tape, alone=True), tape)


def _sheets(network: Network, tape: Tape) -> Iterator[Sheet]:
    found = [Dots(network, *sparse) for sparse in SPARSER]
    some = [dots for dots in found if dots.count <= MOST]
    if not some:
        raise _too_many(found[-1].count, len(network.layers), tape)
    for dots in some:
        yield Neurons(network, dots).sheet


class Neurons:
    """The network on a sheet: levels from the inputs below to the outputs above."""

    def __init__(self, network: Network, dots: Dots) -> None:
        self.network = network
        self.dots = dots
        self.bundles = bundles(network, dots)
        lines = [line for bundle in self.bundles for line in bundle.lines]
        self.crowded = sum(line.weight is not None for line in lines) > CROWDED
        self.sheet = Sheet(self._notes())
        blue, orange = sign("━━", PLUS), sign("━ ━", MINUS)
        self.sheet.entries["+"] = blue, "a weight > 0, as wide as it is large"
        self.sheet.entries["-"] = orange, "a weight < 0"
        self.ids = {
            value: {k: f"n{i}_{k + 1}" for k in place.dots}
            for i, (value, place) in enumerate(dots.at.items())
        }
        self.letters = {v: _letter(v, place) for v, place in dots.at.items()}
        back = [*self._ways_back()]
        ways = [_along(way) for *_, way in back]
        middles = np.array(
            [xy for place in dots.at.values() for xy in place.dots.values()]
        )
        self.passed = np.concatenate(
            [*self._lines(), *ways, *(middles + r for r in RIM)]
        )
        for i, (value, place) in enumerate(dots.at.items()):
            self._vector(f"n{i}", value, place)
        for before, after, way in back:
            says = f"{network.name(after)} is what the next time step reads"
            tail, head = (self.ids[v][max(self.ids[v])] for v in (after, before))
            self.sheet.wire(tail, head, way, says, style="dashed", color=CELL.border)
            dashes = sign("━ ━", CELL.border)
            self.sheet.entries["back"] = dashes, "to the next time step"

    # -------------------------------------------------------------------------- words

    def _notes(self) -> list[str]:
        notes = []
        for step, many in zip(self.network.steps, self.network.many, strict=True):
            part = without_times(step.scope)
            of = f" of {path(part)}" if self.network.loops > 1 else ""
            if step.t is not None:
                how_many = "the only step" if many == 1 else f"one of {many} time steps"
                notes.append(f"drawn: t = {step.t}{of}, {how_many}")
        batches = dict.fromkeys(v.shape[:-1] for v in self.network.level)
        for shape in sorted(batches, key=math.prod):
            if math.prod(shape) > 1:
                how_many = " × ".join(map(str, shape))
                notes.append(f"drawn: one of {how_many} vectors, all computed alike")
        notes.append(
            f"dark: neuron {SHOWN + 1} and all that it reads; lines lead upwards"
        )
        if others := self.network.loops - len(self.network.steps):
            notes.append(f"not drawn, for a page does not hold more: {others} layers")
        return notes + self._left_out()

    def _left_out(self) -> list[str]:
        """Say how many dots and lines are not drawn."""
        notes = []
        if self.dots.hidden:
            longest = max(map(length, self.dots.hidden))
            notes.append(f"· · ·: entries left out, of up to {longest}")
        everything = sum(
            product.args[weight(product)].size
            for layer in self.network.layers.values()
            for product in layer.products
        )
        lines = [line for bundle in self.bundles for line in bundle.lines]
        drawn = sum(self._is_drawn(line) for line in lines if line.weight is not None)
        if drawn < everything:
            whose = f", those of neuron {SHOWN + 1}" if self.crowded else ""
            notes.append(f"drawn: {drawn} of {everything} weights{whose}")
        return notes

    def _is_drawn(self, line: Line) -> bool:
        return not self.crowded or line.weight is None or line.k == SHOWN

    # --------------------------------------------------------------------------- dots

    def _vector(self, id: str, value: Tensor, place: Place) -> None:
        style = self._frame(id, value, place)
        letter = self.letters[value]
        if not letter and value in self.network.feeds:
            part = self.network.maker[value]
            whole = label(part).symbol if value is part.entries[-1] else ""
            what = self.network.name(value) or whole or label_of(value).symbol
            words = f"{what} {shape_text(value)}"
            self.sheet.text(f"{id}_title", self._beside(place, words), words)
        for k, at in place.dots.items():
            says = Label("", f"{letter}[{k + 1}]" if letter else str(k + 1))
            dark = k == SHOWN and style is not BELOW
            self.sheet.node(
                self.ids[value][k], at, (_wide(letter, k), DOT), style, says,
                self._says(value, k), penwidth="2.2" if dark else "1",
            )  # fmt: skip
            self.sheet.held[self.ids[value][k]] = (value,)
        if place.gap:
            left, words = (place.gap[0] - 14, place.gap[1]), f"{id}_more"
            self.sheet.text(words, left, "· · ·")

    def _says(self, value: Tensor, k: int) -> str:
        name, recorded = self.network.name(value), name_in_time(value)
        entry = f"entry {k + 1} of {name} {shape_text(value)}"
        if name != recorded:
            entry += f", drawn from {recorded}"
        if value.ndim > 1:
            return entry
        return f"{entry}\nvalue {number(value.data.reshape(-1)[k].item())}"

    def _frame(self, id: str, value: Tensor, place: Place) -> Style:
        """Draw what stands around a vector; return what its dots look like."""
        layer = self.network.layers.get(value)
        left, y = next(iter(place.dots.values()))
        x1, y1, x2, y2 = box(place)
        if layer is not None:
            self.sheet.frame((x1, y1), (x2, y2), STYLES[DENSE])
            self.sheet.text(f"{id}_title", (left - 16 - place.margin, y), layer.names)
            return NEURON
        if value not in self.network.feeds:
            words = f"{self.network.name(value)} {shape_text(value)}"
            self.sheet.text(f"{id}_title", self._free(place, words), words)
            return BELOW
        if self._own(value):
            self.sheet.frame((x1 - 20, y1), (x2, y2 + 18), CELLS)
        return POINT if isinstance(value.primitive, Elementwise) else MIXED

    def _free(self, place: Place, words: str) -> XY:
        """Return where words below some dots begin, such that no line goes through."""
        xs = [x for x, _ in place.dots.values()]
        y = next(iter(place.dots.values()))[1] - 25
        wished = xs[0] - 20
        places = [wished + 10 * k for k in range(int((xs[-1] - xs[0]) / 10) + 9)]
        places += [wished - 10 * k for k in range(1, 9)]
        return self._first_free([(x, y) for x in places], words)

    def _beside(self, place: Place, words: str) -> XY:
        """Return where words near some dots begin: right of them or left, or above."""
        (x, y), (last, _) = (list(place.dots.values())[k] for k in (0, -1))
        wide = SMALL * width(words.replace("_", "")) + 8
        sides = (last + HALF, x - HALF - wide)
        places = [(side, y + up) for up in (0, 20, -20) for side in sides]
        places += [(last + HALF + 6 * k, y) for k in range(1, 25)]
        return self._first_free(places, words)

    def _first_free(self, places: list[XY], words: str) -> XY:
        """Return the first of some places where no line goes through words."""
        wide = SMALL * width(words.replace("_", "")) + 8
        free = (
            (x, y)
            for x, y in places
            if not inside(self.passed, np.array([[x, y - 8, x + wide, y + 8]])).any()
        )
        return next(free, places[0])

    def _own(self, value: Tensor) -> list[int]:
        """Return which entries of a state read themselves, one step before."""
        lines = self.network.feeds.get(value, ())
        return [
            k
            for (source, j), k in lines
            if j == k and self.network.before.get(source) is value
        ]

    # -------------------------------------------------------------------------- lines

    def _lines(self) -> list[Array]:
        """Draw the lines; return places along them."""
        framed = [v for v in self.dots.at if v in self.network.layers or self._own(v)]
        at = {v: self.dots.at[v] for v in framed}
        words = [words_in(at[v]) for v in framed if v in self.network.layers]
        ways = Detours(self.dots, [(v, box(at[v])) for v in framed], words)
        drawn = [
            (bundle, line, points)
            for bundle in self.bundles
            for line, points in ways.of(bundle)
            if self._is_drawn(line)
        ]
        for dark in (False, True):  # the dark ones on top
            for bundle, line, points in drawn:
                if (line.k == SHOWN) == dark:
                    self._line(bundle, line, points)
        for value in self.network.feeds:
            for k in self._own(value):
                if k in self.ids[value]:
                    self._loop(self.ids[value][k], k, self.dots.at[value].dots[k])
        return [path_of(points) for _, _, points in drawn]

    def _ways_back(self) -> Iterator[tuple[Tensor, Tensor, list[XY]]]:
        """Yield the way of each state back to where the next time step reads it."""
        at = self.dots.at
        right = max(x for place in at.values() for x, _ in place.dots.values()) + HALF
        drawn = [pair for pair in self.network.before.items() if set(pair) <= set(at)]
        for i, (before, after) in enumerate(drawn):
            (k, (x, y)), (j, (a, b)) = (
                list(at[value].dots.items())[-1] for value in (after, before)
            )
            far = right + 16 * (i + 1)
            leaves = self._aside(after, k, (x, y), 1, far)
            enters = self._aside(before, j, (a, b), -1, far)[::-1]
            yield before, after, [*leaves, *enters]

    def _aside(self, value: Tensor, k: int, last: XY, up: int, far: float) -> list[XY]:
        """Return the way from the last dot of a row to its right, past other rows."""
        x, y = last
        row = [place.dots for v, place in self.dots.at.items() if v is not value]
        others = [at for dots in row for at in dots.values()]
        if not any(b == y and a > x for a, b in others):
            return [(x + _wide(self.letters[value], k) / 2, y), (far, y)]
        level = y + up * (HALF + 22)
        return [(x, y + up * DOT / 2), (x, level), (far, level)]

    def _line(self, bundle: Bundle, line: Line, points: list[XY]) -> None:
        tail, head = self.ids[bundle.tail][line.j], self.ids[bundle.head][line.k]
        curved = "yes" if len(points) == 4 else ""
        self.sheet.line(tail, head, points, line.tooltip, curved=curved, **look(line))

    def _loop(self, id: str, k: int, at: XY) -> None:
        x, y = at
        points = [(x - 5, y + 14), (x - 12, y + 44), (x - 48, y + 30), (x - 14, y + 5)]
        dark = k == SHOWN
        self.sheet.line(
            id, id, points, f"entry {k + 1} of the time step before", arrow="yes",
            color=INK if dark else INK + FAINT, penwidth="2.4" if dark else "1.4",
            curved="yes",
        )  # fmt: skip


def _letter(value: Tensor, place: Place) -> str:
    """Return the name that stands in each dot, or "": then its number says which."""
    letter = (value.name or "").replace("~", "_tilde").removesuffix("_0")
    letter = letter.removesuffix("_prev")
    return letter if _wide(letter, max(place.dots)) <= WIDEST + 3 else ""


def _wide(letter: str, k: int) -> float:
    """Return how wide a dot is, in points, with what stands in it."""
    shown = letter.replace("_tilde", "").replace("_", "")
    return max(MEDIUM * width(f"{shown}[{k + 1}]") + 3 if shown else DOT, DOT)


def _along(way: list[XY]) -> Array:
    """Return places along a way of several straight lines."""
    return np.concatenate([path_of([*pair]) for pair in itertools.pairwise(way)])


def box(place: Place) -> tuple[float, float, float, float]:
    """Return the corners of the frame around a vector."""
    xs = [x for x, _ in place.dots.values()]
    y = next(iter(place.dots.values()))[1]
    return xs[0] - HALF - place.margin, y - HALF, xs[-1] + HALF, y + HALF


def words_in(place: Place) -> tuple[float, float, float, float]:
    """Return the corners around the names of Parameters, beside the dots of a layer."""
    x, y = next(iter(place.dots.values()))
    return x - 20 - place.margin, y - 9, x - 16, y + 9


def _too_many(dots: int, layers: int, tape: Tape) -> ValueError:
    return explained(
        ValueError,
        f"draw(output, view='neuron') of {layers} dense layers",
        by_name(tape.outputs),
        f"even with long vectors shortened it has {dots} dots, and more than "
        f"{MOST} do not fit on a page.",
        "draw the output of a lower layer, which has fewer below it; or use "
        "view='layer', where each layer is one box.",
    )
