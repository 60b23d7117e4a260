"""What the tests share: Hypothesis settings, and what a machine may lack.

A test is skipped without what it needs, unless that was promised:
MINIGRAD_REQUIRE="browser dot compare" makes such tests fail instead.
"""

import importlib
import os
import shutil

import pytest
from browser import Browser
from hypothesis import settings

settings.register_profile("suite", max_examples=40, deadline=None, derandomize=True)
settings.load_profile("suite")


def promised(what):
    """Was it said that this machine has it?"""
    return what in os.environ.get("MINIGRAD_REQUIRE", "").split()


needs_dot = pytest.mark.skipif(
    not (shutil.which("dot") or promised("dot")), reason="no dot of Graphviz on PATH"
)
RENDERERS = [pytest.param("dot", marks=needs_dot), "graphviz-pure"]


def peer(name):
    """Return a library to compare with; skip without it, unless it was promised."""
    if promised("compare"):
        return importlib.import_module(name)
    return pytest.importorskip(name, reason=f"{name} is in the extra 'compare'")


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    """Return Chromium, for tests that say `needs_browser`."""
    browser = Browser(tmp_path_factory.mktemp("browser"))
    yield browser
    browser.quit()


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


@pytest.fixture(scope="session")
def keras(torch):
    """Return Keras, which computes with PyTorch."""
    os.environ["KERAS_BACKEND"] = "torch"
    return peer("keras")
