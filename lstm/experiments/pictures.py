"""The pictures of one forecast: its loss in every view, and the page to walk through.

All but one are readings of a single tape. The view "difference" needs two cells: the
model's own, and a variant of it, in which what is forgotten makes room for what is new.
"""

from __future__ import annotations

from collections.abc import Iterator

from lstm.cell import LSTMCell
from lstm.experiments.tasks.sunspots import Forecaster, Windows
from lstm.state import State
from lstm.variants import CoupledCell
from minigrad import Tensor, checked
from minigrad.drawing import VIEWS, Drawing, draw


def loss_of_one(model: Forecaster, data: Windows, steps: int) -> Tensor:
    """Return the loss of the last forecast, from so many years that it fits a page.

    Its lines are recorded, so that the page can show them.
    """
    year, inputs, target = (column[-1] for column in data)
    with checked():
        return model.loss(Windows(year, inputs[-steps:], target))


def pictures(model: Forecaster, loss: Tensor) -> Iterator[tuple[str, Drawing | str]]:
    """Yield each view's name with its picture, or with the reason why it has none."""
    for view in VIEWS:
        output = two_cells(model.lstm.cell) if view == "difference" else loss
        try:
            yield view, draw(output, view)
        except ValueError as error:  # too much for a page, with a large m
            yield view, str(error)


def two_cells(cell: LSTMCell) -> list[Tensor]:
    """Return y after one step of a cell with coupled gates, and of this cell.

    >>> mine = LSTMCell(n=3, m=2, rng=0)
    >>> draw(two_cells(mine), "difference")
    <Drawing: 42 nodes, 36 arrows, view 'difference'>
    """
    coupled = CoupledCell(cell.n, cell.m, rng=0)
    x = Tensor([1.0] * cell.n, name="x")
    return [each(x, State.zeros(cell.m)).y for each in (coupled, cell)]
