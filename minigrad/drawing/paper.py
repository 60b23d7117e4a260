"""From svg to pdf, and from pdf to png, without any system library.

    python -P minigrad/drawing/paper.py pdf "its title" A4 < picture.svg > picture.pdf

svglib reads the svg and reportlab writes a vector pdf, with DejaVu Sans (from the
ziafont wheel) embedded, so that σ, − and c̃ are there on every machine; pypdfium2 paints
png from that. A process of its own, because reportlab's settings are global: here the
same svg gives the same bytes, and nobody else's reports are changed. It imports nothing
of minigrad, so that it starts at once.
"""

from __future__ import annotations

import importlib.resources
import io
import itertools
import math
import re
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

FONT = "DejaVuSans"
PAGES = {"A4": (595.28, 841.89), "letter": (612.0, 792.0)}  # points, upright
MARGIN, HEADING = 28.0, 22.0  # points: around a page; for the line with the title
READABLE, LEAST = 6.0, 5.0  # points: words on several pages; the least on one
SUBSCRIPT = READABLE / LEAST  # times its size counts: it may be that much smaller
LARGEST = 1.5  # a small picture is not blown up more than that
OVERLAP = 18.0  # points of a picture that two neighbouring pages both show
NARROWER = 0.88  # DejaVu is that much wider than the Helvetica of the layout
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
    from reportlab.graphics import renderPDF, shapes
    from reportlab.pdfgen.canvas import Canvas
    from svglib import fonts, svglib

    font = importlib.resources.files("ziafont") / "fonts" / f"{FONT}.ttf"
    with importlib.resources.as_file(font) as path:
        fonts.register_font(FONT, str(path))
        text = _in_dejavu(svg.decode()).encode()
        drawing: Any = svglib.svg2rlg(io.BytesIO(text))
    out = io.BytesIO()
    shapes.STATE_DEFAULTS["fontName"] = (
        FONT  # else Helvetica is named, and not embedded
    )
    size = drawing.width, drawing.height
    sheets = (
        spread_out(size, smallest_words(svg.decode()), page)
        if page
        else Sheets(size, 1.0, [0.0], [0.0])
    )
    canvas = Canvas(out, pagesize=sheets.size, invariant=1, initialFontName=FONT)
    canvas.setTitle(title)
    canvas.setCreator("minigrad")
    canvas.setAuthor("")
    canvas.setSubject("")
    if page:
        _on_pages(canvas, drawing, sheets, title, renderPDF.draw)
    else:
        renderPDF.draw(drawing, canvas, 0, 0)
    canvas.save()
    return out.getvalue()


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
    canvas: Any, drawing: Any, sheets: Sheets, title: str, draw: Callable[..., None]
) -> None:
    """Draw a picture on pages, from left to right and then downwards."""
    wide, high = drawing.width * sheets.scale, drawing.height * sheets.scale
    room = sheets.size[0] - 2 * MARGIN, sheets.size[1] - 2 * MARGIN - HEADING
    many = len(sheets.columns) * len(sheets.rows)
    drawing.scale(sheets.scale, sheets.scale)
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
        draw(drawing, canvas, MARGIN + aside - x, MARGIN + above - y)
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


def _in_dejavu(svg: str) -> str:
    """Set the text in our font, at the size at which it is as wide as Helvetica.

    >>> _in_dejavu('<text font-family="Helvetica,sans-Serif" font-size="10.00">')
    '<text font-family="DejaVuSans" font-size="8.80">'
    """
    svg = svg.replace("Helvetica,sans-Serif", FONT)
    return re.sub(
        r'font-size="([\d.]+)"',
        lambda size: f'font-size="{float(size[1]) * NARROWER:.2f}"',
        svg,
    )


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
