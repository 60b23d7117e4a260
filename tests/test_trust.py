"""The page "What may be trusted": its tests exist, and its numbers are theirs."""

import re
from pathlib import Path

import model_cases
import numpy_programs
import published_backwards
import pytest
import test_exercises
import test_habits
import test_messages
import test_numpy_idioms
import test_planted_faults
import test_right_models

HERE = Path(__file__).parent
PAGE = (HERE.parent / "docs/why/trust.md").read_text("utf-8")
README = (HERE.parent / "README.md").read_text("utf-8")
TESTS = "\n".join(file.read_text("utf-8") for file in HERE.glob("test_*.py"))

TRIED = {
    "idioms of NumPy": test_numpy_idioms.CASES,
    "functions by other people": numpy_programs.PROGRAMS,
    "right models": test_right_models.MODELS,
    "models, each drawn": model_cases.MODELS,
    "faults planted": test_planted_faults.HAND,
    "mutants of the engine": (
        test_planted_faults.mutants()[:: test_planted_faults.SHARE]
    ),
    "backward passes": published_backwards.PUBLISHED,
    "mistakes of users": test_messages.MISTAKES,
    "wrong answers to exercises": [*test_exercises.CASES, *test_exercises.ANEW],
    "names that people bring": test_habits.ENTRIES,
}


@pytest.mark.parametrize("what", TRIED)
def test_as_much_was_tried_as_the_page_says(what):
    assert f"| {len(TRIED[what])} | {what}" in PAGE


def test_the_readme_has_the_numbers_of_the_page():
    said = re.search(r"Tried so far: (.*?)\.\n", README, re.DOTALL)
    assert said
    told = re.findall(r"(\d+) (\w+)", said[1])
    assert len(told) >= 6
    counted = {
        (str(len(cases)), what.split()[0].strip(",")) for what, cases in TRIED.items()
    }
    assert {*told} <= counted


def test_every_test_that_the_page_names_exists():
    tests = re.findall(r"`(test_\w+(?:\.py)?)`", PAGE)
    assert len(tests) > 15
    for name in tests:
        is_file = name.endswith(".py")
        assert (HERE / name).exists() if is_file else f"def {name}(" in TESTS, name
