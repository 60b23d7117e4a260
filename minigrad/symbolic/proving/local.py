"""Which rule is broken? The identity of one step, and of the sum of its steps.

Reverse mode is right if two things are: every rule is the adjoint of its step, and the
walk adds what every use contributes. So the adjoint identity is checked for each rule
on its own, on new random numbers, once for every combination of row, shapes, options
and constants that the tape has (a rule sees nothing else). If all hold and the whole
tape still fails, the fault is in the accumulation; walking it again beside the engine
finds the first step whose cotangent is incomplete.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from minigrad.array_like import plain
from minigrad.context import clean_recording
from minigrad.gradient import grad, pushforward
from minigrad.messages import explain
from minigrad.primitive import Primitive
from minigrad.recording import record
from minigrad.symbolic.failures import (
    ProofFailed,
    in_floats,
    rule_failed,
    summed_wrongly,
    where_made,
)
from minigrad.symbolic.proving.counterexample import (
    FORWARD,
    RECORDED,
    REVERSE,
    Counterexample,
    of_rule,
)
from minigrad.symbolic.proving.identity import Twin, alone, both_sides, paired, twin
from minigrad.symbolic.rings.entries import fresh
from minigrad.symbolic.rings.sizes import Size, Sizes
from minigrad.tape import Tape
from minigrad.tensor import Array, Tensor


def applications(tape: Tape) -> Iterator[tuple[int, Tensor]]:
    """Return position and step of the first of each kind of application on the tape."""
    seen = set()
    for position, step in enumerate(tape):
        if step.primitive is None:
            continue
        key = kind(step)
        if key not in seen:
            seen.add(key)
            yield position, step


def kind(step: Tensor) -> Any:
    """Return all that a rule sees of an application, but the numbers, to compare."""
    args = tuple(
        ("shape", a.shape) if isinstance(a, Tensor) else frozen(a) for a in step.args
    )
    return step.primitive, args, frozen(step.options)


def frozen(value: Any) -> Any:
    """Return a constant or an option as something that can be compared and hashed.

    >>> frozen((slice(1, 3), [0, 2]))
    ('tuple', ('slice', 1, 3, None), ('list', 0, 2))
    """
    if isinstance(value, Array):
        return "array", value.shape, value.dtype.str, tuple(value.ravel().tolist())
    if isinstance(value, (tuple, list)):
        return type(value).__name__, *map(frozen, value)
    if isinstance(value, dict):
        return "dict", *((key, frozen(each)) for key, each in sorted(value.items()))
    if isinstance(value, slice):
        return "slice", value.start, value.stop, value.step
    return value


def check_rule(
    ring: Any,
    step: Tensor,
    position: int,
    opaque: Collection[Primitive],
    whole: Iterable[Tensor] = (),
) -> None:
    """Check the rules of one step, on new variables of a field.

    Three readings of the row are compared with dual numbers: the backward walk on
    arrays, the recorded backward walk that higher derivatives use, and forward mode.
    Raises ProofFailed naming the row and the argument, or the argument's own step on
    the whole tape, if the rule is right and its cotangent is not added up rightly.
    """
    tape = Tape(alone(step))
    (output,) = tape.outputs
    check_parts(step, position)
    wrong = _disagreement(ring, tape, tape.leaves, opaque)
    if wrong is None:
        return
    argument = None
    for i, leaf in enumerate(output.args):  # moving one argument tells whose rule it is
        alone_wrong = isinstance(leaf, Tensor) and _disagreement(
            ring, tape, [leaf], opaque
        )
        if alone_wrong:
            argument, wrong = i, alone_wrong
            break
    mode, found, expected = wrong
    ran = not isinstance(found, Exception)
    example = of_rule(step, argument, mode) if ran else None
    if argument is not None and _right_if_summed(ring, tape, argument, opaque):
        raise summed_wrongly(step, position, argument, whole, found, expected, example)
    raise rule_failed(step, position, argument, found, expected, example)


def _right_if_summed(
    ring: Any, tape: Tape, i: int, opaque: Collection[Primitive]
) -> bool:
    """Is the rule for a broadcast argument right, before the engine sums what it gave?

    Let r be what the rule returns, in the shape of the result. If every repetition of
    the argument moves along the same v, then <sum of r, v> = <r, v repeated>.
    """
    (output,) = tape.outputs
    leaf = output.args[i]
    made = twin(ring, tape, [leaf], opaque)
    g = fresh(ring, "cotangent", output.shape)
    node: Any = made.steps[output]
    try:
        with clean_recording():
            operands = [plain(a) for a in node.args]
            returned = node.primitive.vjp(i, g, node.data, operands, node.options)
            repeated = np.broadcast_to(made.directions[leaf], np.shape(returned))
    except ZeroDivisionError:
        raise
    except Exception:  # whatever a broken rule may raise
        return False
    if repeated.shape == leaf.shape:
        return False
    expected = paired(ring, [g], [made.tangent(output)])
    return bool(paired(ring, [returned], [repeated]) == expected)


def check_parts(step: Tensor, position: int) -> None:
    """Check, by numbering entries, that `parts` says where each argument lies."""
    row: Any = step.primitive
    if row.parts is None:
        return
    sizes = [np.size(getattr(a, "data", a)) for a in step.args]
    ends = np.cumsum(sizes)
    numbered = [
        np.arange(end - size, end).reshape(np.shape(getattr(a, "data", a)))
        for a, size, end in zip(step.args, sizes, ends, strict=True)
    ]
    joined = row.function(*numbered, **step.options)
    for i, arg in enumerate(numbered):
        part = row.parts(i, numbered, step.options)
        if not np.array_equal(joined[part], arg):
            wrong = f"`parts` says that it lies at {part}, and it lies elsewhere."
            raise rule_failed(step, position, i, wrong, None)


def _disagreement(
    ring: Any, tape: Tape, wrt: list[Tensor], opaque: Collection[Primitive]
) -> tuple[str, Any, Any] | None:
    """Return (mode, found, expected) of the first reading in which they differ."""
    (output,) = tape.outputs
    made = twin(ring, tape, wrt, opaque)
    g = fresh(ring, "cotangent", output.shape)
    try:
        pairs = readings(made, output, g)
    except ZeroDivisionError:
        raise
    except Exception as error:  # whatever a broken rule may raise
        return REVERSE, error.__cause__ or error, None
    return next(((mode, *pair) for mode, pair in pairs if pair[0] != pair[1]), None)


def readings(made: Twin, output: Tensor, g: Array) -> list[tuple[str, tuple[Any, Any]]]:
    """Return (found, expected) for reverse, recorded reverse, and forward mode."""
    return [
        (REVERSE, both_sides(made, [output], [g])),
        (RECORDED, both_sides(made, [output], [g], record=True)),
        (FORWARD, _forward(made, output, g)),
    ]


def readings_agree(ring: Any, step: Tensor) -> bool:
    """Do all readings of a step's rules give the same number, be it right or wrong?

    >>> import minigrad as mg
    >>> from random import Random
    >>> from minigrad.symbolic.rings.field import Field
    >>> readings_agree(Field(2**61 - 1, Random(0)), mg.tanh(mg.Tensor(2.0)))
    True
    """
    tape = Tape(alone(step))
    (output,) = tape.outputs
    made = twin(ring, tape, tape.leaves)
    g = fresh(ring, "cotangent", output.shape)
    try:
        pairs = readings(made, output, g)
    except ZeroDivisionError:
        raise
    except Exception:  # whatever a broken rule may raise
        return False
    return all(found == pairs[0][1][0] for _, (found, _) in pairs)


def rule_sizes(step: Tensor, opaque: Collection[Primitive]) -> list[Size]:
    """Return the sizes of the differences that `check_rule` found to be zero."""
    sizes = Sizes()
    output = alone(step)
    tape = Tape(output)
    made = twin(sizes, tape, tape.leaves, opaque)
    g = fresh(sizes, "cotangent", output.shape)
    return [found - expected for _, (found, expected) in readings(made, output, g)]


def _forward(made: Twin, output: Tensor, g: Array) -> tuple[Any, Any]:
    """Return <g, y_dot>, with y_dot from the engine's forward mode and the duals."""
    directions = {made.steps[x]: v for x, v in made.directions.items()}
    with clean_recording():
        tangents = pushforward(Tape(made.steps[output]), directions)
    found = paired(made.ring, [g], [tangents[made.steps[output]]])
    return found, paired(made.ring, [g], [made.tangent(output)])


def accumulation_failed(
    made: Twin,
    tape: Tape,
    cotangents: Sequence[Array],
    found: Any,
    expected: Any,
    example: Counterexample | None = None,
) -> ProofFailed:
    """Name the first step, backwards, whose cotangent is not the sum of its uses."""
    bars = _added_up(made, tape, cotangents)
    position_of = {step: position for position, step in enumerate(tape)}
    outputs = [made.steps[each] for each in tape.outputs]
    wrong = None
    # The engine plans its walk by what is asked: ask for all steps, then as before.
    for asked in ([step for step in tape if step in bars], list(made.directions)):
        with clean_recording():
            inputs = [made.steps[step] for step in asked]
            engine = grad(outputs, inputs, seed=list(cotangents))
        for step, bar in zip(reversed(asked), reversed(engine), strict=True):
            if wrong is None and not np.array_equal(bar, bars.get(step, 0 * bar)):
                wrong, engines = step, bar
    why = "every rule is right, the accumulation is wrong: "
    operands = {}
    if wrong is None:
        why += "the gradient along a direction is not the derivative along it."
    else:
        uses = [k for k, step in enumerate(tape) for a in step.args if a is wrong]
        position = position_of[wrong]
        operands = {where_made(position, wrong): wrong}
        right = bars.get(wrong, 0 * engines)
        entry = np.flatnonzero(np.asarray(engines != right).ravel())[0]
        found, expected = engines.flat[entry], right.flat[entry]
        why += (
            f"the cotangent of step {position} is not the sum over its uses, at steps "
            f"{', '.join(map(str, uses))}; entry {entry} of it differs."
        )
    why += f" {in_floats(example, found, expected)}"
    output = tape.outputs[0]
    return ProofFailed(
        explain(
            f"the proof of the gradient of {output.name or 'the output'}",
            operands,
            why,
            "a value used twice receives both contributions: look at what adds "
            "cotangents, and at `together` and `parts` in the rows concerned.",
        ),
        step=None if wrong is None else position_of[wrong],
        found=found,
        expected=expected,
        counterexample=example,
    )


def _added_up(
    made: Twin, tape: Tape, cotangents: Sequence[Array]
) -> dict[Tensor, Array]:
    """Walk backwards step by step, adding contributions here and not in the engine."""
    zero = made.ring.lift(0)
    bars: dict[Tensor, Array] = {}
    for output, cotangent in zip(tape.outputs, cotangents, strict=True):
        bars[output] = bars.get(output, zero) + cotangent
    for step in reversed(tape.steps):
        if step not in bars or step.primitive is None:
            continue
        node = made.steps[step]
        assert node.primitive is not None
        with clean_recording():
            leaves = [Tensor(a.data) if isinstance(a, Tensor) else a for a in node.args]
            again = record(node.primitive, node.data, tuple(leaves), node.options)
            for arg, leaf in zip(step.args, leaves, strict=True):
                if isinstance(arg, Tensor):
                    contribution = grad(again, leaf, seed=bars[step])
                    bars[arg] = np.asarray(bars.get(arg, zero) + contribution)
    return bars
