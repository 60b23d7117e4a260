"""What a failed proof says: which rule, at which step, and the two numbers that differ.

A failure is of one of two kinds. Either two numbers differ, and the rule is wrong; or
nobody could decide whether two formulas are equal, and then nothing is said against the
rule: the failure is `undecided`.
"""

from __future__ import annotations

import textwrap

from minigrad.messages import explained
from minigrad.primitive import TABLE, Elementwise
from minigrad.proving.formulas import LETTERS
from minigrad.tape import Tape

_WRAP = textwrap.TextWrapper(
    width=88,
    initial_indent="  ",
    subsequent_indent=" " * 8,
    break_long_words=False,
    break_on_hyphens=False,
)


class ProofFailed(Exception):
    """A gradient, or a rule, that could not be proved.

    row       the name of the row whose rule is wrong; None if every rule is right
    argument  which argument's rule, from 0; None if it cannot be told
    step      position on the tape: of the step whose rule is wrong or, if every rule is
              right, of that whose cotangent is; None if it failed apart from a tape
    found     what the rule gives, in the domain of the proof: often modulo a prime
    expected  what the derivative is, there
    counterexample   the same in float64, to be replayed; None if none was found
    undecided        True if nothing was found wrong, but equality could not be shown
    tape      the tape that the step is on, if it is another than the recorded one: that
              of <gradient, v>, for a second derivative
    """

    row: str | None = None
    argument: int | None = None
    step: int | None = None
    found: object = None
    expected: object = None
    counterexample: object = None
    undecided: bool = False
    tape: Tape | None = None

    def __init__(self, message: str, **facts: object) -> None:
        super().__init__(message)
        vars(self).update(facts)

    def add(self, *sentences: str) -> None:
        """Add sentences to the message, each a paragraph."""
        self.args = ("\n".join([str(self), *map(_WRAP.fill, sentences)]),)


class LemmaFailed(ProofFailed):
    """An elementwise row whose partial was not shown to be the derivative."""


def lemma_failed(
    row: str, why: str, fix: str, i: int | None = None, **facts: object
) -> LemmaFailed:
    """Return the failure of a row's lemma, or of its partial i."""
    asked = f"the lemma of {row}"
    if i is not None:
        asked += f", partial {i} (with respect to {LETTERS[i]})"
    return explained(LemmaFailed, asked, why, fix, row=row, argument=i, **facts)


def report(call: str, failure: ProofFailed) -> str:
    """Return the call that failed, a verdict, the failure, and what to run next."""
    row, i = failure.row, failure.argument
    verdict, after = "", "The first line runs this proof again."
    if failure.undecided or (
        isinstance(failure, LemmaFailed) and failure.found is None
    ):
        verdict = "NOT SHOWN: nothing wrong was found."
        if row is not None:
            verdict = f"NOT SHOWN: nothing wrong was found, {row!r} may be right."
    elif row is not None and i is not None:
        verdict = f"WRONG: the rule for argument {i} of {row!r} is not its derivative."
    elif row is not None:
        verdict = f"WRONG: the row {row!r} does not compute what it means."
    elif failure.step is not None and failure.found is not None:
        verdict = "WRONG: every rule is right, and not what is made of them."
    if row is not None:
        elementwise = isinstance(TABLE.get(row), Elementwise)
        prover = "lemmas.prove_row" if elementwise else "rows.prove_adjoints"
        after = f"minigrad.proving.{prover}(mg.TABLE[{row!r}]) proves it alone. {after}"
    if failure.tape is not None:
        after = f"The step is one of the tape of <gradient, v>. {after}"
    paragraphs = [call, _WRAP.fill(verdict), str(failure), _WRAP.fill(after)]
    return "\n".join(filter(None, paragraphs))
