"""One sample of every row of the table and of every composite, with its torch twin.

The same list is checked against the complex step, in every domain, for mutations and
against PyTorch. Arrays are square where an axis could be mistaken for another: on a
(2, 3) array a transposed gradient is a shape error, on a (3, 3) array it is silent.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

import minigrad as mg
from minigrad.primitive import TABLE


@dataclass(frozen=True)
class Sample:
    """A function of arrays, arguments to call it with, and what torch calls it."""

    name: str
    function: Any
    args: tuple[np.ndarray, ...]
    twin: Any
    exact: bool = False  # only + - * / and moves: true of fractions too
    options: dict[str, Any] = field(default_factory=dict)

    def __call__(self, *args: Any) -> Any:
        return self.function(*args, **self.options)

    @property
    def id(self) -> str:
        shapes = "x".join(str(np.shape(arg)).replace(" ", "") for arg in self.args)
        options = ",".join(f"{key}" for key in self.options)
        return f"{self.name}{shapes}{options}"


_rng = np.random.default_rng(20)


def some(*shape: int) -> np.ndarray:
    """Return numbers in (-2, 2), none near 0 and no two the same."""
    size = _rng.uniform(0.2, 2.0, shape)
    return size * _rng.choice([-1.0, 1.0], shape)


def positive(*shape: int) -> np.ndarray:
    return _rng.uniform(0.3, 2.5, shape)


MASK = np.array([[True, False, True], [False, False, True], [True, True, False]])
REPEATED = np.array([0, 2, 2])


def row(name, args, twin, exact=False, **options):
    return Sample(name, TABLE[name].apply, args, twin, exact=exact, options=options)


def _scattered(torch, g):
    return torch.zeros(3, 3).index_add(0, torch.tensor(REPEATED), g)


def _outer(torch, z, v):
    return torch.einsum("abm,abk->mk", z, v)


ROWS = [
    row("add", (some(3, 3), some(3, 3)), lambda t, a, b: a + b, exact=True),
    row("add", (some(2, 1), some(3)), lambda t, a, b: a + b, exact=True),
    row("subtract", (some(3, 3), some(3, 3)), lambda t, a, b: a - b, exact=True),
    row("subtract", (some(3), some(2, 1)), lambda t, a, b: a - b, exact=True),
    row("multiply", (some(3, 3), some(3, 3)), lambda t, a, b: a * b, exact=True),
    row("multiply", (some(3, 1), some(1, 2)), lambda t, a, b: a * b, exact=True),
    row("divide", (some(3, 3), some(3, 3)), lambda t, a, b: a / b, exact=True),
    row("divide", (some(2, 1), positive(3)), lambda t, a, b: a / b, exact=True),
    row("negative", (some(3, 3),), lambda t, a: -a, exact=True),
    row("power", (positive(3, 3), some(3, 3)), lambda t, a, b: a**b),
    row("exp", (some(3, 3),), lambda t, a: t.exp(a)),
    row("log", (positive(3, 3),), lambda t, a: t.log(a)),
    row("sqrt", (positive(3, 3),), lambda t, a: t.sqrt(a)),
    row("tanh", (some(3, 3),), lambda t, a: t.tanh(a)),
    row("sigmoid", (some(3, 3),), lambda t, a: t.sigmoid(a)),
    row("softplus", (some(3, 3),), lambda t, a: t.nn.functional.softplus(a)),
    row("sin", (some(3, 3),), lambda t, a: t.sin(a)),
    row("cos", (some(3, 3),), lambda t, a: t.cos(a)),
    row("arctan", (some(3, 3),), lambda t, a: t.arctan(a)),
    row("expm1", (some(3, 3),), lambda t, a: t.expm1(a)),
    row("log1p", (positive(3, 3),), lambda t, a: t.log1p(a)),
    row("sum", (some(3, 3),), lambda t, a: a.sum(1), exact=True, axis=1),
    row("sum", (some(3, 3),), lambda t, a: a.sum(0), exact=True, axis=0),
    row("sum", (some(2, 3, 2),), lambda t, a: a.sum(), exact=True),
    row("sum", (some(3, 3, 3),), lambda t, a: a.sum((0, -1), keepdim=True), exact=True,
        axis=(0, -1), keepdims=True),
    row("broadcast", (some(3),), lambda t, a: a.expand(3, 3), exact=True, shape=(3, 3)),
    row("broadcast", (some(3, 1),), lambda t, a: a.expand(3, 3), exact=True,
        shape=(3, 3)),
    row("reshape", (some(3, 3),), lambda t, a: a.reshape(9, 1), exact=True,
        shape=(9, 1)),
    row("transpose", (some(3, 3),), lambda t, a: a.T, exact=True),
    row("transpose", (some(2, 3, 4),), lambda t, a: a.permute(1, 2, 0), exact=True,
        axes=(1, -1, 0)),
    row("concatenate", (some(3, 3), some(3, 3), some(1, 3)),
        lambda t, *parts: t.cat(parts), exact=True),
    row("concatenate", (some(2, 3), some(2, 1)), lambda t, *parts: t.cat(parts, -1),
        exact=True, axis=-1),
    row("stack", (some(3, 3), some(3, 3)), lambda t, *parts: t.stack(parts, -1),
        exact=True, axis=-1),
    row("take", (some(3, 3),), lambda t, a: a[:, t.tensor(REPEATED)], exact=True,
        index=(slice(None), REPEATED)),
    row("take", (some(3, 3),), lambda t, a: a[0:2], exact=True, index=slice(0, 2)),
    row("scatter", (some(3, 3),), _scattered, exact=True, shape=(3, 3), index=REPEATED),
    row("where", (some(3, 3), some(3, 3)),
        lambda t, a, b: t.where(t.tensor(MASK), a, b), exact=True, mask=MASK),
    row("cumsum", (some(3, 3),), lambda t, a: a.cumsum(0), exact=True, axis=0),
    row("cast", (some(3, 3),), lambda t, a: a.double(), exact=True, dtype=float),
    row("matmul", (some(3, 3), some(3, 3)), lambda t, a, b: a @ b, exact=True),
    row("matmul", (some(2, 1, 2, 3), some(4, 3, 2)), lambda t, a, b: a @ b, exact=True),
    row("matmul", (some(3), some(3, 3)), lambda t, a, b: a @ b, exact=True),
    row("matmul", (some(3, 3), some(3)), lambda t, a, b: a @ b, exact=True),
    row("matmul", (some(3), some(3)), lambda t, a, b: a @ b, exact=True),
    row("matmul", (some(2, 3, 3), some(3)), lambda t, a, b: a @ b, exact=True),
    row("matvec", (some(3, 3), some(3)), lambda t, W, v: W @ v, exact=True),
    row("matvec", (some(3, 3), some(3, 3)), lambda t, W, v: v @ W.T, exact=True),
    row("matvec", (some(2, 3), some(4, 2, 3)), lambda t, W, v: v @ W.T, exact=True),
    row("outer", (some(3), some(3)), lambda t, z, v: t.outer(z, v), exact=True),
    row("outer", (some(3, 3), some(3, 3)), lambda t, z, v: z.T @ v, exact=True),
    row("outer", (some(4, 2, 3), some(4, 2, 2)), _outer, exact=True),
]  # fmt: skip


def composite(name, function, args, twin, exact=False):
    return Sample(name, function, args, twin, exact=exact)


LABELS = np.array([2, 0, 1])

COMPOSITES = [
    composite("x**3", lambda a: a**3, (some(3, 3),), lambda t, a: a**3, exact=True),
    composite("x**-1", lambda a: a**-1, (some(3, 3),), lambda t, a: a**-1),
    composite("x**0", lambda a: a**0 * a, (some(3),), lambda t, a: a**0 * a,
        exact=True),
    composite("2**x", lambda a: 2**a, (some(3),), lambda t, a: 2**a),
    composite("absolute", mg.absolute, (some(3, 3),), lambda t, a: a.abs(), exact=True),
    composite("maximum", mg.maximum, (some(3, 3), some(3)),
        lambda t, a, b: t.maximum(a, b), exact=True),
    composite("minimum", mg.minimum, (some(3, 3), some(3, 1)),
        lambda t, a, b: t.minimum(a, b), exact=True),
    composite("relu", mg.relu, (some(3, 3),), lambda t, a: t.relu(a), exact=True),
    composite("clip", lambda a: mg.clip(a, -1.0, 0.5), (some(3, 3),),
        lambda t, a: a.clamp(-1.0, 0.5)),
    composite("silu", mg.silu, (some(3, 3),), lambda t, a: t.nn.functional.silu(a)),
    composite("mean", lambda a: mg.mean(a, axis=0), (some(3, 3),),
        lambda t, a: a.mean(0), exact=True),
    composite("mean of two axes", lambda a: mg.mean(a, axis=(0, 2), keepdims=True),
        (some(3, 3, 3),), lambda t, a: a.mean((0, 2), keepdim=True)),
    composite("var", lambda a: mg.var(a, axis=-1), (some(3, 3),),
        lambda t, a: a.var(-1, correction=0), exact=True),
    composite("max", lambda a: mg.max(a, axis=1), (some(3, 3),), lambda t, a: a.amax(1),
        exact=True),
    composite("min", lambda a: mg.min(a, axis=0, keepdims=True), (some(3, 3),),
        lambda t, a: a.amin(0, keepdim=True), exact=True),
    composite("logsumexp", mg.logsumexp, (some(3, 3),),
        lambda t, a: t.logsumexp(a, -1)),
    composite("log_softmax", lambda a: mg.log_softmax(a, axis=0), (some(3, 3),),
        lambda t, a: t.log_softmax(a, 0)),
    composite("softmax", mg.softmax, (some(3, 3),), lambda t, a: t.softmax(a, -1)),
    composite("squared_error", mg.squared_error, (some(3, 3), some(3, 3)),
        lambda t, a, b: t.nn.functional.mse_loss(a, b)),
    composite("cross_entropy", lambda a: mg.cross_entropy(a, LABELS), (some(3, 3),),
        lambda t, a: t.nn.functional.cross_entropy(a, t.tensor(LABELS))),
    composite("concatenate", lambda a, b: mg.concatenate([a, b], axis=-1),
        (some(3, 3), some(3, 2)), lambda t, a, b: t.cat([a, b], -1), exact=True),
    composite("stack", lambda a, b: mg.stack([a, b, a]), (some(3), some(3)),
        lambda t, a, b: t.stack([a, b, a]), exact=True),
    composite("where", lambda a, b: mg.where(MASK, a, b), (some(3), some(3, 3)),
        lambda t, a, b: t.where(t.tensor(MASK), a, b), exact=True),
    composite("getitem", lambda a: a[1:] * a[None, ..., ::-1, [0, 0, 2]][0, :2],
        (some(3, 3),), lambda t, a: a[1:] * a.flip(0)[:, [0, 0, 2]][:2], exact=True),
    composite("broadcast_to", lambda a: mg.broadcast_to(a, (3, 3)), (some(3),),
        lambda t, a: a.expand(3, 3), exact=True),
    composite("LSTM cell", lambda W, x: lstm_cell(W, x), (0.5 * some(12, 5), some(2)),
        lambda t, W, x: lstm_cell(W, x, t.tanh, t.sigmoid, lambda W, v: W @ v, t.cat)),
]  # fmt: skip

SAMPLES = ROWS + COMPOSITES


def lstm_cell(
    W, x, tanh=mg.tanh, sigmoid=mg.sigmoid, matvec=mg.matvec, join=mg.concatenate
):
    """Return y of an LSTM with m = 3 after two steps; W stacks W_f, W_i, W_o, W_c."""
    y = c = x[:1] * W[:3, 0]
    for _ in range(2):
        z = matvec(W, join([x, y]))
        f, i, o = sigmoid(z[0:3]), sigmoid(z[3:6]), sigmoid(z[6:9])
        c = f * c + i * tanh(z[9:12])
        y = o * tanh(c)
    return y


def ids(samples):
    return [f"{position}-{sample.id}" for position, sample in enumerate(samples)]
