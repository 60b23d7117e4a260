"""A certificate of equality: what was shown of two programs, how, and how surely.

Every number in it was computed in the run.
"""

from __future__ import annotations

import json
import textwrap
from dataclasses import asdict, dataclass
from typing import Any

Shapes = tuple[tuple[str, tuple[int, ...]], ...]  # names with shapes

TRUSTED = (
    "that every elementwise row computes what it means (mg.prove shows it); Python's "
    "integers, NumPy's movement of objects, SymPy, the randomness of the seed, and "
    "minigrad.symbolic"
)
NOT_COVERED = (
    "rounding and overflow; other shapes; other branches, masks, indices and constants "
    "than those recorded at these inputs; points where either is undefined"
)


@dataclass(frozen=True)
class Equality:
    """What `prove_equal` showed. It is true; what fails raises `NotShown` instead.

    programs     what the two functions are called
    arguments    (name, shape) of every array that they were given
    outputs      (name, shape) of every array that was compared
    tapes        SHA-256 of the two recorded programs
    steps        how many applications each has
    variables    how many independent numbers enter
    functions    how many values of each function stand as independent variables
    questions    how many arguments of functions had to be told apart
    degree, height_bits   bounds for a difference of outputs
    chance       log2 of a bound for the probability that different functions passed
    masked       does a mask, a choice of branches, stand on one of the tapes?
    rounding     the largest difference of the two in floats, at the recorded inputs
    """

    programs: tuple[str, str]
    arguments: Shapes
    outputs: Shapes
    tapes: tuple[str, str]
    steps: tuple[int, int]
    variables: int
    functions: dict[str, int]
    questions: int
    prime: int
    seed: int
    degree: int
    height_bits: int
    chance: float
    masked: bool
    rounding: float
    versions: dict[str, str]

    def __bool__(self) -> bool:
        return True

    def to_json(self) -> str:
        """Return the certificate as JSON, keys sorted: the same run, the same text."""
        fields = asdict(self) | {"trusted": TRUSTED, "not_covered": NOT_COVERED}
        return json.dumps(fields, indent=2, sort_keys=True)

    def __str__(self) -> str:
        told = {
            "proved": f"{' and '.join(self.programs)} are the same function"
            f"{', ON THE RECORDED BRANCHES ONLY' if self.masked else ''}: "
            f"{_listed(self.outputs)} are equal in every entry",
            "for": f"{_listed(self.arguments)}; recorded tapes of {self.steps[0]} and "
            f"{self.steps[1]} steps, sha256 {self.tapes[0][:16]} and "
            f"{self.tapes[1][:16]}",
            "meaning": "an identity of quotients of polynomials over Q, in "
            f"{self.variables} inputs and {self._functions()}",
            "method": "both replayed at one random point modulo the random prime "
            f"{self.prime}; seed {self.seed}",
            "bound": f"degree <= {self.degree}, height < 2^{self.height_bits}, "
            f"{self.questions} arguments told apart: P(different functions passed) <= "
            + (f"2^{self.chance:g}" if self.chance else "1, which says nothing"),
            "floats": "no proof, but a witness: at the recorded inputs they differ by "
            f"at most {self.rounding:.1e}",
            "trusted": TRUSTED,
            "not covered": NOT_COVERED,
        }
        return "\n".join(
            f"{label if k == 0 else '':<13}{line}"
            for label, text in told.items()
            for k, line in enumerate(textwrap.wrap(text, 75, subsequent_indent="  "))
        )

    def _functions(self) -> str:
        counts = ", ".join(f"{n} {name}" for name, n in self.functions.items())
        return f"these values of functions: {counts}" if counts else "no function"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(str(self))


def _listed(named: Shapes) -> str:
    return ", ".join(f"{name} {shape}" for name, shape in named) or "no argument"
