"""Words on arrows are moved to where no line runs through them, beside their own arrow.

Graphviz keeps room for what is written on an arrow, and yet leads other arrows and the
frames around nodes through it, or sets it beside another arrow. The nearest place
beside the own arrow that is free of lines, nodes and other words is better. Words that
stand well are left alone.
"""

from __future__ import annotations

import html
import itertools
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from minigrad.drawing.safe import width
from minigrad.types import Array

CHUNK = re.compile(r'(?=<g id="[^"]+" class="(?:node|edge|cluster|graph)">)')
KIND = re.compile(r'<g id="[^"]+" class="(\w+)">')
TEXT = re.compile(
    r'(<text [^>]*text-anchor="(\w+)"[^>]*? x=")([-\d.]+)(" y=")([-\d.]+)'
    r'("[^>]*font-size="([\d.]+)"[^>]*>)(.*?)</text>'
)
PATH = re.compile(r'<path [^>]*?\bd="([^"]*)"')
OUTLINE = re.compile(r'<(?:polygon|path|polyline) [^>]*?\b(?:d|points)="([^"]*)"')
ELLIPSE = re.compile(
    r'<ellipse [^>]*?cx="([-\d.]+)" cy="([-\d.]+)" rx="([-\d.]+)" ry="([-\d.]+)"'
)
POLYGON = re.compile(r'<polygon [^>]*points="([^"]*)"')
NUMBER = re.compile(r"-?\d+\.?\d*(?:e-?\d+)?")
AIR, STEP = 1.5, 3.0  # points: around words, and from place to place
ASIDE = (2.0, 5.0, 9.0)  # points from an arrow to its words
TRIED = 60  # free places, among which words look for one nearest their own arrow


class Box(NamedTuple):
    """A rectangle; y grows downwards."""

    left: float
    top: float
    right: float
    bottom: float

    def moved(self, x: float, y: float) -> Box:
        """Return it so far to the right and down."""
        return Box(self.left + x, self.top + y, self.right + x, self.bottom + y)

    def meets(self, other: Box) -> bool:
        """Do they share more than an edge?"""
        across = min(self.right, other.right) - max(self.left, other.left)
        return across > 0 and min(self.bottom, other.bottom) > max(self.top, other.top)

    def is_hit(self, points: Array) -> bool:
        """Is one of these points inside, or close to it?"""
        x, y = points.T
        inside = (self.left - AIR < x) & (x < self.right + AIR)
        inside &= (self.top - AIR < y) & (y < self.bottom + AIR)
        return bool(inside.any())

    def distance(self, points: Array) -> float:
        """Return how far the nearest of these points is; 0 if it is inside."""
        x, y = points.T
        across = np.maximum(np.maximum(self.left - x, x - self.right), 0)
        down = np.maximum(np.maximum(self.top - y, y - self.bottom), 0)
        return float(np.hypot(across, down).min(initial=math.inf))


@dataclass(eq=False)
class Edge:
    """An arrow of an svg: its text there, points along it, the box of its words."""

    text: str
    points: Array
    words: Box | None


def with_words_placed(svg: str) -> str:
    """Return an svg in which what is written on an arrow is free, and beside it.

    >>> line = '<path d="M0,0C0,0 60,0 60,0"/>'
    >>> words = '<text text-anchor="middle" x="30" y="3" font-size="9">(3,)</text>'
    >>> svg = f'<g id="edge1" class="edge">{line}{words}</g>'
    >>> with_words_placed(svg).partition("<text ")[2]
    'text-anchor="middle" x="32.14" y="8.75" font-size="9">(3,)</text></g>'
    """
    chunks = CHUNK.split(svg)
    edges: dict[int, Edge] = {}
    taken: list[Box] = []
    frames = [np.zeros((0, 2))]
    for i, chunk in enumerate(chunks):
        kind = KIND.match(chunk)
        if kind and kind[1] == "edge":
            edges[i] = Edge(chunk, _along(chunk), _words(chunk))
        elif kind:
            node = _outline(chunk) if kind[1] == "node" else _words(chunk)
            taken += [node] if node else []
            frames += [_along(chunk)] if kind[1] == "cluster" else []
    for i, edge in edges.items():
        others = [each for each in edges.values() if each is not edge]
        arrows = np.concatenate([np.zeros((0, 2)), *(each.points for each in others)])
        lines = np.concatenate([edge.points, arrows, *frames])
        obstacles = [*taken, *(each.words for each in others if each.words)]
        if edge.words and (way := _shift(edge, lines, arrows, obstacles)):
            chunks[i] = _moved(edge.text, *way)
            edge.words = edge.words.moved(*way)
    return "".join(chunks)


def _shift(
    edge: Edge, lines: Array, arrows: Array, obstacles: list[Box]
) -> tuple[float, float] | None:
    """Return how the words of an edge should be moved; None: they stay.

    lines   points along all arrows and frames, which may not run through the words
    arrows  points along the arrows of others, which should not be nearer
    """
    assert edge.words is not None

    def stands_nearest(words: Box) -> bool:
        return words.distance(edge.points) <= words.distance(arrows) + AIR

    is_struck = edge.words.is_hit(lines)
    if not is_struck and stands_nearest(edge.words):
        return None
    free = (
        way
        for way in _shifts(edge)
        if not (words := edge.words.moved(*way)).is_hit(lines)
        and not any(map(words.meets, obstacles))
    )
    tried = list(itertools.islice(free, TRIED))
    nearest = (way for way in tried if stands_nearest(edge.words.moved(*way)))
    return next(nearest, tried[0] if tried and is_struck else None)


def _along(edge: str) -> Array:
    """Return points along an arrow or a frame, and the corners of a tip."""
    found = [np.zeros((0, 2))]
    for path in PATH.findall(edge):
        places = _pairs(path)
        for k in range(0, len(places) - 3, 3):
            a, b, c, d = places[k : k + 4]
            t = np.linspace(0, 1, 2 + int(math.dist(a, d) / STEP))[:, None]
            u = 1 - t
            found.append(u**3 * a + 3 * u * u * t * b + 3 * u * t * t * c + t**3 * d)
    found += [_pairs(tip) for tip in POLYGON.findall(edge)]
    return np.concatenate(found)


def _pairs(text: str) -> Array:
    return np.array(NUMBER.findall(text), float).reshape(-1, 2)


def _words(chunk: str) -> Box | None:
    """Return the box around the letters in a part of an svg."""
    boxes = []
    for _, anchor, x, _, y, _, size, inner in TEXT.findall(chunk):
        letters = html.unescape(re.sub("<[^>]*>", "", inner)).strip()
        wide, high = 0.95 * width(letters) * float(size), float(size)
        left = float(x) - (0 if anchor == "start" else wide / 2)
        boxes.append((left, float(y) - 0.75 * high, left + wide, float(y) + 0.1 * high))
    if not boxes:
        return None
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return Box(min(lefts), min(tops), max(rights), max(bottoms))


def _outline(node: str) -> Box | None:
    """Return the box around a node."""
    places = [_pairs(points) for points in OUTLINE.findall(node)]
    for found in ELLIPSE.findall(node):
        x, y, across, down = map(float, found)
        places.append(np.array([[x - across, y - down], [x + across, y + down]]))
    if not places:
        return _words(node)
    corners = np.concatenate(places)
    return Box(*corners.min(0).tolist(), *corners.max(0).tolist())


def _shifts(edge: Edge) -> Iterator[tuple[float, float]]:
    """Yield how words may be moved along their arrow, the shortest way first."""
    box = edge.words
    assert box is not None
    half = np.array([box.right - box.left, box.bottom - box.top]) / 2
    middle = np.array([box.left, box.top]) + half
    along = np.diff(edge.points, axis=0)
    length = np.hypot(*along.T)
    along, here = along[length > 0] / length[length > 0, None], edge.points[1:]
    here = here[length > 0]
    aside = np.stack([-along[:, 1], along[:, 0]], 1)
    reach = np.abs(aside) @ half
    places = np.concatenate(
        [
            here + sign * aside * (reach + far)[:, None]
            for far in ASIDE
            for sign in (1, -1)
        ]
    )
    ways = places - middle
    yield from ways[np.argsort(np.hypot(*ways.T), kind="stable")].tolist()


def _moved(edge: str, x: float, y: float) -> str:
    def there(text: re.Match[str]) -> str:
        at = f"{text[1]}{float(text[3]) + x:.2f}{text[4]}{float(text[5]) + y:.2f}"
        return f"{at}{text[6]}{text[8]}</text>"

    return TEXT.sub(there, edge)
