"""What a mistake is, and who is to blame for it.

Three kinds of fault, and the prover tells them apart:

    lemma   a slope that SymPy finds to be another than that of what the row means
    rule    an adjoint that is not the adjoint of what the row computes
    walk    every rule is right, and what adds up their answers is wrong
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import NamedTuple

from minigrad.console import shown
from minigrad.mistakes.planting import Change, broken
from minigrad.mistakes.small_models import SmallModel
from minigrad.proving import LemmaFailed, ProofFailed


class Blame(NamedTuple):
    """Whom a failed proof names: a row and the argument, or the walk at some Tensor."""

    error: type[ProofFailed]
    row: str | None
    argument: int | None
    at: str | None

    def __str__(self) -> str:
        if self.row is None:
            return f"accumulation, at {self.at or 'no single place'}"
        return f"{self.row}, argument {self.argument}"


def lemma(row: str, argument: int = 0) -> Blame:
    """SymPy finds that a partial is not the derivative."""
    return Blame(LemmaFailed, row, argument, None)


def rule(row: str, argument: int = 0) -> Blame:
    """The field finds that a rule is not the adjoint of what its row computes."""
    return Blame(ProofFailed, row, argument, None)


def walk(at: str) -> Blame:
    """Every rule is right, and the cotangent of this Tensor is not the sum of them."""
    return Blame(ProofFailed, None, None, at)


class Mistake(NamedTuple):
    """A mistake: its name, its story, its line, its model, and who is to blame."""

    name: str
    story: str
    changes: list[Change]
    model: Callable[[], SmallModel]
    blame: Blame

    def __str__(self) -> str:
        return shown(f"{self.name}: {self.story}")

    def __repr__(self) -> str:
        return shown(f"<Mistake: {self.name}>")

    def planted(self) -> AbstractContextManager[None]:
        """Return a `with` block inside which the engine has this mistake."""
        return broken(self.changes)
