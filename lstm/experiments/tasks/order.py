"""Temporal order: two signals, far apart among noise; which came first?

    read     a d X b c a ... b a Y d c ... a b         answer after the end   XY

X or Y appears twice, somewhere in the second tenth of a sequence and somewhere in the
sixth; the other letters are noise. The answer is one of XX, XY, YX, YY. A bag of
letters tells XX from YY, but not XY from YX, and is right three times in four: beyond
that, one must remember the order.

Hochreiter and Schmidhuber 1997, experiment 6a, where T = 100 to 110.
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
    accuracy,
    categorical,
    one_hot,
)

LETTERS = "abcdXY"
NOISE, X = 4, 4  # how many letters are noise; X, then Y


@dataclass(frozen=True)
class Order(Generated):
    """Say in which order two signals came, among noise.

    >>> batch = Order(T=20).examples(np.random.default_rng(0), 2)
    >>> ["".join(LETTERS[k] for k in row) for row in batch.x.argmax(axis=-1)]
    ['dcXbbaaaadcXccdccccd', 'bdcXbdcadcdXadacabbb']
    >>> batch.target
    array([0, 0])
    """

    T: int = option(100, "length of a sequence", least=20)
    updates: int = option(50, "mini-batches in an epoch", least=1)

    name = "order"
    recipe = Recipe(hidden=16, epochs=60)
    n, k = len(LETTERS), 4
    lost = staticmethod(categorical)
    metric, larger_is_better = "accuracy", True
    goal = 0.99

    def examples(self, rng: Rng, count: int) -> Batch:
        """Draw sequences, and which of XX, XY, YX, YY each holds."""
        read = rng.integers(0, NOISE, (count, self.T))
        signals = rng.integers(0, 2, (count, 2))
        for k, tenth in enumerate((1, 5)):
            places = self.T * tenth // 10, self.T * (tenth + 1) // 10
            read[np.arange(count), rng.integers(*places, count)] = X + signals[:, k]
        return Batch(one_hot(read, self.n), signals @ [2, 1])

    def measure(self, model: Model, batch: Batch) -> dict[str, float]:
        return {"accuracy": accuracy(model, batch)}

    def baselines(self) -> dict[str, dict[str, float]]:
        return {
            "a guess": {"accuracy": 0.25},
            "a bag of letters": {"accuracy": 0.75},
        }
