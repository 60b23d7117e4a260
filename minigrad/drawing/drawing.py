"""A Drawing holds DOT text, and becomes a picture when asked.

The text is what was drawn; it can be read, compared and kept without any renderer. So a
renderer that fails costs a picture, never the drawing: `save` leaves the text beside,
and a notebook shows words instead.
"""

from __future__ import annotations

import html
import os
import re
from pathlib import Path
from typing import Any

from minigrad.drawing.paper import PAGES
from minigrad.drawing.render import FORMATS, NotRendered, render
from minigrad.drawing.safe import printable
from minigrad.drawing.styles import DARK
from minigrad.files import as_path, write_whole
from minigrad.messages import explained

TEXT = (".dot", ".gv")


class Drawing:
    """What `mg.draw` returns: DOT text, `.svg()`, `.save(path)`; notebooks show it."""

    def __init__(
        self, dot: str, summary: str, title: str, renderer: str | None = None
    ) -> None:
        self.dot = dot
        self.title = title
        self.renderer = renderer
        self._summary = summary

    def __repr__(self) -> str:
        return f"<Drawing: {self._summary}>"

    def svg(self) -> str:
        """Return the picture as svg: with a title, and colours for dark pages too."""
        text = render(self.dot, "svg", self.renderer).decode()
        return accessible(text, self.title, f"{self._summary}.")

    def save(self, path: str | os.PathLike[str], page: str | None = None) -> Path:
        """Write the picture; the suffix says as what: .svg, .pdf, .png or .dot.

        page   for a .pdf on paper: "A4" or "letter"; fitted, with a line that says what
               it is, and over several pages if its words were smaller than 6 points.
               Else the page is as large as the picture

        Folders are made, an old file is replaced only by a whole new one, and the path
        is returned. Raises TypeError for no path, ValueError for another suffix,
        OSError if the path cannot be written, NotRendered if no renderer works; the DOT
        text is then saved beside.
        """
        path = as_path(path, f"save({path!r})")
        suffix = path.suffix.lower()
        if page is not None and (page not in PAGES or suffix != ".pdf"):
            raise _no_page(path, page, self)
        if suffix not in TEXT and suffix[1:] not in FORMATS:
            raise explained(
                ValueError,
                f"save({str(path)!r})",
                {"drawing": self},
                f"the suffix {suffix or '(none)'} names no format it can write.",
                "end the name in .svg, .pdf, .png or .dot.",
            )
        try:
            return write_whole(path, self._content(suffix, page or ""))
        except NotRendered as error:
            kept = write_whole(path.with_suffix(".dot"), self.dot.encode())
            raise NotRendered(
                f"{error}\n        The DOT text is kept: {kept}"
            ) from None

    def _content(self, suffix: str, page: str = "") -> bytes:
        if suffix in TEXT:
            return self.dot.encode()
        if suffix == ".svg":
            return self.svg().encode()
        title = printable(self.title)
        return render(self.dot, suffix[1:], self.renderer, title, page)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        try:
            return {"image/svg+xml": self.svg(), "text/plain": repr(self)}
        except NotRendered as error:
            return {"text/plain": f"{self!r}\n{error}\n        Its text: drawing.dot"}

    def _repr_svg_(self) -> str | None:
        try:
            return self.svg()
        except NotRendered:
            return None


def _no_page(path: Path, page: object, drawing: Drawing) -> ValueError:
    return explained(
        ValueError,
        f"save({str(path)!r}, page={page!r})",
        {"drawing": drawing},
        "only a pdf has pages, of a size of paper: " + ", ".join(PAGES) + ".",
        f"save('{path.with_suffix('.pdf').name}', page=\"A4\").",
    )


def for_dark_pages() -> str:
    """Return the rules by which pictures have other colours on a dark page."""
    rules = "".join(
        f'.minigrad [{part}="{light}"]{{{part}:{dark}}}'
        for light, dark in DARK.items()
        for part in ("fill", "stroke")
    )
    return f"@media (prefers-color-scheme: dark){{{rules}}}"


def accessible(svg: str, title: str, description: str) -> str:
    """Give an svg what Graphviz does not: a role, a title, and colours for the dark.

    >>> accessible('<svg width="8pt">', "a < b", "").partition("<desc>")[0]
    '<svg class="minigrad" role="img" width="8pt"><title>a &lt; b</title>'
    """
    return re.sub(
        r"<svg ([^>]*)>",
        lambda root: (
            f'<svg class="minigrad" role="img" {root[1]}>'
            f"<title>{html.escape(printable(title))}</title>"
            f"<desc>{html.escape(printable(description))}</desc>"
            f"<style>{for_dark_pages()}</style>"
        ),
        svg,
        count=1,
    )
