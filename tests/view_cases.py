"""Cells to draw: the usual ones, and some that nobody has drawn before."""

from __future__ import annotations

import itertools

import numpy as np

import minigrad as mg
from lstm import (
    LSTM,
    Bidirectional,
    FullGateRecurrenceCell,
    Gate,
    GRUCell,
    LayerNormCell,
    LSTMCell,
    PeepholeCell,
    ProjectedCell,
    Recurrent,
    Stack,
    State,
    TimeDistributed,
)
from minigrad.feedforward import leaf


class GRU(mg.Module):
    """Cho et al. 2014: one state, on the belt and on the bus."""

    def __init__(self, n, m):
        self.n, self.m = n, m
        self.reset = Gate("r", n, m, mg.sigmoid, rng=0)
        self.update = Gate("u", n, m, mg.sigmoid, rng=1)
        self.candidate = Gate("y", n, m, mg.tanh, rng=2)

    def forward(self, x, y_prev):
        v = mg.concatenate([x, y_prev], axis=-1)
        r, u = self.reset(v), self.update(v)
        y_tilde = self.candidate(mg.concatenate([x, r * y_prev], axis=-1))
        y = u * y_prev + (1 - u) * y_tilde
        v.name, y_tilde.name, y.name = "v", "y~", "y"
        return y


class Elman(mg.Module):
    """Elman 1990: one box, connected to itself."""

    def __init__(self, n, m):
        self.n, self.m = n, m
        self.hidden = Gate("y", n, m, mg.tanh, rng=0)

    def forward(self, x, y_prev):
        y = self.hidden(mg.concatenate([x, y_prev], axis=-1))
        y.name = "y"
        return y


class Coupled(LSTMCell):
    """What is forgotten makes room: i = 1 - f."""

    def forward(self, x, state):
        x, y_prev, c_prev = leaf(x, "x"), leaf(state.y, "y_0"), leaf(state.c, "c_0")
        v = mg.concatenate([x, y_prev], axis=-1)
        f, c_tilde = self.forget(v), self.candidate(v)
        c = f * c_prev + (1 - f) * c_tilde
        o = self.output(v)
        y = o * mg.tanh(c)
        v.name, c_tilde.name, c.name, y.name = "v", "c~", "c", "y"
        return State(y, c)


class Peephole(LSTMCell):
    """Gers and Schmidhuber 2000: f, i and o look at c, each through a matrix."""

    def __init__(self, n, m):
        super().__init__(n, m, rng=0)
        self.forget = Gate("f", n + m, m, rng=0)
        self.input = Gate("i", n + m, m, rng=1)
        self.output = Gate("o", n + m, m, rng=2)

    def forward(self, x, state):
        x, y_prev, c_prev = leaf(x, "x"), leaf(state.y, "y_0"), leaf(state.c, "c_0")
        seen = mg.concatenate([x, y_prev, c_prev], axis=-1)
        f, i = self.forget(seen), self.input(seen)
        c_tilde = self.candidate(mg.concatenate([x, y_prev], axis=-1))
        c = f * c_prev + i * c_tilde
        o = self.output(mg.concatenate([x, y_prev, c], axis=-1))
        y = o * mg.tanh(c)
        c_tilde.name, c.name, y.name = "c~", "c", "y"
        return State(y, c)


class Strange(mg.Module):
    """A cell like none: two products in one box, three states, a gate read twice."""

    n = m = 2

    def __init__(self):
        matrix = np.eye(2)
        self.W, self.U = mg.Parameter(matrix, "W"), mg.Parameter(matrix, "U")
        self.b = mg.Parameter(np.ones(2), "b")
        self.V = mg.Parameter(matrix, "V")

    def forward(self, x, state):
        a, b, c = state
        z = mg.matvec(self.W, x) + mg.matvec(self.U, a) + self.b
        g = mg.sigmoid(z)
        b_new = g * b - c
        c_new = mg.tanh(mg.matvec(self.V, b_new)) * g
        a_new = mg.exp(-(a * a)) + c_new * g
        a_new.name, b_new.name, c_new.name = "a", "b", "c"
        return a_new, b_new, c_new


class Fused(LSTMCell):
    """All four gates from one product, taken apart again: as fast libraries do it."""

    def __init__(self, n, m):
        super().__init__(n, m, rng=0)
        self.W = mg.Parameter(np.random.default_rng(5).normal(size=(4 * m, n + m)), "W")
        self.b = mg.Parameter(np.random.default_rng(6).normal(size=4 * m), "b")

    def forward(self, x, state):
        x, y_prev, c_prev = leaf(x, "x"), leaf(state.y, "y_0"), leaf(state.c, "c_0")
        z = mg.matvec(self.W, mg.concatenate([x, y_prev], axis=-1)) + self.b
        f, i, c_tilde, o = (z[k * self.m : (k + 1) * self.m] for k in range(4))
        c = mg.sigmoid(f) * c_prev + mg.sigmoid(i) * mg.tanh(c_tilde)
        y = mg.sigmoid(o) * mg.tanh(c)
        c.name, y.name = "c", "y"
        return State(y, c)


class Squared(mg.Module):
    """Reads one value twice: y = a * a."""

    def __init__(self, n, m):
        self.n, self.m = n, m
        self.hidden = Gate("a", n, m, mg.tanh, rng=0)

    def forward(self, x, y_prev):
        a = self.hidden(mg.concatenate([x, y_prev], axis=-1))
        y = a * a
        y.name = "y"
        return y


class Mirrored(LSTMCell):
    """Two circles read the same two boxes, and three one box: they make room."""

    def forward(self, x, state):
        x, y_prev, c_prev = leaf(x, "x"), leaf(state.y, "y_0"), leaf(state.c, "c_0")
        v = mg.concatenate([x, y_prev], axis=-1)
        f, i, o = (gate(v) for gate in (self.forget, self.input, self.output))
        c = (f + i) * c_prev + (f - i)
        y = (1.0 - o) * (o * o) * mg.exp(o) + c
        c.name, y.name = "c", "y"
        return State(y, c)


def once(cell, n=3, m=2):
    """Run a cell of State(y, c) once; return y and c."""
    state = State(mg.Tensor(np.zeros(m), "y_0"), mg.Tensor(np.zeros(m), "c_0"))
    return list(cell(mg.Tensor(np.linspace(-1, 1, n), "x"), state))


def over_time(cell, states, steps, n=3):
    """Run a cell over time, on inputs that nobody remembers; return its last state."""
    for t in range(1, steps + 1):
        with mg.scope(t):
            states = cell(mg.Tensor(np.linspace(-t, t, n), "x"), states)
    return states


def sequence(steps, **options):
    """Return the output of an LSTM with n = 3, m = 2 at every step."""
    x = np.random.default_rng(0).normal(size=(steps, 3))
    return LSTM(3, 2, rng=0, **options)(x)[0]


CELLS = {
    "LSTM": lambda: once(LSTMCell(3, 2, rng=0)),
    "deeper": lambda: once(LSTMCell(3, 2, hidden={"forget": (6,)}, rng=0)),
    "coupled": lambda: once(Coupled(3, 2, rng=0)),
    "peephole": lambda: once(Peephole(3, 2)),
    "GRU": lambda: over_time(GRU(3, 2), mg.Tensor(np.zeros(2), "y_0"), 3),
    "Elman": lambda: over_time(Elman(3, 2), mg.Tensor(np.zeros(2), "y_0"), 3),
    "strange": lambda: list(
        over_time(Strange(), [mg.Tensor(np.ones(2), f"{k}_0") for k in "abc"], 3, n=2)
    ),
    "over time": lambda: sequence(3),
    "peephole p * c": lambda: through(PeepholeCell(3, 2, rng=0)),
    "normalised": lambda: through(LayerNormCell(3, 2, rng=0)),
    "projected": lambda: through(ProjectedCell(3, 4, p=2, rng=0)),
    "full recurrence": lambda: through(FullGateRecurrenceCell(3, 2, rng=0)),
    "squared": lambda: over_time(Squared(3, 2), mg.Tensor(np.zeros(2), "y_0"), 3),
}


MORE = CELLS | {  # and what the view neuron does not know
    "fused": lambda: through(Fused(3, 2)),
    "mirrored": lambda: through(Mirrored(3, 2, rng=0)),
    "frozen": lambda: list(LSTM(3, 2, rng=0)(inputs(3), mask=np.arange(3) < 2)[1]),
}


def inputs(steps, n=3):
    """Return a sequence of inputs, recorded as one Tensor."""
    return mg.Tensor(np.random.default_rng(7).normal(size=(steps, n)), name="X")


def through(cell, steps=3):
    """Return the last state of a cell that ran over a sequence."""
    return list(Recurrent(cell)(inputs(steps))[1])


class Together(mg.Module):
    """Two cells in one loop: both at t = 1, then both at t = 2."""

    def __init__(self, n, m):
        self.low, self.high = LSTMCell(n, m, rng=0), LSTMCell(m, m, rng=1)

    def forward(self, x):
        low, high = (
            State(leaf(np.zeros(2), "y_0"), leaf(np.zeros(2), "c_0")) for _ in range(2)
        )
        for t in range(len(x)):
            with mg.scope(t + 1):
                low = self.low(x[t], low)
                high = self.high(low.y, high)
        return high.y


class Decoder(mg.Module):
    """A layer that begins where another ends, on a sequence of its own."""

    def __init__(self):
        self.encode, self.decode = LSTM(3, 2, rng=0), LSTM(3, 2, rng=1)

    def forward(self, x):
        return self.decode(inputs(2) * 2.0, self.encode(x)[1])[0]


def stack(*sizes):
    pairs = enumerate(itertools.pairwise(sizes))
    return Stack(*(LSTM(n, m, rng=i) for i, (n, m) in pairs))


LAYERS = {
    "stack": lambda steps: stack(3, 4, 2)(inputs(steps))[0],
    "three": lambda steps: stack(3, 2, 2, 4)(inputs(steps))[0],
    "bidirectional": lambda steps: Bidirectional(LSTM(3, 2, rng=0))(inputs(steps))[0],
    "twice": lambda steps: Stack(
        Bidirectional(LSTM(3, 2, rng=0)), Bidirectional(LSTM(4, 2, rng=1))
    )(inputs(steps))[0],
    "together": lambda steps: Together(3, 2)(inputs(steps)),
    "every step": lambda steps: Stack(
        LSTM(3, 2, rng=0),
        TimeDistributed(mg.Dense(2, 4, mg.tanh, rng=1)),
        Recurrent(GRUCell(4, 2, rng=2)),
    )(inputs(steps))[0],
    "decoder": lambda steps: Decoder()(inputs(steps)),
}


def dense():
    """Return the output of a network of three dense layers."""
    return mg.Sequential(
        mg.Dense(3, 4, mg.tanh, rng=0),
        mg.Dense(4, 2, mg.sigmoid, rng=1),
        mg.Dense(2, 1, rng=2),
    )(mg.Tensor([1.0, 0.5, -1.0], name="x"))


def loss():
    """Return the sum of squares of a dense layer's outputs."""
    y = mg.Dense(3, 2, mg.sigmoid, rng=0)(mg.Tensor([1.0, 0.5, -1.0], "x"))
    made = (y * y).sum()
    made.name = "loss"
    return made


class Stacked(mg.Module):
    """Two recurrent layers, and a dense one for every time step."""

    def __init__(self):
        self.first, self.second = LSTM(3, 4, rng=0), LSTM(4, 2, rng=1)
        self.answer = mg.Dense(2, 1, mg.sigmoid, rng=0)

    def forward(self, x):
        return self.answer(self.second(self.first(x)[0])[0])
