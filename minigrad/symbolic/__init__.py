"""Exact readings of a tape: with symbols, and in a prime field.

    prove(loss)        a Certificate that its gradient is its derivative, or ProofFailed
    prove_equal(f, g)  an Equality of two programs, or NotEqual, or NotShown

SymPy is imported when a lemma or an expression first needs it, not before.
"""

from __future__ import annotations

from minigrad.symbolic.equality.certificate import Equality
from minigrad.symbolic.equality.disproof import NotEqual, NotShown
from minigrad.symbolic.equality.proof import prove_equal
from minigrad.symbolic.failures import LemmaFailed, ProofFailed
from minigrad.symbolic.proving.certificate import Certificate
from minigrad.symbolic.proving.proof import prove

__all__ = [
    "Certificate",
    "Equality",
    "LemmaFailed",
    "NotEqual",
    "NotShown",
    "ProofFailed",
    "prove",
    "prove_equal",
]
