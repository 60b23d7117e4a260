"""A failed proof, told to a student: whose line, which rule, and how wrong in floats.

The prover's counter-example is two integers modulo a prime, which say *that* a rule is
wrong. Here the same rule is asked on the floats that were recorded, beside the complex
step, Im f(x + i h) / h, which needs no rule; and where it was a lemma that failed, both
formulas are there already. Then comes what to do next.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from minigrad.gradient import grad
from minigrad.messages import explain, named
from minigrad.symbolic.failures import LemmaFailed, ProofFailed, where_made
from minigrad.table import multiply, sum
from minigrad.tape import Tape
from minigrad.tensor import Array, Tensor

AGREE = "no difference in twelve digits; only exact numbers see it."


def report(
    call: str, failure: ProofFailed, loss: Tensor, inputs: Mapping[str, Tensor]
) -> str:
    """Say which rule of which step is wrong, in floats as well, and what to do next."""
    step = None if failure.step is None else Tape(loss).steps[failure.step]
    place = "no single step" if step is None else where_made(failure.step or 0, step)
    if step is None or failure.row is None:
        why = "every rule is right, and adding up their cotangents is wrong; first, "
        why += f"from the end, at {place}."
        suspects = dict(inputs) if step is None else {"its cotangent": step, **inputs}
        compared = [_slopes(loss, x, name) for name, x in suspects.items()]
        operands = {}
    else:
        why = f"{_blame(failure)}; used at {place}."
        compared = _slopes_of_step(step, failure.argument)
        operands = named(step.args)
    in_floats = next((each for each in compared if each is not None), AGREE)
    items = [*_formulas(failure), f"in floats: {in_floats}"]
    why += "".join(
        "\n" + textwrap.indent(textwrap.fill(item, 80), " " * 8) for item in items
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


def _formulas(failure: ProofFailed) -> Iterator[str]:
    """Yield what can be said without numbers."""
    if isinstance(failure.found, Exception):
        yield f"it does not run: {failure.found}"
    elif isinstance(failure, LemmaFailed) and failure.expected is None:
        yield "the ProofFailed behind this error says what SymPy could not read."
    elif isinstance(failure, LemmaFailed):
        right = "the meaning" if failure.argument is None else "the derivative"
        yield f"by SymPy: it gives {failure.found}, and {right} is {failure.expected}"


def _how_to_mend(failure: ProofFailed) -> str:
    if failure.row is None:
        return (
            "look at what adds cotangents: `together` and `parts` of the rows, and any "
            "engine code of your own."
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


def _slopes_of_step(step: Any, i: int | None) -> list[str | None]:
    """Compare the rules of one step with the complex step, on the numbers it was at."""
    leaves = [Tensor(a.data, a.name) if isinstance(a, Tensor) else a for a in step.args]
    y = step.primitive.apply(*leaves, **step.options)
    rng = np.random.default_rng(0)
    g = np.ones(y.shape) if step.primitive.is_elementwise else rng.normal(size=y.shape)
    return [
        _slopes(sum(multiply(y, g)), leaf, f"argument {k}")
        for k, leaf in enumerate(leaves)
        if isinstance(leaf, Tensor) and i in (None, k)
    ]


def _slopes(loss: Tensor, x: Tensor, name: str) -> str | None:
    """Return both numbers where the gradient by x is most wrong; None if it is not."""
    try:
        found, expected = grad(loss, x), _complex_step(loss, x)
    except Exception as error:  # whatever a broken rule may raise
        return f"no comparison, for it does not run ({type(error).__name__})."
    gap = np.abs(found - expected)
    entry = tuple(map(int, np.unravel_index(np.argmax(gap), gap.shape)))
    if gap[entry] <= 1e-12 * max(1.0, np.abs(expected).max()):
        return None
    where = f"at entry {list(entry)} of {name}" if entry else f"for {name}"
    return (
        f"{where} the engine gives {found[entry]:.12g}, and the complex step "
        f"{expected[entry]:.12g}."
    )


def _complex_step(loss: Tensor, x: Tensor, h: float = 1e-30) -> Array:
    """Return Im loss(x + i h e) / h for every unit vector e."""
    tape, slopes = Tape(loss), np.empty(x.shape)
    for entry in np.ndindex(x.shape):
        moved = x.data.astype(complex)
        moved[entry] += 1j * h
        slopes[entry] = tape.replay({x: moved})[loss].imag / h
    return slopes
