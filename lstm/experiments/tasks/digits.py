"""Handwritten digits, read row by row as a sequence of eight steps.

Each of 1,797 pictures has 8 x 8 grey values; a step is a row. After the last row, which
digit was it? Two thirds of the pictures, drawn once for everybody, are learned from and
the others are the test. A baseline is the nearest neighbour: the digit of the most
similar picture that was learned from, all pixels at once.

The set is scikit-learn's `load_digits` (Alpaydin and Kaynak 1998, UCI), so that package
must be installed: it is an optional one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from lstm.experiments.recipe import Recipe
from lstm.experiments.tasks.baselines import nearest_neighbour
from lstm.experiments.tasks.packages import optional_module
from lstm.experiments.tasks.task import TEST, Batch, Collected

TRAINED = 1197  # of 1,797: the others would be too few to hold some more back


@dataclass(frozen=True)
class Digits(Collected):
    """Say which digit eight rows of eight grey values show."""

    name = "digits"
    recipe = Recipe(hidden=16, epochs=30, batch=32)
    n, k = 8, 10

    @cached_property
    def sets(self) -> tuple[Batch, Batch]:
        """The pictures to learn from and the test's, grey values in 0..1."""
        digits = optional_module(
            "sklearn.datasets", "scikit-learn", self.name
        ).load_digits()
        order = np.random.default_rng(TEST).permutation(len(digits.target))
        every = Batch(digits.images / 16, digits.target).part(order)
        return every.part(slice(TRAINED)), every.part(slice(TRAINED, None))

    def baselines(self) -> dict[str, dict[str, float]]:
        known, asked = self.sets
        share = nearest_neighbour(known.x, known.target, asked.x, asked.target)
        return {"nearest neighbour": {"accuracy": share}}
