"""Deciding whether two formulas are the same real function, within a time.

**Kinks.** Where |x|, max or a comparison occurs, the domain is split by the sign of x.
On each region the formula is smooth, and x = d or x = -d with a positive d. What lies
between the regions has measure zero and is excluded. To begin with, |x| and max(x, y)
are written by signs, x sign(x), so that there are two kinds of kinks only.

**Equality** is then decided in steps, each of which can only say yes when it is true:

    cancel       the difference as a fraction of polynomials in its atoms
    exponentials the same after writing tanh, asinh, ... by exp, log and roots
    simplify     SymPy's general heuristics
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from types import FrameType
from typing import TypeVar

import sympy
from sympy.core.relational import Relational

T = TypeVar("T")
STEP = 2.0  # seconds of this thread's own work for one step of a decision
_MOST_REGIONS = 32


class OutOfTime(BaseException):
    """A computation took longer than it may; no `except Exception` may stop this."""


def within(seconds: float, function: Callable[..., T], *args: object) -> T:
    """Return function(*args), or raise OutOfTime after that many seconds of work.

    Waiting does not count, so that the answer is the same on a busy machine. Python
    calls are interrupted, in any thread; a single call of C code is not. A profiler
    that is at work sees nothing of the function, and goes on afterwards.

    >>> within(1.0, max, 2, 3)
    3
    """
    end, before = time.thread_time() + seconds, sys.getprofile()

    def watch(frame: FrameType, event: str, argument: object) -> None:
        if event == "call" and time.thread_time() > end:
            raise OutOfTime

    if seconds <= 0:
        raise OutOfTime
    sys.setprofile(watch)
    try:
        return function(*args)
    finally:
        sys.setprofile(None)
        # What cProfile leaves, until Python 3.12, is no function.
        getattr(before, "enable", lambda: sys.setprofile(before))()


# ---------------------------------------------------------------------------- regions


@dataclass(frozen=True)
class Region:
    """A part of a domain where some formulas are smooth, and what they are there.

    values  what arguments are there, as functions of positive numbers d: d, b - d
    kinks   "a != 0" for each boundary
    """

    formulas: Sequence[sympy.Expr]
    values: dict[sympy.Symbol, sympy.Expr]
    kinks: Sequence[str] = ()

    def where(self, inner: sympy.Expr, sign: int) -> Region:
        """Return the part where `inner`, linear in an argument, has that sign.

        If it is linear in none that may have any sign, or is positive, the region stays
        as it is, and covers more than it should.
        """
        inner, d = inner.xreplace(self.values), sympy.Dummy("d", positive=True)
        for x in sorted(inner.free_symbols, key=str):
            slope = inner.diff(x)
            if not slope.is_number or slope == 0 or x.is_integer:
                continue
            root = -inner.xreplace({x: sympy.S.Zero}) / slope
            if x.is_positive and root.is_positive:
                value = root + d if sign * slope > 0 else root * d / (1 + d)
            elif x.is_nonnegative is None and x.is_nonpositive is None:
                value = root + sign * d / slope
            else:
                continue
            values = {y: each.xreplace({x: value}) for y, each in self.values.items()}
            return replace(self, values=values)
        return self

    def sign(self, inner: sympy.Expr) -> int | None:
        """Return the sign that `inner` has in all of the region, if it is known."""
        value = inner.xreplace(self.values)
        for form in (value, sympy.factor(_positive_as_logarithms(value))):
            if form.is_zero:
                return 0
            if form.is_positive or form.is_negative:
                return 1 if form.is_positive else -1
        return None


def regions(
    formulas: Sequence[sympy.Expr],
    symbols: Sequence[sympy.Symbol],
    conditions: Sequence[sympy.Rel] = (),
) -> list[Region]:
    """Split a domain, where conditions hold, until no formula has a kink.

    >>> a = sympy.Symbol("a", real=True)
    >>> [each.formulas for each in regions([sympy.Max(a, 0)], [a])]
    [[a], [0]]

    Raises ValueError if they are too many.
    """
    by_sign = [each.rewrite(sympy.Abs).rewrite(sympy.sign) for each in formulas]
    whole = Region(by_sign, {x: x for x in symbols})
    for condition in conditions:
        if isinstance(condition, (sympy.Gt, sympy.Ge, sympy.Lt, sympy.Le)):
            larger, smaller = condition.gts, condition.lts
            if isinstance(smaller, sympy.Abs):
                whole = whole.where(larger + smaller.args[0], 1)
                smaller = smaller.args[0]
            whole = whole.where(larger - smaller, 1)
    todo, smooth = [whole], list[Region]()
    while todo:
        region = todo.pop(0)
        kinks = dict(_innermost_kinks(region.formulas))
        if not kinks:
            smooth.append(region)
            continue
        todo += _split(region, kinks)
        if len(smooth) + len(todo) > _MOST_REGIONS:
            raise ValueError(f"there are more than {_MOST_REGIONS} regions")
    return smooth


def _innermost_kinks(
    formulas: Sequence[sympy.Expr],
) -> Iterator[tuple[sympy.Basic, sympy.Expr]]:
    """Yield sign(x) with x, and comparisons of x and y with x - y."""
    for kink in {k for each in formulas for k in each.atoms(sympy.sign, Relational)}:
        inner = kink.args[0] - kink.args[1] if kink.is_Relational else kink.args[0]
        if not inner.has(sympy.sign, sympy.Piecewise):
            yield kink, inner


def _split(region: Region, kinks: dict[sympy.Basic, sympy.Expr]) -> Iterator[Region]:
    """Yield the regions on the two sides of a kink; one if its sign is known."""
    inner = min(kinks.values(), key=lambda x: (sympy.count_ops(x), str(x)))
    known = region.sign(inner)
    for sign in (1, -1) if known is None else (known,):
        signs = {inner: sign, -inner: -sign}
        values = {
            k: k.func(signs[x], *(0 for _ in k.args[1:]))
            for k, x in kinks.items()
            if x in signs
        }
        part = replace(region, formulas=[f.xreplace(values) for f in region.formulas])
        if known is None:
            part = part.where(inner, sign)
            if not inner.is_nonzero:
                part = replace(part, kinks=[*part.kinks, _boundary(inner)])
        yield part


def _boundary(inner: sympy.Expr) -> str:
    x = min(inner.free_symbols, key=str)
    slope = inner.diff(x)
    if not slope.is_number:
        return f"{inner} != 0"
    return f"{x} != {-inner.xreplace({x: sympy.S.Zero}) / slope}"


# --------------------------------------------------------------------------- equality


def vanishes(difference: sympy.Expr, end: float) -> bool:
    """Is a formula shown to be zero, before the thread has worked until `end`?"""
    for step in (_cancelled, _by_exponentials, sympy.simplify):
        try:
            seconds = min(STEP, end - time.thread_time())
            if within(seconds, step, difference) == 0:
                return True
        except (Exception, OutOfTime):  # SymPy may raise anything about a formula
            continue
    return False


def _cancelled(difference: sympy.Expr) -> sympy.Expr:
    return sympy.cancel(sympy.powsimp(difference))


def _by_exponentials(difference: sympy.Expr) -> sympy.Expr:
    """Write a formula by exp, log and roots, with factors inside of the latter."""
    inverse = [sympy.asinh, sympy.acosh, sympy.atanh]
    rewritten = difference.rewrite(inverse, sympy.log).rewrite(sympy.exp)
    roots = _positive_as_logarithms(rewritten).replace(
        lambda part: part.is_Pow and part.exp.is_Rational and not part.exp.is_Integer,
        lambda part: sympy.factor(part.base) ** part.exp,
    )
    logs = roots.replace(sympy.log, lambda x: sympy.log(sympy.factor(x)))
    return sympy.cancel(sympy.expand_log(logs))


def _positive_as_logarithms(formula: sympy.Expr) -> sympy.Expr:
    """Write a positive x inside of exponentials as log(1 + e), with a positive e."""
    inside = {x for each in formula.atoms(sympy.exp) for x in each.free_symbols}
    positive = sorted((x for x in inside if x.is_positive), key=str)
    e_of = {x: sympy.Dummy("e", positive=True) for x in positive}
    return formula.subs({x: sympy.log(1 + e) for x, e in e_of.items()})
