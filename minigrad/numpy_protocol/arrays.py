"""The one gate through which arrays from outside enter.

`np.asarray` makes an array of nearly everything, and forgets what it meant: which
entries a masked array hides, that `*` of a matrix is a matrix product, which unit a
number has, that a value is missing, that another library records it. So whatever a
Tensor is made of or meets goes through here, and is taken as it is or refused.

    floats           what a derivative is taken of: leaves, weights
    numbers          what may stand beside a Tensor: operands, targets, seeds, gradients
    integers         choices: labels, lengths
    booleans         masks
    require_choices  indexes, which are not numbers

Real numbers of any precision are taken, and objects with exact arithmetic (fractions,
SymPy expressions). Complex numbers are not: the gradient of a real loss with respect to
them needs conjugates, of which the table knows nothing. (A replay may be given complex
*arrays*, as the complex step does: no Tensor is made of them.)
"""

from __future__ import annotations

from typing import NoReturn

import numpy as np

from minigrad.messages import a_kind, explained
from minigrad.numpy_protocol.array_like import DOMAINS, ArrayLike, as_array
from minigrad.types import Array

_INEXACT = (float, complex, np.inexact)


def floats(value: object, asked: str, role: str) -> Array:
    """Return the floating-point or exact numbers of a value that may be differentiated.

    >>> floats([0.5, 1.5], "Tensor(...)", "data")
    array([0.5, 1.5])

    Raises TypeError for integers and booleans, and for what `numbers` refuses.
    """
    array = numbers(value, asked, role)
    if array.dtype.kind in "biu":
        _refuse(
            *(asked, role, value),
            "a derivative needs numbers that can change a little; "
            f"{array.dtype} entries cannot.",
            "write 1.0 for 1, or convert: np.asarray(data, float); for indices and "
            "masks use plain arrays.",
        )
    return array


def numbers(value: object, asked: str, role: str) -> Array:
    """Return the real or exact numbers of a value, as an array.

    >>> numbers([1, 2.5], "arithmetic", "operand")
    array([1. , 2.5])

    Raises TypeError for what is no real number, or more than a number.
    """
    if type(value) is float or type(value) is int:
        return np.asarray(value)
    array = _array(value, asked, role)
    kind = "O" if type(array) in DOMAINS else array.dtype.kind
    if kind == "O" and type(array) not in DOMAINS:
        _require_exact(array, asked, role)
    elif kind == "c":
        _refuse(
            *(asked, role, value),
            "the gradient of a real loss in complex numbers needs conjugates, and no "
            "row of the table knows them.",
            "compute with real and imaginary parts, z.real and z.imag, as two Tensors.",
        )
    elif kind not in "fiubO":
        _refuse(
            *(asked, role, value),
            f"{array.dtype} entries are no numbers.",
            "convert what is meant to numbers: np.asarray(data, float).",
        )
    return array


def integers(value: object, asked: str, role: str, fix: str = "") -> Array:
    """Return whole numbers, such as labels or lengths, as an array of integers.

    `fix` is the advice in the place of "convert".

    >>> integers([0, 2], "cross_entropy(logits, labels)", "labels")
    array([0, 2])

    Raises TypeError for everything else, floats with whole values included.
    """
    array = _array(value, asked, role)
    if array.dtype.kind not in "iu":
        if not array.size:
            return array.astype(int)
        _refuse(
            *(asked, role, value),
            f"{role} are whole numbers, and these are {array.dtype} entries.",
            fix or f"np.asarray({role}, int), once it is sure that nothing is rounded.",
        )
    return array


def booleans(value: object, asked: str, role: str) -> Array:
    """Return a mask as an array of booleans of its own; 0 and 1 count as such.

    >>> booleans([1, 0], "where(mask, a, b)", "mask")
    array([ True, False])

    Raises TypeError for a Tensor and for other numbers: a mask is a decision.
    """
    if isinstance(value, ArrayLike):
        _refuse(
            *(asked, role, value),
            "a mask is a decision, not a number with a derivative.",
            "compare first, for instance where(x > 0, a, b).",
        )
    array = _array(value, asked, role)
    whole = array.dtype.kind in "iuf" and bool(np.isin(array, (0, 1)).all())
    if array.dtype.kind != "b" and not whole:
        _refuse(
            *(asked, role, value),
            f"a mask says yes or no, and these are {array.dtype} entries.",
            "compare first, for instance where(x > 0, a, b).",
        )
    return array.astype(bool)


def require_choices(index: object, holder: object, letter: str) -> None:
    """Refuse an index with a derivative: which entries are meant is a choice."""
    parts = index if isinstance(index, tuple) else (index,)
    if any(isinstance(part, ArrayLike) for part in parts):
        raise explained(
            TypeError,
            f"{letter}[index] with a Tensor as index",
            {letter: holder},
            "an index is a choice, not a number with a derivative.",
            "index with plain integers, slices or boolean arrays.",
        )


def _array(value: object, asked: str, role: str) -> Array:
    """Return the array of a value that loses no meaning by it."""
    if type(value) is Array or type(value) in DOMAINS:
        return as_array(value)
    if isinstance(value, ArrayLike):
        return value.data
    meaning, fix = _meaning(value)
    if meaning:
        _refuse(asked, role, value, meaning, fix)
    try:
        array = np.asarray(value)
    except (ValueError, RuntimeError) as error:
        _refuse(
            *(asked, role, value),
            f"NumPy makes no array of it: {error}",
            "rows need one length each: pad them, and say which entries are real by a "
            "mask or by lengths.",
        )
    return array.view(Array)


def _meaning(value: object) -> tuple[str, str]:
    """Return what a value means beside its numbers, and what to write; or nothing."""
    if isinstance(value, np.ma.MaskedArray):
        if not np.ma.is_masked(value):
            return "", ""
        hidden = int(np.ma.getmaskarray(value).sum())
        return (
            f"{hidden} of its entries are masked, and a Tensor would show them again.",
            "say what stands in their place: a.filled(0.0); and keep them out of the "
            "sum: mg.where(~a.mask, t, 0.0).",
        )
    if isinstance(value, np.matrix):
        return (
            "`*` of np.matrix is a matrix product, that of a Tensor is not.",
            "np.asarray(a), and @ for products of matrices.",
        )
    if getattr(value, "requires_grad", False):
        return (
            "another library records it, and its record would be lost.",
            "x.detach().numpy() if only the numbers are meant.",
        )
    if hasattr(value, "toarray"):
        return "it is a sparse matrix, and a Tensor is dense.", "a.toarray()."
    if isinstance(value, tuple) and any(isinstance(each, ArrayLike) for each in value):
        return (
            "it is a tuple of Tensors, as a layer over time returns: its outputs and "
            "its state.",
            "y, state = layer(x), and go on with y; mg.stack joins a list of Tensors.",
        )
    theirs = getattr(type(value), "__array_ufunc__", None)
    if isinstance(value, Array) and theirs is not Array.__array_ufunc__:
        return (
            f"{a_kind(value)} is more than its numbers (units, say), and no Tensor is.",
            "np.asarray(a) in the units that are meant.",
        )
    return "", ""


def _require_exact(array: Array, asked: str, role: str) -> None:
    """Refuse objects without arithmetic, and inexact numbers kept as objects."""
    for entry in array.flat:
        if isinstance(entry, ArrayLike):
            why = "its entries are Tensors, each with a record of its own."
            fix = "mg.stack joins a list of Tensors into one."
        elif isinstance(entry, _INEXACT):
            why = (
                "its entries are Python objects, some of them floats; only exact "
                "numbers (fractions, SymPy expressions) are kept as objects."
            )
            fix = "np.asarray(data, float); of a table's column, column.to_numpy(float)"
        elif not hasattr(entry, "__neg__"):
            why = f"its entries are Python objects, and {entry!r} is no number."
            fix = "leave missing values out, or fill them, and convert to floats."
        else:
            continue
        _refuse(asked, role, array, why, fix)


def _refuse(asked: str, role: str, value: object, why: str, fix: str) -> NoReturn:
    raise explained(TypeError, asked, {role: value}, why, fix)
