"""What every example in a docstring may use without importing it: np, mg and Tensor."""

from typing import Any

import numpy as np
import pytest

import minigrad as mg


@pytest.fixture(autouse=True)
def names_in_examples(doctest_namespace: dict[str, Any]) -> None:
    """Let examples of this package know these names."""
    doctest_namespace.update(np=np, mg=mg, Tensor=mg.Tensor)
