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

A partial runs on arrays, and on Tensors where a gradient is recorded: the lemma is
shown of both, since Python code could tell them apart.

That the function is what it means is shown on symbols too, where it runs on them. Code
that does not (`math.erf` in `np.vectorize`) can only be compared with its meaning at
points of the domain, in float64, and the lemma says so. Functions and partials of every
row are compared at such points (at_points.py): code may treat floats in another way
than symbols.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from minigrad.array_like import plain
from minigrad.context import clean_recording
from minigrad.messages import explain
from minigrad.primitive import TABLE, Elementwise
from minigrad.symbolic.at_points import (
    TOLERANCE,
    compare_function,
    compare_slope,
    not_meant,
)
from minigrad.symbolic.failures import LemmaFailed
from minigrad.symbolic.meanings import LETTERS, Case, cases, read, vanishes
from minigrad.symbolic.rings.generators import Generator
from minigrad.tensor import Tensor


@dataclass(frozen=True)
class Lemma:
    """What SymPy showed of one function y.

    rules    dy/da, dy/db, ...
    domains  where each of them was shown to be the derivative
    points   at how many the function was compared with its meaning, in float64; its
             slopes are compared with the derivatives at the same ones
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
        points += compare_function(name, meaning, function, value, case)
        for i, partial in enumerate(partials):
            if not case.moves(i) and any(other.moves(i) for other in every):
                continue
            expected = sympy.diff(value, case.symbols[i])
            for kind in (np.asarray, Tensor):  # as in a gradient, and in its recording
                given = (kind(_array(value)), *map(kind, args))
                found = _evaluated(name, i, partial, given)
                if not vanishes(found - expected, case.symbols):
                    raise _wrong(name, i, found, expected, case.symbols, kind is Tensor)
            compare_slope(name, function, i, partial, expected, case)
            y = _array(sympy.Symbol("y"))
            rules[i] = rules[i] or str(_evaluated(name, i, partial, (y, *args)))
            where[i].append(case.words)
    if not meant and not points:
        raise _nowhere(name, domain)
    domains = tuple(", or ".join(words) for words in where)
    return Lemma(name, meaning, tuple(rules), domains, points, meant)


def _array(formula: Any) -> np.ndarray:
    """Wrap a formula as rules see their arguments: an array, here of one entry."""
    from minigrad.expressions import expressions

    return expressions([formula])


def _evaluated(name: str, i: int, partial: Callable[..., Any], args: Any) -> Any:
    """Run a partial on symbols and return its formula."""
    from minigrad.expressions import expressions

    try:
        with clean_recording():
            slope = plain(partial(*args))
        return expressions(np.asarray(slope, object).ravel())[0].sympy
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
        raise not_meant(name, f"it computes {computed}", meaning, computed, value)
    return True


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


def _wrong(
    name: str, i: int, found: Any, expected: Any, symbols: Any, recorded: bool
) -> LemmaFailed:
    """Name the partial, both formulas, and a point where they differ, if found."""
    import sympy

    point = {each: sympy.Rational(7 + 2 * j, 10) for j, each in enumerate(symbols)}
    gives, is_ = (sympy.N(formula.subs(point), 30) for formula in (found, expected))
    why = "on Tensors, as in a recorded gradient, " if recorded else ""
    why += f"the rule gives {found}, the derivative is {expected}; "
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
