"""Words of every view of every model can be read on a page of A4."""

from __future__ import annotations

import re
import shutil

import pytest
from model_cases import MODELS
from view_cases import sequence

import minigrad as mg
from minigrad.drawing import VIEWS, draw
from minigrad.drawing.paper import LEAST, fitted, smallest_words

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:.*encountered in:RuntimeWarning"),
]

LONG = {f"LSTM of {T} steps": lambda T=T: sequence(T) for T in (1, 4, 5)}
PRIMITIVES = "placed by Graphviz", "drawn is every primitive"  # as in the view op
INSTALLED = pytest.mark.skipif(shutil.which("dot") is None, reason="dot is not here")


def printed(svg):
    """Return the size in points of the smallest words of a picture fitted on A4."""
    size = re.search(r'width="([\d.]+)pt" height="([\d.]+)pt"', svg).groups()
    return smallest_words(svg) * fitted(tuple(map(float, size)))[1]


@pytest.mark.parametrize(
    ("name", "renderer"),
    [
        *(pytest.param(name, "dot", marks=INSTALLED) for name in (*MODELS, *LONG)),
        *((name, "graphviz-pure") for name in ("LSTM", "classifier", "RNN")),  # slow
    ],
)
def test_words_can_be_read_on_a_page(name, renderer):
    made = mg.Tape({**MODELS, **LONG}[name]()).outputs
    for view, each in VIEWS.items():
        if view == "difference":
            continue  # of two models, not of one
        drawing = draw(made, view, renderer=renderer)
        as_in_op = any(words in drawing.dot for words in PRIMITIVES)
        assert printed(drawing.svg()) >= (LEAST if as_in_op else each.least), view
