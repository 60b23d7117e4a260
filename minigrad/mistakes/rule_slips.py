"""Slips: what a student gets wrong in the rule of one row for one of its arguments.

slope or adjoint   times 1.5, negated, dropped, exchanged with that of a neighbour
slope              forgotten: 1
adjoint            a matrix transposed, its own or the other argument
batched adjoint    the sum over many uses: times 1.5, negated, without one of them
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from minigrad.mistakes.planting import Change, broken, rule_of, wrong_rules
from minigrad.primitive import Primitive
from minigrad.table import transpose
from minigrad.tensor import Tensor

Uses = dict[tuple[Primitive, int], list[Tensor]]  # the steps that use (row, argument)
Planting = tuple["Slip", Callable[[], AbstractContextManager[None]]]  # while it lasts


class Slip(NamedTuple):
    """A mistake in the rule of one row for one of its arguments.

    >>> print(Slip("tanh", 0, "slope negated"))
    tanh, argument 0: slope negated
    """

    row: str
    argument: int
    kind: str

    def __str__(self) -> str:
        return f"{self.row}, argument {self.argument}: {self.kind}"


def slips(uses: Uses, forgotten: bool = False) -> Iterator[Planting]:
    """Yield every slip, with a block in which the row has other attributes."""
    for (row, i), steps in uses.items():
        operands = [step.args for step in steps]
        noun = "slope" if row.is_elementwise else "adjoint"
        every = list(_wrong_by_itself(row, i, operands))
        if forgotten and row.is_elementwise:
            every.append(("forgotten", lambda y, *args: np.ones(np.shape(y))))
        for kind, wrong in every:
            changes = wrong_rules(row, {i: wrong})
            yield Slip(row.name, i, f"{noun} {kind}"), _planted(changes)
        for j in (i - 1, i + 1):
            planted_from_j = j < i and (row, j) in uses
            fits = any(_exchangeable(row, i, j, args) for args in operands)
            if fits and not planted_from_j:
                kind = f"{noun} exchanged with that of argument {j}"
                changes = _exchanged(row, i, j)
                yield Slip(row.name, i, kind), _planted(changes)
        sums = row.batched_adjoints
        for kind, batched in _wrong_sums(sums[i]) if i in sums else ():
            changes = [Change(row, "batched_adjoints", {**sums, i: batched})]
            slip = Slip(row.name, i, f"batched adjoint {kind}")
            yield slip, _planted(changes)


def _wrong_by_itself(row: Any, i: int, operands: Any) -> Iterator[tuple[str, Any]]:
    """Yield what may be wrong with rule i by itself, and the rule that is."""
    right = rule_of(row, i)
    yield "times 1.5", lambda *args, **options: right(*args, **options) * 1.5
    yield "negated", lambda *args, **options: -right(*args, **options)
    yield "dropped", lambda *args, **options: right(*args, **options) * 0
    if row.is_elementwise:
        return
    if any(_is_square(args[i]) for args in operands):
        yield "transposed", lambda *args, **more: _transposed(right(*args, **more))
    others = [a for args in operands for k, a in enumerate(args) if k != i]
    if not row.jointly and any(map(_is_square, others)):

        def with_others_transposed(g: Any, *args: Any, **options: Any) -> Any:
            turned = (a if k == i else _transposed(a) for k, a in enumerate(args))
            return right(g, *turned, **options)

        yield "with the other argument transposed", with_others_transposed


def _wrong_sums(right: Any) -> Iterator[tuple[str, Any]]:
    """Yield what may be wrong with the sum of an adjoint over many uses."""

    def without_one(uses: Any, part: Any = ...) -> Any:
        return right(uses[1:], part) if uses[1:] else right(uses, part) * 0

    yield "times 1.5", lambda uses, part=...: right(uses, part) * 1.5
    yield "negated", lambda uses, part=...: -right(uses, part)
    yield "without one of its uses", without_one


def _exchangeable(row: Any, i: int, j: int, args: Any) -> bool:
    """Would the engine let rules i and j stand in each other's place?"""
    if not 0 <= min(i, j) < max(i, j) < len(args):
        return False
    answer: bool = row.is_elementwise or np.shape(args[i]) == np.shape(args[j])
    return answer


def _exchanged(row: Any, i: int, j: int) -> list[Change]:
    def rule(k: int, first: Any, *args: Any, **options: Any) -> Any:
        among = args[0] if row.variadic else args
        chosen = i + j - k if _exchangeable(row, i, j, among) else k
        return right[chosen](first, *args, **options)

    right = {k: rule_of(row, k) for k in (i, j)}
    return wrong_rules(row, {k: partial(rule, k) for k in (i, j)})


def _is_square(a: Any) -> bool:
    shape = np.shape(a)
    return len(shape) > 1 and shape[-2] == shape[-1] > 1


def _transposed(a: Any) -> Any:
    """Exchange the last two axes, where that leaves the shape as it is."""
    if not _is_square(a):
        return a
    *front, rows, columns = range(len(np.shape(a)))
    return transpose(a, (*front, columns, rows))


def _planted(changes: Sequence[Change]) -> Callable[[], AbstractContextManager[None]]:
    """Return a function that makes a block inside which the row is changed."""

    @contextmanager
    def planted() -> Iterator[None]:
        with broken(changes), np.errstate(all="ignore"):  # a slip may divide by zero
            yield

    return planted
