"""What is known of functions: closed forms of rows, and facts about their values.

A row says what it means to SymPy: "tanh(a)", "1 / (1 + exp(-a))". To compare what two
rows compute, hyperbolic functions are first written with exp, and sin and cos with the
tangent of half the angle:

    tanh(a)     1 - 2 / (exp(2 a) + 1)
    sin(a)      2 t / (1 + t t)            t = tan(a / 2)

So sigma(z) and (1 + tanh(z / 2)) / 2 are seen to be one function: both are quotients in
exp(z). What remains, exp, log, erf, ..., is for the field to say (keyed_functions.py).
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

import sympy

from minigrad.proving.formulas import LETTERS
from minigrad.types import Real

if TYPE_CHECKING:
    from minigrad.proving.keyed_functions import KeyedField, KeyedResidues

REWRITTEN: dict[sympy.Function, Callable[[sympy.Expr], sympy.Expr]] = {
    sympy.sinh: lambda z: (sympy.exp(z) - sympy.exp(-z)) / 2,
    sympy.cosh: lambda z: (sympy.exp(z) + sympy.exp(-z)) / 2,
    sympy.tanh: lambda z: 1 - 2 / (sympy.exp(2 * z) + 1),
    sympy.tan: lambda z: sympy.sin(z) / sympy.cos(z),
    sympy.sin: lambda z: 2 * sympy.tan(z / 2) / (1 + sympy.tan(z / 2) ** 2),
    sympy.cos: lambda z: (1 - sympy.tan(z / 2) ** 2) / (1 + sympy.tan(z / 2) ** 2),
}
READABLE = (
    sympy.Symbol, sympy.Rational, sympy.NumberSymbol, sympy.Add, sympy.Mul, sympy.Pow,
    sympy.core.function.Application,
)  # fmt: skip
UNREADABLE = (sympy.SympifyError, SyntaxError, AttributeError, TypeError, ValueError)


@functools.cache
def closed_form(meaning: str, count: int) -> sympy.Expr | None:
    """Return a meaning in the first `count` letters as a SymPy expression.

    None if SymPy does not read it, or if it is made of cases or integrals.

    >>> closed_form("tanh(a)", 1)
    1 - 2/(exp(2*a) + 1)
    """
    named = {letter: sympy.Symbol(letter, real=True) for letter in LETTERS[:count]}
    try:
        value = sympy.sympify(meaning, locals=named, rational=True)
        for function, formula in REWRITTEN.items():
            value = value.replace(function, formula)
    except UNREADABLE:
        return None
    parts = list(sympy.preorder_traversal(value))
    known = {*named.values(), *(x for x in parts if not isinstance(x, sympy.Symbol))}
    return value if all(isinstance(x, READABLE) and x in known for x in parts) else None


def evaluate(
    form: sympy.Expr, args: Mapping[str, KeyedResidues], field: KeyedField
) -> KeyedResidues:
    """Return what a closed form is at arrays of a field, by letter."""
    if form.is_Symbol:
        return args[form.name]
    if form.is_Rational:
        return field.lift(Fraction(int(form.p), int(form.q)))
    if form.is_Pow and form.exp.is_Rational:
        exponent = Fraction(int(form.exp.p), int(form.exp.q))
        return evaluate(form.base, args, field) ** exponent
    if form is sympy.E:
        return field.function("exp", field.lift(1))
    values = [evaluate(each, args, field) for each in form.args]
    if form.is_Add or form.is_Mul:
        return functools.reduce(operator.add if form.is_Add else operator.mul, values)
    if form.is_Pow:
        return field.power(*values)
    return field.function(form.func.__name__, *values)


class Facts(NamedTuple):
    """f(mirror(z)) = back(f(z)), and pairs of z and f(z) that are known."""

    mirror: Callable[[KeyedResidues], KeyedResidues] | None = None
    back: Callable[[KeyedResidues], KeyedResidues] = operator.pos
    known: tuple[tuple[Real, Real], ...] = ()


@functools.cache
def facts(name: str) -> Facts:
    """Return what is known of a function, by SymPy if it is neither exp nor log.

    >>> facts("erf").back, facts("erf").known, facts("gamma").mirror
    (<built-in function neg>, ((0, Fraction(0, 1)),), None)
    """
    reciprocal = operator.methodcaller("reciprocal")
    if name == "exp":
        return Facts(operator.neg, reciprocal, ((0, 1),))
    if name == "log":
        return Facts(reciprocal, operator.neg, ((1, 0),))
    try:
        x, f = sympy.Symbol("x", real=True), getattr(sympy, name)
        mirrored, at_zero = f(-x), f(sympy.Integer(0))
    except UNREADABLE:
        return Facts()
    rational = getattr(at_zero, "is_Rational", False)
    known = ((0, Fraction(int(at_zero.p), int(at_zero.q))),) if rational else ()
    for sign, back in ((-1, operator.neg), (1, operator.pos)):
        if mirrored == sign * f(x):
            return Facts(operator.neg, back, known)
    return Facts(known=known)
