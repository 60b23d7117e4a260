"""Applying a primitive: compute, and remember how.

Given a Tensor among its arguments, a primitive computes on the arrays inside and
returns a Tensor that remembers primitive, arguments and options. Given none it only
computes, which is how the same rules run on plain arrays.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad.context import SETTING
from minigrad.messages import explain, named, user_line
from minigrad.tensor import UNRECORDED, Tensor, clock

_new = object.__new__
_ndarray = np.ndarray
_OPERANDS = frozenset({np.ndarray, float, int, complex, np.float64, np.float32})
_NO_OPTIONS: dict[str, Any] = {}


def recorder(row: Any) -> Callable[..., Any]:
    """Return the function that applies a primitive: compute, and remember how.

    Given no Tensor it computes only, which is how rules run on plain arrays.
    One and two arguments are written out: they are most of all steps.
    """
    function = row.function
    if row.is_elementwise and len(row.rules) == 1:

        def apply(a: Any) -> Any:
            if not isinstance(a, Tensor):
                return function(a)
            try:
                value = function(a.data)
            except Exception as error:
                raise _refused(row, (a,), {}, error) from error
            return record(row, value, (a,), _NO_OPTIONS)

    elif row.is_elementwise and len(row.rules) == 2:

        def apply(a: Any, b: Any) -> Any:
            x = a.data if isinstance(a, Tensor) else a
            y = b.data if isinstance(b, Tensor) else b
            if x is a:
                if y is b:
                    return function(a, b)
                if type(a) not in _OPERANDS:
                    a = x = np.asarray(a)
            elif y is b and type(b) not in _OPERANDS:
                b = y = np.asarray(b)
            try:
                value = function(x, y)
            except Exception as error:
                raise _refused(row, (a, b), {}, error) from error
            return record(row, value, (a, b), _NO_OPTIONS)

    else:
        signature = inspect.signature(function)
        names = tuple(signature.parameters)
        kinds = {each.kind for each in signature.parameters.values()}
        variadic = inspect.Parameter.VAR_POSITIONAL in kinds
        arity = None if variadic else len(row.rules)
        option_names = names[arity:] if arity else ()

        def apply(*args: Any, **options: Any) -> Any:
            if arity is not None and len(args) > arity:  # options given by position
                options.update(zip(option_names, args[arity:], strict=False))
                args = args[:arity]
            values = []
            tracked = False
            for a in args:
                if isinstance(a, Tensor):
                    tracked = True
                    values.append(a.data)
                elif type(a) in _OPERANDS:
                    values.append(a)
                else:
                    return apply(*map(_operand, args), **options)
            if not tracked:
                return function(*args, **options)
            try:
                value = function(*values, **options)
            except Exception as error:
                raise _refused(row, args, options, error) from error
            return record(row, value, args, options)

    apply.__name__ = apply.__qualname__ = row.name
    apply.__doc__ = function.__doc__
    apply.primitive = row  # type: ignore[attr-defined]
    return apply


def _operand(a: Any) -> Any:
    """Return a list, a fraction, ... as the array that NumPy would make of it."""
    return a if isinstance(a, Tensor) or type(a) in _OPERANDS else np.asarray(a)


def record(row: Any, value: Any, args: Any, options: dict[str, Any]) -> Tensor:
    """Return the Tensor that remembers how `value` was made."""
    setting = SETTING.get()
    node = _new(Tensor)
    node.data = value if type(value) is _ndarray else np.asarray(value)
    node.tick = clock()
    node.scope = setting.scope
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


def _refused(row: Any, args: Any, options: Any, error: Exception) -> Exception:
    """Say NumPy's refusal in the terms of the primitive and its operands."""
    shown = ", ".join(f"{key}={value!r}" for key, value in options.items())
    if isinstance(error, (ArithmeticError, Warning)):
        return error  # np.errstate or a warnings filter asked for it: not a misuse
    kind = type(error) if type(error) in (TypeError, IndexError) else ValueError
    return kind(
        explain(
            f"{row.name}({shown}), at {user_line()}",
            named(args),
            f"{error}",
            _likely_fix(args, error),
        )
    )


def _likely_fix(args: Any, error: Exception) -> str:
    arrays = [getattr(a, "data", a) for a in args]
    if any(isinstance(a, np.ndarray) and a.dtype.kind == "O" for a in arrays):
        return (
            "elements of an object array need the operation themselves: for SymPy use "
            "minigrad.symbolic.expressions(...), or stay with + - * /."
        )
    if isinstance(error, IndexError):  # NumPy's AxisError is one too
        return "axes and entries count from 0, or backwards from -1, within the shape."
    return (
        "make the shapes agree: x.reshape(...), x.transpose(...), x[..., None], or "
        "mg.matvec(W, v) for W v over the last axis."
    )
