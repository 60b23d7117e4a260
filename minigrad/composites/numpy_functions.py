"""What each function of NumPy means on Tensors: entered here, in `numpy_calls`.

Names are NumPy's: a composite in `__all__` of its module is what NumPy's function of
that name means. Below is what is not told by its name: rows, functions of other names,
options that NumPy orders otherwise, and the methods of ufuncs (np.add.reduce).
Elementwise rows whose function is a ufunc have entered themselves.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad import functions as f
from minigrad import reductions as r
from minigrad import table as t
from minigrad.composites import (
    MODULES,
    accumulating,
    arranging,
    calculus,
    diagonals,
    ordering,
    products,
)
from minigrad.numpy_protocol.array_like import current
from minigrad.numpy_protocol.numpy_calls import NUMPY_FACE, UFUNC_METHODS, answer
from minigrad.types import Axis
from minigrad.writable_arrays import creation as c
from minigrad.writable_arrays.gathering import as_operand, joined


def _sum(
    a: Any,
    axis: Axis = None,
    keepdims: bool = False,
    initial: Any = 0,
    where: Any = True,
) -> Any:
    """Sum over the axes the entries where the mask is true, and an initial number."""
    total = t.sum(r.masked(joined(a), where, 0), axis=axis, keepdims=keepdims)
    return total if type(initial) is int and not initial else total + initial


def _reshape(
    a: Any, shape: Any = None, order: str = "C", *, newshape: Any = None, **how: Any
) -> Any:
    """Return `a` in another shape, which NumPy before 2.1 calls newshape."""
    return f.reshaped(a, newshape if shape is None else shape, order=order, **how)


for _module in MODULES:
    for _name in _module.__all__:
        for _space in (np, np.linalg, np.fft):
            if callable(getattr(_space, _name, None)):
                NUMPY_FACE[getattr(_space, _name)] = getattr(_module, _name)


def _where(condition: Any, *choices: Any) -> Any:
    """Return the choice of each entry; without choices where the condition is true."""
    return f.where(condition, *choices) if choices else answer(np.where, condition)


NUMPY_FACE.update(
    {
        np.take: ordering.take,  # mg.take, mg.outer and mg.matvec are rows
        np.outer: products.outer,
        np.linalg.outer: products.outer,
        np.linalg.matmul: t.matmul,
        np.linalg.trace: lambda x, offset=0: diagonals.trace(x, offset, -2, -1),
        np.linalg.diagonal: lambda x, offset=0: diagonals.diagonal(x, offset, -2, -1),
        np.power: f.power,
        np.float_power: f.power,
        np.matmul: t.matmul,
        np.absolute: f.absolute,
        np.square: lambda a: a * a,
        np.maximum: f.maximum,
        np.minimum: f.minimum,
        np.positive: current,  # a copy, as in NumPy
        np.concatenate: f.concatenate,
        np.stack: f.stack,
        np.where: _where,
        np.sum: _sum,
        np.gradient: calculus.gradient,  # mg.gradient is the module that differentiates
        np.mean: r.mean,
        np.var: r.var,
        np.max: r.max,
        np.amax: r.max,
        np.min: r.min,
        np.amin: r.min,
        np.clip: lambda a, a_min=None, a_max=None, *, min=None, max=None: f.clip(
            a, a_min if min is None else min, a_max if max is None else max
        ),
        np.lib.stride_tricks.sliding_window_view: arranging.sliding_window_view,
        np.real: lambda val: val.real,
        np.real_if_close: lambda a, tol=100: a.real,
        np.reshape: _reshape,
        np.transpose: lambda a, axes=None: f.transposed(a, axes),
        np.broadcast_to: f.broadcast_to,
        np.shape: lambda a: a.shape,
        np.ndim: lambda a: a.ndim,
        np.size: lambda a: a.size,
        np.copy: lambda a, order="K": c.copied(a, order),
        np.zeros_like: c.zeros_like,
        np.ones_like: c.ones_like,
        np.empty_like: c.empty_like,
        np.full_like: c.full_like,
    }
)

if hasattr(np, "matvec"):  # since NumPy 2.2
    NUMPY_FACE[np.matvec] = products.matvec
if hasattr(np, "astype"):  # since NumPy 2.1
    NUMPY_FACE[np.astype] = lambda x, dtype, *, copy=True: t.cast(x, dtype)


def _of_all_pairs(operation: Callable[..., Any]) -> Callable[..., Any]:
    """Return what np.multiply.outer is to np.multiply: each entry meets each."""

    def outer(a: Any, b: Any) -> Any:
        a, b = as_operand(current(a)), as_operand(current(b))
        return operation(t.reshape(a, shape=a.shape + (1,) * b.ndim), b)

    return outer


def _along_an_axis(name: str) -> Callable[..., Any]:
    """Return np.add.reduce for "sum": the same function, along the first axis."""

    def along(a: Any, axis: Any = 0, **options: Any) -> Any:
        return getattr(np, name)(a, axis=axis, **options)

    return along


def _running(ufunc: np.ufunc) -> Callable[..., Any]:
    return lambda array, axis=0: ordering.running_extreme(array, ufunc, axis)


UFUNC_METHODS[np.add, "reduceat"] = accumulating.sums_between
UFUNC_METHODS[np.maximum, "accumulate"] = _running(np.maximum)
UFUNC_METHODS[np.minimum, "accumulate"] = _running(np.minimum)
UFUNC_METHODS.update(
    {
        (np.add, "reduce"): _along_an_axis("sum"),
        (np.add, "accumulate"): _along_an_axis("cumsum"),
        (np.multiply, "reduce"): _along_an_axis("prod"),
        (np.multiply, "accumulate"): _along_an_axis("cumprod"),
        (np.maximum, "reduce"): _along_an_axis("max"),
        (np.minimum, "reduce"): _along_an_axis("min"),
        (np.logaddexp, "reduce"): lambda a, axis=0, keepdims=False: r.logsumexp(
            current(a), axis, keepdims
        ),
    }
    | {
        (ufunc, "outer"): _of_all_pairs(operation)
        for ufunc, operation in NUMPY_FACE.items()
        if isinstance(ufunc, np.ufunc) and ufunc.nin == 2 and ufunc.signature is None
    }
)
