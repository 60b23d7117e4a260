"""Parity: was the number of ones so far odd? And does it hold beyond what was seen?

    bits      1  0  1  1  0  1
    answer    1  1  0  1  1  0        at every step

One bit of memory is enough, flipped by every one: c_t = c_{t-1} xor x_t. No answer can
be found by looking at a part of the bits, so nothing is learned until all is. Trained
on sequences of 2 to 20 steps, a network that has found the rule keeps it for 1,000; one
that has found something else does not.

The task is classic (Minsky and Papert 1969 for the perceptron); length generalisation
is how Graves 2016 and others test what was learned.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from lstm.experiments.recipe import Recipe, option
from lstm.experiments.tasks.task import (
    TEST,
    VALIDATION,
    Batch,
    Model,
    Rng,
    Task,
    accuracy,
    categorical,
)
from minigrad import no_grad

LENGTHS = (20, 100, 1000)  # of the sequences that it is tested on


@dataclass(frozen=True)
class Parity(Task):
    """Say at every step whether the number of ones so far is odd.

    >>> batch = Parity().examples(np.random.default_rng(0), 1, T=5)
    >>> batch.x[0, :, 0], batch.target[0]
    (array([1., 1., 1., 0., 0.]), array([1, 0, 1, 1, 1]))
    """

    longest: int = option(
        20, "of the sequences learned from; the shortest is 2", least=2
    )
    updates: int = option(100, "mini-batches in an epoch", least=1)

    name = "parity"
    recipe = Recipe(hidden=4, epochs=40)
    n, k, every = 1, 2, True
    lost = staticmethod(categorical)
    metric = "loss"

    def examples(self, rng: Rng, count: int, T: int) -> Batch:
        """Draw sequences of T bits, and the parity up to each."""
        bits = rng.integers(0, 2, (count, T))
        return Batch(bits[..., None].astype(float), np.cumsum(bits, axis=1) % 2)

    def batches(self, rng: Rng, size: int) -> Iterator[Batch]:
        for _ in range(self.updates):
            yield self.examples(rng, size, int(rng.integers(2, self.longest + 1)))

    def validate(self, model: Model) -> dict[str, float]:
        batch = self.examples(np.random.default_rng(VALIDATION), 200, self.longest)
        with no_grad():
            loss = self.loss(model, batch).item()
        return {"loss": loss, "accuracy": accuracy(model, batch)}

    def test(self, model: Model) -> dict[str, float]:
        rng = np.random.default_rng(TEST)
        return {f"T={T}": accuracy(model, self.examples(rng, 100, T)) for T in LENGTHS}

    def baselines(self) -> dict[str, dict[str, float]]:
        return {"a coin": {f"T={T}": 0.5 for T in LENGTHS}}
