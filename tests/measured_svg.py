"""An SVG that Graphviz wrote, measured: where its words, its lines and frames are."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator
from typing import NamedTuple
from xml.etree import ElementTree

from minigrad.drawing.safe import width

SVG = "{http://www.w3.org/2000/svg}"
NUMBER = re.compile(r"-?\d+\.?\d*(?:e-?\d+)?")


class Word(NamedTuple):
    """Text and the box of its letters; y grows downwards."""

    text: str
    left: float
    top: float
    right: float
    bottom: float

    def overlaps(self, other: Word, air: float = 1.0) -> bool:
        """Do two boxes share more than a margin of air?"""
        return (
            min(self.right, other.right) - max(self.left, other.left) > air
            and min(self.bottom, other.bottom) - max(self.top, other.top) > air
        )

    def holds(self, x: float, y: float, air: float = 1.0) -> bool:
        """Is a point inside the box, farther than `air` from its edge?"""
        return (
            self.left + air < x < self.right - air
            and self.top + air < y < self.bottom - air
        )


def words(svg: str) -> list[Word]:
    """Return the words of a picture as boxes around their letters.

    A line of a label that is written in pieces, for its subscripts, is one.
    """
    pieces: dict[tuple[object, ...], list[ElementTree.Element]] = {}
    for parent in ElementTree.fromstring(svg).iter():
        for element in parent.findall(f"{SVG}text"):
            key = (parent, element.get("y"), element.get("font-size"))
            if parent.get("class") == "graph" or element.get("text-anchor") != "start":
                key += (element,)
            pieces.setdefault(key, []).append(element)
    return [_box(line) for line in pieces.values()]


def _box(line: list[ElementTree.Element]) -> Word:
    text = "".join("".join(piece.itertext()) for piece in line)
    size, x, y = (float(line[0].get(key, 0)) for key in ("font-size", "x", "y"))
    wide = 0.9 * width(text.strip()) * size
    left = x if line[0].get("text-anchor") == "start" else x - wide / 2
    return Word(text, left, y - 0.7 * size, left + wide, y)


def lines(svg: str) -> Iterator[tuple[str, list[tuple[float, float]]]]:
    """Yield every arrow and frame: its title, and points along it."""
    for group in ElementTree.fromstring(svg).iter(f"{SVG}g"):
        if group.get("class", "").split()[:1] not in (["edge"], ["cluster"]):
            continue
        title = group.findtext(f"{SVG}title", "")
        for path in group.iter(f"{SVG}path"):
            numbers = [float(n) for n in NUMBER.findall(path.get("d", ""))]
            places = list(zip(numbers[::2], numbers[1::2], strict=True))
            yield title, list(_along(places))


def _along(places: list[tuple[float, float]]) -> Iterator[tuple[float, float]]:
    """Yield points of each Bézier curve, 4 pt apart; each begins where one ended."""
    for i in range(0, len(places) - 3, 3):
        a, b, c, d = places[i : i + 4]
        count = max(20, int(math.dist(a, d) / 4))
        for k in range(count + 1):
            t = k / count
            u = 1 - t
            weights = u * u * u, 3 * u * u * t, 3 * u * t * t, t * t * t
            yield tuple(
                sum(w * p[j] for w, p in zip(weights, (a, b, c, d), strict=True))
                for j in (0, 1)
            )


def struck(svg: str) -> list[tuple[str, str]]:
    """Return the words that lines pass through, with the lines."""
    boxes = words(svg)
    return [
        (word.text, title)
        for title, points in lines(svg)
        for word in boxes
        if any(word.holds(*point) for point in points)
    ]


def on_each_other(svg: str) -> list[tuple[str, str]]:
    """Return pairs of words that overlap."""
    pairs = itertools.combinations(words(svg), 2)
    return [(one.text, other.text) for one, other in pairs if one.overlaps(other)]
