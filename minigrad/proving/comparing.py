"""Comparing the formulas of a row with its meaning: numbers first, SymPy then.

Two formulas are compared at points of the domain first, in 30 digits: numbers that
differ refute a rule at once. Then SymPy decides (deciding.py), region by region. What
it cannot decide within its time is not shown, and is not called wrong.

**Constants.** A float in code is the rounding of a number that somebody meant. It is
read as a constant of the meaning or of its derivatives, times or over a simple
fraction, or as a simple fraction, if that number is at most two units in the last place
away; else as it is printed.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Mapping
from fractions import Fraction

import numpy as np
import sympy

from minigrad.exact import SIMPLE, fraction
from minigrad.proving.deciding import STEP, OutOfTime, regions, vanishes, within
from minigrad.proving.domains import Case, cases
from minigrad.proving.failures import LemmaFailed, lemma_failed
from minigrad.proving.formulas import LETTERS, Formula, evaluated
from minigrad.types import Array, Operand, Real

SECONDS = 8.0  # for all decisions about a row
ULPS = 2.0
FOLDED = 64.0  # where code adds floats by the outcome of a comparison: 0.505 - 0.495
_DIGITS, _POINTS = 30, 10  # of a comparison in numbers
_DIFFER = 1e-14  # relative to 1 or the larger value; less may be a float's rounding
_LARGEST = 20_000  # operations, written out, of a formula that SymPy is given
_SYMBOLS = {letter: sympy.Symbol(letter, real=True) for letter in "y" + LETTERS}

# ---------------------------------------------------------------- formulas and SymPy


def _read(meaning: str) -> sympy.Expr:
    return sympy.sympify(meaning, locals=dict(_SYMBOLS), rational=True)


class _Functions(dict[str, Callable[..., sympy.Basic]]):
    """SymPy's functions by their names, or by their meaning in the letters a, b, ..."""

    def __missing__(self, name: str) -> Callable[..., sympy.Basic]:
        known = getattr(sympy, name, None)
        value = _read(name) if known is None else known
        letters = [_SYMBOLS[letter] for letter in LETTERS]

        def function(*args: sympy.Expr) -> sympy.Expr:
            return value.xreplace(dict(zip(letters, args, strict=False)))

        self[name] = known if callable(known) else function
        return self[name]


_FUNCTIONS = _Functions(
    Piecewise=lambda *args: sympy.Piecewise(*zip(args[::2], args[1::2], strict=True))
)


class _OnNumbers(dict[str, Callable[..., sympy.Basic]]):
    """The same functions on numbers of 30 digits; nan for what is not real."""

    def __missing__(self, name: str) -> Callable[..., sympy.Basic]:
        def function(*args: sympy.Basic) -> sympy.Basic:
            value = _FUNCTIONS[name](*args)
            return value if value.is_Boolean else _number(value)

        self[name] = function
        return function


_ON_NUMBERS = _OnNumbers()


def _number(
    expression: sympy.Expr, point: Mapping[sympy.Symbol, sympy.Number] | None = None
) -> sympy.Number:
    """Return an expression with 30 digits, at a point; nan if it is no real number."""
    value = expression.evalf(_DIGITS, subs=point, chop=True)
    return value if value.is_Number and value.is_finite else sympy.nan


def in_floats(expression: sympy.Expr, letters: str) -> Callable[..., Array]:
    """Return a SymPy expression as a function of arrays of float64.

    It is compiled when it is first called. Where NumPy lacks a function, or SymPy
    writes one for numbers (Max in 1.12), mpmath computes it all, entry by entry. A
    result may be narrower than the arguments.
    """
    symbols = [_SYMBOLS[letter] for letter in letters]
    smooth = expression.replace(sympy.DiracDelta, lambda *args: sympy.S.Zero)

    @functools.cache
    def compiled() -> Callable[..., Array]:
        function: Callable[..., Array]
        try:
            function = sympy.lambdify(symbols, smooth, "numpy")
            with np.errstate(all="ignore"):
                function(*np.full((len(letters), 2), 0.5))
        except (NameError, TypeError, ValueError, NotImplementedError):
            by_mpmath = sympy.lambdify(symbols, smooth, "mpmath")
            return np.vectorize(functools.partial(_or_nan, by_mpmath), otypes=[float])
        return function

    def computed(*args: Operand) -> Array:
        return np.asarray(compiled()(*[np.asarray(a, float) for a in args]), float)

    return computed


def _or_nan(function: Callable[..., float], *args: float) -> float:
    try:
        return float(function(*args))
    except (ArithmeticError, TypeError, ValueError):
        return np.nan


# ------------------------------------------------------------------------- constants


def _constants(*formulas: sympy.Expr) -> dict[sympy.Expr, float]:
    """Return the numbers in formulas that a float may stand for, the simplest first."""
    found = set()
    for part in (part for each in formulas for part in sympy.preorder_traversal(each)):
        if isinstance(part, (sympy.Add, sympy.Mul)):
            part = part.as_independent(*part.free_symbols, as_Add=part.is_Add)[0]
        if isinstance(part, sympy.Expr) and part.is_number and part.is_real:
            found.add(abs(part))
    known = sorted(found, key=lambda c: (sympy.count_ops(c), str(c)))
    return {c: float(c) for c in known if 0 < float(c) < np.inf}


class Reading:
    """How the floats of a formula are read, given the constants that may be meant."""

    def __init__(self, constants: dict[sympy.Expr, float], ulps: float) -> None:
        self.constants, self.ulps = constants, ulps
        self.read_as: dict[Real, sympy.Expr] = {}

    def __call__(self, value: Real) -> sympy.Expr:
        """Return the exact number that a number in code is, for SymPy."""
        if value not in self.read_as:
            exact = fraction(value)
            odd = exact.numerator if exact.denominator > 1 else 0
            is_meant = isinstance(value, (int, Fraction)) or odd.bit_length() <= 16
            sign = -1 if value < 0 else 1
            size = abs(exact)
            positive = sympy.Rational(size) if is_meant else self._meant(float(size))
            self.read_as[value] = sign * positive
        return self.read_as[value]

    def _meant(self, value: float) -> sympy.Expr:
        """Return the number of which a positive float is the rounding."""
        close, largest = self.ulps * np.spacing(value), SIMPLE
        if float(np.float32(value)) == value:  # it was rounded to float32
            close, largest = np.spacing(np.float32(value)) / 2, 1
        for constant, x in self.constants.items():
            for power in (1, -1):
                ratio = Fraction(value / x**power).limit_denominator(largest)
                if ratio and abs(float(ratio) * x**power - value) <= close:
                    return sympy.Rational(ratio) * constant**power
        simple = Fraction(value).limit_denominator(SIMPLE)
        is_simple = simple and abs(float(simple) - value) <= close
        return sympy.Rational(simple if is_simple else str(value))


# ------------------------------------------------------------------------- statements


class Statement:
    """What a row states: its meaning, the derivatives, the domain.

    Raises LemmaFailed for a meaning or a domain that cannot be read, and where the
    meaning is nowhere a real number.
    """

    def __init__(self, name: str, meaning: str, domain: str, count: int) -> None:
        self.name, self.letters = name, LETTERS[:count]
        self.end = time.thread_time() + SECONDS
        self.cases = cases(count, domain, name)
        self.symbols = [_SYMBOLS[letter] for letter in self.letters]
        try:
            self.meaning = within(STEP, self._expression, meaning)
            self.derivatives = [within(STEP, self._derivative, x) for x in self.symbols]
            self.points = {x: within(STEP, self._points, x) for x in self.cases}
        except (Exception, OutOfTime) as error:  # SymPy may raise anything about words
            raise lemma_failed(
                name,
                f"SymPy cannot read its meaning {meaning!r}: "
                f"{str(error) or 'it takes too long'}",
                f"write it as SymPy would, in the letters {', '.join(self.letters)}.",
            ) from error
        if not any(self.points.values()):
            raise lemma_failed(
                name,
                f"no point was found in its domain {domain!r} where its meaning "
                f"{meaning!r} is a real number.",
                f"mend the domain or the meaning in the row {name!r}.",
            )
        self.constants = _constants(self.meaning, *self.derivatives)
        self.read_as: dict[str, None] = {}

    def _expression(self, meaning: str) -> sympy.Expr:
        value = _read(meaning)
        if not isinstance(value, sympy.Expr) or value.has(sympy.nan):
            raise TypeError("it is no number")
        if unknown := value.free_symbols - set(self.symbols):
            raise TypeError(f"{min(map(str, unknown))} is no argument")
        if undefined := value.atoms(sympy.core.function.AppliedUndef):
            raise TypeError(f"it knows no function {undefined.pop().func}")
        return value

    def _derivative(self, symbol: sympy.Symbol) -> sympy.Expr:
        found = self.meaning.diff(symbol)
        if found.has(sympy.Derivative, sympy.Integral, sympy.Subs):
            raise ValueError(f"it leaves {found} as it is")
        return sympy.powsimp(found)

    def _points(self, case: Case) -> list[dict[sympy.Symbol, sympy.Number]]:
        """Return points of a case where the meaning is a real number."""
        every = [dict(zip(self.symbols, each, strict=True)) for each in case.points]
        return [p for p in every[:_POINTS] if _number(self.meaning, p).is_finite]

    def show(
        self, case: Case, i: int | None, formula: Formula, where: str = ""
    ) -> tuple[str, ...]:
        """Show that a formula is derivative i, or the meaning where i is None.

        Returns the kinks that are excluded. Raises LemmaFailed with a point where they
        differ, or if it cannot be shown. `where` says on what the code was run.
        """
        expected = self.meaning if i is None else self.derivatives[i]
        found: sympy.Expr | str = f"a formula of {formula.size:,} operations"
        try:
            if formula.size <= _LARGEST:
                found = within(STEP, self.by_sympy, formula, self.meaning)
            within(2 * STEP, self._refute, case, i, formula, (found, expected), where)
            if formula.size > _LARGEST:
                raise ValueError("it is too large for SymPy")
            return self._decide(case, i, found)
        except LemmaFailed:
            raise
        except (Exception, OutOfTime) as error:  # SymPy may raise anything
            raise lemma_failed(
                self.name,
                f"it is not shown that {_written(found)} is {_written(expected)}: "
                f"{str(error) or 'it takes too long'}.",
                "write the rule, or the meaning, closer to SymPy's derivative.",
                i,
                found=found,
                expected=expected,
                undecided=True,
            ) from error

    def by_sympy(self, formula: Formula, y: sympy.Expr = _SYMBOLS["y"]) -> sympy.Expr:
        """Return a formula as a SymPy expression, its constants as they are read."""
        reading = self._reading(formula)
        named = {"y": y, **dict(zip(self.letters, self.symbols, strict=True))}
        expression = evaluated(formula, named, _FUNCTIONS, reading)
        for value, exact in reading.read_as.items():
            if exact != sympy.Rational(fraction(value)):
                self.read_as[f"{value} as {exact}"] = None
        return expression

    def _reading(self, formula: Formula) -> Reading:
        is_folded = formula.operation == "Piecewise"
        return Reading(self.constants, FOLDED if is_folded else ULPS)

    def _refute(
        self,
        case: Case,
        i: int | None,
        formula: Formula,
        both: tuple[sympy.Expr | str, sympy.Expr],
        where: str,
    ) -> None:
        """Raise LemmaFailed at a point where a formula is not what is expected."""
        found, expected = both
        reading = self._reading(formula)
        gives, says = "the rule gives", "the derivative is"
        if i is None:
            gives, says = "it computes", "and its meaning says"
        for point in self.points[case]:
            given = {x.name: number for x, number in point.items()}
            given["y"], second = _number(self.meaning, point), _number(expected, point)
            try:
                first = evaluated(formula, given, _ON_NUMBERS, reading)
            except TypeError:  # nan > 0
                first = sympy.nan
            close = _DIFFER * max(1, abs(second)) if second.is_finite else 0
            if not close or (first.is_finite and abs(first - second) <= close):
                continue
            at = ", ".join(f"{x} = {float(value):g}" for x, value in point.items())
            raise lemma_failed(
                self.name,
                f"{where}{gives} {_written(found)}, {says} {_written(expected)}; "
                f"at {at} that is {first.n(17)} and {second.n(17)}.",
                f"mend it in the row {self.name!r}, or the meaning there.",
                i,
                found=found,
                expected=expected,
                counterexample=(tuple(point.values()), first, second),
            )

    def _decide(self, case: Case, i: int | None, found: sympy.Expr) -> tuple[str, ...]:
        """Show that an expression is what it should be; return the kinks."""
        assumed = dict(zip(self.symbols, case.symbols, strict=True))
        formulas = [each.xreplace(assumed) for each in (self.meaning, found)]
        conditions = [each.xreplace(assumed) for each in case.conditions]
        left = min(2 * STEP, self.end - time.thread_time())
        parts = within(left, regions, formulas, case.symbols, conditions)
        for part in parts:
            expected, found = part.formulas
            if i is not None:
                expected = within(STEP, expected.diff, case.symbols[i])
            if not vanishes((found - expected).xreplace(part.values), self.end):
                raise ValueError("SymPy could not show them equal in its time")
        return tuple(kink for part in parts for kink in part.kinks)


def _written(formula: sympy.Expr | str) -> str:
    text = str(formula)
    return text if len(text) < 600 else text[:600] + "..."
