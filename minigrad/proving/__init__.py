"""Proofs about recorded tapes, in exact numbers.

    prove(loss)        a Certificate that its gradient is its derivative, or ProofFailed
    prove_equal(f, g)  an Equality of two programs, or NotEqual, or NotShown

Follow a weight from `prove` to its line in the certificate through these files:

    proof.py           the three statements, and what is asked
    lemmas.py          slopes: formulas of code (formulas.py), compared with SymPy's
                       (comparing.py, deciding.py) on a row's domain (domains.py)
    whole_tape.py      the walk over the whole tape, by one identity (identity.py)
                       in exact numbers (residues.py, jets.py, bounds.py)
    in_floats.py       the code that trains, in the numbers that train (float_code.py,
                       float_sums.py)
    float_gradient.py  the very gradient, in the numbers that train
    certificate.py     what is printed

blame.py and counterexample.py say whose fault a failure is, one_step.py looks at one
step of a loop, rows.py at a row apart from a tape. equality.py compares two programs,
with functions keyed by value (keyed_functions.py, laws.py). saved_proof.py writes a
proof that recheck.py, which imports none of this, recomputes.
"""

from importlib import import_module
from typing import Any

_PLACES = {
    "Certificate": "certificate",
    "Equality": "equality",
    "LemmaFailed": "failures",
    "NotEqual": "disproof",
    "NotShown": "disproof",
    "ProofFailed": "failures",
    "prove": "proof",
    "prove_equal": "equality",
}
__all__ = sorted(_PLACES)


def __getattr__(name: str) -> Any:
    """Import what is asked for, so that recheck.py runs without the rest."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
