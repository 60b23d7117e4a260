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

What is not particular to the LSTM, boxes with weights and a state of named parts, is in
`Cell`: the GRU and the simple RNN of lstm.others are made of it too. A variant of the
LSTM overrides one equation, and lstm.variants has one class for each.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import numpy as np

from lstm.explain import Explained
from lstm.foreign_options import sizes_of
from lstm.gate import Activation, Gate
from lstm.initial import start
from lstm.state import CellState, Numbers, State, axes, require_state
from minigrad import Tensor, concatenate, sigmoid, tanh
from minigrad.feedforward import Rng, generator, leaf
from minigrad.messages import explained
from minigrad.types import Shape

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

    from lstm.variants import Open

GateValue: TypeAlias = "Tensor | Open"  # f, i or o: OPEN where a cell has no such box
Option = TypeVar("Option")

OPTIONS = ("init", "forget_bias", "chrono", "hidden", "activations", "rng", "dtype")


class Cell(Explained):
    """A recurrent cell of yellow boxes, each a Gate of its own.

    n, m         sizes of input and output
    init         "glorot", "keras", "torch" or "identity": see lstm.initial
    forget_bias  replaces the preset's start of b_f
    chrono       the longest memory expected, in steps: starts b_f (and b_i) for it
    hidden       deeper boxes: {"forget": (6,)} puts a dense layer of 6 into that gate
    activations  other functions: {"candidate": relu}; "state" is the tanh of c
    rng          a seed or a Generator

    A subclass says what is particular to it, and what its parents say is added:

    letters      its boxes, {"forget": "f"}; None takes a parent's box away
    usual        their activations
    box          what a box is
    carries      its state: a NamedTuple that begins with y
    """

    letters: Mapping[str, str | None] = {}
    usual: Mapping[str, Activation] = {}
    box: type[Gate] = Gate
    carries: Any = State

    def __init__(
        self,
        n: int | None = None,
        m: int | None = None,
        init: str = "glorot",
        forget_bias: float | None = None,
        chrono: float | None = None,
        hidden: Mapping[str, Sequence[int]] | None = None,
        activations: Mapping[str, Activation] | None = None,
        rng: Rng = None,
        dtype: DTypeLike = float,
        **foreign: object,
    ) -> None:
        n, m = sizes_of(type(self).__name__, n, m, foreign, OPTIONS)
        _require_floating(type(self).__name__, dtype)
        rng = generator(rng)
        letters, usual = (
            merged_class_attribute(type(self), "letters"),
            merged_class_attribute(type(self), "usual"),
        )
        boxes = {name: letter for name, letter in letters.items() if letter}
        self.letters = boxes
        self.usual = {k: usual[k] for k in usual if k in boxes or k == "state"}
        self.n, self.m, self.dtype = n, m, np.dtype(dtype)
        hidden = _known("hidden", hidden or {}, self.letters)
        known = _known("activations", activations or {}, self.usual)
        functions = {**self.usual, **known}
        self.squash: Any = functions.get("state")
        reads = {name: self.reads(name) for name in self.letters}
        begin = start(reads, m, init, forget_bias, chrono, rng)
        for name, letter in boxes.items():
            inside, (W, b) = hidden.get(name, ()), begin[name]
            box = self.box(
                letter,
                n,
                m,
                activation=functions[name],
                hidden=inside,
                W=None if inside else W,  # it reads the hidden layer instead
                b=b,
                rng=rng,
                dtype=dtype,
                reads=reads[name],
            )
            setattr(self, name, box)

    def reads(self, name: str) -> tuple[int, ...]:
        """Return the sizes of what a box reads, joined: x, then what was carried."""
        return self.n, self.sizes()["y"]

    def sizes(self) -> dict[str, int]:
        """Return the size of each part of the state."""
        return dict.fromkeys(self.carries._fields, self.m)

    def start(self, batch: Shape = ()) -> CellState:
        """Return the state before anything was seen: zeros."""
        shapes = ((*axes(batch), size) for size in self.sizes().values())
        state: CellState = self.carries(*(np.zeros(s, self.dtype) for s in shapes))
        return state

    def leaves(self, x: Numbers, state: CellState | None) -> list[Tensor]:
        """Return x_t and each part of the state before, visible on the tape.

        Raises TypeError for a state of another kind, ValueError for other sizes.
        """
        state = require_state(state, self.carries)
        x = leaf(x, "x", self.dtype)
        sizes = self.sizes().items()
        pairs = zip(sizes, state, strict=True)
        parts = [leaf(part, f"{field}_0", self.dtype) for (field, _), part in pairs]
        expected = [(*x.shape[:-1], size) for _, size in sizes]
        if x.shape[-1:] == (self.n,) and [part.shape for part in parts] == expected:
            return [x, *parts]
        raise self._misfit(x, parts)

    def _misfit(self, x: Tensor, parts: list[Tensor]) -> ValueError:
        sizes = self.sizes()
        of_size = {
            size: ", ".join(field for field in sizes if sizes[field] == size)
            for size in sizes.values()
        }
        shapes = " and ".join(f"{k} of shape (..., {s})" for s, k in of_size.items())
        name, letter = next(iter(self.letters.items()))
        before = {f"{k}_{{t-1}}": part for k, part in zip(sizes, parts, strict=True)}
        return explained(
            ValueError,
            f"{type(self).__name__}: W_{letter} [x_t, y_{{t-1}}] + b_{letter}",
            {f"W_{letter}": getattr(self, name).W, "x_t": x, **before},
            f"n={self.n} and m={self.m} want x_t of shape (..., {self.n}) and "
            f"{shapes} with the same batch axes.",
            f"pass x with {self.n} features, and cell.start(batch=x.shape[:-1]) to "
            "begin with.",
        )


class LSTMCell(Cell):
    """The six equations: one step from State(y, c) to the next.

    Made from two sizes and the options of Cell.

    >>> cell = LSTMCell(n=3, m=2, rng=0)
    >>> y, c = cell(np.ones(3), State.zeros(2))
    >>> y.shape, c.shape
    ((2,), (2,))
    """

    letters = {"forget": "f", "input": "i", "candidate": "c", "output": "o"}
    usual = {
        "forget": sigmoid,
        "input": sigmoid,
        "candidate": tanh,
        "output": sigmoid,
        "state": tanh,
    }
    forget: Gate
    input: Gate
    candidate: Gate
    output: Gate

    @property
    def usual_picture(self) -> bool:
        """Whether this is the well-known cell, and no variant of it."""
        return type(self) is LSTMCell

    def __init_subclass__(cls) -> None:
        """Let a parent without some box have its equation, in any order of parents."""
        for parent in cls.__bases__:
            letters = merged_class_attribute(parent, "letters")
            for name, equation in merged_class_attribute(LSTMCell, "letters").items():
                if letters.get(name, equation) is None and equation not in vars(cls):
                    setattr(cls, equation, getattr(parent, equation))

    def forward(self, x: Numbers, state: State | None = None) -> State:
        """Return State(y_t, c_t) for x_t and State(y_{t-1}, c_{t-1})."""
        x, y_prev, c_prev = self.leaves(x, state)
        v = concatenate([x, y_prev], axis=-1)
        f = self.f(v, c_prev)
        i = self.i(v, c_prev, f)
        c_tilde = self.candidate(v)
        c = self.c(f, c_prev, i, c_tilde)
        o = self.o(v, c)
        y = self.y(o, c)
        v.name, c_tilde.name, c.name, y.name = "v", "c~", "c", "y"
        return State(y, c)

    def f(self, v: Tensor, c_prev: Tensor) -> GateValue:
        """Return the forget gate, sigma(W_f v + b_f)."""
        return self.forget(v)

    def i(self, v: Tensor, c_prev: Tensor, f: GateValue) -> GateValue:
        """Return the input gate, sigma(W_i v + b_i)."""
        return self.input(v)

    def c(self, f: GateValue, c_prev: Tensor, i: GateValue, c_tilde: Tensor) -> Tensor:
        """Return the cell state: some of the old, and some of the candidate."""
        c: Tensor = f * c_prev + i * c_tilde
        return c

    def o(self, v: Tensor, c: Tensor) -> GateValue:
        """Return the output gate, sigma(W_o v + b_o)."""
        return self.output(v)

    def y(self, o: GateValue, c: Tensor) -> Tensor:
        """Return the output: some of tanh(c)."""
        y: Tensor = o * self.squash(c)
        return y


def merged_class_attribute(cls: type, attribute: str) -> dict[str, Any]:
    """Return what a class and its parents say together; the nearest has the last word.

    >>> class Open(LSTMCell):
    ...     letters = {"output": None}
    >>> merged_class_attribute(Open, "letters")
    {'forget': 'f', 'input': 'i', 'candidate': 'c', 'output': None}
    """
    merged: dict[str, Any] = {}
    for each in reversed(cls.__mro__):
        merged.update(vars(each).get(attribute, {}))
    return merged


def _require_floating(asked: str, dtype: DTypeLike) -> None:
    """Refuse a dtype in which weights could not change a little."""
    try:
        kind: str = np.dtype(dtype).kind
    except TypeError:
        kind = ""
    if kind in ("f", "O"):
        return
    raise explained(
        TypeError,
        f"{asked}(..., dtype={dtype!r})",
        "weights are floating-point numbers.",
        'choose "float32" or "float64"; float is the latter.',
    )


def _known(
    option: str, given: Mapping[str, Option], names: Iterable[str]
) -> Mapping[str, Option]:
    if not isinstance(given, Mapping):
        raise explained(
            TypeError,
            f"{option} of a cell",
            {option: given},
            "each gate may have its own, so they are given by its name.",
            f"the gates are {', '.join(names)}: {option}={{{next(iter(names))!r}: "
            f"{'(6,)' if option == 'hidden' else 'mg.relu'}}}.",
        )
    unknown = [name for name in given if name not in names]
    if not unknown:
        return given
    raise explained(
        ValueError,
        f"{option}={given!r}",
        f"there is no gate called {unknown[0]!r}.",
        f"the gates are {', '.join(names)}.",
    )
