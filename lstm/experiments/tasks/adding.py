"""The adding problem: remember two numbers, far apart, and add them.

    value    0.12  0.93  0.44  0.71  0.05  0.88
    marker   0     1     0     0     1     0        ->   0.93 + 0.05 = 0.98

Two of T numbers are marked, one in each half; the answer after the last step is their
sum. A network must learn to store a number exactly, and to ignore the others. Whoever
always answers 1, the mean, has the squared error 1/6, and that is where a network
without a working memory stays.

Hochreiter and Schmidhuber 1997, experiment 4, in the form of Le, Jaitly and Hinton
2015: values uniform in [0, 1], the target their plain sum.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lstm.experiments.recipe import Recipe, option
from lstm.experiments.tasks.task import (
    Batch,
    Generated,
    Model,
    Rng,
    answers,
    squared_error,
)


@dataclass(frozen=True)
class Adding(Generated):
    """Add the two marked numbers of T.

    >>> batch = Adding(T=6).examples(np.random.default_rng(0), 4)
    >>> batch.x.shape, batch.target.shape
    ((4, 6, 2), (4, 1))
    """

    T: int = option(50, "length of a sequence", least=2)
    updates: int = option(50, "mini-batches in an epoch", least=1)

    name = "adding"
    recipe = Recipe(hidden=32, epochs=60)
    n, k = 2, 1
    lost = staticmethod(squared_error)
    metric = "mse"
    goal = 0.01

    def examples(self, rng: Rng, count: int) -> Batch:
        """Draw sequences; values and markers are the two features of a step."""
        values = rng.uniform(size=(count, self.T))
        half, each = self.T // 2, np.arange(count)
        first = rng.integers(0, half, count)
        second = rng.integers(half, self.T, count)
        markers = np.zeros_like(values)
        markers[each, first] = markers[each, second] = 1
        target = values[each, first] + values[each, second]
        return Batch(np.stack([values, markers], axis=-1), target[:, None])

    def measure(self, model: Model, batch: Batch) -> dict[str, float]:
        errors = answers(model, batch) - batch.target
        return {"mse": float(np.mean(errors**2))}

    def baselines(self) -> dict[str, dict[str, float]]:
        return {"always 1, the mean": {"mse": 1 / 6}}
