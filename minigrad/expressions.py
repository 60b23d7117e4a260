"""SymPy expressions that NumPy and the table can calculate with.

NumPy turns `np.tanh(array_of_objects)` into a call of each object's own `.tanh()`. A
SymPy expression has no such method, so it is wrapped in one that does. Numbers enter
exactly: 0.5 is the fraction 1/2, 0.1 is the binary fraction that the float is.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import sympy

from minigrad.exact import NUMBERS, fraction

FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "sigmoid": lambda a: 1 / (1 + sympy.exp(-a)),
    "expm1": lambda a: sympy.exp(a) - 1,
    "log1p": lambda a: sympy.log(1 + a),
    "arcsin": sympy.asin,
    "arccos": sympy.acos,
    "arctan": sympy.atan,
} | {
    name: getattr(sympy, name)
    for name in ("exp", "log", "sqrt", "sin", "cos", "tan", "sinh", "cosh", "tanh")
}


class Arithmetic:
    """A SymPy expression, in `.sympy`, with which one can calculate: + - * / **."""

    __slots__ = ("sympy",)

    def __init__(self, expression: Any) -> None:
        self.sympy = sympy.sympify(expression)

    def __repr__(self) -> str:
        return str(self.sympy)

    def __eq__(self, other: object) -> Any:
        return isinstance(other, Arithmetic) and self.sympy == other.sympy

    def __hash__(self) -> int:
        return hash(self.sympy)

    def __neg__(self) -> Any:
        return type(self)(-self.sympy)


class Expression(Arithmetic):
    """A SymPy expression with NumPy's method names.

    >>> a = Expression(sympy.Symbol("a"))
    >>> np.tanh(np.array([a * 0.5]))
    array([tanh(a/2)], dtype=object)
    """

    __slots__ = ()


def _plain(value: Any) -> Any:
    """Return the SymPy meaning of an operand, or None if it has none."""
    if isinstance(value, Arithmetic):
        return value.sympy
    if isinstance(value, NUMBERS):
        exact = fraction(value)
        return sympy.Rational(exact.numerator, exact.denominator)
    return value if isinstance(value, sympy.Basic) else None


def _operator(operation: Callable[[Any, Any], Any], reflected: bool) -> Any:
    def method(self: Arithmetic, other: Any) -> Any:
        value = _plain(other)
        if value is None:
            return NotImplemented
        pair = (value, self.sympy) if reflected else (self.sympy, value)
        return type(self)(operation(*pair))

    return method


def _function(function: Callable[[Any], Any]) -> Any:
    return lambda self: Expression(function(self.sympy))


for _name in ("add", "sub", "mul", "truediv", "pow"):
    setattr(Arithmetic, f"__{_name}__", _operator(getattr(operator, _name), False))
    setattr(Arithmetic, f"__r{_name}__", _operator(getattr(operator, _name), True))

for _name, _meaning in FUNCTIONS.items():
    setattr(Expression, _name, _function(_meaning))


def expressions(what: Any, shape: tuple[int, ...] = ()) -> np.ndarray:
    """Return an object array of expressions: new symbols, or SymPy objects wrapped.

    >>> expressions("W", (2, 2))
    array([[W_0_0, W_0_1],
           [W_1_0, W_1_1]], dtype=object)
    >>> expressions([sympy.pi, 2]) * 3
    array([3*pi, 6], dtype=object)
    """
    if isinstance(what, str):
        wrapped = np.empty(shape, object)
        for index in np.ndindex(shape):
            name = "_".join((what, *map(str, index)))
            wrapped[index] = Expression(sympy.Symbol(name, real=True))
        return wrapped
    given = np.array(what, dtype=object)
    wrapped = np.empty(given.shape, object)
    for index in np.ndindex(given.shape):
        wrapped[index] = Expression(_plain(given[index]))
    return wrapped
