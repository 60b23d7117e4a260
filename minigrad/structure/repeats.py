"""Repeats: time steps that did the same as the one before.

Two successive time steps are **repeats** when they ran the same primitives in the same
places with the same Parameters, and each reads its neighbour as the other does:

    step t      reads  x_t,    y_{t-1},  W_f     at place 5
    step t+1    reads  x_{t+1}, y_t,     W_f     at place 5

So the first step (it reads the initial state) is never a repeat of the second, and a
step with weights of its own is a repeat of none. Of every run of repeats the first is
an example of the others. The last step of all is never left out, because the result is
read from it.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from minigrad.context import Scope
from minigrad.parameter import Parameter
from minigrad.structure.loops import does, loop_of
from minigrad.structure.reading import reading
from minigrad.tape import Tape
from minigrad.tensor import Array, Tensor


@dataclass(frozen=True, eq=False)
class Run:
    """Time steps that repeat an example, in the order they ran.

    loop      the part of the model that runs over time
    example   the time step before them, of which they are repeats
    times     the time of each of them
    entries   what each of them recorded
    """

    loop: Scope
    example: int
    times: list[int]
    entries: list[list[Tensor]]


class _Place(NamedTuple):
    """Where an entry stands: in which loop, at which time step, as which entry."""

    loop: Scope
    t: int
    position: int


@reading
def repeats(tape: Tape) -> list[Run]:
    """Return the runs of repeated time steps of every loop, of two steps or more.

    >>> y = mg.Tensor(0.0, name="y_0")
    >>> for t in range(1, 8):
    ...     with mg.scope("loop", t):
    ...         y = mg.tanh(y)
    >>> [(run.example, run.times) for run in repeats(mg.Tape(y))]
    [(2, [3, 4, 5, 6])]
    """
    return list(runs(by_time(tape)))


def all_but_one(tape: Tape) -> list[Run]:
    """Return runs of all time steps of every loop but one, repeats or not.

    The one is the example of repeats, or else the second: it reads what a step made.
    """
    found = []
    for loop, steps in by_time(tape).items():
        runs = [run for run in repeats(tape) if run.loop == loop]
        one = [run.example for run in runs] + list(steps)[:2][::-1]
        run_of = {t: run for run in runs for t in run.times}
        for t, step in steps.items():
            if t != one[0]:
                found.append(run_of.get(t, Run(loop, one[0], [t], [step])))
    return list(dict.fromkeys(found))


@reading
def by_time(tape: Tape) -> dict[Scope, dict[int, list[Tensor]]]:
    """Return for every loop what was recorded at each time step."""
    found: dict[Scope, dict[int, list[Tensor]]] = {}
    for entry in tape:
        loop = loop_of(entry.scope)
        if loop is not None and entry.primitive is not None:
            t = int(entry.scope[len(loop)])
            found.setdefault(loop, {}).setdefault(t, []).append(entry)
    return found


def run_of_each(tape: Tape, runs: list[Run]) -> dict[Tensor, Run]:
    """Return the run of each entry that is in one.

    What only the steps of a run read, such as x[:, t] made outside the loop, is in it.
    """
    run_of = {e: run for run in runs for step in run.entries for e in step}
    readers: dict[Tensor, set[Run | None]] = {}
    for entry in reversed(tape.steps):
        found = readers.get(entry, set())
        outside = entry.primitive is not None and loop_of(entry.scope) is None
        if outside and entry not in set(tape.outputs) and len(found) == 1:
            (reader,) = found
            if reader is not None:
                run_of[entry] = reader
        for arg in entry.args:
            if isinstance(arg, Tensor):
                readers.setdefault(arg, set()).add(run_of.get(entry))
    return run_of


@reading
def repeated(tape: Tape) -> dict[Tensor, Run]:
    """Return the run of repeats that each entry is in, if it is in one."""
    return run_of_each(tape, repeats(tape))


def runs(loops: Mapping[Scope, Mapping[int, Sequence[Tensor]]]) -> Iterator[Run]:
    """Yield the runs of repeats among the entries of loops, given by time step."""
    place = {
        entry: _Place(loop, t, i)
        for loop, steps in loops.items()
        for t, entries in steps.items()
        for i, entry in enumerate(entries)
    }
    for loop, steps in loops.items():
        chains = [[t] for t in itertools.islice(steps, 1)]
        for last, t in itertools.pairwise(steps):
            if _repeats(steps[last], steps[t], t - last, place):
                chains[-1].append(t)
            else:
                chains.append([t])
        chains[-1].pop()  # the last step of all stays
        for example, *times in filter(None, chains):
            if len(times) > 1:
                yield Run(loop, example, times, [list(steps[t]) for t in times])


def _repeats(
    one: Sequence[Tensor],
    other: Sequence[Tensor],
    shift: int,
    place: dict[Tensor, _Place],
) -> bool:
    return len(one) == len(other) and all(
        _alike(a, b, shift, place, 0) for a, b in zip(one, other, strict=True)
    )


_DEPTH = 4  # how far back values made outside the loop (x[:, t]) are compared


def _alike(
    a: Tensor, b: Tensor, shift: int, place: dict[Tensor, _Place], depth: int
) -> bool:
    """Did both run the same primitive, in the same place, on corresponding values?"""
    return (
        does(a) == does(b)
        and a.shape == b.shape
        and len(a.args) == len(b.args)
        and a.options.keys() == b.options.keys()
        and all(_same(a.options[key], b.options[key], shift) for key in a.options)
        and all(
            _correspond(p, q, shift, place, depth)
            for p, q in zip(a.args, b.args, strict=True)
        )
    )


def _correspond(
    p: Any, q: Any, shift: int, place: dict[Tensor, _Place], depth: int
) -> bool:
    """Is q to the later step what p is to the earlier?"""
    if p is q:
        return True
    if not (isinstance(p, Tensor) and isinstance(q, Tensor)):
        return _same(p, q, 0)
    if p in place and q in place:
        return place[q] == place[p]._replace(t=place[p].t + shift)
    if p in place or q in place:
        return False
    if p.primitive is None or q.primitive is None:
        both_inputs = p.primitive is q.primitive
        trained = isinstance(p, Parameter) or isinstance(q, Parameter)
        return both_inputs and not trained and p.shape == q.shape
    return depth < _DEPTH and _alike(p, q, shift, place, depth + 1)


def _same(p: Any, q: Any, shift: int) -> bool:
    """Are two constants equal, or an index that moves with time, on or back?"""
    if isinstance(p, Array) or isinstance(q, Array):
        return bool(np.shape(p) == np.shape(q))  # a mask, an input: data, no program
    if type(p) is not type(q):
        return False
    if isinstance(p, tuple):
        return len(p) == len(q) and all(map(_same, p, q, itertools.repeat(shift)))
    if isinstance(p, slice):
        ends = ((p.start, q.start), (p.stop, q.stop), (p.step, q.step))
        return all(_same(a, b, shift) for a, b in ends)
    return bool(p == q) or (isinstance(p, int) and abs(q - p) == abs(shift))
