"""Which entry reads which: what is found is where the true Jacobian is not 0."""

import numpy as np
import pytest
from every import every
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import ROWS, ids

import minigrad as mg
from minigrad.primitive import TABLE, linear
from minigrad.structure.dependence import between
from minigrad.structure.provenance import Provenance, length, marks, numbers


def jacobian(function, args, i):
    """Return where the Jacobian of one argument is not 0, at two points nearby."""
    found = False
    for scale in (1.0, 0.999):
        point = [np.asarray(arg) * scale for arg in args]
        rest = point[:i], point[i + 1 :]
        slope = np.asarray(
            mg.jacobian(lambda a, r=rest: function(*r[0], a, *r[1]))(point[i])
        )
        found = found | (slope.reshape(-1, point[i].size) != 0)
    return found


def of_vectors(found, value, source):
    """Return a Jacobian's places for entries of vectors, whichever the vector."""
    k, j = length(value), length(source)
    return found.reshape(-1, k, source.size).any(0).reshape(k, -1, j).any(1)


@every("sample", ROWS, ids=ids(ROWS))
def test_what_a_row_reads_is_where_its_jacobian_is_not_0(sample):
    args = [mg.Tensor(arg) for arg in sample.args]
    result = sample(*args)
    for i, arg in enumerate(args):
        true = of_vectors(jacobian(sample, sample.args, i), result, arg)
        assert np.array_equal(between(result, i), true)


MOVES = [
    lambda v: v[::-1],
    lambda v: v[:, ::-1],
    lambda v: v.reshape(v.shape),
    lambda v: mg.concatenate([v, v], axis=-1)[:, v.shape[1] // 2 :][:, : v.shape[1]],
    lambda v: mg.stack([v[1], v[0]]),
    lambda v: v.T.T,
    lambda v: mg.where(np.arange(v.shape[1]) > 0, v, v[::-1]),
]


def ran(v, functions):
    for function in functions:
        v = function(v)
    return v


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 4), st.lists(st.sampled_from(MOVES), max_size=5))
def test_a_moved_entry_is_traced_to_where_it_came_from(n, moves):
    """Random moves of two arrays of distinct numbers: equal numbers, equal origins."""
    leaves = [mg.Tensor(np.arange(n) + 10.0 * i, f"v{i}") for i in range(2)]
    value = ran(mg.stack(leaves), moves)
    for row, data in zip(Provenance().rows(value), value.data, strict=True):
        for (origin, j), number in zip(row, data, strict=True):
            assert origin.data[j] == number


def test_a_vector_says_of_all_examples_what_its_entries_read():
    W, X = mg.Parameter(np.ones((3, 2))), mg.Tensor(np.ones((4, 3)))
    assert between(X @ W, 0).shape == (2, 3) and between(X @ W, 0).all()
    assert np.array_equal(between(mg.tanh(X), 0), np.eye(3))
    assert np.array_equal(between(mg.cumsum(X, axis=1), 0), np.tri(3))


def test_an_empty_axis_has_nothing_to_read():
    x = mg.Tensor(np.ones((2, 0)))
    assert between(x.sum(axis=1, keepdims=True), 0).shape == (1, 0)
    assert list(Provenance().rows(x[::-1])) == [[], []]
    assert Provenance().is_rearranged(x.T)


# ----------------------------------------------------------------- what only moves


@pytest.mark.parametrize(
    "made", [lambda v: v.sum(), lambda v: mg.cumsum(v, axis=0), lambda v: v + v, mg.exp]
)
def test_a_sum_is_no_move(made):
    v = made(mg.Tensor([1.0, 2.0, 3.0], "v"))
    (row,) = Provenance().rows(v)
    assert all(origin is v for origin, _ in row)
    assert not Provenance().is_rearranged(v)


def test_a_move_with_constants_is_a_move_and_a_scaled_one_is_none():
    v = mg.Tensor([1.0, 2.0, 3.0])
    assert Provenance().is_rearranged(mg.concatenate([v, np.zeros(2)]))
    assert not Provenance().is_rearranged(2.0 * v)
    assert Provenance().is_rearranged(mg.where(False, v, 0.0))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(-3, 3), min_size=3, max_size=3).map(tuple))
def test_a_row_of_the_readers_own_is_a_move_if_it_takes_one_entry(weights):
    """Weights such as (2, -1, 0) would hide from who squares names: (2a-b)^2."""
    A = np.array(weights)
    row = linear(
        "own row",
        lambda a: (a * A).sum(keepdims=True),
        (lambda g, a: g * A,),
        jointly=True,
    )
    try:
        y = row(mg.Tensor([5.0, 6.0, 7.0]))
        assert Provenance().is_rearranged(y) is (
            sorted(weights) in ([0, 0, 0], [0, 0, 1])
        )
        assert np.array_equal(between(y, 0), [A != 0])
    finally:
        del TABLE["own row"]


def test_of_a_row_that_is_linear_in_all_arguments_together_each_is_read_apart():
    rule = (lambda g, a, b: mg.cumsum(g[::-1], axis=0)[::-1], lambda g, a, b: g)
    row = linear("own row", lambda a, b: np.cumsum(a) + b, rule, jointly=True)
    try:
        y = row(mg.Tensor([1.0, 2.0]), mg.Tensor([3.0, 4.0]))
        assert between(y, 0).tolist() == [[True, False], [True, True]]
        assert between(y, 1).tolist() == [[True, False], [False, True]]
    finally:
        del TABLE["own row"]


@given(st.lists(st.integers(0, 2**26), min_size=2, max_size=5, unique=True))
def test_a_sum_of_marks_is_no_mark(counted):
    assert numbers(marks(counted)).tolist() == counted
    assert numbers(marks([n + 1 for n in counted]).sum()) == -1
    exact = marks(counted).astype(float).astype(np.int64)
    assert np.array_equal(exact, marks(counted))


def test_what_a_cast_or_broadcasting_leaves_is_the_same_entry():
    v = mg.Tensor(np.arange(1.0, 4.0))
    for kept in (v.astype(np.float32), np.broadcast_to(v, (2, 3))):
        for row in Provenance().rows(kept):
            assert row == [(v, 0), (v, 1), (v, 2)]


def test_a_thousand_moves_are_followed_without_recursion():
    v = first = mg.Tensor([1.0, 2.0])
    for _ in range(3000):
        v = v[::-1]
    assert Provenance().origins(v) == [first]
