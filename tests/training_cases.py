"""A small run of training, and when two of them are the same."""

from lstm.experiments.tasks import Parity
from lstm.experiments.training import Recipe, checkpoint, log

TASK = Parity(updates=7, longest=5)
RECIPE = Recipe(hidden=2, epochs=3, batch=4)


def same(one, other):
    """Whether two dicts of arrays have the same bits under the same names."""
    return {k: (v.dtype, v.shape, v.tobytes()) for k, v in one.items()} == {
        k: (v.dtype, v.shape, v.tobytes()) for k, v in other.items()
    }


def assert_same_end(folder, other):
    arrays, facts = checkpoint.read(folder / "checkpoint.npz")
    expected, expected_facts = checkpoint.read(other / "checkpoint.npz")
    assert same(arrays, expected)
    for each in (facts, expected_facts):
        del each["progress"]["log_size"]  # the seconds in the log differ
    assert facts == expected_facts
    rows, expected_rows = (log.rows(each / "log.csv") for each in (folder, other))
    for row in rows + expected_rows:
        del row["seconds"]
    assert rows == expected_rows
    assert (folder / "model.npz").read_bytes() == (other / "model.npz").read_bytes()
