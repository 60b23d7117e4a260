"""One LSTM cell: four dense sub-layers, combined element by element.

    v_t = [x_t, y_{t-1}]                          everything the layer sees, joined
    f_t = sigma(W_f v_t + b_f)                    what to keep of the cell state
    i_t = sigma(W_i v_t + b_i)                    what to let in
    c~_t = tanh(W_c v_t + b_c)                    the candidate for coming in
    o_t = sigma(W_o v_t + b_o)                    what to show
    c_t = f_t * c_{t-1} + i_t * c~_t              the new cell state
    y_t = o_t * tanh(c_t)                         the output

x is in R^n; y, c and everything between are in R^m; every W is m x (n+m), every b is
in R^m. Each of the four dense equations is a `Gate`: one yellow box of the well-known
picture. Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from lstm.initial import PRESETS
from minigrad import (
    Dense,
    Module,
    Parameter,
    concatenate,
    matvec,
    sigmoid,
    tanh,
)
from minigrad.messages import explain, user_line
from minigrad.module import Rng, leaf, require_sizes


class State(NamedTuple):
    """What an LSTM carries from one time step to the next.

    y  the output, shape (..., m)
    c  the cell state, shape (..., m): the line along the top of the picture
    """

    y: Any
    c: Any

    @classmethod
    def zeros(cls, m: int, batch: tuple[int, ...] = (), dtype: Any = float) -> State:
        """Return the state before anything was seen.

        >>> State.zeros(2)
        State(y=array([0., 0.]), c=array([0., 0.]))
        """
        return cls(np.zeros((*batch, m), dtype), np.zeros((*batch, m), dtype))

    def detach(self) -> State:
        """Return the same numbers as leaves: no gradient flows back past this point."""
        return State(*(a.detach() if hasattr(a, "detach") else a for a in self))


class Gate(Module):
    """One yellow box: activation(W v + b), a dense sub-layer with its own weights.

    letter      f, i, c or o: its Parameters are named W_f and b_f
    n, m        sizes of x and y; W is (m, n+m), b is (m,), v = [x, y] is (..., n+m)
    hidden      sizes of dense tanh layers inside the box, before W: a deeper box
    W, b        where to start; drawn by the "glorot" preset if not given

    >>> gate = Gate("f", n=3, m=2, rng=0)
    >>> gate.W.shape, gate(np.zeros((4, 5))).shape
    ((2, 5), (4, 2))
    """

    def __init__(
        self,
        letter: str,
        n: int,
        m: int,
        activation: Callable[[Any], Any] = sigmoid,
        hidden: Sequence[int] = (),
        W: Any = None,
        b: Any = None,
        rng: Rng = None,
        dtype: Any = float,
    ) -> None:
        require_sizes("Gate", n=n, m=m)
        rng = np.random.default_rng(rng)
        sizes = [n + m, *hidden]
        self.letter = letter
        self.activation = activation
        self.hidden = [
            Dense(below, above, tanh, rng, dtype)
            for below, above in itertools.pairwise(sizes)
        ]
        if W is None:
            limit = np.sqrt(6 / (sizes[-1] + m))
            W = rng.uniform(-limit, limit, (m, sizes[-1]))
        if np.shape(W) != (m, sizes[-1]) or (b is not None and np.shape(b) != (m,)):
            raise ValueError(
                explain(
                    f"Gate({letter!r}, n={n}, m={m}, hidden={tuple(hidden)}), "
                    f"at {user_line()}",
                    {f"W_{letter}": np.asarray(W), f"b_{letter}": b},
                    f"W reads {sizes[-1]} numbers and makes m = {m} of them, to which "
                    "b is added.",
                    f"give W of shape {(m, sizes[-1])} and b of shape {(m,)}, or leave "
                    "them away.",
                )
            )
        self.W = Parameter(np.asarray(W, dtype), name=f"W_{letter}")
        self.b = Parameter(np.zeros(m, dtype) if b is None else np.asarray(b, dtype))
        self.b.name = f"b_{letter}"

    def forward(self, v: Any) -> Any:
        """Return activation(W v + b), shape (..., m)."""
        for layer in self.hidden:
            v = layer(v)
        z = matvec(self.W, v) + self.b
        gate = self.activation(z)
        z.name, gate.name = f"z_{self.letter}", self.letter
        return gate


class LSTMCell(Module):
    """The six equations: one step from State(y, c) to the next.

    n, m         sizes of input and output
    init         "glorot", "keras" or "torch": see lstm.initial
    forget_bias  replaces the preset's start of b_f
    hidden       deeper boxes: {"forget": (6,)} puts a dense layer of 6 into that gate
    rng          a seed or a Generator

    >>> cell = LSTMCell(n=3, m=2, rng=0)
    >>> y, c = cell(np.ones(3), State.zeros(2))
    >>> y.shape, c.shape
    ((2,), (2,))
    """

    def __init__(
        self,
        n: int,
        m: int,
        init: str = "glorot",
        forget_bias: float | None = None,
        hidden: dict[str, Sequence[int]] | None = None,
        rng: Rng = None,
        dtype: Any = float,
    ) -> None:
        require_sizes("LSTMCell", n=n, m=m)
        rng = np.random.default_rng(rng)
        start = _preset(init)(n, m, rng)
        if forget_bias is not None:
            start["forget"] = (start["forget"][0], np.full(m, float(forget_bias)))
        hidden = _known_gates(hidden or {}, start)
        self.n, self.m, self.dtype = n, m, np.dtype(dtype)

        def gate(name: str, letter: str, activation: Callable[[Any], Any]) -> Gate:
            inside = hidden.get(name, ())
            W, b = start[name]
            W = None if inside else W  # it reads the hidden layer instead
            return Gate(letter, n, m, activation, inside, W, b, rng, dtype)

        self.forget = gate("forget", "f", sigmoid)
        self.input = gate("input", "i", sigmoid)
        self.candidate = gate("candidate", "c", tanh)
        self.output = gate("output", "o", sigmoid)

    def forward(self, x: Any, state: State) -> State:
        """Return State(y_t, c_t) for x_t and State(y_{t-1}, c_{t-1})."""
        require_state(state)
        x, y_prev, c_prev = leaf(x, "x"), leaf(state.y, "y_0"), leaf(state.c, "c_0")
        self._check(x, y_prev, c_prev)
        v = concatenate([x, y_prev], axis=-1)
        f = self.forget(v)
        i = self.input(v)
        c_tilde = self.candidate(v)
        o = self.output(v)
        c = f * c_prev + i * c_tilde
        y = o * tanh(c)
        v.name, c_tilde.name, c.name, y.name = "v", "c~", "c", "y"
        return State(y, c)

    def _check(self, x: Any, y: Any, c: Any) -> None:
        batch = x.data.shape[:-1]
        wanted = (*batch, self.m)
        if x.data.shape[-1:] == (self.n,) and y.data.shape == c.data.shape == wanted:
            return
        raise ValueError(
            explain(
                f"LSTM cell: W_f [x_t, y_{{t-1}}] + b_f, at {user_line()}",
                {"W_f": self.forget.W, "x_t": x, "y_{t-1}": y, "c_{t-1}": c},
                f"n={self.n} and m={self.m} want x_t of shape (..., {self.n}) and "
                f"y, c of shape (..., {self.m}) with the same batch axes.",
                f"pass x with {self.n} features, and State.zeros({self.m}, "
                "batch=x.shape[:-1]) to begin with.",
            )
        )


def require_state(state: Any) -> None:
    """Raise TypeError unless `state` says by name which is y and which is c."""
    if not isinstance(state, State):
        raise TypeError(
            explain(
                f"LSTM: a {type(state).__name__} as state, at {user_line()}",
                {},
                "y and c have the same shape, so only their names tell them apart.",
                "pass State(y, c): Keras and PyTorch call y the hidden state h, Flax "
                "has them in the order (c, h).",
            )
        )


def _preset(name: str) -> Any:
    if name in PRESETS:
        return PRESETS[name]
    raise ValueError(
        explain(
            f"init={name!r}, at {user_line()}",
            {},
            "there is no such way to start.",
            f"choose one of {', '.join(PRESETS)}.",
        )
    )


def _known_gates(hidden: dict[str, Sequence[int]], gates: Any) -> Any:
    unknown = [name for name in hidden if name not in gates]
    if not unknown:
        return hidden
    raise ValueError(
        explain(
            f"hidden={hidden!r}, at {user_line()}",
            {},
            f"there is no gate called {unknown[0]!r}.",
            f"the gates are {', '.join(gates)}.",
        )
    )
