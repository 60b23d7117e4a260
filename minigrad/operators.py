"""What `x + y`, `x.sum()` and `np.tanh(x)` mean on a Tensor: handed over, from here.

So is what to say of `x.numpy()` or `x.requires_grad`, which are not there.

Names are NumPy's: a composite in `__all__` of its module is what NumPy's function of
that name means, and, where arrays have it, the method. Elementwise rows whose function
is a ufunc bring their NumPy name themselves. An array that can be written to has the
same operators and methods; those that only move entries give views of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad import functions as f
from minigrad import reductions as r
from minigrad import table as t
from minigrad import writable as w
from minigrad import writing
from minigrad.array_like import current
from minigrad.composites import (
    MODULES,
    accumulating,
    arranging,
    axes,
    calculus,
    diagonals,
    elementary,
    ordering,
    powers,
    products,
)
from minigrad.foreign_names import TENSOR
from minigrad.habits import Absent, taught
from minigrad.in_place import rebinding
from minigrad.numpy_calls import NUMPY_FACE, UFUNC_METHODS, answer
from minigrad.primitive import TABLE
from minigrad.tensor import Tensor
from minigrad.types import Axis
from minigrad.writable import Writable

BINARY: dict[str, Callable[..., Any]] = {
    "add": t.add,
    "sub": t.subtract,
    "mul": t.multiply,
    "truediv": t.divide,
    "pow": f.power,
    "matmul": t.matmul,
    "mod": lambda a, b: np.mod(a, b),
    "floordiv": lambda a, b: np.floor_divide(a, b),
}

SIGNS = {"add": "+=", "sub": "-=", "mul": "*=", "truediv": "/=", "pow": "**=",
         "matmul": "@=", "mod": "%=", "floordiv": "//="}  # fmt: skip


def _sum(
    a: Any,
    axis: Axis = None,
    keepdims: bool = False,
    initial: Any = 0,
    where: Any = True,
) -> Any:
    """Sum over the axes the entries where the mask is true, and an initial number."""
    total = t.sum(r.masked(w.joined(a), where, 0), axis=axis, keepdims=keepdims)
    return total if type(initial) is int and not initial else total + initial


METHODS: dict[str, Any] = {
    "__neg__": t.negative,
    "__pos__": lambda a: current(a),
    "__abs__": f.absolute,
    "__divmod__": lambda a, b: np.divmod(a, b),
    "__rdivmod__": lambda b, a: np.divmod(a, b),
    "__round__": np.round,
    "sum": t.sum,
    "mean": r.mean,
    "var": r.var,
    "max": r.max,
    "min": r.min,
    "astype": f.astype,
    "reshape": f.reshaped,
    "transpose": f.transposed,
    "T": property(t.transpose),
    "mT": property(lambda a: np.swapaxes(a, -1, -2)),
    "flatten": axes.ravel,
    "flat": property(lambda a: axes.ravel(a)),
    "copy": w.copied,
    "clip": f.clip,
    "real": property(current),
    "imag": property(lambda a: answer(np.imag, a)),
    "compress": lambda a, condition, axis=None: np.compress(condition, a, axis),
}
UNARY = "arctan cos exp expm1 log log1p sigmoid sin softplus sqrt tanh"
METHODS |= {name: TABLE[name].apply for name in UNARY.split()}
NO_METHODS = ("choose", "partition", "resize", "sort")  # in place, but for choose


def _asks(name: str) -> Callable[..., Any]:
    """Return the method whose answer is a choice, and comes as plain numbers."""
    return lambda self, *args, **options: answer(
        getattr(np, name), self, *args, **options
    )


for _name in ("all", "any", "argmax", "argmin", "argpartition", "argsort", "nonzero",
              "round", "searchsorted"):  # fmt: skip
    METHODS[_name] = _asks(_name)

# ------------------------------------------------------------------- NumPy's functions


def _reshape(
    a: Any, shape: Any = None, order: str = "C", *, newshape: Any = None, **how: Any
) -> Any:
    """Return `a` in another shape, which NumPy before 2.1 calls newshape."""
    return f.reshaped(a, newshape if shape is None else shape, order=order, **how)


for _module in MODULES:
    for _name in _module.__all__:
        _function = getattr(_module, _name)
        for _space in (np, np.linalg, np.fft):
            if callable(getattr(_space, _name, None)):
                NUMPY_FACE[getattr(_space, _name)] = _function
        is_method = hasattr(np.ndarray, _name) or _module in (elementary, powers)
        if is_method and _name not in NO_METHODS:
            METHODS.setdefault(_name, _function)

for _name, _function in products.UNDER_NUMPYS_NAME.items():
    if hasattr(np, _name):
        NUMPY_FACE[getattr(np, _name)] = _function


def _where(condition: Any, *choices: Any) -> Any:
    """Return the choice of each entry; without choices where the condition is true."""
    return f.where(condition, *choices) if choices else answer(np.where, condition)


NUMPY_FACE.update(
    {
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
        np.copy: lambda a, order="K": w.copied(a, order),
        np.zeros_like: w.zeros_like,
        np.ones_like: w.ones_like,
        np.empty_like: w.empty_like,
        np.full_like: w.full_like,
    }
)

if hasattr(np, "astype"):  # since NumPy 2.1
    NUMPY_FACE[np.astype] = lambda x, dtype, *, copy=True: t.cast(x, dtype)


def _of_all_pairs(operation: Callable[..., Any]) -> Callable[..., Any]:
    """Return what np.multiply.outer is to np.multiply: each entry meets each."""

    def outer(a: Any, b: Any) -> Any:
        a, b = w.as_operand(current(a)), w.as_operand(current(b))
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

# --------------------------------------------------------------- operators and methods


def _reflected(operation: Callable[..., Any]) -> Callable[..., Any]:
    return lambda b, a: operation(a, b)


def _sees(name: str) -> Callable[..., Any]:
    """Return the method that gives another view of an array that can be written to."""

    def view(self: Writable, *args: Any, **options: Any) -> Any:
        moved = getattr(np.ndarray, name)
        return self.moved(moved, *args, **options)

    return view


for _name, _operation in BINARY.items():
    METHODS[f"__{_name}__"] = _operation
    METHODS[f"__r{_name}__"] = _reflected(_operation)
    setattr(Writable, f"__i{_name}__", writing.in_place(_operation))
    setattr(Tensor, f"__i{_name}__", rebinding(SIGNS[_name], _operation))

for _name, _method in METHODS.items():
    setattr(Tensor, _name, _method)
    if _name not in vars(Writable):
        is_property = isinstance(_method, property)
        setattr(
            Writable, _name, _method if is_property else writing.giving_own(_method)
        )

Tensor.__getitem__ = f.getitem  # type: ignore[assignment, method-assign]

for _name in ("reshape", "ravel", "transpose", "squeeze", "swapaxes", "diagonal"):
    setattr(Writable, _name, _sees(_name))
for _name, _method in {
    "T": property(lambda x: np.transpose(x)),
    "mT": property(lambda x: np.swapaxes(x, -1, -2)),
    "real": property(lambda x: x[...]),
    "flatten": lambda x, order="C": w.copied(axes.ravel(x, order)),
    "flat": property(writing.Flat),
    "astype": writing.astype,
    "backward": lambda x, seed=None: Tensor.backward(current(x), seed),
    "put": writing.put,
    "partition": writing.partition,
    "sort": writing.sort,
    "__array_function__": writing.array_function,
    "__array_ufunc__": writing.array_ufunc,
}.items():
    setattr(Writable, _name, _method)

# No `__getattr__`: it would slow down every `t.data`.
_functions = {*TABLE, *(name for module in (f, r) for name in vars(module))}
_words = {name for name in _functions | {*TENSOR} if not name.startswith("_")}
for _name in sorted(_words | {f"{name}_" for name in _words}):
    for _kind in (Tensor, Writable):
        if not hasattr(_kind, _name):
            setattr(_kind, _name, Absent(_name, "t", TENSOR))


def _there(self: Tensor) -> list[str]:
    return [
        name
        for name in object.__dir__(self)
        if not isinstance(getattr(type(self), name, None), Absent)
    ]


Tensor.__dir__ = _there  # type: ignore[assignment, method-assign]
Tensor.__init__ = taught(Tensor.__init__)  # type: ignore[method-assign]
