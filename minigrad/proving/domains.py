"""The domain of a row: where its meaning is differentiable.

A domain is written as one says it, "a > 0, or b integer and a != 0". Each alternative
is a *case*: symbols a, b, ... with what it says of them, so that SymPy may use it.
"""

from __future__ import annotations

import functools
import operator
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

import numpy as np

from minigrad.proving.failures import lemma_failed
from minigrad.proving.formulas import LETTERS
from minigrad.types import Array, Operand

if TYPE_CHECKING:
    import sympy

MOST_POINTS = 32
_ASSUMED = {
    ">": "positive", "<": "negative", "!=": "nonzero", ">=": "nonnegative",
    "<=": "nonpositive",
}  # fmt: skip
_WHOLE = (2, -1, 1, -2, 3)
_SIXTEENTHS = (11, -5, 42, -43, 5, -14, 116, -117)  # where no row has a kink


@dataclass(frozen=True)
class Case:
    """One alternative of a domain: its words, its symbols, all conditions on them."""

    words: str
    symbols: tuple[sympy.Symbol, ...]
    conditions: tuple[sympy.Rel, ...]

    def moves(self, i: int) -> bool:
        """May argument i vary? What is said to be an integer is a constant."""
        return not self.symbols[i].is_integer

    def holds(self, arrays: Sequence[Operand]) -> Array | np.bool_:
        """Which entries of floats does the case speak of? An array of booleans.

        >>> (case,) = cases(1, "a > 0")
        >>> case.holds([np.array([-1.0, 2.0])]).tolist()
        [False, True]
        """
        tests = (_test(each, len(self.symbols)) for each in self.conditions)
        with np.errstate(all="ignore"):
            inside = (np.asarray(test(*arrays), bool) for test in tests)
            return functools.reduce(operator.and_, inside, np.True_)

    @functools.cached_property
    def points(self) -> list[tuple[sympy.Number, ...]]:
        """Rational points of the case, none with two equal arguments."""
        import sympy

        constants = {c for each in self.conditions for c in each.atoms(sympy.Number)}
        near = [c * side for c in constants for side in (17, 15, -15, -17)]
        sixteenths = list(map(sympy.sympify, (*_SIXTEENTHS, *near)))
        columns = [
            [(x + sympy.Rational(i, 32)) / 16 for x in sixteenths] if self.moves(i)
            else [sympy.Integer(x) for x in _WHOLE]
            for i in range(len(self.symbols))
        ]  # fmt: skip
        random, first = Random(0), tuple(column[0] for column in columns)
        drawn = (tuple(map(random.choice, columns)) for _ in range(500))
        points = dict.fromkeys([first, *drawn])
        return [p for p in points if self.holds([*map(float, p)])][:MOST_POINTS]


@functools.lru_cache(maxsize=1024)
def _test(condition: sympy.Rel, count: int) -> Callable[..., Array]:
    import sympy

    test: Callable[..., Array] = sympy.lambdify(_symbols(count), condition, "numpy")
    return test


def _symbols(count: int) -> list[sympy.Symbol]:
    import sympy

    return [sympy.Symbol(letter, real=True) for letter in LETTERS[:count]]


@functools.cache
def cases(count: int, domain: str, name: str = "") -> tuple[Case, ...]:
    """Return the cases of a domain of functions of `count` arguments.

    Raises LemmaFailed for words that are no condition on the arguments.

    >>> [case.words for case in cases(2, "a > 0, or b integer and a != 0")]
    ['a > 0', 'b integer and a != 0']
    """
    alternatives = [words.strip(" ,") for words in re.split(r"\bor\b", domain)]
    try:
        return tuple(_case(count, words) for words in alternatives)
    except Exception as error:  # SymPy may raise anything about words
        raise lemma_failed(
            name,
            f"its domain {domain!r} cannot be read: {error}.",
            "write conditions on a, b, ...: 'a > 0 and abs(b) < 1, or b integer'.",
        ) from error


def _case(count: int, words: str) -> Case:
    import sympy

    assumed: dict[str, dict[str, bool]] = {letter: {} for letter in LETTERS[:count]}
    conditions: list[sympy.Rel] = []
    for part in filter(str.strip, re.split(r",|\band\b", words)):
        match = re.fullmatch(r"\s*([a-h])( is)? (integer|real)\s*", part)
        if match:
            assumed[match[1]][match[3]] = True
            if match[3] == "integer":
                x = sympy.Symbol(match[1], real=True)
                conditions.append(sympy.Eq(sympy.floor(x), x))
            continue
        for condition in _relations(part, count):
            conditions.append(condition)
            if condition.lhs.is_Symbol and condition.rhs == 0:
                assumed[condition.lhs.name][_ASSUMED[condition.rel_op]] = True
    symbols = [sympy.Symbol(x, real=True, **more) for x, more in assumed.items()]
    return Case(words, tuple(symbols), tuple(conditions))


def _relations(part: str, count: int) -> Iterator[sympy.Rel]:
    """Yield what a chain of inequalities says: "0 < a < 1" says a > 0 and a < 1."""
    import sympy

    symbols = _symbols(count)
    named = {symbol.name: symbol for symbol in symbols}
    terms = re.split(r"(<=|>=|!=|<|>)", part.strip())
    sides = [sympy.sympify(x.strip(), locals=named, rational=True) for x in terms[::2]]
    if len(sides) < 2 or not set().union(*(x.free_symbols for x in sides)) <= set(
        symbols
    ):
        raise ValueError(f"{part.strip()} is no condition on the arguments")
    for left, sign, right in zip(sides, terms[1::2], sides[1:], strict=False):
        yield sympy.Rel(left, right, sign).canonical
