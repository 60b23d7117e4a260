"""One yellow box: activation(W v + b), a dense sub-layer with weights of its own."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from minigrad import Dense, Module, Parameter, Tensor, matvec, sigmoid, tanh
from minigrad.feedforward import Rng, generator, require_sizes
from minigrad.messages import explained
from minigrad.numpy_protocol.arrays import numbers
from minigrad.types import Array

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

Activation: TypeAlias = Callable[[Tensor], Tensor]


class Gate(Module):
    """One yellow box: activation(W v + b), a dense sub-layer with its own weights.

    letter      f, i, c or o: its Parameters are named W_f and b_f
    n, m        sizes of x and y; W is (m, n+m), b is (m,), v = [x, y] is (..., n+m)
    hidden      sizes of dense tanh layers inside the box, before W: a deeper box
    W, b        where to start; drawn by the "glorot" preset if not given
    reads       sizes of the vectors joined in v, where they are not (n, m)

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
        W: Array | None = None,
        b: Array | None = None,
        rng: Rng = None,
        dtype: DTypeLike = float,
        reads: Sequence[int] | None = None,
    ) -> None:
        require_sizes("Gate", n=n, m=m)
        _require_activation(letter, activation)
        _require_sequence(letter, hidden)
        rng = generator(rng)
        self.letter = letter
        self.reads = (n, m) if reads is None else tuple(reads)
        sizes = [sum(self.reads), *hidden]
        self.activation = activation
        self.hidden = [
            Dense(below, above, tanh, rng, dtype)
            for below, above in itertools.pairwise(sizes)
        ]
        W, b = (
            each if each is None else numbers(each, f"Gate({letter!r})", name)
            for name, each in ((f"W_{letter}", W), (f"b_{letter}", b))
        )
        if W is None:
            limit = np.sqrt(6 / (sizes[-1] + m))
            W = rng.uniform(-limit, limit, (m, sizes[-1]))
        if np.shape(W) != (m, sizes[-1]) or (b is not None and np.shape(b) != (m,)):
            raise explained(
                ValueError,
                f"Gate({letter!r}, n={n}, m={m}, hidden={tuple(hidden)})",
                {f"W_{letter}": W, f"b_{letter}": b},
                f"W reads {sizes[-1]} numbers and makes m = {m} of them, to which b is "
                "added.",
                f"give W of shape {(m, sizes[-1])} and b of shape {(m,)}, or leave "
                "them away.",
            )
        self.W = Parameter(np.asarray(W, dtype), name=f"W_{letter}")
        self.b = Parameter(np.zeros(m, dtype) if b is None else np.asarray(b, dtype))
        self.b.name = f"b_{letter}"

    if TYPE_CHECKING:  # what calling it takes and returns

        def __call__(self, v: Tensor, also: Tensor | None = None) -> Tensor: ...

    def forward(self, v: Tensor, also: Tensor | None = None) -> Tensor:
        """Return activation(W v + b), or activation(W v + b + also): (..., m)."""
        for layer in self.hidden:
            v = layer(v)
        z = self.z(v) if also is None else self.z(v) + also
        gate = self.activation(z)
        z.name, gate.name = f"z_{self.letter}", self.letter
        return gate

    def z(self, v: Tensor) -> Tensor:
        """Return W v + b, what the activation is applied to."""
        return matvec(self.W, v) + self.b


def _require_activation(letter: str, activation: object) -> None:
    """Refuse a name for the function that has it."""
    if callable(activation):
        return
    name = activation if str(activation).isidentifier() else "relu"
    raise explained(
        TypeError,
        f"the activation of gate {letter!r}: {activation!r}",
        "it is called on W v + b, and this cannot be called.",
        f"pass the function, mg.{name}.",
    )


def _require_sequence(letter: str, hidden: object) -> None:
    """Refuse a bare size for the list of sizes, and what is no size in it."""
    if isinstance(hidden, Sequence) and not isinstance(hidden, str):
        for size in hidden:
            if not isinstance(size, int | np.integer) or size < 1:
                raise explained(
                    ValueError,
                    f"gate {letter!r}, hidden={hidden!r}",
                    f"{size!r} is no size of a dense layer.",
                    "give positive integers: (8, 4) puts layers of 8 and of 4 into the "
                    "gate.",
                )
        return
    raise explained(
        TypeError,
        f"the hidden layers of gate {letter!r}: {hidden!r}",
        "a gate may have several, so their sizes are a tuple.",
        f"of one layer: ({hidden!r},); of two: (8, 4); of none: ().",
    )
