"""What each function of NumPy answers, given a Tensor: the index of all that is here.

NumPy hands over some three hundred functions. Each is a row of the table, a composite,
a choice, a way to write, or it declines. The page "What of NumPy works" is this list.

>>> {name: kind for name, kind, _ in answers() if name in ("tanh", "std", "argmax")}
{'argmax': 'choice', 'std': 'composite', 'tanh': 'row'}
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from types import ModuleType

import numpy as np

from minigrad.habits import advice
from minigrad.numpy_protocol.foreign_names import NUMPY
from minigrad.numpy_protocol.numpy_calls import NUMPY_FACE, QUESTIONS, is_question
from minigrad.primitive import TABLE
from minigrad.writable_arrays.writing import WRITERS

KINDS = {
    "row": "a row of the table",
    "composite": "composed of rows",
    "choice": "a choice: plain numbers",
    "writes": "writes into an array made by mg.zeros, t.copy(), ...",
    "declines": "is not recorded",
}
SPACES: dict[str, ModuleType] = {"": np, "linalg.": np.linalg, "fft.": np.fft}
# What makes arrays of no array, reads files, or says something about types.
OTHERS = frozenset(
    {"save", "savez", "savez_compressed", "savetxt", "array_repr", "array_str"}
    | {"array2string", "datetime_as_string", "datetime_data", "busday_count"}
    | {"busday_offset", "is_busday", "einsum_path", "min_scalar_type", "frombuffer"}
    | {"packbits", "unpackbits", "common_type", "fromiter", "require", "isnat"}
)


def answers() -> Iterator[tuple[str, str, str]]:
    """Yield each function's name, its kind (one of KINDS), and what is said of it.

    The functions are those that NumPy hands over: its ufuncs, and what it dispatches.
    """
    for prefix, space in SPACES.items():
        for name in sorted(dir(space)):
            function = getattr(space, name)
            if name not in OTHERS and _is_handed_over(function):
                kind = kind_of(function)
                yield prefix + name, kind, _says(function, kind)


def kind_of(function: Callable[..., object]) -> str:
    """Return which of KINDS a function of NumPy is."""
    if function in QUESTIONS or (is_question(function) and function not in NUMPY_FACE):
        return "choice"
    if function in WRITERS:
        return "writes"
    ours = NUMPY_FACE.get(function)
    if ours is None:
        return "declines"
    rows = {row.apply for row in TABLE.values()}
    return "row" if ours in rows else "composite"


def _is_handed_over(function: object) -> bool:
    """Does NumPy ask a Tensor what this function means?"""
    return isinstance(function, np.ufunc) or hasattr(function, "_implementation")


def _says(function: Callable[..., object], kind: str) -> str:
    """Return the first sentence of its documentation, or what to write instead."""
    if kind == "declines":
        entry = NUMPY.get(function.__name__)  # np.bitwise_not is np.invert
        return advice(entry) if entry else ""
    if kind in ("choice", "writes"):
        return ""
    text = inspect.getdoc(NUMPY_FACE[function]) or inspect.getdoc(function) or ""
    parts = text.split("\n\n")
    is_call = parts[0].startswith(f"{function.__name__}(")  # as NumPy has it of a ufunc
    return parts[is_call].replace("\n", " ")
