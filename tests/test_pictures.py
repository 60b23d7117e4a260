"""Every view, painted by every renderer: all there, readable, safe with any name."""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ET

import numpy as np
import pypdf
import pytest
from conftest import RENDERERS, needs_dot
from hypothesis import given, settings
from hypothesis import strategies as st
from test_views import EVERY, pictured

import minigrad as mg
from lstm import LSTMCell, State
from minigrad.drawing import VIEWS, NotRendered, draw, paper, render
from minigrad.drawing.centred import centred

VIEWED = [*EVERY, "op", "step", "difference"]
SVG = "{http://www.w3.org/2000/svg}"
LINK = "{http://www.w3.org/1999/xlink}"
WORDS = {
    "layer": {"LSTM", "x", "48 numbers to train"},
    "neuron": {"W", "f", "y", "x", "dark: neuron 1"},
    "dense": {"σ", "W", "f", "forget"},
}  # what the pdf says; of every other view:
USUAL = {"σ", "tanh", "×", "y"}


def fonts(page):
    """Yield the descriptor of every font of a pdf."""
    for font in page["/Resources"]["/Font"].values():
        font = font.get_object()
        if "/DescendantFonts" in font:
            font = font["/DescendantFonts"][0].get_object()
        yield font.get("/FontDescriptor", {})


@pytest.mark.parametrize("renderer", RENDERERS)
@pytest.mark.parametrize("view", VIEWED)
def test_the_svg_has_all_that_is_drawn_and_says_what_it_is(view, renderer):
    drawing = draw(pictured(view), view, renderer=renderer)
    root = ET.fromstring(drawing.svg().encode())
    classes = [group.get("class") for group in root.iter(f"{SVG}g")]
    nodes, arrows = map(int, re.findall(r"(\d+) (?:nodes|arrows)", repr(drawing)))
    assert classes.count("node") == nodes
    assert classes.count("edge") == arrows
    assert classes.count("cluster") == drawing.dot.count("subgraph cluster_")
    assert root.get("role") == "img"
    assert [child.tag for child in root][:2] == [f"{SVG}title", f"{SVG}desc"]
    assert root.find(f"{SVG}title").text.startswith("How ")
    assert f"view {view!r}" in root.find(f"{SVG}desc").text


def as_pdf(dot, renderer):
    """Return a pdf; that of the wheel is written here and not in another process."""
    if renderer == "dot":
        return render.render(dot, "pdf", renderer)
    return paper.pdf(render.render(dot, "svg", renderer))


@pytest.mark.parametrize("renderer", RENDERERS)
@pytest.mark.parametrize("view", VIEWED)
def test_the_pdf_has_its_words_and_embeds_its_fonts(view, renderer):
    content = as_pdf(draw(pictured(view), view).dot, renderer)
    (page,) = pypdf.PdfReader(io.BytesIO(content)).pages
    text = page.extract_text()
    assert {word for word in WORDS.get(view, USUAL) if word not in text} == set()
    found = list(fonts(page))
    assert found
    assert all({"/FontFile", "/FontFile2", "/FontFile3"} & set(each) for each in found)


# ----------------------------------------------------------------------- hostile names

HOSTILE = ["<b>", '"', "\\N", "a:b", "x\ny", "a, b", "\ud800", "_", "W_<i>", "a\\",
           "&lt;", "]]>", "-->", "\x00", "σ_∂", "🙂", "\u202e", "<<TABLE>>", "{|}",
           "%s"]  # fmt: skip


def named(names):
    """Return y of a cell over two steps in which everything has one of these names."""
    names = iter(names)
    cell = LSTMCell(3, 2, rng=0)
    for parameter in cell.parameters():
        parameter.name = next(names)
    states = [mg.Tensor(np.zeros(2), next(names)) for _ in "yc"]
    cell.label, loop = next(names), next(names)
    for t in (1, 2):
        with mg.scope(loop, t):
            states = list(cell(mg.Tensor(np.ones(3), next(names)), State(*states)))
            for state in states:
                state.name = next(names)
    return states[0]


def paint(names, view, renderer="graphviz-pure"):
    made = named(names)
    made = [made, named(names)] if view == "difference" else made
    drawing = draw(made, view, renderer=renderer)
    drawing.dot.encode("utf-8")
    groups = list(ET.fromstring(drawing.svg().encode()).iter(f"{SVG}g"))
    classes = [group.get("class") for group in groups]
    nodes, arrows = map(int, re.findall(r"(\d+) (?:nodes|arrows)", repr(drawing)))
    assert (classes.count("node"), classes.count("edge")) == (nodes, arrows)
    return groups


def said(group):
    """Return what a part of a picture says, and what it says when pointed at."""
    texts = ["".join(each.itertext()) for each in group.iter(f"{SVG}text")]
    return texts + [each.get(f"{LINK}title", "") for each in group.iter(f"{SVG}a")]


@pytest.mark.parametrize("renderer", RENDERERS)
@pytest.mark.parametrize("view", VIEWED)
def test_hostile_names_harm_no_picture(view, renderer):
    groups = paint(HOSTILE, view, renderer)
    for part in groups:
        if part.get("class") in ("node", "edge", "cluster"):
            id = part.find(f"{SVG}title").text
            assert not any(id in text for text in said(part))


@pytest.mark.parametrize("name", ["<b>", "", "\\N"])
@pytest.mark.parametrize("view", VIEWED)
def test_everything_may_have_the_same_name(view, name):
    groups = paint([name] * len(HOSTILE), view)
    assert any(name in text for text in said(groups[0]))


@settings(max_examples=10, deadline=None)
@given(st.lists(st.text(max_size=9), min_size=20, max_size=20), st.sampled_from(VIEWED))
def test_any_names_harm_no_picture(names, view):
    paint(names, view)


# --------------------------------------------------------------- a machine without much


@pytest.fixture
def no_fonts(tmp_path, monkeypatch):
    """A machine on which fontconfig, which Graphviz asks, knows no font."""
    config = tmp_path / "fonts.conf"
    config.write_text(
        f"<fontconfig><cachedir>{tmp_path}/c</cachedir></fontconfig>", "utf-8"
    )
    monkeypatch.setenv("FONTCONFIG_FILE", str(config))
    monkeypatch.delenv("MINIGRAD_RENDERER", raising=False)
    render._has_fonts.cache_clear()
    yield
    render._has_fonts.cache_clear()


@pytest.mark.parametrize("view", ["gate", "neuron"])
def test_without_a_font_on_the_machine_there_are_words(view, no_fonts, tmp_path):
    path = draw(pictured(view), view).save(tmp_path / "a.pdf")
    (page,) = pypdf.PdfReader(path).pages
    assert "y" in page.extract_text()
    assert list(fonts(page))


@needs_dot
def test_a_renderer_without_fonts_says_so_instead_of_leaving_words_out(
    no_fonts, tmp_path
):
    drawing = draw(mg.tanh(mg.Tensor(0.5, "a")), "op", renderer="dot")
    assert "<svg" in drawing.svg()  # whoever shows it has fonts
    for form in ("pdf", "png"):
        with pytest.raises(NotRendered, match=r"(?s)no font.*fix.*a font"):
            drawing.save(tmp_path / f"a.{form}")


@pytest.mark.parametrize("view", VIEWED)
def test_a_failing_renderer_keeps_the_text(view, tmp_path):
    drawing = draw(pictured(view), view, renderer="no-such-program")
    with pytest.raises(NotRendered, match=r"(?s)not found.*fix.*a\.dot"):
        drawing.save(tmp_path / "a.pdf")
    assert (tmp_path / "a.dot").read_text("utf-8") == drawing.dot


def test_no_view_is_left_untried():
    assert set(VIEWED) == set(VIEWS)


def test_what_follows_a_subscript_stands_on_the_line_again():
    def text(x, letter):
        at = f'text-anchor="start" x="{x}" y="5" font-size="9.00"'
        return f'<text {at}>{letter}<tspan dy="2.5" font-size="6.00">{x}</tspan></text>'

    pieces = "".join(text(x, letter) for x, letter in enumerate("Wvb", start=7))
    svg = f'<g id="n" class="node"><ellipse cx="9" cy="5"/>{pieces}</g></g>'
    heights = [float(dy) for dy in re.findall('dy="([-.0-9]+)"', centred(svg))]
    assert heights == [2.5, -2.5, 2.5, -2.5, 2.5]
