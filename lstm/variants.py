"""Variants of the LSTM: one changed equation each.

    PeepholeCell            f_t = sigma(W_f v_t + b_f + p_f * c_{t-1}); i_t, o_t alike
    CoupledCell             i_t = 1 - f_t
    NoInputGateCell         i_t = 1
    NoForgetGateCell        f_t = 1: the LSTM of 1997
    NoOutputGateCell        o_t = 1
    LinearCandidateCell     c~_t = W_c v_t + b_c
    LinearOutputCell        y_t = o_t * c_t
    FullGateRecurrenceCell  f, i and o read [x_t, y_{t-1}, f_{t-1}, i_{t-1}, o_{t-1}]
    LayerNormCell           W v_t is normalised in every box, and c_t before its tanh
    ProjectedCell           y_t = W_r (o_t * tanh(c_t)): fewer outputs than cells
    ClippedCell             c_t and y_t are kept within bounds

Each is a subclass of LSTMCell that overrides the method of its equation, takes the same
options, and runs in `LSTM(cell)`. Most are compared in Greff et al. 2015, "LSTM: A
Search Space Odyssey". They combine: `class Mine(PeepholeCell, CoupledCell): pass` has
both changes. Where one parent has no box at all, its equation counts.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from lstm.cell import LSTMCell, detached
from lstm.gate import Activation, Gate
from minigrad import Parameter, clip, concatenate, matvec, mean, sqrt
from minigrad.messages import explain, user_line
from minigrad.module import require_sizes


class PeepholeCell(LSTMCell):
    """The gates look at the cell state: f and i at c_{t-1}, o at c_t.

    p_f, p_i, p_o in R^m multiply element by element, so neuron k sees its own c_k and
    no other: the line of c keeps both readings. They start at 0, where the cell is a
    plain LSTM. Gers and Schmidhuber 2000.

    >>> PeepholeCell(n=3, m=2, rng=0).p_f
    Parameter([0., 0.], name='p_f')
    """

    p_f: Parameter
    p_i: Parameter
    p_o: Parameter

    def __init__(self, *sizes: Any, **options: Any) -> None:
        super().__init__(*sizes, **options)
        for name, letter in self.letters.items():
            if name != "candidate":
                p = Parameter(np.zeros(self.m, self.dtype), name=f"p_{letter}")
                setattr(self, f"p_{letter}", p)

    def f(self, v: Any, c_prev: Any) -> Any:
        """Return sigma(W_f v + b_f + p_f * c_{t-1})."""
        return self.forget(v, also=self.p_f * c_prev)

    def i(self, v: Any, c_prev: Any, f: Any) -> Any:
        """Return sigma(W_i v + b_i + p_i * c_{t-1})."""
        return self.input(v, also=self.p_i * c_prev)

    def o(self, v: Any, c: Any) -> Any:
        """Return sigma(W_o v + b_o + p_o * c_t)."""
        return self.output(v, also=self.p_o * c)


class CoupledCell(LSTMCell):
    """What is forgotten makes room for what is new: i = 1 - f.

    Here the forget gate is kept and the input gate goes. Greff et al. 2015 (CIFG) and
    ONNX (input_forget) keep the input gate, f = 1 - i. The two are one family, because
    1 - sigma(z) = sigma(-z): their W_i and b_i are our -W_f and -b_f.

    >>> list(CoupledCell(n=3, m=2, rng=0).letters)
    ['forget', 'candidate', 'output']
    """

    letters = {"input": None}

    def i(self, v: Any, c_prev: Any, f: Any) -> Any:
        """Return 1 - f."""
        return 1 - f


class Open:
    """A gate that is always open: `OPEN * c` is c, so no operation is recorded."""

    def __mul__(self, other: Any) -> Any:
        return other


OPEN = Open()


class NoInputGateCell(LSTMCell):
    """Everything new is let in: i = 1 (NIG of Greff et al. 2015).

    >>> list(NoInputGateCell(n=3, m=2, rng=0).letters)
    ['forget', 'candidate', 'output']
    """

    letters = {"input": None}

    def i(self, v: Any, c_prev: Any, f: Any) -> Any:
        """Return 1, as a gate that is always open."""
        return OPEN


class NoForgetGateCell(LSTMCell):
    """Nothing is ever forgotten: f = 1, c_t = c_{t-1} + i_t * c~_t.

    The LSTM of Hochreiter and Schmidhuber 1997, whose cell state is a pure sum (the
    "constant error carousel"); without their truncated gradient. NFG of Greff et al.

    >>> cell = NoForgetGateCell(n=3, m=2, rng=0)
    >>> y, c = cell(np.ones(3), cell.start())
    >>> c.args[0].name
    'c_0'
    """

    letters = {"forget": None}

    def f(self, v: Any, c_prev: Any) -> Any:
        """Return 1, as a gate that is always open."""
        return OPEN


class NoOutputGateCell(LSTMCell):
    """Everything is shown: o = 1, y = tanh(c) (NOG of Greff et al. 2015).

    >>> cell = NoOutputGateCell(n=3, m=2, rng=0)
    >>> cell(np.ones(3), cell.start()).y.primitive.name
    'tanh'
    """

    letters = {"output": None}

    def o(self, v: Any, c: Any) -> Any:
        """Return 1, as a gate that is always open."""
        return OPEN


def linear(z: Any) -> Any:
    """Return z: the activation of a box that has none."""
    return z


class LinearCandidateCell(LSTMCell):
    """The candidate is linear: c~ = W_c v + b_c (NIAF of Greff et al. 2015).

    >>> cell = LinearCandidateCell(n=3, m=2, rng=0)
    >>> cell.candidate(np.ones(5)).primitive.name
    'add'
    """

    usual = {"candidate": linear}


class LinearOutputCell(LSTMCell):
    """The cell state is shown as it is: y = o * c (NOAF of Greff et al. 2015).

    Then |y| is no longer below 1, and neither is what the gates read.

    >>> cell = LinearOutputCell(n=3, m=2, rng=0)
    >>> [arg.name for arg in cell(np.ones(3), cell.start()).y.args]
    ['o', 'c']
    """

    usual = {"state": linear}


class GateState(NamedTuple):
    """What is carried where gates read gates: y, c, and f, i, o, each (..., m)."""

    y: Any
    c: Any
    f: Any
    i: Any
    o: Any

    def detach(self) -> GateState:
        """Return the same numbers as leaves: no gradient flows back past this point."""
        return detached(self)


class FullGateRecurrenceCell(LSTMCell):
    """The gates also read what the gates said: [x, y, f, i, o], all but x of t - 1.

    W_f, W_i and W_o are m x (n+4m); the candidate reads [x, y] as usual. FGR of Greff
    et al. 2015, after the LSTM of 1997. At the first step f, i and o are zeros.

    >>> cell = FullGateRecurrenceCell(n=3, m=2, rng=0)
    >>> cell.forget.W.shape, cell.candidate.W.shape
    ((2, 11), (2, 5))
    """

    carries = GateState

    def reads(self, name: str) -> tuple[int, ...]:
        """Return the sizes of what a box reads: the gates also read three gates."""
        gates = () if name == "candidate" else (self.m,) * 3
        return *super().reads(name), *gates

    def forward(self, x: Any, state: Any) -> GateState:
        """Return the next state; the gates read u, the candidate reads v."""
        x, y_prev, c_prev, *gates = self.leaves(x, state)
        v = concatenate([x, y_prev], axis=-1)
        u = concatenate([x, y_prev, *gates], axis=-1)
        f = self.f(u, c_prev)
        i = self.i(u, c_prev, f)
        c_tilde = self.candidate(v)
        c = self.c(f, c_prev, i, c_tilde)
        o = self.o(u, c)
        y = self.y(o, c)
        v.name, u.name, c_tilde.name, c.name, y.name = "v", "u", "c~", "c", "y"
        return GateState(y, c, f, i, o)


def normalise(z: Any) -> Any:
    """Return z with mean 0 and variance 1 over its last axis: (z - mean) / sqrt(var).

    Ba, Kiros and Hinton 2016, eq. 3 and 4. As in most libraries, 1e-5 is added to the
    variance lest it be 0.

    >>> normalise(np.array([1.0, 2.0, 3.0])).round(3)
    array([-1.225,  0.   ,  1.225])
    """
    centred = z - mean(z, axis=-1, keepdims=True)
    return centred / sqrt(mean(centred * centred, axis=-1, keepdims=True) + 1e-5)


class NormalisedGate(Gate):
    """A box whose W v is normalised before it is shifted: activation(g * N(W v) + b).

    >>> NormalisedGate("f", n=3, m=2, rng=0).g
    Parameter([1., 1.], name='g_f')
    """

    def __init__(self, letter: str, n: int, m: int, *others: Any, **more: Any) -> None:
        super().__init__(letter, n, m, *others, **more)
        self.g = Parameter(np.ones(m, self.b.dtype), name=f"g_{letter}")

    def z(self, v: Any) -> Any:
        """Return g * normalise(W v) + b, what the activation is applied to."""
        return self.g * normalise(matvec(self.W, v)) + self.b


class LayerNormCell(LSTMCell):
    """Layer normalisation: over the m neurons of each box, and over c before its tanh.

        f = sigma(g_f * N(W_f v) + b_f),  y = o * tanh(g * N(c) + b),  N = `normalise`

    Ba, Kiros and Hinton 2016. Each box is normalised as the layer of their eq. 4, and c
    as in their supplementary material. There, W_x x and W_y y are normalised apart, and
    the four gates may be read as one vector; here it is W v, and each gate by itself.
    With m = 1 nothing is left: one number minus its mean is 0.

    >>> sorted(LayerNormCell(n=3, m=2, rng=0).parameters())[:3]
    ['b', 'candidate.W', 'candidate.b']
    """

    box = NormalisedGate

    def __init__(self, *sizes: Any, **options: Any) -> None:
        super().__init__(*sizes, **options)
        self.g = Parameter(np.ones(self.m, self.dtype), name="g")
        self.b = Parameter(np.zeros(self.m, self.dtype), name="b")

    def y(self, o: Any, c: Any) -> Any:
        """Return the usual output of the normalised cell state."""
        return super().y(o, self.g * normalise(c) + self.b)


class ProjectedCell(LSTMCell):
    """Fewer outputs than cells: y = W_r (o * tanh(c)), y in R^p and c in R^m.

    So the boxes read [x, y] in R^(n+p), and every W is m x (n+p): a large memory whose
    recurrent matrices stay small. Sak, Senior and Beaufays 2014; PyTorch's proj_size=p.
    W_r is (p, m) and starts uniform within 1/sqrt(m), as PyTorch's.

    >>> cell = ProjectedCell(n=3, m=4, p=2, rng=0)
    >>> y, c = cell(np.ones(3), cell.start())
    >>> y.shape, c.shape, cell.forget.W.shape
    ((2,), (4,), (4, 5))
    """

    def __init__(self, n: int, m: int, p: int, rng: Any = None, **options: Any) -> None:
        require_sizes(type(self).__name__, n=n, m=m, p=p)
        self.p = p
        rng = np.random.default_rng(rng)
        super().__init__(n, m, rng=rng, **options)
        limit = 1 / np.sqrt(m)
        W_r = rng.uniform(-limit, limit, (p, m)).astype(self.dtype)
        self.W_r = Parameter(W_r, name="W_r")

    def sizes(self) -> dict[str, int]:
        """Return the size of each part of the state: y has p."""
        return {**super().sizes(), "y": self.p}

    def y(self, o: Any, c: Any) -> Any:
        """Return the usual output, projected to R^p."""
        return matvec(self.W_r, super().y(o, c))


class ClippedCell(LSTMCell):
    """The cell state and the output are kept within bounds.

        c = clip(f * c_{t-1} + i * c~, -clip_c, clip_c)
        y = clip(o * tanh(c), -clip_y, clip_y)

    clip_c, clip_y  the bounds (TensorFlow's cell_clip and proj_clip); None for none
    clip_z          a bound for what the activations of the boxes are applied to (part
                    of what ONNX calls clip)

    This changes what the model computes, so it is part of the model, also after
    training. It is not gradient clipping (mg.clip_by_global_norm), which leaves the
    model as it is and shortens one step of training. Where a bound is exceeded, no
    gradient flows: a cell state that is clipped does not learn from it.

    >>> cell = ClippedCell(n=3, m=2, clip_c=0.1, rng=0)
    >>> bool(np.all(np.abs(cell(np.ones(3), cell.start()).c.data) <= 0.1))
    True
    """

    def __init__(
        self,
        *sizes: Any,
        clip_c: float | None = None,
        clip_y: float | None = None,
        clip_z: float | None = None,
        **options: Any,
    ) -> None:
        self.clip_c, self.clip_y, self.clip_z = map(_bound, (clip_c, clip_y, clip_z))
        super().__init__(*sizes, **options)
        for name in self.letters:
            box = getattr(self, name)
            box.activation = clipped(box.activation, self.clip_z)

    def c(self, f: Any, c_prev: Any, i: Any, c_tilde: Any) -> Any:
        """Return the usual cell state, within bounds."""
        return within(super().c(f, c_prev, i, c_tilde), self.clip_c)

    def y(self, o: Any, c: Any) -> Any:
        """Return the usual output, within bounds."""
        return within(super().y(o, c), self.clip_y)


def within(a: Any, bound: float | None) -> Any:
    """Return a, or clip(a, -bound, bound) if there is a bound."""
    return a if bound is None else clip(a, -bound, bound)


def clipped(activation: Activation, bound: float | None) -> Activation:
    """Return the activation of what is within the bound.

    >>> clipped(linear, 2.0)(np.array([1.0, -3.0]))
    array([ 1., -2.])
    """
    return activation if bound is None else lambda z: activation(within(z, bound))


def _bound(bound: float | None) -> float | None:
    if bound is None or bound > 0:
        return bound
    raise ValueError(
        explain(
            f"ClippedCell(..., {bound!r}), at {user_line()}",
            {},
            "a bound b keeps numbers within -b and b.",
            "give a positive number, or None for no bound.",
        )
    )
