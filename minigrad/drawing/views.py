"""The table of all views; `mg.draw(loss, view="gate")` looks here.

To add a view, enter a `View` under a name of its own:

>>> from minigrad.drawing import Group, Label, View, draw
>>> from minigrad.tensor import Tensor
>>> VIEWS["dots"] = View(
...     "how is it connected?",
...     lambda tape: [Group((e,), e.scope, "linear", Label("·")) for e in tape],
... )
>>> draw(Tensor(1.0) + Tensor(2.0), view="dots")
<Drawing: 3 nodes, 2 arrows, view 'dots'>
>>> del VIEWS["dots"]
"""

from __future__ import annotations

from minigrad.drawing.backward.forward_and_backward import ForwardAndBackward
from minigrad.drawing.cell.difference import difference_sheets
from minigrad.drawing.cell.recurrent import folded_sheets, gate_sheets, unrolled_sheets
from minigrad.drawing.cell.run_backwards import cotangents_sheets
from minigrad.drawing.dense_and_layer_views import (
    by_layer,
    inside_dense,
    no_layer,
    one_of,
)
from minigrad.drawing.neuron.neurons import neuron_sheets
from minigrad.drawing.paper import LEAST
from minigrad.drawing.view import View
from minigrad.structure.parts import every_function, every_primitive
from minigrad.structure.sublayers import structure

VIEWS: dict[str, View] = {
    "op": View(
        "what was computed, by which functions?",
        every_function,
        opens=True,
        least=LEAST,
    ),
    "step": View("what did the tape really record?", every_primitive, least=LEAST),
    "gate": View("what is in the cell?", structure, gate_sheets),
    "unrolled": View("what happens over time?", structure, unrolled_sheets),
    "folded": View(
        "how is it connected to itself?", structure, folded_sheets, layers=True
    ),
    "dense": View("what is in a yellow box?", inside_dense, notes=one_of),
    "layer": View("which layers are there?", by_layer, notes=no_layer),
    "neuron": View("is it a neuron or a layer?", structure, neuron_sheets),
    "backward": View(
        "how does the gradient flow?",
        every_function,
        graph=ForwardAndBackward,
        opens=True,
        least=LEAST,
    ),
    "cotangents": View(
        "why does the gradient survive?",
        every_function,
        cotangents_sheets,
        ForwardAndBackward,
        "this is the view backward",
        least=LEAST,
    ),
    "difference": View("what does a variant change?", structure, difference_sheets),
}
