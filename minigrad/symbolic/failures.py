"""What a failed proof says: which rule, at which step, and the two numbers that differ.

A failed proof is a counter-example: numbers for which the rule and the derivative are
different. (Up to identities between the functions that the proof was not told, such as
exp(a + b) = exp(a) exp(b). No rule of the table needs one.)
"""

from __future__ import annotations

from typing import Any

from minigrad.context import path
from minigrad.messages import explain, named


class ProofFailed(Exception):
    """A gradient, or a rule, that could not be proved.

    row       the name of the row whose rule is wrong; None if every rule is right
    argument  which argument's rule, from 0; None if it cannot be told
    step      position on the tape; None if the row failed apart from a tape
    found     what the rule gives
    expected  what the derivative is
    """

    def __init__(
        self,
        message: str,
        row: str | None = None,
        argument: int | None = None,
        step: int | None = None,
        found: Any = None,
        expected: Any = None,
    ) -> None:
        super().__init__(message)
        self.row = row
        self.argument = argument
        self.step = step
        self.found = found
        self.expected = expected


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
    step: Any, position: int, argument: int | None, found: Any, expected: Any
) -> ProofFailed:
    """Return the failure of a rule at a step of a tape, with both numbers.

    `found` is an exception where the rule did not run at all.
    """
    row = step.primitive.name
    asked = f"the proof of {row} ({where_made(position, step)})"
    return _failed(asked, named(step.args), row, argument, found, expected, position)


def adjoint_failed(
    row: str, argument: int | None, where: str, found: Any, expected: Any
) -> ProofFailed:
    """Return the failure of a linear row apart from any tape, with both numbers."""
    return _failed(f"the proof of {row} ({where})", {}, row, argument, found, expected)


def _failed(
    asked: str,
    operands: dict[str, Any],
    row: str,
    argument: int | None,
    found: Any,
    expected: Any,
    position: int | None = None,
) -> ProofFailed:
    rule = "the rule" if argument is None else f"the rule for argument {argument}"
    why = f"{rule} gives {found}, and the derivative is {expected}."
    if isinstance(found, Exception):
        why = f"{rule} does not run: {found}"
    message = explain(asked, operands, why, f"mend {rule} in the row {row!r}.")
    return ProofFailed(message, row, argument, position, found, expected)
