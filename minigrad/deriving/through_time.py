"""The same equation at many times is written once, with t.

    f_1 = sigma(W_f v_1 + b_f), f_2 = sigma(W_f v_2 + b_f), ...
    f_t = sigma(W_f v_t + b_f),  t = 1, ..., T

Nothing is assumed about the model. Two formulas are compared part by part: numbers in
time or in an index that are equal stay, those that move with t become t + k, and any
other difference means that these are different equations. What is found is put to the
test: at every t it has to give the equation that the tape gave.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields, is_dataclass
from typing import Any, TypeVar

import numpy as np

from minigrad.deriving.formula import At, Formula, Sum, TimeSum, add, letters_in
from minigrad.primitive import Primitive

F = TypeVar("F")  # a formula, or a tuple of such
FEW = 2  # so many terms of a sum over time are written out


def instance(general: F, t: int) -> F:
    """Return the formula at time t.

    >>> from minigrad.deriving.formula import Letter
    >>> instance(Letter("c", time=At(-1)), 3).time
    2
    """
    at_t: F = rebuilt(general, lambda x: t + x.offset if isinstance(x, At) else None)
    return at_t


def general(first: F, t: int, second: F, s: int) -> F | None:
    """Return the one formula that is `first` at t and `second` at s, or None.

    >>> from minigrad.deriving.formula import Letter
    >>> general(Letter("c", time=0), 1, Letter("c", time=1), 2).time
    At(offset=-1)
    """
    try:
        united: F = _unified(first, second, t, s)
        return united
    except _Different:
        return None


class _Different(Exception):
    """Two formulas that are not one formula at two times."""


def _unified(first: object, second: object, t: int, s: int) -> Any:
    if type(first) is not type(second):
        raise _Different
    if type(first) is int and type(second) is int and first != second:
        if first - t == second - s:
            return At(first - t)
        raise _Different
    if isinstance(first, Primitive) or not _has_parts(first):
        if isinstance(first, np.ndarray) and isinstance(second, np.ndarray):
            if not np.array_equal(first, second):
                raise _Different
        elif first != second:
            raise _Different
        return first
    mine, yours = _parts(first), _parts(second)
    if len(mine) != len(yours):
        raise _Different
    return _with_parts(
        first, [_unified(a, b, t, s) for a, b in zip(mine, yours, strict=True)]
    )


def rebuilt(whole: object, change: Callable[[object], object]) -> Any:
    """Return a formula with parts exchanged; `change` is None where a part stays."""
    changed = change(whole)
    if changed is not None or not _has_parts(whole):
        return whole if changed is None else changed
    return _with_parts(whole, [rebuilt(part, change) for part in _parts(whole)])


def _has_parts(whole: object) -> bool:
    return type(whole) in (tuple, list, slice) or isinstance(whole, Formula)


def _parts(whole: object) -> Sequence[object]:
    if isinstance(whole, slice):
        return whole.start, whole.stop, whole.step
    if is_dataclass(whole):
        return [getattr(whole, each.name) for each in fields(whole)]
    assert isinstance(whole, (tuple, list))
    return whole


def _with_parts(like: object, parts: list[object]) -> object:
    made: Callable[..., object] = type(like)
    return made(parts) if made in (tuple, list) else made(*parts)


def runs(instances: Sequence[tuple[int, F]]) -> list[tuple[F, list[int]]]:
    """Join formulas at rising times into general ones, each with its times.

    One that stands alone stays as it is.

    >>> from minigrad.deriving.formula import Letter
    >>> letters = [(t, Letter("c", time=t)) for t in (1, 2, 3)]
    >>> runs(letters)[0][1]
    [1, 2, 3]
    """
    joined: list[tuple[F, list[int]]] = []
    for t, each in instances:
        if joined:
            last, times = joined[-1]
            if len(times) > 1 and times[-1] + 1 == t and instance(last, t) == each:
                times.append(t)
                continue
            found = (
                general(last, times[0], each, t)
                if len(times) == 1 and times[0] + 1 == t
                else None
            )
            if found is not None and instance(found, t) == each:
                joined[-1] = found, [times[0], t]
                continue
        joined.append((each, [t]))
    return joined


def summed_over_time(whole: Formula) -> Formula:
    """Write terms that differ only in time as one sum over time."""
    if not isinstance(whole, Sum):
        return whole
    timed: dict[object, list[tuple[int, Formula]]] = {}
    rest: list[Formula] = []
    for term in whole.terms:
        times = [each.time for each in letters_in(term) if isinstance(each.time, int)]
        if times:
            timed.setdefault(_shape_of(term), []).append((max(times), term))
        else:
            rest.append(term)
    terms: list[Formula] = []
    for several in timed.values():
        for found, when in runs(sorted(several, key=lambda pair: pair[0])):
            if len(when) > FEW:
                terms.append(TimeSum(found, when[0], when[-1]))
            elif len(when) == 1:
                terms.append(found)
            else:
                terms += [instance(found, t) for t in when]
    return add((*terms, *rest))


def _shape_of(term: Formula) -> object:
    """Return a term without its times, to find others like it."""
    return rebuilt(term, lambda part: 0 if type(part) is int else None)
