"""Elementary functions and orderings where it is hard: at 0, far out, at ties."""

import numpy as np
import pytest
from every import every

import minigrad as mg

INF, NAN = np.inf, np.nan
TINY = np.array([0.0, 1e-300, 1e-160, 1e-20, 1e-12, 1e-8, 1e-5, 1e-3, 0.1, 0.5])
TINY = np.concatenate([TINY, -TINY])
FAR = np.array([1.0, 20.0, 50.0, 700.0, -700.0, INF, -INF])
HUGE = np.array([1e10, -1e160, 1.7e308])
ONES = np.array([1 - 1e-12, 0.999, -0.999, -1 + 1e-12])

HARD = {
    "expm1": np.concatenate([TINY, FAR]),
    "log1p": np.concatenate([TINY, ONES, HUGE[::2]]),
    "arctan": np.concatenate([TINY, FAR, HUGE]),
    "sinh": np.concatenate([TINY, FAR, [710.4, -710.4]]),
    "cosh": np.concatenate([TINY, FAR, [710.4, -710.4]]),
    "tanh": np.concatenate([TINY, FAR]),
    "tan": TINY,
    "arcsin": np.concatenate([TINY, ONES, [1.0, -1.0]]),
    "arccos": np.concatenate([TINY, ONES, [1.0, -1.0]]),
    "arcsinh": np.concatenate([TINY, FAR, HUGE]),
    "arccosh": np.concatenate([[1.0, 1 + 1e-15, 1 + 1e-12, 2.0, INF], HUGE[::2]]),
    "arctanh": np.concatenate([TINY, ONES]),
    "exp2": np.concatenate([TINY, [1000.0, -1000.0, INF, -INF]]),
    "log2": np.concatenate([2.0 ** np.arange(60), [1e-300, 0.7, INF]]),
    "log10": np.concatenate([10.0 ** np.arange(20), [1e-300, 0.7, INF]]),
    "cbrt": np.concatenate([TINY, FAR, HUGE]),
    "sinc": np.concatenate([TINY, [0.4999, 0.5, 1.0, 1.5, 3.3]]),
}


@every("name", HARD)
def test_no_digits_are_lost_near_0_and_nothing_overflows_far_out(name):
    function = getattr(np, name)
    y = function(mg.Tensor(HARD[name])).data
    np.testing.assert_allclose(y, function(HARD[name]), rtol=1e-13)
    signs = np.signbit(y) == np.signbit(function(HARD[name]))
    assert signs.all(), HARD[name][~signs]


SLOPES = {  # at 1e-12, and what the slope is there
    "expm1": 1.0, "log1p": 1.0, "arctan": 1.0, "sinh": 1.0, "cosh": 1e-12,
    "arcsinh": 1.0, "arctanh": 1.0, "arcsin": 1.0, "sinc": -(np.pi**2) / 3 * 1e-12,
}  # fmt: skip


@every("name", SLOPES)
def test_a_slope_keeps_its_digits_near_0(name):
    x = mg.Tensor(1e-12)
    slope = mg.grad(getattr(np, name)(x), x)
    np.testing.assert_allclose(slope, SLOPES[name], rtol=3e-12)


def test_sinc_is_smooth_at_0():
    x = np.array([0.0, 1e-9, 1e-5])
    value = np.sinc(mg.Tensor(0.0)).item()
    np.testing.assert_allclose(value, 1.0, rtol=1e-15)
    second = mg.hvp(lambda x: np.sinc(x).sum(), (x,), (np.ones(3),))
    np.testing.assert_allclose(second, -(np.pi**2) / 3, rtol=1e-9)
    mg.check_gradients(np.sinc, np.array([0.0, 1e-9, 0.49, 0.51, -2.0]))


ZEROS = np.array([0.0, -0.0, 1.0, -1.0, 2.5, -2.5, INF, -INF, 1e-300, -1e300])


def test_the_angle_of_a_point_is_right_on_the_axes_and_with_signed_zeros():
    y, x = np.meshgrid(ZEROS, ZEROS)
    angle, right = np.arctan2(mg.Tensor(y), mg.Tensor(x)).data, np.arctan2(y, x)
    np.testing.assert_allclose(angle, right, rtol=1e-15)
    np.testing.assert_array_equal(np.signbit(angle), np.signbit(right))
    np.testing.assert_allclose(np.hypot(mg.Tensor(y), x).data, np.hypot(y, x), 1e-15)


def test_the_slopes_of_the_angle_are_right_in_every_quadrant_and_0_at_the_origin():
    turn = np.arange(16) * np.pi / 8
    y, x = (mg.Tensor(2 * f(turn)) for f in (np.sin, np.cos))
    y_bar, x_bar = mg.grad(np.arctan2(y, x).sum(), [y, x])
    np.testing.assert_allclose(y_bar, x.data / 4, atol=1e-15)
    np.testing.assert_allclose(x_bar, -y.data / 4, atol=1e-15)
    for function in (np.arctan2, np.hypot):
        origin = [mg.Tensor(0.0), mg.Tensor(0.0)]
        assert mg.grad(function(*origin), origin) == [0.0, 0.0]


def test_infinite_logarithms_are_added_and_ties_share_the_slope():
    x, y = mg.Tensor([-INF, -INF, INF, 1.0]), mg.Tensor([-INF, 2.0, INF, 1.0])
    for function in (np.logaddexp, np.logaddexp2):
        z = function(x, y)
        np.testing.assert_allclose(z.data, function(x.data, y.data), rtol=1e-15)
        x_bar, y_bar = mg.grad(z, [x, y], seed=np.ones(4))
        assert x_bar[3] == y_bar[3] == 0.5 and x_bar[1] == 0.0 and y_bar[1] == 1.0
        np.testing.assert_array_equal(x_bar + y_bar, 1.0)


def test_remainders_have_the_sign_of_numpys_and_the_slope_of_the_quotient():
    x, y = mg.Tensor([7.0, -7.0, 7.0, -7.0]), mg.Tensor([3.0, 3.0, -3.0, -3.0])
    for function, quotient in ((np.mod, np.floor), (np.fmod, np.trunc)):
        z = function(x, y)
        assert z.data.tolist() == function(x.data, y.data).tolist()
        x_bar, y_bar = mg.grad(z.sum(), [x, y])
        assert x_bar.tolist() == [1.0] * 4
        assert y_bar.tolist() == (-quotient(x.data / y.data)).tolist()
    assert (7 % y).data.tolist() == [1.0, 1.0, -2.0, -2.0]
    assert divmod(7, y)[0].tolist() == [2.0, 2.0, -3.0, -3.0]


def test_an_array_of_objects_computes_with_tensors():
    x = mg.Tensor(0.5)
    objects = np.array([x, x * 2], object)
    for function in (np.exp, np.tanh, np.sinh, np.arctan, np.log1p, np.cbrt):
        y = function(objects)
        assert y[1].item() == function(mg.Tensor(1.0)).item()
    assert mg.grad(np.exp(objects)[1], x) == 2 * np.exp(1.0)


@pytest.mark.parametrize("shape", [(), (0,), (0, 3), (2, 0)])
def test_a_number_and_an_empty_array_have_their_shapes(shape):
    x = mg.Tensor(np.full(shape, 0.5))
    for function in (
        *(getattr(np, name) for name in (*HARD, "reciprocal", "fabs", "nan_to_num")),
        *(lambda x: np.arctan2(x, 1.0), lambda x: np.hypot(x, x), lambda x: x % 2),
        *(lambda x: np.logaddexp(x, x), lambda x: np.fmax(x, 0.0), np.conj),
        *(lambda x: np.sort(x, axis=None), lambda x: np.take(x, [])),
    ):
        if function is not np.arccosh:
            y = function(x)
            assert y.shape == np.shape(function(x.data))
            assert mg.grad(y.sum(), x).shape == shape


# --------------------------------------------------------------------------- orderings


def test_equal_numbers_stay_in_their_order_and_nan_is_sorted_to_the_end():
    x = mg.Tensor([2.0, NAN, 1.0, 2.0, 1.0])
    y = np.sort(x)
    np.testing.assert_array_equal(y.data, [1.0, 1.0, 2.0, 2.0, NAN])
    seed = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
    assert mg.grad(y, x, seed=seed).tolist() == [3.0, 5.0, 1.0, 4.0, 2.0]
    np.testing.assert_array_equal(np.sort(x, kind="stable").data, y.data)


@every("axis", [None, 0, 1, (0, 1), (1, 0, -1)])
def test_a_nan_makes_its_median_nan_and_no_other(axis):
    x = np.arange(24.0).reshape(2, 3, 4) % 7
    x[0, 1, 2] = NAN
    for function in (np.median, np.nanmedian, lambda x, axis: np.quantile(x, 1, axis)):
        found = function(mg.Tensor(x), axis=axis)
        np.testing.assert_array_equal(found.data, function(x, axis=axis))


def test_the_largest_number_beside_nan_and_infinity():
    x = mg.Tensor([[NAN, 1.0, 3.0], [-INF, NAN, -INF]])
    assert np.nanmax(x, axis=1).data.tolist() == [3.0, -INF]
    assert np.nanmin(x, axis=1).data.tolist() == [1.0, -INF]
    assert mg.grad(np.nanmax(x), x).tolist() == [[0.0, 0.0, 1.0], [0.0, 0.0, 0.0]]
    assert np.isnan(np.nanmax(mg.Tensor([NAN, NAN])).item())


def test_exact_numbers_have_exact_medians():
    from fractions import Fraction

    x = mg.Tensor(np.array([Fraction(k, 3) for k in (4, 1, 2, 8)], object))
    assert np.median(x).item() == 1
    assert np.sort(x).data.tolist() == sorted(x.data.tolist())
    assert mg.grad(np.median(x), x).tolist() == [Fraction(1, 2), 0, Fraction(1, 2), 0]


def test_ends_of_the_numbers_are_those_of_numpy():
    x = np.array([np.inf, -np.inf, -0.0, 2.5])
    np.testing.assert_array_equal(np.modf(mg.Tensor(x))[0].data, np.modf(x)[0])
    assert not np.signbit(np.abs(mg.Tensor(x)).data).any()
    with np.errstate(invalid="ignore"):
        np.testing.assert_array_equal(
            np.arccosh(mg.Tensor(x[:2])).data, np.arccosh(x[:2])
        )


def test_a_central_difference_does_not_read_the_entry_itself():
    x = np.array([1.0, np.nan, 4.0, 8.0, 16.0])
    np.testing.assert_array_equal(np.gradient(mg.Tensor(x)).data, np.gradient(x))


@pytest.mark.parametrize("name", ["m", "x", "y"])
def test_the_first_argument_may_be_given_by_its_name(name):
    function = {"m": np.cov, "x": np.corrcoef, "y": np.trapezoid}[name]
    x = np.array([[1.0, 2.0, 4.0], [3.0, 1.0, 0.0]])
    ours = function(**{name: mg.Tensor(x)})
    np.testing.assert_allclose(ours.data, function(**{name: x}), rtol=1e-14)
