"""Every view of every model is made, or says in words why there is none.

The DOT text is made of all, an SVG of a choice, and every page of the explorer.
"""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree

import pytest
from model_cases import HOSTILE, MODELS

import minigrad as mg
from minigrad.drawing import VIEWS, draw

pytestmark = pytest.mark.filterwarnings("ignore:.*encountered in:RuntimeWarning")

PAINTED = ["classifier", "attention", "hostile", "constants", "empty", "a leaf", "RNN"]


def outputs(made: Any) -> list[mg.Tensor]:
    """Return what a model returned as a list of Tensors."""
    return mg.Tape(made).outputs


def pictured(name: str, view: str) -> Any:
    """Return what a view shows of a model: its outputs, or two runs side by side."""
    made = MODELS[name]()
    if view == "difference":
        return [outputs(made)[0], outputs(MODELS[name]())[0]]
    return made


def test_there_are_enough_models_to_speak_of_every_kind():
    assert len(MODELS) >= 24


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
def test_every_view_of_a_model_is_made(name):
    for view in VIEWS:
        dot = draw(pictured(name, view), view).dot
        assert dot.startswith("digraph"), view
        assert re.search(r"\bn\w*\s*\[", dot), f"{view} shows no node"


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("name", PAINTED)
def test_what_is_drawn_is_painted(name, view):
    svg = draw(pictured(name, view), view).svg()
    root = ElementTree.fromstring(svg)
    assert any(element.text for element in root.iter() if element.tag.endswith("text"))


def test_hostile_names_are_shown_as_they_were_typed():
    svg = draw(MODELS["hostile"](), "op").svg()
    words = " ".join(ElementTree.fromstring(svg).itertext())
    for name in HOSTILE:
        assert name.split("\n")[0][:20] in words, name


@pytest.mark.parametrize(
    "name", ["epsilon", "million", "masked attention", "layer norm", "constants"]
)
def test_constants_of_any_size_are_explored_and_derived(name, tmp_path):
    made = MODELS[name]()
    mg.explore(made, tmp_path / "page.html")
    assert str(mg.derive(made))


def test_outputs_of_one_name_are_all_spoken_of():
    one, other = (mg.tanh(mg.Tensor([1.0], "x")) for _ in range(2))
    one.name = other.name = "y"
    drawing = draw([one, other], "op")
    assert "output 1 and output 2 were" in drawing.dot
