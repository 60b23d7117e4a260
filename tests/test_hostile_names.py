"""Names that mean something to Graphviz, to XML or to a terminal harm no picture."""

from __future__ import annotations

import io
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from conftest import RENDERERS
from drawing_cases import LINK, SVG, difference
from hypothesis import given, settings
from hypothesis import strategies as st

import minigrad as mg
from minigrad.drawing import VIEWS, draw
from minigrad.drawing import drawing as drawing_module

HOSTILE = ["<b>", '"', "\\N", "a:b", "x\ny", "a\\", "&lt;", "<<TABLE>>", "\x00", "]]>",
           "--", "\u202e", "\ud800", "subgraph", "W_<i>", "_", "x_", "%s"]  # fmt: skip


def paint(name: str, renderer: str) -> None:
    with mg.scope(name, 1):
        y = mg.Tensor([1.0], name=name) * 2.0
        y.name = name
    drawing = draw(y, renderer=renderer)
    drawing.dot.encode("utf-8")
    classes = [
        group.get("class") for group in ET.fromstring(drawing.svg().encode()).iter()
    ]
    assert (classes.count("node"), classes.count("edge")) == (2, 1)


@pytest.mark.parametrize("renderer", RENDERERS)
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_harms_nothing(name, renderer):
    paint(name, renderer)


@pytest.mark.slow
@settings(max_examples=20)
@given(st.text(max_size=12))
def test_any_name_harms_nothing(name):
    paint(name, "graphviz-pure")


BACKSLASHES = [f"\\{letter}" for letter in "NGETHLlrnx\\"] + [
    'y\\N\\G"', "a\\", "\\\\N", "\\&lt;"]  # fmt: skip


@pytest.mark.parametrize("renderer", RENDERERS)
@pytest.mark.parametrize("name", BACKSLASHES)
def test_a_name_is_shown_letter_for_letter(name, renderer):
    with mg.scope(name):
        y = mg.Tensor([1.0], name=name) * 2.0
    y.name = name
    tooltips = f"How {name} was computed", f"{name} = {name} × 2"
    for view, labels, told in (
        ("op", 3, [*tooltips, f"in {name}"]),  # two nodes and a frame
        ("backward", 2, tooltips),
    ):
        root = ET.fromstring(draw(y, view, renderer=renderer).svg().encode())
        texts = ["".join(each.itertext()) for each in root.iter(f"{SVG}text")]
        assert texts.count(name) == labels
        pointed_at = [each.get(f"{LINK}title", "") for each in root.iter(f"{SVG}a")]
        for says in told:
            assert any(says in each for each in pointed_at)


def test_the_svg_can_be_read_by_others():
    assert ET.parse(io.StringIO(draw(difference()).svg()))
    assert drawing_module.accessible("<svg a='1'>", "<&", "").count("&lt;&amp;") == 1


VIEWS_OF_ONE = sorted(set(VIEWS) - {"difference"})


@pytest.mark.parametrize("view", VIEWS_OF_ONE)
def test_what_only_fetches_or_adds_up_is_drawn_where_it_is_the_result(view):
    x = mg.Tensor(np.ones((3, 2)), name="x")
    for result in (x, x.sum(), x[[0, 1, 1]], [x.sum(), mg.tanh(x)]):
        assert "digraph" in draw(result, view).dot


@pytest.mark.parametrize("view", VIEWS_OF_ONE)
def test_arrays_and_single_numbers_may_be_among_what_is_joined(view):
    x = mg.Tensor(0.5, name="x")
    for t in range(3):
        with mg.scope("loop", t):
            y = mg.tanh(x)
            x = mg.concatenate([mg.reshape(y, (1,)), np.ones(1)]).sum() + mg.exp(y)
    assert "digraph" in draw(mg.stack([x, np.array(2.0)]), view).dot


@pytest.mark.parametrize("view", VIEWS_OF_ONE)
def test_arrays_without_entries_are_drawn(view):
    x = mg.Tensor(np.ones((2, 3)), name="x")
    y = x[:, 3:] @ x[0, 3:] + x[1, 0]
    assert "digraph" in draw(mg.tanh(y), view).dot
