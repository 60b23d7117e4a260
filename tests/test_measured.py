"""No word of a picture overlaps another and no line runs through one: measured."""

from __future__ import annotations

import shutil

import pytest
from measured_svg import on_each_other, struck
from model_cases import MODELS

import minigrad as mg
from minigrad.drawing import VIEWS, draw

pytestmark = pytest.mark.slow

MEASURED = [
    "LSTM", "peephole p * c", "GRU cell", "RNN", "stack", "bidirectional", "over time",
    "attention", "classifier", "kalman", "layer norm", "convolution", "own function",
]  # fmt: skip

INSTALLED = pytest.mark.skipif(shutil.which("dot") is None, reason="dot is not here")


@pytest.mark.parametrize(
    "renderer", [pytest.param("dot", marks=INSTALLED), "graphviz-pure"]
)
@pytest.mark.parametrize("name", MEASURED)
def test_words_are_free_of_words_and_lines(name, renderer):
    for view in VIEWS:
        made = mg.Tape(MODELS[name]()).outputs
        if view == "difference":
            made = [made[0], mg.Tape(MODELS["LSTM"]()).outputs[0]]
        svg = draw(made, view, renderer=renderer).svg()
        assert not on_each_other(svg), view
        assert not struck(svg), view


def test_frames_around_one_frame_are_one_frame():
    with mg.scope("model"), mg.scope("lstm"), mg.scope("cell"):
        y = mg.tanh(mg.Tensor([1.0], "x"))
    dot = draw(y, "op").dot
    assert 'label="model / lstm / cell"' in dot
    assert dot.count("subgraph") == 1


def test_a_line_through_a_word_is_noticed():
    svg = draw(MODELS["RNN"](), "op").svg()
    first = svg.index("<text")
    assert not struck(svg)
    path = '<path d="M-999,{y}C0,{y} 99,{y} 999,{y}"/>'
    across = f'<g class="edge"><title>planted</title>{path}</g>'
    y = float(svg[first:].split(' y="')[1].split('"')[0]) - 2
    planted = svg[: svg.rindex("</g>")] + across.format(y=y) + "</g></svg>"
    assert any(title == "planted" for _, title in struck(planted))
