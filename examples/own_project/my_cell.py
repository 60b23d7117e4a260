"""A cell of our own, and an op of our own.

The gates look at the cell state too (peepholes), and one gate decides both what to keep
and what to let in: what is forgotten makes room for what is new.

    f_t = sigma(W_f [x_t, y_{t-1}, c_{t-1}] + b_f)
    c~_t = tanh(W_c [x_t, y_{t-1}] + b_c)
    c_t = f_t * c_{t-1} + (1 - f_t) * c~_t
    o_t = sigma(W_o [x_t, y_{t-1}, c_t] + b_o)
    y_t = o_t * tanh(c_t)

Peepholes are from Gers and Schmidhuber 2000 (theirs are diagonal, these are matrices),
coupled gates from Greff et al. 2017.
"""

import minigrad as mg
from lstm import Gate, State

blend = mg.elementwise(
    "blend",
    lambda a, b, c: a * b + (1 - a) * c,
    "a * b + (1 - a) * c",
    (
        lambda y, a, b, c: b - c,
        lambda y, a, b, c: a,
        lambda y, a, b, c: 1 - a,
    ),
)


class PeepholeCell(mg.Module):
    """One step of the cell: n inputs, m outputs; called as cell(x, State(y, c))."""

    def __init__(self, n, m, rng=None):
        self.n, self.m = n, m
        self.forget = Gate("f", n + m, m, rng=rng)  # it reads m numbers more
        self.candidate = Gate("c", n, m, mg.tanh, rng=rng)
        self.output = Gate("o", n + m, m, rng=rng)

    def start(self, batch=()):
        """Return the state before anything was seen."""
        return State.zeros(self.m, batch)

    def forward(self, x, state):
        """Return State(y_t, c_t)."""
        y_prev, c_prev = state
        f = self.forget(mg.concatenate([x, y_prev, c_prev], axis=-1))
        c_tilde = self.candidate(mg.concatenate([x, y_prev], axis=-1))
        c = blend(f, c_prev, c_tilde)
        o = self.output(mg.concatenate([x, y_prev, c], axis=-1))
        y = o * mg.tanh(c)
        c.name, y.name = "c", "y"
        return State(y, c)
