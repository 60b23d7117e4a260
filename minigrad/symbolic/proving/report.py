"""A failed proof, told to a student: whose line, which rule, and how wrong in floats.

The prover looked for numbers that show it (counterexample.py); where it was a lemma
that failed, both formulas are there already. Then comes what to do next.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from minigrad.messages import explain, named
from minigrad.symbolic.failures import LemmaFailed, ProofFailed, where_made
from minigrad.tape import Tape
from minigrad.tensor import Tensor


def report(call: str, failure: ProofFailed, loss: Tensor) -> str:
    """Say which rule of which step is wrong, in floats as well, and what to do next."""
    step = None if failure.step is None else Tape(loss).steps[failure.step]
    place = "no single step" if step is None else where_made(failure.step or 0, step)
    if step is None or failure.row is None:
        why = "every rule is right, and adding up their cotangents is wrong; first, "
        why += f"from the end, at {place}."
        operands = {}
    else:
        why = f"{_blame(failure)}; used at {place}."
        operands = named(step.args)
    why += "".join(
        "\n" + textwrap.indent(textwrap.fill(item, 80), " " * 8)
        for item in _evidence(failure)
    )
    fix = f"{_how_to_mend(failure)} The first line runs this proof again."
    return explain(call, operands, why, fix)


def _blame(failure: ProofFailed) -> str:
    if failure.argument is not None:
        rule = f"the rule for argument {failure.argument} of {failure.row!r}"
        return f"{rule} is not its derivative"
    if isinstance(failure, LemmaFailed):
        return f"the row {failure.row!r} does not compute what it means"
    return f"a rule of {failure.row!r} is not its derivative"


def _evidence(failure: ProofFailed) -> Iterator[str]:
    """Yield what shows that it is wrong: an error, formulas, numbers."""
    if isinstance(failure.found, Exception):
        yield f"it does not run: {failure.found}"
        return
    if isinstance(failure, LemmaFailed) and failure.expected is None:
        yield "the ProofFailed behind this error says what SymPy could not read."
    elif isinstance(failure, LemmaFailed):
        right = "the meaning" if failure.argument is None else "the derivative"
        yield f"by SymPy: it gives {failure.found}, and {right} is {failure.expected}"
    if failure.counterexample is not None:
        yield str(failure.counterexample)
    elif not isinstance(failure, LemmaFailed) or failure.argument is not None:
        yield "In floats: no difference was found; only exact numbers see it."


def _how_to_mend(failure: ProofFailed) -> str:
    if failure.row is None:
        return (
            "look at what adds cotangents: minigrad/cotangents.py, `together` and "
            "`parts` of the rows, and any engine code of your own."
        )
    row = f"mg.TABLE[{failure.row!r}]"
    if isinstance(failure, LemmaFailed):
        return (
            "mend the partial, or the meaning, in that row; "
            f"minigrad.symbolic.lemmas.prove_row({row}) proves the row by itself."
        )
    return (
        "mend that rule in the row; minigrad.symbolic.proving.rows.check_adjoints("
        f"{row}, shapes) compares a linear row with its adjoints by itself."
    )
