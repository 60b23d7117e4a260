"""Idioms of NumPy, one line each: what the tests of `minigrad.composites` run.

An idiom is written with np and with letters, which are the arrays in the order of the
alphabet. Given NumPy and arrays it says what is right; given NumPy and Tensors it must
do the same, and with `jax.numpy` it says what the gradient is:

    case("np.mean(a, axis=0)", some(3, 4))
    case("np.average(a, weights=w)", some(4), positive(4))

order    up to which derivative it is compared; 0 of what is a choice (np.argmax), which
         comes as plain numbers
exactly  its numbers are NumPy's to the last bit
proved   what a proof of it says: "proved", or where it is known not to be, why
jax      whether jax.numpy has it, and means the same
"""

from collections.abc import Callable
from dataclasses import dataclass
from sys import _getframe
from typing import Any

import numpy as np


@dataclass(frozen=True, eq=False)
class Case:
    name: str
    function: Callable[..., Any]
    args: tuple[np.ndarray, ...]
    order: int = 2
    exactly: bool = False
    proved: str = "proved"
    jax: bool = True

    def __call__(self, *args: Any, space: Any = np) -> Any:
        return self.function(space, *args)


def case(idiom: str, *args: Any, **more: Any) -> Case:
    """Return an idiom of these arrays, with the names of the module that writes it."""
    names = compile(idiom, __file__, "eval").co_names
    letters = sorted(name for name in names if len(name) == 1 and name.islower())
    function = eval(f"lambda np, {', '.join(letters)}: {idiom}", _getframe(1).f_globals)
    shapes = ", ".join(str(np.shape(arg)) for arg in args)
    return Case(f"{idiom} of {shapes}", function, tuple(map(np.asarray, args)), **more)


_random = np.random.default_rng(12)


def some(*shape: int) -> np.ndarray:
    """Return numbers in (-2, 2), none near 0 and no two the same."""
    size = _random.uniform(0.2, 2.0, shape)
    return size * _random.choice([-1.0, 1.0], shape)


def positive(*shape: int) -> np.ndarray:
    return _random.uniform(0.3, 2.5, shape)


def within(*shape: int) -> np.ndarray:
    """Return numbers in (-0.9, 0.9)."""
    return _random.uniform(-0.9, 0.9, shape)


def definite(n: int) -> np.ndarray:
    """Return a symmetric matrix with eigenvalues of 1 and more."""
    a = _random.normal(size=(n, n))
    return a @ a.T + np.eye(n)
