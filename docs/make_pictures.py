"""Draw the pictures that are kept in the repository: python docs/make_pictures.py.

Most pictures of the documentation are drawn while it is built. The README has no build,
so its pictures lie in docs/images, each as the DOT text that was drawn (a test compares
it with what the code draws today) and as the SVG made of it.
"""

from pathlib import Path

import minigrad as mg
from lstm import LSTMCell, State
from minigrad.drawing import Drawing

IMAGES = Path(__file__).resolve().parent / "images"


def lstm_step() -> Drawing:
    """Return the picture of one step of a small cell: State(y, c) from x, y_0, c_0."""
    cell = LSTMCell(n=3, m=2, rng=0)
    x = mg.Tensor([1.0, 0.5, -1.0], name="x")
    return mg.draw(cell(x, State.zeros(2)), view="op")


PICTURES = {"lstm-step": lstm_step}


if __name__ == "__main__":
    for name, picture in PICTURES.items():
        drawing = picture()
        for suffix in ("dot", "svg"):
            print("wrote", drawing.save(IMAGES / f"{name}.{suffix}"))
