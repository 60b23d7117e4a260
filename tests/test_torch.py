"""Every row and composite beside PyTorch: value, gradient, second derivative.

The same function of the same numbers in float64; see `samples.py` for the twins.
"""

import numpy as np
import pytest
from conftest import peer
from hypothesis import given
from hypothesis import strategies as st
from samples import COMPOSITES, ROWS, SAMPLES, ids, lstm_cell, some

import minigrad as mg
from minigrad.primitive import TABLE

pytestmark = pytest.mark.compare

CLOSE = {"rtol": 1e-12, "atol": 1e-13}


def test_every_row_of_the_table_has_a_twin():
    assert {sample.name for sample in ROWS} == set(TABLE)
    assert all(callable(sample.twin) for sample in SAMPLES)


def both(sample_or_pair, args, torch):
    """Return value, gradients and second derivatives, by us and by torch."""
    ours, theirs = sample_or_pair
    x = [mg.Tensor(arg) for arg in args]
    q = [torch.tensor(arg, requires_grad=True) for arg in args]
    y, z = ours(*x), theirs(torch, *q)
    rng = np.random.default_rng(0)
    weights = rng.standard_normal(y.shape)
    first = mg.grad(y, x, record=True, seed=weights)
    twin = torch.autograd.grad(
        z, q, torch.tensor(weights), create_graph=True, allow_unused=True
    )
    twin = [
        torch.zeros_like(b) if g is None else g for g, b in zip(twin, q, strict=True)
    ]
    vectors = [rng.standard_normal(arg.shape) for arg in args]
    slope = sum((g * v).sum() for g, v in zip(first, vectors, strict=True))
    twin_slope = sum(
        (g * torch.tensor(v)).sum() for g, v in zip(twin, vectors, strict=True)
    )
    second = mg.grad(slope, x)
    if twin_slope.requires_grad:
        twin_second = torch.autograd.grad(twin_slope, q, allow_unused=True)
    else:
        twin_second = [None] * len(q)
    return (
        [y.data, *(g.data for g in first), *second],
        [
            z.detach().numpy(),
            *(g.numpy(force=True) for g in twin),
            *(
                np.zeros(b.shape) if h is None else h.numpy(force=True)
                for h, b in zip(twin_second, q, strict=True)
            ),
        ],
    )


@pytest.mark.parametrize("sample", SAMPLES, ids=ids(SAMPLES))
def test_value_gradient_and_second_derivative_are_pytorchs(sample, torch):
    for ours, theirs in zip(
        *both((sample, sample.twin), sample.args, torch), strict=True
    ):
        np.testing.assert_allclose(ours, theirs, **CLOSE)


@pytest.mark.filterwarnings("ignore:.torch.jit.*:DeprecationWarning")
@pytest.mark.parametrize("sample", COMPOSITES, ids=ids(COMPOSITES))
def test_forward_mode_is_pytorchs(sample, torch):
    tangents = tuple(some(*arg.shape) for arg in sample.args)
    value, tangent = mg.jvp(sample, sample.args, tangents)
    twin_value, twin = torch.func.jvp(
        lambda *q: sample.twin(torch, *q),
        tuple(map(torch.tensor, sample.args)),
        tuple(map(torch.tensor, tangents)),
    )
    np.testing.assert_allclose(value, twin_value.numpy(), **CLOSE)
    np.testing.assert_allclose(tangent, twin.numpy(), **CLOSE)


TIES = {
    "max": (lambda a: mg.max(a, axis=0), lambda t, a: a.amax(0)),
    "min": (lambda a: mg.min(a), lambda t, a: a.amin()),
    "maximum": (lambda a: mg.maximum(a, a[::-1]), lambda t, a: t.maximum(a, a.flip(0))),
    "relu": (mg.relu, lambda t, a: t.relu(a)),
    "abs": (abs, lambda t, a: a.abs()),
    "clip": (lambda a: mg.clip(a, 0.0, 1.0), lambda t, a: a.clamp(0.0, 1.0)),
}


@pytest.mark.parametrize("name", TIES)
def test_ties_and_kinks_are_pytorchs(name, torch):  # bugs 25, 26
    x = np.array([[0.0, 1.0, 2.0], [0.0, 1.0, -1.0], [0.0, 0.0, 2.0]])
    ours, theirs = both(TIES[name], [x], torch)
    for one, other in zip(ours[:2], theirs[:2], strict=True):
        np.testing.assert_array_equal(one, other)


def test_saturation_is_pytorchs(torch):  # bug 27
    x = np.array([-800.0, -50.0, -1.0, 0.0, 1.0, 50.0, 800.0])
    functions = {
        "sigmoid": mg.sigmoid,
        "tanh": mg.tanh,
        "log_softmax": mg.log_softmax,
        "softmax": mg.softmax,
        "logsumexp": mg.logsumexp,
    }
    for name, ours in functions.items():
        axis = () if name in ("sigmoid", "tanh") else (-1,)
        pair = (ours, lambda t, a, name=name, axis=axis: getattr(t, name)(a, *axis))
        for one, other in zip(*both(pair, [x], torch), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-15)


UNARY = {
    "tanh": (mg.tanh, "tanh"),
    "sigmoid": (mg.sigmoid, "sigmoid"),
    "sin": (mg.sin, "sin"),
    "relu": (mg.relu, "relu"),
    "negative": (lambda a: -a, "neg"),
    "exp(tanh)": (lambda a: mg.exp(mg.tanh(a)), None),
}
BINARY = ["+", "-", "*", "/", "max", "@"]


@st.composite
def programs(draw):
    """Return shapes that broadcast, and a list of steps over them."""
    n = draw(st.integers(1, 3))
    shapes = draw(
        st.lists(
            st.sampled_from([(), (n,), (1, n), (n, 1), (n, n), (2, n, n)]),
            min_size=1,
            max_size=3,
        )
    )
    steps = []
    for made in range(len(shapes), len(shapes) + draw(st.integers(1, 8))):
        operands = st.integers(0, made - 1)
        steps.append(
            draw(
                st.tuples(st.sampled_from(list(UNARY)), operands)
                | st.tuples(st.sampled_from(BINARY), operands, operands)
            )
        )
    return shapes, steps


def run(steps, values, unary, maximum, matmul):
    values = list(values)
    for name, *operands in steps:
        a, *others = (values[i] for i in operands)
        if not others:
            values.append(unary(name, a))
            continue
        (b,) = others
        if name == "+":
            values.append(a + b)
        elif name == "-":
            values.append(a - b)
        elif name == "*":
            values.append(a * b * 0.5)
        elif name == "/":
            values.append(a / (b * b + 1.0))
        elif name == "max":
            values.append(maximum(a, b))
        else:
            squares = min(a.ndim, b.ndim) >= 1 and a.shape[-1] == b.shape[-1]
            square = squares and b.ndim > 1 and b.shape[-2] == b.shape[-1]
            values.append(matmul(a, b) * 0.5 if square else a * b)
    return values[-1]


@given(programs(), st.integers(0, 1000))
def test_a_random_program_has_pytorchs_derivatives(program, seed):
    torch = peer("torch")
    shapes, steps = program
    rng = np.random.default_rng(seed)
    args = [rng.uniform(-1.5, 1.5, shape) for shape in shapes]

    def theirs(t, *q):
        def unary(name, a):
            torch_name = UNARY[name][1]
            return getattr(t, torch_name)(a) if torch_name else t.exp(t.tanh(a))

        return run(steps, q, unary, t.maximum, t.matmul)

    def ours(*x):
        return run(steps, x, lambda name, a: UNARY[name][0](a), mg.maximum, mg.matmul)

    for one, other in zip(*both((ours, theirs), args, torch), strict=True):
        size = max(1.0, np.abs(other).max(initial=0.0))
        np.testing.assert_allclose(one, other, rtol=1e-11, atol=1e-12 * size)


@given(
    st.lists(st.integers(1, 3), max_size=2),
    st.lists(st.integers(1, 3), max_size=2),
    st.tuples(*[st.integers(1, 4)] * 3),
)
def test_a_batched_product_has_pytorchs_gradients(left, right, sizes):  # bug 18
    torch = peer("torch")
    try:
        np.broadcast_shapes(left, right)
    except ValueError:
        left = right
    n, k, m = sizes
    args = [some(*left, n, k), some(*right, k, m)]
    pair = (mg.matmul, lambda t, a, b: t.matmul(a, b))
    for one, other in zip(*both(pair, args, torch), strict=True):
        np.testing.assert_allclose(one, other, **CLOSE)


def test_a_hessian_of_an_lstm_is_pytorchs(torch):  # bug 48
    W, x = 0.5 * some(12, 5), some(2)
    hessian = mg.hessian(lambda x: (lstm_cell(W, x) ** 2).sum())(x)
    twin = torch.autograd.functional.hessian(
        lambda q: (
            lstm_cell(
                torch.tensor(W), q, torch.tanh, torch.sigmoid, torch.mv, torch.cat
            )
            ** 2
        ).sum(),
        torch.tensor(x),
    )
    np.testing.assert_allclose(hessian, twin.numpy(), rtol=1e-11, atol=1e-14)
