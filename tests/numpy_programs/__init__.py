"""Programs in plain NumPy, as people bring them: assignments, textbooks, simulations.

Each module here imports NumPy and nothing of ours, but for this list. A program is a
function and the numbers to call it with; its docstring says where such code is met:

    @program(some(4, 3), some(3, 2), some(2))
    def affine(x, w, b):
        '''The first layer of every course.'''
        return x @ w + b

The test calls it with arrays, which says what is right, and with Tensors in the place
of the arrays of floats, all but those that are `fixed`. Not a line of it is changed.

fixed    the names of arrays that are data: targets, masks, noise
fills    which arrays it writes to:
         ""         none
         "copies"   what x.copy() or np.zeros_like(x) gives, which may be written to
         "new"      what np.zeros, np.eye or np.asarray makes: NumPy keeps no record of
                    what enters its own arrays, so the program needs the import
                    `from minigrad import numpy as np`, its one line that changes
         "results"  what it computed with Tensors: it declines, and says that a copy can
                    be written to
jax      whether jax.numpy runs it as it stands
"""

import inspect
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import numpy as np

PROGRAMS = []


@dataclass(frozen=True, eq=False)
class Program:
    function: Callable[..., Any]
    args: tuple[Any, ...]
    fixed: tuple[str, ...] = ()
    fills: str = ""
    jax: bool = True

    @property
    def name(self) -> str:
        return self.function.__name__

    @property
    def moving(self) -> list[int]:
        """The places of the arguments that are differentiated."""
        names = inspect.signature(self.function).parameters
        return [
            i
            for i, (name, value) in enumerate(zip(names, self.args, strict=False))
            if getattr(value, "dtype", "") == "float64" and name not in self.fixed
        ]

    @property
    def point(self) -> list[np.ndarray]:
        """The arrays that are differentiated."""
        return [self.args[i] for i in self.moving]

    def at(self, *moving: Any) -> tuple[Any, ...]:
        """Return what the program returns with others in the place of these arrays."""
        args = list(self.args)
        for i, value in zip(self.moving, moving, strict=True):
            args[i] = value
        result = self.function(*args)
        return result if isinstance(result, tuple) else (result,)

    def running_on(self, space: Any) -> AbstractContextManager[Any]:
        """While this lasts, the name `np` in the program means another namespace."""
        return patch.dict(self.function.__globals__, np=space)


def program(*args: Any, **more: Any) -> Callable[..., Any]:
    """Enter a function in the list: a decorator, given what to call it with."""

    def enter(function: Callable[..., Any]) -> Callable[..., Any]:
        PROGRAMS.append(Program(function, args, **more))
        return function

    return enter


_random = np.random.default_rng(5)


def some(*shape: int) -> np.ndarray:
    """Return numbers in (-2, 2), none near 0 and no two the same."""
    size = _random.uniform(0.2, 2.0, shape)
    return size * _random.choice([-1.0, 1.0], shape)


def positive(*shape: int) -> np.ndarray:
    return _random.uniform(0.3, 2.0, shape)


def number(value: float) -> np.ndarray:
    return np.array(value)


from numpy_programs import (  # noqa: E402, F401
    geometry,
    layers,
    learning,
    physics,
    sequences,
    statistics,
)
