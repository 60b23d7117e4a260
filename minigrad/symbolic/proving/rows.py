"""Linear rows, exactly: the adjoint identity in integers, on all pairs of unit vectors.

A linear row computes y = A x. Its adjoint A* is the one map with

    <g, A x> = <A* g, x>      for all g and x,

that is, the matrix of A* is the transpose of the matrix of A. At a given shape both
matrices can simply be written down, by applying the function to every unit vector x
and the rule to every unit vector g, in Python integers. Comparing them is a proof for
that shape and those options: nothing is rounded and nothing is left to chance. Where a
row is linear in each argument (matmul), the other arguments are random integers.

Which shapes and options? A row that knows what it may be asked says so (samples.py); of
these several are tried, always the same. An elementwise row may meet any shapes that
broadcast, and its rules are tried on such in the field.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

import numpy as np

from minigrad.context import clean_recording
from minigrad.gradient import grad, pushforward
from minigrad.primitive import Linear, Primitive
from minigrad.recording import record
from minigrad.samples import narrowed, some_shape
from minigrad.symbolic.failures import ProofFailed, adjoint_failed, where_made
from minigrad.symbolic.proving.counterexample import RECORDED, REVERSE, of_rule
from minigrad.symbolic.proving.identity import runs_on
from minigrad.symbolic.proving.local import check_parts, check_rule, rule_sizes
from minigrad.symbolic.proving.memory import Memory, as_it_is, remembered
from minigrad.symbolic.rings.domains import Exact
from minigrad.symbolic.rings.field import Field
from minigrad.symbolic.rings.primes import random_prime
from minigrad.symbolic.rings.sizes import Size
from minigrad.tape import Tape
from minigrad.tensor import Tensor

SAMPLES = 12  # shapes and options to a row


def check_adjoints(
    row: Linear,
    shapes: Sequence[tuple[int, ...]],
    options: Mapping[str, Any] | None = None,
    seed: int = 0,
) -> int:
    """Prove every rule of a linear row at the given argument shapes and options.

    Returns how many matrix entries were compared. Also shows that the row is linear as
    declared, and that its forward mode is the derivative.

    >>> from minigrad.primitive import TABLE
    >>> check_adjoints(TABLE["matvec"], [(2, 3), (3,)])
    18

    Raises ProofFailed, naming the argument and the first entry that differs.
    """
    options = dict(options or {})
    random = Random(seed)
    args = [_integers(shape, random) for shape in shapes]
    _require_linear(row, args, options, random)
    compared = 0
    for i, arg in enumerate(args):
        others = args if not row.jointly else [np.asarray(each * 0) for each in args]
        with clean_recording():
            columns = [
                row.function(*others[:i], unit, *others[i + 1 :], **options)
                for unit in _units(arg.shape)
            ]
            leaves = [Tensor(each) for each in args]
            y = record(row, row.function(*args, **options), leaves, options)
            units = _units(y.shape)
            pulled = [grad(y, leaves[i], seed=g) for g in units]
            recorded = [
                grad(y, leaves[i], seed=Tensor(g), record=True).data for g in units
            ]
        for k, j in np.ndindex(len(units), arg.size):
            expected = np.ravel(columns[j])[k]
            compared += 1
            for found in (np.ravel(pulled[k])[j], np.ravel(recorded[k])[j]):
                if expected != found:
                    where = f"shapes {tuple(shapes)}, entry {j} of argument {i}, "
                    where += f"entry {k} of the result"
                    mode = REVERSE if found is np.ravel(pulled[k])[j] else RECORDED
                    example = of_rule(_applied(row, shapes, options), i, mode)
                    raise adjoint_failed(row.name, i, where, found, expected, example)
    return compared


def _require_linear(row: Linear, args: Any, options: Any, random: Random) -> None:
    """Compare f(x + 3 x') - f(x) with 3 times the tangent that forward mode carries."""
    groups = [range(len(args))] if row.jointly else [[i] for i in range(len(args))]
    for moving in groups:
        steps = {i: _integers(args[i].shape, random) for i in moving}
        moved = [
            np.asarray(arg + 3 * steps[i]) if i in steps else arg
            for i, arg in enumerate(args)
        ]
        with clean_recording():
            leaves = [Tensor(arg) for arg in args]
            y = record(row, row.function(*args, **options), leaves, options)
            tangents = {leaves[i]: step for i, step in steps.items()}
            tangent = pushforward(Tape(y), tangents)[y]
            expected = row.function(*moved, **options) - y.data
        if not np.array_equal(expected, 3 * tangent):
            declared = "jointly linear" if row.jointly else "linear in each argument"
            where = f"declared {declared}; forward mode"
            raise adjoint_failed(row.name, None, where, 3 * tangent, expected)


@dataclass(frozen=True)
class RowShown:
    """What was shown of a row apart from the tape.

    shapes    at how many combinations of shapes and options
    entries   how many entries were compared there
    how       in integers, in the field, or by its lemma
    """

    name: str
    shapes: int
    entries: int
    how: str


def show_row(row: Any, by_lemma: bool, seed: int | str) -> tuple[RowShown, list[Any]]:
    """Try every rule of a row on its samples; return what was shown.

    Of an elementwise row also the sizes of the differences that were found to be zero
    at random. Raises ProofFailed.

    >>> from minigrad.primitive import TABLE
    >>> show_row(TABLE["matvec"], by_lemma=False, seed=0)[0].shapes
    12
    """
    choose = Random(row.name)  # the same samples in every run
    if isinstance(row, Linear):
        if row.samples is None:
            return RowShown(row.name, 0, 0, "at its recorded shapes only"), []
        tried = [row.samples(choose) for _ in range(SAMPLES)]
        entries = sum(check_adjoints(row, *sample) for sample in tried)
        for shapes, options in tried:
            check_parts(_applied(row, shapes, options), 0)
        return RowShown(row.name, SAMPLES, entries, "in integers"), []
    source = Random(f"{row.name} {seed}")
    field = Field(random_prime(source), source)
    opaque = {row} if by_lemma else set()
    sizes, entries = [], 0
    for _ in range(SAMPLES):
        shape = some_shape(choose, least=1)
        shapes = [narrowed(choose, shape) for _ in row.partials]
        step = _applied(row, shapes, {})
        opaque = opaque if runs_on(field, step) else {row}
        check_rule(field, step, 0, opaque)
        sizes += rule_sizes(step, opaque)
        entries += step.size
    how = "in the field, slopes by lemma" if opaque else "in the field"
    return RowShown(row.name, SAMPLES, entries, how), sizes


def show_rows(
    tape: Tape, opaque: Collection[Primitive], seed: int, known: Memory
) -> tuple[tuple[RowShown, ...], list[Size]]:
    """Try every row on the tape at other shapes; return that, and the sizes of it."""
    first: dict[Any, int] = {}
    for position, step in enumerate(tape):
        if step.primitive is not None:
            first.setdefault(step.primitive, position)
    shown: list[RowShown] = []
    sizes: list[Size] = []
    for row, position in first.items():
        by_lemma = row in opaque
        key = "row", as_it_is(row), by_lemma
        try:
            one, more = remembered(
                known,
                key,
                lambda: show_row(row, by_lemma, seed),  # noqa: B023
            )
        except ProofFailed as failure:
            failure.step = None if failure.row is None else position
            where = where_made(position, tape.steps[position])
            failure.add(f"First used at {where}.")
            raise
        shown.append(one)
        sizes += more
    return tuple(shown), sizes


def _applied(row: Any, shapes: Sequence[tuple[int, ...]], options: Any) -> Tensor:
    """Return a row applied to leaves of these shapes; the numbers do not matter."""
    leaves = tuple(Tensor(np.zeros(shape)) for shape in shapes)
    with clean_recording():
        if isinstance(row, Linear):
            value = row.function(*(leaf.data for leaf in leaves), **options)
        else:
            value = np.zeros(np.broadcast_shapes(*shapes))
        return record(row, value, leaves, options)


def _integers(shape: tuple[int, ...], random: Random) -> np.ndarray:
    """Random integers; as `Exact` numbers, which stay exact beside a float 0.0."""
    entries = np.empty(shape, object)
    for index in np.ndindex(shape):
        entries[index] = Exact(random.randrange(-(2**60), 2**60))
    return entries


def _units(shape: tuple[int, ...]) -> list[np.ndarray]:
    """Every unit vector of a shape, in integers."""
    units = []
    for index in np.ndindex(shape):
        unit = np.full(shape, Exact(0), object)
        unit[index] = Exact(1)
        units.append(unit)
    return units
