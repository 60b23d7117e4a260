"""Formulas: what a row's code computes, recorded as a tree of operations.

Python code that is written with operators and NumPy calls runs on `Formula`s as it runs
on numbers, and what it returns is the formula that it computes:

    lambda y, a: y * (1.0 - y)     gives     Mul(y, Add(1.0, Mul(-1, y)))

A formula is a name from SymPy and its arguments. Floats stay the floats that the code
holds, and nothing is simplified, so recording costs microseconds whatever the formula
is. Equal formulas are one object, so a formula is the key under which a decision about
it is cached.

Code may compare: `np.sign`, `np.maximum` and `np.where` do. Then it runs once for every
outcome of each comparison, and its formula has one piece for each run.
"""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import Any, TypeVar
from weakref import WeakValueDictionary

import numpy as np

from minigrad.exact import NUMBERS
from minigrad.types import Real

T = TypeVar("T")
LETTERS = "abcdefgh"  # the arguments of a row; y is its value
MOST_RUNS = 27  # of one function: the outcomes of three comparisons
_KNOWN: WeakValueDictionary[tuple[object, ...], Formula] = WeakValueDictionary()
_OUTCOMES: ContextVar[Outcomes | None] = ContextVar("outcomes", default=None)


class Formula:
    """An operation, by SymPy's name for it, and its arguments; equal ones are one.

    size  how many operations it has, written out

    >>> a = symbol("a")
    >>> np.tanh(np.array([0.5 * a]))
    array([tanh(Mul(0.5, a))], dtype=object)
    >>> 0.5 * a is 0.5 * a
    True
    """

    __slots__ = ("__weakref__", "args", "operation", "size")

    operation: str
    args: tuple[Any, ...]  # formulas; of a symbol its letter, of a number its value
    size: int
    __hash__ = object.__hash__

    def __repr__(self) -> str:
        if self.operation in ("symbol", "number"):
            return str(self.args[0])
        return f"{self.operation}({', '.join(map(repr, self.args))})"

    def __abs__(self) -> Formula:
        return apply("Abs", self)

    def __neg__(self) -> Formula:
        return apply("Mul", number(-1), self)

    def __eq__(self, other: object) -> bool:
        if _OUTCOMES.get() is None or _operand(other) is None:
            return self is other
        return _outcome(self, other) == 0


def _unique(
    key: tuple[object, ...], operation: str, args: tuple[object, ...]
) -> Formula:
    known = _KNOWN.get(key)
    if known is None:
        known = Formula()
        known.operation, known.args = operation, args
        known.size = 1 + sum(arg.size for arg in args if isinstance(arg, Formula))
        _KNOWN[key] = known
    return known


def apply(operation: str, *args: Formula) -> Formula:
    """Return the formula of an operation on formulas."""
    return _unique((operation, *map(id, args)), operation, args)


def symbol(letter: str) -> Formula:
    """Return the formula that is one letter."""
    return _unique(("symbol", letter), "symbol", (letter,))


def number(given: Real) -> Formula:
    """Return the formula that is one finite number; ValueError for another."""
    value = given.item() if isinstance(given, np.generic) else given
    if not math.isfinite(value):
        raise ValueError(f"{value} is no number that a formula can hold")
    return _unique(("number", type(value), value), "number", (value,))


def _operand(value: object) -> Formula | None:
    """Return an operand as a formula, or None if it is neither formula nor number."""
    if isinstance(value, Formula):
        return value
    return number(value) if isinstance(value, NUMBERS) else None


# -------------------------------------------------------- operators, NumPy's functions

_OPERATORS: dict[str, Callable[[Formula, Formula], Formula]] = {
    "add": lambda a, b: apply("Add", a, b),
    "sub": lambda a, b: apply("Add", a, -b),
    "mul": lambda a, b: apply("Mul", a, b),
    "truediv": lambda a, b: apply("Mul", a, apply("Pow", b, number(-1))),
    "pow": lambda a, b: apply("Pow", a, b),
}
# `np.exp(array_of_objects)` calls each object's `.exp()`. Here is SymPy's name for it
# or, where SymPy has none, what it means.
_METHODS = {
    "exp": "exp", "log": "log", "sqrt": "sqrt", "sin": "sin", "cos": "cos",
    "tan": "tan", "sinh": "sinh", "cosh": "cosh", "tanh": "tanh", "arcsin": "asin",
    "arccos": "acos", "arctan": "atan", "arctan2": "atan2", "arcsinh": "asinh",
    "arccosh": "acosh", "arctanh": "atanh", "sigmoid": "1/(1 + exp(-a))",
    "expm1": "exp(a) - 1", "log1p": "log(1 + a)", "log2": "log(a, 2)",
    "log10": "log(a, 10)", "exp2": "2**a", "cbrt": "sign(a)*Abs(a)**(1/3)",
    "hypot": "sqrt(a**2 + b**2)",
}  # fmt: skip


def _method(
    operation: Callable[..., Formula], is_reflected: bool = False
) -> Callable[..., object]:
    def method(self: Formula, *others: object) -> object:
        args = [self, *map(_operand, others)]
        if any(arg is None for arg in args):
            return NotImplemented
        return operation(*reversed(args) if is_reflected else args)

    return method


for _name, _operation in _OPERATORS.items():
    setattr(Formula, f"__{_name}__", _method(_operation))
    setattr(Formula, f"__r{_name}__", _method(_operation, is_reflected=True))

for _name, _sympy_name in _METHODS.items():
    setattr(Formula, _name, _method(functools.partial(apply, _sympy_name)))

# ----------------------------------------------------------------- running code on them


class Outcomes(dict[tuple[Formula, Formula], int]):
    """What the comparisons of one run say: 1, -1 or 0 where left > right, <, ==.

    They say what was chosen, in the order in which pairs are compared, and 1 after it.
    """

    def __init__(self, chosen: tuple[int, ...]) -> None:
        super().__init__()
        self.chosen = chosen

    def __missing__(self, pair: tuple[Formula, Formula]) -> int:
        if pair[::-1] in self:
            return -self[pair[::-1]]
        self[pair] = self.chosen[len(self)] if len(self) < len(self.chosen) else 1
        return self[pair]

    def condition(self) -> Formula:
        """Return the outcomes as one condition."""
        names = {1: "StrictGreaterThan", -1: "StrictLessThan", 0: "Equality"}
        each = [apply(names[sign], *pair) for pair, sign in self.items()]
        return each[0] if len(each) == 1 else apply("And", *each)


def _outcome(left: Formula, right: object) -> int:
    outcomes, other = _OUTCOMES.get(), _operand(right)
    if outcomes is None or other is None:
        raise TypeError(f"a formula is not compared with {right!r}")
    return 0 if left is other else outcomes[left, other]


def _comparison(test: Callable[[int, int], bool]) -> Callable[..., bool]:
    return lambda self, other: test(_outcome(self, other), 0)


for _test in (operator.lt, operator.le, operator.gt, operator.ge):
    setattr(Formula, f"__{_test.__name__}__", _comparison(_test))


def traced(run: Callable[[], object]) -> Formula:
    """Return the formula that code computes, for all outcomes of its comparisons.

    `run` returns an array of formulas or numbers, all its entries the same. Raises
    what the code raises; ValueError if entries differ, or if it compares too often.

    >>> a = np.array([symbol("a")] * 2)
    >>> traced(lambda: np.where(a > 0, a, -a))
    Piecewise(a, StrictGreaterThan(a, 0), Mul(-1, a), true())
    """
    todo: list[tuple[int, ...]] = [()]
    pieces: list[tuple[Formula, Outcomes]] = []
    while todo:
        outcomes = Outcomes(todo.pop())
        token = _OUTCOMES.set(outcomes)
        try:
            value = run()
        except Exception:
            if 0 in outcomes.values():  # code need not run where two are equal
                continue
            raise
        finally:
            _OUTCOMES.reset(token)
        pieces.append((_only(value), outcomes))
        signs = tuple(outcomes.values())
        for k in range(len(outcomes.chosen), len(signs)):
            todo += [(*signs[:k], 0), (*signs[:k], -1)]
        if len(pieces) + len(todo) > MOST_RUNS:
            raise ValueError("it compares more than three pairs of numbers")
    pieces.sort(key=lambda piece: 0 in piece[1].values())
    while len(pieces) > 1 and pieces[-1][0] is pieces[-2][0]:
        pieces.pop()
    *before, (last, _) = pieces
    if not before:
        return last
    args = [
        part for value, outcomes in before for part in (value, outcomes.condition())
    ]
    return apply("Piecewise", *args, last, apply("true"))


def _only(value: object) -> Formula:
    """Return the formula that every entry of an array is."""
    entries = [_operand(entry) for entry in np.asarray(value, object).ravel()]
    if not entries or entries[0] is None:
        raise TypeError(f"it returns {value!r}, which is no array of numbers")
    if any(entry is not entries[0] for entry in entries):
        raise ValueError("entries with equal arguments get different formulas")
    return entries[0]


# -------------------------------------------------------------------- evaluating them


def evaluated(
    formula: Formula,
    letters: Mapping[str, T],
    functions: Mapping[str, Callable[..., T]],
    number: Callable[[Real], T],
) -> T:
    """Return what a formula is, given what letters, functions and numbers are.

    >>> evaluated(symbol("a") * 2, {"a": 1.5}, {"Mul": operator.mul}, float)
    3.0
    """

    @functools.cache
    def value(part: Formula) -> T:
        if part.operation == "symbol":
            return letters[part.args[0]]
        if part.operation == "number":
            return number(part.args[0])
        return functions[part.operation](*map(value, part.args))

    return value(formula)
