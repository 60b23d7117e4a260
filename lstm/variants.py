"""Variants of the LSTM: one changed equation each.

    PeepholeCell            f_t = sigma(W_f v_t + b_f + p_f * c_{t-1}); i_t, o_t alike
    CoupledCell             i_t = 1 - f_t
    NoInputGateCell         i_t = 1
    NoForgetGateCell        f_t = 1, as in 1997
    NoOutputGateCell        o_t = 1
    LinearCandidateCell     c~_t = W_c v_t + b_c
    LinearOutputCell        y_t = o_t * c_t
    FullGateRecurrenceCell  f, i and o read [x_t, y_{t-1}, f_{t-1}, i_{t-1}, o_{t-1}]

Three more, with normalisation, projection and clipping, are in lstm.additions.

Each is a subclass of LSTMCell that overrides the method of its equation, takes the same
options, and runs in `LSTM(cell)`. Most are compared in Greff et al. 2015, "LSTM: A
Search Space Odyssey". They combine: `class Mine(PeepholeCell, CoupledCell): pass` has
both changes. Where one parent has no box at all, its equation counts.
"""

from __future__ import annotations

from typing import Any, NamedTuple, NoReturn, TypeVar

import numpy as np

from lstm.cell import GateValue, LSTMCell
from lstm.state import Numbers, answering, detached
from minigrad import Parameter, Tensor, concatenate
from minigrad.messages import explained

Other = TypeVar("Other")


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

    def f(self, v: Tensor, c_prev: Tensor) -> GateValue:
        """Return sigma(W_f v + b_f + p_f * c_{t-1})."""
        return self.forget(v, also=self.p_f * c_prev)

    def i(self, v: Tensor, c_prev: Tensor, f: GateValue) -> GateValue:
        """Return sigma(W_i v + b_i + p_i * c_{t-1})."""
        return self.input(v, also=self.p_i * c_prev)

    def o(self, v: Tensor, c: Tensor) -> GateValue:
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

    def i(self, v: Tensor, c_prev: Tensor, f: GateValue) -> GateValue:
        """Return 1 - f."""
        return 1 - f


class Open:
    """A gate that is always open: `OPEN * c` is c, so no operation is recorded."""

    def __repr__(self) -> str:
        return "OPEN"

    def __mul__(self, other: Other) -> Other:
        return other

    def __rsub__(self, one: object) -> NoReturn:
        raise explained(
            TypeError,
            f"{one} - f where f is always open",
            "that is a gate which is always closed: nothing would ever come in.",
            "couple the input gate to a forget gate, or leave one of them away.",
        )


OPEN = Open()


class NoInputGateCell(LSTMCell):
    """Everything new is let in: i = 1 (NIG of Greff et al. 2015).

    >>> list(NoInputGateCell(n=3, m=2, rng=0).letters)
    ['forget', 'candidate', 'output']
    """

    letters = {"input": None}

    def i(self, v: Tensor, c_prev: Tensor, f: GateValue) -> GateValue:
        """Return 1, as a gate that is always open."""
        return OPEN


class NoForgetGateCell(LSTMCell):
    """Nothing is ever forgotten: f = 1, c_t = c_{t-1} + i_t * c~_t.

    The cell state is a pure sum (the "constant error carousel"), as it was in the LSTM
    of Hochreiter and Schmidhuber 1997, which also differed in other ways: gates that
    read gates (FullGateRecurrenceCell), a truncated gradient. NFG of Greff et al. 2015.

    >>> cell = NoForgetGateCell(n=3, m=2, rng=0)
    >>> y, c = cell(np.ones(3), cell.start())
    >>> c.args[0].name
    'c_0'
    """

    letters = {"forget": None}

    def f(self, v: Tensor, c_prev: Tensor) -> GateValue:
        """Return 1, as a gate that is always open."""
        return OPEN


class NoOutputGateCell(LSTMCell):
    """Everything is shown: o = 1, y = tanh(c) (NOG of Greff et al. 2015).

    >>> cell = NoOutputGateCell(n=3, m=2, rng=0)
    >>> cell(np.ones(3), cell.start()).y.primitive.name
    'tanh'
    """

    letters = {"output": None}

    def o(self, v: Tensor, c: Tensor) -> GateValue:
        """Return 1, as a gate that is always open."""
        return OPEN


def linear(z: Tensor) -> Tensor:
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


@answering
class GateState(NamedTuple):
    """What is carried where gates read gates: y, c, and f, i, o, each (..., m)."""

    y: Numbers
    c: Numbers
    f: Numbers
    i: Numbers
    o: Numbers

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

    def forward(  # type: ignore[override]
        self, x: Numbers, state: GateState | None = None
    ) -> GateState:
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
        ones = np.ones(c.shape, c.dtype)  # what a gate says that is always open
        says = (ones if isinstance(gate, Open) else gate for gate in (f, i, o))
        return GateState(y, c, *says)
