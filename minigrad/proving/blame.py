"""Whose fault is it? The identity of one step, and the sum over the uses of a value.

Reverse mode is right if two things are: every rule is the adjoint of its step, and the
walk adds what every use contributes. When the identity of a whole tape fails, it is
asked of each application by itself, one argument at a time. If all hold, the fault is
in the accumulation: adding up the contributions here, step by step, and comparing with
the engine finds the last step whose cotangent is not the sum over its uses.

The second half says so. Every failure has a subject, one application of a row or the
whole gradient; a reason; a remedy; and, mostly, two numbers that differ.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TypeAlias, TypeVar, cast

import numpy as np

from minigrad.context import clean_recording
from minigrad.gradient import grad
from minigrad.messages import explained, named
from minigrad.numpy_protocol.array_like import plain
from minigrad.primitive import Elementwise
from minigrad.proving.counterexample import Counterexample, of_rule, of_tape
from minigrad.proving.failures import ProofFailed
from minigrad.proving.float_code import Difference, epsilon
from minigrad.proving.identity import (
    FORWARD,
    RECORDED,
    REVERSE,
    RuleStopped,
    Trial,
    by_itself,
    derivative,
    disagreement,
    gradient,
    paired,
    same,
    trial,
)
from minigrad.proving.program import applications, where_made
from minigrad.proving.residues import Field, Residues
from minigrad.recording import record
from minigrad.tape import Tape, made_by
from minigrad.tensor import Tensor
from minigrad.types import Array

Pair: TypeAlias = tuple[object, object]  # found (or a RuleStopped), expected
Cotangent = TypeVar("Cotangent", Array, Residues)


def blamed(
    made: Trial, tape: Tape, cotangents: Sequence[Residues], mode: str, pair: Pair
) -> ProofFailed:
    """Return the failure of a tape whose two sides differ, with the place if found."""
    for step in applications(tape):
        failure = rule_at_fault(made.field, tape, step, mode)
        if failure is not None:
            return failure
    at = example = None
    if isinstance(pair[0], Exception):
        why = f"the engine's walk stopped: {pair[0]}."
    else:

        def engine(inputs: list[Tensor]) -> list[Residues]:
            return gradient(made, tape.outputs, inputs, cotangents, mode)

        wrt = list(made.directions)
        at = _first_wrong(tape, wrt, made.copies, cotangents, engine, same)
        example = of_tape(tape.outputs[0], wrt, mode)
        why = _not_the_sum(tape, at)
    why = f"every rule is right, the accumulation is wrong: {why}"
    fix = (
        "a value used twice receives both contributions: look at what adds cotangents, "
        "and at `batched_adjoints` and `slice_of_argument` in the rows concerned."
    )
    return _failed(tape, at, why, fix, pair, example)


def rule_at_fault(
    field: Field, tape: Tape, step: Tensor, mode: str
) -> ProofFailed | None:
    """Ask the identity of one application, by each argument; None if it holds."""
    for i, arg in enumerate(step.args):
        if not isinstance(arg, Tensor):
            continue
        output = by_itself(step)
        pair = disagreement(field, Tape(output), [output.args[i]], mode)
        if pair is None:
            continue
        summed = mode != FORWARD and isinstance(pair[0], Residues)
        if summed and _right_before_the_sum(field, step, i, mode):
            return summed_wrongly(tape, step, i, pair, mode)
        return rule_failed(tape, step, i, pair, mode)
    return None


def _right_before_the_sum(field: Field, step: Tensor, i: int, mode: str) -> bool:
    """Is the rule for a broadcast argument right, before the engine sums what it gave?

    Let r be what the rule returns, in the shape of the result y. If every repetition of
    the argument moves along the same v, then <r, v repeated> = <g, D_v y>.
    """
    output = by_itself(step)
    leaf = output.args[i]
    made = trial(field, Tape(output), [leaf])
    node, v, g = made.copies[output], made.directions[leaf], field.draw(output.shape)
    row = made_by(node)
    r = None
    with suppress(Exception), clean_recording():  # a broken rule may raise anything
        given = [record(None, g, (), {}), node, *node.args]
        cotangent, y, *args = given if mode == RECORDED else map(plain, given)
        r = plain(row.vjp(i, cotangent, y, args, node.options))
    if not isinstance(r, Residues) or r.shape == v.shape:
        return False
    return same(paired(field, [r], [v]), derivative(made, [output], [g]))


# ------------------------------------------------------------------- the accumulation


def _first_wrong(
    tape: Tape,
    wrt: Sequence[Tensor],
    copies: Mapping[Tensor, Tensor],
    cotangents: Sequence[Cotangent],
    engine: Callable[[list[Tensor]], list[Cotangent]],
    agree: Callable[[Cotangent, Cotangent], bool],
) -> Tensor | None:
    """Return the last step whose cotangent by the engine is not the sum over its uses.

    The engine plans its walk by what is asked, so it is asked for all steps, then for
    `wrt`. The numbers are residues or floats: those of `copies` and `cotangents`.
    """
    with clean_recording():
        sums = _sums_over_uses(tape, copies, cotangents)
        for inputs in ([step for step in tape if step in sums], list(wrt)):
            try:
                bars = engine(inputs)
            except RuleStopped:
                continue
            for step, bar in zip(reversed(inputs), reversed(bars), strict=True):
                if not agree(bar, sums.get(step, 0 * bar)):
                    return step
    return None


def _sums_over_uses(
    tape: Tape, copies: Mapping[Tensor, Tensor], cotangents: Sequence[Cotangent]
) -> dict[Tensor, Cotangent]:
    """Walk backwards step by step, adding contributions here and not in the engine."""
    bars: dict[Tensor, Cotangent] = {}

    def add(step: Tensor, contribution: Cotangent) -> None:
        bars[step] = bars[step] + contribution if step in bars else contribution

    for output, cotangent in zip(tape.outputs, cotangents, strict=True):
        add(output, cotangent)
    for step in reversed(tape.steps):
        if step.primitive is None or step not in bars:
            continue
        node = copies[step]
        leaves = tuple(
            record(None, a.data, (), {}) if isinstance(a, Tensor) else a
            for a in node.args
        )
        y = record(node.primitive, node.data, leaves, node.options)
        slopes = getattr(node.primitive, "slopes", leaves)
        for arg, leaf, slope in zip(step.args, leaves, slopes, strict=True):
            if isinstance(leaf, Tensor) and slope is not None:  # what moves has one
                add(arg, cast(Cotangent, grad(y, leaf, seed=bars[step])))
    return bars


def _close(found: Array, expected: Array) -> bool:
    """Are two cotangents equal, up to what rounding in their precision explains?"""
    close = np.sqrt(epsilon(found, expected))
    found, expected = np.asarray(found, float), np.asarray(expected, float)
    scale = np.max(np.abs(expected), initial=1e-300)
    return np.allclose(found, expected, close, close * scale, equal_nan=True)


def _not_the_sum(tape: Tape, step: Tensor | None) -> str:
    if step is None:
        return "the gradient along a direction is not the derivative along it."
    uses = [str(k) for k, each in enumerate(tape) for a in each.args if a is step]
    listed = ", ".join(uses if len(uses) < 12 else [*uses[:6], "..."])
    return f"its cotangent is not the sum over its uses, at steps {listed}."


# ------------------------------------------------------------------ what a failure says


def _failed(
    tape: Tape,
    at: Tensor | None,
    why: str,
    fix: str,
    pair: Pair = (None, None),
    example: Counterexample | None = None,
    of: Tensor | None = None,
    right: str = "the derivative",
    **facts: object,
) -> ProofFailed:
    """Return the failure that is seen at a step of a tape, with both numbers.

    Its subject is the application `of` a row; the whole gradient if that is None.
    """
    position = {step: k for k, step in enumerate(tape)}
    operands: dict[str, object] = {}
    if of is not None:
        row = made_by(of)
        subject = f"{row.name} ({where_made(position[of], of)})"
        operands = named(of.args)
    else:
        subject = f"the gradient of {tape.outputs[0].name or 'the output'}"
        if at is not None:
            operands = {where_made(position[at], at): at}
    found, expected = pair
    if isinstance(found, float) or (isinstance(found, Residues) and example is None):
        why += f" It gives {found}, and {right} is {expected}."
    if example is not None:
        why += f" {example}"
    return explained(
        ProofFailed,
        f"the proof of {subject}",
        operands,
        why,
        fix,
        step=None if at is None else position[at],
        found=found,
        expected=expected,
        counterexample=example,
        **facts,
    )


def rule_failed(
    tape: Tape, step: Tensor, i: int, pair: Pair, mode: str = REVERSE, how: str = "."
) -> ProofFailed:
    """Return the failure of rule i at a step of a tape."""
    row = made_by(step)
    rule, example = f"the rule for argument {i}", None
    has_value = step.dtype.kind != "f" or np.isfinite(step.data).any()
    if isinstance(pair[0], Exception) and not has_value:
        why = f"{row.name} has no finite value here, and no derivative: {pair[0]}."
        fix = "look for a mean of nothing, an empty batch, or a constant denominator 0."
        return _failed(tape, step, why, fix, of=step, undecided=True)
    if isinstance(pair[0], Exception):
        why = f"{rule} does not run: {pair[0]}"
    else:
        why, example = f"{rule} is wrong{how}", of_rule(step, i, mode)
    fix = f"mend {rule} in the row {row.name!r}."
    return _failed(
        tape, step, why, fix, pair, example, of=step, row=row.name, argument=i
    )


def summed_wrongly(
    tape: Tape, step: Tensor, i: int, pair: Pair, mode: str = REVERSE
) -> ProofFailed:
    """Return the failure of the engine's sum over the axes of a broadcast argument.

    It names no row, for every rule is right, but the argument's step on the tape.
    """
    arg, example = step.args[i], of_rule(step, i, mode)
    if example is not None:
        example = replace(example, what="the engine")
    why = (
        f"the rule for argument {i} is right, and what is made of it is wrong: from "
        f"{arg.shape} to {step.shape} it is repeated, and all repetitions add up."
    )
    fix = "look at what sums over broadcast axes: `unbroadcast`, in accumulation.py."
    return _failed(tape, arg, why, fix, pair, example, of=step)


def code_failed(wrong: Difference, tape: Tape) -> ProofFailed:
    """Return the failure of code that is not its formula, in the numbers that train."""
    step, i, pair = wrong.step, wrong.argument, (wrong.found, wrong.expected)
    row = made_by(step)
    entry = f" at entry {list(wrong.entry)}" if wrong.entry else ""
    if i is None and _was_written_into(step):
        why = "an array that it read or made was written into after it was recorded."
        fix = "give a Parameter a new array, p.data = ..., and record again; inside "
        fix += "mg.checked() such a write is refused."
        return _failed(tape, step, why, fix, pair, None, step, "what it would give now")
    if i is None:
        why = f"its function does not compute what the row means{entry}."
        fix = f"mend the function or the meaning in the row {row.name!r}."
        right = "what the row means"
        return _failed(tape, step, why, fix, pair, None, step, right, row=row.name)
    if wrong.why:
        return rule_failed(tape, step, i, (RuleStopped(wrong.why), np.nan))
    if wrong.sums and isinstance(row, Elementwise):
        return summed_wrongly(tape, step, i, pair)
    how = f" in floats{entry}: the code is not the formula."
    if wrong.sums:
        how = (
            " in whole floats, without rounding: the code tells kinds of arrays apart."
        )
    return rule_failed(tape, step, i, pair, how=how)


def _was_written_into(step: Tensor) -> bool:
    """Does a step, computed once more from what it read, give other numbers?"""
    values = [arg.data if isinstance(arg, Tensor) else arg for arg in step.args]
    again = made_by(step).function(*values, **step.options)
    return not np.array_equal(np.asarray(again), step.data, equal_nan=True)


def gradient_failed(
    tape: Tape, wrt: Sequence[Tensor], found: float, expected: float, off: float
) -> ProofFailed:
    """Return the failure of the gradient in floats, where all else is right."""
    (output,) = tape.outputs
    itself, ones = {step: step for step in tape}, [np.ones_like(output.data)]
    at = _first_wrong(tape, wrt, itself, ones, lambda xs: grad(output, xs), _close)
    why = (
        "in exact numbers every rule and the accumulation are right, and in "
        f"{output.dtype} the gradient is wrong: {_not_the_sum(tape, at)} Along a "
        f"random direction it is off by {off:.3g} times what rounding explains."
    )
    fix = "look for code that asks for dtypes, or writes into one array twice."
    return _failed(tape, at, why, fix, (found, expected), of_tape(output, wrt))


def gradient_unfit(tape: Tape, x: Tensor, bar: Array) -> ProofFailed:
    """Return the failure of a gradient of another shape or dtype than its array."""
    why = f"the gradient by this has shape {bar.shape} and dtype {bar.dtype}."
    fix = "look at `Cotangents.fit` and `complete`, in accumulation.py."
    return _failed(tape, x, why, fix)


def numbers_changed(tape: Tape, step: Tensor) -> ProofFailed:
    """Return the failure of a gradient that writes into the numbers of its tape."""
    why = (
        "the recorded numbers of this step were changed while the gradient was "
        "computed: a rule writes into an array that it was given."
    )
    fix = "let the rule return arrays of its own: no out=, no += on an argument."
    return _failed(tape, step, why, fix)


def forgotten(output: Tensor, found: float, expected: float) -> ProofFailed:
    """Return the failure of a recorded gradient that is none at another point."""
    why = (
        "the recorded gradient is right where it was recorded, and wrong at a point "
        "nearby: a rule used a number that its recording does not know."
    )
    fix = "look for .data, float(...) or a plain array inside a rule."
    return _failed(Tape(output), None, why, fix, (found, expected))
