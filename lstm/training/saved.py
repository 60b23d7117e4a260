"""A trained model in one file: its best weights, and how to build it again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from lstm.training import checkpoint
from lstm.training.recipe import Recipe


def save_model(training: Any, path: Path) -> Path:
    """Write the Parameters that validated best, under their paths, and the settings."""
    return checkpoint.write(path, training.best, training.settings)


def load_model(path: Path) -> tuple[Any, Any, dict[str, Any]]:
    """Return task, model and settings from a file that `save_model` wrote."""
    from lstm.tasks import TASKS

    arrays, settings = checkpoint.read(path)
    task = TASKS[settings["task"]](**settings["options"])
    model = task.model(Recipe(**settings["recipe"]), np.random.default_rng(0))
    for name, parameter in model.parameters().items():
        parameter.data = arrays[name]
    return task, model, settings
