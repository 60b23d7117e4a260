"""A small run of training, and when two of them are the same."""

import csv

from lstm.experiments.tasks import Parity
from lstm.experiments.training import Recipe, checkpoint

TASK = Parity(updates=7, longest=5)
RECIPE = Recipe(hidden=2, epochs=3, batch=4)


def same(one, other):
    """Whether two dicts of arrays have the same bits under the same names."""
    return {k: (v.dtype, v.shape, v.tobytes()) for k, v in one.items()} == {
        k: (v.dtype, v.shape, v.tobytes()) for k, v in other.items()
    }


def rows(folder):
    with (folder / "log.csv").open(newline="", encoding="utf-8") as file:
        return [{k: float(v) for k, v in row.items()} for row in csv.DictReader(file)]


def assert_same_end(folder, other):
    arrays, facts = checkpoint.read(folder / "checkpoint.npz")
    expected, expected_facts = checkpoint.read(other / "checkpoint.npz")
    assert same(arrays, expected)
    assert rows(folder) == facts["history"]
    for row in facts["history"] + expected_facts["history"]:
        del row["seconds"]
    assert facts == expected_facts
    assert (folder / "model.npz").read_bytes() == (other / "model.npz").read_bytes()
