"""What the elementwise rows compute, where NumPy has no function that is safe to use.

Both are written so that no number overflows on the way, and both hand objects (symbols,
field elements) to the objects' own methods.
"""

from __future__ import annotations

import operator
from collections.abc import Callable

import numpy as np

from minigrad.numpy_protocol.array_like import as_array
from minigrad.rows.stacked import in_programs
from minigrad.tensor import Array


@in_programs(composite=lambda a: np.tanh(a * 0.5) * 0.5 + 0.5, onnx="Sigmoid")
def sigmoid(a: Array) -> Array:
    """1 / (1 + exp(-a)), as (1 + tanh(a/2)) / 2, which never overflows.

    Right to 1e-16 absolutely; relatively not below a = -20 (for log(sigmoid(a)) write
    -softplus(-a)).
    """
    a = as_array(a)
    if a.dtype.kind == "O":
        return _sigmoid_of_objects(a)
    half = as_array(a * 0.5)
    np.tanh(half, half)
    np.multiply(half, 0.5, half)
    y: Array = np.add(half, 0.5, half)
    return y


@in_programs(onnx="Softplus")
def softplus(a: Array) -> Array:
    """log(1 + exp(a)), as max(a, 0) + log(1 + exp(-|a|)), which never overflows."""
    a = as_array(a)
    result: Array
    if a.dtype.kind == "f":
        result = np.maximum(a, 0) + np.log1p(np.exp(-np.abs(a)))
    elif a.dtype.kind == "c":
        z = np.exp(np.where(a.real > 0, -a, a))
        size = 0.5 * np.log1p(2 * z.real + z.real**2 + z.imag**2)  # log |1 + z|
        phase = np.arctan2(z.imag, 1 + z.real)
        result = np.where(a.real > 0, a, 0) + size + 1j * phase
    else:
        result = np.log(1 + np.exp(a))
    return result


_sigmoid_of_objects: Callable[[Array], Array] = np.frompyfunc(
    operator.methodcaller("sigmoid"), 1, 1
)
