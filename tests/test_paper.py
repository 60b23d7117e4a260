"""Pictures on paper: fitted, with a title, over several pages where words got small."""

from __future__ import annotations

import io
import re
import subprocess
import sys

import numpy as np
import pypdfium2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader
from view_cases import loss, sequence

from minigrad.drawing import VIEWS, draw, paper
from minigrad.drawing.paper import (
    HEADING,
    LEAST,
    MARGIN,
    PAGES,
    READABLE,
    smallest_words,
    spread_out,
)

LENGTHS = st.floats(20.0, 20000.0)


@given(LENGTHS, LENGTHS, st.floats(5.0, 13.0), st.sampled_from(list(PAGES)))
def test_every_point_of_a_picture_is_on_a_page_and_its_words_can_be_read(
    wide, high, words, page
):
    sheets = spread_out((wide, high), words, page)
    assert set(sheets.size) == set(PAGES[page])
    assert sheets.scale * words >= LEAST - 1e-9
    room = sheets.size[0] - 2 * MARGIN, sheets.size[1] - 2 * MARGIN - HEADING
    sides = (sheets.columns, wide, room[0]), (sheets.rows, high, room[1])
    for begins, length, have in sides:
        reached = np.array([0.0, *(start + have for start in begins)])
        assert (np.array(begins) <= reached[:-1] + 1e-6).all()  # no gap between pages
        assert reached[-1] >= length * sheets.scale - 1e-6


def test_what_fits_is_on_one_page():
    assert len(spread_out((900.0, 600.0), 9.0, "A4").columns) == 1
    assert spread_out((900.0, 600.0), 9.0, "A4").size == PAGES["A4"][::-1]
    assert spread_out((500.0, 900.0), 9.0, "letter").size == PAGES["letter"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("paper")


def saved(drawing, folder):
    path = drawing.save(folder / "a.pdf", page="A4")
    return PdfReader(io.BytesIO(path.read_bytes())).pages


@pytest.mark.parametrize("view", ["gate", "folded", "neuron"])
def test_the_default_pictures_of_a_cell_are_one_page_with_a_title(view, folder):
    (page,) = saved(draw(sequence(3), view, renderer="graphviz-pure"), folder)
    assert {round(float(side)) for side in page.mediabox[2:]} == {595, 842}
    text = page.extract_text()
    assert "How" in text and "computed" in text
    assert "page 1" not in text


def test_a_long_picture_goes_over_several_pages_that_say_so(folder):
    drawing = draw(sequence(4), "op", fold=False, renderer="graphviz-pure")
    pages = saved(drawing, folder)
    assert len(pages) > 1
    for k, page in enumerate(pages, start=1):
        assert f"page {k} of {len(pages)}" in page.extract_text()
    said = "".join(page.extract_text() for page in pages)
    assert "loss" in said or "tanh" in said


def test_only_a_pdf_has_pages(folder):
    drawing = draw(loss())
    for path, page in (("a.svg", "A4"), ("a.pdf", "A5"), ("a.png", "letter")):
        with pytest.raises(ValueError, match=r"(?s)only a pdf has pages.*fix.*A4"):
            drawing.save(folder / path, page=page)


@pytest.mark.parametrize("view", ["gate", "folded", "layer", "dense", "neuron"])
def test_words_of_the_default_pictures_are_at_least_6_points_on_a4(view):
    drawing = draw(sequence(5), view, renderer="graphviz-pure")
    svg = drawing.svg()
    wide, high = (float(side) for side in _size(svg))
    sheets = spread_out((wide, high), smallest_words(svg), "A4")
    assert len(sheets.columns) * len(sheets.rows) == 1


@pytest.mark.parametrize("view", ["op", "backward"])
def test_words_of_one_step_are_at_least_5_points_on_a4(view):
    svg = draw(sequence(1), view, renderer="graphviz-pure").svg()
    wide, high = (float(side) for side in _size(svg))
    room = [side - 2 * MARGIN for side in PAGES["A4"][::-1]]
    scale = min(room[0] / wide, (room[1] - HEADING) / high)
    assert smallest_words(svg) * scale >= 5.0


def test_only_pictures_of_every_step_may_have_words_that_small():
    small = {name for name, view in VIEWS.items() if view.least < READABLE}
    assert small == {"op", "step", "backward", "cotangents"}


def _size(svg):
    return re.search(r'width="([\d.]+)pt" height="([\d.]+)pt"', svg).groups()


def test_paper_is_made_without_importing_the_package():
    svg = draw(loss(), "op", renderer="graphviz-pure").svg()
    command = [sys.executable, "-X", "importtime", "-P", paper.__file__, "pdf", ""]
    done = subprocess.run(command, input=svg.encode(), capture_output=True, check=True)
    assert done.stdout.startswith(b"%PDF")
    assert b"minigrad" not in done.stderr


def painted(wide, high):
    """Return the pages of a black rectangle without any words, as shades of grey."""
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide}" height="{high}">'
    svg += f'<rect width="{wide}" height="{high}"/></svg>'
    pages = pypdfium2.PdfDocument(paper.pdf(svg.encode(), "", "A4"))
    return [np.asarray(page.render().to_pil().convert("L"), float) for page in pages]


@pytest.mark.parametrize(("wide", "high"), [(100, 60), (300, 800), (1200, 500)])
def test_a_picture_stands_in_the_middle_below_the_line_with_the_title(wide, high):
    (page,) = painted(wide, high)
    rows, columns = (np.nonzero((page < 99).any(axis=axis))[0] for axis in (1, 0))
    assert abs(columns[0] - (page.shape[1] - 1 - columns[-1])) <= 1
    assert abs(rows[0] - MARGIN - HEADING) <= 1
    assert abs(np.ptp(columns) / wide * high / np.ptp(rows) - 1.0) < 0.03


@pytest.mark.parametrize("size", [(4000, 300), (300, 4000)])
def test_a_dashed_line_says_where_a_picture_goes_on(size):
    pages = painted(*size)
    axis = size.index(4000)  # 0: the pages are beside each other, 1: below each other
    first, last = int(MARGIN + HEADING * axis) - 1, -int(MARGIN)
    for k, page in enumerate(pages):
        shade = page.mean(axis=axis)
        dashed = shade[first] < 240.0, shade[last] < 240.0
        assert dashed == (k > 0, k < len(pages) - 1)
