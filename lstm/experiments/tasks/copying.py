"""The copy task: keep some symbols in mind, and say them again much later.

    read     3 1 7 . . . . . . . . . ! . .
    answer   . . . . . . . . . . . . 3 1 7

Some symbols of eight, a long wait, then a signal (!), from which on they are to be
repeated in order, one a step. The answer `.` to everything but the end is soon learned,
and is worth nothing. What is measured is the share of symbols said again rightly; a
guess is right once in eight.

After Hochreiter and Schmidhuber 1997, experiment 2, in the form that Arjovsky, Shah and
Bengio 2016 made customary.
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
    categorical,
    one_hot,
)

SYMBOLS = 8
BLANK, SIGNAL = SYMBOLS, SYMBOLS + 1


@dataclass(frozen=True)
class Copy(Generated):
    """Repeat what was read before a long wait.

    >>> batch = Copy(symbols=2, wait=3).examples(np.random.default_rng(0), 1)
    >>> batch.x[0].argmax(axis=-1), batch.target[0]
    (array([6, 5, 8, 8, 8, 9, 8]), array([8, 8, 8, 8, 8, 6, 5]))
    """

    symbols: int = option(3, "how many to remember", least=1)
    wait: int = option(10, "blank steps between reading and the signal", least=0)
    updates: int = option(100, "mini-batches in an epoch", least=1)

    name = "copy"
    recipe = Recipe(hidden=32, epochs=30)
    n, k, every = SYMBOLS + 2, SYMBOLS + 1, True
    lost = staticmethod(categorical)
    metric, larger_is_better = "symbols", True
    goal = 0.99
    tested = 500

    def examples(self, rng: Rng, count: int) -> Batch:
        """Draw sequences: symbols, blanks, the signal, blanks while one answers."""
        drawn = rng.integers(0, SYMBOLS, (count, self.symbols))
        read = np.full((count, 2 * self.symbols + self.wait), BLANK)
        target = read.copy()
        read[:, : self.symbols] = drawn
        read[:, -self.symbols] = SIGNAL
        target[:, -self.symbols :] = drawn
        return Batch(one_hot(read, self.n), target)

    def measure(self, model: Model, batch: Batch) -> dict[str, float]:
        said = answers(model, batch).argmax(axis=-1)
        right = (said == batch.target)[:, -self.symbols :]
        return {"symbols": float(right.mean())}

    def baselines(self) -> dict[str, dict[str, float]]:
        return {"a guess": {"symbols": 1 / SYMBOLS}}
