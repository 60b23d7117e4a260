"""Words of an svg stay in the middle of their node or label, in any font.

Graphviz places each piece of a line by the widths of its own font: letters, a
subscript, letters again. In a narrower or wider font they slide apart. Here the pieces
of a line become one text, which the reader's program centres: a subscript follows its
letter.
"""

from __future__ import annotations

import re

from minigrad.drawing.safe import width

NODE = re.compile(
    r'<g id="[^"]*" class="(node|edge)">.*?</g>(?=\s*(?:<!--|<g |</g>))', re.S
)
ELLIPSE = re.compile(r'<ellipse [^>]*?cx="([-\d.]+)"')
OUTLINE = re.compile(r'<(?:polygon|path|polyline) [^>]*?(?: d| points)="([^"]*)"')
OUTLINED = re.compile("<(?:ellipse|polygon|path|polyline) ")
NUMBERS = re.compile(r"(-?[\d.]+)[, ]\s*-?[\d.]+")
LEFT = r'<text [^>]*text-anchor="start" x="([-\d.]+)" y="([-\d.]+)"[^>]*>'
WORDS = re.compile(rf"{LEFT}((?:[^<]|</?tspan[^>]*>)*)</text>")
SAME_LINE = 0.5  # points: a line's pieces stand at one height
LOWER = re.compile(r'dy="2.5"')


def centred(svg: str) -> str:
    """Return an svg with every line of a node as one text in the node's middle.

    >>> node = '<ellipse cx="9" cy="5"/><text text-anchor="start" x="7" y="5">W</text>'
    >>> svg = f'<g id="n1" class="node"><title>n1</title>{node}</g></g>'
    >>> centred(svg).partition("<text")[2]
    ' text-anchor="middle" x="9" y="5">W</text></g></g>'
    """
    return NODE.sub(_node, svg)


def _node(found: re.Match[str]) -> str:
    node = found[0]
    middle = _middle(node) if found[1] == "node" else None
    if middle is None and found[1] == "node" and OUTLINED.search(node):
        return node
    lines: list[list[re.Match[str]]] = []
    for words in WORDS.finditer(node):
        if lines and abs(float(lines[-1][0][2]) - float(words[2])) < SAME_LINE:
            lines[-1].append(words)
        else:
            lines.append([words])
    if middle is not None and any(float(line[0][1]) > middle for line in lines):
        return node  # a list beside a sign, such as a legend: it begins at the left
    for line in reversed(lines):
        text = _line(line, _middle_of(line) if middle is None else middle)
        node = node[: line[0].start()] + text + node[line[-1].end() :]
    return node


def _middle(node: str) -> float | None:
    """Return where the middle of a node's outlines is; None if they have several."""
    found = [float(x) for x in ELLIPSE.findall(node)]
    for points in OUTLINE.findall(node):
        across = [float(x) for x in NUMBERS.findall(points)]
        if across:
            found.append((min(across) + max(across)) / 2)
    return found[0] if found and max(found) - min(found) < 1 else None


def _middle_of(line: list[re.Match[str]]) -> float:
    """Return where the middle of a label's line is, by the places of its pieces."""
    first, last = line[0], line[-1]
    size = re.search(r'font-size="([\d.]+)"', last[0])
    wide = width(re.sub("<[^>]*>", "", last[3]).strip()) * float(size[1] if size else 0)
    return (float(first[1]) + float(last[1]) + wide) / 2


def _line(pieces: list[re.Match[str]], middle: float) -> str:
    first = pieces[0]
    opening = first[0][: first[0].index(">") + 1]
    opening = opening.replace('text-anchor="start"', 'text-anchor="middle"')
    opening = opening.replace(f' x="{first[1]}"', f' x="{middle:g}"')
    text = first[3]
    for piece in pieces[1:]:
        back = ' dy="-2.5"' if LOWER.search(text.rpartition("<tspan")[2]) else ""
        size = re.search(r'font-size="[\d.]+"', piece[0])
        assert size is not None  # Graphviz gives every text one
        before, sub, after = piece[3].partition("<tspan")
        text += f"<tspan{back} {size[0]}>{before}</tspan>{sub}{after}"
    return f"{opening}{text}</text>"
