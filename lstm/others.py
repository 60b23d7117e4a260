"""Other recurrent cells, made of the same boxes: GRU, simple RNN, IRNN.

They have no cell state apart from the output: what is carried is `Output(y)`. They run
in `Recurrent(cell)`, and take the options of `Cell`.

    GRUCell    y_t = u_t * y_{t-1} + (1 - u_t) * y~_t, with two gates
    RNNCell    y_t = tanh(W_y [x_t, y_{t-1}] + b_y)
    IRNNCell   y_t = relu(W_y [x_t, y_{t-1}] + b_y), starting as an identity
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from lstm.cell import Cell
from lstm.gate import Gate
from lstm.state import Numbers, answering, detached
from minigrad import Dense, Tensor, concatenate, relu, sigmoid, tanh
from minigrad.feedforward import Rng, generator


@answering
class Output(NamedTuple):
    """What a cell without a cell state carries: its output y, shape (..., m)."""

    y: Numbers

    def detach(self) -> Output:
        """Return the same numbers as leaves: no gradient flows back past this point."""
        return detached(self)


class GRUCell(Cell):
    """The gated recurrent unit: two gates, and no cell state.

        r = sigma(W_r [x, y_{t-1}] + b_r)              reset: what the candidate sees
        u = sigma(W_u [x, y_{t-1}] + b_u)              update: what to keep
        y~ = tanh(W_y [x, r * y_{t-1}] + b_y)          the candidate
        y = u * y_{t-1} + (1 - u) * y~                 the output

    Cho et al. 2014. Chung et al. 2014 write 1 - u for u.

    >>> cell = GRUCell(n=3, m=2, rng=0)
    >>> cell(np.ones(3), cell.start()).y.shape
    (2,)
    """

    letters = {"reset": "r", "update": "u", "candidate": "y"}
    usual = {"reset": sigmoid, "update": sigmoid, "candidate": tanh}
    carries = Output
    reset: Gate
    update: Gate
    candidate: Gate

    def forward(self, x: Numbers, state: Output | None = None) -> Output:
        """Return Output(y_t) for x_t and Output(y_{t-1})."""
        x, y_prev = self.leaves(x, state)
        v = concatenate([x, y_prev], axis=-1)
        r = self.reset(v)
        u = self.update(v)
        y_tilde = self.y_tilde(x, y_prev, r)
        y = u * y_prev + (1 - u) * y_tilde
        v.name, y_tilde.name, y.name = "v", "y~", "y"
        return Output(y)

    def y_tilde(self, x: Tensor, y_prev: Tensor, r: Tensor) -> Tensor:
        """Return the candidate, tanh(W_y [x, r * y_{t-1}] + b_y)."""
        v_r = concatenate([x, r * y_prev], axis=-1)
        v_r.name = "v_r"
        return self.candidate(v_r)


class ResetAfterGRUCell(GRUCell):
    """The GRU of PyTorch and Keras: the reset gate comes after the matrix.

        y~ = tanh(W_y x + b_y + r * (U y_{t-1} + d))

    What the matrix makes of y is reset, not y, so that one large product can serve all
    boxes. It is another function: U (r * y) is not r * (U y) unless U is diagonal.
    `recurrent` holds U and d. Its start is that of the other boxes, d's is zero; a
    candidate with a hidden layer reads only x through it.

    >>> sorted(dict(ResetAfterGRUCell(n=3, m=2, rng=0).named_parameters()))[2:4]
    ['recurrent.W', 'recurrent.b']
    """

    def __init__(
        self,
        n: int | None = None,
        m: int | None = None,
        rng: Rng = None,
        **options: Any,
    ) -> None:
        rng = generator(rng)
        super().__init__(n, m, rng=rng, **options)
        n, m = self.n, self.m
        hidden = (options.get("hidden") or {}).get("candidate", ())
        self.recurrent = Dense(m, m, rng=rng, dtype=self.dtype)
        self.recurrent.W.name, self.recurrent.b.name = "U", "d"
        W = None
        if not hidden:
            W, self.recurrent.W.data = np.split(self.candidate.W.data, [n], axis=1)
        self.candidate = self.box(
            "y",
            n,
            m,
            activation=self.candidate.activation,
            hidden=hidden,
            W=W,
            b=self.candidate.b.data,
            rng=rng,
            dtype=self.dtype,
            reads=(n,),
        )

    def y_tilde(self, x: Tensor, y_prev: Tensor, r: Tensor) -> Tensor:
        """Return the candidate, tanh(W_y x + b_y + r * (U y_{t-1} + d))."""
        return self.candidate(x, also=r * self.recurrent(y_prev))


class RNNCell(Cell):
    """The simple recurrent network: one dense layer, connected to itself.

    y_t = tanh(W_y [x_t, y_{t-1}] + b_y). Elman 1990.

    >>> cell = RNNCell(n=3, m=2, rng=0)
    >>> cell(np.ones(3), cell.start()).y.primitive.name
    'tanh'
    """

    letters = {"output": "y"}
    usual = {"output": tanh}
    carries = Output
    output: Gate

    def forward(self, x: Numbers, state: Output | None = None) -> Output:
        """Return Output(y_t) for x_t and Output(y_{t-1})."""
        x, y_prev = self.leaves(x, state)
        v = concatenate([x, y_prev], axis=-1)
        y = self.output(v)
        v.name, y.name = "v", "y"
        return Output(y)


class IRNNCell(RNNCell):
    """A simple RNN of relu that starts as the identity: y_t = relu(y_{t-1} + ...).

    So at the start it remembers as an LSTM does whose forget gate is open. Le, Jaitly
    and Hinton 2015; W_x starts with Gaussian numbers of deviation 0.001, b at zero.

    >>> IRNNCell(n=1, m=2, rng=0).output.W.data[:, 1:]
    array([[1., 0.],
           [0., 1.]])
    """

    usual = {"output": relu}

    def __init__(
        self,
        n: int | None = None,
        m: int | None = None,
        init: str = "identity",
        **options: Any,
    ) -> None:
        super().__init__(n, m, init=init, **options)
