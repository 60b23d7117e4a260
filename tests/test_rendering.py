"""From DOT to svg, pdf and png, by Graphviz or its port; and if neither is there."""

from __future__ import annotations

import os
import re
import xml.etree.ElementTree as ET

import numpy as np
import pypdf
import pytest
from conftest import RENDERERS, needs_dot
from drawing_cases import SVG, difference, lstm

import minigrad as mg
from lstm import LSTMCell
from minigrad.drawing import NotRendered, draw, render
from minigrad.drawing.render import pure_program

posix_only = pytest.mark.skipif(os.name == "nt", reason="a shell script as renderer")


@pytest.mark.parametrize("renderer", RENDERERS)
def test_an_svg_has_every_node_arrow_and_cluster(renderer):
    drawing = draw(lstm(2), "op", renderer=renderer, fold=False)
    root = ET.fromstring(drawing.svg().encode())
    classes = [group.get("class") for group in root.iter(f"{SVG}g")]
    nodes, arrows = map(int, re.findall(r"(\d+) (?:nodes|arrows)", repr(drawing)))
    assert classes.count("node") == nodes
    assert classes.count("edge") == arrows
    assert (
        classes.count("cluster") == drawing.dot.count("subgraph cluster_") == 1 + 2 * 6
    )
    assert root.get("role") == "img"
    assert root.find(f"{SVG}title").text.startswith("How loss was computed")
    assert "prefers-color-scheme: dark" in root.find(f"{SVG}style").text


@pytest.mark.parametrize("renderer", RENDERERS)
def test_a_pdf_has_its_text_and_embeds_its_fonts(renderer, tmp_path):
    path = draw(lstm(2), "op", renderer=renderer).save(
        tmp_path / "new" / "folder" / "a.pdf"
    )
    (page,) = pypdf.PdfReader(path).pages
    text = page.extract_text()
    assert {"σ", "tanh", "forget", "candidate"} <= set(text.split())
    fonts = [font.get_object() for font in page["/Resources"]["/Font"].values()]
    descriptors = [
        (
            font["/DescendantFonts"][0].get_object()
            if "/DescendantFonts" in font
            else font
        )
        for font in fonts
    ]
    embedded = ["/FontFile2", "/FontFile3", "/FontFile"]
    used = [
        each["/FontDescriptor"] for each in descriptors if "/FontDescriptor" in each
    ]
    assert used
    assert all(any(key in each for key in embedded) for each in used)


@pytest.mark.parametrize("renderer", RENDERERS)
def test_a_pdf_is_the_same_twice_and_carries_no_date(renderer, tmp_path):
    drawing = draw(difference(), renderer=renderer)
    one, two = (
        drawing.save(tmp_path / name).read_bytes() for name in ("1.pdf", "2.pdf")
    )
    assert one == two
    assert not re.search(rb"/CreationDate \(D:202", one)


@pytest.mark.parametrize("renderer", RENDERERS)
@pytest.mark.parametrize("name", ["loss", "a(b\\", "ŷ"])
def test_a_pdf_has_a_title_and_no_made_up_author(name, renderer, tmp_path):
    leaf = mg.Tensor(1.0, name=name)
    path = draw(leaf, renderer=renderer).save(tmp_path / "a.pdf")
    about = pypdf.PdfReader(path).metadata
    if "cairo" not in str(about.producer):  # too long for the room there
        assert about.title == f"How {name} was computed: a tape of 1 steps"
    assert not about.author


@pytest.mark.parametrize("renderer", RENDERERS)
def test_rows_that_graphviz_cannot_keep_level_do_not_cost_the_picture(renderer):
    lower, upper = LSTMCell(2, 3, rng=0), LSTMCell(3, 2, rng=1)
    s, r = lower.start(), upper.start()
    for x in np.ones((2, 2)):
        s = lower(x, s)
        r = upper(s.y, r)
    drawing = draw((r.y**2).sum(), "op", renderer=renderer)
    svg = drawing.svg()
    assert "rank=same" in drawing.dot
    assert svg.count('class="edge"') > 30


@pytest.mark.parametrize("renderer", RENDERERS)
def test_a_subscript_follows_its_letter(renderer):
    svg = draw(mg.Tensor([1.0, 2.0], name="W_f"), renderer=renderer).svg()
    assert re.search(r">W<tspan [^>]*>f</tspan></text>", svg)


@pytest.mark.parametrize("renderer", RENDERERS)
def test_a_png_is_an_image(renderer, tmp_path):
    path = draw(difference(), renderer=renderer).save(tmp_path / "a.png")
    assert path.read_bytes().startswith(b"\x89PNG")


def test_without_a_system_dot_the_wheel_is_found_off_the_path(monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("MINIGRAD_RENDERER", raising=False)
    assert "graphviz-pure" in draw(difference()).svg()


@needs_dot
def test_without_the_wheel_the_system_dot_is_used(monkeypatch):
    monkeypatch.setattr(render, "pure_program", lambda: None)
    monkeypatch.delenv("MINIGRAD_RENDERER", raising=False)
    assert "<svg" in draw(difference()).svg()


def test_the_environment_chooses_the_renderer(monkeypatch):
    monkeypatch.setenv("MINIGRAD_RENDERER", "graphviz-pure")
    assert "graphviz-pure" in draw(difference()).svg()
    monkeypatch.setenv("MINIGRAD_RENDERER", str(pure_program()))
    assert "graphviz-pure" in draw(difference()).svg()


def test_no_renderer_costs_the_picture_but_not_the_text(tmp_path):
    drawing = draw(difference(), renderer="no-such-program")
    with pytest.raises(NotRendered, match=r"(?s)not found.*fix.*a\.dot"):
        drawing.save(tmp_path / "a.pdf")
    assert (tmp_path / "a.dot").read_text(encoding="utf-8") == drawing.dot
    assert not (tmp_path / "a.pdf").exists()
    assert drawing._repr_svg_() is None
    words = drawing._repr_mimebundle_()
    assert list(words) == ["text/plain"]
    assert "drawing.dot" in words["text/plain"]


@posix_only
def test_a_renderer_that_hangs_is_ended(tmp_path, monkeypatch):
    program = tmp_path / "slow"
    program.write_text("#!/bin/sh\nwhile :; do :; done\n", "utf-8")
    program.chmod(0o755)
    monkeypatch.setattr(render, "TIME_LIMIT", 0.2)
    with pytest.raises(NotRendered, match=r"not ready after 0\.2 s"):
        draw(difference(), renderer=str(program)).svg()


def test_no_more_is_installed_where_all_that_is_there_refuses():
    with pytest.raises(NotRendered, match="to install more") as caught:
        render.render("digraph {", "svg")
    assert "refused: " in str(caught.value)
    assert "pip install" not in str(caught.value)


@posix_only
def test_a_renderer_that_fails_says_what_it_said(tmp_path):
    program = tmp_path / "broken"
    program.write_text("#!/bin/sh\necho 'no such luck' >&2\nexit 3\n", "utf-8")
    program.chmod(0o755)
    with pytest.raises(NotRendered, match="no such luck"):
        draw(difference(), renderer=str(program)).svg()


def test_saving_is_quiet_and_leaves_nothing_behind(tmp_path, capfd):
    draw(difference()).save(tmp_path / "a.dot")
    draw(difference()).save(tmp_path / "a.svg")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.dot", "a.svg"]
    assert capfd.readouterr() == ("", "")


def test_a_notebook_gets_a_picture_and_words():
    bundle = draw(difference())._repr_mimebundle_()
    assert set(bundle) == {"image/svg+xml", "text/plain"}
