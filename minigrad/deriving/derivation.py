"""`mg.derive(output)`: the equations of a tape and of its gradient, as on a blackboard.

    c̄[t] = c̄[t+1] ⊙ f[t+1] + ȳ[t] ⊙ o[t] ⊙ (1 − tanh²(c[t]))      product, tanh′ = ...

Nothing here is typeset by hand, and nothing is known of any particular model. The lines
are read from the record (blackboard.py), joined over time (equations.py), and each one
is evaluated and compared with the tape before it is shown (checking.py).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias, overload

from minigrad.context import clean_recording
from minigrad.deriving import page, pdf_pages
from minigrad.deriving.blackboard import Blackboard
from minigrad.deriving.checking import Check, checked
from minigrad.deriving.equations import Equation, equations
from minigrad.files import saved
from minigrad.habits import taught
from minigrad.messages import explained
from minigrad.questions import Inputs, Outputs, chosen_inputs, tape_of
from minigrad.refusals import require_unspoilt
from minigrad.tape import Tape
from minigrad.tensor import Tensor
from minigrad.types import Printer

if TYPE_CHECKING:
    from minigrad.deriving.scalar import ScalarDerivation

Level: TypeAlias = Literal["op", "gate", "layer"]
LEVELS = {
    "op": "a line for every entry of the tape",
    "gate": "a line for every named quantity, and for its cotangent",
    "layer": "the recurrences through time",
    "scalar": "every entry as a SymPy expression, for tiny shapes",
}


class Derivation:
    """Equations with what was checked of them; printed, typeset, or walked through.

    equations   in the order of the argument: forward, then backward
    check       how they were compared with the tape, and with what seed

    In a notebook it is shown as mathematics. `str()` is plain text.
    """

    def __init__(self, board: Blackboard, found: list[Equation], check: Check) -> None:
        self.board = board
        self.equations = found
        self.check = check

    def __iter__(self) -> Iterator[Equation]:
        return iter(self.equations)

    def __len__(self) -> int:
        return len(self.equations)

    def __repr__(self) -> str:
        return f"<Derivation: {len(self)} equations, level {self.board.level!r}>"

    def __str__(self) -> str:
        return page.text(self)

    def latex(self) -> str:
        """Return the equations as LaTeX, to be put into a document with amsmath."""
        return page.latex(self)

    def document(self) -> str:
        """Return a whole LaTeX document."""
        return page.document(self)

    def _repr_latex_(self) -> str:
        return page.notebook(self)

    def _repr_pretty_(self, printer: Printer, cycle: bool) -> None:
        printer.text(str(self))

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the derivation: .pdf, .tex (a document) or .txt, all or nothing.

        Raises ValueError for another ending, OSError where it cannot be written.
        """
        pdf, text = lambda: pdf_pages.pdf(self), lambda: f"{self}\n"
        return saved(path, {".pdf": pdf, ".tex": self.document, ".txt": text})


@overload
def derive(
    output: Outputs,
    wrt: Inputs = None,
    *,
    level: Literal["scalar"],
    seed: int | None = None,
) -> ScalarDerivation: ...
@overload
def derive(
    output: Outputs, wrt: Inputs = None, level: Level = "gate", seed: int | None = None
) -> Derivation: ...
@taught
def derive(
    output: Outputs, wrt: Inputs = None, level: str = "gate", seed: int | None = None
) -> Derivation | ScalarDerivation:
    """Derive the gradient of `output`: equations, each checked against the tape.

    output   a Tensor with one entry, such as a loss; or other Tensors (one, or what a
             layer returns), whose cotangents are then called g and taken as given
    wrt      a Tensor, a Module, or a structure of such; every leaf of the tape if None
    level    "op", "gate", "layer" or "scalar": see `LEVELS`
    seed     of the random numbers that the lines are checked with; drawn if None

    >>> w, x = mg.Tensor([1.0, 2.0], name="w"), mg.Tensor([3.0, 4.0], name="x")
    >>> y = mg.tanh(w * x)
    >>> y.name = "y"
    >>> print(str(derive(y.sum(), w)).splitlines()[9])
      w̄   = (1 − y²) ⊙ x    adjoint of sum, tanh′ = 1 − tanh², product

    Raises ValueError for a level that is none, for a tape without a record, or one too
    large for "scalar"; LemmaFailed if a rule on the tape is not the derivative.
    """
    tape, by = _question(output, wrt, level)
    if level == "scalar":
        from minigrad.deriving.scalar import derive_scalars

        return derive_scalars(tape, by, seed)
    with clean_recording():
        board = Blackboard(tape, by, level)
        found = equations(board.forward, True) + equations(board.backward, False)
        shown, check = checked(board, found, seed)
    return Derivation(board, shown, check)


def _question(output: Outputs, wrt: Inputs, level: str) -> tuple[Tape, list[Tensor]]:
    asked = f"derive(output, level={level!r})"
    if level not in LEVELS:
        choices = ", ".join(f'"{name}" ({what})' for name, what in LEVELS.items())
        why = "there is no level of that name."
        raise explained(ValueError, asked, why, f"choose {choices}.")
    tape = tape_of(output, "derive")
    require_unspoilt(tape.steps, "derive")
    why = ": there is nothing to derive, its cotangent is zero."
    return tape, chosen_inputs(tape, wrt, "derive", asked, why)
