"""From svg to pdf, and from pdf to png, without any system library.

    python -P minigrad/drawing/paper.py pdf "its title" A4 < picture.svg > picture.pdf

reportlab writes a vector pdf of what Graphviz writes in an svg, with DejaVu Sans (from
the ziafont wheel) embedded, so that σ, − and c̃ are there on every machine; pypdfium2
paints png from that. A process of its own, because reportlab's settings are global: so
the same svg gives the same bytes, and nobody else's reports are changed. It imports
nothing of minigrad, so that it starts at once.
"""

from __future__ import annotations

import importlib.resources
import io
import itertools
import math
import re
import sys
from typing import Any, NamedTuple
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

FONT = "DejaVuSans"
PAGES = {"A4": (595.28, 841.89), "letter": (612.0, 792.0)}  # points, upright
MARGIN, HEADING = 28.0, 22.0  # points: around a page; for the line with the title
READABLE, LEAST = 6.0, 5.0  # points: words on several pages; the least on one
SUBSCRIPT = READABLE / LEAST  # times its size counts: it may be that much smaller
LARGEST = 1.5  # a small picture is not blown up more than that
OVERLAP = 18.0  # points of a picture that two neighbouring pages both show
NARROWER = 0.88  # DejaVu is that much wider than the Helvetica of the layout
PICTURE = "picture"  # is written once, and shown on every page
MOVED = re.compile(r"translate\(([-\d.]+)[ ,]+([-\d.]+)\)")
COMMAND = re.compile(r"([MLCZ])([^MLCZ]*)")
NUMBER = re.compile(r"-?\d*\.?\d+(?:e-?\d+)?")
_NOTHING = ("none", "transparent")
_BEFORE = {"start": 0.0, "middle": 0.5, "end": 1.0}
_ELLIPSE, _RECTANGLE = ("cx", "cy", "rx", "ry"), ("x", "y", "width", "height")
SCALE = 2  # png pixels per point: 144 per inch


class Sheets(NamedTuple):
    """How a picture is spread over pages: their size, a scale, and what each shows.

    parts   for each page the left and the lower end of its part, in points of the paper
    """

    size: tuple[float, float]
    scale: float
    columns: list[float]
    rows: list[float]


def spread_out(picture: tuple[float, float], smallest: float, page: str) -> Sheets:
    """Return how a picture whose smallest words have that size is put on paper.

    It is fitted on one page, upright or across, as it is larger; if its words could not
    be read then, it goes over several pages, at a size at which they can.

    >>> spread_out((700.0, 400.0), 9.0, "A4").size  # across
    (841.89, 595.28)
    >>> wide = spread_out((4000.0, 300.0), 9.0, "A4")
    >>> len(wide.columns), len(wide.rows), wide.scale * 9.0
    (4, 1, 6.0)
    """
    size, scale = fitted(picture, page)
    if smallest * scale >= LEAST:
        return Sheets(size, scale, [0.0], [0.0])
    sides = list(zip(picture, _room(size), strict=True))
    exact = [have / need for need, have in sides]  # at these one side just fits
    scales = [s for s in exact if LEAST <= s * smallest <= READABLE]
    spread = [
        Sheets(size, scale, *(_cuts(need * scale, have) for need, have in sides))
        for scale in (READABLE / smallest, *scales)
    ]
    return min(spread, key=lambda each: len(each.columns) * len(each.rows))


def fitted(
    picture: tuple[float, float], page: str = "A4"
) -> tuple[tuple[float, float], float]:
    """Return a page, upright or across, and the scale of a picture fitted on it.

    >>> fitted((393.0, 600.0))
    ((595.28, 841.89), 1.2731...)
    """

    def scale(size: tuple[float, float]) -> float:
        have = zip(_room(size), picture, strict=True)
        return min(LARGEST, *(room / need for room, need in have))

    size = max((PAGES[page][::-1], PAGES[page]), key=scale)
    return size, scale(size)


def _room(size: tuple[float, float]) -> tuple[float, float]:
    return size[0] - 2 * MARGIN, size[1] - 2 * MARGIN - HEADING


def _cuts(length: float, room: float) -> list[float]:
    """Return where each page begins along a side."""
    if length <= room + 1e-6:
        return [0.0]
    many = math.ceil((length - OVERLAP) / (room - OVERLAP))
    step = (length - room) / (many - 1)
    return [k * step for k in range(many)]


def pdf(svg: bytes, title: str = "", page: str = "") -> bytes:
    """Return a pdf of an svg: one page as large as it, or pages of a size of paper."""
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont
    from reportlab.pdfgen.canvas import Canvas

    font = importlib.resources.files("ziafont") / "fonts" / f"{FONT}.ttf"
    with importlib.resources.as_file(font) as path:
        pdfmetrics.registerFont(TTFont(FONT, str(path)))
    root = ElementTree.fromstring(svg)
    size = (
        float(root.get("width", "0pt").strip("pt")),
        float(root.get("height", "0pt").strip("pt")),
    )
    sheets = (
        spread_out(size, smallest_words(svg.decode()), page)
        if page
        else Sheets(size, 1.0, [0.0], [0.0])
    )
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=sheets.size, invariant=1, initialFontName=FONT)
    canvas.setTitle(title)
    canvas.setCreator("minigrad")
    canvas.setAuthor("")
    canvas.setSubject("")
    if page:
        canvas.beginForm(PICTURE, 0, 0, *size)
        Painter(canvas, size[1]).paint(root)
        canvas.endForm(Resources=_resources(canvas))
        _on_pages(canvas, size, sheets, title)
    else:
        Painter(canvas, size[1]).paint(root)
    canvas.save()
    return out.getvalue()


def _resources(canvas: Any) -> Any:
    """Return what a form needs: fonts and, which reportlab forgets, opacities."""
    from reportlab.pdfbase.pdfdoc import PDFResourceDictionary

    found = PDFResourceDictionary()
    found.basicFonts()
    found.allProcs()
    if opacities := canvas._extgstate.getState():
        found.ExtGState = opacities
    return found


class Painter:
    """Paints what Graphviz writes in an svg: outlines, curves, ellipses, lines of text.

    high   where the top of the picture is: a pdf counts from the foot of a page
    """

    def __init__(self, canvas: Any, high: float) -> None:
        self.canvas, self.high, self.left = canvas, high, 0.0

    def paint(self, element: Element) -> None:
        """Paint an element and what is in it."""
        kind = element.tag.rpartition("}")[2]
        if moved := MOVED.search(element.get("transform", "")):
            self.left += float(moved[1])
            self.high -= float(moved[2])
        if kind == "text":
            self._text(element)
        elif outline := self._outline(kind, element):
            self._drawn(outline, element)
        else:
            for inner in element:
                self.paint(inner)

    def _at(self, x: float, y: float) -> tuple[float, float]:
        return self.left + x, self.high - y

    def _outline(self, kind: str, element: Element) -> Any:
        path = self.canvas.beginPath()
        if kind == "ellipse":
            x, y, across, down = (float(element.get(k, 0)) for k in _ELLIPSE)
            left, low = self._at(x - across, y + down)
            path.ellipse(left, low, 2 * across, 2 * down)
        elif kind == "rect":
            x, y, wide, high = (float(element.get(k, 0)) for k in _RECTANGLE)
            left, low = self._at(x, y + high)
            path.rect(left, low, wide, high)
        elif kind in ("polygon", "polyline"):
            start, *rest = _places(element.get("points", ""))
            path.moveTo(*self._at(*start))
            for place in rest:
                path.lineTo(*self._at(*place))
            if kind == "polygon":
                path.close()
        elif kind == "path":
            for letter, numbers in COMMAND.findall(element.get("d", "")):
                places = [self._at(*place) for place in _places(numbers)]
                self._extended(path, letter, places)
        else:
            return None
        return path

    def _extended(
        self, path: Any, letter: str, places: list[tuple[float, float]]
    ) -> None:
        """Lead a path on: to a place, straight, in curves, or back to its start."""
        if letter == "M":
            path.moveTo(*places.pop(0))
        if letter in "ML":
            for place in places:
                path.lineTo(*place)
        elif letter == "C":
            for k in range(0, len(places) - 2, 3):
                path.curveTo(*places[k], *places[k + 1], *places[k + 2])
        else:
            path.close()

    def _drawn(self, path: Any, element: Element) -> None:
        canvas = self.canvas
        fill, stroke = element.get("fill", "black"), element.get("stroke", "none")
        canvas.saveState()
        if filled := fill not in _NOTHING:
            canvas.setFillColor(fill, float(element.get("fill-opacity", 1)))
        if lined := stroke not in _NOTHING:
            canvas.setStrokeColor(stroke, float(element.get("stroke-opacity", 1)))
            canvas.setLineWidth(float(element.get("stroke-width", 1)))
            if dashes := element.get("stroke-dasharray"):
                canvas.setDash([float(each) for each in dashes.split(",")])
        canvas.drawPath(path, stroke=lined, fill=filled)
        canvas.restoreState()

    def _text(self, element: Element) -> None:
        """Write a line: pieces of different sizes, some of them lower."""
        size, lower, pieces = float(element.get("font-size", 10)), 0.0, []
        pieces.append((element.text or "", size, lower))
        for piece in element:
            lower += float(piece.get("dy", 0))
            pieces.append(
                (piece.text or "", float(piece.get("font-size", size)), lower)
            )
            pieces.append((piece.tail or "", size, lower))
        pieces = [(text, NARROWER * size, down) for text, size, down in pieces if text]
        wide = [self.canvas.stringWidth(text, FONT, size) for text, size, _ in pieces]
        x, y = self._at(float(element.get("x", 0)), float(element.get("y", 0)))
        x -= math.fsum(wide) * _BEFORE[element.get("text-anchor", "start")]
        self.canvas.setFillColor(element.get("fill", "black"))
        for (text, size, down), step in zip(pieces, wide, strict=True):
            self.canvas.setFont(FONT, size)
            self.canvas.drawString(x, y - down, text)
            x += step


def _places(numbers: str) -> list[tuple[float, float]]:
    found = [float(number) for number in NUMBER.findall(numbers)]
    return list(zip(found[::2], found[1::2], strict=True))


def smallest_words(svg: str) -> float:
    """Return the size of the smallest words of an svg, in points.

    A subscript may be smaller than words by a sixth: here it counts as much larger.

    >>> smallest_words('<text font-size="9.00">W</text><text font-size="3.00"> </text>')
    9.0
    >>> smallest_words('<text font-size="9.00">W<tspan dy="2.5" font-size="5.00">f')
    6.0
    """
    words = re.findall(r'<(text|tspan) ([^>]*)font-size="([\d.]+)"[^>]*>([^<]*)', svg)
    return min(
        (
            float(size) * (SUBSCRIPT if 'dy="2.5"' in look else 1.0)
            for _, look, size, text in words
            if text.strip()
        ),
        default=9.0,
    )


def _on_pages(
    canvas: Any, size: tuple[float, float], sheets: Sheets, title: str
) -> None:
    """Show a picture on pages, from left to right and then downwards."""
    wide, high = size[0] * sheets.scale, size[1] * sheets.scale
    room = sheets.size[0] - 2 * MARGIN, sheets.size[1] - 2 * MARGIN - HEADING
    many = len(sheets.columns) * len(sheets.rows)
    top = sheets.rows[::-1]  # a page begins at its foot, and one reads from the top
    for k, (y, x) in enumerate(itertools.product(top, sheets.columns), start=1):
        canvas.setFont(FONT, 10)
        canvas.drawString(MARGIN, sheets.size[1] - MARGIN - 8, title)
        if many > 1:
            says = f"page {k} of {many}"
            canvas.drawRightString(
                sheets.size[0] - MARGIN, sheets.size[1] - MARGIN - 8, says
            )
        canvas.saveState()
        frame = canvas.beginPath()
        frame.rect(MARGIN, MARGIN, *room)
        canvas.clipPath(frame, stroke=0, fill=0)
        aside = max(0.0, (room[0] - wide) / 2)
        above = max(0.0, room[1] - high)
        canvas.translate(MARGIN + aside - x, MARGIN + above - y)
        canvas.scale(sheets.scale, sheets.scale)
        canvas.doForm(PICTURE)
        canvas.restoreState()
        _mark_cuts(canvas, sheets, (x, y), (wide, high), room)
        canvas.showPage()


def _mark_cuts(
    canvas: Any,
    sheets: Sheets,
    at: tuple[float, float],
    picture: tuple[float, float],
    room: tuple[float, float],
) -> None:
    """Draw a dashed line where the picture goes on on another page."""
    (x, y), (wide, high) = at, picture
    left, low, right, top = MARGIN, MARGIN, MARGIN + room[0], MARGIN + room[1]
    cuts = {
        (left, low, left, top): x > 0,
        (right, low, right, top): x + room[0] < wide - 1,
        (left, low, right, low): y > 0,
        (left, top, right, top): y + room[1] < high - 1,
    }
    canvas.setDash(3, 3)
    canvas.setStrokeColorRGB(0.5, 0.5, 0.5)
    for line, is_cut in cuts.items():
        if is_cut:
            canvas.line(*line)
    canvas.setDash()


def png(svg: bytes, title: str = "") -> bytes:
    """Return an svg as pixels."""
    import pypdfium2

    with pypdfium2.PdfDocument(pdf(svg, title)) as document:
        image = document[0].render(scale=SCALE).to_pil()
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


if __name__ == "__main__":
    form, title, *page = sys.argv[1:]
    given = sys.stdin.buffer.read()
    made = png(given, title) if form == "png" else pdf(given, title, *page)
    sys.stdout.buffer.write(made)
