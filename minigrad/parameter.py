"""What training changes: Parameters, and `backward()`, which fills their `grad`.

A Parameter is a leaf whose numbers are replaced, never written into: so what a tape or
the user still holds stays as it was, and a tape that used the old numbers can tell.
"""

from __future__ import annotations

import copy
import warnings
import weakref
from collections.abc import Callable
from types import GetSetDescriptorType
from typing import NoReturn, Self, TypeAlias

import numpy as np

from minigrad.context import SETTING
from minigrad.gradient import grad
from minigrad.habits import taught
from minigrad.messages import explained
from minigrad.numpy_protocol.arrays import numbers
from minigrad.refusals import require_recorded
from minigrad.tape import Tape
from minigrad.tensor import RELEASED, Tensor, clock
from minigrad.types import Array, Operand

State: TypeAlias = tuple[str, Array | None]  # what pickle keeps of a Parameter too

_store: GetSetDescriptorType = Tensor.__dict__[
    "data"
]  # the slot in which every Tensor keeps its array


IN_PLACE = {
    "iadd": "+=",
    "isub": "-=",
    "imul": "*=",
    "itruediv": "/=",
    "ipow": "**=",
    "imatmul": "@=",
}


class Parameter(Tensor):
    """A leaf that training changes.

    name   what equations call it (W_f); if not given, its path
    path   where it is in the model: `cell.forget.W`, given by the Modules that own it
    grad   what `backward()` has added up, or None

    Assigning `p.data = array` (or `p.data -= step`) keeps shape and dtype. It makes the
    Parameter younger than any tape that used the old numbers, and such a tape refuses
    to be differentiated.
    """

    __slots__ = ("grad", "path")

    @taught
    def __init__(self, data: Operand, name: str | None = None) -> None:
        super().__init__(data, name)
        self.grad: Array | None = None
        self.path = ""

    def __copy__(self) -> Self:
        return self.__deepcopy__({})

    def __deepcopy__(self, memo: dict[int, object]) -> Self:
        make, arguments, state = self.__reduce__()
        copied = make(*arguments)
        copied.__setstate__(copy.deepcopy(state, memo))
        return copied

    def __reduce__(  # type: ignore[override]
        self,
    ) -> tuple[type[Self], tuple[Array, str | None], State]:
        return (*super().__reduce__(), (self.path, self.grad))

    def __setstate__(self, state: State) -> None:
        self.path, self.grad = state

    @property
    def data(self) -> Array:
        result: Array = _store.__get__(self)
        watch = SETTING.get().checker
        return result if watch is None else watch.read(self, result)

    @data.setter
    def data(self, value: Operand) -> None:
        if hasattr(self, "path"):  # not the first time
            asked = f"{self.name or 'p'}.data = array"
            value = self._as_before(numbers(value, asked, "array"))
        array = np.array(value)  # a copy: nobody else can write into it
        _store.__set__(self, array)
        self.tick = clock()

    def _as_before(self, array: Array) -> Array:
        """Return new numbers in the shape and dtype of the old, or refuse them."""
        name, old = self.name or "p", _store.__get__(self)
        if array.shape != old.shape:
            raise explained(
                ValueError,
                f"{name}.data = array",
                {name: self, "array": array},
                "a Parameter keeps its shape: the model was built around it.",
                f"give an array of shape {old.shape}, or build a new model.",
            )
        if not holds(old.dtype, array.dtype):
            raise explained(
                TypeError,
                f"{name}.data = array",
                {name: self, "array": array},
                f"a Parameter keeps its dtype, and {old.dtype} cannot hold "
                f"{array.dtype}.",
                "convert the array, array.astype(float), or make a new Parameter.",
            )
        return array.astype(old.dtype, copy=False)


def _in_place(sign: str) -> Callable[[Parameter, object], NoReturn]:
    """Return what `p -= step` does: nothing but say what would."""

    def refuse(self: Parameter, other: object) -> NoReturn:
        name = self.name or "p"
        raise explained(
            TypeError,
            f"{name} {sign} value",
            {name: self},
            f"for a Tensor that means {name} = {name} {sign[:-1]} value, which "
            "leaves the Parameter as it was.",
            f"to change it, p.data {sign} value, of plain numbers; or name the "
            "result otherwise.",
        )

    return refuse


for _name, _sign in IN_PLACE.items():
    setattr(Parameter, f"__{_name}__", _in_place(_sign))


def holds(own: np.dtype, other: np.dtype) -> bool:
    """Can a Parameter of dtype `own` take numbers of dtype `other`, but for rounding?

    >>> holds(np.dtype("f4"), np.dtype("f8")), holds(np.dtype("f8"), np.dtype("c16"))
    (True, False)
    """
    return other.kind in {"f": "biuf", "c": "biufc", "O": "biufcO"}[own.kind]


_alive: weakref.WeakSet[Tensor] = weakref.WeakSet()
_MANY = 100


@taught
def backward(output: Tensor, seed: Operand | None = None) -> None:
    """Add the gradient of `output` into `.grad` of every Parameter on its tape.

    >>> w = Parameter([1.0, 2.0], name="w")
    >>> (w * w).sum().backward()
    >>> w.grad
    array([2., 4.])

    Raises ValueError if no Parameter is on the tape; see `grad` for the rest. Warns
    once when a hundred differentiated outputs, each holding its tape, are still alive.
    """
    require_recorded(output)
    parameters = [leaf for leaf in Tape(output).leaves if isinstance(leaf, Parameter)]
    if not parameters:
        raise explained(
            ValueError,
            "backward()",
            {output.name or "output": output},
            "backward() fills Parameter.grad, and no Parameter is on this tape.",
            "make the weights mg.Parameter(...), or use mg.grad(output, inputs).",
        )
    for parameter, g in zip(
        parameters, grad(output, parameters, seed=seed), strict=True
    ):
        before = parameter.grad
        parameter.grad = g if before is None else np.asarray(before + g)
    _warn_of_many(output)


def _warn_of_many(output: Tensor) -> None:
    _alive.add(output)
    if len(_alive) != _MANY:  # each number is passed one by one
        return
    for each in [each for each in _alive if each.options is RELEASED]:
        _alive.discard(each)
    if len(_alive) == _MANY:
        warnings.warn(
            f"{_MANY} losses are alive, each with its whole tape: keep a history as "
            "float(loss), or call mg.Tape(loss).release().",
            ResourceWarning,
            stacklevel=4,
        )


Tensor.backward = backward  # type: ignore[method-assign, assignment]
