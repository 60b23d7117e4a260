"""How large a picture will be, before any program lays it out.

Graphviz puts what is read later farther to the right, in **ranks**: a node stands right
of all that it reads. So a picture is as wide as its ranks beside each other, and as
high as the fullest of them; a frame is a rectangle, and takes its height in every rank
that it reaches into. The tests compare this with what Graphviz makes.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping

from minigrad.drawing.project import Cluster, Node
from minigrad.drawing.safe import SMALL, width

Size = tuple[float, float]  # points: wide, high
FRAME, TITLE = 14.0, 20.0  # points: what a frame adds to what is in it, and its title
LINE = 13.0  # ... and words on an arrow that leads down
PASSING = 5.0  # ... and what a line needs that goes by
RIM = 8.0  # ... and what is left empty around a picture


def size_of_ranks(
    root: Cluster,
    rank: Mapping[str, int],
    size: Callable[[Node], Size],
    arrows: Iterable[tuple[str, str, str]],
    separation: Size,
    upright: bool = False,
) -> Size:
    """Return the width and height of nodes in frames, in points, without a legend.

    rank         of each node, from the left, or from the top if it is upright
    size         the size of a node
    arrows       who is read by whom, and what is written on the way
    separation   points between ranks, and between nodes of one rank
    """
    last = max(rank.values(), default=0)
    widths, words = [0.0] * (last + 1), [0.0] * (last + 1)
    if upright:
        sizes = {node: size(node)[::-1] for node in root}
        size = sizes.__getitem__
    title = 0.0 if upright else TITLE
    heights = _heights(root, rank, size, separation[1], title)
    for node in root:
        widths[rank[node.id]] = max(widths[rank[node.id]], size(node)[0])
    for tail, head, says in arrows:
        left, right = sorted((rank[tail], rank[head]))
        middle = (left + right) // 2
        if says:
            long = LINE if upright else SMALL * width(says) + 4
            words[middle] = max(words[middle], long)
        if says and upright:
            heights[left + right] += SMALL * width(says)
        for half in range(2 * left + 1, 2 * right):
            heights[half] += PASSING
    wide = math.fsum([*widths, *words, last * separation[0]])
    depth = max(map(_depth, root.clusters.values()), default=0)
    high = max(heights.values(), default=0.0)
    wide += (FRAME + TITLE - title) * depth + 2 * RIM
    return (high + 2 * RIM, wide) if upright else (wide, high + 2 * RIM)


def ranks(nodes: Iterable[str], arrows: Iterable[tuple[str, str]]) -> dict[str, int]:
    """Return the rank of each node: right of what it reads, close to who reads it.

    >>> ranks("abcx", [("a", "b"), ("b", "c"), ("x", "c")])
    {'a': 0, 'b': 1, 'c': 2, 'x': 1}
    """
    read: dict[str, list[str]] = defaultdict(list)
    readers: dict[str, list[str]] = defaultdict(list)
    order = {id: i for i, id in enumerate(nodes)}
    for tail, head in arrows:
        if tail != head:
            read[head].append(tail)
            readers[tail].append(head)
    rank: dict[str, int] = {}
    for start in order:
        todo = {start: iter(read[start])}  # without recursion: a chain may be long
        while todo:
            id = next(reversed(todo))
            missing = next(
                (e for e in todo[id] if e not in rank and e not in todo), None
            )
            if missing is not None:
                todo[missing] = iter(read[missing])
                continue
            del todo[id]
            rank[id] = 1 + max((rank.get(each, -1) for each in read[id]), default=-1)
    for id in sorted(order, key=lambda id: -rank[id]):
        if not read[id] and readers[id]:
            rank[id] = max(0, min(rank[each] for each in readers[id]) - 1)
    return {id: rank[id] for id in order}


def _heights(
    frame: Cluster,
    rank: Mapping[str, int],
    size: Callable[[Node], Size],
    apart: float,
    title: float,
) -> dict[int, float]:
    """Return how high a frame's contents are at each half rank that they reach."""
    found: dict[int, float] = defaultdict(float)
    for node in frame.nodes:
        found[2 * rank[node.id]] += size(node)[1] + apart
    for inner in frame.clusters.values():
        heights = _heights(inner, rank, size, apart, title)
        titled = inner.nodes or len(inner.clusters) != 1
        high = max(heights.values()) + (FRAME + title + apart) * bool(titled)
        for half in range(min(heights), max(heights) + 1):
            found[half] += high
    return found


def _depth(frame: Cluster) -> int:
    return 1 + max(map(_depth, frame.clusters.values()), default=0)
