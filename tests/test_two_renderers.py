"""Graphviz and the wheel draw the same picture; its words stay in the middle."""

from __future__ import annotations

import html
import re
import sys
from collections import Counter
from xml.etree import ElementTree

import numpy as np
import pytest
from browser import Browser, program
from conftest import RENDERERS, needs_dot, promised
from view_cases import dense, loss, sequence

import minigrad as mg
from lstm import LSTMCell, PeepholeCell, State
from minigrad.drawing import draw

PICTURES = {
    "gate": lambda: sequence(2),
    "folded": lambda: sequence(3),
    "layer": lambda: sequence(3),
    "neuron": lambda: sequence(2),
    "dense": dense,
    "op": loss,
    "backward": loss,
}
FAMILIES = ("DejaVu Sans", "Liberation Serif", "monospace")
APART = 0.75  # points between the middles of a line and of its node


def contents(svg):
    """Return how many nodes and edges there are, and every letter that is shown."""
    words = re.sub(r"<title>.*?</title>|<desc>.*?</desc>|<style>.*?</style>", "", svg)
    letters = html.unescape(re.sub(r"<[^>]*>", "", words))
    kinds = Counter(re.findall(r'class="(node|edge|cluster)"', svg))
    return kinds, Counter(re.sub(r"\s", "", letters))


@needs_dot
@pytest.mark.parametrize("view", PICTURES)
def test_both_renderers_show_the_same_nodes_edges_and_words(view):
    output = PICTURES[view]()
    found = [
        contents(draw(output, view, renderer=renderer).svg())
        for renderer in ("dot", "graphviz-pure")
    ]
    assert found[0] == found[1]
    assert found[0][0]["node"] > 1


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    browser = Browser(tmp_path_factory.mktemp("browser"))
    yield browser
    browser.quit()


MEASURED = """
[...document.querySelectorAll('g.node')].flatMap(node => {
  const box = node.querySelector('ellipse, polygon, path');
  if (!box) return [];
  const at = each => { const b = each.getBBox(); return b.x + b.width / 2 };
  return [...node.querySelectorAll('text')].filter(text => text.textContent.trim())
    .map(text => Math.abs(at(text) - at(box)));
})
"""


@pytest.mark.skipif(
    not promised("browser") and (program() is None or sys.platform == "win32"),
    reason="no Chromium",
)
@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("renderer", RENDERERS)
@pytest.mark.parametrize("view", ["gate", "layer", "op"])
def test_words_are_in_the_middle_of_their_node_in_any_font(
    browser, tmp_path, view, renderer, family
):
    path = draw(PICTURES[view](), view, renderer=renderer).save(tmp_path / "a.svg")
    svg = path.read_text(encoding="utf-8")
    path.write_text(svg.replace("Helvetica,sans-Serif", family), encoding="utf-8")
    browser.open(path.as_uri())
    apart = browser.value(MEASURED)
    assert len(apart) > 3
    assert max(apart) < APART


GATES = ["forget", "input", "candidate", "output"]
CELLS = {"LSTM": LSTMCell, "peephole": PeepholeCell}


@pytest.mark.parametrize("renderer", RENDERERS)
@pytest.mark.parametrize("view", ["op", "step"])
@pytest.mark.parametrize("name", [*CELLS, "five steps"])
def test_gates_stand_in_the_order_of_the_cell(name, view, renderer):
    """From top to bottom f, i, c~, o, as from left to right in the cell's picture."""
    if name in CELLS:
        made = CELLS[name](3, 2, rng=0)(mg.Tensor(np.ones(3), "x"), State.zeros(2)).y
    else:
        made = sequence(5)
    svg = ElementTree.fromstring(draw(made, view, renderer=renderer).svg())
    words = [
        (float(each.get("y")), "".join(each.itertext()).strip())
        for each in svg.iter("{http://www.w3.org/2000/svg}text")
    ]
    assert [word for _, word in sorted(words) if word in GATES] == GATES
