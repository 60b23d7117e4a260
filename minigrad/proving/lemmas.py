"""Lemmas: every partial derivative of the table is the derivative, proved by SymPy.

A row says what it means to SymPy, "1 / (1 + exp(-a))", and how it differentiates, a
Python function `y * (1.0 - y)` of y and a. Run on symbols, that very function returns
a formula; SymPy differentiates the meaning; the lemma is that the two are equal as
real functions, on the row's domain. It holds for every shape: the formula is applied
entry by entry.

A partial runs on arrays, and on Tensors where a gradient is recorded: the lemma is
shown of both. The code runs on symbols anew each time, and only decisions about
formulas are remembered, so a helper that has changed is noticed.

That the function is what it means is shown on symbols too. Code that does not run on
them (`math.erf` in `np.vectorize`) can only be compared with its meaning at points of
the domain, in float64, and the lemma says so.

Whether the code computes these formulas on floats too, entry by entry, can be tested:
the lemma offers them as functions of float64.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from minigrad.context import Setting, Within, clean_recording
from minigrad.numpy_protocol.array_like import DOMAINS, plain
from minigrad.primitive import TABLE, Elementwise, Primitive
from minigrad.proving.domains import cases
from minigrad.proving.failures import LemmaFailed, lemma_failed
from minigrad.proving.formulas import LETTERS, Formula, apply, symbol, traced
from minigrad.tensor import Tensor
from minigrad.types import Array, Value

Function: TypeAlias = Callable[..., Array]
TOLERANCE = 1e-12  # of float64 code from its meaning, relative to 1 or the larger value


@dataclass(frozen=True, eq=False)
class Lemma:
    """What SymPy showed of one function y.

    rules        dy/da, dy/db, ..., in the letters y, a, b
    domains      where each of them was shown to be the derivative
    read_as      the floats in the code that were read as exact numbers
    symbolic     was the row's function, run on symbols, shown to be its meaning?
    value        the meaning, of arrays of float64: value(*args)
    slopes       the rules' formulas, of arrays of float64: slopes[i](y, *args)
    derivatives  SymPy's derivatives of the meaning: derivatives[i](*args)

    The functions of floats return arrays that broadcast to what they are called with.
    """

    row: str
    meaning: str
    rules: tuple[str, ...]
    domains: tuple[str, ...]
    read_as: tuple[str, ...]
    symbolic: bool
    value: Function
    slopes: tuple[Function, ...]
    derivatives: tuple[Function, ...]

    def __str__(self) -> str:
        parts = []
        for i, (rule, domain) in enumerate(zip(self.rules, self.domains, strict=True)):
            is_repeated = self.domains[i + 1 : i + 2] == (domain,)
            where = f", for {domain}" if domain and not is_repeated else ""
            parts.append(f"dy/d{LETTERS[i]} = {rule}{where}")
        text = f"y = {self.meaning}: {'; '.join(parts)}"
        if self.read_as:
            text += f" (reading {', '.join(self.read_as)})"
        if not self.symbolic:
            text += " (NOT proved: that the row's function is this y)"
        return text


Lemmas: TypeAlias = Mapping[Primitive, Lemma]


def prove_row(row: Elementwise) -> Lemma:
    """Prove every partial of an elementwise row; raise LemmaFailed at the first wrong.

    >>> print(prove_row(TABLE["sigmoid"]))
    y = 1 / (1 + exp(-a)): dy/da = y*(1 - y)
    """
    with clean_recording():
        rules = tuple(
            tuple(_rule(row, i, kind) for kind in (np.asanyarray, Tensor))
            for i in range(len(row.partials))
        )
        function = _function(row)
        lemma = _decided(row.name, row.meaning, row.domain, function, rules)
        if not lemma.symbolic:
            _compare_floats(row, lemma.value)
    return lemma


def prove_table() -> list[Lemma]:
    """Prove every elementwise row of the table, in its order."""
    return [prove_row(row) for row in TABLE.values() if isinstance(row, Elementwise)]


@functools.lru_cache(maxsize=1024)
def _decided(
    name: str,
    meaning: str,
    domain: str,
    function: Formula | None,
    rules: tuple[tuple[Formula, ...], ...],
) -> Lemma:
    """Decide once whether these formulas are a row's function and its derivatives."""
    from minigrad.proving.comparing import Statement, in_floats

    statement = Statement(name, meaning, domain, len(rules))
    symbolic = function is not None
    where: list[dict[str, None]] = [{} for _ in rules]
    for case in statement.cases:
        if function is not None:
            try:
                statement.show(case, None, function)
            except LemmaFailed as failure:
                if not failure.undecided:
                    raise
                symbolic = False
        for i, (on_arrays, on_tensors) in enumerate(rules):
            if not case.moves(i) and any(other.moves(i) for other in statement.cases):
                continue
            kinks = statement.show(case, i, on_arrays)
            conditions = dict.fromkeys([case.words, *kinks])
            where[i][" and ".join(filter(None, conditions))] = None
            if on_tensors is not on_arrays:
                recorded = "on Tensors, as in a recorded gradient, "
                statement.show(case, i, on_tensors, recorded)
    letters, slopes = statement.letters, [statement.by_sympy(rule) for rule, _ in rules]
    return Lemma(
        name,
        meaning,
        tuple(map(str, slopes)),
        tuple(", or ".join(words) for words in where),
        tuple(statement.read_as),
        symbolic,
        in_floats(statement.meaning, letters),
        tuple(in_floats(slope, "y" + letters) for slope in slopes),
        tuple(in_floats(each, letters) for each in statement.derivatives),
    )


# ----------------------------------------------------------------- the code as formulas


def _symbols(letters: str) -> list[Array]:
    """Return an array for each letter: two equal entries, as code must take several."""
    arrays = np.empty((len(letters), 2), object).view(Symbols)
    arrays.T[:] = [symbol(letter) for letter in letters]
    return list(arrays)


def _rule(row: Elementwise, i: int, kind: Callable[[Array], Value]) -> Formula:
    """Run a partial on arrays or Tensors of symbols and return its formula."""
    arrays = _symbols("y" + LETTERS[: len(row.partials)])
    try:
        with _ByMeaning():
            return traced(lambda: plain(row.partials[i](*map(kind, arrays))))
    except Exception as error:
        raise lemma_failed(
            row.name,
            f"the rule does not run on symbols: {error}",
            "write it with operators and other primitives only: no `if`, no float(), "
            "no function that the table lacks.",
            i,
        ) from error


def _function(row: Elementwise) -> Formula | None:
    """Run a row's function on symbols; None if it cannot run on them."""
    arrays = _symbols(LETTERS[: len(row.partials)])
    try:
        return traced(lambda: row.function(*arrays))
    except Exception:  # compiled code may raise anything; the floats remain
        return None


# -------------------------------------------------- rows inside of a rule


class Symbols(np.ndarray):
    """An array of formulas, on which a row that cannot run gives its meaning."""


def _computed(row: Primitive, *args: Value, **options: object) -> Value:
    """Return what a row inside of a rule computes, or its meaning if it cannot run.

    The slope of GELU may call a row `erf`, whose function is `np.vectorize(math.erf)`
    and runs on floats only. That row's own lemma says that this is not proved of it.
    """
    try:
        return row.function(*args, **options)
    except Exception:  # compiled code may raise anything
        if not isinstance(row, Elementwise):
            raise
        meant = functools.partial(apply, row.meaning)
        on_arrays: Callable[..., Array] = np.frompyfunc(meant, len(args), 1)
        return on_arrays(*args)


DOMAINS[Symbols] = _computed


class _ByMeaning(Within):
    """Inside, rows are computed so on Tensors of symbols, too."""

    __slots__ = ()

    def alter(self, setting: Setting) -> None:
        setting.checker = self  # type: ignore[assignment]  # it is asked these

    def compute(
        self, function: Callable[..., Value], *args: Value, **options: object
    ) -> Value:
        """Compute the row that has this function, as a primitive asks when it runs."""
        row = next((row for row in TABLE.values() if row.function is function), None)
        return _computed(row, *args, **options) if row else function(*args, **options)

    def recorded(self, node: Tensor) -> None:
        """Look at nothing."""

    def failed(self, *details: object) -> None:
        """Look at nothing."""


# ---------------------------------------------------------------- the code in floats


def _compare_floats(row: Elementwise, meaning: Function) -> None:
    """Compare code that does not run on symbols with its meaning, in float64.

    Raises LemmaFailed with the first point where they differ.
    """
    count, fix = len(row.partials), f"mend function or meaning in the row {row.name!r}."
    points = [p for case in cases(count, row.domain) for p in case.points]
    columns = np.array(points, float).T
    expected = np.broadcast_to(meaning(*columns), len(points))
    try:
        computed = np.asarray(row.function(*columns.copy())).astype(float)
        found = np.broadcast_to(computed, expected.shape)
    except Exception as error:  # compiled code may raise anything
        why = f"on an array of float64 it does not run: {error}"
        raise lemma_failed(row.name, why, fix, found=error) from error
    close = np.abs(found - expected) <= TOLERANCE * np.maximum(1, np.abs(expected))
    for k in np.flatnonzero(~close & np.isfinite(expected))[:1]:
        at = ", ".join(
            f"{x} = {a}" for x, a in zip(LETTERS, columns[:, k], strict=False)
        )
        raise lemma_failed(
            row.name,
            f"at {at} it computes {found[k]}, and its meaning says {row.meaning}, "
            f"which is {expected[k]}.",
            fix,
            found=found[k],
            expected=expected[k],
        )
