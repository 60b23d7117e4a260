"""How large is a gradient written out? Two counts, by running the tape on counters.

    written out   operations in the formulas of all entries, each formula by itself
    shared        operations that the tape performs, each once

The first multiplies with every time step of an LSTM, the second grows by the same
number each time. A tape is what a compiler calls common subexpression elimination: that
is why reverse mode is cheap and a formula for the gradient is not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from minigrad.context import clean_recording
from minigrad.gradient import grad
from minigrad.tape import Tape
from minigrad.tensor import Tensor
from minigrad.types import Array, Shape


class Growth(NamedTuple):
    """How many operations a gradient takes, written out and shared."""

    written_out: int
    shared: int


def growth(output: Tensor, wrt: Sequence[Tensor]) -> Growth:
    """Count the operations in the gradient of `output`, and in its own computation.

    >>> x = mg.Tensor(2.0)
    >>> growth(x * x * x, [x])            # the gradient: (1 x) x + (1 x) x + 1 (x x)
    Growth(written_out=8, shared=8)
    """
    counter = Counter()
    tape = Tape(output)
    with clean_recording():
        leaves = {leaf: Tensor(counter.fresh(leaf.shape)) for leaf in tape.leaves}
        made = tape.replay(leaves, lift=lambda k: counter.fresh(np.shape(k)))
        seed = np.full(output.shape, Counted(0, counter), object)
        bars = grad(made[output], [made[each] for each in wrt], seed=seed)
    return Growth(
        sum(getattr(c, "operations", 0) for bar in bars for c in bar.flat),
        counter.performed,
    )


class Counter:
    """What all counted numbers share: how many operations were performed."""

    def __init__(self) -> None:
        self.performed = 0

    def fresh(self, shape: Shape) -> Array:
        """Return an array of numbers that nothing was done with yet."""
        count = int(np.prod(shape))
        entries = [Counted(0, self) for _ in range(count)]
        return np.fromiter(entries, object, count).reshape(shape)


class Counted:
    """A number of which only this is known: with how many operations it is written."""

    __slots__ = ("counter", "operations")

    def __init__(self, operations: int, counter: Counter) -> None:
        self.operations = operations
        self.counter = counter

    def __getattr__(self, name: str) -> Callable[[], Counted]:
        """Return a function that NumPy asks an object for, such as a.tanh()."""
        if name != "sigmoid" and not isinstance(getattr(np, name, None), np.ufunc):
            raise AttributeError(f"a counted number has no {name}")
        return lambda: self._made(self.operations + 1)

    def _made(self, operations: int) -> Counted:
        self.counter.performed += 1
        return Counted(operations, self.counter)

    def _with(self, other: object) -> Counted:
        return self._made(self.operations + getattr(other, "operations", 0) + 1)

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _with
    __truediv__ = __rtruediv__ = __pow__ = __rpow__ = _with

    def __neg__(self) -> Counted:
        return self._made(self.operations + 1)
