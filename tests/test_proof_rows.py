"""Linear rows apart from a tape: every adjoint, at every kind of shape and option."""

from random import Random

import numpy as np
import pytest
from every import every
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from minigrad.mistakes.planting import rule_of, rules_from
from minigrad.primitive import TABLE, Linear
from minigrad.proving import ProofFailed
from minigrad.proving.rows import SAMPLES, prove_adjoints

EDGES = [
    ("sum", [()], {"axis": 0}),
    ("sum", [(2, 3, 2)], {"axis": (-1, 0), "keepdims": True}),
    ("broadcast", [(1, 3, 1)], {"shape": (2, 2, 3, 2)}),
    ("transpose", [(2, 3, 4)], {"axes": (-1, 0, 1)}),
    ("concatenate", [(1, 3), (2, 3), (3, 3)], {"axis": 0}),
    ("take", [(3, 4)], {"index": (np.array([[0, 2]]), slice(None, None, -1))}),
    ("take", [(3, 4)], {"index": (Ellipsis, None, slice(0, 2))}),
    ("scatter", [(4,)], {"shape": (3,), "index": np.array([0, 2, 0, 0])}),
    ("where", [(3,), ()], {"mask": np.eye(3, dtype=bool)}),
    ("matmul", [(3,), (2, 3, 2)], {}),
    ("matmul", [(2, 1, 2, 3), (2, 3, 2)], {}),
    ("matvec", [(2, 3), (2, 2, 3)], {}),
]
LINEAR = [row for row in TABLE.values() if isinstance(row, Linear)]
every_row = pytest.mark.parametrize("row", LINEAR, ids=lambda row: row.name)
ANSWERS = {
    "in reverse": lambda g: not isinstance(g, mg.Tensor),
    "recorded": lambda g: isinstance(g, mg.Tensor),
    "in floats": lambda g: isinstance(g, np.ndarray) and g.dtype.kind == "f",
}


def remade(row, **changed):
    """A copy of a row, with something changed, that is not in the table."""
    copy = object.__new__(type(row))
    vars(copy).update(vars(row) | changed)
    if "function" in changed:
        copy.apply = copy.function
    return copy


def spoilt(row, i, change):
    """A copy of a row whose rule for argument i returns something else."""

    def rule(k, g, *args, **options):
        value = rule_of(row, k)(g, *args, **options)
        return change(value, g) if k == i else value

    return remade(row, adjoints=rules_from(row, rule))


def refuted(row, *samples):
    with pytest.raises(ProofFailed) as failed:
        prove_adjoints(row, *samples)
    return failed.value


# ------------------------------------------------------------------ right adjoints


@every_row
def test_every_adjoint_is_proved(row):
    before = dict(vars(row), batched_adjoints=dict(row.batched_adjoints))
    assert prove_adjoints(row) == SAMPLES
    assert vars(row) == before


@every("name, shapes, options", EDGES)
def test_an_unusual_shape_or_option_is_proved(name, shapes, options):
    assert prove_adjoints(TABLE[name], (shapes, options)) == 1


@every_row
@given(seed=st.integers(0, 2**32))
def test_every_adjoint_is_proved_at_any_shape_and_option(row, seed):
    assert prove_adjoints(row, row.samples(Random(seed)), seed=seed) == 1


@given(
    batch=st.lists(st.integers(1, 2), max_size=2),
    sizes=st.tuples(*[st.integers(1, 3)] * 3),
)
def test_a_matrix_product_is_proved_at_any_shape(batch, sizes):
    m, k, n = sizes
    assert prove_adjoints(TABLE["matmul"], ([(*batch, m, k), (k, n)], {}))


def kinds_of_index(index):
    for part in index if isinstance(index, tuple) else (index,):
        if not isinstance(part, list | np.ndarray):
            yield type(part).__name__
        elif np.asarray(part).dtype == bool:
            yield "mask"
        else:
            distinct = len(np.unique(part)) == np.size(part)
            yield "array" if distinct else "repeated"


def test_the_samples_of_a_proof_meet_every_kind_of_option():
    def tried(name):
        choose = Random(name)
        return [TABLE[name].samples(choose)[1] for _ in range(SAMPLES)]

    axes = [options.get("axis") for options in tried("sum")]
    assert {type(axis) for axis in axes} == {int, tuple, type(None)}
    assert any(isinstance(axis, int) and axis < 0 for axis in axes)
    assert {options.get("keepdims") for options in tried("sum")} == {True, False, None}
    indices = [each["index"] for name in ("take", "scatter") for each in tried(name)]
    assert {kind for index in indices for kind in kinds_of_index(index)} == {
        "int", "slice", "ellipsis", "NoneType", "array", "mask", "repeated",
    }  # fmt: skip


# ------------------------------------------------------------------ wrong adjoints


@every_row
def test_an_adjoint_a_little_too_large_is_refuted(row):
    for i in range(len(row.samples(Random(0))[0])):
        failure = refuted(spoilt(row, i, lambda value, g: value * (1 + 1e-5)))
        assert (failure.row, failure.argument) == (row.name, i)
        assert f"the rule for argument {i} is wrong" in str(failure)


@every("answers", ANSWERS.values(), ids=ANSWERS)
@every_row
def test_an_adjoint_that_is_wrong_in_one_reading_only_is_refuted(row, answers):
    """An engine reads a rule in floats, in a recorded gradient, and in a proof."""
    wrong = spoilt(row, 0, lambda value, g: value * (2 if answers(g) else 1))
    assert refuted(wrong).argument == 0


@every("row", [r for r in LINEAR if r.batched_adjoints], ids=lambda r: r.name)
def test_a_sum_over_many_uses_that_is_wrong_is_refuted(row):
    """The engine adds up what the uses of one argument contribute in one go."""
    for i, right in row.batched_adjoints.items():
        wrong = {**row.batched_adjoints, i: lambda *uses, right=right: 2 * right(*uses)}
        assert refuted(remade(row, batched_adjoints=wrong)).argument == i


def test_a_rule_that_is_wrong_at_one_option_only_is_refuted():
    row = TABLE["sum"]

    def wrong(g, a, axis=None, keepdims=False):
        from_the_back = isinstance(axis, int) and axis < 0
        return row.adjoints[0](g, a, axis=axis, keepdims=keepdims) * (1 + from_the_back)

    assert refuted(remade(row, adjoints=(wrong,))).argument == 0


def test_a_rule_that_does_not_run_is_told_with_its_reason():
    def raises(value, g):
        raise ValueError("no such thing")

    text = str(refuted(spoilt(TABLE["matvec"], 1, raises)))
    assert "the rule for argument 1 does not run: no such thing" in text
    floats = spoilt(TABLE["matvec"], 1, lambda value, g: np.ones(value.shape))
    assert "a rule returned floats" in str(refuted(floats))


@every("row", [r for r in LINEAR if r.slice_of_argument], ids=lambda r: r.name)
def test_parts_that_lie_elsewhere_are_refuted(row):
    wrong = remade(
        row, slice_of_argument=lambda i, *where: row.slice_of_argument(i - 1, *where)
    )
    failure = refuted(wrong)
    assert (failure.row, failure.argument) == (row.name, 0)
    assert "lies elsewhere" in " ".join(str(failure).split())


def test_a_function_that_is_not_linear_is_refuted():
    row = remade(TABLE["reshape"], function=lambda a, shape: np.reshape(a * a, shape))
    assert refuted(row, ([(2, 3)], {"shape": (6,)})).argument == 0


def test_a_row_without_samples_asks_for_some():
    row = Linear("double", lambda a: a + a, (lambda g, a: g + g,), jointly=True)
    with pytest.raises(ValueError, match="'double' has no samples: give shapes"):
        prove_adjoints(row)
    assert prove_adjoints(row, ([(2, 3)], {}), ([()], {})) == 2
