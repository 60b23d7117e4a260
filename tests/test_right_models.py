"""Right models of many kinds are proved: the prover raises no false alarm.

Each model is a function of Tensors or a Module, with the arguments of `assert_proved`.
They were chosen for what floating-point numbers make hard: saturation, cancellation,
masks of -inf, tiny and huge scales, zeros, narrow dtypes, kinks beside the numbers. The
last tests draw programs at random, prove them, and break one of their rows.
"""

import math
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import lstm
import minigrad as mg
from lstm import State
from minigrad.mistakes.planting import Change, broken
from minigrad.primitive import TABLE, elementwise, linear
from minigrad.proving import ProofFailed
from minigrad.testing import assert_proved

RNG = np.random.default_rng(5)
IDS = np.array([3, 0, 3, 3, 1])
CAUSAL = np.triu(np.full((4, 4), -np.inf), 1)
PATCHES = np.arange(5)[:, None] + np.arange(3)  # 5 windows of 3, which overlap


def some(*shape: int, scale: float = 1.0, dtype: Any = float) -> np.ndarray:
    return (scale * RNG.standard_normal(shape)).astype(dtype)


def positive(*shape: int, dtype: Any = float) -> np.ndarray:
    return RNG.uniform(0.3, 2.5, shape).astype(dtype)


# ---------------------------------------------------------------------------- networks


def mlp(W, b, V, x):
    return mg.matvec(V, mg.tanh(mg.matvec(W, x) + b))


def deep_relu(x, *weights):
    for W in weights:
        x = mg.relu(x @ W)
    return x


def convolution(x, kernels, b):
    """Overlapping windows by indices, as im2col: a pixel is read several times."""
    windows = x[..., PATCHES]
    return mg.relu(windows @ kernels + b)


def image_convolution(image, kernel):
    """A 2-d convolution, then the maximum of each 2 x 2 pool."""
    rows = np.arange(4)[:, None, None, None] + np.arange(3)[:, None]
    columns = np.arange(4)[None, :, None, None] + np.arange(3)
    mapped = mg.sum(image[rows, columns] * kernel, axis=(-2, -1))
    pooled = mg.reshape(mapped, (2, 2, 2, 2))
    return mg.max(pooled, axis=(1, 3))


def attention(mask):
    def f(x, W_q, W_k, W_v):
        q, k, v = x @ W_q, x @ W_k, x @ W_v
        scores = q @ k.transpose() / math.sqrt(2) + mask
        return mg.softmax(scores) @ v

    return f


def two_heads(x, W):
    """Heads split, moved to the front, and joined again."""
    q = mg.transpose(mg.reshape(x @ W, (4, 2, 3)), (1, 0, 2))
    weights = mg.softmax(q @ mg.transpose(q, (0, 2, 1)))
    return mg.reshape(mg.transpose(weights @ q, (1, 0, 2)), (4, 6))


def layer_norm(x, scale, shift):
    centred = x - mg.mean(x, axis=-1, keepdims=True)
    return centred / mg.sqrt(mg.var(x, axis=-1, keepdims=True) + 1e-5) * scale + shift


def batch_norm(x, scale, shift):
    mean, var = mg.mean(x, axis=0), mg.var(x, axis=0)
    return (x - mean) * (var + 1e-5) ** -0.5 * scale + shift


def embedding(table, W):
    return mg.tanh(table[IDS] @ W)


def residual(x, W):
    for _ in range(4):
        x = x + mg.silu(x @ W)
    return x


def plain_rnn(x, W, U, h):
    for t in range(5):
        h = mg.tanh(mg.matvec(W, x[t]) + mg.matvec(U, h))
    return h


def mixture_of_dtypes(x, W):
    return mg.tanh(mg.matvec(W, x)) / (1 + W[0, 0] ** 2)


# ------------------------------------------------------------------ losses, statistics


def rbf(x, centres, width):
    square = mg.sum((x[:, None, :] - centres) ** 2, axis=-1)
    return mg.exp(-square / (2 * width * width))


def normal_log_likelihood(x, mean, log_width):
    z = (x - mean) / mg.exp(log_width)
    return -0.5 * z * z - log_width - 0.5 * math.log(2 * math.pi)


def logistic_loss(w, x):
    return mg.mean(mg.softplus(-LABELS * mg.matvec(x, w)))


LABELS = np.array([1, -1, -1, 1])  # integers


def student_t(x, nu):
    return -(nu + 1) / 2 * mg.log(1 + x * x / nu)


def kalman(mean, P, A, H, r):
    mean, P = mg.matvec(A, mean), A @ P @ mg.transpose(A) + 0.1 * np.eye(2)
    S = mg.matvec(H, mg.matvec(P, H[0]))[0] + r * r
    K = mg.matvec(P, H[0]) / S
    return mean + K * (0.3 - mg.matvec(H, mean)[0]), P - mg.outer(K, mg.matvec(P, H[0]))


def softmax_loss_by_hand(z):
    raised = mg.exp(z - mg.max(z, axis=1, keepdims=True))
    p = raised / mg.sum(raised, axis=1, keepdims=True)
    return -mg.mean(mg.log(p[np.arange(3), [0, 2, 2]]))


def sorted_weights(x):
    return x[np.argsort(x.data)] * np.arange(5)


def median(x):
    return x[np.argsort(x.data)[2]]


# ------------------------------------------------------------------ physics, iterations


def pendulum(theta, omega, length):
    for _ in range(20):
        omega = omega - 0.05 * 9.81 / length * mg.sin(theta)
        theta = theta + 0.05 * omega
    return theta, omega


def rosenbrock(v):
    return (1 - v[0]) ** 2 + 100 * (v[1] - v[0] ** 2) ** 2


def double_well(x):
    return mg.sum((x**2 - 1) ** 2) / 4


def lotka(z, p):
    prey, hunters = z[0], z[1]
    return mg.stack([
        p[0] * prey - p[1] * prey * hunters,
        p[2] * prey * hunters - p[3] * hunters,
    ])  # fmt: skip


def euler(z, p):
    for _ in range(12):
        z = z + 0.05 * lotka(z, p)
    return z


def runge_kutta(z, p, h=0.1):
    for _ in range(4):
        k1 = lotka(z, p)
        k2 = lotka(z + h / 2 * k1, p)
        k3 = lotka(z + h / 2 * k2, p)
        k4 = lotka(z + h * k3, p)
        z = z + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    return z


def newton(r):
    z = r
    for _ in range(25):
        z = (z + r / z) / 2
    return z


def logistic_map(r, x):
    for _ in range(15):
        x = r * x * (1 - x)
    return x


def power_tower(a):
    y = a
    for _ in range(4):
        y = a**y
    return y


def polynomial(x, c):
    y = c[0]
    for k in range(1, 6):
        y = y * x + c[k]
    return y


def inverse_two_by_two(A):
    a, b, c, d = A[0, 0], A[0, 1], A[1, 0], A[1, 1]
    return mg.stack([mg.stack([d, -b]), mg.stack([-c, a])]) / (a * d - b * c)


def many_constants(x):
    y = x * np.float32(0.1) + 2 - np.array(3)
    y = y * np.array([1, 2, 3]) / np.int64(7) + np.array(0.5)
    return y * True + np.float64(1e-3) ** 2


def views(x):
    return x.transpose()[::-1, 1:] * x[..., None, :2].transpose(1, 0, 2)[0]


def extremes(x, y):
    return (
        mg.maximum(x, y) * mg.minimum(x, 0.1) + mg.absolute(x) + mg.clip(y, -0.5, 0.5)
    )


def masked(x, y):
    safe = mg.where(x.data > 0, x, 1.0)
    return mg.where(x.data > 0, mg.log(safe), y * x)


MODELS = {
    # name: (function, arguments, order)
    "MLP": (mlp, [(4, 3), (4,), (2, 4), (3,)], 2),
    "MLP on a batch": (mlp, [(4, 3), (4,), (2, 4), (5, 3)], 2),
    "deep relu": (deep_relu, [(5, 4), (4, 6), (6, 6), (6, 2)], 2),
    "convolution by indices": (convolution, [(2, 7), (3, 4), (4,)], 2),
    "image convolution, pooled": (image_convolution, [(6, 6), (3, 3)], 2),
    "attention": (attention(0), [(4, 3), (3, 2), (3, 2), (3, 2)], 2),
    "attention, mask -inf": (attention(CAUSAL), [(4, 3), (3, 2), (3, 2), (3, 2)], 2),
    "attention, mask -1e9": (attention(np.where(CAUSAL < 0, -1e9, 0)),
        [(4, 3), (3, 2), (3, 2), (3, 2)], 1),
    "attention in float32": (attention(CAUSAL.astype(np.float32)),
        [some(4, 3, dtype=np.float32)] + [some(3, 2, dtype=np.float32)] * 3, 1),
    "two heads": (two_heads, [(4, 3), (3, 6)], 1),
    "layer norm": (layer_norm, [(3, 4), (4,), (4,)], 2),
    "layer norm of equal entries": (layer_norm, [np.ones((3, 4)), (4,), (4,)], 1),
    "layer norm in float32": (layer_norm,
        [some(3, 4, dtype=np.float32) for _ in "x"] + [np.ones(4, np.float32)] * 2, 1),
    "batch norm": (batch_norm, [(5, 3), (3,), (3,)], 2),
    "embedding, repeated ids": (embedding, [(6, 3), (3, 2)], 2),
    "residual blocks": (residual, [(2, 3), (3, 3)], 2),
    "plain RNN": (plain_rnn, [(5, 2), (3, 2), (3, 3), (3,)], 2),
    "float32 beside float64": (mixture_of_dtypes,
        [some(3), some(2, 3, dtype=np.float32)], 1),
    "float64 divided by float32": (lambda a, b: a / b,
        [some(9), positive(9, dtype=np.float32)], 1),
    "LSTM": (lstm.LSTM(2, 3, rng=0), [(4, 2), State((3,), (3,))], 2),
    "LSTM on a batch": (lstm.LSTM(2, 3, rng=0), [(2, 4, 2)], 2),
    "LSTM, T = 200": (lstm.LSTM(2, 3, rng=0), [(200, 2)], 1),
    "LSTM in float32": (lstm.LSTM(2, 3, rng=0, dtype=np.float32),
        [some(9, 2, dtype=np.float32)], 1),
    "GRU": (lstm.Recurrent(lstm.GRUCell(2, 3, rng=0)), [(4, 2)], 1),
    "peephole LSTM": (lstm.LSTM(lstm.PeepholeCell(2, 3, rng=0)), [(3, 2)], 1),
    "coupled LSTM": (lstm.LSTM(lstm.CoupledCell(2, 3, rng=0)), [(3, 2)], 1),
    "layer-norm LSTM": (lstm.LSTM(lstm.LayerNormCell(2, 3, rng=0)), [(3, 2)], 1),
    "RBF": (rbf, [(3, 2), (4, 2), positive()], 2),
    "normal log-likelihood": (normal_log_likelihood, [(5,), (), ()], 2),
    "logistic loss, integer labels": (logistic_loss, [(3,), (4, 3)], 2),
    "Student's t": (student_t, [(5,), positive()], 2),
    "Kalman step": (kalman,
        [(2,), np.array([[2.0, 0.3], [0.3, 1.0]]), (2, 2), (1, 2), positive()], 2),
    "cross-entropy": (lambda z: mg.cross_entropy(z, [0, 2, 2]), [(3, 4)], 2),
    "cross-entropy by hand": (softmax_loss_by_hand, [(3, 4)], 1),
    "logsumexp": (mg.logsumexp, [(3, 4)], 2),
    "logsumexp, far apart": (mg.logsumexp, [np.array([-700.0, 0.0, 700.0])], 1),
    "sum of a softmax": (lambda z: mg.sum(mg.softmax(z)), [(5,)], 1),
    "pendulum": (pendulum, [(), (), positive()], 2),
    "Rosenbrock": (rosenbrock, [(2,)], 2),
    "Rosenbrock at its minimum": (rosenbrock, [np.ones(2)], 2),
    "double well": (double_well, [(4,)], 2),
    "Lotka-Volterra, Euler": (euler, [positive(2), positive(4)], 1),
    "Lotka-Volterra, Runge-Kutta": (runge_kutta, [positive(2), positive(4)], 1),
    "Newton's iteration": (newton, [positive(3)], 1),
    "logistic map": (logistic_map, [np.array(3.7), np.array([0.3, 0.6])], 1),
    "power tower": (power_tower, [np.array([1.1, 1.3])], 1),
    "x ** 1.7": (lambda x: (x * x + 1) ** 1.7, [(3,)], 2),
    "a ** b, both move": (lambda a, b: a**b, [positive(3), some(3)], 2),
    "powers of what is negative": (lambda x: x**3 + x**-2 + x**0, [some(4)], 2),
    "powers at zero": (lambda x: x**2 + x**1 + x**3, [np.zeros(3)], 1),
    "polynomial by Horner": (polynomial, [(), (6,)], 2),
    "quadratic form": (lambda x, A: x @ A @ x, [(4,), (4, 4)], 2),
    "inverse of 2 x 2": (inverse_two_by_two, [(2, 2)], 2),
    "relu, abs, max, min, clip": (extremes, [(6,), (6,)], 2),
    "kinks hit exactly": (extremes, [np.array([0.0, 0.1, 0.5]), np.zeros(3)], 1),
    "where beside a logarithm": (masked, [(6,), (6,)], 2),
    "sorted by argsort": (sorted_weights, [(5,)], 1),
    "median": (median, [(5,)], 1),
    "cumsum": (lambda x: mg.cumsum(x * x, 1) * x, [(2, 4)], 2),
    "views": (views, [(3, 3)], 2),
    "stack, concatenate": (
        lambda x, y: mg.concatenate([mg.stack([x, y, x], 1), mg.stack([y] * 3, 1)]),
        [(3,), (3,)], 2),
    "broadcast in all directions": (lambda a, b, c, d: a * b + c * d - a / (1 + d * d),
        [(3, 1, 2), (1, 4, 1), (2,), ()], 2),
    "constants of all kinds": (many_constants, [(3,)], 2),
    "constants, on float32": (many_constants, [some(3, dtype=np.float32)], 1),
    "saturated": (lambda x: mg.sigmoid(x) + mg.tanh(x) + mg.softplus(x),
        [np.array([-800.0, -40.0, -20.0, 20.0, 40.0, 800.0])], 2),
    "saturated, in float32": (lambda x: mg.sigmoid(x) * mg.tanh(x) + mg.softplus(x),
        [np.array([-90.0, -40.0, -9.0, 9.0, 40.0, 90.0], np.float32)], 1),
    "tiny numbers": (lambda x, y: x * y / (x + y), [positive(3) * 1e-12] * 2, 1),
    "huge numbers": (lambda x, y: x * y / (x + y), [positive(3) * 1e12] * 2, 1),
    "all scales at once": (
        lambda x: mg.tanh(x) + mg.log(1 + x * x) + mg.sqrt(1 + x * x),
        [np.array([1e-12, -1e-6, 1.0, 1e3, -1e12])], 1),
    "zeros": (lambda x, W: mg.tanh(mg.matvec(W, x)), [np.zeros(3), np.zeros((2, 3))],
        2),
    "sine of large numbers": (mg.sin, [np.array([1e3, 1e5, -1e7])], 1),
    "differences that cancel": (lambda x: ((1e8 + x) ** 2 - 1e16) / 2e8, [some(3)], 1),
    "cancelling, in float32": (lambda x: mg.sum((x - mg.mean(x)) ** 2),
        [(1000 + RNG.standard_normal(64)).astype(np.float32)], 1),
    "long sums in float32": (lambda x: mg.sum(mg.exp(x)) / mg.sum(x * x),
        [some(4000, dtype=np.float32)], 1),
    "float16": (lambda x, W: mg.tanh(mg.matvec(W, x)),
        [some(3, dtype=np.float16), some(2, 3, dtype=np.float16)], 2),
    "softmax in float16": (mg.softmax, [some(3, 5, dtype=np.float16)], 1),
    "an LSTM in float16, T = 30": (lstm.LSTM(2, 4, rng=0, dtype=np.float16),
        [some(30, 2, dtype=np.float16)], 1),
    "cumsum in float16": (lambda x: mg.cumsum(x, 0) * x, [some(300, dtype=np.float16)],
        1),
    "float16 beside float64": (lambda a, b: mg.tanh(a * b) / (b * b + 1),
        [some(7, dtype=np.float16), some(7)], 1),
    "long double": (lambda x: mg.tanh(x) * x, [some(4, dtype=np.longdouble)], 1),
    "chaos, where rounding is all": (
        lambda x: logistic_map(np.float32(3.99), logistic_map(3.9, x)),
        [np.array([0.3, 0.7], np.float32)], 1),
    "transposed in memory": (lambda A, b: mg.tanh(A * b) @ A.transpose(),
        [some(4, 3).T, some(4)], 2),
    "strided in memory": (lambda x: mg.tanh(x) * mg.cumsum(x, 0),
        [some(6, 8)[::2, ::3]], 1),
}  # fmt: skip


@pytest.mark.parametrize("name", MODELS)
def test_a_right_model_is_proved(name):
    function, arguments, order = MODELS[name]
    with np.errstate(all="ignore"):
        certificate = assert_proved(function, *arguments, order=order)
    assert not certificate.vacuous
    assert not certificate.not_in_floats


def test_an_infinite_slope_is_no_alarm_to_second_order():
    mg.prove(mg.sum(mg.sqrt(mg.Tensor([0.0, 2.0])) ** 3), order=2, seed=0)


def test_overflow_is_no_alarm_and_the_certificate_says_so():
    with np.errstate(all="ignore"):
        certificate = assert_proved(mg.exp, np.array([1.0, 100.0], np.float32))
    assert "not finite" in certificate.not_in_floats


# ------------------------------------------------------------------------ rows of users


@contextmanager
def rows(*made):
    try:
        yield
    finally:
        for apply in made:
            del TABLE[apply.primitive.name]


C = math.sqrt(2 / math.pi)


def gelu_slope(y, a):
    inner = mg.tanh(C * (a + 0.044715 * a**3))
    return 0.5 * (1 + inner) + 0.5 * a * (1 - inner * inner) * C * (
        1 + 0.134145 * a * a
    )


USERS = {  # name: (function, meaning, partials, numbers)
    "swish": (lambda a: a / (1 + np.exp(-a)), "a / (1 + exp(-a))",
        lambda y, a: mg.sigmoid(a) * (1 + a * (1 - mg.sigmoid(a))), some(6)),
    "GELU by tanh": (lambda a: 0.5 * a * (1 + np.tanh(C * (a + 0.044715 * a**3))),
        "a/2 * (1 + tanh(sqrt(2/pi) * (a + 0.044715 * a**3)))", gelu_slope, some(6)),
    "GELU by erf": (  # completed below: its slope needs a row of its own
        lambda a: a / 2 * (1 + np.vectorize(math.erf, otypes=[float])(a / 2**0.5)),
        "a / 2 * (1 + erf(a / sqrt(2)))", None, some(6)),
    "SELU, right of 0": (lambda a: 1.0507 * a, "1.0507 * a", lambda y, a: 1.0507,
        positive(4)),
    "Abs": (np.abs, "Abs(a)", lambda y, a: a / y, some(6)),
    "log10": (lambda a: np.log(a) / math.log(10), "log(a) / log(10)",
        lambda y, a: 1 / (a * math.log(10)), positive(5)),
    "a third": (lambda a: a / 3, "a / 3", lambda y, a: 1 / 3, some(5)),
    "logit": (lambda a: np.log(a / (1 - a)), "log(a / (1 - a))",
        lambda y, a: 1 / (a * (1 - a)), RNG.uniform(0.1, 0.9, 5)),
}  # fmt: skip
DOMAINS = {"log10": "a > 0", "logit": "0 < a < 1", "Abs": "a != 0"}


@pytest.mark.parametrize("name", [name for name in USERS if name != "GELU by erf"])
def test_a_right_row_of_a_user_is_proved(name):
    function, meaning, partial, numbers = USERS[name]
    domain = DOMAINS.get(name, "")
    row = elementwise(f"user's {name}", function, meaning, (partial,), domain=domain)
    with rows(row):
        certificate = assert_proved(lambda x: row(x) * x, numbers, order=2)
        assert not certificate.not_in_floats


def test_gelu_by_erf_is_proved_with_a_row_for_erf():
    erf = elementwise(
        "user's erf",
        np.vectorize(math.erf, otypes=[float]),
        "erf(a)",
        (lambda y, a: 2 / math.sqrt(math.pi) * mg.exp(-a * a),),
    )
    with rows(erf):
        assert_proved(lambda x: x / 2 * (1 + erf(x / math.sqrt(2))), some(6), order=2)


def test_a_linear_row_of_a_user_is_proved():
    mirrored = linear(
        "user's mirror",
        lambda a: a[..., ::-1],
        (lambda g, a: g[..., ::-1],),
        jointly=True,
    )
    with rows(mirrored):
        assert_proved(lambda x: mirrored(x) * x, (3, 4), order=2)


# ------------------------------------------------------------------- programs at random

SLOPED = ["tanh", "sigmoid", "sin", "cos", "softplus", "negative", "exp"]
MOVING = ["sum", "transpose", "reshape", "take", "concatenate", "cumsum", "broadcast"]
PAIRED = ["add", "subtract", "multiply", "divide", "matvec", "matmul", "where", "stack"]


def one_step(kind: str, x: Any, w: Any, draw: np.random.Generator) -> Any:
    """Return x after one more primitive; w is a leaf beside it."""
    if kind in SLOPED:
        return TABLE[kind].apply(0.5 * x if kind == "exp" else x)
    if x.ndim == 0:
        return x * w
    if kind == "sum":
        axis = int(draw.integers(-x.ndim, x.ndim))
        return mg.sum(x, axis=axis, keepdims=bool(draw.integers(2)))
    if kind == "transpose":
        return mg.transpose(x, tuple(int(k) for k in draw.permutation(x.ndim)))
    if kind == "reshape":
        return mg.reshape(x, (-1, x.shape[0]))
    if kind == "take":
        return x[draw.integers(-x.shape[0], x.shape[0], 3)]
    if kind == "concatenate":
        return mg.concatenate([x, w * x], axis=-1)
    if kind == "stack":
        return mg.stack([x, w * x, x], axis=int(draw.integers(-1, x.ndim)))
    if kind == "cumsum":
        return mg.cumsum(x, int(draw.integers(-x.ndim, x.ndim)))
    if kind == "broadcast":
        return mg.broadcast_to(x, (2, *x.shape))
    if kind == "divide":
        return x / (1 + w * w)
    if kind == "matvec":
        return mg.matvec(draw.uniform(-1, 1, (2, x.shape[-1])).astype(x.dtype), x)
    if kind == "matmul":
        return x @ (mg.broadcast_to(w, (x.shape[-1], 2)) * np.float32(0.5))
    if kind == "where":
        return mg.where(draw.integers(0, 2, x.shape) == 1, x, w)
    return TABLE[kind].apply(x, w)


def program(seed: int, kinds: list[str]) -> Any:
    def f(x: Any, w: Any) -> Any:
        draw = np.random.default_rng(seed)
        for kind in kinds:
            x = one_step(kind, x, w, draw)
        return x + w

    return f


PROGRAMS = st.tuples(
    st.integers(0, 2**32 - 1),
    st.lists(st.sampled_from(SLOPED + MOVING + PAIRED), min_size=3, max_size=8),
    st.sampled_from([(3,), (2, 3), (1, 3), (2, 1, 2), ()]),
    st.sampled_from([np.float64, np.float32]),
)
FEW = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)


def leaves(seed: int, shape: tuple[int, ...], dtype: Any) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [rng.standard_normal(each).astype(dtype) for each in (shape, ())]


@FEW
@given(PROGRAMS)
def test_a_random_program_is_proved(drawn):
    seed, kinds, shape, dtype = drawn
    assert_proved(program(seed, kinds), *leaves(seed, shape, dtype))


@FEW
@given(PROGRAMS, st.integers(0, 100))
def test_a_random_program_with_one_broken_row_is_refused_if_a_gradient_changes(
    drawn, which
):
    seed, kinds, shape, _ = drawn
    f = program(seed, kinds)
    x, w = (mg.Tensor(a) for a in leaves(seed, shape, float))
    y = f(x, w)
    loss = mg.sum(y * np.random.default_rng(1).standard_normal(y.shape))
    used = {s.primitive.name: s.primitive for s in mg.Tape(loss) if s.primitive}
    row = used[sorted(used)[which % len(used)]]
    right = mg.grad(loss, [x, w])
    with broken(scaled(row, 1 + 1e-3)):
        wrong = mg.grad(loss, [x, w])
        if all(map(np.array_equal, right, wrong)):
            return
        with pytest.raises(ProofFailed):
            mg.prove(loss, [x, w], seed=0)


def scaled(row: Any, factor: float) -> list[Change]:
    """Multiply what the rules of a row return for their last argument."""
    right, last = type(row).vjp, 1

    def vjp(i: int, g: Any, y: Any, args: Any, options: Any) -> Any:
        bar = right(row, i, g, y, args, options)
        return bar * factor if i == last or len(args) == 1 else bar

    if row.is_elementwise:
        slopes = [*row.partials]
        whole = slopes[-1]
        slopes[-1] = lambda y, *args: whole(y, *args) * factor
        return [Change(row, "partials", tuple(slopes))]
    return [Change(row, "vjp", vjp), Change(row, "batched_adjoints", {})]


# ------------------------------------------------------------- where there is no number

UNDEFINED = {
    "a constant 0": (lambda x: x / 0, (3,)),
    "the mean of nothing": (mg.mean, (0,)),
    "an empty batch": (lambda x: x - x.mean(axis=0, keepdims=True), (0, 3)),
    "no labels": (lambda x: mg.cross_entropy(x, np.zeros(0, int)), (0, 3)),
    "one sample": (lambda x: np.std(x, ddof=1), (1,)),
}


@pytest.mark.parametrize("name", UNDEFINED)
def test_no_rule_is_blamed_where_the_model_has_no_value(name):
    f, shape = UNDEFINED[name]
    with np.errstate(all="ignore"), pytest.raises(AssertionError) as failure:
        assert_proved(f, shape)
    assert "NOT SHOWN" in str(failure.value) and "no finite value" in str(failure.value)
    assert "WRONG" not in str(failure.value)


SUBNORMAL = {
    "a factor": (lambda x: x * 5e-324, (3,)),
    "a narrow factor": (lambda x: x * np.float32(1e-42), np.array([1, 2], "f4")),
    "an exponential": (lambda x: mg.exp(x * 0 - 740) * x, (3,)),
}


@pytest.mark.parametrize("name", SUBNORMAL)
def test_the_rounding_of_the_smallest_numbers_is_no_alarm(name):
    assert_proved(SUBNORMAL[name][0], SUBNORMAL[name][1])
