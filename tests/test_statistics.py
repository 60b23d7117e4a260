"""Spreads, products, differences and curves on Tensors: kinks and edges."""

import numpy as np
import pytest
from every import every

import minigrad as mg
from minigrad.tape import Tape


def same(f, *args):
    """Check values against NumPy's on arrays."""
    ours = f(*map(mg.Tensor, args))
    np.testing.assert_allclose(ours.data, f(*map(np.asarray, args)), rtol=1e-14)


def steps(output):
    return len([step for step in Tape(output).steps if step.primitive])


def test_the_spread_of_equal_numbers_has_slope_0():
    x = mg.Tensor([[1.0, 1.0], [1.0, 3.0]])
    y = np.std(x, axis=1)
    np.testing.assert_array_equal(y.data, [0.0, 1.0])
    np.testing.assert_array_equal(mg.grad(y.sum(), x), [[0.0, 0.0], [-0.5, 0.5]])


@pytest.mark.parametrize("zeros", [(), (1,), (0, 3), (1, 2, 3)])
def test_a_product_has_every_derivative_where_factors_are_0(zeros):
    x = np.array([2.0, 3.0, 5.0, 7.0, 11.0])
    x[list(zeros)] = 0.0
    others = [np.prod(np.delete(x, i)) for i in range(5)]
    np.testing.assert_allclose(mg.grad(lambda x: np.prod(x))(x), others, rtol=1e-14)
    right = [
        [0.0 if i == j else np.prod(np.delete(x, [i, j])) for j in range(5)]
        for i in range(5)
    ]
    for last in (np.prod, lambda x: np.cumprod(x)[-1]):
        np.testing.assert_allclose(mg.hessian(last)(x), right, rtol=1e-14)


def test_a_product_stays_in_range_where_numpys_does():
    same(np.prod, [1e-300, 1.0, 1e200, 1e200])
    same(np.cumprod, [0.0, 1e200, 1e200, 3.0])
    same(np.cumprod, [1e-300] + [2.0] * 1100)


def test_products_and_convolutions_take_few_steps():
    x = mg.Tensor(np.linspace(1.0, 2.0, 1024))
    assert steps(np.prod(x)) <= 3 * 10 + 2
    assert steps(np.cumprod(x)) <= 5 * 10
    assert steps(np.convolve(x, x[:9])) <= 9


def test_a_long_convolution_takes_no_memory_for_every_pair():
    a, v = np.ones(20_000), np.linspace(0.0, 1.0, 300)
    y = np.convolve(mg.Tensor(a), v, "same")
    np.testing.assert_allclose(y.data, np.convolve(a, v, "same"), rtol=1e-12)
    assert max(step.size for step in Tape(y).steps) < 10 * a.size


def test_float16_is_added_up_in_float32():
    x = np.full(40_000, 300.0, np.float16)
    x[0] = 302.0
    for f in (np.mean, np.var, np.std, np.average, np.nanmean):
        y = f(mg.Tensor(x))
        assert y.dtype == np.float16
        np.testing.assert_allclose(y.data, f(x.astype(float)), rtol=1e-2)


EMPTY = np.zeros((0, 3))


@every("f", [np.prod, np.cumprod, np.cumsum, np.nansum, np.ediff1d])
def test_what_is_empty_has_numpys_value(f):
    same(f, EMPTY)


@every("f", [np.prod, np.cumprod, np.cumsum, np.sum, np.diff])
def test_an_empty_axis_has_numpys_value(f):
    same(lambda a: f(a, axis=0), EMPTY)


def test_a_single_number_has_numpys_value():
    for f in (np.std, np.var, np.prod, np.cumprod, np.cumsum, np.ptp, np.average):
        same(f, 2.0)


def test_nothing_flows_to_what_is_not_a_number():
    x = mg.Tensor([1.0, np.nan, 3.0])
    for f in (np.nansum, np.nanmean, np.nanvar, np.nanstd, np.nanprod):
        gradient = mg.grad(f(x), x)
        assert np.isfinite(gradient).all()
        assert gradient[1] == 0


def test_an_average_returns_the_sum_of_its_weights():
    x = np.arange(6.0).reshape(2, 3)
    for weights in (None, [1.0, 3.0]):
        ours = np.average(mg.Tensor(x), axis=0, weights=weights, returned=True)
        right = np.average(x, axis=0, weights=weights, returned=True)
        np.testing.assert_array_equal(ours[0].data, right[0])
        np.testing.assert_array_equal(ours[1], right[1])


def test_dtype_converts_before_the_function():
    x = mg.Tensor(np.array([1.0, 2.0], np.float32))
    for f in (np.sum, np.mean, np.std, np.cumsum, np.prod):
        assert f(x, dtype=float).dtype == np.float64
        assert f(x, dtype=None).dtype == np.float32


def test_a_list_of_tensors_is_one_array():
    a, b = mg.Tensor([1.0, 2.0]), mg.Tensor([3.0, 5.0])
    np.testing.assert_array_equal(mg.max([a, b], axis=1).data, [2.0, 5.0])
    np.testing.assert_array_equal(mg.std([a, b], axis=0).data, [1.0, 1.5])
    np.testing.assert_array_equal(
        np.interp(1.5, mg.Tensor([1.0, 2.0]), [3.0, 5.0]).data, 4.0
    )


@pytest.mark.parametrize("f", [np.mean, np.std, np.median, np.average])
def test_a_number_that_numpy_makes_of_a_list_of_tensors_is_refused(f):
    losses = [mg.Tensor(1.0), mg.Tensor(2.0)]
    with pytest.raises((TypeError, ValueError)):
        f(losses)


def test_interpolation_is_numpys_outside_and_at_the_points():
    points = [0.0, 1.0, 1.0, 2.0], [0.0, 1.0, 5.0, 6.0]
    same(lambda x: np.interp(x, *points), [0.0, 0.5, 1.0, 1.5, 2.0, 9.0, -9.0])
    same(lambda x: np.interp(x, *points), [np.nan, np.inf, -np.inf])
    same(lambda x: np.interp(x, [1.0], [5.0], left=-1.0), [0.0, 1.0, 2.0])
    x, y = mg.Tensor([np.inf, 0.5]), mg.Tensor(points[1])
    gradient = mg.grad(np.interp(x, points[0], y).sum(), [x, y])
    np.testing.assert_array_equal(gradient[0], [0.0, 1.0])
    np.testing.assert_array_equal(gradient[1], [0.5, 0.5, 0.0, 1.0])


def test_a_piece_sees_only_its_own_entries():
    x = mg.Tensor([-4.0, 0.0, 4.0])
    y = np.piecewise(x, [x > 0, x < 0], [np.sqrt, lambda x: np.log(-x)])
    np.testing.assert_allclose(y.data, [np.log(4.0), 0.0, 2.0])
    np.testing.assert_allclose(mg.grad(y.sum(), x), [-0.25, 0.0, 0.25])
