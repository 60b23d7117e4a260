"""What a failed proof says: which rule, at which step, and the two numbers that differ.

A failed proof is a counter-example: numbers for which the rule and the derivative are
different. (Up to identities between the functions that the proof was not told, such as
exp(a + b) = exp(a) exp(b). No rule of the table needs one.)
"""

from __future__ import annotations

import textwrap
from dataclasses import replace
from typing import Any

from minigrad.context import path
from minigrad.messages import explain, named

_INDENT: dict[str, Any] = {"initial_indent": "  ", "subsequent_indent": " " * 8}


class ProofFailed(Exception):
    """A gradient, or a rule, that could not be proved.

    row       the name of the row whose rule is wrong; None if every rule is right
    argument  which argument's rule, from 0; None if it cannot be told
    step      position on the tape: of the step whose rule is wrong or, if every rule is
              right, of that whose cotangent is; None if it failed apart from a tape
    found     what the rule gives, in the domain of the proof: often modulo a prime
    expected  what the derivative is, there
    counterexample   the same in float64, to be replayed; None if none was found
    """

    def __init__(
        self,
        message: str,
        row: str | None = None,
        argument: int | None = None,
        step: int | None = None,
        found: Any = None,
        expected: Any = None,
        counterexample: Any = None,
    ) -> None:
        super().__init__(message)
        self.row = row
        self.argument = argument
        self.step = step
        self.found = found
        self.expected = expected
        self.counterexample = counterexample

    def add(self, *sentences: str) -> None:
        """Add sentences to the message, each a paragraph."""
        added = (textwrap.fill(each, 88, **_INDENT) for each in sentences)
        self.args = ("\n".join([str(self), *added]),)


class LemmaFailed(ProofFailed):
    """An elementwise row whose partial SymPy could not show to be the derivative."""


def where_made(position: int, node: Any) -> str:
    """Return `step 17, c_3, in lstm[3], at cell.py:40`, as far as it is known."""
    words = [f"step {position}"]
    if node.name:
        words.append(node.name)
    if node.scope:
        words.append(f"in {path(node.scope)}")
    if node.line:
        words.append(f"at {node.line}")
    return ", ".join(words)


def rule_failed(
    step: Any,
    position: int,
    argument: int | None,
    found: Any,
    expected: Any,
    counterexample: Any = None,
) -> ProofFailed:
    """Return the failure of a rule at a step of a tape, with both numbers.

    `found` is an exception where the rule did not run at all.
    """
    row = step.primitive.name
    asked = f"the proof of {row} ({where_made(position, step)})"
    failure = _failed(
        asked, named(step.args), row, argument, found, expected, counterexample
    )
    failure.step = position
    return failure


def summed_wrongly(
    step: Any,
    position: int,
    argument: int,
    tape: Any,
    found: Any,
    expected: Any,
    counterexample: Any = None,
) -> ProofFailed:
    """Return the failure of the engine's sum over the axes of a broadcast argument.

    It names no row, for every rule is right, but the argument's step on the tape.
    """
    row, arg = step.primitive.name, step.args[argument]
    if counterexample is not None:
        counterexample = replace(counterexample, what="the engine")
    return ProofFailed(
        explain(
            f"the proof of {row} ({where_made(position, step)})",
            named(step.args) | {"result": step},
            f"the rule for argument {argument} is right, and what is made of it is "
            f"wrong: shape {arg.shape} was broadcast to {step.shape}, so cotangents "
            f"of all repetitions add up. {in_floats(counterexample, found, expected)}",
            "look at what sums over broadcast axes: `unbroadcast`, in "
            "minigrad/cotangents.py.",
        ),
        step=next((k for k, each in enumerate(tape) if each is arg), None),
        found=found,
        expected=expected,
        counterexample=counterexample,
    )


def adjoint_failed(
    row: str,
    argument: int | None,
    where: str,
    found: Any,
    expected: Any,
    counterexample: Any = None,
) -> ProofFailed:
    """Return the failure of a linear row apart from any tape, with both numbers."""
    asked = f"the proof of {row} ({where})"
    return _failed(asked, {}, row, argument, found, expected, counterexample)


def _failed(
    asked: str,
    operands: dict[str, Any],
    row: str,
    argument: int | None,
    found: Any,
    expected: Any,
    counterexample: Any,
) -> ProofFailed:
    rule = "the rule" if argument is None else f"the rule for argument {argument}"
    if isinstance(found, Exception):
        why = f"{rule} does not run: {found}"
    elif isinstance(found, str):
        why = f"of argument {argument} {found}"
    else:
        why = f"{rule} is wrong. {in_floats(counterexample, found, expected)}"
    message = explain(asked, operands, why, f"mend {rule} in the row {row!r}.")
    return ProofFailed(
        message,
        row,
        argument,
        found=found,
        expected=expected,
        counterexample=counterexample,
    )


def in_floats(counterexample: Any, found: Any, expected: Any) -> str:
    """Say how far apart the two are: in floats, or exactly if floats do not show it."""
    if counterexample is not None:
        return str(counterexample)
    return (
        f"It gives {found}, and the derivative is {expected}; no difference was found "
        "in float64, at the numbers tried."
    )


def cannot_run(step: Any, position: int) -> TypeError:
    """Return the refusal of a linear row whose code needs floating point."""
    row: Any = step.primitive
    return TypeError(
        explain(
            f"the proof of {row.name} ({where_made(position, step)})",
            {"result": step},
            "its function or its rules need floating-point numbers: they do not run on "
            "object arrays of exact numbers, and a linear row has no lemma instead.",
            f"write the row {row.name!r} with NumPy calls that work on any dtype.",
        )
    )


def divides_by_zero(asked: str, operands: dict[str, Any]) -> ValueError:
    """Return the refusal of a tape that divides by zero at random points."""
    return ValueError(
        explain(
            asked,
            operands,
            "at every random point tried, something was divided by zero: a denominator "
            "is zero whatever the inputs are.",
            "look for x - x, or a constant 0, under a division.",
        )
    )
