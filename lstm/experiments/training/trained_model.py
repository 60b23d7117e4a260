"""A trained model in one file: its best weights, and how to build it again."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from lstm.experiments.recipe import Recipe
from lstm.experiments.tasks import TASKS, Reader, Task
from lstm.experiments.tasks.text import model_of
from lstm.experiments.training import checkpoint
from lstm.experiments.training.loop import Training
from minigrad import Module
from minigrad.messages import explained


def save_model(training: Training, path: Path) -> Path:
    """Write the Parameters that validated best, under their paths, and the settings."""
    return checkpoint.write(path, training.best, training.settings)


def load_model(path: Path) -> tuple[Task, Module]:
    """Return task and model from a file that `save_model` wrote."""
    arrays, settings = checkpoint.read(path, "recipe", "facts")
    task = TASKS[settings["task"]](**settings["options"])
    model = task.model(Recipe(**settings["recipe"]), np.random.default_rng(0))
    model.load_state_dict(arrays)
    return task, model


def load_characters(path: Path) -> tuple[Reader, str]:
    """Return a character model and its alphabet; the text itself is not needed."""
    arrays, settings = checkpoint.read(path, "recipe", "facts")
    alphabet = settings["facts"].get("alphabet")
    if alphabet is None:
        raise explained(
            ValueError,
            f"reading {str(path)!r}",
            f"it holds a model for the task {settings['task']!r}, which does not "
            "write.",
            "train one that does: python -m lstm train text.",
        )
    recipe = Recipe(**settings["recipe"])
    model = model_of(alphabet, recipe, np.random.default_rng(0))
    model.load_state_dict(arrays)
    return model, alphabet
