"""Japanese vowels: nine men say two vowels; who was it?

Each of 270 recordings to learn from, and of 370 to be tested on, is a sequence of 12
coefficients at 7 to 29 moments. The lengths differ, so a batch is filled up with zeros,
and the answer is read off each sequence's own last step. The baseline is the speaker
whose average coefficients are the closest, which knows nothing of time.

Kudo, Toyama and Shimbo 1999, who report 94.1 % on this split. The recordings come with
the package aeon; its text files are read here, the package itself is not imported.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from lstm.experiments.recipe import Recipe
from lstm.experiments.tasks.baselines import nearest_mean
from lstm.experiments.tasks.packages import folder_of
from lstm.experiments.tasks.task import Batch, Collected
from minigrad.types import Array


@dataclass(frozen=True)
class Vowels(Collected):
    """Say which of nine men spoke, from 7 to 29 steps of 12 coefficients."""

    name = "vowels"
    recipe = Recipe(hidden=32, epochs=60, batch=32)
    n, k = 12, 9

    @cached_property
    def sets(self) -> tuple[Batch, Batch]:
        """The recordings to learn from, 30 a speaker, and those to be tested on."""
        folder = folder_of("aeon", self.name) / "datasets" / "data" / "JapaneseVowels"
        train, test = (folder / f"JapaneseVowels_{a}.ts" for a in ("TRAIN", "TEST"))
        return read(train), read(test)

    def baselines(self) -> dict[str, dict[str, float]]:
        known, asked = ((means(b), b.target) for b in self.sets)
        return {
            "nearest mean over time": {"accuracy": nearest_mean(*known, *asked)},
            "published: Kudo et al. 1999": {"accuracy": 0.941},
        }


def read(path: Path) -> Batch:
    """Read a file of recordings: channels apart by colons, moments by commas.

    The last entry of a line is the speaker, 1 to 9.
    """
    lines = path.read_text(encoding="utf-8").partition("@data")[2].split()
    recordings, speakers = [], []
    for line in lines:
        *channels, speaker = line.split(":")
        recordings.append(np.array([each.split(",") for each in channels], float).T)
        speakers.append(int(speaker) - 1)
    lengths = np.array([len(each) for each in recordings])
    x = np.zeros((len(recordings), lengths.max(), recordings[0].shape[1]))
    for row, recording in zip(x, recordings, strict=True):
        row[: len(recording)] = recording
    return Batch(x, np.array(speakers), lengths=lengths)


def means(batch: Batch) -> Array:
    """Return each recording's mean over its own steps."""
    means: Array = batch.x.sum(axis=1) / np.asarray(batch.lengths)[:, None]
    return means
