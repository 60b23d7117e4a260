"""Models to derive, and how a derivation is read."""

import functools

import numpy as np

import minigrad as mg
from lstm import LSTM, Gate, LSTMCell, State
from minigrad.deriving.formula_styles import TEXT

RNG = np.random.default_rng(7)


def tensor(name, *shape):
    return mg.Tensor(RNG.uniform(0.5, 1.5, shape), name=name)


def lines(derivation):
    """The equations as text, without margin."""
    text = TEXT
    return [
        f"{text.write(each.left)} = {text.write(each.right)}" for each in derivation
    ]


def one_step(n=3, m=2):
    cell = LSTMCell(n, m, rng=0)
    return cell(RNG.normal(size=n), State(tensor("y_0", m), tensor("c_0", m)))


def lstm_loss(n=3, m=2, T=4, batch=()):
    layer = LSTM(n, m, rng=0)
    y, _ = layer(RNG.normal(size=(*batch, T, n)))
    loss = mg.squared_error(y, RNG.normal(size=y.shape))
    loss.name = "loss"
    return loss


class Peephole(mg.Module):
    """The gates see the cell state (Gers and Schmidhuber 2000)."""

    def __init__(self, n, m):
        self.n, self.m = n, m
        self.forget, self.output = Gate("f", n, m, rng=1), Gate("o", n, m, rng=2)
        self.candidate = Gate("c", n, m, mg.tanh, rng=3)
        self.p = mg.Parameter(RNG.normal(size=m), name="p_f")

    def start(self, batch=()):
        return State.zeros(self.m, batch)

    def forward(self, x, state):
        v = mg.concatenate([x, state.y], axis=-1)
        z = mg.matvec(self.forget.W, v) + self.p * state.c + self.forget.b
        f = mg.sigmoid(z)
        z.name, f.name = "z_f", "f"
        c_tilde = self.candidate(v)
        c = f * state.c + (1.0 - f) * c_tilde
        y = self.output(v) * mg.tanh(c)
        c_tilde.name, c.name, y.name = "c~", "c", "y"
        return State(y, c)


def peephole(T=3):
    y, _ = LSTM(Peephole(2, 2))(RNG.normal(size=(T, 2)))
    return (y * y).sum()


def stacked():
    below, above = LSTM(2, 3, rng=0), LSTM(3, 2, rng=1)
    y, _ = above(below(RNG.normal(size=(3, 2)))[0])
    return (y * y).sum()


def deep_gate():
    layer = LSTM(2, 2, hidden={"forget": (3,)}, rng=0)
    return layer(RNG.normal(size=(2, 2)))[0].sum()


def classifier():
    model = mg.Sequential(mg.Dense(4, 5, mg.tanh, rng=0), mg.Dense(5, 3, rng=1))
    return mg.cross_entropy(model(RNG.normal(size=(6, 4))), [0, 1, 2, 1, 0, 2])


def dense():
    model = mg.Sequential(mg.Dense(3, 4, mg.relu, rng=0), mg.Dense(4, 1, rng=1))
    x = tensor("x", 3)
    return model(x).sum()


def layer_norm():
    a = tensor("a", 2, 4)
    spread = mg.sqrt(mg.var(a, -1, keepdims=True) + 1e-5)
    return ((a - mg.mean(a, -1, keepdims=True)) / spread * tensor("g", 4)).sum()


def attention():
    q, k, v = tensor("q", 3, 2), tensor("k", 4, 2), tensor("v", 4, 2)
    weights = mg.softmax(q @ k.T / np.sqrt(2.0))
    return (weights @ v * tensor("r", 3, 2)).sum()


def moving_exponents():
    a, b = tensor("a", 3), tensor("b", 3)
    return (a**b + a**-1.5 + 1 / b).sum()


MODELS = [
    peephole, stacked, deep_gate, classifier, dense, layer_norm, attention,
    moving_exponents, lambda: lstm_loss(batch=(2,)), lambda: one_step()[0].sum(),
]  # fmt: skip


@functools.cache  # models have lines in common
def require_readable(latex):
    """Is this LaTeX that can be set? matplotlib reads it as LaTeX would."""
    from matplotlib.mathtext import MathTextParser

    MathTextParser("path").parse(f"${latex}$")
    assert latex.count("{") == latex.count("}")
