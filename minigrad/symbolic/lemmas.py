"""Lemmas: every partial derivative of the table is the derivative, proved by SymPy.

A row says what it means to SymPy, "1 / (1 + exp(-a))", and how it differentiates, a
Python function `y * (1.0 - y)` of y and a. Run on symbols, that very function returns
a formula; SymPy differentiates the meaning; the lemma is that the two are equal as
real functions, on the row's domain.

Equality is decided in three steps, each of which can only say yes when it is true:

    cancel     the difference as a fraction of polynomials in its atoms
    z = log e  the same after replacing each variable, so that exp(z), exp(2 z), ...
               become e, e e, ... Substitute the variable, never the atom: SymPy merges
               exp(z)**2 into exp(2*z), which is another atom.
    simplify   SymPy's general heuristics

This is deterministic and holds for every shape: the function is applied entry by entry.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from minigrad.messages import explain
from minigrad.primitive import TABLE, Elementwise
from minigrad.symbolic.domains import SLOPES, fraction
from minigrad.symbolic.failures import LemmaFailed

LETTERS = "abcdefgh"
_ASSUMED = {">0": "positive", "<0": "negative", "!=0": "nonzero", ">=0": "nonnegative"}


@dataclass(frozen=True)
class Lemma:
    """What SymPy showed of one function y: its rules are dy/da, dy/db on its domain."""

    row: str
    meaning: str
    rules: tuple[str, ...]
    domain: str

    def __str__(self) -> str:
        rules = (
            f"dy/d{letter} = {rule}"
            for letter, rule in zip(LETTERS, self.rules, strict=False)
        )
        where = f", for {self.domain}" if self.domain else ""
        return f"y = {self.meaning}: {'; '.join(rules)}{where}"


def prove_row(row: Elementwise) -> Lemma:
    """Prove every partial of an elementwise row; raise LemmaFailed at the first wrong.

    >>> from minigrad.primitive import TABLE
    >>> print(prove_row(TABLE["sigmoid"]))
    y = 1 / (1 + exp(-a)): dy/da = y*(1 - y)
    """
    return _proved(row.name, row.meaning, row.domain, row.function, row.partials)


def prove_table() -> list[Lemma]:
    """Prove every elementwise row of the table, in its order."""
    return [prove_row(row) for row in TABLE.values() if isinstance(row, Elementwise)]


def prove_slope(name: str) -> Lemma:
    """Prove what the reference knows of a generator: a line of `SLOPES`, or a power."""
    if name.startswith("power "):
        k = fraction(name.removeprefix("power "))
        return _proved(name, f"a ** ({k})", "a > 0", None, (lambda y, a: k * y / a,))
    return _slope_proved(name, SLOPES[name])


@functools.cache
def _slope_proved(name: str, slope: Callable[..., Any]) -> Lemma:
    from minigrad.symbolic.expression import FUNCTIONS

    domain = "a > 0" if name in ("log", "sqrt") else ""
    meaning = str(FUNCTIONS[name](_symbols(1, domain)[0]))
    return _proved(name, meaning, domain, None, (np.frompyfunc(slope, 2, 1),))


@functools.cache
def _proved(
    name: str,
    meaning: str,
    domain: str,
    function: Callable[..., Any] | None,
    partials: tuple[Callable[..., Any], ...],
) -> Lemma:
    """Prove once; a row whose function or partials are exchanged is another key."""
    import sympy

    symbols = _symbols(len(partials), domain)
    value = _read(name, meaning, symbols)
    args = [_array(symbol) for symbol in symbols]
    if function is not None:
        _require_meaning(name, meaning, function, value, args, symbols)
    shown = []
    for i, partial in enumerate(partials):
        expected = sympy.diff(value, symbols[i])
        found = _evaluated(name, i, partial, (_array(value), *args))
        if not vanishes(found - expected, symbols):
            raise _wrong(name, i, found, expected, symbols)
        y = _array(sympy.Symbol("y"))
        shown.append(str(_evaluated(name, i, partial, (y, *args))))
    return Lemma(name, meaning, tuple(shown), domain)


def vanishes(difference: Any, symbols: Any) -> bool:
    """Is this formula zero? Yes is a proof, no means: not shown."""
    import sympy

    if difference == 0 or sympy.cancel(difference) == 0:
        return True
    logs = {
        symbol: sympy.log(sympy.Symbol(f"e_{symbol}", positive=True))
        for symbol in symbols
        if not symbol.is_positive
    }
    rewritten = difference.rewrite(sympy.exp).subs(logs)
    return sympy.cancel(rewritten) == 0 or sympy.simplify(difference) == 0


def _symbols(count: int, domain: str) -> list[Any]:
    """Return real symbols a, b, ... with what the row's domain says about them."""
    import sympy

    assumed: dict[str, dict[str, bool]] = {letter: {} for letter in LETTERS[:count]}
    for part in re.split(r",|\band\b", domain):
        match = re.fullmatch(r"([a-h])(>=0|>0|<0|!=0)", part.replace(" ", ""))
        if match and match[1] in assumed:
            assumed[match[1]][_ASSUMED[match[2]]] = True
    return [sympy.Symbol(x, real=True, **more) for x, more in assumed.items()]


def _read(name: str, meaning: str, symbols: list[Any]) -> Any:
    import sympy

    try:
        return sympy.sympify(
            meaning, locals={str(symbol): symbol for symbol in symbols}
        )
    except (sympy.SympifyError, TypeError, AttributeError) as error:
        raise LemmaFailed(
            explain(
                f"the lemma of {name}",
                {},
                f"SymPy cannot read its meaning {meaning!r}: {error}",
                f"write it as SymPy would, in the letters {LETTERS[: len(symbols)]}.",
            ),
            name,
        ) from error


def _array(formula: Any) -> np.ndarray:
    """Wrap a formula as rules see their arguments: an array, here of one entry."""
    from minigrad.symbolic.expression import expressions

    return expressions([formula])


def _evaluated(name: str, i: int, partial: Callable[..., Any], args: Any) -> Any:
    """Run a partial on symbols and return its formula."""
    from minigrad.symbolic.expression import expressions

    try:
        return expressions(np.asarray(partial(*args), object).ravel())[0].sympy
    except Exception as error:
        raise LemmaFailed(
            explain(
                f"the lemma of {name}, partial {i}",
                {},
                f"the rule does not run on symbols: {error}",
                "write it with operators and other primitives only: no comparison, no "
                "float(), no function that the table lacks.",
            ),
            name,
            i,
        ) from error


def _require_meaning(
    name: str, meaning: str, function: Any, value: Any, args: Any, symbols: Any
) -> None:
    """Check that what the row computes on symbols is what it says it means.

    A function that cannot run on symbols (compiled code) is taken at its word.
    """
    try:
        computed = np.asarray(function(*args), object).ravel()[0].sympy
    except (TypeError, AttributeError, ValueError):
        return
    if not vanishes(computed - value, symbols):
        raise LemmaFailed(
            explain(
                f"the lemma of {name}",
                {},
                f"it computes {computed}, and its meaning says {meaning}.",
                f"mend the function or the meaning in the row {name!r}.",
            ),
            name,
            found=computed,
            expected=value,
        )


def _wrong(name: str, i: int, found: Any, expected: Any, symbols: Any) -> LemmaFailed:
    """Name the partial, both formulas, and a point where they differ, if found."""
    import sympy

    point = {each: sympy.Rational(7 + 2 * j, 10) for j, each in enumerate(symbols)}
    gives, is_ = (sympy.N(formula.subs(point), 30) for formula in (found, expected))
    why = f"the rule gives {found}, the derivative is {expected}; "
    if abs(gives - is_) > 1e-20 * (1 + abs(is_)):
        at = ", ".join(f"{symbol} = {x}" for symbol, x in point.items())
        why += f"at {at} that is {sympy.N(gives, 17)} and {sympy.N(is_, 17)}."
    else:
        why += "where tried they agree, but SymPy could not show them equal."
    return LemmaFailed(
        explain(
            f"the lemma of {name}, partial {i} (with respect to {LETTERS[i]})",
            {},
            why,
            f"mend partial {i} in the row {name!r}, or its meaning.",
        ),
        name,
        i,
        found=found,
        expected=expected,
    )
