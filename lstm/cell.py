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
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from lstm.initial import GATES, PRESETS
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

Activation: TypeAlias = Callable[[Any], Any]


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
    reads       size of v where it is not n+m

    >>> gate = Gate("f", n=3, m=2, rng=0)
    >>> gate.W.shape, gate(np.zeros((4, 5))).shape
    ((2, 5), (4, 2))
    """

    def __init__(
        self,
        letter: str,
        n: int,
        m: int,
        activation: Activation = sigmoid,
        hidden: Sequence[int] = (),
        W: Any = None,
        b: Any = None,
        rng: Rng = None,
        dtype: Any = float,
        reads: int | None = None,
    ) -> None:
        require_sizes("Gate", n=n, m=m)
        rng = np.random.default_rng(rng)
        sizes = [n + m if reads is None else reads, *hidden]
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

    def forward(self, v: Any, also: Any = None) -> Any:
        """Return activation(W v + b), or activation(W v + b + also): (..., m)."""
        for layer in self.hidden:
            v = layer(v)
        z = self.z(v) if also is None else self.z(v) + also
        gate = self.activation(z)
        z.name, gate.name = f"z_{self.letter}", self.letter
        return gate

    def z(self, v: Any) -> Any:
        """Return W v + b, what the activation is applied to."""
        return matvec(self.W, v) + self.b


class LSTMCell(Module):
    """The six equations: one step from State(y, c) to the next.

    n, m         sizes of input and output
    init         "glorot", "keras" or "torch": see lstm.initial
    forget_bias  replaces the preset's start of b_f
    hidden       deeper boxes: {"forget": (6,)} puts a dense layer of 6 into that gate
    activations  other functions: {"candidate": relu}; "state" is the tanh of c
    rng          a seed or a Generator

    >>> cell = LSTMCell(n=3, m=2, rng=0)
    >>> y, c = cell(np.ones(3), State.zeros(2))
    >>> y.shape, c.shape
    ((2,), (2,))
    """

    letters: Mapping[str, str] = dict(zip(GATES, "fico", strict=True))  # its boxes
    usual: Mapping[str, Activation] = {
        **dict.fromkeys(GATES, sigmoid),
        "candidate": tanh,
        "state": tanh,
    }
    box: type[Gate] = Gate
    forget: Gate
    input: Gate
    candidate: Gate
    output: Gate

    def __init__(
        self,
        n: int,
        m: int,
        init: str = "glorot",
        forget_bias: float | None = None,
        hidden: Mapping[str, Sequence[int]] | None = None,
        activations: Mapping[str, Activation] | None = None,
        rng: Rng = None,
        dtype: Any = float,
    ) -> None:
        require_sizes(type(self).__name__, n=n, m=m)
        rng = np.random.default_rng(rng)
        start = _preset(init)(n, m, rng)
        if forget_bias is not None:
            start["forget"] = (start["forget"][0], np.full(m, float(forget_bias)))
        hidden = _known("hidden", hidden or {}, self.letters)
        known = _known("activations", activations or {}, [*self.letters, "state"])
        functions = {**self.usual, **known}
        self.n, self.m, self.dtype = n, m, np.dtype(dtype)
        self.squash = functions["state"]
        for name, letter in self.letters.items():
            inside = hidden.get(name, ())
            W, b = start[name]
            W = None if inside else W  # it reads the hidden layer instead
            box = self.box(letter, n, m, functions[name], inside, W, b, rng, dtype)
            setattr(self, name, box)

    def start(self, batch: tuple[int, ...] = ()) -> State:
        """Return the state before anything was seen: zeros."""
        return State.zeros(self.m, batch, self.dtype)

    def forward(self, x: Any, state: State) -> State:
        """Return State(y_t, c_t) for x_t and State(y_{t-1}, c_{t-1})."""
        require_state(state)
        x, y_prev, c_prev = leaf(x, "x"), leaf(state.y, "y_0"), leaf(state.c, "c_0")
        self._check(x, y_prev, c_prev)
        v = concatenate([x, y_prev], axis=-1)
        f = self.f(v, c_prev)
        i = self.i(v, c_prev, f)
        c_tilde = self.candidate(v)
        c = self.c(f, c_prev, i, c_tilde)
        o = self.o(v, c)
        y = self.y(o, c)
        v.name, c_tilde.name, c.name, y.name = "v", "c~", "c", "y"
        return State(y, c)

    def f(self, v: Any, c_prev: Any) -> Any:
        """Return the forget gate, sigma(W_f v + b_f)."""
        return self.forget(v)

    def i(self, v: Any, c_prev: Any, f: Any) -> Any:
        """Return the input gate, sigma(W_i v + b_i)."""
        return self.input(v)

    def c(self, f: Any, c_prev: Any, i: Any, c_tilde: Any) -> Any:
        """Return the cell state: some of the old, and some of the candidate."""
        return f * c_prev + i * c_tilde

    def o(self, v: Any, c: Any) -> Any:
        """Return the output gate, sigma(W_o v + b_o)."""
        return self.output(v)

    def y(self, o: Any, c: Any) -> Any:
        """Return the output: some of tanh(c)."""
        return o * self.squash(c)

    def _check(self, x: Any, y: Any, c: Any) -> None:
        batch = x.data.shape[:-1]
        wanted = (*batch, self.m)
        if x.data.shape[-1:] == (self.n,) and y.data.shape == c.data.shape == wanted:
            return
        raise ValueError(
            explain(
                f"LSTM cell: W_c [x_t, y_{{t-1}}] + b_c, at {user_line()}",
                {"W_c": self.candidate.W, "x_t": x, "y_{t-1}": y, "c_{t-1}": c},
                f"n={self.n} and m={self.m} want x_t of shape (..., {self.n}) and "
                f"y, c of shape (..., {self.m}) with the same batch axes.",
                f"pass x with {self.n} features, and State.zeros({self.m}, "
                "batch=x.shape[:-1]) to begin with.",
            )
        )


def require_state(state: Any, wanted: type = State) -> None:
    """Raise TypeError unless `state` says by name which is y and which is c."""
    if isinstance(state, wanted):
        return
    names = ", ".join(getattr(wanted, "_fields", ()))
    raise TypeError(
        explain(
            f"LSTM: a {type(state).__name__} as state, at {user_line()}",
            {},
            "y and c have the same shape, so only their names tell them apart."
            if wanted is State
            else "the cell carries other things from step to step.",
            f"pass {wanted.__name__}({names}): Keras and PyTorch call y the hidden "
            "state h, Flax has them in the order (c, h).",
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


def _known(option: str, given: Mapping[str, Any], names: Iterable[str]) -> Any:
    unknown = [name for name in given if name not in names]
    if not unknown:
        return given
    raise ValueError(
        explain(
            f"{option}={given!r}, at {user_line()}",
            {},
            f"there is no gate called {unknown[0]!r}.",
            f"the gates are {', '.join(names)}.",
        )
    )
