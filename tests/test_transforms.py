"""Functions in, derivatives out, called as in JAX; readings of what models return."""

from collections import namedtuple

import numpy as np
import pytest
from every import every
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from lstm import LSTM, State

X = np.array([0.5, -1.0, 2.0])
W = np.array([[1.0, 2.0, -1.0], [0.5, 0.0, 3.0]])


def f(x, w):
    return (mg.tanh(w @ x) * x[:2]).sum()


def test_the_gradient_of_a_function_is_that_of_its_tape():
    x, w = mg.Tensor(X), mg.Tensor(W)
    by_x, by_w = mg.grad(f(x, w), (x, w))
    np.testing.assert_array_equal(mg.grad(f)(X, W), by_x)
    np.testing.assert_array_equal(mg.grad(f, 1)(X, W), by_w)
    value, both = mg.value_and_grad(f, argnums=(1, 0))(X, W)
    assert value == f(x, w).data and isinstance(both, tuple)
    np.testing.assert_array_equal(both[0], by_w)
    np.testing.assert_array_equal(both[1], by_x)


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_gradients_of_gradients_are_higher_derivatives(order):
    g = lambda x: x**5  # noqa: E731
    for _ in range(order):
        g = mg.grad(g)
    falling = np.prod([5 - k for k in range(order)])
    assert g(2.0) == falling * 2.0 ** (5 - order)


def test_an_argument_of_grad_may_be_a_structure():
    Pair = namedtuple("Pair", "a b")

    def loss(p, scale, names):
        assert names == ["kept"]
        return scale * (p["x"].a * p["x"].b + p["y"][0] * p["y"][1][0]).sum()

    p = {"x": Pair(X, 2 * X), "y": [np.ones(3), (X,)]}
    found = mg.grad(loss)(p, 3, ["kept"])
    assert isinstance(found["x"], Pair) and isinstance(found["y"][1], tuple)
    np.testing.assert_array_equal(found["x"].a, 6 * X)
    np.testing.assert_array_equal(found["x"].b, 3 * X)
    np.testing.assert_array_equal(found["y"][0], 3 * X)
    np.testing.assert_array_equal(found["y"][1][0], 3 * np.ones(3))


def test_a_list_of_numbers_is_an_array_and_of_arrays_a_structure():
    square = lambda x: (x * x).sum()  # noqa: E731
    assert mg.grad(square)([1.0, 2.0]).tolist() == [2.0, 4.0]
    assert mg.grad(square)([[1.0], [2.0]]).tolist() == [[2.0], [4.0]]
    apart = mg.grad(lambda x: (x[0] * x[1]).sum())([np.ones(2), 3 * np.ones(2)])
    assert [g.tolist() for g in apart] == [[3.0, 3.0], [1.0, 1.0]]


def test_a_module_may_be_an_argument_and_is_trained_by_what_comes():
    model = mg.Dense(3, 2, mg.tanh, rng=0)

    def loss(model, x):
        return (model(x) ** 2).sum()

    value, gradients = mg.value_and_grad(loss)(model, X)
    expected = mg.grad(loss(model, X), model)
    assert list(gradients) == list(expected) == ["W", "b"]
    for path, g in gradients.items():
        assert type(g) is np.ndarray
        np.testing.assert_array_equal(g, expected[path])
    mg.SGD(model, 0.01).step(gradients)
    assert loss(model, X).item() < value
    inside = mg.grad(lambda parts: loss(parts["model"], parts["x"]))(
        {"model": model, "x": X}
    )
    assert list(inside) == ["model", "x"] and list(inside["model"]) == ["W", "b"]


def test_what_a_function_uses_from_outside_is_recorded():
    w = mg.Parameter(W)
    slope = mg.grad(lambda x: f(x, w))(X)
    assert isinstance(slope, mg.Tensor)
    (slope * slope).sum().backward()
    assert w.grad.shape == W.shape
    assert isinstance(mg.grad(f)(mg.Tensor(X), W), mg.Tensor)
    assert isinstance(mg.grad(f, record=True)(X, W), mg.Tensor)


def test_a_seed_weighs_the_entries_of_a_function_of_many():
    g = np.array([1.0, -2.0])
    found = mg.grad(lambda x: mg.matvec(W, x), seed=g)(X)
    np.testing.assert_array_equal(found, W.T @ g)


def test_beside_the_loss_a_function_may_return_anything():
    step = mg.value_and_grad(lambda w: ((w * w).sum(), {"seen": 3}), has_aux=True)
    (value, other), g = step(X)
    assert value == (X * X).sum() and other == {"seen": 3}
    np.testing.assert_array_equal(g, 2 * X)


def test_the_hessian_in_several_arguments_has_the_blocks_of_the_whole():
    def joined(v):
        return f(v[:3], v[3:].reshape(2, 3))

    whole = mg.hessian(joined)(np.concatenate([X, W.ravel()]))
    blocks = mg.hessian(f, argnums=(0, 1))(X, W)
    assert isinstance(blocks, tuple) and isinstance(blocks[0], tuple)
    assert blocks[0][1].shape == (3, 2, 3)
    rows = [
        np.concatenate(
            [block.reshape(n, m) for block, m in zip(row, (3, 6), strict=True)], 1
        )
        for row, n in zip(blocks, (3, 6), strict=True)
    ]
    np.testing.assert_allclose(np.concatenate(rows), whole, rtol=1e-13, atol=1e-15)


def test_the_jacobian_in_several_arguments_is_one_each():
    g = lambda x, w: mg.tanh(w @ x)  # noqa: E731
    by_x, by_w = mg.jacobian(g, (0, 1))(X, W)
    np.testing.assert_array_equal(by_x, mg.jacobian(g)(X, W))
    np.testing.assert_array_equal(by_w, mg.jacobian(g, argnums=1)(X, W))
    assert by_w.shape == (2, 2, 3)


@given(st.integers(0, 2**20))
def test_forward_and_reverse_mode_agree_in_structures(seed):
    rng = np.random.default_rng(seed)
    a, b, a_dot, b_dot = rng.standard_normal((4, 3))
    y_bar = rng.standard_normal(3)

    def g(p, k):
        return mg.sin(p["a"] * k) * p["b"][0]

    p, p_dot = {"a": a, "b": [b]}, {"a": a_dot, "b": [b_dot]}
    value, y_dot = mg.jvp(g, (p, 2.0), (p_dot, 0.5))
    again, pull = mg.vjp(g, p, 2.0)
    p_bar, k_bar = pull(y_bar)
    np.testing.assert_array_equal(value, again)
    paired = a_dot @ p_bar["a"] + b_dot @ p_bar["b"][0] + 0.5 * k_bar
    np.testing.assert_allclose(y_bar @ y_dot, paired, rtol=1e-10, atol=1e-12)


def test_a_hessian_times_a_vector_comes_in_the_structure_of_the_argument():
    p = {"a": X, "b": np.array(2.0)}
    v = {"a": np.ones(3), "b": np.array(0.5)}
    (found,) = mg.hvp(lambda p: (p["a"] ** 2 * p["b"]).sum(), (p,), (v,))
    np.testing.assert_allclose(found["a"], 2 * 2.0 * v["a"] + 2 * X * 0.5)
    np.testing.assert_allclose(found["b"], (2 * X * v["a"]).sum())


TRANSFORMS = {
    "grad": lambda f: mg.grad(f)(X),
    "value_and_grad": lambda f: mg.value_and_grad(f)(X)[1],
    "jacobian": lambda f: mg.jacobian(f)(X),
    "hessian": lambda f: mg.hessian(f)(X),
    "vjp": lambda f: mg.vjp(f, X)[1](1.0)[0],
    "jvp": lambda f: mg.jvp(f, (X,), (X,))[1],
    "hvp": lambda f: mg.hvp(f, (X,), (X,))[0],
}


@every("transform", TRANSFORMS)
def test_a_constant_that_is_meant_has_derivatives_zero(transform):
    assert not np.any(TRANSFORMS[transform](lambda x: mg.Tensor(3.0)))


@every("transform", TRANSFORMS)
@every("returned, advice", [
    (lambda x: 3.0, "leave the tape"),
    (lambda x: float(x[0]), "leave the tape"),
    (lambda x: x.data.sum(), "leave the tape"),
    (lambda x: None, "without return"),
    (lambda x: "x", "leave the tape"),
])  # fmt: skip
def test_a_function_that_returns_no_tensor_is_refused(transform, returned, advice):
    with pytest.raises(TypeError) as raised:
        TRANSFORMS[transform](returned)
    said = " ".join(str(raised.value).split())
    assert said.startswith(f"{transform}(f) of a") and advice in said


@every("transform", TRANSFORMS)
def test_a_function_that_returns_two_is_told_what_one_is(transform):
    with pytest.raises(TypeError, match="returns 2 values"):
        TRANSFORMS[transform](lambda x: (x.sum(), x.sum()))


@every("transform", TRANSFORMS)
def test_what_the_function_itself_raises_is_left_alone(transform):
    def broken(x):
        return len(3)

    with pytest.raises(TypeError, match="has no len"):
        TRANSFORMS[transform](broken)


@pytest.mark.compare
def test_functions_in_and_out_are_jaxs(jax):
    jnp = jax.numpy

    def ours(p, x):
        return (mg.tanh(p["W"] @ x + p["b"]) ** 2).sum()

    def theirs(p, x):
        return (jnp.tanh(p["W"] @ x + p["b"]) ** 2).sum()

    p = {"W": W, "b": np.array([0.1, -0.2])}
    value, (g, x_bar) = mg.value_and_grad(ours, argnums=(0, 1))(p, X)
    their_value, (their_g, their_x) = jax.value_and_grad(theirs, argnums=(0, 1))(p, X)
    np.testing.assert_allclose(value, their_value, rtol=1e-14)
    np.testing.assert_allclose(x_bar, their_x, rtol=1e-13, atol=1e-14)
    for key, array in g.items():
        np.testing.assert_allclose(array, their_g[key], rtol=1e-13, atol=1e-14)
    h = mg.hessian(lambda W, x: ours({**p, "W": W}, x), argnums=(0, 1))(W, X)
    their_h = jax.hessian(lambda W, x: theirs({**p, "W": W}, x), (0, 1))(W, X)
    for row, their_row in zip(h, their_h, strict=True):
        for block, their_block in zip(row, their_row, strict=True):
            np.testing.assert_allclose(block, their_block, rtol=1e-12, atol=1e-14)


# ---------------------------------------------------- readings of what a model returns


@pytest.fixture(scope="module")
def layer():
    return LSTM(3, 2, rng=0)


def test_readings_take_what_a_layer_returns(layer, tmp_path):
    returned = layer(np.ones((4, 3)))
    y, state = returned
    assert isinstance(state, State)
    assert mg.Tape(returned).outputs == mg.Tape(y, *state).outputs
    assert mg.Tape({"y": y, "rest": [state]}).steps == mg.Tape(returned).steps
    assert mg.draw(returned).dot == mg.draw([y, *state]).dot
    assert str(mg.derive(returned, seed=1)) == str(mg.derive([y, *state], seed=1))
    page = mg.explore(returned, tmp_path / "page.html", layer)
    assert page.stat().st_size > 1000


def test_gradients_take_what_a_layer_returns_and_the_layer(layer):
    y, state = layer(np.ones((4, 3)))
    seeds = (np.ones(y.shape), State(np.full(2, 2.0), np.full(2, 3.0)))
    found = mg.grad((y, state), layer, seed=seeds)
    loss = y.sum() + (2.0 * state.y).sum() + (3.0 * state.c).sum()
    for path, g in mg.grad(loss, dict(layer.named_parameters())).items():
        np.testing.assert_allclose(found[path], g, rtol=1e-14)
    nested = mg.grad(loss, {"cell": layer.cell, "rest": (y,)})
    assert (
        next(iter(nested["cell"])) == "forget.W" and nested["rest"][0].shape == y.shape
    )


def test_proofs_and_derivations_take_the_model_as_what_is_asked_for(layer):
    y, _ = layer(np.ones((2, 3)))
    loss = (y * y).sum()
    certificate = mg.prove(loss, layer, seed=1)
    assert certificate.wrt == mg.prove(loss, layer.parameters(), seed=1).wrt
    one, other = (
        mg.derive(loss, layer, seed=1),
        mg.derive(loss, layer.parameters(), seed=1),
    )
    assert str(one) == str(other)


def test_the_checker_checks_every_output_of_a_structure():
    mg.check_gradients(lambda x: (x * x, {"s": [mg.sin(x).sum()]}), X)
    mg.check_gradients(lambda x: (x * x, x * x), X.astype(np.float32))
    with pytest.raises(AssertionError, match="left the tape"):
        mg.check_gradients(lambda x: (x * x, x * x.data), X)
    with pytest.raises(TypeError, match=r"f\(\*args\)\[1\]: 3.0"):
        mg.check_gradients(lambda x: (x * x, 3.0), X)
