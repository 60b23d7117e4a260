"""Applying a primitive: compute, and remember how.

Given a Tensor among its arguments, a primitive computes on the arrays inside and
returns a Tensor that remembers primitive, arguments and options. Given none it only
computes, which is how the same rules run on plain arrays.
"""

from __future__ import annotations

import inspect
import opcode
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeGuard, cast

import numpy as np

from minigrad.context import SETTING, Setting
from minigrad.habits import not_a_keyword
from minigrad.messages import a_kind, explained, named
from minigrad.numpy_protocol import array_like
from minigrad.numpy_protocol.array_like import (
    DOMAINS,
    ArrayLike,
    as_array,
    current,
    has_tensors,
    plain,
)
from minigrad.numpy_protocol.arrays import numbers
from minigrad.tensor import UNRECORDED, Tensor, clock
from minigrad.types import Array, Number, Operand, Operation, Options, Value

if TYPE_CHECKING:
    from minigrad.primitive import Primitive

_new = object.__new__
_ndarray = np.ndarray
_NUMBERS = frozenset({float, int, np.float64, np.float32})
_NO_OPTIONS: Options = {}


def recorder(row: Primitive) -> Operation:
    """Return the function that applies a primitive, recorded when it should be.

    One and two arguments are written out: they are most of all steps.
    """
    written_out: dict[int, Callable[[Primitive], Callable[..., Value]]]
    written_out = {1: _unary, 2: _binary}
    arity = len(row.rules) if row.is_elementwise else 0
    apply = cast(Operation, written_out.get(arity, _general)(row))
    apply.__name__ = apply.__qualname__ = row.name
    apply.__doc__ = row.function.__doc__
    if row.is_elementwise and isinstance(row.function, np.ufunc):  # not NumPy's page
        apply.__doc__ = f"Return y = {row.meaning}, entry by entry."
    apply.primitive = row
    return apply


def _unary(row: Primitive) -> Callable[[Operand], Value]:
    function = row.function

    def apply(a: Operand) -> Value:
        if not isinstance(a, Tensor):
            if isinstance(a, ArrayLike):
                return apply(current(a))
            theirs = DOMAINS.get(type(a))
            return function(a) if theirs is None else theirs(row, a)
        setting = SETTING.get()
        try:
            if setting.checker is None:
                value = function(a.data)
            else:
                value = setting.checker.compute(function, a.data)
        except Exception as error:
            raise _failed(row, function, (a,), {}, error) from error
        return record(row, value, (a,), _NO_OPTIONS, setting)

    return apply


def _binary(row: Primitive) -> Callable[[Operand, Operand], Value]:
    function = row.function

    def apply(a: Operand, b: Operand) -> Value:
        x = a.data if isinstance(a, Tensor) else a
        y = b.data if isinstance(b, Tensor) else b
        if x is a:
            if y is b:
                if isinstance(a, ArrayLike) or isinstance(b, ArrayLike):
                    return apply(current(a), current(b))
                return function(a, b)
            if not _is_plain(a):
                a = _operand(a, row, (b,))
                x = plain(a)
        elif y is b and not _is_plain(b):
            b = _operand(b, row, (a,))
            y = plain(b)
        setting = SETTING.get()
        try:
            if setting.checker is None:
                value = function(x, y)
            else:
                value = setting.checker.compute(function, x, y)
        except Exception as error:
            raise _failed(row, function, (a, b), {}, error) from error
        return record(row, value, (a, b), _NO_OPTIONS, setting)

    return apply


def parameters_of(function: Callable[..., object]) -> dict[str, inspect.Parameter]:
    """Return what a function takes; nothing if it does not say, as some in C.

    >>> list(parameters_of(lambda a, axis=None: a))
    ['a', 'axis']
    """
    try:
        return dict(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return {}


def _general(row: Primitive) -> Callable[..., Value]:
    """Any number of arguments, then options, by position or by name."""
    function = row.function
    parameters = parameters_of(function)
    arity = None if row.variadic else len(row.rules)
    option_names = () if row.variadic else tuple(parameters)[arity:]

    def apply(*args: Operand, **options: object) -> Value:
        if arity is not None and len(args) > arity:
            if len(args) > arity + len(option_names):
                raise _too_many(row, args, arity, option_names)
            options.update(zip(option_names, args[arity:], strict=False))
            args = args[:arity]
        values: list[Operand] = []
        tracked, unusual = False, False
        for a in args:
            if isinstance(a, Tensor):
                tracked = True
                values.append(a.data)
            else:
                values.append(a)
                unusual = unusual or not _is_plain(a)
        if unusual and any(_stands_for_another(a) for a in args):
            now = (_now(a) if _stands_for_another(a) else a for a in args)
            return apply(*now, **options)
        if not tracked:
            if unusual:
                values = [a if _is_plain(a) else as_array(a) for a in values]
            watch = SETTING.get().checker
            if watch is not None:
                return watch.compute(function, *values, **options)
            return function(*values, **options)
        if unusual:
            args = tuple([_operand(a, row, args) for a in args])
            values = [plain(a) for a in args]
        setting = SETTING.get()
        try:
            if setting.checker is None:
                value = function(*values, **options)
            else:
                value = setting.checker.compute(function, *values, **options)
        except Exception as error:
            for word in () if row.variadic else options.keys() - set(option_names):
                raise not_a_keyword(row.name, word, option_names) from None
            raise _failed(row, function, args, options, error) from error
        return record(row, value, args, options, setting)

    return apply


def _stands_for_another(a: object) -> bool:
    """Is this an array that can be written to, or holds it Tensors: objects, a list?"""
    if type(a) in (list, tuple):
        return has_tensors(a)
    if type(a) is _ndarray:
        return a.dtype.kind == "O" and current(a) is not a
    return isinstance(a, ArrayLike) and not isinstance(a, Tensor)


def _now(a: object) -> Operand:
    """Return what an operand stands for; a list with Tensors in it is one array."""
    operand: Operand = (
        array_like.joined_by(a) if type(a) in (list, tuple) else current(a)
    )
    return operand


def _is_plain(a: object) -> TypeGuard[Array | Number]:
    """Is this a number or an array of real numbers, as nearly all operands are?"""
    kind = type(a)
    if kind is _ndarray:
        return a.dtype.kind in "fiub"  # type: ignore[attr-defined]
    return kind in _NUMBERS


def _operand(a: Operand, row: Primitive, args: Sequence[Operand]) -> Operand:
    """Return what stands beside a Tensor: a number, or an array of numbers.

    Raises TypeError for what is more than numbers, see `arrays.py`; and for
    exact objects beside floating-point numbers, which would become objects.
    """
    a = _now(a) if _stands_for_another(a) else a
    if isinstance(a, Tensor) or _is_plain(a):
        return a
    tensors = [each for each in args if isinstance(each, Tensor)]
    if type(a) is _ndarray and a.dtype.kind in {t.dtype.kind for t in tensors} - {"O"}:
        return a  # of the complex domain
    array = numbers(a, f"{row.name} with {a_kind(a)}", "operand")
    if array.dtype.kind != "O" or all(t.dtype.kind == "O" for t in tensors):
        return array
    raise explained(
        TypeError,
        f"{row.name} with {a_kind(a)}",
        named(tensors) | {"operand": a},
        "floating-point numbers beside exact objects would become objects.",
        "convert the operand: float(a); or make the Tensor of exact numbers.",
    )


def _too_many(
    row: Primitive, args: Sequence[object], arity: int, option_names: Sequence[str]
) -> TypeError:
    return explained(
        TypeError,
        f"{row.name} of {len(args)} arguments",
        f"it takes {arity}, and the options {', '.join(option_names) or 'none'}.",
        "give several axes or sizes as one tuple.",
    )


def record(
    row: Primitive | None,
    value: Value,
    args: tuple[Any, ...],
    options: Options,
    setting: Setting | None = None,
) -> Tensor:
    """Return the Tensor that remembers how `value` was made."""
    setting = setting or SETTING.get()
    node = _new(Tensor)
    node.data = value if type(value) is _ndarray else as_array(value)
    node.tick = clock()
    node.scope = setting.scope
    node.call = setting.call
    node.name = node.witness = None
    if not setting.recording:
        node.primitive, node.args, node.options = None, (), UNRECORDED
        return node
    node.primitive = row
    node.args = args
    node.options = options
    if setting.checker is not None:
        setting.checker.recorded(node)
    return node


def _failed(
    row: Primitive,
    function: Callable[..., object],
    args: Sequence[Operand],
    options: Options,
    error: Exception,
) -> Exception:
    """Return what is raised where a primitive cannot compute; a watch is told."""
    explanation = refused(row.name, function, args, options, error)
    checker = SETTING.get().checker
    if checker is not None:
        checker.failed(row, tuple(args), options, explanation)
    return explanation


def refused(
    name: str,
    function: Callable[..., object],
    args: Sequence[Operand],
    options: Options,
    error: Exception,
) -> Exception:
    """Say NumPy's refusal in the terms of a primitive or composite, and its operands.

    The first line of the function's docstring says what it does.
    """
    shown = [str(getattr(a, "name", None) or "") for a in args]
    shown = shown if all(shown) else []
    shown += [f"{key}={value!r}" for key, value in options.items()]
    if isinstance(error, (ArithmeticError, Warning)):
        return error  # np.errstate or a warnings filter asked for it: not a misuse
    if isinstance(error, AttributeError) and not _has_objects(args):
        return error  # a fault in the row's own function
    kind = type(error) if type(error) in (TypeError, IndexError) else ValueError
    return explained(
        kind,
        f"{name}({', '.join(shown)}){_inside(name)}",
        named(args),
        _why(function, error),
        _likely_fix(name, args, error),
    )


def _inside(name: str) -> str:
    """Say in which named function it happened, if in one of another name."""
    call = SETTING.get().call
    names = [each.name for each in call.chain()] if call else []
    return f" in {names[0]}" if names and name not in names else ""


def _why(function: Callable[..., object], error: Exception) -> str:
    """Return what the function does, in its own words, and what NumPy said."""
    if isinstance(function, np.ufunc) or not function.__doc__:
        return str(error)
    text = re.sub(r".* core .*\((size .*)\)$| \(has .*", r"\1", str(error))
    says = f"But {text}." if _is_ours(error) else f"NumPy: {text}"
    return f"{function.__doc__.splitlines()[0]} {says}"


def _is_ours(error: Exception) -> bool:
    """Was it raised by a `raise` in one of our composites, and not by NumPy?"""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return False
    frame = trace.tb_frame
    raises = frame.f_code.co_code[trace.tb_lasti] == opcode.opmap["RAISE_VARARGS"]
    return raises and str(frame.f_globals["__name__"]).startswith("minigrad.composites")


def _has_objects(args: Sequence[Operand]) -> bool:
    return any(
        _has_objects(a)
        if isinstance(a, (list, tuple))
        else hasattr(a, "__neg__") and as_array(plain(a)).dtype.kind == "O"
        for a in args
    )


def _likely_fix(name: str, args: Sequence[Operand], error: Exception) -> str:
    if _is_ours(error):
        return f"help(mg.{name}) says what it takes."
    if _has_objects(args):
        return (
            "elements of an object array need the operation themselves: for SymPy use "
            "minigrad.expressions.expressions(...), or stay with + - * /."
        )
    if isinstance(error, TypeError):
        return (
            "pass numbers: Tensors, arrays or Python numbers; an axis is an integer, "
            "several are a tuple of them."
        )
    if isinstance(error, IndexError):  # NumPy's AxisError is one too
        return "axes and entries count from 0, or backwards from -1, within the shape."
    is_product = len(args) == 2 and "(n?,k),(k,m?)" in str(error)
    return (is_product and _product_instead(*args)) or (
        "make the shapes agree: x.reshape(...), x.transpose(...), x[..., None]."
    )


def _product_instead(left: Any, right: Any) -> str:
    """Say which products of these two there are, and of what shape; "" if none."""
    a, b = np.shape(plain(left)), np.shape(plain(right))
    A, B = getattr(left, "name", None) or "a", getattr(right, "name", None) or "b"
    if not a or not b:
        return f"{A} * {B} multiplies by a number."
    found = {}
    if len(a) == 2 and a[-1] == b[-1]:
        found[f"mg.matvec({A}, {B})"] = (*b[:-1], a[0])
    if len(b) == 2 and a[-1] == b[-1]:
        found[f"mg.matvec({B}, {A})"] = (*a[:-1], b[0])
    if len(a) == 2 and len(b) < 3 and a[0] == b[0]:
        found[f"{A}.T @ {B}"] = (a[1], *b[1:])
    if len(b) == 2 and len(a) < 3 and b[-1] == a[0]:
        found[f"{B} @ {A}"] = (b[0], *a[1:])
    fits = ", or ".join(f"{text}, of shape {shape}" for text, shape in found.items())
    return f"perhaps {fits}, was meant." if fits else ""
