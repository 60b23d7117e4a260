"""Arrays of another library: rows run on them as they are, in its own namespace.

A row is written with operators and NumPy's names. An array of JAX says where it has the
same names, `a.__array_namespace__()` is jax.numpy, and is wrapped in `Foreign`: then
np.tanh(a) asks the wrapper, and the wrapper asks jax.numpy. So a row needs no second
form, and nothing is converted to an array of NumPy on the way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from minigrad.messages import a_kind, explained
from minigrad.numpy_protocol.array_like import DOMAINS, ArrayLike

_OURS = (np.ndarray, np.generic, ArrayLike)
_FIX = "give it arrays of NumPy (np.asarray(x)), of JAX, or Tensors."


class Foreign(NDArrayOperatorsMixin):
    """An array of another library, which does what NumPy's functions say.

    Writing into it (a[index] = b, np.add.at) puts another array in its place.
    """

    __slots__ = ("array",)

    def __init__(self, array: Any) -> None:
        self.array = array

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        found = getattr(self.array, name)
        return _inside(found) if callable(found) else wrapped(found)

    def __getitem__(self, index: Any) -> Any:
        return wrapped(self.array[bare(index)])

    def __setitem__(self, index: Any, value: Any) -> None:
        self.array = self.array.at[bare(index)].set(bare(value))

    def __len__(self) -> int:
        return len(self.array)

    def __iter__(self) -> Iterator[Any]:
        return (self[k] for k in range(len(self)))

    def __bool__(self) -> bool:
        return bool(self.array)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NoReturn:
        self._refuse("a plain array", "the numbers would leave their library.")

    def __array_ufunc__(
        self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any
    ) -> Any:
        (target,) = options.pop("out", (None,))
        if method == "at":
            target, index, *values = inputs
            place = target.array.at[bare(index)]
            function = getattr(place, ufunc.__name__)  # place.add(values)
            target.array = function(*bare(values))
            return None
        home = () if method == "__call__" else (ufunc.__name__,)
        function = self._named(home, method if home else ufunc.__name__)
        result = _inside(function)(*inputs, **options)
        if target is None:
            return result
        target.array = result.array.astype(target.array.dtype)
        return target

    def __array_function__(
        self, function: Any, types: Any, args: Any, options: Any
    ) -> Any:
        home = function.__module__.split(".")[1:]
        return _inside(self._named(home, function.__name__))(*args, **options)

    def _named(self, home: Any, name: str) -> Callable[..., Any]:
        """Return what the library calls by the name of a function of NumPy."""
        space = self.array.__array_namespace__()
        for part in (*home, name):
            space = getattr(space, part, None)
        if space is None:
            asked = ".".join(("np", *home, name))
            self._refuse(asked, f"its library has nothing of the name {name}.")
        found: Callable[..., Any] = space
        return found

    def _refuse(self, asked: str, why: str) -> NoReturn:
        raise _refusal(f"{asked} of {a_kind(self.array)}", self.array, why)


DOMAINS[Foreign] = lambda row, a: row.function(a)


def _inside(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function of the library as one that takes and gives what is wrapped."""
    return lambda *args, **options: wrapped(function(*bare(args), **bare(options)))


def wrapped(value: Any) -> Any:
    """Return an array of another library as one that rows compute with.

    Raises TypeError for one that would silently become an array of NumPy.
    """
    if isinstance(value, _OURS) or type(value) in DOMAINS:
        return value
    if type(value) in (tuple, list):
        return type(value)([wrapped(each) for each in value])
    if hasattr(value, "__array_namespace__") and hasattr(value, "at"):
        return Foreign(value)
    if hasattr(value, "__array__") or hasattr(value, "__dlpack__"):
        why = "its library does not say by which names it computes what NumPy does, "
        why += "and NumPy would compute with a copy."
        raise _refusal(f"a computation with {a_kind(value)}", value, why)
    return value


def _refusal(asked: str, array: Any, why: str) -> TypeError:
    shape = tuple(array.shape)
    return explained(TypeError, f"{asked} of shape {shape}", why, _FIX)


def bare(value: Any) -> Any:
    """Return what is wrapped, in tuples, lists and dicts, too."""
    if isinstance(value, Foreign):
        return value.array
    if isinstance(value, dict):
        return {key: bare(each) for key, each in value.items()}
    if type(value) in (tuple, list):
        return type(value)([bare(each) for each in value])
    return value
