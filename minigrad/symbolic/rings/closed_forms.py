"""A row's meaning, as a formula that any ring can evaluate.

A row says what it means to SymPy: "tanh(a)", "1 / (1 + exp(-a))". To compare what two
rows compute, their formulas are first written with as few functions as possible. All
that is made of exp(k a) becomes a quotient in one of them, the one whose whole powers
suffice:

    1 / (1 + exp(-a))    X / (X + 1)          X = exp(a)
    tanh(a)              (X - 1) / (X + 1)    X = exp(2 a)
    log(1 + exp(a))      log(X + 1)           X = exp(a)

So sigma(z) and (1 + tanh(z / 2)) / 2 are seen to be one function: both are quotients in
X = exp(z). What remains, exp, log, sin, ..., is for the ring to say (keyed.py).
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from minigrad.symbolic.meanings import LETTERS, read


@dataclass(frozen=True)
class ClosedForm:
    """A formula in arguments a, b, ... and exponentials of whole multiples of them.

    symbols       a, b, ...
    exponentials  (X, g, i): X stands for exp(g * argument i)
    """

    value: Any
    symbols: tuple[Any, ...]
    exponentials: tuple[tuple[Any, Fraction, int], ...]

    def __call__(self, ring: Any, args: Sequence[Any]) -> Any:
        """Evaluate at elements of the ring, or at exact numbers."""
        values = dict(zip(self.symbols, args, strict=True))
        for X, g, i in self.exponentials:
            values[X] = ring.function("exp", args[i] * g)
        return _evaluated(self.value, values, ring)


@functools.cache
def closed_form(meaning: str, count: int) -> ClosedForm:
    """Return a meaning in the first `count` letters, written with few functions.

    >>> closed_form("tanh(a)", 1).value
    (X - 1)/(X + 1)

    Raises LemmaFailed if SymPy cannot read it.
    """
    import sympy

    symbols = tuple(sympy.Symbol(letter, real=True) for letter in LETTERS[:count])
    value = exactly(read(meaning, meaning, symbols))
    value = value.replace(_is_hyperbolic, lambda each: each.rewrite(sympy.exp))
    exponentials = []
    for i, a in enumerate(symbols):
        X = sympy.Symbol("X" if count == 1 else f"X_{a}", positive=True)
        value, g = _in_one_exponential(value, a, X)
        if value.has(X):
            exponentials.append((X, g, i))
    return ClosedForm(value, symbols, tuple(exponentials))


def exactly(value: Any) -> Any:
    """Write every float in a formula as the fraction that it is."""
    import sympy

    return value.replace(
        lambda each: each.is_Float,
        lambda each: sympy.Rational(*float(each).as_integer_ratio()),
    )


def _is_hyperbolic(each: Any) -> bool:
    from sympy.functions.elementary.hyperbolic import HyperbolicFunction

    return isinstance(each, HyperbolicFunction)


def _in_one_exponential(value: Any, a: Any, X: Any) -> tuple[Any, Fraction]:
    """Write exp(k a), exp(l a), ... as powers of X = exp(g a); return (value, g).

    The variable is replaced, a = log(e), and never the atom: SymPy merges exp(a)**2
    into exp(2*a), which would be another atom.
    """
    import sympy

    e = sympy.Symbol("e", positive=True)
    in_e = sympy.cancel(value.subs(a, sympy.log(e))).subs(sympy.log(e), a)
    exponents = _exponents(in_e, e)
    if not exponents or not all(each.is_Rational for each in exponents):
        return value, Fraction(1)
    g = functools.reduce(sympy.gcd, exponents, sympy.Integer(0))
    return in_e.subs(e, X ** (1 / g)), Fraction(int(g.p), int(g.q))


def _exponents(value: Any, e: Any) -> set[Any]:
    """Return the powers in which e occurs in a formula."""
    if value == e:
        return {value / e}
    if value.is_Pow and value.base == e:
        return {value.exp}
    return {power for part in value.args for power in _exponents(part, e)}


def _evaluated(value: Any, known: dict[Any, Any], ring: Any) -> Any:
    """Evaluate a formula from its leaves up."""
    if value in known:
        return known[value]
    if value.is_Rational:
        return Fraction(int(value.p), int(value.q))
    parts = [_evaluated(part, known, ring) for part in value.args]
    if not parts:
        return ring.constant(str(value))  # pi, E
    return _OPERATIONS.get(type(value).__name__, _applied)(ring, value, parts)


def _applied(ring: Any, value: Any, parts: list[Any]) -> Any:
    return ring.function(type(value).__name__, *parts)


_OPERATIONS: dict[str, Callable[[Any, Any, list[Any]], Any]] = {
    "Add": lambda ring, value, parts: functools.reduce(operator.add, parts),
    "Mul": lambda ring, value, parts: functools.reduce(operator.mul, parts),
    "Pow": lambda ring, value, parts: ring.power(*parts),
}
