"""What a model and foreign arrays must have in common before a number is copied.

A model says by itself what it expects: its own export, under the names of the other
framework. Every conversion from outside compares the arrays it was given with that,
reports all that differs in one message, and copies only when nothing does.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

import numpy as np

from lstm.cell import Cell
from lstm.exchange.sources import array_of
from lstm.gate import Activation
from minigrad import Module
from minigrad.messages import a_kind, explained
from minigrad.module import misfits
from minigrad.numpy_protocol.arrays import numbers
from minigrad.tensor import Array


def read(asked: str, values: Mapping[str, object]) -> dict[str, Array]:
    """Return foreign arrays as NumPy's, of float32 or float64; refuse all others."""
    arrays, problems = {}, []
    for name, value in values.items():
        try:
            array = array_of(value)
            dtype = np.asarray(array).dtype
        except (TypeError, ValueError, RuntimeError) as error:  # a framework's own
            problems.append(f"{name}: {error}")
            continue
        if dtype.kind == "O" or np.ma.isMaskedArray(array):
            array = numbers(array, asked, name)
        arrays[name] = np.asarray(array)
        if dtype not in (np.float32, np.float64):
            problems.append(f"{name}: {dtype}")
    refuse(
        asked,
        "the weights must be arrays of float32 or float64:",
        problems,
        "widen half precision first: model.float() in PyTorch, array.astype(float).",
    )
    return arrays


def zero_biases(
    own: Mapping[str, Array], given: Mapping[str, Array]
) -> dict[str, Array]:
    """Return zeros for the biases of a model if it is given none at all, else nothing.

    >>> zero_biases({"W": np.ones((2, 3)), "bias": np.ones(2)}, {"W": np.ones((2, 3))})
    {'bias': array([0., 0.])}
    """
    biases = {name: value for name, value in own.items() if "bias" in name}
    if any("bias" in name for name in given):
        return {}
    return {name: np.zeros_like(value) for name, value in biases.items()}


def fit(
    asked: str, own: Mapping[str, Array], given: Mapping[str, Array], built: bool
) -> None:
    """Refuse arrays that do not have the names and shapes of a model's own export.

    built  whether the model was built for these arrays, and not given
    """
    refuse(
        asked,
        "names and shapes must be those that the model itself would have there:",
        misfits(own, given, "given"),
        "give the arrays of whole layers, all of them and no others."
        if built
        else "leave out `into`, and a model is built for these weights; or build one "
        "of their sizes. Nothing was changed.",
    )


def require_into(asked: str, into: object) -> None:
    """Refuse what is no model to fill."""
    if into is None or isinstance(into, Module):
        return
    fix = "give a model, such as into=LSTM(3, 2), or leave it out."
    if isinstance(into, str):
        fix = f"a part of a larger model is picked by name: prefix={into!r}."
    raise explained(
        TypeError,
        asked,
        {"into": into},
        "into is a model, whose numbers are replaced.",
        fix,
    )


def refuse(asked: str, why: str, problems: Iterable[str], fix: str) -> None:
    """Raise ValueError with the full list of problems, if there are any."""
    listed = list(problems)
    if listed:
        why = "\n        ".join([why, *listed])
        raise explained(ValueError, asked, why, fix)


def require_known(
    asked: str,
    cells: Mapping[str, Cell],
    known: Collection[type],
    fix: str,
    tied: Sequence[Sequence[str]] = (),
) -> None:
    """Refuse cells that compute other equations than those a framework knows.

    cells  by the name that the message should use
    known  their classes may be these
    tied   names of `activations` that may be changed there, but only together; if there
           are none, all must be the usual ones
    """
    refuse(
        asked,
        "its equations are not among those that can be said there:",
        (
            f"{name}: {found}"
            for name, cell in cells.items()
            for found in _own_equations(cell, known, tied)
        ),
        fix,
    )


def _own_equations(
    cell: Cell, known: Collection[type], tied: Sequence[Sequence[str]]
) -> Iterator[str]:
    if type(cell) not in known:
        yield f"{a_kind(cell)}"
        return
    functions = activations(cell)
    for name, function in functions.items():
        if not tied and function is not cell.usual[name]:
            yield f"another activation for {name}"
    for group in tied:
        names = [name for name in group if name in functions]
        if len({functions[name] for name in names}) > 1:
            yield f"{' and '.join(names)} have different activations"


def activations(cell: Cell) -> dict[str, Activation]:
    """Return a cell's functions: those of its boxes, and under "state" that of c.

    >>> from lstm import LSTMCell
    >>> list(activations(LSTMCell(n=3, m=2)))
    ['forget', 'input', 'candidate', 'output', 'state']
    """
    boxes = {name: getattr(cell, name).activation for name in cell.letters}
    return {name: boxes.get(name, cell.squash) for name in cell.usual}
