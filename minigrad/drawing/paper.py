"""From svg to pdf, and from pdf to png, without any system library.

    python -m minigrad.drawing.paper pdf "its title" < picture.svg > picture.pdf

svglib reads the svg and reportlab writes a vector pdf, with DejaVu Sans (from the
ziafont wheel) embedded, so that σ, − and c̃ are there on every machine; pypdfium2 paints
png from that. A process of its own, because reportlab's settings are global: here the
same svg gives the same bytes, and nobody else's reports are changed.
"""

from __future__ import annotations

import importlib.resources
import io
import re
import sys
from typing import Any

FONT = "DejaVuSans"
NARROWER = 0.88  # DejaVu is that much wider than the Helvetica of the layout
SCALE = 2  # png pixels per point: 144 per inch


def pdf(svg: bytes, title: str = "") -> bytes:
    """Return a one-page pdf of an svg."""
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
    page = Canvas(out, pagesize=size, invariant=1, initialFontName=FONT)
    page.setTitle(title)
    page.setCreator("minigrad")
    page.setAuthor("")
    page.setSubject("")
    renderPDF.draw(drawing, page, 0, 0)
    page.save()
    return out.getvalue()


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
    wanted = {"pdf": pdf, "png": png}[sys.argv[1]]
    sys.stdout.buffer.write(wanted(sys.stdin.buffer.read(), sys.argv[2]))
