"""lstm: the LSTM, assembled from minigrad's primitives.

Is an LSTM cell a neuron or a layer? Connected to itself over time, its lines carry
whole-layer vectors: it is a layer, made of four dense sub-layers.

>>> from lstm import LSTM
>>> LSTM(n=3, m=2).explain()  # doctest: +ELLIPSIS
LSTM cell with n = 3 inputs and m = 2 outputs: a layer of 2 neurons,
...
"""

from importlib import util
from typing import NoReturn

from lstm.additions import ClippedCell, LayerNormCell, ProjectedCell
from lstm.bidirectional import Bidirectional, Directions
from lstm.cell import Cell, LSTMCell
from lstm.gate import Gate
from lstm.layer import LSTM, Recurrent
from lstm.masks import last
from lstm.others import GRUCell, IRNNCell, Output, ResetAfterGRUCell, RNNCell
from lstm.stack import Stack, TimeDistributed
from lstm.state import RecurrentCell, State, detached
from lstm.truncated import truncated
from lstm.variants import (
    CoupledCell,
    FullGateRecurrenceCell,
    GateState,
    LinearCandidateCell,
    LinearOutputCell,
    NoForgetGateCell,
    NoInputGateCell,
    NoOutputGateCell,
    PeepholeCell,
)
from minigrad.habits import absent_in_package

__all__ = [
    "LSTM",
    "Bidirectional",
    "Cell",
    "ClippedCell",
    "CoupledCell",
    "Directions",
    "FullGateRecurrenceCell",
    "GRUCell",
    "Gate",
    "GateState",
    "IRNNCell",
    "LSTMCell",
    "LayerNormCell",
    "LinearCandidateCell",
    "LinearOutputCell",
    "NoForgetGateCell",
    "NoInputGateCell",
    "NoOutputGateCell",
    "Output",
    "PeepholeCell",
    "ProjectedCell",
    "RNNCell",
    "Recurrent",
    "RecurrentCell",
    "ResetAfterGRUCell",
    "Stack",
    "State",
    "TimeDistributed",
    "detached",
    "last",
    "truncated",
]


def __getattr__(name: str) -> NoReturn:
    """Say what to write for a name that is not here."""
    if name.startswith("_") or util.find_spec(f"lstm.{name}"):
        raise AttributeError(f"module 'lstm' has no attribute {name!r}", name=name)
    raise absent_in_package(name, __all__, "lstm")
