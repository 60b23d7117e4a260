"""Planting a mistake in the engine, and mending it whatever happens.

A mistake is made of changes, and a change is an attribute that gets another value: the
partials of a row, its adjoints, a method that adds cotangents, the plan of the backward
walk. So nothing here imitates an engine. It is the one that trains, with a wrong line
in it, for as long as a `with` block lasts.

    slope      another partial in an elementwise row
    adjoint    another adjoint in a linear row
    all_uses   another sum over the uses of one argument (W_bar = sum over t)
    lost       edges along which no cotangent flows
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, NamedTuple, TypeAlias

from minigrad import gradient
from minigrad.primitive import TABLE
from minigrad.tensor import Tensor
from minigrad.types import Index, Value

WrongRule: TypeAlias = Callable[..., Value | float]
# Of the walk backwards: each step, its operands, and the arguments that it goes on to.
Plan: TypeAlias = list[tuple[Tensor, list[object], list[tuple[int, Tensor]]]]


class Change(NamedTuple):
    """While it lasts, `owner.name` is `value`."""

    owner: object
    name: str
    value: object


@contextmanager
def broken(changes: Sequence[Change]) -> Iterator[None]:
    """Make the changes; undo all of them at the end, whatever happened inside.

    >>> import minigrad as mg
    >>> with broken(slope("tanh", 0, lambda y, a: 1.0)):
    ...     mg.grad(mg.tanh(x := mg.Tensor(2.0)), x)
    array(1.)
    >>> round(float(mg.grad(mg.tanh(x), x)), 6)
    0.070651
    """
    before = [change._replace(value=getattr(*change[:2])) for change in changes]
    try:
        for change in changes:
            setattr(*change)
        yield
    finally:
        for change in before:
            setattr(*change)


def slope(name: str, i: int, wrong: WrongRule) -> list[Change]:
    """Give an elementwise row another partial for argument i."""
    return wrong_rules(TABLE[name], {i: wrong})


def adjoint(name: str, i: int, wrong: WrongRule) -> list[Change]:
    """Give a linear row another adjoint for argument i."""
    return wrong_rules(TABLE[name], {i: wrong})


def wrong_rules(row: Any, wrong: Mapping[int, WrongRule]) -> list[Change]:
    """Give a row other rules for some of its arguments.

    Where the row can add up many uses at once, or where its arguments' entries are read
    off the result, these faster ways are closed, or the walk would go around them.
    """
    if row.variadic:
        rules: tuple[WrongRule, ...] = (partial(_one_of, row.rules[0], wrong),)
    else:
        rules = tuple(wrong.get(k, right) for k, right in enumerate(row.rules))
    if row.is_elementwise:
        return [Change(row, "partials", rules), Change(row, "rules", rules)]
    batched = {
        k: faster for k, faster in row.batched_adjoints.items() if k not in wrong
    }
    return [
        Change(row, "adjoints", rules),
        Change(row, "rules", rules),
        Change(row, "batched_adjoints", batched),
        Change(row, "slice_of_argument", None),
    ]


def _one_of(
    right: WrongRule, wrong: Mapping[int, WrongRule], k: int, *args: Any, **options: Any
) -> Value | float:
    return wrong.get(k, partial(right, k))(*args, **options)


def rule_of(row: Any, i: int) -> Callable[..., Any]:
    """Return the partial or adjoint for argument i, also of a variadic row."""
    return partial(row.rules[0], i) if row.variadic else row.rules[i]


def rules_from(row: Any, rule: Callable[..., Any]) -> tuple[Callable[..., Any], ...]:
    """Return rule(i, ...) for every argument i, in the form in which a row has them."""
    if row.variadic:
        return (rule,)
    return tuple(partial(rule, i) for i in range(len(row.rules)))


def all_uses(
    name: str, i: int, chosen: Callable[[list[object]], list[object]]
) -> list[Change]:
    """Let the sum over the uses of argument i see only some; the last use is first."""
    row = TABLE[name]
    right = row.batched_adjoints[i]

    def over_some(uses: list[object], part: Index = ...) -> Value:
        return right(chosen(uses), part)

    return [Change(row, "batched_adjoints", {**row.batched_adjoints, i: over_some})]


def lost(edge: Callable[[Tensor, int, Tensor], bool]) -> list[Change]:
    """Let no cotangent flow from step to argument where `edge(step, i, arg)`."""

    def without(plan: Plan) -> Plan:
        return [
            (step, operands, [each for each in edges if not edge(step, *each)])
            for step, operands, edges in plan
        ]

    return planned(without)


def planned(otherwise: Callable[[Plan], Plan]) -> list[Change]:
    """Let the backward walk follow another plan than the engine made."""
    right = gradient._plan

    def plan(order: list[Tensor], inputs: list[Tensor], record: bool) -> Plan:
        return otherwise(right(order, inputs, record))

    return [Change(gradient, "_plan", plan)]


def made_by(tensor: Tensor, name: str) -> bool:
    """Was a Tensor made by the primitive of this name?"""
    return tensor.primitive is not None and tensor.primitive.name == name
