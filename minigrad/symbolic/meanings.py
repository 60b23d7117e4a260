"""How SymPy reads a row: its meaning, and the domain on which that is differentiable.

A domain is written as one says it, "a > 0, or b integer and a != 0". Each alternative
is a *case*: symbols a, b, ... with what it says of them, so that SymPy may use it.
Conditions that are no assumption of SymPy's ("abs(a) < 1") narrow only the points.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from minigrad.messages import explain
from minigrad.symbolic.failures import LemmaFailed

LETTERS = "abcdefgh"
_ASSUMED = {
    ">0": "positive", "<0": "negative", "!=0": "nonzero", ">=0": "nonnegative",
    "integer": "integer",
}  # fmt: skip
_TESTS: dict[str, Any] = {
    "is_positive": lambda a: a > 0, "is_negative": lambda a: a < 0,
    "is_nonnegative": lambda a: a >= 0, "is_integer": lambda a: a == np.floor(a),
}  # fmt: skip
_WHOLE = (-2, -1, 1, 2, 3)
_BROKEN = (-7.25, -2.625, -0.875, -0.3125, 0.3125, 0.875, 2.625, 7.25)
_LARGE = 1e100


@dataclass(frozen=True)
class Case:
    """One alternative of a domain: its words, its symbols, its other conditions."""

    words: str
    symbols: tuple[Any, ...]
    others: tuple[str, ...]

    def moves(self, i: int) -> bool:
        """May argument i vary? What is said to be an integer is a constant."""
        return not self.symbols[i].is_integer

    def points(self, value: Any) -> Iterator[tuple[tuple[float, ...], float]]:
        """Return points of the case, exact in binary, and the formula's value there."""
        import sympy

        for point in itertools.product(*map(_candidates, self.symbols)):
            numbers = {
                symbol: sympy.Rational(x)
                for symbol, x in zip(self.symbols, point, strict=True)
            }
            if all(_holds(condition, numbers) for condition in self.others):
                number = sympy.N(value.subs(numbers), 25)
                if number.is_real and abs(number) < _LARGE:
                    yield tuple(map(float, point)), float(number)

    def holds(self, arrays: Sequence[Any]) -> Any:
        """Which entries of floats does the case speak of? An array of booleans.

        >>> import numpy as np
        >>> (case,) = cases(1, "a > 0")
        >>> case.holds([np.array([-1.0, 2.0])]).tolist()
        [False, True]
        """
        true: Any = np.True_
        for symbol, a in zip(self.symbols, arrays, strict=True):
            for assumed, test in _TESTS.items():
                if getattr(symbol, assumed):
                    true = true & test(a)
            if symbol.is_zero is False:
                true = true & (a != 0)
        for condition in self.others:
            true = true & _tested(condition, self.symbols, arrays)
        return true


def _tested(condition: str, symbols: Any, arrays: Sequence[Any]) -> Any:
    """Is the condition true, entry by entry? One that cannot be read excludes none."""
    import sympy

    try:
        named = {str(symbol): symbol for symbol in symbols}
        read = sympy.sympify(condition, locals=named)
        with np.errstate(all="ignore"):
            return np.asarray(sympy.lambdify(symbols, read, "numpy")(*arrays), bool)
    except Exception:  # SymPy and NumPy may raise anything about words
        return np.True_


def cases(count: int, domain: str) -> list[Case]:
    """Return the cases of a domain of functions of `count` arguments.

    >>> [case.words for case in cases(2, "a > 0, or b integer and a != 0")]
    ['a > 0', 'b integer and a != 0']
    """
    return [_case(count, words.strip(" ,")) for words in re.split(r"\bor\b", domain)]


def _case(count: int, words: str) -> Case:
    import sympy

    assumed: dict[str, dict[str, bool]] = {letter: {} for letter in LETTERS[:count]}
    others = []
    for part in filter(str.strip, re.split(r",|\band\b", words)):
        match = re.fullmatch(rf"([a-h])({'|'.join(_ASSUMED)})", part.replace(" ", ""))
        if match and match[1] in assumed:
            assumed[match[1]][_ASSUMED[match[2]]] = True
        else:
            others.append(part.strip())
    symbols = (sympy.Symbol(x, real=True, **more) for x, more in assumed.items())
    return Case(words, tuple(symbols), tuple(others))


def _candidates(symbol: Any) -> list[float]:
    numbers = _WHOLE if symbol.is_integer else _BROKEN
    if symbol.is_nonnegative:
        return [x for x in numbers if x > 0]
    return [x for x in numbers if x < 0 or not symbol.is_negative]


def _holds(condition: str, numbers: dict[Any, Any]) -> bool:
    """Is the condition true there? One that SymPy cannot read excludes nothing."""
    import sympy

    try:
        read = sympy.sympify(condition, locals={str(x): x for x in numbers})
        return bool(read.subs(numbers))
    except (sympy.SympifyError, TypeError, AttributeError):
        return True


@functools.cache
def read(name: str, meaning: str, symbols: tuple[Any, ...]) -> Any:
    """Return a row's meaning as a formula; LemmaFailed if SymPy cannot read it."""
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
