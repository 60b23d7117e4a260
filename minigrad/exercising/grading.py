"""Many answers to one question: a score for each, a table, and results for Gradescope.

An output that is right counts 1. One that a single slip explains counts a part of it,
one half if nothing else is said: whoever forgot a transpose has understood the rest.
Where something else was computed instead, it counts nothing, though it is said what.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from minigrad.console import table
from minigrad.exercising.diagnosis import RIGHT, UNEXPLAINED, Diagnosis
from minigrad.exercising.exercise import Exercise

ONE_SLIP = 0.5  # of an output, where a slip is found that explains it


class Graded(NamedTuple):
    """An answer: whose it is, what is wrong with it, and what it answers."""

    name: str
    diagnosis: Diagnosis
    exercise: Exercise

    def score(self, credit: Mapping[str, float] | None = None) -> float:
        """Return the share of the outputs that are right, slips in part.

        credit  what a slip of a kind counts, {"sign": 0.8}; ONE_SLIP for the others
        """
        nothing = dict.fromkeys((*UNEXPLAINED, "instead"), 0.0)
        counts = {RIGHT: 1.0} | nothing | dict(credit or {})
        of_each = (
            counts.get(each.kind, ONE_SLIP) * len(each.outputs)
            for each in self.diagnosis.findings
        )
        return round(sum(of_each) / len(self.exercise.outputs), 3)

    def row(self) -> tuple[str, ...]:
        """Return a line of a table: the name, the score, and the first thing wrong."""
        wrong = [f for f in self.diagnosis.findings if f.kind != RIGHT]
        first = wrong[0] if wrong else None
        said = f"{', '.join(first.outputs)}: {first.words}" if first else ""
        said = said.partition("\n")[0]
        return self.name, f"{self.score():.0%}", self.diagnosis.state, said


def grade(exercise: Exercise, answers: Mapping[str, Any]) -> list[Graded]:
    """Check the answers of several people, by their names."""
    return [Graded(who, exercise.check(f), exercise) for who, f in answers.items()]


def report(graded: Sequence[Graded]) -> str:
    """Return a table of names, scores and diagnoses."""
    return table([("who", "score", "", "what is wrong"), *(g.row() for g in graded)])


def gradescope(
    graded: Sequence[Graded],
    points: float = 10.0,
    credit: Mapping[str, float] | None = None,
) -> dict[str, Any]:
    """Return what Gradescope's autograder reads from results.json: a test for each.

    The keys are those of its specification: tests with score, max_score, name, output.
    """
    return {
        "tests": [
            {
                "name": each.name,
                "score": round(points * each.score(credit), 2),
                "max_score": points,
                "output": str(each.diagnosis),
            }
            for each in graded
        ]
    }
