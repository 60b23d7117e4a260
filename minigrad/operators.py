"""What `x + y`, `x.sum()` and `x.T` mean on a Tensor: handed over, from here.

So is what to say of `x.numpy()` or `x.requires_grad`, which are not there. Methods have
the names of NumPy's arrays. An array that can be written to has the same operators and
methods; those that only move entries give views of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad import functions as f
from minigrad import reductions as r
from minigrad import table as t
from minigrad.composites import MODULES, axes, elementary, ordering, powers
from minigrad.composites import numpy_functions as numpy_functions  # enters them
from minigrad.habits import Absent, taught
from minigrad.numpy_protocol.array_like import current
from minigrad.numpy_protocol.foreign_names import TENSOR
from minigrad.numpy_protocol.numpy_calls import answer
from minigrad.primitive import TABLE
from minigrad.tensor import Tensor
from minigrad.writable_arrays import writing
from minigrad.writable_arrays.creation import copied
from minigrad.writable_arrays.in_place import rebinding
from minigrad.writable_arrays.writable import Writable

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
    "copy": copied,
    "clip": f.clip,
    "real": property(current),
    "imag": property(lambda a: answer(np.imag, a)),
    "take": ordering.take,
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

for _module in MODULES:
    for _name in _module.__all__:
        is_method = hasattr(np.ndarray, _name) or _module in (elementary, powers)
        if is_method and _name not in NO_METHODS:
            METHODS.setdefault(_name, getattr(_module, _name))

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
            Writable,
            _name,
            _method if is_property else writing.with_own_result(_method),
        )

Tensor.__getitem__ = f.getitem  # type: ignore[assignment, method-assign]

for _name in ("reshape", "ravel", "transpose", "squeeze", "swapaxes", "diagonal"):
    setattr(Writable, _name, _sees(_name))
for _name, _method in {
    "T": property(lambda x: np.transpose(x)),
    "mT": property(lambda x: np.swapaxes(x, -1, -2)),
    "real": property(lambda x: x[...]),
    "flatten": lambda x, order="C": copied(axes.ravel(x, order)),
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
