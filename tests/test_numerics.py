"""Numbers at the edge: overflow, saturation, NaN, infinities, small floats."""

import numpy as np
import pytest
from every import every
from samples import lstm_cell

import minigrad as mg

FAR = [-np.inf, -1e3, -745.0, -36.0, 0.0, 36.0, 745.0, 1e3, np.inf]
LIMITS = {  # function: its value and slope at -inf and at +inf
    "sigmoid": (mg.sigmoid, (0.0, 0.0), (1.0, 0.0)),
    "tanh": (mg.tanh, (-1.0, 0.0), (1.0, 0.0)),
    "softplus": (mg.softplus, (0.0, 0.0), (np.inf, 1.0)),
    "relu": (mg.relu, (0.0, 0.0), (np.inf, 1.0)),
}


@every("name", LIMITS)
def test_saturating_functions_reach_their_limits_without_a_warning(name):  # bug 27
    f, left, right = LIMITS[name]
    for at in FAR:
        x = mg.Tensor(at)
        y = f(x)
        slope = mg.grad(y, x)
        assert not np.isnan(y.item()) and 0.0 <= slope <= 1.0
        if abs(at) > 745:
            value, limit = left if at < 0 else right
            assert slope == limit
            assert y.item() == (at if value == np.inf else value)


def test_nan_in_is_nan_out_and_warns_about_nothing():  # bugs 27, 31
    x = mg.Tensor(np.nan)
    for f in (mg.sigmoid, mg.tanh, mg.softplus, mg.relu, mg.exp, mg.silu, mg.max):
        assert np.isnan(f(x).item())
    assert np.isnan(mg.maximum(x, 1.0).item()) and np.isnan(mg.minimum(1.0, x).item())
    assert np.isnan(mg.logsumexp(mg.Tensor([np.nan, 1.0])).item())
    assert np.isnan(mg.max(mg.Tensor([np.nan, 1.0])).item())


def test_relu_of_nan_is_nan():  # bug 31
    np.testing.assert_array_equal(
        mg.relu(mg.Tensor([np.nan, -1.0, 2.0])).data, [np.nan, 0.0, 2.0]
    )


@every("shift", [0.0, 1e3, -1e3, 1e300, -1e300])
def test_softmax_does_not_overflow_and_does_not_see_a_shift(shift):  # bug 27
    x = mg.Tensor(np.array([0.0, 0.0, 0.0, 0.0]) + shift)
    np.testing.assert_array_equal(mg.softmax(x).data, [0.25] * 4)
    np.testing.assert_allclose(mg.log_softmax(x).data, [-np.log(4)] * 4, rtol=1e-15)
    np.testing.assert_array_equal(mg.grad(mg.logsumexp(x), x), [0.25] * 4)


def test_logsumexp_at_the_infinities():  # bug 27
    x = mg.Tensor([-np.inf, 2.0, 2.0])
    assert mg.logsumexp(x).item() == 2.0 + np.log(2.0)
    np.testing.assert_array_equal(mg.grad(mg.logsumexp(x), x), [0.0, 0.5, 0.5])


def test_cross_entropy_of_a_certain_mistake_is_large_and_finite():  # bug 27
    logits = mg.Tensor([[1e4, 0.0], [0.0, 1e4]])
    loss = mg.cross_entropy(logits, [1, 1])
    assert loss.item() == 5e3
    np.testing.assert_array_equal(mg.grad(loss, logits), [[0.5, -0.5], [0.0, 0.0]])


def test_a_saturated_lstm_has_a_finite_gradient():  # bug 28
    rng = np.random.default_rng(0)
    for size in (1e2, 1e4, 1e150):
        W, x = mg.Tensor(size * rng.normal(size=(12, 5))), mg.Tensor([1.0, -1.0])
        y = lstm_cell(W, x)
        assert np.abs(y.data).max() <= 1.0
        for g in mg.grad(y.sum(), [W, x]):
            assert np.isfinite(g).all()


def test_the_branch_not_taken_is_made_safe_by_a_mask_inside():  # bug 29
    x = mg.Tensor([0.0, 4.0])
    with np.errstate(divide="ignore", invalid="ignore"):
        y = mg.where(x > 0, mg.sqrt(x), 0.0)
        np.testing.assert_array_equal(y.data, [0.0, 2.0])
        np.testing.assert_array_equal(mg.grad(y.sum(), x), [np.nan, 0.25])  # 0 * inf
    safe = mg.where(x > 0, mg.sqrt(mg.where(x > 0, x, 1.0)), 0.0)
    np.testing.assert_array_equal(mg.grad(safe.sum(), x), [0.0, 0.25])


def test_the_slope_of_a_root_at_zero_is_infinite_and_checked_says_so():  # bug 30
    x = mg.Tensor(0.0)
    with pytest.warns(RuntimeWarning, match="divide by zero"):
        assert mg.grad(mg.sqrt(x), x) == np.inf
    with mg.checked(), pytest.raises(FloatingPointError, match="derivative of sqrt"):
        mg.grad(mg.sqrt(x), x)


def test_float32_stays_float32_through_python_numbers():  # bug 32
    x = mg.Tensor(np.array([1.0, 2.0], np.float32))
    results = [
        *(x * 2.0 + 1.0, 2 - x, 2 / x, 2**x, x**2, x**-1, x**0.5, -x, abs(x)),
        *(mg.maximum(x, 0), mg.relu(x), mg.clip(x, -1.0, 1.5), mg.where(x > 1, x, 0.0)),
        *(x.mean(), x.var(), x.max(), x.sum(), mg.softmax(x), mg.logsumexp(x)),
    ]
    for y in results:
        assert y.dtype == np.float32, y
        assert mg.grad(y.sum(), x).dtype == np.float32
        assert mg.grad(y.sum(), x, record=True).dtype == np.float32


def test_float32_stays_float32_through_an_lstm_and_its_training():  # bug 32
    rng = np.random.default_rng(0)
    W = mg.Parameter(rng.normal(size=(12, 5)).astype(np.float32))
    for optimizer in (
        mg.SGD([W], 0.1, 0.9),
        mg.Adam([W]),
        mg.AdamW([W]),
        mg.RMSprop([W]),
    ):
        for _ in range(2):
            loss = mg.mean(lstm_cell(W, np.array([0.5, -0.5], np.float32)) ** 2)
            optimizer.step(mg.grad(loss, [W]))
            assert loss.dtype == W.dtype == np.float32


def test_the_maximum_of_70_000_equal_halves_has_mass_one():  # bug 33
    x = mg.Tensor(np.ones(70_000, np.float16))
    y = mg.max(x)
    assert y.dtype == np.float16 and y.item() == 1.0
    g = mg.grad(y, x)
    assert g.dtype == np.float16
    exact = 1 / 70_000
    spacing = 2.0**-24  # of float16 near 0
    assert np.abs(g.astype(float) - exact).max() <= spacing / 2


def test_a_gradient_of_many_small_terms_keeps_its_precision():
    x = mg.Tensor(np.full(1_000_000, 0.1, np.float32))
    assert abs(x.sum().item() - 1e5) < 1.0
    assert mg.grad((x * x).sum(), x).dtype == np.float32
