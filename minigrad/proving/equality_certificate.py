"""A certificate of equality: what was shown of two programs, how, and how surely.

Every number in it was computed in the run.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from minigrad.console import shown
from minigrad.proving.certificate import labelled, log2_up
from minigrad.types import Printer, Shape

Shapes = tuple[tuple[str, Shape], ...]  # names with shapes

TRUSTED = (
    "that every elementwise row computes what it means (mg.prove shows it); Python's "
    "integers, NumPy, SymPy, the randomness of the seed, and the prover "
    "(minigrad.proving)"
)
NOT_COVERED = (
    "rounding and overflow; other shapes; branches, masks and indices that did not "
    "occur at the points; points where either is undefined"
)


@dataclass(frozen=True)
class Equality:
    """What `prove_equal` showed. It is true; what fails raises `NotShown` instead."""

    programs: tuple[str, str]  # what the two functions are called
    arguments: Shapes  # every array that they were given
    outputs: Shapes  # every array that was compared
    tapes: tuple[str, str]  # SHA-256 of the recorded programs, at the first point
    variables: int  # how many independent numbers enter
    functions: dict[str, int]  # how many values of each are independent variables
    primes: tuple[int, ...]  # modulo which all numbers were compared
    seed: int  # from which every random choice was made
    degree: int  # a bound for the difference of two numbers that were compared
    height_bits: int  # likewise, log2 of the sum of its coefficients
    questions: int  # how many pairs of numbers were compared
    chance: float  # log2 of a bound: different functions passed with this probability
    laws: bool  # were sums inside exp and products inside log taken apart?
    masked: bool  # does the program choose: are there masks, or several branches?
    points: int  # at how many points both ran
    undefined: int  # at how many others one was not defined
    branches: int  # how many branches occurred there
    branches_shown: int  # how many of these were proved
    moving: int  # how many constants moved with the inputs, and were variables
    vacuous: str  # why nothing was compared that depends on an argument, if so
    unused: tuple[str, ...]  # arguments that no output depends on
    said: tuple[str, ...]  # what was seen when both were called again
    versions: dict[str, str]  # of Python, NumPy and SymPy

    def __bool__(self) -> bool:
        return True

    def to_json(self) -> str:
        """Return the certificate as JSON, keys sorted: the same run, the same text."""
        fields = asdict(self) | {"trusted": TRUSTED, "not_covered": NOT_COVERED}
        return json.dumps(fields, indent=2, sort_keys=True)

    def __str__(self) -> str:
        functions = ", ".join(f"{n} {name}" for name, n in self.functions.items())
        laws = "; exp(a + b) = exp(a) exp(b), log(a b) = log(a) + log(b)" * self.laws
        lines = {
            "proved": self._claim(),
            "for": f"{_listed(self.arguments)}; recorded tapes, sha256 "
            f"{self.tapes[0][:16]} and {self.tapes[1][:16]}",
            "branches": self._branches(),
            "meaning": "an identity of quotients of polynomials over Q, in "
            f"{self.variables} inputs and these values of functions: "
            f"{functions or 'none'}{laws}",
            "method": f"both replayed at one random point modulo {len(self.primes)} "
            f"random primes {', '.join(map(str, self.primes))}; seed {self.seed}",
            "bound": f"degree <= {self.degree}, height < 2^{self.height_bits}, "
            f"{self.questions} pairs of numbers compared: P(different functions "
            f"passed) <= 2^{log2_up(self.chance):g}",
            "trusted": TRUSTED,
            "not covered": NOT_COVERED,
        }
        return labelled((label, [text]) for label, text in lines.items())

    def __repr__(self) -> str:
        return shown(f"<Equality: {self._claim()}>")

    def _claim(self) -> str:
        claim = f"{' and '.join(self.programs)} are the same function"
        if self.vacuous:
            return f"VACUOUSLY, for {self.vacuous}: {claim}"
        if self.masked:
            of = "" if self.branches == self.branches_shown else f" OF {self.branches}"
            some = f"{self.branches_shown}{of} BRANCH{'ES' * (self.branches_shown > 1)}"
            claim += f", ON THE {some} THAT OCCURRED AT {self.points} POINTS ONLY"
        if self.unused:
            claim += f" (no output depends on {' and '.join(self.unused)})"
        where = "" if self.masked else ", on the branch that both took"
        entries = "are equal in every entry, in exact numbers, where both are defined"
        return f"{claim}{where}: {_listed(self.outputs)} {entries}"

    def _branches(self) -> str:
        words = [f"both ran at {self.points} points"]
        if self.undefined:
            words.append(f"at {self.undefined} others one was not defined")
        if self.masked:
            words.append("other branches than those that occurred are not covered")
        if self.moving:
            words.append(
                f"constants that moved with the inputs ({self.moving}) may be anything"
            )
        return "; ".join([*words, *self.said])

    def _repr_pretty_(self, printer: Printer, cycle: bool) -> None:
        printer.text(str(self))


def _listed(named: Shapes) -> str:
    return ", ".join(f"{name} {shape}" for name, shape in named) or "no argument"
