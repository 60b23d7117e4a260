"""A certificate: what was shown, for which tape, in which numbers, and how surely.

Every number in it was computed in the run. Printed, it reads from the claim down to
what is trusted and what is not covered; `to_json` gives the same as data, and `save`
writes the proof itself, for somebody else to check.
"""

from __future__ import annotations

import json
import math
import os
import platform
import sys
import textwrap
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

import numpy as np

from minigrad.console import shown
from minigrad.proving.bounds import BITS
from minigrad.proving.one_step import CellShown
from minigrad.tape import Tape
from minigrad.tensor import Tensor
from minigrad.types import Printer, Shape

Claims = Sequence[tuple[Tape, Sequence[Tensor]]]

TRUSTED = (
    "Python, NumPy (its sums and products of whole numbers below 2^53, its movement of "
    "entries), SymPy (lemmas), the randomness of the seed, and the prover "
    "(minigrad.proving)"
)
NOT_COVERED = (
    "other shapes, masks, indices and branches than the recorded ones; kinks; rounding "
    "beyond the comparison in floats; whether the program is the one that was meant"
)
NOT_KNOWN = (
    "whether every number of the program is on the tape. A tape cannot tell a constant "
    "from a number that was computed from x.data or float(x){constants}. Whoever has "
    "the function: minigrad.testing.assert_proved calls it again and compares"
)
FEW = 4  # of a list, so many are named


@dataclass(frozen=True)
class Certificate:
    """What `prove` showed. It is true; what fails raises `ProofFailed` instead.

    output        the output's name
    wrt           (name, shape) of each array with respect to which
    alone         how many of these, the Parameters, were also asked for alone; or 0
    order         1: the gradient; 2: the Hessian times a vector as well
    vacuous       why nothing was compared, if so; ""
    outside       which steps were recorded outside their row's domain
    tape          SHA-256 of the recorded rows, wiring, constants, options, shapes
    steps         how many applications the tape has
    inputs        how many independent numbers enter
    slopes        how many slopes of elementwise steps stand as variables
    constants     where floating constants stand on the tape; they are variables too
    lemmas        what SymPy proved of each elementwise row, as text
    kinds         how many kinds of applications were looked at in floats
    dtypes        in which floats
    not_in_floats why nothing was compared in floats, if so; ""
    rounding      by how much of what rounding explains the gradient in floats was off
    precision     relative: how large that is
    cells         what was shown of one time step of each loop
    retraced      how the function itself was called again; () for a tape alone
    primes, seed  of the fields; of every random choice
    degree, height_bits   bounds for the polynomial that was found to be zero
    chance        log2 of a bound for the probability that a wrong gradient passed
    versions      of Python, NumPy and SymPy
    claims        the tapes themselves, for `save`
    """

    output: str
    wrt: tuple[tuple[str, Shape], ...]
    alone: int
    order: int
    vacuous: str
    outside: tuple[str, ...]
    tape: str
    steps: int
    inputs: int
    slopes: int
    constants: tuple[str, ...]
    lemmas: tuple[str, ...]
    kinds: int
    dtypes: tuple[str, ...]
    not_in_floats: str
    rounding: float
    precision: float
    cells: tuple[CellShown, ...]
    retraced: tuple[str, ...]
    primes: tuple[int, ...]
    seed: int
    degree: int
    height_bits: int
    chance: float
    versions: dict[str, str]
    claims: Claims = field(default=(), repr=False, compare=False)

    def __bool__(self) -> bool:
        return True

    def _facts(self) -> dict[str, object]:
        own = [
            each.name for each in fields(self) if each.name not in ("claims", "cells")
        ]
        facts = {name: getattr(self, name) for name in own}
        facts["cells"] = [asdict(cell) for cell in self.cells]
        facts |= {"trusted": TRUSTED, "not_covered": NOT_COVERED}
        facts["chance"] = max(self.chance, -sys.float_info.max)  # no infinity in JSON
        return facts

    def to_json(self) -> str:
        """Return the certificate as JSON, keys sorted: the same run, the same text."""
        return json.dumps(self._facts(), indent=2, sort_keys=True)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the proof for somebody else to check: tape, points, both sides.

        `python -m minigrad.proving.recheck PATH` recomputes it without this project.
        Raises OSError where it cannot be written, ValueError for a tape that is gone.
        """
        from minigrad.proving.saved_proof import write

        return write(path, self.claims, self._facts())

    def __str__(self) -> str:
        return labelled(self._lines())

    def __repr__(self) -> str:
        arrays = f"{len(self.wrt)} array{'s' * (len(self.wrt) != 1)}"
        chance = f"P(a wrong chain rule passed) <= {_power(self.chance)}"
        if self.vacuous:
            chance = f"VACUOUSLY, for {self.vacuous}"
        return shown(f"<Certificate: gradient of {self.output} by {arrays}, {chance}>")

    def _repr_pretty_(self, printer: Printer, cycle: bool) -> None:
        printer.text(str(self))

    def _lines(self) -> list[tuple[str, list[str]]]:
        """Return what is printed, from the claim down: (label, paragraphs)."""
        lemmas = [f"by SymPy {self.versions['sympy']}, for real numbers:", *self.lemmas]
        lines = [
            ("proved", self._claim()),
            ("for", [
                f"this recorded tape, {self.steps} primitives, its shapes, masks and "
                f"indices; sha256 {self.tape[:16]}",
            ]),
            ("chain rule", [self._identity(), self._method()]),
            ("slopes", lemmas if self.lemmas else ["no elementwise row on the tape"]),
            ("in floats", self._in_floats()),
            ("cell", [text for cell in self.cells for text in _cell(cell)]),
            ("bound", [
                f"degree <= {self.degree}, height < 2^{self.height_bits}: "
                f"P(a wrong chain rule passed) <= {_power(self.chance)}",
            ]),
            ("called again", list(self.retraced)),
            ("not known", [] if self.retraced else [self._not_known()]),
            ("trusted", [TRUSTED]),
            ("not covered", [NOT_COVERED]),
        ]  # fmt: skip
        return [(label, texts) for label, texts in lines if texts]

    def _claim(self) -> list[str]:
        entries = sum(math.prod(shape) for _, shape in self.wrt)
        counted = Counter(name for name, _ in self.wrt)
        names = ", ".join(
            f"{n} ({k} arrays)" if k > 1 else n for n, k in counted.items()
        )
        claim = f"VACUOUSLY, for {self.vacuous}: " if self.vacuous else ""
        claim += (
            f"the reverse-mode gradient of {self.output}, asked with respect to "
            f"these {len(self.wrt)} arrays ({entries} numbers), is its derivative"
        )
        empty = [name for name, shape in self.wrt if not math.prod(shape)]
        if empty and not self.vacuous:
            claim += f" (of {', '.join(empty)} there is no entry to compare)"
        if self.order == 2:
            claim += (
                "; and the gradient of <gradient, u>, for every u, is the second "
                "derivative along u"
            )
        if self.alone:
            claim += (
                f"; and so it is asked with respect to the {self.alone} Parameters "
                "alone, as training does"
            )
        if self.not_in_floats:
            claim += (
                ", AS FORMULAS AND IN EXACT NUMBERS ONLY: nothing was compared in "
                f"floats, because {self.not_in_floats}"
            )
        if self.outside:
            shown, more = self.outside[:FEW], len(self.outside) - FEW
            left = f"; and at {more} more steps" if more > 0 else ""
            claim += (
                ", IN THE DOMAINS OF ITS ROWS ONLY, and numbers were recorded outside "
                f"of them: {'; '.join(shown)}{left}. There nothing is shown"
            )
        return [claim, f"wrt: {names}"]

    def _identity(self) -> str:
        slopes = f" and the {self.slopes} slopes of elementwise steps" * (
            self.slopes > 0
        )
        return (
            "<gradient, v> = D_v output, as polynomials with whole coefficients in "
            f"{self.inputs} inputs{slopes}, whatever these are"
        )

    def _method(self) -> str:
        walk = "the engine's own walk against tangents carried forward"
        if self.order == 2:
            walk += ", for the gradient, its recording, and the recording's gradient"
        if self.alone:
            walk += ", for all arrays and for the Parameters"
        primes = ", ".join(map(str, self.primes))
        return f"{walk}, modulo the random primes {primes}; seed {self.seed}"

    def _in_floats(self) -> list[str]:
        if self.not_in_floats:
            return [f"NOT compared: {self.not_in_floats}"]
        dtypes = " and ".join(self.dtypes).replace("object", "exact numbers")
        return [
            f"in {dtypes}, at this tape's shapes and places in memory: each of "
            f"{self.kinds} kinds of steps computes its formula and its slopes entry by "
            "entry, and one of each kind walks back through small whole numbers "
            "exactly; this gradient "
            "agrees with tangents carried forward through the recorded numbers, to "
            f"{self.precision:.0e} of its size (off by {self.rounding:.2g} of that)"
        ]

    def _not_known(self) -> str:
        shown, more = self.constants[:FEW], len(self.constants) - FEW
        left = f", and {more} more" if more > 0 else ""
        listed = f" (here: {', '.join(shown)}{left})" if shown else ""
        return NOT_KNOWN.format(constants=listed)


def _cell(cell: CellShown) -> list[str]:
    """Say what was shown of one time step."""
    alike = f"{cell.steps} time steps, all" if cell.steps > 1 else "1 time step,"
    if cell.loops > 1:
        alike = (
            f"{cell.loops} loops of the same program, {cell.steps} time steps in all,"
        )
    text = (
        f"{cell.cell} ({alike} this program: {cell.inputs} numbers in, {cell.outputs} "
        "out): whatever cotangents come in, one step sends back the derivative, by the "
        "same identity"
    )
    if cell.steps > 1:
        text += (
            ". So, by induction over t, do any number of such steps, if the engine "
            "adds up their uses of a weight as here (prose, not checked by machine)"
        )
    return [text]


def log2_up(exponent: float) -> float:
    """Return the log2 of a bound, rounded up to a tenth; at most 0."""
    return (
        exponent if exponent == -math.inf else min(0.0, math.ceil(exponent * 10) / 10)
    )


def versions() -> dict[str, str]:
    """Return the versions of what a certificate trusts."""
    import sympy

    return {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "sympy": sympy.__version__,
    }


def _power(exponent: float) -> str:
    if exponent == -math.inf:
        return "0"
    if exponent == 0:
        return f"1, which says nothing: too large for so few primes of {BITS + 1} bits"
    return f"2^{exponent:g}"


def labelled(paragraphs: Iterable[tuple[str, Sequence[str]]]) -> str:
    """Set texts as a paragraph each, beside a label: `proved       the ...`."""
    lines = []
    for label, texts in paragraphs:
        for text in texts:
            for line in textwrap.wrap(text, 75, subsequent_indent="  "):
                lines.append(f"{label:<13}{line}")
                label = ""
    return shown("\n".join(lines))
