"""What computed this? A saved model is arrays under paths; the program is not in it.

`Module.save` writes numbers and never code, so a file cannot be run. But paths and
shapes often tell whose numbers they are: `lstm.cell.forget.W` belongs to an LSTM. A
package that knows its own paths offers a **recogniser**, a function from the arrays of
a file to a `Recognition`, or None if they are not its. It says so where it is packaged:

    [project.entry-points."minigrad.saved"]
    lstm = "lstm.recognition:layer"

and `minigrad draw model.npz` finds it. What a recogniser cannot know it must not make
up: `description` says what was assumed, and whatever it left aside is listed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import entry_points
from itertools import pairwise
from typing import Any

import numpy as np

from minigrad.context import scope
from minigrad.messages import explained
from minigrad.parameter import Parameter
from minigrad.table import matvec
from minigrad.tensor import Array, Tensor

GROUP = "minigrad.saved"
Arrays = Mapping[str, Array]


@dataclass(frozen=True, eq=False)
class Recognition:
    """What a saved model was taken for.

    output   Tensors that were computed with its numbers
    description     a sentence: what it was taken for, and what was assumed
    paths    of the arrays that took part
    """

    output: Any
    description: str
    paths: tuple[str, ...]


def recognise(arrays: Arrays, file: str) -> Recognition:
    """Return what the first recogniser made of the arrays of a file.

    Raises ValueError with a way out if none knows the paths.
    """
    for point in entry_points(group=GROUP):
        recogniser: Callable[[Arrays], Recognition | None] = point.load()
        found = recogniser(arrays)
        if found is not None:
            return found
    raise explained(
        ValueError,
        f"what is in {file!r}",
        dict(arrays),
        "a saved model is arrays under paths; the program that they belong to is "
        "not in it, and no package here knows these paths.",
        f"name the program, too: minigrad draw my_model:loss --weights {file}",
    )


def dense_layers(arrays: Arrays) -> Recognition | None:
    """Recognise dense layers, each of which fits on the one before it in the file.

    >>> arrays = {"a.W": np.ones((4, 3)), "a.b": np.ones(4), "z.W": np.ones((2, 4))}
    >>> dense_layers(arrays) is None
    True
    >>> print(dense_layers({**arrays, "z.b": np.ones(2)}).description)
    2 dense layers, in the order of the file: a (3 -> 4), z (4 -> 2). Which function
    follows each is not in a file, so none is drawn; x = 0.
    """
    layers = [path.removesuffix(".W") for path in arrays if path.endswith(".W")]
    if not layers or arrays.keys() != {f"{at}.{of}" for at in layers for of in "Wb"}:
        return None
    if not all(_is_dense(arrays[f"{at}.W"], arrays[f"{at}.b"]) for at in layers):
        return None
    sizes = [arrays[f"{at}.W"].shape for at in layers]
    if any(below[0] != above[1] for below, above in pairwise(sizes)):
        return None
    y = Tensor(np.zeros(sizes[0][1]), name="x")
    for at in layers:
        with scope(at):
            W, b = (Parameter(arrays[f"{at}.{of}"], name=f"{at}.{of}") for of in "Wb")
            y = matvec(W, y) + b
            y.name = "z"
    each = ", ".join(
        f"{at} ({n} -> {m})" for at, (m, n) in zip(layers, sizes, strict=True)
    )
    description = (
        f"{len(layers)} dense layer{'s' * (len(layers) > 1)}, in the order of the file:"
        f" {each}. Which function follows each is not in a file, so none is drawn; "
        "x = 0."
    )
    return Recognition(y, description, tuple(arrays))


def _is_dense(W: Array, b: Array) -> bool:
    return W.ndim == 2 and b.shape == W.shape[:1] and W.dtype.kind == "f"
