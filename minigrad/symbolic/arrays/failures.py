"""Which rule of a large tape is broken? The identity of each step, on whole arrays.

As in local.py: the adjoint identity is checked for each kind of application on the
tape, at the numbers of the trial that failed and along new directions. If all hold, the
fault is in the accumulation, and walking the tape again beside the engine finds the
last step whose cotangent is not the sum of its uses.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.array_like import plain
from minigrad.context import clean_recording
from minigrad.gradient import grad
from minigrad.messages import explain
from minigrad.recording import record
from minigrad.symbolic.arrays.dual_array import DualArray
from minigrad.symbolic.arrays.exact_array import ExactArray
from minigrad.symbolic.arrays.twin import WalkStopped, applied, cannot_run, gradients
from minigrad.symbolic.failures import (
    ProofFailed,
    rule_failed,
    summed_wrongly,
    where_made,
)
from minigrad.symbolic.proving.counterexample import of_rule
from minigrad.symbolic.proving.identity import ByLemma, Twin
from minigrad.symbolic.proving.local import applications
from minigrad.tape import Tape
from minigrad.tensor import Tensor


def located(
    made: Twin, tape: Tape, cotangent: Any, found: Any, expected: Any
) -> Exception:
    """Return the failure of a tape whose two sides differ, with the place if found.

    `found` is an exception where the engine's walk did not come to its end.
    """
    for position, step in applications(tape):
        if isinstance(made.steps[step].primitive, ByLemma):
            continue
        tensors = [i for i, a in enumerate(step.args) if isinstance(a, Tensor)]
        if _disagreement(made, step, tensors) is None:
            continue
        for i in tensors:
            wrong = _disagreement(made, step, [i])
            if wrong is not None:
                return _blamed(made, tape, position, i, *wrong)
    return _accumulation_failed(made, tape, cotangent, found, expected)


def _blamed(
    made: Twin, tape: Tape, position: int, i: int, found: Any, expected: Any
) -> Exception:
    """Return the failure of rule i of a step, or of what the engine makes of it."""
    step = tape.steps[position]
    if found is None:
        return cannot_run(step, "a rule returned an array of floats")
    ran = not isinstance(found, Exception)
    example = of_rule(step, i) if ran else None
    if ran and _right_if_summed(made, step, i):
        return summed_wrongly(step, position, i, tape, found, expected, example)
    return rule_failed(step, position, i, found, expected, example)


def _disagreement(made: Twin, step: Tensor, moving: list[int]) -> Any:
    """Compare <A* g, x'> and <g, A x'> for some arguments of one step.

    Returns None if they agree, the two numbers if not, and (error, None) if a rule
    raises.
    """
    ring, node = made.ring, made.steps[step]
    operands = [plain(a) for a in node.args]
    with clean_recording():
        leaves = [
            record(None, a, (), {}) if i in moving else a
            for i, a in enumerate(operands)
        ]
        again = record(node.primitive, node.data, tuple(leaves), node.options)
    v, g, expected = _moved(made, step, moving)
    try:
        with clean_recording():
            bars = grad(again, [leaves[i] for i in moving], seed=g)
    except ZeroDivisionError:
        raise
    except Exception as error:  # whatever a broken rule may raise
        return error.__cause__ or error, None
    if not all(isinstance(bar, ExactArray) for bar in bars):
        return None, None
    found = ring.filled(0, ())
    for i, bar in zip(moving, bars, strict=True):
        found = found + (bar * v[i]).sum()
    return None if found.raw == expected.raw else (found, expected)


def _moved(made: Twin, step: Tensor, moving: list[int]) -> Any:
    """Return directions of some arguments of a step, a cotangent g, and <g, A x'>."""
    ring, node = made.ring, made.steps[step]
    operands = [plain(a) for a in node.args]
    v = {i: ring.fresh("direction", operands[i].shape) for i in moving}
    duals = [DualArray(a, v[i]) if i in v else a for i, a in enumerate(operands)]
    _, y = applied(node.primitive, ring, duals, step, set())
    g = ring.fresh("cotangent", step.shape)
    return v, g, (g * y.tangent).sum()


def _right_if_summed(made: Twin, step: Tensor, i: int) -> bool:
    """Is the rule for a broadcast argument right, before the engine sums what it gave?

    As in local.py: <sum of r, v> = <r, v repeated>, and here r * v repeats v.
    """
    node: Any = made.steps[step]
    operands = [plain(a) for a in node.args]
    v, g, expected = _moved(made, step, [i])
    try:
        with clean_recording():
            returned = node.primitive.vjp(i, g, node.data, operands, node.options)
            repeated = (returned * v[i]).sum()
    except ZeroDivisionError:
        raise
    except Exception:  # whatever a broken rule may raise
        return False
    spread = getattr(returned, "shape", None) != v[i].shape
    return spread and bool(repeated.raw == expected.raw)


def _accumulation_failed(
    made: Twin, tape: Tape, cotangent: Any, found: Any, expected: Any
) -> ProofFailed:
    """Name the last step whose cotangent is not the sum of what its uses contribute."""
    (output,) = tape.outputs
    stopped = isinstance(found, WalkStopped)
    wrong = None if stopped else _first_wrong(made, tape, cotangent)
    at = next((k for k, step in enumerate(tape) if step is wrong), None)
    operands: dict[str, Any] = {}
    if wrong is not None and at is not None:
        operands = {where_made(at, wrong): wrong}
        uses = [str(k) for k, step in enumerate(tape) for a in step.args if a is wrong]
        listed = ", ".join(uses if len(uses) < 6 else [*uses[:3], "..."])
        why = f"the cotangent of step {at} is not the sum over its {len(uses)} uses, "
        why += f"at steps {listed}."
    elif stopped:
        why = f"the engine's walk stopped: {found}."
    else:
        why = f"<gradient, v> is {found}, the derivative along v is {expected}."
    return ProofFailed(
        explain(
            f"the proof of the gradient of {output.name or 'the output'}",
            operands,
            f"every rule is right, the accumulation is wrong: {why}",
            "a value used twice receives both contributions: look at what adds "
            "cotangents, and at `together` and `parts` in the rows concerned; a small "
            "model of the same kind shows the numbers.",
        ),
        step=at,
        found=found,
        expected=expected,
    )


def _first_wrong(made: Twin, tape: Tape, cotangent: Any) -> Tensor | None:
    """Walk beside the engine, which plans by what is asked: all, then the same."""
    (output,) = tape.outputs
    bars = _added_up(made, tape, cotangent)
    for asked in ([step for step in tape if step in bars], list(made.directions)):
        try:
            engine = gradients(made, output, asked, cotangent)
        except WalkStopped:
            continue
        for step, bar in zip(reversed(asked), reversed(engine), strict=True):
            right = bars[step] if step in bars else bar * 0
            if not np.array_equal(bar.raw, right.raw):
                return step
    return None


def _added_up(made: Twin, tape: Tape, cotangent: Any) -> dict[Tensor, Any]:
    """Walk backwards step by step, adding contributions here and not in the engine."""
    bars: dict[Tensor, Any] = {tape.outputs[0]: cotangent}
    for step in reversed(tape.steps):
        if step not in bars or step.primitive is None:
            continue
        node = made.steps[step]
        with clean_recording():
            leaves = [
                record(None, a.data, (), {}) if isinstance(a, Tensor) else a
                for a in node.args
            ]
            again = record(node.primitive, node.data, tuple(leaves), node.options)
            for arg, leaf in zip(step.args, leaves, strict=True):
                if isinstance(arg, Tensor):
                    contribution = grad(again, leaf, seed=bars[step])
                    known = arg in bars
                    bars[arg] = bars[arg] + contribution if known else contribution
    return bars
