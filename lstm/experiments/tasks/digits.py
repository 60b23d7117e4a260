"""Handwritten digits, read row by row as a sequence of eight steps.

Each of 1,797 pictures has 8 x 8 grey values; a step is a row. After the last row, which
digit was it? Two thirds of the pictures, drawn once for everybody, are learned from and
the others are the test. A ruler is the nearest neighbour: the digit of the most similar
picture that was learned from, all pixels at once.

The set is scikit-learn's `load_digits` (Alpaydin and Kaynak 1998, UCI), so that package
must be installed: it is an optional one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from lstm.experiments.recipe import Recipe
from lstm.experiments.tasks.packages import needed
from lstm.experiments.tasks.rulers import nearest_neighbour
from lstm.experiments.tasks.task import (
    TEST,
    Batch,
    Model,
    Rng,
    Task,
    accuracy,
    categorical,
    shuffled,
)

TRAINED = 1197  # of 1,797


@dataclass(frozen=True)
class Digits(Task):
    """Say which digit eight rows of eight grey values show."""

    name = "digits"
    recipe = Recipe(hidden=16, epochs=30, batch=32)
    n, k = 8, 10
    lost = staticmethod(categorical)
    metric, larger_is_better = "accuracy", True

    @cached_property
    def pictures(self) -> Batch:
        """All pictures, grey values in 0..1, and their digits; the test's come last."""
        digits = needed("sklearn.datasets", "scikit-learn", self.name).load_digits()
        order = np.random.default_rng(TEST).permutation(len(digits.target))
        return Batch(digits.images / 16, digits.target).part(order)

    def batches(self, rng: Rng, size: int) -> Iterator[Batch]:
        for some in shuffled(rng, TRAINED, size):
            yield self.pictures.part(some)

    def validate(self, model: Model) -> dict[str, float]:
        return {}  # too few pictures to hold some back: the last weights are kept

    def test(self, model: Model) -> dict[str, float]:
        return {"accuracy": accuracy(model, self.pictures.part(slice(TRAINED, None)))}

    def rulers(self) -> dict[str, dict[str, float]]:
        known = self.pictures.part(slice(TRAINED))
        asked = self.pictures.part(slice(TRAINED, None))
        share = nearest_neighbour(known.x, known.target, asked.x, asked.target)
        return {"nearest neighbour": {"accuracy": share}}
