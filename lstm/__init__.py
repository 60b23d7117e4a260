"""lstm: the LSTM, assembled from minigrad's primitives.

Is an LSTM cell a neuron or a layer? Connected to itself over time, its lines carry
whole-layer vectors: it is a layer, made of four dense sub-layers.

>>> from lstm import LSTM
>>> LSTM(n=3, m=2).explain()  # doctest: +ELLIPSIS
LSTM cell with n = 3 inputs and m = 2 outputs: a layer of 2 neurons,
...
"""

from lstm.bidirectional import Bidirectional, Directions
from lstm.cell import Gate, LSTMCell, State
from lstm.layer import LSTM, Recurrent
from lstm.masks import last
from lstm.stack import Stack, TimeDistributed

__all__ = [
    "LSTM",
    "Bidirectional",
    "Directions",
    "Gate",
    "LSTMCell",
    "Recurrent",
    "Stack",
    "State",
    "TimeDistributed",
    "last",
]
