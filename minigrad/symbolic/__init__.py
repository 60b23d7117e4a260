"""Exact readings of a tape: with symbols, and in a prime field.

    derive(loss)       the equations of the gradient, as a teacher writes them
    prove(loss)        a Certificate that its gradient is its derivative, or ProofFailed
    prove_equal(f, g)  an Equality of two programs, or NotEqual, or NotShown
    expressions(...)   arrays of SymPy expressions, on which the table's rows run

SymPy is imported when a lemma or an expression first needs it, not before.
"""

from __future__ import annotations

from typing import Any

from minigrad.symbolic.deriving.derivation import Derivation, derive
from minigrad.symbolic.equality.certificate import Equality
from minigrad.symbolic.equality.disproof import NotEqual, NotShown
from minigrad.symbolic.equality.proof import prove_equal
from minigrad.symbolic.failures import LemmaFailed, ProofFailed
from minigrad.symbolic.proving.certificate import Certificate
from minigrad.symbolic.proving.proof import prove

__all__ = [
    "Certificate",
    "Derivation",
    "Equality",
    "Expression",
    "LemmaFailed",
    "NotEqual",
    "NotShown",
    "ProofFailed",
    "derive",
    "expressions",
    "prove",
    "prove_equal",
]


def __getattr__(name: str) -> Any:
    if name in ("Expression", "expressions"):
        from minigrad.symbolic.rings import expression

        return getattr(expression, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
