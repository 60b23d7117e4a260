"""A linear row apart from any tape: its adjoints at other shapes, options and modes.

A proof is about the row as its tape uses it. Whoever writes a row wants to know more:
does each adjoint fit what the row computes, wherever it may be asked? A row that knows
says so by samples (samples.py), shapes and options. There the identity of identity.py
is asked of each argument, in reverse, recorded reverse and forward mode, and the walk
through floats as well.

(An elementwise row is proved by its lemma, for all shapes: `lemmas.prove_row`.)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random

import numpy as np

from minigrad.context import clean_recording
from minigrad.numpy_protocol.array_like import plain
from minigrad.primitive import Linear
from minigrad.proving.blame import code_failed, rule_at_fault, rule_failed
from minigrad.proving.float_sums import check_sums
from minigrad.proving.identity import FORWARD, RECORDED, REVERSE
from minigrad.proving.residues import Field
from minigrad.recording import record
from minigrad.tape import Tape, made_by
from minigrad.tensor import Tensor
from minigrad.types import Shape

SAMPLES = 12  # shapes and options to a row
Sample = tuple[Sequence[Shape], Mapping[str, object]]


def prove_adjoints(row: Linear, *samples: Sample, seed: int = 0) -> int:
    """Prove the adjoints of a linear row at shapes and options; return at how many.

    samples   pairs of argument shapes and options; those that the row knows if none

    >>> from minigrad.primitive import TABLE
    >>> prove_adjoints(TABLE["matvec"])
    12
    >>> prove_adjoints(TABLE["sum"], ([(2, 3)], {"axis": -1}))
    1

    Raises ProofFailed, naming the argument; ValueError for a row without samples.
    """
    random, choose = Random(seed), Random(row.name)
    if not samples and row.samples is not None:
        samples = tuple(row.samples(choose) for _ in range(SAMPLES))
    if not samples:
        raise ValueError(
            f"the row {row.name!r} has no samples: give shapes and options, "
            "prove_adjoints(row, ([(2, 3), (3,)], {}))"
        )
    for shapes, options in samples:
        for each in (row, _one_by_one(row)) if row.batched_adjoints else (row,):
            with clean_recording():
                leaves = tuple(Tensor(np.zeros(shape)) for shape in shapes)
                value = row.function(*map(plain, leaves), **options)
                step = record(each, value, leaves, dict(options))
            _prove_step(Tape(step), step, random)
    return len(samples)


def _one_by_one(row: Linear) -> Linear:
    """Return a row whose uses the engine takes one by one, as when it records."""
    apart = object.__new__(type(row))  # copy() asks the table, and returns the row
    vars(apart).update(vars(row) | {"batched_adjoints": {}})
    return apart


def _prove_step(tape: Tape, step: Tensor, random: Random) -> None:
    """Prove one application in every mode, where its arguments lie, and in floats."""
    for mode in (REVERSE, RECORDED, FORWARD):
        failure = rule_at_fault(Field.drawn(random, 3), tape, step, mode)
        if failure is not None:
            raise failure
    row = made_by(step)
    if (
        row.slice_of_argument is not None
    ):  # they say where each argument lies: number the entries
        ends = np.cumsum([a.size for a in step.args])
        numbered = [
            np.arange(end - a.size, end).reshape(a.shape)
            for a, end in zip(step.args, ends, strict=True)
        ]
        joined = row.function(*numbered, **step.options)
        for i, arg in enumerate(numbered):
            part = row.slice_of_argument(i, numbered, step.options)
            if not np.array_equal(joined[part], arg):
                why = (
                    f"`slice_of_argument` says that argument {i} lies at {part}; it "
                    "lies elsewhere."
                )
                raise rule_failed(tape, step, i, (Exception(why), None))
    wrong = check_sums(step, random)
    if wrong is not None:
        raise code_failed(wrong, tape)
