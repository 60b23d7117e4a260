"""Generators: the functions that are not polynomials, as independent variables.

The first time tanh(z) is asked of an element z of a ring, a new variable y is drawn,
and all that is known of it is its slope, 1 - y*y. The slope is found here from what the
row *means*, never from the row's own partial, which it will judge: SymPy differentiates
the meaning, and the function itself is eliminated in favour of y.

    meaning             its atom A   y from A        A from y       slope
    tanh(a)             tanh(a)      A               y              1 - y**2
    exp(a)              exp(a)       A               y              y
    1 / (1 + exp(-a))   exp(a)       A / (A + 1)     y / (1 - y)    y*(1 - y)
    sin(a)              sin(a)       A               y              cos(a)

Two functions of one atom, such as exp and sigmoid, are not independent: whichever of an
element is asked first is the variable, and the other is calculated from it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from minigrad.primitive import TABLE, Elementwise
from minigrad.symbolic.failures import LemmaFailed
from minigrad.symbolic.meanings import cases, read, vanishes


@dataclass(frozen=True, eq=False)
class Generator:
    """A function of one argument that an element of a ring can be asked for.

    slope(y, a)       its derivative, in any ring; `formula` is the same as text
    from_atom(A, a)   its value from the value of its atom
    to_atom(y, a)     and back
    """

    name: str
    meaning: str
    domain: str
    atom: str
    formula: str
    slope: Callable[[Any, Any], Any]
    from_atom: Callable[[Any, Any], Any]
    to_atom: Callable[[Any, Any], Any]


def row_asked_for(method: str) -> Elementwise | None:
    """Return the row that NumPy asks an object for: `np.tanh` calls a.tanh().

    That is the row which computes the ufunc; for another name, the row so called.

    >>> row_asked_for("tanh")
    <elementwise primitive tanh>
    """
    ufunc = getattr(np, method, None)
    for row in TABLE.values():
        if isinstance(row, Elementwise) and (
            row.function is ufunc if ufunc else row.name == method
        ):
            return row
    return None


def asked_as(method: str) -> Generator | None:
    """Return the generator behind `a.method()`, if there is one."""
    row = row_asked_for(method)
    return None if row is None else of_row(row)


def of_row(row: Elementwise) -> Generator | None:
    """Return the generator that a row's meaning is, if it is one."""
    if len(row.partials) != 1:
        return None
    return generator(row.name, row.meaning, row.domain)


def root(exponent: Fraction) -> Any:
    """Return the generator of a ** exponent, for an exponent that is no integer."""
    meaning = f"a ** ({exponent})"
    return generator(meaning, meaning, "a > 0")


@functools.cache
def generator(name: str, meaning: str, domain: str = "") -> Generator | None:
    """Return the generator of a meaning in the letter a.

    None if it is not of the simple kind above: made from one atom, with a slope that is
    a quotient of polynomials, over the integers, in y, a, and other generators of a.

    >>> print(generator("arctan", "atan(a)").formula)
    1/(a**2 + 1)
    """
    import sympy

    symbols = cases(1, domain)[0].symbols
    (a,) = symbols
    y, A = sympy.symbols("y A", real=True)
    try:
        value = read(name, meaning, symbols)
    except LemmaFailed:
        return None
    atom, from_atom = _atom(value, a, A)
    if atom is None:
        return None
    relation = sympy.Poly(sympy.fraction(sympy.cancel(from_atom - y))[0], A)
    if relation.degree() != 1:
        return None
    times, rest = relation.all_coeffs()  # times * A + rest = 0
    to_atom = -rest / times
    derivative = sympy.diff(value, a)
    through_atom = derivative.subs(atom, A).subs(A, to_atom)
    through_y = y * sympy.powsimp(derivative / value)  # a**k: k a**k / a = k y / a
    for slope in map(sympy.cancel, (through_atom, through_y)):
        others = sorted(slope.atoms(sympy.Function), key=str)
        if all(other.args == (a,) for other in others) and vanishes(
            slope.subs(y, value) - derivative, symbols
        ):
            known = [
                _compiled(slope, y, a, others),
                _compiled(from_atom, A, a),
                _compiled(to_atom, y, a),
            ]
            if None not in known:
                formula = str(_nested(slope, y))
                return Generator(name, meaning, domain, str(atom), formula, *known)
    return None


def _functions() -> list[Elementwise]:
    rows = (row for row in TABLE.values() if isinstance(row, Elementwise))
    return [row for row in rows if len(row.partials) == 1]


def _atom(value: Any, a: Any, A: Any) -> tuple[Any, Any]:
    """Return the one function in a formula, and the formula as a quotient in it."""
    import sympy

    powers = {each for each in value.atoms(sympy.Pow) if not each.exp.is_integer}
    for each in sorted(value.atoms(sympy.Function) | powers, key=str):
        inner = each.args[0]
        mirrored = isinstance(each, sympy.exp) and inner.could_extract_minus_sign()
        atom = sympy.exp(-inner) if mirrored else each
        rest = value.subs(atom, A)
        if rest.has(A) and rest.is_rational_function(A, a):
            return atom, rest
    return None, None


def _compiled(formula: Any, first: Any, a: Any, others: Any = ()) -> Any:
    """Return a quotient of integer polynomials as a function of (first, a), or None."""
    import sympy

    known = {other: sympy.Dummy() for other in others}
    variables = (first, a, *known.values())
    above, below = sympy.fraction(_nested(formula.subs(known), first))
    try:
        for polynomial in (above, below):
            sympy.Poly(polynomial, *variables, domain="ZZ")
    except (sympy.PolynomialError, sympy.CoercionFailed):
        return None
    top, bottom = (sympy.lambdify(variables, each, []) for each in (above, below))
    quotient = top if below == 1 else lambda *x: top(*x) / bottom(*x)
    if not others:
        return quotient
    meanings = [str(other) for other in others]
    return lambda y, a: quotient(y, a, *(a.function(_meaning(m)) for m in meanings))


def _nested(formula: Any, first: Any) -> Any:
    """Write a quotient with few products: y - y**2 is y*(1 - y)."""
    import sympy

    parts = sympy.fraction(sympy.cancel(formula))
    above, below = (sympy.horner(each, wrt=first) for each in parts)
    return above / below


def _meaning(meaning: str) -> Any:
    """Return the generator of the row that means this, or one called by its meaning."""
    row = next((row for row in _functions() if row.meaning == meaning), None)
    return generator(meaning, meaning) if row is None else of_row(row)
