"""Gradients: whose memory they are, and derivatives of derivatives in both modes."""

import itertools
from fractions import Fraction

import numpy as np
import pytest
from every import every
from hypothesis import given
from hypothesis import strategies as st
from samples import SAMPLES, ids, lstm_cell

import minigrad as mg

# ------------------------------------------------------------------- whose memory


def shared(arrays):
    return [
        (i, j)
        for (i, a), (j, b) in itertools.combinations(enumerate(arrays), 2)
        if np.shares_memory(a, b)
    ]


@every("sample", SAMPLES, ids=ids(SAMPLES))
def test_gradients_are_writable_and_share_memory_with_nobody(sample):  # bug 35
    inputs = [mg.Tensor(arg) for arg in sample.args]
    output = sample(*inputs)
    seed = np.ones(output.shape)
    gradients = mg.grad([output, output], [*inputs, *inputs], seed=[seed, seed])
    assert all(g.flags.writeable for g in gradients)
    on_the_tape = [step.data for step in mg.Tape(output)]
    for g in gradients:
        assert not any(np.shares_memory(g, other) for other in [*on_the_tape, seed])
    assert shared(gradients) == []


def test_the_two_operands_of_a_sum_get_two_arrays():  # bug 35
    a, b = mg.Tensor([1.0, 2.0]), mg.Tensor([3.0, 4.0])
    c = a + b
    seed = np.ones(2)
    arrays = [*mg.grad(c, [a, b, c, a], seed=seed), seed]
    assert shared(arrays) == []
    doubled = mg.grad((a + a).sum(), [a, a])
    assert shared(doubled) == []


def test_a_gradient_through_a_broadcast_owns_writable_memory():  # bug 35
    x = mg.Tensor(np.ones((2, 3)))
    g = mg.grad(x.sum(), x)
    assert g.flags.writeable and g.flags.owndata
    g[0, 0] = 5.0
    np.testing.assert_array_equal(mg.grad(x.sum(), x), np.ones((2, 3)))


def test_tangents_and_products_own_writable_memory():  # bug 35
    x, v = np.ones(2), np.ones(2)
    value, tangent = mg.jvp(lambda a: a, (x,), (v,))
    assert shared([value, tangent, x, v]) == []
    (product,) = mg.hvp(lambda a: (a * a).sum(), (x,), (v,))
    assert product.flags.writeable and not np.shares_memory(product, v)


def test_changing_a_gradient_changes_no_other_and_no_later_one():  # bug 36
    a, b = mg.Tensor([1.0, 2.0]), mg.Tensor([3.0, 4.0])
    y = ((a + b) * (a + b)).sum() + a.sum() + b.sum()
    a_bar, b_bar = mg.grad(y, [a, b])
    a_bar *= 2
    np.testing.assert_array_equal(b_bar, [9.0, 13.0])
    np.testing.assert_array_equal(mg.grad(y, a), [9.0, 13.0])


@given(st.data())
def test_asking_for_a_part_of_what_was_joined_gives_that_part(data):
    # The engine then computes that part only; recording, it computes the whole.
    axis = data.draw(st.sampled_from([0, 1, -1]))
    sizes = data.draw(st.lists(st.integers(0, 3), min_size=2, max_size=4))
    rows = axis == 0
    rng = np.random.default_rng(sum(sizes))
    parts = [
        mg.Tensor(rng.integers(-9, 10, (n, 3) if rows else (2, n)) + 0.0) for n in sizes
    ]
    joined = mg.concatenate(parts, axis=axis)
    width = joined.shape[-1]
    W = mg.Tensor(rng.integers(-9, 10, (4, width)) + 0.0)
    uses = {
        "matvec": lambda: mg.matvec(W, joined).sum(),
        "another matvec": lambda: (mg.matvec(W * 2.0, joined) ** 2).sum(),
        "take": lambda: joined[..., :1].sum(),
        "product": lambda: (joined * joined).sum(),
        "itself": lambda: (parts[0] * parts[0]).sum(),
    }
    chosen = data.draw(st.lists(st.sampled_from(list(uses)), min_size=1, max_size=4))
    y = sum(uses[use]() for use in chosen)
    wanted = data.draw(st.sets(st.integers(0, len(parts) - 1), min_size=1))
    inputs = [parts[i] for i in sorted(wanted)] + [W] * data.draw(st.integers(0, 1))
    expected = mg.grad(y, inputs, record=True)
    gradients = mg.grad(y, inputs)
    for g, whole in zip(gradients, expected, strict=True):
        np.testing.assert_array_equal(g, whole.data)
        assert g.flags.writeable
    assert shared(gradients) == []


def test_backward_hands_every_parameter_its_own_array():  # bug 35
    a, b = mg.Parameter([1.0]), mg.Parameter([1.0])
    (a + b).sum().backward()
    (a + b).sum().backward()
    assert shared([a.grad, b.grad]) == []
    np.testing.assert_array_equal(a.grad, [2.0])


def test_the_seed_of_the_user_is_never_written_to():  # bug 37
    x = mg.Tensor([1.0, 2.0, 3.0])
    seed = np.ones(3)
    y = x * 1.0
    mg.grad([y, y, y], x, seed=[seed, seed, seed])
    np.testing.assert_array_equal(seed, np.ones(3))


# --------------------------------------------------------------------- higher order


def nth(f, order):
    """Return the n-th derivative of a scalar function by n reverse walks."""

    def derivative(number):
        x = mg.Tensor(number)
        y = f(x)
        for _ in range(order):
            y = mg.grad(y, x, record=True)
        return y.item()

    return derivative


def test_the_derivatives_of_x_cubed_end_at_zero():  # bugs 48, 49
    values = [nth(lambda x: x * x * x, order)(2.0) for order in range(6)]
    assert values == [8.0, 12.0, 12.0, 6.0, 0.0, 0.0]
    powers = [nth(lambda x: x**3, order)(2.0) for order in range(6)]
    assert powers == values


def test_derivatives_of_sine_repeat_after_four():  # bug 48
    values = [nth(mg.sin, order)(0.7) for order in range(9)]
    np.testing.assert_array_equal(values[4:], values[:5])


def test_forward_modes_nest_to_any_order():
    def derivative(f):
        return lambda x: mg.jvp(f, (x,), (1.0,))[1]

    f = lambda x: mg.exp(x * 2.0)  # noqa: E731
    for order in range(1, 5):
        f = derivative(f)
        np.testing.assert_allclose(f(0.5), 2.0**order * np.exp(1.0), rtol=1e-14)


@every("sample", SAMPLES, ids=ids(SAMPLES))
def test_forward_over_reverse_equals_reverse_over_reverse(sample):  # bug 48
    rng = np.random.default_rng(3)
    weights = rng.standard_normal(np.shape(sample(*sample.args)))
    vectors = [rng.standard_normal(arg.shape) for arg in sample.args]

    def scalar(*inputs):
        y = sample(*inputs)
        return (y * y * weights).sum()

    forward = mg.hvp(scalar, sample.args, vectors)
    inputs = [mg.Tensor(arg) for arg in sample.args]
    slopes = mg.grad(scalar(*inputs), inputs, record=True)
    along = sum((g * v).sum() for g, v in zip(slopes, vectors, strict=True))
    for one, other in zip(forward, mg.grad(along, inputs), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-11, atol=1e-12)


def test_the_hessian_of_an_lstm_is_symmetric():  # bug 48
    W = np.random.default_rng(5).normal(size=(12, 5))

    def loss(x):
        y = lstm_cell(W, x)
        return (y * y * y).sum()

    hessian = mg.hessian(loss)(np.array([0.3, -0.4]))
    assert hessian.shape == (2, 2) and np.abs(hessian).min() > 1e-6
    np.testing.assert_allclose(hessian, hessian.T, rtol=1e-13)


def test_a_gradient_penalty_reaches_the_weights():
    w = mg.Parameter([2.0, 3.0])
    x = mg.Tensor([1.0, 5.0])
    slope = mg.grad((w * x * x).sum(), x, record=True)  # 2 w x
    (slope * slope).sum().backward()  # 4 w^2 x^2
    np.testing.assert_array_equal(w.grad, 8 * w.data * x.data**2)


def test_the_gradient_of_a_zero_gradient_is_zeros():  # bug 49
    x = mg.Tensor([1.0, 2.0])
    slope = mg.grad((x * 3.0).sum(), x, record=True)
    np.testing.assert_array_equal(mg.grad(slope.sum(), x), [0.0, 0.0])
    assert mg.hvp(lambda x: x.sum(), ([1.0],), ([1.0],))[0] == [0.0]
    np.testing.assert_array_equal(mg.hessian(mg.sum)(np.ones(2)), np.zeros((2, 2)))


# ------------------------------------------------------------------------ transforms


def test_perturbations_of_nested_derivatives_are_not_confused():  # bug 44
    def outer(x):
        return x * mg.jvp(lambda y: x + y, (1.0,), (1.0,))[1]

    assert mg.jvp(outer, (1.0,), (1.0,))[1] == 1.0
    x = mg.Tensor(1.0)
    y = mg.Tensor(1.0)
    assert mg.grad(x * mg.grad(x + y, y, record=True), x) == 1.0


def test_what_flows_through_a_closure_is_not_lost():  # bug 44
    def by_jvp(x):
        return x * mg.jvp(lambda y: x * y, (1.0,), (1.0,))[1]

    def by_vjp(x):
        return x * mg.vjp(lambda y: x * y, 1.0)[1](1.0)[0]

    def by_hvp(x):
        return x * mg.hvp(lambda y: x * y * y * 0.5, (1.0,), (1.0,))[0]

    def by_jacobian(x):
        return x * mg.jacobian(lambda y: x * y)(1.0)

    def by_hessian(x):
        return x * mg.hessian(lambda y: x * y * y * 0.5)(1.0)

    for f in (by_jvp, by_vjp, by_hvp, by_jacobian, by_hessian):  # each is x * x
        assert mg.jvp(f, (3.0,), (1.0,)) == (9.0, 6.0)
        assert mg.vjp(f, 3.0)[1](1.0)[0] == 6.0


def test_transforms_of_arrays_give_arrays_and_of_tensors_tensors():
    f = lambda x: (x * x).sum()  # noqa: E731
    for one in (np.ones(2), mg.Tensor(np.ones(2))):
        kind = type(one)
        value, tangent = mg.jvp(f, (one,), (np.ones(2),))
        results = [value, tangent, mg.hessian(f)(one), *mg.hvp(f, (one,), (one,))]
        assert {type(result) for result in results} == {kind}


def test_a_jacobian_of_a_model_can_be_differentiated_by_its_parameters():
    layer = mg.Dense(3, 2, rng=0)
    jacobian = mg.jacobian(layer)(np.ones(3))
    np.testing.assert_array_equal(jacobian.data, layer.W.data)
    (g,) = mg.grad((jacobian * jacobian).sum(), [layer.W])
    np.testing.assert_array_equal(g, 2 * layer.W.data)


def test_a_gradient_penalty_reaches_the_parameters():
    W, x = mg.Parameter([2.0, 3.0]), np.array([1.0, 2.0])
    (slope,) = mg.vjp(lambda x: (W * x * x).sum(), x)[1](1.0)  # 2 W x
    ((W * W).sum() + (slope * slope).sum()).backward()
    np.testing.assert_array_equal(W.grad, 2 * W.data + 8 * W.data * x * x)


def test_recorded_gradients_are_tensors_of_their_own():
    x, y = mg.Tensor([1.0, 2.0]), mg.Tensor([3.0, 4.0])
    s = x + y
    a, b = mg.grad((s * s).sum(), [x, y], record=True)
    assert a is not b and not np.shares_memory(a.data, b.data)
    spread = mg.grad(x.sum() * mg.Tensor(2.0), x, record=True)
    assert spread.data.flags.writeable and spread.data.flags.owndata


def test_a_jacobian_of_fractions_is_exact():
    x = np.array([Fraction(1, 3), Fraction(2, 3)])
    assert mg.jacobian(lambda x: x * x)(x).tolist() == [
        [Fraction(2, 3), 0],
        [0, Fraction(4, 3)],
    ]
    assert mg.hessian(lambda x: (x * x * x).sum())(x)[0, 0] == 2


def test_forward_mode_through_a_mask_keeps_float32():
    x = np.array([-1.0, 2.0], np.float32)
    product = mg.hvp(lambda x: (mg.relu(x) * x).sum(), (mg.Tensor(x),), (x,))[0]
    assert product.dtype == np.float32


def test_a_jacobian_has_the_outputs_axes_first():
    f = lambda x: mg.stack([x[0] * x[1], x[1] * x[2]])  # noqa: E731
    x = np.array([2.0, 3.0, 5.0])
    np.testing.assert_array_equal(mg.jacobian(f)(x), [[3, 2, 0], [0, 5, 3]])
    W = np.arange(6.0).reshape(2, 3)
    assert mg.jacobian(mg.matvec)(W, x).shape == (2, 2, 3)
    np.testing.assert_array_equal(mg.jacobian(mg.matvec, argnums=1)(W, x), W)
    assert mg.jacobian(lambda x: x[:0])(x).shape == (0, 3)


@given(st.integers(1, 4), st.integers(1, 4), st.integers(0, 10))
def test_jvp_and_vjp_of_a_linear_map_are_the_matrix_and_its_transpose(m, n, seed):
    rng = np.random.default_rng(seed)
    A = rng.integers(-9, 10, (m, n)).astype(float)
    x, v = rng.integers(-9, 10, (2, n)).astype(float)
    g = rng.integers(-9, 10, m).astype(float)
    f = lambda x: mg.matvec(A, x)  # noqa: E731
    np.testing.assert_array_equal(mg.jvp(f, (x,), (v,))[1], A @ v)
    np.testing.assert_array_equal(mg.vjp(f, x)[1](g)[0], A.T @ g)


def test_a_recorded_gradient_has_its_inputs_dtype():
    x = mg.Tensor(np.array([1.0, 2.0], np.float32))
    y = (x * np.array([3.0, 4.0]) * x).sum()  # float64 by NumPy's rules
    (g,) = mg.grad(y, [x], record=True)
    assert g.dtype == np.float32
    assert mg.grad(g.sum(), x).dtype == np.float32


def test_cast_brings_the_cotangent_back():
    x = mg.Tensor(np.array([1.0, 2.0], np.float32))
    assert x.astype(float).dtype == np.float64
    assert mg.grad((x.astype(float) ** 2).sum(), x).tolist() == [2.0, 4.0]


@pytest.mark.parametrize("shape", [(2, 0), (0, 2), (0, 0)])
@pytest.mark.parametrize("record", [False, True])
def test_an_empty_matrix_has_an_empty_gradient(shape, record):
    W, v = mg.Tensor(np.ones(shape)), mg.Tensor(np.ones((3, shape[1])))
    assert mg.grad(mg.matvec(W, v).sum(), W, record=record).shape == shape


def test_a_recorded_sum_of_bare_numbers_is_an_array():
    t = mg.Tensor([1.0, 2.0])
    x = t[0]
    assert mg.grad(2.0 * x + 3.0 * x, t, record=True).data.tolist() == [5.0, 0.0]
