"""Every picture can be read by colour-blind eyes, in grey, and on a dark page."""

from __future__ import annotations

import itertools
import re
from functools import cache

import pytest
from colours import EYES, contrast, distance, lab
from test_views import EVERY, pictured

from minigrad.drawing import draw
from minigrad.drawing.styles import DARK, INK, MINUS, MUTED, PAPER, PLUS

VIEWED = [*EVERY, "op", "difference"]
PAGES = {
    "light": lambda colour: colour,
    "dark": lambda colour: DARK.get(colour, colour),
}
NODE = re.compile(r"^\s*\w+ \[(label=.*shape=.*)\]$", re.M)
FRAME = re.compile(r"subgraph cluster_\d+ \{\n\s*graph \[(.*)\]|"
                   r"subgraph cluster_\d+ \{\n\s*(color=.*)$", re.M)  # fmt: skip

SWATCH = re.compile(r'BORDER="(\d)" STYLE="([\w,]+)" COLOR="(#\w+)" BGCOLOR="(#\w+)">'
                    r"</TD><TD [^>]*> (.*?)<BR")  # fmt: skip


@cache
def picture(view):
    return draw(pictured(view), view).dot


def attributes(text):
    """Return the attributes of a node or frame, but for its label."""
    text = re.sub(r"label=<.*?>(?= \w+=|$)", "label=<…>", text)
    found = re.findall(r'(\w+)=("[^"]*"|\S+)', text)
    return {key: value.strip('"') for key, value in found}


def nodes(view):
    return [attributes(each) for each in NODE.findall(picture(view))]


def frames(view):
    return [attributes(one or other) for one, other in FRAME.findall(picture(view))]


def form(look):
    """Return what tells a node apart without any colour: its shape, dashes, borders."""
    wide = float(look.get("penwidth", 1)) >= 3
    dashed = "dashed" in look.get("style", "")
    return look["shape"], dashed, look.get("peripheries"), wide


def looks(view):
    """Yield pairs that only their colours tell apart: of nodes, and in the legend."""
    found = {}
    for look in nodes(view):
        if "fillcolor" in look:
            colours = look["fillcolor"], look["color"]
            found.setdefault(form(look), {})[colours] = None
    for border, style, color, fill, words in SWATCH.findall(picture(view)):
        found.setdefault((border, style), {})[fill, color, words] = None
    for alike in found.values():
        for one, other in itertools.combinations(alike, 2):
            yield one[:2], other[:2]


def test_the_parser_finds_every_node_and_frame():
    for view in VIEWED:
        drawn = draw(pictured(view), view)
        assert len(nodes(view)) == int(re.search(r"(\d+) nodes", repr(drawn))[1])
        assert len(frames(view)) == drawn.dot.count("subgraph cluster_")


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("view", VIEWED)
def test_no_two_kinds_look_alike_to_any_eyes(view, page):
    shown = PAGES[page]
    for one, other in looks(view):
        for eyes in EYES:
            apart = max(distance(shown(a), shown(b), eyes)
                        for a, b in zip(one, other, strict=True))  # fmt: skip
            assert apart > 10, (one, other, eyes)  # four times what is noticeable


@pytest.mark.parametrize("view", VIEWED)
def test_no_two_kinds_look_alike_on_a_printer_without_colours(view):
    for one, other in looks(view):
        grey = [lab(a)[0] - lab(b)[0] for a, b in zip(one, other, strict=True)]
        assert max(map(abs, grey)) > 4, (one, other)


def test_the_sign_of_a_weight_is_told_by_colour_and_by_dashes():
    for shown in PAGES.values():
        assert min(distance(shown(PLUS), shown(MINUS), eyes) for eyes in EYES) > 50
    lines = re.findall(r"-> .*tooltip=\"W.* = (-?)[^\"]*\"\]", picture("neuron"))
    dashed = re.findall(r"-> .*style=dashed tooltip=\"W.* = -", picture("neuron"))
    assert 0 < len(dashed) == lines.count("-")


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("view", VIEWED)
def test_every_word_can_be_read(view, page):
    """WCAG 2.2, level AA: text has a contrast of at least 4.5 with what is behind."""
    shown = PAGES[page]
    for look in nodes(view):
        if look.get("label") and "fillcolor" in look:
            assert contrast(shown(INK), shown(look["fillcolor"])) >= 4.5
    for look in frames(view):
        title, fill = shown(look["fontcolor"]), shown(look["fillcolor"])
        assert not look.get("label") or contrast(title, fill) >= 4.5
        assert contrast(shown(MUTED), fill) >= 4.5  # what is written on lines
    assert contrast(shown(MUTED), shown(PAPER)) >= 4.5


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("view", VIEWED)
def test_every_line_can_be_seen(view, page):
    """WCAG 2.2, 1.4.11: what carries meaning has a contrast of at least 3."""
    shown = PAGES[page]
    for colour in set(re.findall(r"-> .* color=\"(#\w{6})\"", picture(view))) | {INK}:
        assert contrast(shown(colour), shown(PAPER)) >= 3, colour


@pytest.mark.parametrize("view", VIEWED)
def test_every_colour_has_its_twin_for_the_dark(view):
    used = set(re.findall(r"#[0-9a-f]{6}", picture(view)))
    assert used <= set(DARK)


def test_the_measures_are_those_of_their_sources():
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)  # W3C
    assert lab("#ffffff") == pytest.approx([100, 0, 0], abs=0.02)
    assert lab("#ff0000") == pytest.approx([53.24, 80.09, 67.20], abs=0.02)
    grey = {eyes: distance("#808080", "#808080", eyes) for eyes in EYES}
    assert set(grey.values()) == {0.0}
    red, green = "#c00000", "#008000"  # the classical confusion
    assert distance(red, green) > 100 > 50 > distance(red, green, "deuteranopia")
