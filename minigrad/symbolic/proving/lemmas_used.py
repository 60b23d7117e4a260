"""Which lemmas does a tape rest on? Those of its elementwise rows, and of generators.

The field knows no tanh, only a variable with the slope 1 - y*y. That this is the slope
of the real tanh, and that the row's partial is it, are statements about functions:
SymPy proves them (minigrad/symbolic/lemmas.py), and this is where a proof asks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from minigrad.primitive import Elementwise
from minigrad.symbolic.failures import LemmaFailed, where_made
from minigrad.symbolic.proving.counterexample import of_rule
from minigrad.symbolic.rings.generators import Generator
from minigrad.tape import Tape
from minigrad.tensor import Tensor


def lemmas_of(tape: Tape) -> list[str]:
    """Prove every elementwise row on the tape; say at which step it first stands.

    >>> import minigrad as mg
    >>> a = mg.Tensor(2.0)
    >>> lemmas_of(Tape(a + a))
    ['add  y = a + b: dy/da = 1; dy/db = 1']

    Raises LemmaFailed.
    """
    from minigrad.symbolic.lemmas import prove_row

    shown = {}
    for position, step in enumerate(tape):
        row = step.primitive
        if isinstance(row, Elementwise) and row not in shown:
            try:
                shown[row] = f"{row.name}  {prove_row(row)}"
            except LemmaFailed as failure:
                _place(failure, step, position)
                raise
    return sorted(shown.values())


def has_lemma(row: Any) -> bool:
    """Does SymPy show that an elementwise row's partials are its derivatives?"""
    from minigrad.symbolic.lemmas import prove_row

    try:
        return isinstance(row, Elementwise) and bool(prove_row(row))
    except LemmaFailed:
        return False


def of_generators(
    met: Mapping[str, Generator], drawn: Mapping[str, int], told: list[str]
) -> list[str]:
    """Say what the reference used of each generator that no lemma speaks of yet."""
    from minigrad.symbolic.lemmas import of_generator

    names = {text.split("  ")[0] for text in told}
    return [
        f"{name}  {of_generator(met[name])}"
        for name in drawn
        if name in met and name not in names
    ]


def _place(failure: LemmaFailed, step: Tensor, position: int) -> None:
    """Say of a failed lemma where on the tape its row first stands, and in floats."""
    failure.step = position
    if failure.argument is not None:
        failure.counterexample = of_rule(step, failure.argument)
    told = [] if failure.counterexample is None else [str(failure.counterexample)]
    told.append(f"First used at {where_made(position, step)}.")
    failure.add(*told)
