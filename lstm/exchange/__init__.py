"""Weights from and to other frameworks: plain arrays under their names, both ways.

An LSTM is the same six equations everywhere, and so the same numbers: for each gate,
what multiplies x, what multiplies y_{t-1}, and b. Frameworks differ in how these lie in
memory, so a conversion cuts, joins and transposes, and calculates nothing; only two
biases, where a framework has two, are added.

    to_torch    from_torch     the state dict of nn.LSTM, nn.LSTMCell, nn.Linear
    to_keras    from_keras     the list of weights of LSTM, Bidirectional, Dense
    to_flax     from_flax      the params of LSTMCell or OptimizedLSTMCell
    to_onnx     from_onnx      LSTM nodes; write_onnx and read_onnx make files of them
    joined      fill           the gates of a cell in any order: for all others

From PyTorch and Keras whole models come, too: a module or a model itself, a checkpoint,
a file. None of these frameworks is imported, but to read a file of its own; otherwise
whatever NumPy can read as an array will do. Where arrays have two readings, both are
named and `into`, the model as it is meant, decides.

>>> import numpy as np
>>> from lstm import LSTM
>>> layer = LSTM(n=3, m=2, rng=0)
>>> again = from_torch(to_torch(layer))
>>> bool(np.all(again.cell.forget.W.data == layer.cell.forget.W.data))
True
"""

from lstm.exchange.blocks import Block, fill, joined
from lstm.exchange.flax import from_flax, to_flax
from lstm.exchange.keras import from_keras, to_keras
from lstm.exchange.onnx import Node, from_onnx, to_onnx
from lstm.exchange.onnx_file import read_onnx, write_onnx
from lstm.exchange.torch import from_torch, to_torch

__all__ = [
    "Block",
    "Node",
    "fill",
    "from_flax",
    "from_keras",
    "from_onnx",
    "from_torch",
    "joined",
    "read_onnx",
    "to_flax",
    "to_keras",
    "to_onnx",
    "to_torch",
    "write_onnx",
]
