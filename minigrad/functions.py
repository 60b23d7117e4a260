"""Composites: functions written with primitives, so they need no rule of their own.

First the public signatures of a few rows (`concatenate([x, y])`), then the functions
with branches. Means, extremes, softmax and losses are in `minigrad.reductions`.

**Ties and kinks.** A branch is chosen once, when it is recorded:

    relu, abs at 0              slope 0
    maximum, minimum, max, min  equal shares among ties
    clip at its bounds          slope 1
    sqrt at 0                   slope infinite, as it is; `checked()` says so
    power                       x**0 has slope 0 everywhere, 0**b has slope 0 in b
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from minigrad.composite import Decision, composite
from minigrad.context import holds_always
from minigrad.habits import taught
from minigrad.messages import a_kind, explained
from minigrad.numpy_protocol.arrays import booleans, numbers, require_choices
from minigrad.table import (
    broadcast,
    cast,
    concatenate_row,
    multiply,
    power_row,
    reshape,
    select,
    sigmoid,
    stack_row,
    take,
    transpose,
)
from minigrad.tensor import Tensor
from minigrad.types import Array, Given, Index, IndexOfAxis, Operand, Shape


def array_of(a: object) -> Array:
    """Return the numbers of a Tensor, an array or a Python number as an array."""
    if isinstance(a, Tensor):
        return a.data
    return numbers(a, f"arithmetic with {a_kind(a)}", "operand")


def shape_of(a: object) -> Shape:
    """Return the shape of a Tensor, an array or a Python number."""
    return array_of(a).shape


# -------------------------------------------------------------- signatures of the rows


@taught
def concatenate(parts: Sequence[Given], axis: int | None = 0) -> Given:
    """Join along an existing axis: `concatenate([x, y], axis=-1)` is [x, y].

    With axis=None the entries of all parts stand in one row.

    >>> concatenate([Tensor([1.0]), Tensor([2.0, 3.0])])
    Tensor([1., 2., 3.], made by concatenate)
    """
    if axis is None:
        parts, axis = [reshape(part, (array_of(part).size,)) for part in parts], 0
    return concatenate_row(*parts, axis=axis)


@taught
def stack(parts: Sequence[Given], axis: int = 0) -> Given:
    """Join along a new axis.

    >>> stack([Tensor([1.0, 2.0]), Tensor([3.0, 4.0])]).shape
    (2, 2)
    """
    return stack_row(*parts, axis=axis)


@taught
def where(mask: Any, a: Any, b: Any) -> Any:
    """Return a where the boolean array `mask` is true, b elsewhere.

    The mask is recorded as it is, and nothing flows to where it came from. The branch
    not taken gets the cotangent zero; but where its own slope is infinite, zero times
    that is NaN, so make it safe: where(x > 0, log(where(x > 0, x, 1)), 0).

    >>> x = Tensor([-1.0, 4.0])
    >>> where(x > 0, x, 0.0)
    Tensor([0., 4.], made by where)
    """
    return select(a, b, mask=booleans(mask, "where(mask, a, b)", "mask"))


def _kept(part: IndexOfAxis) -> IndexOfAxis:
    """Return a list or an array of an index as an array of its own."""
    if not isinstance(part, (list, tuple, range, Array)) or not np.ndim(part):
        return part
    chooses_nothing = not isinstance(part, Array) and not len(part)
    return np.array(part, int if chooses_nothing else None)


def getitem(a: Given, index: Index) -> Given:
    """Return a[index], for any index NumPy knows.

    >>> Tensor([1.0, 2.0, 3.0])[[0, 0, 2]]
    Tensor([1., 1., 3.], made by take)
    """
    require_choices(index, a, "t")
    kept = [_kept(part) for part in (index if isinstance(index, tuple) else (index,))]
    return take(a, tuple(kept) if isinstance(index, tuple) else kept[0])


def astype(a: Given, dtype: DTypeLike, **options: Any) -> Given:
    """Return the numbers in another precision; a Tensor holds no other numbers.

    >>> astype(Tensor([0.5]), "f4").dtype
    dtype('float32')
    """
    result: Given = a
    if isinstance(a, Tensor) and (kind := _kind(dtype)) not in (*"f", a.dtype.kind):
        raise explained(
            TypeError,
            f"t.astype({np.dtype(dtype).name})",
            {a.name or "t": a},
            _NO_PRECISION.get(kind, f"{np.dtype(dtype)} has no derivative."),
            "write t.data.astype(dtype), a plain array without a record.",
        )
    result = cast(a, dtype=dtype, **options)
    return result


def _kind(dtype: DTypeLike) -> str:
    """Return the kind of numbers, f for floating point; "f" too if NumPy knows none."""
    try:
        return np.dtype(dtype).kind
    except TypeError:
        return "f"  # the row refuses it


_NO_PRECISION = {
    "c": "the gradient of a real loss in complex numbers needs conjugates.",
    "O": "floating-point numbers kept as objects are not exact.",
}


def reshaped(
    a: Given, *shape: int | Shape, order: str = "C", copy: bool | None = None
) -> Given:
    """Return `a` in another shape: `x.reshape(2, -1)` or `x.reshape((2, -1))`.

    In order "F" the first axis runs fastest, in both shapes. A Tensor is never written
    to, so whether it is a copy makes no difference.
    """
    require_order(order, a)
    new = shape[0] if len(shape) == 1 else shape
    if order == "C":
        return reshape(a, new)
    backwards = tuple(np.atleast_1d(new)[::-1].tolist())
    result = transpose(reshape(transpose(a), backwards))
    return result


def require_order(order: str, a: object) -> None:
    """Refuse an order of entries that depends on how an array lies in memory."""
    if order not in ("C", "F"):
        raise explained(
            ValueError,
            f"entries in order {order!r}",
            {"a": a},
            "a Tensor has no order in memory: the order is 'C', in which the last "
            "axis runs fastest, or 'F', in which the first does.",
            "leave it out.",
        )


def transposed(a: Given, *axes: int | Shape | None) -> Given:
    """Permute the axes, or reverse them: `x.transpose(1, 0)`, `x.transpose()`."""
    order = axes[0] if len(axes) == 1 and not isinstance(axes[0], int) else axes
    return transpose(a, axes=tuple(order) if order else None)


@taught
def broadcast_to(a: Given, shape: int | Shape) -> Given:
    """Repeat `a` to the shape, by NumPy's rules."""
    shape = tuple(shape) if isinstance(shape, Iterable) else (shape,)
    return broadcast(a, shape=shape)


# ------------------------------------------------------------------ branches and kinks


@taught
def power(a: Any, b: Any) -> Any:
    """Return a ** b; entries where the general rule is 0 * inf get their limit.

    x**0 is constant, and 0**b does not move with b.

    >>> power(Tensor([0.0, 3.0]), 2)
    Tensor([0., 9.], made by power)
    """
    a, _ = of_one_width(a, b)  # the logarithm in the rule must not be wider
    if not isinstance(b, Tensor):
        constant = array_of(b) == 0
        if holds_always(np.all(~constant)):
            return power_row(a, b)
        if constant.ndim == 0 and isinstance(constant, np.bool_ | np.ndarray):
            return where(np.ones(shape_of(a), bool), 1, a)
        return where(constant, 1, power_row(a, np.where(constant, 1, b)))
    zero = array_of(a) == 0
    if holds_always(np.all(~zero)):
        return power_row(a, b)
    return where(zero, power(a, b.data), power_row(where(zero, 1, a), b))


def of_one_width(a: Operand, b: Operand) -> tuple[Operand, Operand]:
    """Bring a Python number to the precision of the other operand."""
    if isinstance(a, (int, float)) and array_of(b).dtype.kind == "f":
        return array_of(b).dtype.type(a), b
    if isinstance(b, (int, float)) and array_of(a).dtype.kind == "f":
        return a, array_of(a).dtype.type(b)
    return a, b


def as_exact(count: float | Array, *others: Operand) -> Operand:
    """Return a divisor: beside exact numbers a fraction, so that they stay exact."""
    exactly = any(array_of(other).dtype == object for other in others)
    return np.frompyfunc(Fraction, 1, 1)(count) if exactly else count


@composite(decides=[Decision("sign", of=0, answer=1)])
def absolute(a: Given) -> Given:
    """|a| = sign(a) a, with the sign recorded; slope 0 at 0.

    >>> absolute(Tensor([-2.0, 3.0]))
    Tensor([2., 3.], made by multiply)
    """
    x = array_of(a)
    sign = np.sign(x)
    if x.dtype.kind == "f":
        sign = np.copysign(sign, x)  # |-0| is 0, and not -0
    return multiply(a, sign)


@composite(decides=[Decision(">", of=0, than=1)])
def maximum(a: Any, b: Any) -> Any:
    """Return the larger of two, entry by entry; ties share the gradient equally.

    >>> maximum(Tensor([1.0, 5.0]), 3.0)
    Tensor([3., 5.], made by where)
    """
    x, y = array_of(a), array_of(b)
    return chosen(a, b, x > y, y > x)


@composite(decides=[Decision("<", of=0, than=1)])
def minimum(a: Any, b: Any) -> Any:
    """Return the smaller of two, entry by entry; ties share the gradient equally.

    >>> minimum(Tensor([1.0, 5.0]), 3.0)
    Tensor([1., 3.], made by where)
    """
    x, y = array_of(a), array_of(b)
    return chosen(a, b, x < y, y < x)


def chosen(a: Any, b: Any, first: Any, second: Any) -> Any:
    """Return a where `first`, b where `second`, and half of each at ties and NaN."""
    a, b = of_one_width(a, b)
    either = first | second
    if holds_always(np.all(either)):
        return where(first, a, b)
    two = as_exact(2, a, b)
    half = where(either, 0, a) / two + where(either, 0, b) / two
    return where(first, a, where(second, b, half))


@composite(decides=[Decision("<=", of=1, than=0)])
def relu(a: Given) -> Given:
    """Return max(a, 0), with slope 0 at 0; NaN stays NaN.

    >>> relu(Tensor([-1.0, 2.0]))
    Tensor([0., 2.], made by where)
    """
    return where(array_of(a) <= 0, 0, a)


@composite(decides=[Decision("<", of=1, than=0), Decision(">", of=1, than=0)])
def clip(a: Given, low: Operand | None = None, high: Operand | None = None) -> Given:
    """Keep a within [low, high]; slope 1 at the bounds, 0 outside.

    NumPy's clip: the lower bound first, then the upper one, which wins where they
    cross; a bound that is NaN gives NaN.

    >>> clip(Tensor([-1.0, 0.5, 2.0]), 0.0, 1.0)
    Tensor([0. , 0.5, 1. ], made by where)
    """
    for bound, is_outside in ((low, np.less), (high, np.greater)):
        if bound is not None:
            x, limit = array_of(a), array_of(bound)
            a = where(is_outside(x, limit) | (limit != limit), bound, a)
    return a


@composite
def silu(a: Given) -> Given:
    """Return a * sigmoid(a) (Hendrycks and Gimpel 2016, Elfwing et al. 2017).

    >>> silu(Tensor(0.0))
    Tensor(0., made by multiply)
    """
    return a * sigmoid(a)
