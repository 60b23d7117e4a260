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

That the function is what it means is shown on symbols too, where it runs on them. Code
that does not (`math.erf` in `np.vectorize`) can only be compared with its meaning at
points of the domain, in float64, and the lemma says so. This comparison is made for
every row: a function may treat floats in another way than symbols.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from minigrad.messages import explain
from minigrad.primitive import TABLE, Elementwise
from minigrad.symbolic.failures import LemmaFailed
from minigrad.symbolic.meanings import LETTERS, Case, cases, read, vanishes
from minigrad.symbolic.rings.generators import Generator

TOLERANCE = 1e-12  # of function from meaning, relative to 1 or the larger value


@dataclass(frozen=True)
class Lemma:
    """What SymPy showed of one function y.

    rules    dy/da, dy/db, ...
    domains  where each of them was shown to be the derivative
    points   at how many the function was compared with its meaning, in float64
    meant    was the function, run on symbols, shown to be its meaning?
    """

    row: str
    meaning: str
    rules: tuple[str, ...]
    domains: tuple[str, ...]
    points: int
    meant: bool

    def __str__(self) -> str:
        told = []
        for i, (rule, domain) in enumerate(zip(self.rules, self.domains, strict=True)):
            said_next = self.domains[i + 1 : i + 2] == (domain,)
            where = f", for {domain}" if domain and not said_next else ""
            told.append(f"dy/d{LETTERS[i]} = {rule}{where}")
        text = f"y = {self.meaning}: {'; '.join(told)}"
        if self.meant:
            return text
        return (
            f"{text} (NOT proved: that the row's function is this y; "
            f"compared at {self.points} points in float64, to {TOLERANCE:g})"
        )


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


def of_generator(known: Generator) -> Lemma:
    """Say what SymPy found of a generator: its slope, which the reference uses."""
    domains = (known.domain,)
    return Lemma(known.name, known.meaning, (known.formula,), domains, 0, True)


@functools.cache
def _proved(
    name: str,
    meaning: str,
    domain: str,
    function: Callable[..., Any],
    partials: tuple[Callable[..., Any], ...],
) -> Lemma:
    """Prove once; a row whose function or partials are exchanged is another key."""
    import sympy

    rules = [""] * len(partials)
    where: list[list[str]] = [[] for _ in partials]
    points, meant = 0, True
    every = cases(len(partials), domain)
    for case in every:
        value = read(name, meaning, case.symbols)
        args = [_array(symbol) for symbol in case.symbols]
        meant &= _means(name, meaning, function, value, args, case)
        points += _compared(name, meaning, function, value, case)
        for i, partial in enumerate(partials):
            if not case.moves(i) and any(other.moves(i) for other in every):
                continue
            expected = sympy.diff(value, case.symbols[i])
            found = _evaluated(name, i, partial, (_array(value), *args))
            if not vanishes(found - expected, case.symbols):
                raise _wrong(name, i, found, expected, case.symbols)
            y = _array(sympy.Symbol("y"))
            rules[i] = rules[i] or str(_evaluated(name, i, partial, (y, *args)))
            where[i].append(case.words)
    if not meant and not points:
        raise _nowhere(name, domain)
    domains = tuple(", or ".join(words) for words in where)
    return Lemma(name, meaning, tuple(rules), domains, points, meant)


def _array(formula: Any) -> np.ndarray:
    """Wrap a formula as rules see their arguments: an array, here of one entry."""
    from minigrad.symbolic.rings.expression import expressions

    return expressions([formula])


def _evaluated(name: str, i: int, partial: Callable[..., Any], args: Any) -> Any:
    """Run a partial on symbols and return its formula."""
    from minigrad.symbolic.rings.expression import expressions

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


def _means(
    name: str, meaning: str, function: Any, value: Any, args: Any, case: Case
) -> bool:
    """Check, on symbols, that what the row computes is its meaning.

    Returns False where the function cannot run on symbols, for whatever reason.
    """
    try:
        computed = np.asarray(function(*args), object).ravel()[0].sympy
    except Exception:  # compiled code may raise anything; the points remain
        return False
    if not vanishes(computed - value, case.symbols):
        raise _not_meant(name, f"it computes {computed}", meaning, computed, value)
    return True


def _compared(name: str, meaning: str, function: Any, value: Any, case: Case) -> int:
    """Check, at points of float64, that what the row computes is its meaning."""
    pairs = list(case.points(value))
    if not pairs:
        return 0
    columns = np.array([point for point, _ in pairs]).T
    expected = np.array([number for _, number in pairs])
    try:
        with np.errstate(all="ignore"):
            computed = function(*(np.array(column) for column in columns))
            found = np.asarray(computed).astype(float)
            off = np.abs(found - expected) > TOLERANCE * np.maximum(1, abs(expected))
            wrong = np.flatnonzero(off | np.isnan(found))
    except Exception as error:
        why = f"on an array of float64 it does not run ({error})"
        raise _not_meant(name, why, meaning, error, value) from error
    if wrong.size:
        k = wrong[0]
        at = ", ".join(
            f"{symbol} = {x:g}"
            for symbol, x in zip(case.symbols, pairs[k][0], strict=True)
        )
        why = f"at {at} it computes {found[k]!s}"
        meaning += f", which is {expected[k]!s}"
        raise _not_meant(name, why, meaning, found[k], expected[k])
    return len(pairs)


def _not_meant(
    name: str, computes: str, meaning: str, found: Any, expected: Any
) -> LemmaFailed:
    return LemmaFailed(
        explain(
            f"the lemma of {name}",
            {},
            f"{computes}, and its meaning says {meaning}.",
            f"mend the function or the meaning in the row {name!r}.",
        ),
        name,
        found=found,
        expected=expected,
    )


def _nowhere(name: str, domain: str) -> LemmaFailed:
    return LemmaFailed(
        explain(
            f"the lemma of {name}",
            {},
            "its function does not run on symbols, and no point was found in its "
            f"domain {domain!r} where its meaning is a real number to compare it with.",
            f"write the function of {name!r} with NumPy calls, or mend its domain.",
        ),
        name,
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
