"""Draw the pictures that are kept in the repository: python docs/make_pictures.py.

Most pictures of the documentation are drawn while it is built. The README has no build,
so its pictures lie in docs/images, each as the DOT text that was drawn (a test compares
it with what the code draws today) and as the SVG made of it.
"""

from functools import partial
from pathlib import Path

import minigrad as mg
from lstm import LSTMCell, State
from minigrad.drawing import Drawing

IMAGES = Path(__file__).resolve().parent / "images"


def step_of_a_cell(view: str) -> Drawing:
    """Return one step of a small cell, State(y, c) from x, y_0 and c_0, in a view."""
    cell = LSTMCell(n=3, m=2, rng=0)
    x = mg.Tensor([1.0, 0.5, -1.0], name="x")
    return mg.draw(cell(x, State.zeros(2)), view)


PICTURES = {
    "lstm-cell": partial(step_of_a_cell, "gate"),
    "lstm-neurons": partial(step_of_a_cell, "neuron"),
    "lstm-step": partial(step_of_a_cell, "op"),
}


if __name__ == "__main__":
    for name, picture in PICTURES.items():
        drawing = picture()
        for suffix in ("dot", "svg"):
            print("wrote", drawing.save(IMAGES / f"{name}.{suffix}"))
