"""What the tests share: Hypothesis settings, and how a peer library is asked for."""

import importlib
import os

import pytest
from hypothesis import settings

settings.register_profile("suite", max_examples=40, deadline=None, derandomize=True)
settings.load_profile("suite")


def peer(name):
    """Return a library to compare with; skip without it, unless it was promised."""
    if os.environ.get("MINIGRAD_REQUIRE_COMPARE") == "1":
        return importlib.import_module(name)
    return pytest.importorskip(name, reason=f"{name} is in the extra 'compare'")


@pytest.fixture(scope="session")
def torch():
    """Return PyTorch in float64 on one thread, as every comparison uses it."""
    library = peer("torch")
    library.set_default_dtype(library.float64)
    library.set_num_threads(1)
    return library


@pytest.fixture(scope="session")
def jax():
    """Return JAX in float64."""
    library = peer("jax")
    library.config.update("jax_enable_x64", True)
    return library
