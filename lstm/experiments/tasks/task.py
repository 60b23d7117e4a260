"""What every task can say of itself, and the model that most of them share.

A task is a question about sequences. It draws batches of examples to learn from, knows
what is lost by an answer, and measures a model on examples that were not learned from.
It also brings **baselines**: what simpler means reach by the same measure. A result
without a baseline says little.

Everything random comes from a Generator that is passed in, or from one with a fixed
seed where examples are to be the same for everybody (validation and test).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, NamedTuple, Protocol, TypeVar

import numpy as np

from lstm.experiments.recipe import Recipe, require_options
from lstm.masks import last
from minigrad import Dense, Module, Tensor, cross_entropy, no_grad, softplus
from minigrad import squared_error as mean_squared
from minigrad.types import Array

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

    from lstm.layer import Recurrent

Rng = np.random.Generator
Numbers = TypeVar("Numbers", Tensor, Array)

VALIDATION, TEST = (1997, 1), (1997, 2)  # seeds of data that are the same for all


class Batch(NamedTuple):
    """Some examples.

    x        (B, T, n): what the model reads
    target   what it should answer: numbers in the shape of the answers, or classes
    counted  (B, T): at which steps the answer counts; None: wherever there is one
    lengths  (B,): how many steps of each are real; None: all
    """

    x: Array
    target: Array
    counted: Array | None = None
    lengths: Array | None = None

    def part(self, some: Array | slice) -> Batch:
        """Return some of the examples, by an index or slice."""
        return Batch._make(None if each is None else each[some] for each in self)


class Model(Protocol):
    """What answers the questions of a batch: a Reader, or what is asked like one."""

    def __call__(self, x: Array, lengths: Array | None = None, /) -> Tensor:
        """Return the answers to x (B, T, n)."""


# ------------------------------------------------------------------- what is lost


def squared_error(answers: Tensor, batch: Batch) -> Tensor:
    """Return the mean of (answer - target)^2."""
    answers, target = _that_count(answers, batch)
    return mean_squared(answers, target.astype(answers.dtype))


def categorical(answers: Tensor, batch: Batch) -> Tensor:
    """Return the mean of -log softmax(answers)[target]: one of several classes."""
    return cross_entropy(*_that_count(answers, batch))


def bernoulli(answers: Tensor, batch: Batch) -> Tensor:
    """Return the mean of -log p(target), p = sigma(answers): each a yes or no.

    -log p(t) = softplus(z) - t z, which neither overflows nor loses digits.
    """
    lost = softplus(answers) - batch.target.astype(answers.dtype) * answers
    if batch.counted is None:
        return lost.mean()
    # Weights, and not the answers that count alone: their number differs from batch to
    # batch, and a compiled step is made for one number.
    counts = batch.counted[..., None].astype(answers.dtype)
    loss: Tensor = (lost * counts).sum() / (counts.sum() * answers.shape[-1])
    return loss


def _that_count(answers: Numbers, batch: Batch) -> tuple[Numbers, Array]:
    if batch.counted is None:
        return answers, batch.target
    return answers[batch.counted], batch.target[batch.counted]


def hits(answers: Array, batch: Batch) -> Array:
    """Return, for each answer that counts, whether it is right: the likeliest class."""
    answers, target = _that_count(answers, batch)
    right: Array = answers.argmax(axis=-1) == target
    return right


# ---------------------------------------------------------------------- the model


class Reader(Module):
    """A layer over time, and a dense layer that reads what comes out of it.

    every   answer at every step, (B, T, k); else once, after the last step, (B, k)

    >>> from lstm import LSTM
    >>> reader = Reader(LSTM(2, 3, rng=0), k=1, every=False, rng=0)
    >>> reader(np.zeros((5, 7, 2))).shape
    (5, 1)
    """

    def __init__(
        self,
        layer: Recurrent,
        k: int,
        every: bool,
        rng: Rng | int,
        dtype: DTypeLike = float,
    ) -> None:
        self.layer = layer
        self.readout = Dense(layer.m, k, rng=rng, dtype=dtype)
        self.every, self.dtype = every, np.dtype(dtype)

    def forward(self, x: Tensor | Array, lengths: Array | None = None) -> Tensor:
        """Return the answers to x (B, T, n)."""
        x = x if isinstance(x, Tensor) else Tensor(x.astype(self.dtype), name="X")
        y, state = self.layer(x)
        if not self.every:
            y = state.y if lengths is None else last(y, lengths)
        answers: Tensor = self.readout(y)
        return answers


# ----------------------------------------------------------------------- the task


@dataclass(frozen=True)
class Task:
    """A question about sequences. The options of a task are the fields of its class.

    name, recipe          as `python -m lstm train` knows it, and how it was tried
    n, k                  sizes of an input and of an answer
    every                 whether an answer is given at every step, or after the last
    lost                  the loss: one of the three functions above
    metric                the entry of `validate` that says which Parameters are best
    larger_is_better      and in which direction
    goal                  where training may end; None: nowhere
    """

    name: ClassVar[str]
    recipe: ClassVar[Recipe]
    n: ClassVar[int]
    k: ClassVar[int]
    every: ClassVar[bool] = False
    lost: ClassVar[staticmethod[[Tensor, Batch], Tensor]]
    metric: ClassVar[str]
    larger_is_better: ClassVar[bool] = False
    goal: ClassVar[float | None] = None

    def __post_init__(self) -> None:
        require_options(self, f"the task {getattr(self, 'name', '')!r}")

    def model(self, recipe: Recipe, rng: Rng) -> Module:
        """Return an untrained model: an LSTM of m = `recipe.hidden`, and a Dense."""
        layer = recipe.layer(self.n, rng)
        return Reader(layer, self.k, self.every, rng, recipe.dtype)

    def batches(self, rng: Rng, size: int) -> Iterator[Batch]:
        """Yield the mini-batches of one epoch."""
        raise NotImplementedError

    def loss(self, model: Model, batch: Batch) -> Tensor:
        """Return what is lost on a batch: a scalar, with its tape."""
        loss = type(self).lost(model(batch.x, batch.lengths), batch)
        loss.name = "loss"
        return loss

    def validate(self, model: Model) -> dict[str, float]:
        """Measure on examples that are not learned from; looked at while training."""
        raise NotImplementedError

    def test(self, model: Model) -> dict[str, float]:
        """Measure on examples that nobody looked at before the end."""
        raise NotImplementedError

    def baselines(self) -> dict[str, dict[str, float]]:
        """Return what simpler means reach, by name, in the measures of `test`."""
        return {}

    def facts(self) -> Mapping[str, object]:
        """Return what a saved model must know besides its weights, as plain data."""
        return {}

    def better(self, one: float, other: float) -> bool:
        """Whether the first value of the metric is better than the second."""
        return one > other if self.larger_is_better else one < other


@dataclass(frozen=True)
class Generated(Task):
    """A task whose examples are drawn, new ones for every mini-batch.

    tested   how many examples it is validated on, and tested on: the same for everybody
    updates  mini-batches in an epoch: an option, since every task has its own default
    """

    tested: ClassVar[int] = 1000

    def examples(self, rng: Rng, count: int) -> Batch:
        """Draw so many examples."""
        raise NotImplementedError

    def measure(self, model: Model, batch: Batch) -> dict[str, float]:
        """Return how well the model answers."""
        raise NotImplementedError

    def batches(self, rng: Rng, size: int) -> Iterator[Batch]:
        for _ in range(self.updates):  # type: ignore[attr-defined]
            yield self.examples(rng, size)

    def validate(self, model: Model) -> dict[str, float]:
        return self._measured(model, VALIDATION)

    def test(self, model: Model) -> dict[str, float]:
        return self._measured(model, TEST)

    def _measured(self, model: Model, seed: tuple[int, int]) -> dict[str, float]:
        rng = np.random.default_rng(seed)
        return self.measure(model, self.examples(rng, self.tested))


@dataclass(frozen=True)
class Collected(Task):
    """A task of classes, with one set to learn from and one to be tested on.

    Of the first, nothing is held back: the last weights are kept.
    """

    lost = staticmethod(categorical)
    metric, larger_is_better = "accuracy", True

    @cached_property
    def sets(self) -> tuple[Batch, Batch]:
        """What is learned from, and what is tested with."""
        raise NotImplementedError

    def batches(self, rng: Rng, size: int) -> Iterator[Batch]:
        for some in shuffled(rng, len(self.sets[0].x), size):
            yield self.sets[0].part(some)

    def validate(self, model: Model) -> dict[str, float]:
        return {}

    def test(self, model: Model) -> dict[str, float]:
        return {"accuracy": accuracy(model, self.sets[1])}


def answers(model: Model, batch: Batch) -> Array:
    """Return what the model answers, as plain numbers; nothing is recorded."""
    with no_grad():
        found: Tensor = model(batch.x, batch.lengths)
    return found.data


def accuracy(model: Model, batch: Batch) -> float:
    """Return the share of answers that are right."""
    return float(hits(answers(model, batch), batch).mean())


def shuffled(rng: Rng, count: int, size: int) -> Iterator[Array]:
    """Yield the numbers 0..count-1 in a random order, in groups of `size`.

    >>> [sorted(group.tolist()) for group in shuffled(np.random.default_rng(0), 3, 5)]
    [[0, 1, 2]]
    """
    order = rng.permutation(count)
    for start in range(0, count, size):
        yield order[start : start + size]


def one_hot(symbols: Array, k: int, dtype: DTypeLike = np.float32) -> Array:
    """Return (..., k): a one at the place of each symbol, zeros elsewhere.

    >>> one_hot(np.array([2, 0]), 3)
    array([[0., 0., 1.],
           [1., 0., 0.]], dtype=float32)
    """
    rows: Array = np.eye(k, dtype=dtype)[symbols]
    return rows
