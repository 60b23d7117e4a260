"""What `x + y`, `x.sum()` and `np.tanh(x)` mean on a Tensor: handed over, from here.

So is what to say of `x.numpy()` or `x.requires_grad`, which are not there.

Elementwise rows whose function is a NumPy ufunc bring their NumPy name themselves;
`power` is replaced here by the function that minds its kinks.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from minigrad import functions as f
from minigrad import reductions as r
from minigrad import table as t
from minigrad.array_like import NUMPY_FACE
from minigrad.foreign_names import TENSOR
from minigrad.habits import Absent, taught
from minigrad.primitive import TABLE
from minigrad.tensor import Tensor

BINARY: dict[str, Callable[..., object]] = {
    "add": t.add,
    "sub": t.subtract,
    "mul": t.multiply,
    "truediv": t.divide,
    "pow": f.power,
    "matmul": t.matmul,
}

METHODS = {
    "__neg__": t.negative,
    "__pos__": lambda a: a,
    "__abs__": f.absolute,
    "__getitem__": f.getitem,
    "sum": t.sum,
    "mean": r.mean,
    "var": r.var,
    "max": r.max,
    "min": r.min,
    "cumsum": t.cumsum,
    "astype": t.cast,
    "reshape": f.reshaped,
    "transpose": f.transposed,
    "T": property(t.transpose),
    "__divmod__": lambda a, b: np.divmod(a, b),
    "__round__": np.round,
}


def _reflected(operation: Callable[..., object]) -> Callable[..., object]:
    return lambda b, a: operation(a, b)


for _name, _operation in BINARY.items():
    setattr(Tensor, f"__{_name}__", _operation)
    setattr(Tensor, f"__r{_name}__", _reflected(_operation))

# NumPy's ufunc says no, in our words, where there is no row for it.
_UFUNCS: dict[str, np.ufunc] = {"mod": np.mod, "floordiv": np.floor_divide}
for _name, _ufunc in _UFUNCS.items():
    setattr(Tensor, f"__{_name}__", lambda a, b, f=_ufunc: f(a, b))
    setattr(Tensor, f"__r{_name}__", _reflected(_ufunc))

for _name, _method in METHODS.items():
    setattr(Tensor, _name, _method)

# No `__getattr__`: it would slow down every `t.data`.
_functions = {*TABLE, *(name for module in (f, r) for name in vars(module))}
_words = {name for name in _functions | {*TENSOR} if not name.startswith("_")}
for _name in sorted(_words | {f"{name}_" for name in _words}):
    if not hasattr(Tensor, _name):
        setattr(Tensor, _name, Absent(_name, "t", TENSOR))


def _there(self: Tensor) -> list[str]:
    return [
        name
        for name in object.__dir__(self)
        if not isinstance(getattr(type(self), name, None), Absent)
    ]


Tensor.__dir__ = _there  # type: ignore[assignment, method-assign]
Tensor.__init__ = taught(Tensor.__init__)  # type: ignore[method-assign]

NUMPY_FACE.update(
    {
        np.power: f.power,
        np.matmul: t.matmul,
        np.absolute: f.absolute,
        np.square: lambda a: a * a,
        np.maximum: f.maximum,
        np.minimum: f.minimum,
        np.positive: lambda a: a,
        np.concatenate: f.concatenate,
        np.stack: f.stack,
        np.where: f.where,
        np.sum: lambda a, axis=None, keepdims=False: t.sum(a, axis, keepdims),
        np.mean: r.mean,
        np.var: r.var,
        np.max: r.max,
        np.amax: r.max,
        np.min: r.min,
        np.amin: r.min,
        np.clip: lambda a, a_min=None, a_max=None: f.clip(a, a_min, a_max),
        np.cumsum: lambda a, axis: t.cumsum(a, axis),
        np.reshape: lambda a, shape: f.reshaped(a, shape),
        np.transpose: lambda a, axes=None: f.transposed(a, axes),
        np.broadcast_to: f.broadcast_to,
        np.shape: lambda a: a.shape,
        np.ndim: lambda a: a.ndim,
        np.size: lambda a: a.size,
        np.zeros_like: lambda a: np.zeros_like(a.data),
        np.ones_like: lambda a: np.ones_like(a.data),
    }
)
