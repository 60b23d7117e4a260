"""checked() and check_gradients: what they notice, and what they leave as it was."""

import inspect
import math

import numpy as np
import pytest
from every import every

import minigrad as mg
from minigrad.primitive import TABLE, elementwise, linear
from minigrad.table import cos, sin


@pytest.fixture
def new_row():
    """Let a test enter rows in the table; take them out again afterwards."""
    before = set(TABLE)
    yield
    for name in set(TABLE) - before:
        del TABLE[name]


some = np.array([0.3, -0.7, 1.1, 0.2, -1.3, 0.9, 2.1])


def here():
    """Return `file:line` of the caller."""
    frame = inspect.currentframe().f_back
    return f"test_checks.py:{frame.f_lineno}"


# --------------------------------------------------------------------------- mutation


def test_a_constant_changed_after_use_is_noticed():  # bug 38
    x, c = mg.Tensor([1.0, 2.0]), np.array([3.0, 4.0])
    with mg.checked():
        y, line = (x * c).sum(), here()
    c[0] = 99.0
    with pytest.raises(ValueError, match=rf"changed after {line}"):
        mg.grad(y, x)
    c[0] = 3.0
    np.testing.assert_array_equal(mg.grad(y, x), [3.0, 4.0])


def test_the_data_of_a_parameter_changed_after_use_is_noticed():  # bug 38
    x = mg.Parameter([1.0, 2.0])
    with mg.checked():
        y = (x * x).sum()
    x.data[0] = 99.0
    with pytest.raises(ValueError, match="was changed"):
        mg.grad(y, x)


def test_inside_checked_arrays_on_the_tape_are_read_only():  # bug 38
    x = mg.Parameter([1.0, 2.0])
    with mg.checked():
        y = x * x
        for array in (x.data, y.data):
            with pytest.raises(ValueError, match="read-only"):
                array[0] = 5.0
    x.data[0] = 5.0


def test_the_users_arrays_are_left_as_they_were():  # bug 39
    x = mg.Parameter([1.0, 2.0])
    theirs, seed = np.array([3.0, 4.0]), np.ones(2)
    before = theirs.copy()
    with mg.checked():
        mg.grad(x * theirs, x, seed=seed)
    assert theirs.flags.writeable and seed.flags.writeable and x.data.flags.writeable
    np.testing.assert_array_equal(theirs, before)


def test_arrays_are_writable_again_after_an_exception():  # bug 39
    x = mg.Parameter([1.0, 0.0])
    with pytest.raises(FloatingPointError), mg.checked():
        mg.log(x * 1.0)
    assert x.data.flags.writeable
    with pytest.raises(KeyError), mg.checked(), mg.checked():
        mg.exp(x)
        raise KeyError
    assert x.data.flags.writeable


def test_nested_blocks_keep_arrays_frozen_until_the_outer_one_ends():  # bug 39
    x = mg.Parameter([1.0])
    with mg.checked():
        mg.exp(x)
        with mg.checked():
            mg.exp(x)
        assert not x.data.flags.writeable
    assert x.data.flags.writeable


def test_an_optimizer_step_between_forward_and_backward_is_noticed():  # bug 41
    w = mg.Parameter([1.0, 2.0], name="w")
    loss = (w * w).sum()
    slope = mg.grad(loss, w, record=True)
    mg.SGD([w], 0.1).step([np.ones(2)])
    for derivative in (
        lambda: loss.backward(),
        lambda: mg.grad(slope.sum(), w),
        lambda: mg.Tape(loss).replay(),
    ):
        with pytest.raises(ValueError, match=r"was updated after this tape"):
            derivative()
    (w * w).sum().backward()
    np.testing.assert_array_equal(w.grad, 2 * w.data)


def test_a_step_does_not_write_into_the_array_the_user_still_holds():  # bug 39
    start = np.array([1.0, 2.0])
    w = mg.Parameter(start)
    held = w.data
    for optimizer in (
        mg.SGD([w], 0.1, 0.9),
        mg.Adam([w]),
        mg.AdamW([w]),
        mg.RMSprop([w]),
    ):
        g = np.ones(2)
        optimizer.step([g])
        optimizer.step([g])
        np.testing.assert_array_equal(g, [1.0, 1.0])
    np.testing.assert_array_equal(held, [1.0, 2.0])
    np.testing.assert_array_equal(start, [1.0, 2.0])


# ------------------------------------------------------------------------------- NaN


def test_the_first_operation_that_made_a_nan_is_named_with_its_line():  # bug 57
    x = mg.Tensor([1.0, -1.0], name="x")
    with mg.checked(), pytest.raises(FloatingPointError) as caught:
        y = x * 2.0
        mg.exp((line := here()) and mg.sqrt(y))
    message = str(caught.value)
    assert "sqrt made nan at entry [1]" in message and line in message
    assert "this is the first operation at fault" in message


def test_a_nan_that_came_in_is_told_from_one_that_was_made():  # bug 57
    x = mg.Tensor([np.nan])
    with (
        mg.checked(),
        pytest.raises(FloatingPointError, match="0 was already not finite"),
    ):
        x * 2.0


def test_a_nan_loss_is_caught():  # bug 57
    logits = mg.Tensor([[np.inf, np.inf]])
    with mg.checked(), pytest.raises(FloatingPointError, match=r"not finite"):
        mg.cross_entropy(logits, [0])


def test_a_nan_in_a_derivative_names_the_rule():  # bug 57
    x = mg.Tensor([0.0, 1.0])
    with mg.checked():
        y = mg.sqrt(x).sum()
        with pytest.raises(
            FloatingPointError, match="derivative of sqrt in argument 0"
        ):
            mg.grad(y, x)


def test_without_checked_a_nan_passes_quietly():
    x = mg.Tensor([np.nan, 1.0])
    assert np.isnan(mg.tanh(x).sum().item())


def test_checked_keeps_the_line_of_every_step():
    x = mg.Tensor([1.0])
    with mg.checked():
        y, line = x * 2.0, here()
    assert y.line == line
    assert (x * 2.0).line is None


@pytest.mark.parametrize("record", [False, True])
def test_checked_and_unchecked_gradients_are_the_same(record):
    rng = np.random.default_rng(0)
    W, v = mg.Tensor(rng.normal(size=(3, 3))), mg.Tensor(rng.normal(size=3))

    def loss():
        h = mg.tanh(mg.matvec(W, mg.tanh(mg.matvec(W, v))))
        return (h[0:2] * h[1:3]).sum()

    plain = mg.grad(loss(), [W, v], record=record)
    with mg.checked():
        watched = mg.grad(loss(), [W, v], record=record)
    for one, other in zip(plain, watched, strict=True):
        np.testing.assert_allclose(
            getattr(one, "data", one), getattr(other, "data", other), rtol=1e-14
        )


# ------------------------------------------------------------------- wrong rules, named


@pytest.mark.parametrize(("partial", "why"), [
    (lambda y, a: None, "None"),
    (lambda y, a: np.ones((5, 7)), "shape"),
    (lambda y, a: np.ones((2, *a.shape)), "shape"),
    (lambda y: 1.0, "argument"),
    (lambda y, a: a.nothing, "nothing"),
    (lambda y, a: a.astype(object), "dtype object"),
], ids=["None", "shape", "one axis more", "count", "attribute", "dtype"])  # fmt: skip
def test_a_partial_that_returns_nonsense_is_named(new_row, partial, why):  # bug 54
    f = elementwise("nonsense", lambda a: a * 1.0, "a", (partial,))
    x = mg.Tensor([[1.0, 2.0, 3.0]], name="x")
    with pytest.raises(TypeError) as caught:
        mg.grad(f(x).sum(), x)
    message = str(caught.value)
    assert "the rule of nonsense for its argument 0" in message
    assert why in message and "(1, 3)" in message


@pytest.mark.parametrize(("adjoint", "why"), [
    (lambda g, a: None, "None"),
    (lambda g, a: g[0], "shape"),
    (lambda g, a: g.astype(object), "dtype object"),
    (lambda g: g, "argument"),
    (lambda g, a: g @ np.ones((9, 9)), "matmul"),
], ids=["None", "shape", "dtype", "count", "its own error"])  # fmt: skip
def test_an_adjoint_that_returns_nonsense_is_named(new_row, adjoint, why):  # bug 54
    f = linear("nonsense", lambda a: a * 1.0, (adjoint,), jointly=True)
    x = mg.Tensor([[1.0, 2.0], [3.0, 4.0]], name="x")
    with pytest.raises(TypeError) as caught:
        mg.grad(f(x).sum(), x)
    assert "the rule of nonsense for its argument 0" in str(caught.value)
    assert why in str(caught.value)


def test_a_rule_may_return_another_precision_but_the_gradient_keeps_its_own(new_row):
    f = elementwise("wide", lambda a: a * 1, "a", (lambda y, a: np.ones(2),))  # bug 54
    x = mg.Tensor(np.ones(2, np.float32))
    assert mg.grad(f(x).sum(), x).dtype == np.float32


def test_a_row_with_too_few_partials_is_refused(new_row):  # bug 54
    with pytest.raises(TypeError, match="2 arguments"):
        elementwise("hypot", np.hypot, "sqrt(a**2 + b**2)", (lambda y, a, b: a / y,))
    assert "hypot" not in TABLE


def test_an_operation_of_ones_own_is_one_row(new_row):
    arctan = elementwise("atan", np.arctan, "atan(a)", (lambda y, a: 1 / (1 + a * a),))
    mg.check_gradients(lambda x: arctan(x * 2.0) * sin(x), np.array([0.3, -0.7]))


# ----------------------------------------------------------------- the checker, checked


def test_the_checker_finds_a_factor_wrong_by_a_millionth(new_row):  # bug 53
    f = elementwise("sine", np.sin, "sin(a)", (lambda y, a: cos(a) * (1 + 1e-6),))
    with pytest.raises(AssertionError):
        mg.check_gradients(f, np.array([0.3]))


def test_the_checker_names_function_argument_entry_and_both_numbers():
    a, b = np.array([1.0, 2.0, 3.0]), np.array([4.0, 5.0, 6.0])
    row = TABLE["multiply"]
    with pytest.MonkeyPatch.context() as patch:
        wrong = np.array([1.0, 1.0, 2.0])
        patch.setattr(row, "partials", (row.partials[0], lambda y, a, b: a * wrong))
        with pytest.raises(AssertionError) as caught:
            mg.check_gradients(lambda a, b: a * b, a, b)
    message = str(caught.value)
    assert "argument 1" in message and "entry [2]" in message and "<lambda>" in message


def test_the_checker_finds_a_wrong_second_derivative(new_row):
    # Its first derivative is right, but is written with a constant.
    f = elementwise(
        "sine", np.sin, "sin(a)", (lambda y, a: np.cos(getattr(a, "data", a)),)
    )
    mg.check_gradients(f, np.array([0.3]), order=1)
    with pytest.raises(AssertionError, match="gradient of"):
        mg.check_gradients(f, np.array([0.3]))


def test_the_checker_finds_a_linear_row_that_is_not_jointly_linear(new_row):
    f = linear(
        "product",
        np.multiply,
        (lambda g, a, b: g * b, lambda g, a, b: g * a),
        jointly=True,  # it is linear in each argument
    )
    with pytest.raises(AssertionError):
        mg.check_gradients(f, np.array([2.0, 3.0]), np.array([5.0, 7.0]))


CANCELLING = {
    "softmax sums to 1": (lambda x: mg.softmax(x).sum(), some),
    "deviations sum to 0": (lambda x: (x - mg.mean(x)).sum(), some),
    "sin^2 + cos^2": (lambda x: mg.sin(x) ** 2 + mg.cos(x) ** 2, some),
    "log of exp": (lambda x: mg.log(mg.exp(x)), some),
    "x - x": (lambda x: x - x, some),
    "variance of a constant": (mg.var, np.full(7, 0.1)),
    "variance of a large constant": (mg.var, np.full(7, 1e8 / 3)),
    "softplus, far out": (mg.softplus, np.array([800.0, 40.0, 0.0, -40.0, -800.0])),
}


@every("name", CANCELLING)
def test_rounding_is_not_taken_for_a_wrong_rule_where_contributions_cancel(name):
    f, at = CANCELLING[name]
    for seed in range(5):
        mg.check_gradients(f, at, seed=seed)


def test_a_millionth_is_found_where_contributions_cancel(new_row):
    f = elementwise("sine", np.sin, "sin(a)", (lambda y, a: cos(a) * (1 + 1e-6),))
    with pytest.raises(AssertionError):
        mg.check_gradients(lambda x: f(x) ** 2 + mg.cos(x) ** 2, some)


def test_softplus_of_complex_numbers_is_right_far_out_and_near():
    z = np.array([-9.0, -2.0, 0.0, 2.0]) + np.array([0.3, -0.7, 1.0, 0.0]) * 1j
    np.testing.assert_allclose(mg.softplus(z), np.log1p(np.exp(z)), rtol=1e-12)
    far = mg.softplus(np.array([-50.0, 800.0, -800.0]) + 0j)
    np.testing.assert_allclose(far, [np.exp(-50.0), 800.0, 0.0], rtol=1e-15)


def test_the_checker_wants_a_tensor_back():
    with pytest.raises(TypeError, match="only a Tensor remembers"):
        mg.check_gradients(lambda x: x.data, np.ones(2))


def test_a_function_that_ignores_its_argument_passes():
    mg.check_gradients(lambda x, y: mg.tanh(x), np.ones(2), np.ones(3))


def test_a_check_that_would_compare_nothing_is_refused():
    with pytest.raises(ValueError, match="no argument has an entry"):
        mg.check_gradients(lambda x: x * 2.0, np.zeros(0))
    with pytest.raises(ValueError, match="no argument has an entry"):
        mg.check_gradients(lambda: mg.Tensor(2.0))
    mg.check_gradients(lambda x, y: mg.sum(x) * y, np.zeros(0), 2.0)


CUTS = {
    "float(a)": (lambda a: a * float(a), 3.0),
    "math.exp(a)": (lambda a: a * math.exp(a), 1.0),
    "a.item()": (lambda a: a * a.item(), 1.0),
    "a.data": (lambda a: a * mg.where(np.arange(7) > 2, a, a.data), some),
    "a new Tensor": (lambda a: mg.Tensor(a.data) * 2, some),
    "a.detach()": (lambda a: mg.tanh(a.detach()), some),
    "np.fromiter": (lambda a: a * np.fromiter((float(e) for e in a), float), some),
}


@every("cut", CUTS)
def test_a_gradient_that_is_right_for_the_tape_only_is_not_passed(cut):
    f, at = CUTS[cut]
    with pytest.raises(AssertionError, match=r"it\s+depends\s+on\s+argument\s+0,"):
        mg.check_gradients(f, at)


def test_every_composite_can_be_checked_in_one_line():
    mg.check_gradients(mg.softmax, np.array([0.1, 0.2, -0.5]))


def test_a_rule_that_is_wrong_in_float32_only_is_noticed(monkeypatch):
    def slope(y, a):
        return (1 - y * y) * (2 if y.dtype == np.float32 else 1)

    x = np.array([0.5, 1.0], np.float32)
    mg.check_gradients(lambda x: mg.tanh(x * x), x)
    monkeypatch.setattr(mg.TABLE["tanh"], "partials", (slope,))
    mg.check_gradients(lambda x: mg.tanh(x * x), x.astype(float))
    with pytest.raises(AssertionError, match="as float32 its gradient is"):
        mg.check_gradients(lambda x: mg.tanh(x * x), x)
