"""A certificate: what was shown, for which tape, how, and how surely.

Every number in it was computed in the run. Printed, it reads from the claim down to
what is trusted and what is not covered; `to_json` gives the same as data.
"""

from __future__ import annotations

import hashlib
import json
import math
import platform
import sys
import textwrap
from collections import Counter
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from minigrad.symbolic.proving.cells import CellShown
from minigrad.symbolic.proving.local import frozen
from minigrad.symbolic.proving.rows import RowShown
from minigrad.symbolic.rings.primes import BITS
from minigrad.tape import Tape
from minigrad.tensor import Tensor

TRUSTED = (
    "Python's integers, NumPy's movement of objects, SymPy (lemmas), the randomness of "
    "the seed, and the prover (minigrad.symbolic)"
)
NOT_COVERED = (
    "rounding, overflow and kernels of floating point (elementwise ones, and their "
    "slopes, are compared with what they mean at some points only); other shapes and "
    "branches than the recorded ones; whether the forward program is the intended one"
)


@dataclass(frozen=True)
class Certificate:
    """What `prove` showed. It is true; what fails raises `ProofFailed` instead.

    output         the output's name
    wrt            (name, shape) of each array with respect to which
    alone          how many of these, the Parameters, were also asked for alone; or 0
    order          1: the gradient; 2: the Hessian times a vector as well
    outside        which steps were recorded outside their row's domain
    tape           SHA-256 of the recorded rows, wiring, constants, options, shapes
    steps          how many applications the tape has
    applications   how many of them differ in row, shapes, options or constants
    too_large      how many of these were not checked one by one
    inputs         how many independent numbers enter
    generators     how many values of each function stand as independent variables
    lemmas         what SymPy proved of each elementwise row, as text
    opaque         rows that entered by their lemma alone, not run in the field
    rows           what was shown of each row at other shapes and options
    cells          what was shown of one time step of each loop, as polynomials
    primes, seed   of the fields, one for every trial; of every random choice
    degree, height_bits     bounds for the polynomial that was found to be zero
    chance         log2 of a bound for the probability that a wrong gradient passed
    rules_degree, rules_chance    the same, for the rules checked one by one
    versions       of Python, NumPy and SymPy
    """

    output: str
    wrt: tuple[tuple[str, tuple[int, ...]], ...]
    alone: int
    order: int
    outside: tuple[str, ...]
    tape: str
    steps: int
    applications: int
    too_large: int
    inputs: int
    generators: dict[str, int]
    lemmas: tuple[str, ...]
    opaque: tuple[str, ...]
    rows: tuple[RowShown, ...]
    cells: tuple[CellShown, ...]
    primes: tuple[int, ...]
    seed: int
    degree: int
    height_bits: int
    chance: float
    rules_degree: int
    rules_chance: float
    versions: dict[str, str]

    def __bool__(self) -> bool:
        return True

    def to_json(self) -> str:
        """Return the certificate as JSON, keys sorted: the same run, the same text."""
        fields = asdict(self) | {"trusted": TRUSTED, "not_covered": NOT_COVERED}
        for name in ("chance", "rules_chance"):  # JSON knows no log2 of 0
            fields[name] = max(fields[name], -sys.float_info.max)
        return json.dumps(fields, indent=2, sort_keys=True)

    def __str__(self) -> str:
        return "\n".join(
            line for label, texts in self._lines() for line in _labelled(label, texts)
        )

    def _lines(self) -> list[tuple[str, list[str]]]:
        """Return what is printed, from the claim down: (label, paragraphs)."""
        lemmas = [f"by SymPy {self.versions['sympy']}:", *self.lemmas]
        by_lemma = (
            f"{', '.join(self.opaque)}: rule not run in the field; it enters by its "
            "lemma"
        )
        lines = [
            ("proved", self._claim()),
            ("for", [
                f"this recorded tape of {self.steps} steps, its shapes, masks, indices "
                f"and constants; sha256 {self.tape[:16]}",
            ]),
            ("lemmas", lemmas if self.lemmas else ["none needed"]),
            ("by lemma", [by_lemma] if self.opaque else []),
            ("rules", self._rules()),
            ("rows", self._rows()),
            ("cell", [text for cell in self.cells for text in _cell(cell)]),
            ("network", [self._meaning(), self._method()]),
            ("bound", [
                f"degree <= {self.degree}, height < 2^{self.height_bits}: "
                f"P(a wrong gradient passed) <= {_power(self.chance, self._bits())}",
            ]),
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
        claim = (
            f"the reverse-mode gradient of {self.output}, asked with respect to "
            f"these {len(self.wrt)} arrays ({entries} numbers), is its derivative"
        )
        if self.order == 2:
            claim += (
                "; and the gradient of <gradient, u>, for every u, is its second "
                "derivative along u, and symmetric"
            )
        if self.alone:
            claim += (
                f"; and so it is asked with respect to the {self.alone} Parameters "
                "alone, as training does"
            )
        if not self.outside:
            return [claim, f"wrt: {names}"]
        shown, more = self.outside[:4], len(self.outside) - 4
        left = f"; and at {more} more steps" if more > 0 else ""
        return [
            f"{claim}, IN THE DOMAINS OF ITS ROWS ONLY, and numbers were recorded "
            f"outside of them: {'; '.join(shown)}{left}. There nothing is shown",
            f"wrt: {names}",
        ]

    def _meaning(self) -> str:
        generators = ", ".join(f"{n} {name}" for name, n in self.generators.items())
        count = sum(self.generators.values())
        kind = (
            f"{count} generators ({generators}): any functions with their slopes"
            if count
            else "no generator"
        )
        return (
            "an identity of polynomials and their quotients over Q, in "
            f"{self.inputs} inputs and {kind}"
        )

    def _method(self) -> str:
        directions = "one random direction" if self.order == 1 else "random directions"
        walk = (
            f"the engine's own backward walk against dual numbers, along {directions}"
        )
        if self.alone:
            walk += ", for all arrays and for the Parameters"
        if len(self.primes) == 1:
            return f"{walk}, modulo the random prime {self.primes[0]}; seed {self.seed}"
        return (
            f"{walk}, {len(self.primes)} times, modulo the random primes "
            f"{', '.join(map(str, self.primes))} of {self._bits()} bits; seed "
            f"{self.seed}"
        )

    def _bits(self) -> int:
        return self.primes[0].bit_length()

    def _rules(self) -> list[str]:
        """Say which rules were checked one by one, and where the others are."""
        alone = self.applications - self.too_large
        where = "the tape" if self.order == 1 else "the tape and its gradient"
        texts = [
            f"{self.applications} different applications on {where}, "
            + (f"{alone} of them " if self.too_large else "")
            + "each on its own, in reverse, recorded reverse and forward mode",
            f"degree <= {self.rules_degree}: P(a wrong rule passed, on the tape or "
            f"in the field below) <= {_power(self.rules_chance, BITS + 1)}",
        ]
        if self.too_large:
            texts.insert(1, (
                f"the other {self.too_large} are too large for that: in reverse they "
                "are part of the network below, and in the other modes their rows are "
                "tried at smaller shapes only"
            ))  # fmt: skip
        return texts

    def _rows(self) -> list[str]:
        """Say what was tried at other shapes, row by row."""
        told: dict[str, list[str]] = {}
        for row in self.rows:
            how = f"{row.how}, each at {row.shapes} shapes" if row.shapes else row.how
            count = f" ({row.entries} entries)" if row.shapes else ""
            told.setdefault(how, []).append(row.name + count)
        texts = [f"{how}: {', '.join(names)}" for how, names in told.items()]
        return ["at sampled shapes and options besides those of the tape:", *texts]

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(str(self))


def fingerprint(tape: Tape) -> str:
    """Return the SHA-256 of a recorded program: the same program, the same hash.

    Leaves count by shape only, since a proof is about all their values.
    """
    position = {step: k for k, step in enumerate(tape)}
    digest = hashlib.sha256()
    for step in tape:
        name = step.primitive.name if step.primitive else "leaf"
        args = [
            ("step", position[a]) if isinstance(a, Tensor) else frozen(a)
            for a in step.args
        ]
        digest.update(repr((name, args, frozen(step.options), step.shape)).encode())
    return digest.hexdigest()


def log2(probability: Fraction) -> float:
    """Return log2 of a bound, rounded up to a tenth; at most 0.

    >>> log2(Fraction(1, 1024)), log2(Fraction(3, 1))
    (-10.0, 0.0)
    """
    if probability <= 0:
        return -math.inf
    exact = math.log2(probability.numerator) - math.log2(probability.denominator)
    return min(0.0, math.ceil(exact * 10) / 10)


def versions() -> dict[str, str]:
    """Return the versions of what a certificate trusts."""
    import sympy

    return {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "sympy": sympy.__version__,
    }


def _cell(cell: CellShown) -> list[str]:
    """Say what was shown of one time step."""
    alike = f"{cell.steps} time steps, all" if cell.steps > 1 else "1 time step,"
    if cell.loops > 1:
        alike = (
            f"{cell.loops} loops of the same program, {cell.steps} time steps in all,"
        )
    size = (
        f"{cell.cell} ({alike} sha256 {cell.program[:16]}; {cell.inputs} numbers in, "
        f"{cell.outputs} out)"
    )
    if cell.not_shown:
        return [f"{size}: not done, because {cell.not_shown}"]
    return [
        f"{size}: <leaf bars, v> = <incoming bars, tangents>, written out with "
        f"{cell.generators} generators and letters for all bars: the same "
        f"{cell.monomials} monomials on both sides. No chance is involved"
        + ("; by induction over t for any number of such steps (prose, not "
           "machine-checked)" if cell.steps > 1 else ""),
    ]  # fmt: skip


def _power(exponent: float, bits: int) -> str:
    if exponent == -math.inf:
        return "0"
    if exponent == 0:
        return f"1, which says nothing: the tape is too large for primes of {bits} bits"
    return f"2^{exponent:g}"


def _labelled(label: str, texts: list[str], width: int = 88) -> list[str]:
    """Set texts as a paragraph each, beside a label: `proved       the ...`."""
    lines = [
        line
        for text in texts
        for line in textwrap.wrap(text, width - 13, subsequent_indent="  ")
    ]
    return [f"{label if k == 0 else '':<13}{line}" for k, line in enumerate(lines)]
