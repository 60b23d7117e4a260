"""An array that is traced: it has numbers, and remembers how they were computed.

While a function is compiled, its Tensors hold arrays of this kind. They do what arrays
do, and each result knows its operation: rows of the table, and whatever else NumPy
computed, comparisons, argmax and the largest entry included. So a mask is no constant:
it is a value of the program like any other, and is computed anew at each call.

What would turn a number into a constant is stopped here, because there is no other way
out of this class. `if x > 0`, `int(n)` become **guards**: the program holds for this
answer, and checks it at each call. float(x), x.item() and a plain NumPy array made of
it are refused.
"""

from __future__ import annotations

import operator
import sys
from collections.abc import Callable, Iterator, Mapping
from types import FrameType
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from minigrad.compiling.graph import Node
from minigrad.context import SETTING
from minigrad.leaving import CONVERTERS, calls, fills_an_array
from minigrad.messages import error_message, explained, in_packages
from minigrad.numpy_protocol.array_like import DOMAINS, ArrayLike
from minigrad.primitive import TABLE
from minigrad.rows.onnx_forms import converted
from minigrad.rows.stacked import in_programs
from minigrad.types import Array, Axis, Index, Shape

if TYPE_CHECKING:
    from minigrad.compiling.tracing import Tracer

_ABOUT_SHAPES = {
    np.shape, np.ndim, np.size, np.result_type, np.iscomplexobj, np.isrealobj,
    np.can_cast, np.ones_like, np.zeros_like, np.empty_like, np.full_like, np.zeros,
    np.ones, np.empty, np.full,
}  # fmt: skip


_WITH_ARRAYS = (
    "compute with the array itself, with NumPy's functions (mg.Tensor(a)[k] where a[k] "
    "would ask an array of NumPy); return what is to be printed or compared, and "
    "convert it outside."
)


class NotCompiled(TypeError):
    """The function does what no program can do; the message says what to do instead.

    Raised while a function is traced, it is remembered: where the function has an
    `except` for it, and goes on, it is refused all the same.
    """

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        if tracing():
            SETTING.get().checker.refusals.append(self)  # type: ignore[union-attr]


def refusal(
    asked: str,
    why: str,
    fix: str,
    operands: Mapping[str, object] | None = None,
    line: str = "",
) -> NotCompiled:
    """Return the error, in its four parts, for what no program does.

    line  of the cause, where it is not the one that runs now
    """
    if line:
        message = error_message(f"{asked}, at {line}", operands or {}, why, fix)
        return NotCompiled(message)
    return explained(NotCompiled, asked, operands or {}, why, fix)


class Traced(NDArrayOperatorsMixin):
    """An array with its node in the graph of the program.

    is_shared  whether another array may be a view of it, so that it is not written to
    """

    __slots__ = ("is_shared", "node", "tracer", "value")

    def __init__(self, tracer: Tracer, value: Array, node: Node) -> None:
        self.tracer, self.value, self.node = tracer, value, node
        self.is_shared = False

    # ------------------------------------------------------------------ what shapes say

    @property
    def shape(self) -> Shape:
        """The size along each axis: it does not depend on the numbers."""
        return self.value.shape

    @property
    def dtype(self) -> np.dtype:
        """The kind of numbers."""
        return self.value.dtype

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return self.value.ndim

    @property
    def size(self) -> int:
        """The number of entries."""
        return self.value.size

    def __len__(self) -> int:
        return len(self.value)

    def __iter__(self) -> Iterator[Any]:
        return (self[k] for k in range(len(self)))

    def __repr__(self) -> str:
        return f"<traced array {self.shape} {self.dtype}>"

    # ---------------------------------------------------------- what only moves entries

    def _row(self, name: str, *args: Any, **options: Any) -> Any:
        return self.tracer.row(TABLE[name], args, options)

    def __getitem__(self, index: Index) -> Any:
        return self._row("take", self, index=index)

    def reshape(self, *shape: int | Shape, order: str = "C") -> Any:
        """Return the entries in another shape."""
        whole = shape[0] if len(shape) == 1 else shape
        if order == "C":
            return self._row("reshape", self, shape=whole)
        return self.tracer.function(np.reshape, (self, whole), {"order": order})

    def transpose(self, *axes: Any) -> Any:
        """Permute the axes."""
        order = axes[0] if len(axes) == 1 and not isinstance(axes[0], int) else axes
        return self._row("transpose", self, axes=tuple(order) if order else None)

    @property
    def T(self) -> Any:
        """The transpose."""
        return self.transpose()

    def sum(self, axis: Axis = None, keepdims: bool = False, **more: Any) -> Any:
        """Sum over the axes."""
        if more or self.dtype.kind != "f":
            options = {"axis": axis, "keepdims": keepdims, **more}
            return self.tracer.function(np.sum, (self,), options)
        return self._row("sum", self, axis=axis, keepdims=keepdims)

    def astype(self, dtype: Any, **_: Any) -> Any:
        """Return the entries in another dtype, as an array of its own."""
        if self.dtype.kind == "f" and np.dtype(dtype).kind == "f":
            return self._row("cast", self, dtype=np.dtype(dtype))
        return self.tracer.function(as_dtype, (self, np.dtype(dtype)), {})

    def copy(self) -> Traced:
        """Return an array of its own: nodes are never written to."""
        return Traced(self.tracer, self.value, self.node)

    def flatten(self) -> Any:
        """Return the entries as a vector."""
        return self.reshape((-1,))

    # -------------------------------------------------------------- what numbers decide

    def __bool__(self) -> bool:
        return bool(self.tracer.guard(bool, self))

    def __index__(self) -> int:
        return int(self.tracer.guard(operator.index, self))

    def __int__(self) -> int:
        return int(self.tracer.guard(int, self))

    def _refuse_number(self, asked: str, fix: str = "") -> NoReturn:
        if not fix:
            asked, fix = _who_asks() or (asked, _WITH_ARRAYS)
        raise refusal(
            f"{asked} inside a function that is compiled",
            "the number would be a constant of the program, and wrong for other "
            "inputs.",
            fix,
            {"array": self},
        )

    def __float__(self) -> float:
        self._refuse_number("float(x)")

    def __complex__(self) -> complex:
        self._refuse_number("complex(x)")

    def __format__(self, form: str) -> str:
        if not form:
            return str(self)
        self._refuse_number(f'f"{{x:{form}}}"', "return it, and print it outside.")

    def item(self, *_: int) -> float:
        """Refuse: the number would be a constant."""
        self._refuse_number("x.item()")

    def tolist(self) -> list[Any]:
        """Refuse: the numbers would be constants."""
        self._refuse_number("x.tolist()")

    def __hash__(self) -> int:
        self._refuse_number("hash(x), for a set or a key,")

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        self._refuse_number("a plain array made of a traced one")

    def __setitem__(self, index: Index, value: Any) -> None:
        self._refuse_writing("x[index] = value")

    def _refuse_writing(self, asked: str) -> NoReturn:
        raise refusal(
            f"{asked} inside a function that is compiled",
            "a value of a program is never written to: others may read it.",
            "x = x + step, np.where(mask, value, x); or y = mg.array(x), which can be "
            "written to, as mg.zeros(shape) can.",
            {"array": self},
        )

    def decides(self, function: Callable[..., Any], *more: Any) -> Any:
        """Compute a choice that is made of these numbers, anew at each call."""
        return self.tracer.function(function, (self, *more), {})

    # -------------------------------------------------------------------- NumPy's names

    def __array_ufunc__(
        self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any
    ) -> Any:
        for each in inputs:
            if isinstance(each, ArrayLike):
                return NotImplemented
        if method == "at":
            self._refuse_writing(f"np.{ufunc.__name__}.at")
        out = options.pop("out", None)
        row = self.tracer.rows.get(ufunc)
        if method == "__call__" and row is not None and not options:
            result = self.tracer.row(row, inputs, {})
        elif method == "reduce" and ufunc is np.add and not options.keys() - _SUMS:
            result = inputs[0].sum(**options)
        else:
            function = ufunc if method == "__call__" else getattr(ufunc, method)
            result = self.tracer.function(function, inputs, options)
        if out is None:
            return result
        (target,) = out  # the engine adds to its own total
        if not isinstance(target, Traced) or target.is_shared or not target.node.args:
            self._refuse_writing(f"np.{ufunc.__name__}(..., out=x)")
        target.node, target.value = result.node, result.value
        return target

    def __array_function__(
        self, function: Callable[..., Any], types: Any, args: Any, options: Any
    ) -> Any:
        if any(issubclass(each, ArrayLike) for each in types):
            return NotImplemented
        if function in _ABOUT_SHAPES:
            plain = [a.value if isinstance(a, Traced) else a for a in args]
            if isinstance(options.get("like"), Traced):
                options = {k: v for k, v in options.items() if k != "like"}
            result = function(*plain, **options)
            if isinstance(result, Array) and not result.ndim:
                result.flags.writeable = False  # known for good: see simplify
            return result
        translated = _ROWS.get(function)
        if translated is not None:
            row = translated(*args, **options)
            if row is not None:
                return self._row(row[0], *row[1], **row[2])
        return self.tracer.function(function, args, options)


_CHANGING = ("minigrad.parameter", "minigrad.optimizers")


def _who_asks() -> tuple[str, str] | None:
    """Return what asks for a number without saying float(x), and what to write."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and in_packages(frame):
        if frame.f_globals["__name__"] in _CHANGING:
            return (
                "a Parameter that is changed",
                "return the gradient, mg.grad(loss, parameters), and step outside: "
                "optimizer.step(gradients).",
            )
        frame = frame.f_back
    if fills_an_array():
        return (
            "array[index] = x, which fills an array of NumPy,",
            "make the array by mg.zeros(shape), which remembers what is written; or "
            "for a whole file `from minigrad import numpy as np`.",
        )
    if calls(CONVERTERS):
        return (
            "a plain array made of a traced one",
            "np.stack([x[0], x[1]]) or mg.stack joins numbers, np.concatenate or "
            "mg.concatenate arrays; of one array, x itself.",
        )
    return None


_SUMS = {"axis", "keepdims"}
DOMAINS[Traced] = lambda row, a: a.tracer.row(row, (a,), {})

# Which calls of NumPy's functions are rows; None says that this call is another.
_ROWS: dict[Callable[..., Any], Callable[..., Any]] = {
    np.concatenate: lambda parts, axis=0, **more: (
        None if more or axis is None else ("concatenate", parts, {"axis": axis})
    ),
    np.stack: lambda parts, axis=0, **more: (
        None if more else ("stack", parts, {"axis": axis})
    ),
    np.reshape: lambda a, shape, **more: (
        None if more else ("reshape", [a], {"shape": shape})
    ),
    np.transpose: lambda a, axes=None: ("transpose", [a], {"axes": axes}),
    np.broadcast_to: lambda a, shape, **_: (
        "broadcast",
        [a],
        {"shape": tuple(np.atleast_1d(shape))},
    ),
    np.copy: lambda a, **_: ("reshape", [a], {"shape": a.shape}),
    np.sum: lambda a, axis=None, keepdims=False, **more: (
        None
        if more or a.dtype.kind != "f"
        else ("sum", [a], {"axis": axis, "keepdims": keepdims})
    ),
}


for _name, _sign in {
    "add": "+", "sub": "-", "mul": "*", "matmul": "@", "truediv": "/",
    "floordiv": "//", "mod": "%", "pow": "**", "lshift": "<<", "rshift": ">>",
    "and": "&", "xor": "^", "or": "|",
}.items():  # fmt: skip
    setattr(
        Traced,
        f"__i{_name}__",
        lambda self, _, _sign=_sign: self._refuse_writing(f"x {_sign}= value"),
    )


def _method(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda self, *args, **options: function(self, *args, **options)


for _name in ("all", "any", "argmax", "argmin", "argsort", "clip", "cumprod", "cumsum",
              "diagonal", "dot", "max", "mean", "min", "nonzero", "prod", "ravel",
              "repeat", "round", "searchsorted", "squeeze", "std", "swapaxes", "take",
              "trace", "var"):  # fmt: skip
    setattr(Traced, _name, _method(getattr(np, _name)))


@in_programs(onnx=converted)
def as_dtype(a: Array, dtype: np.dtype) -> Array:
    """Return the entries in another dtype."""
    return a.astype(dtype)


def tracing() -> bool:
    """Is a function being compiled just now?"""
    return hasattr(SETTING.get().checker, "guards")
