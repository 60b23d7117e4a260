"""Exact readings of a tape: with symbols, and in a prime field.

    derive(loss)       the equations of the gradient, as a teacher writes them
    prove(loss)        a Certificate that its gradient is its derivative, or ProofFailed
    expressions(...)   arrays of SymPy expressions, on which the table's rows run

SymPy is imported when a lemma or an expression first needs it, not before.
"""

from __future__ import annotations

from typing import Any

from minigrad.symbolic.certificate import Certificate
from minigrad.symbolic.derivation import Derivation, derive
from minigrad.symbolic.failures import LemmaFailed, ProofFailed
from minigrad.symbolic.proof import prove

__all__ = [
    "Certificate",
    "Derivation",
    "Expression",
    "LemmaFailed",
    "ProofFailed",
    "derive",
    "expressions",
    "prove",
]


def __getattr__(name: str) -> Any:
    if name in ("Expression", "expressions"):
        from minigrad.symbolic import expression

        return getattr(expression, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
