"""Neuron or layer? What a cell is, and a layer made of cells, with its shapes at hand.

    >>> from lstm import LSTM
    >>> print(explanation(LSTM(n=3, m=2)).formula)
    4(nm + m^2 + m) = 4(3*2 + 2^2 + 2) = 48

One reading for both: what the model is made of, as a table; how many numbers there are
to train, as a formula; and what each line of its picture carries. Of a cell the rows
are its yellow boxes (`cell_explained`), of a composite its layers (`layers_explained`);
the count is in `parameter_count`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from minigrad import Module
from minigrad.console import shown
from minigrad.types import Printer


class Explanation:
    """What a model is made of; printed, it is a page.

    model    the cell, or the layer made of layers
    formula  the number of parameters, in letters and in numbers
    """

    formula: str

    def __init__(self, model: Any) -> None:
        self.model = model

    @property
    def total(self) -> int:
        """The number of parameters."""
        return sum(p.size for p in self.model.parameters())

    def lines(self) -> Iterable[str]:
        """Yield what is printed."""
        raise NotImplementedError

    def __str__(self) -> str:
        return shown("\n".join(self.lines()))

    def __repr__(self) -> str:
        return f"<Explanation of {type(self.model).__name__}: {self.total} numbers>"

    def _repr_pretty_(self, printer: Printer, cycle: bool) -> None:
        printer.text(str(self))


def explanation(model: Any) -> Explanation:
    """Return what is to be said of a cell, or of a layer; a Recurrent is its cell.

    Raises TypeError for a cell that has no yellow box.
    """
    from lstm.explain.cell_explained import CellExplanation
    from lstm.explain.layers_explained import LayerExplanation

    model = getattr(model, "cell", model)
    composite = hasattr(model, "parts") or hasattr(model, "module")
    return LayerExplanation(model) if composite else CellExplanation(model)


class Explained(Module):
    """What can explain itself: a cell, a layer, or a layer made of others."""

    def explain(self) -> None:
        """Print what each part and line is: shapes, counts, readings."""
        print(self.explanation())

    def explanation(self) -> Explanation:
        """Return what `explain` prints."""
        return explanation(self)
