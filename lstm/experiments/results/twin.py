"""The same run by PyTorch: same start, same batches, same steps.

A Reader becomes an `nn.LSTM` (or `nn.RNN`) and an `nn.Linear` with the same numbers.
All else is the Training of this project: the batches come from the same Generator, so
both see the same examples in the same order, and only the arithmetic of a step is
PyTorch's. Its second bias, which our cells have not, starts at 0 and stays there.

In float64 the losses agree to the last digits at first. Then rounding grows, as it does
in any training, and runs with the same seed end in different places. So the results
compare several seeds.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable
from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np

from lstm.exchange import to_torch
from lstm.experiments.tasks.task import (
    Batch,
    Reader,
    bernoulli,
    categorical,
    squared_error,
)
from lstm.experiments.training import Training
from lstm.layer import Recurrent
from lstm.others import IRNNCell, RNNCell
from minigrad import Tensor
from minigrad.types import Array

if TYPE_CHECKING:
    import torch as torch
else:
    torch = importlib.import_module("torch") if find_spec("torch") else None

LOSSES = {
    squared_error: "mse_loss",
    categorical: "cross_entropy",
    bernoulli: "binary_cross_entropy_with_logits",
}
SIMPLE = {RNNCell: "tanh", IRNNCell: "relu"}  # those of nn.RNN


class Twin:
    """The PyTorch model with the numbers of a Reader; asked like one, it answers alike.

    layer, readout  its nn.LSTM or nn.RNN, and its nn.Linear
    trained         their parameters, but for the second bias
    """

    def __init__(self, reader: Reader) -> None:
        self.every = reader.every
        self.layer = _layer(reader.layer)
        W, b = (torch.tensor(p.data) for p in (reader.readout.W, reader.readout.b))
        self.readout = torch.nn.Linear(W.shape[1], W.shape[0]).to(W.dtype)
        self.readout.load_state_dict({"weight": W, "bias": b})
        self.parts = torch.nn.ModuleList([self.layer, self.readout])
        self.layer.bias_hh_l0.requires_grad_(False)
        self.trained = [p for p in self.parts.parameters() if p.requires_grad]

    def answers(self, x: Array, lengths: Array | None = None) -> torch.Tensor:
        """Return the answers to x (B, T, n), as PyTorch's tensor."""
        y, _ = self.layer(torch.as_tensor(x, dtype=self.readout.weight.dtype))
        if self.every:
            return self.readout(y)
        ends = -1 if lengths is None else torch.as_tensor(lengths) - 1
        return self.readout(y[torch.arange(len(y)), ends])

    def __call__(self, x: Array, lengths: Array | None = None) -> Tensor:
        """Return the answers as numbers, which is how tasks ask their models."""
        with torch.no_grad():
            return Tensor(self.answers(x, lengths).numpy())


def _layer(layer: Recurrent) -> torch.nn.Module:
    """Return the PyTorch layer with the numbers of ours."""
    cell = layer.cell
    if type(cell) in SIMPLE:
        kind, (gate,) = SIMPLE[type(cell)], (getattr(cell, k) for k in cell.letters)
        twin = torch.nn.RNN(cell.n, cell.m, nonlinearity=kind, batch_first=True)
        arrays = {
            "weight_ih_l0": gate.W.data[:, : cell.n],
            "weight_hh_l0": gate.W.data[:, cell.n :],
            "bias_ih_l0": gate.b.data,
            "bias_hh_l0": np.zeros_like(gate.b.data),
        }
    else:
        twin = torch.nn.LSTM(cell.n, cell.m, batch_first=True)
        arrays = to_torch(layer)
    state = {name: torch.tensor(array) for name, array in arrays.items()}
    twin.to(state["weight_ih_l0"].dtype).load_state_dict(state)
    return twin


class Adam:
    """PyTorch's, with the learning rate where a Training sets it."""

    def __init__(self, trained: list[torch.nn.Parameter], learning_rate: float) -> None:
        self.adam = torch.optim.Adam(trained, learning_rate)
        self.learning_rate = learning_rate

    def step(self, loss: torch.Tensor, max_norm: float) -> float:
        """Take a step down the gradient of a loss; return the gradient's norm."""
        for group in self.adam.param_groups:
            group["lr"] = self.learning_rate
            trained = group["params"]
        self.adam.zero_grad(set_to_none=True)
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(trained, max_norm)
        self.adam.step()
        return float(norm)


class TorchTraining(Training):
    """A run whose steps PyTorch makes."""

    model: Twin  # type: ignore[assignment]
    optimizer: Adam  # type: ignore[assignment]

    def begin(self) -> tuple[Twin, Adam]:  # type: ignore[override]
        model, ours = super().begin()
        assert isinstance(model, Reader)
        twin = Twin(model)
        return twin, Adam(twin.trained, ours.learning_rate)

    def learn(self, batch: Batch) -> tuple[float, float]:
        answers = self.model.answers(batch.x, batch.lengths)
        loss = _loss(type(self.task).lost, answers, batch)
        value = self.finite(loss.item(), batch)
        return value, self.optimizer.step(loss, self.recipe.clip or math.inf)

    def weights(self) -> dict[str, Array]:
        state = self.model.parts.state_dict()
        return {name: tensor.numpy().copy() for name, tensor in state.items()}

    def use_best(self) -> Training:
        state = {name: torch.tensor(array) for name, array in self.best.items()}
        self.model.parts.load_state_dict(state)
        return self


def _loss(
    lost: Callable[..., Tensor], answers: torch.Tensor, batch: Batch
) -> torch.Tensor:
    """Return the loss that a task has, of PyTorch's answers."""
    target = torch.as_tensor(batch.target)
    target = target if lost is categorical else target.to(answers.dtype)
    if batch.counted is not None:
        counted = torch.as_tensor(batch.counted)
        answers, target = answers[counted], target[counted]
    if lost is categorical:  # classes stand on the second axis there
        answers, target = answers.flatten(0, -2), target.flatten()
    return getattr(torch.nn.functional, LOSSES[lost])(answers, target)
