"""Reductions, indexing, joining, and what happens at ties and kinks."""

import numpy as np
import pytest
from every import every
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from samples import some

import minigrad as mg

AXES = [None, 0, -1, 1, (0, 1), (1, -1), (-1, 0)]
REDUCTIONS = {
    "sum": (mg.sum, np.sum),
    "mean": (mg.mean, np.mean),
    "var": (mg.var, np.var),
    "max": (mg.max, np.max),
    "min": (mg.min, np.min),
}


@pytest.mark.parametrize("keepdims", [False, True])
@every("axis", AXES, ids=str)
@every("name", REDUCTIONS)
def test_a_reduction_over_any_axis_of_a_cube_then_weighted(name, axis, keepdims):
    # bug 19, on a shape whose axes could be taken for one another; bug 20: axis 0
    ours, numpys = REDUCTIONS[name]
    x = some(3, 3, 3)
    expected = numpys(x, axis=axis, keepdims=keepdims)
    value = ours(mg.Tensor(x), axis=axis, keepdims=keepdims)
    np.testing.assert_allclose(value.data, expected, rtol=1e-14)
    assert value.shape == np.shape(expected)
    mg.check_gradients(lambda x: ours(x, axis=axis, keepdims=keepdims), x)


def test_axis_0_is_not_no_axis():  # bug 20
    x = mg.Tensor([[1.0, 2.0], [3.0, 4.0]])
    for reduce in (mg.sum, mg.mean, mg.max, mg.min, mg.var):
        assert reduce(x, axis=0).shape == (2,)
    np.testing.assert_array_equal(x.sum(axis=0).data, [4.0, 6.0])
    np.testing.assert_array_equal(
        mg.logsumexp(x * 0.0, axis=0).data, np.log([2.0, 2.0])
    )


def test_sum_over_rows_of_a_square_sends_each_weight_to_its_row():  # bug 19
    x = mg.Tensor(np.ones((2, 2)))
    weights = np.array([1.0, 10.0])
    rows = mg.grad((x.sum(axis=1) * weights).sum(), x)
    columns = mg.grad((x.sum(axis=0) * weights).sum(), x)
    np.testing.assert_array_equal(rows, [[1.0, 1.0], [10.0, 10.0]])
    np.testing.assert_array_equal(columns, [[1.0, 10.0], [1.0, 10.0]])


def test_a_mean_over_two_axes_divides_by_their_sizes():  # bug 21
    x = mg.Tensor(np.ones((4, 5, 2)))
    g = mg.grad(mg.mean(x, axis=(0, 1)).sum(), x)
    np.testing.assert_array_equal(g, np.full((4, 5, 2), 1 / 20))


def test_a_mean_of_nothing_is_nan_as_in_numpy():
    with pytest.warns(RuntimeWarning):
        assert np.isnan(mg.mean(mg.Tensor(np.zeros((0, 3)))).item())


# -------------------------------------------------------------------------- indexing


def test_a_repeated_index_adds_up():  # bug 22
    x = mg.Tensor([1.0, 2.0, 3.0])
    np.testing.assert_array_equal(mg.grad(x[[0, 0, 2]].sum(), x), [2.0, 0.0, 1.0])
    both = x[[0, 0]].sum() + x[[0, 1]].sum() + x[0]
    np.testing.assert_array_equal(mg.grad(both, x), [4.0, 1.0, 0.0])


INDICES = [
    0, -1, np.int64(1), slice(None), slice(None, None, -1), slice(3, 0, -2),
    slice(2, 2), ..., None, (..., 0), (None, 1, ..., None), (slice(None), [2, 0, 2]),
    [0, 0, -1], [], np.array([[0, 1], [1, 0]]), ([0, 1, 0], [2, 2, 2]),
    np.array([True, False, True, False]), [True, False, True, True],
    np.arange(12).reshape(4, 3) % 2 == 0, (slice(1, 3), np.array([True, False, True])),
    True, (),
]  # fmt: skip


@every("index", INDICES, ids=str)
def test_every_index_numpy_knows_is_differentiated(index):  # bug 23
    x = some(4, 3)
    np.testing.assert_array_equal(mg.Tensor(x)[index].data, x[index], strict=True)
    mg.check_gradients(lambda x: x[index] * 2.0, x)


@given(st.data())
def test_gathering_counts_how_often_each_entry_was_read(data):  # bugs 22, 23
    shape = data.draw(hnp.array_shapes(max_dims=3, max_side=4))
    index = data.draw(
        hnp.basic_indices(shape, allow_newaxis=True)
        | hnp.integer_array_indices(shape)
        | hnp.arrays(bool, shape)
    )
    x = mg.Tensor(np.zeros(shape))
    counts = np.zeros(shape)
    np.add.at(counts, index, 1.0)
    y = x[index]
    np.testing.assert_array_equal(mg.grad(y, x, seed=np.ones(y.shape)), counts)


def test_an_index_changed_after_use_does_not_matter():
    x = mg.Tensor([1.0, 2.0, 3.0])
    index, mask = [0, 2], np.array([True, False, False])
    y = x[index].sum() + x[mask].sum() * 10.0
    index[0] = 1
    mask[:] = True
    np.testing.assert_array_equal(mg.grad(y, x), [11.0, 0.0, 1.0])


# --------------------------------------------------------------------------- joining


def test_concatenate_splits_its_cotangent():  # bug 24
    parts = [mg.Tensor(np.ones(n)) for n in (2, 0, 3)]
    y = mg.concatenate(parts)
    seed = np.arange(5.0)
    first, empty, last = mg.grad(y, parts, seed=seed)
    np.testing.assert_array_equal(first, [0.0, 1.0])
    assert empty.shape == (0,)
    np.testing.assert_array_equal(last, [2.0, 3.0, 4.0])


@given(
    st.lists(st.integers(0, 3), min_size=1, max_size=4), st.sampled_from([0, 1, -1, -2])
)
def test_splitting_what_was_joined_is_the_identity(sizes, axis):  # bug 24
    shapes = [(n, 2) if axis in (0, -2) else (2, n) for n in sizes]
    parts = [mg.Tensor(some(*shape)) for shape in shapes]
    joined = mg.concatenate(parts, axis=axis)
    edges = np.cumsum([0, *sizes])
    for part, start, stop in zip(parts, edges[:-1], edges[1:], strict=True):
        rows = slice(start, stop)
        back = joined[rows] if axis in (0, -2) else joined[:, rows]
        np.testing.assert_array_equal(back.data, part.data)
        seed = some(*part.shape)
        np.testing.assert_array_equal(mg.grad(back, part, seed=seed), seed)


def test_stacking_and_taking_a_layer_is_the_identity():  # bug 24
    parts = [mg.Tensor(some(3)) for _ in range(3)]
    for axis in (0, 1, -1):
        stacked = mg.stack(parts, axis=axis)
        seeds = some(3, 3)
        layers = np.moveaxis(seeds, axis, 0)
        gradients = mg.grad(stacked, parts, seed=seeds)
        np.testing.assert_array_equal(np.stack(gradients), layers)


def test_a_tensor_is_iterated_along_its_first_axis():
    x = mg.Tensor([[1.0, 2.0], [3.0, 4.0]])
    first, second = x
    np.testing.assert_array_equal(mg.grad((first * second).sum(), x), x.data[::-1])


# --------------------------------------------------------------------- ties and kinks


@pytest.mark.parametrize("extreme", [mg.max, mg.min])
def test_ties_share_a_gradient_of_mass_one(extreme):  # bug 25
    x = mg.Tensor([2.0, 2.0, 2.0, 2.0])
    np.testing.assert_array_equal(mg.grad(extreme(x), x), [0.25, 0.25, 0.25, 0.25])
    y = mg.Tensor([[1.0, 1.0], [3.0, 5.0]])
    g = mg.grad(extreme(y, axis=1).sum(), y)
    np.testing.assert_array_equal(g[0], [0.5, 0.5])
    np.testing.assert_array_equal(g.sum(axis=1), [1.0, 1.0])


@pytest.mark.parametrize("pick", [mg.maximum, mg.minimum])
def test_two_equal_operands_share_the_gradient(pick):  # bug 25
    a, b = mg.Tensor([1.0, 7.0]), mg.Tensor([7.0, 7.0])
    a_bar, b_bar = mg.grad(pick(a, b).sum(), [a, b])
    np.testing.assert_array_equal(a_bar + b_bar, [1.0, 1.0])
    assert a_bar[1] == b_bar[1] == 0.5


@given(
    hnp.arrays(
        float,
        hnp.array_shapes(max_dims=2, max_side=4),
        elements=st.sampled_from([-np.inf, -1.0, -0.0, 0.0, 0.1, 1.0, 1e308, np.inf]),
    )
)
def test_the_value_of_a_maximum_is_exact_whatever_ties(x):  # bug 25
    assert mg.max(mg.Tensor(x)).item() == x.max()
    assert mg.min(mg.Tensor(x)).item() == x.min()
    other = x[::-1].copy()
    np.testing.assert_array_equal(
        mg.maximum(mg.Tensor(x), other).data, np.maximum(x, other)
    )
    np.testing.assert_array_equal(
        mg.minimum(mg.Tensor(x), mg.Tensor(other)).data, np.minimum(x, other)
    )


KINKS = {
    "relu at 0": (mg.relu, 0.0, 0.0),
    "relu right of 0": (mg.relu, 5e-324, 1.0),
    "abs at 0": (abs, 0.0, 0.0),
    "abs at -0": (abs, -0.0, 0.0),
    "clip at its lower bound": (lambda x: mg.clip(x, -1.0, 2.0), -1.0, 1.0),
    "clip at its upper bound": (lambda x: mg.clip(x, -1.0, 2.0), 2.0, 1.0),
    "clip below": (lambda x: mg.clip(x, -1.0, 2.0), -1.5, 0.0),
    "clip above": (lambda x: mg.clip(x, -1.0, 2.0), 2.5, 0.0),
    "clip without bounds": (lambda x: mg.clip(x, None, None), 9.0, 1.0),
    "maximum of x and its equal": (lambda x: mg.maximum(x, 3.0), 3.0, 0.5),
    "max with itself": (lambda x: mg.maximum(x, x), 3.0, 1.0),
    "x**0": (lambda x: x**0, 0.0, 0.0),
    "x**1 at 0": (lambda x: x**1, 0.0, 1.0),
    "x**2 at 0": (lambda x: x**2, 0.0, 0.0),
    "0**x": (lambda x: 0.0**x, 2.0, 0.0),
    "0**0": (lambda x: 0.0**x, 0.0, 0.0),
}


@every("case", KINKS, ids=str)
def test_the_slope_at_a_kink_is_the_documented_one(case):  # bug 26
    f, at, slope = KINKS[case]
    x = mg.Tensor(at)
    assert mg.grad(f(x), x) == slope
    assert mg.jvp(f, (at,), (1.0,))[1] == slope


def test_nothing_flows_through_a_mask():
    x = mg.Tensor([1.0, -2.0])
    y = mg.where(x > 0, x * 3.0, x * 5.0)
    np.testing.assert_array_equal(mg.grad(y.sum(), x), [3.0, 5.0])
    mask = np.array([True, False])
    y = mg.where(mask, x, 0.0)
    mask[:] = True
    np.testing.assert_array_equal(mg.grad(y.sum(), x), [1.0, 0.0])


@pytest.mark.parametrize(("index", "expected"), [
    (((0, 0, 1),), [2.0, 1.0, 0.0]),
    (([0, 0],), [2.0, 0.0, 0.0]),
    ((range(2),), [1.0, 1.0, 0.0]),
])  # fmt: skip
def test_any_sequence_may_repeat_an_entry(index, expected):  # bug 22
    x = mg.Tensor([1.0, 2.0, 3.0])
    assert mg.grad(x[index].sum(), x).tolist() == expected
    if not isinstance(index[0], range):
        assert mg.grad(mg.take(x, index).sum(), x).tolist() == expected
