"""What the LSTM that counts becomes as its sharpness s grows, shown with SymPy.

One step of the cell is recorded, as always, and its tape is run again: the weights are
now s times exact numbers, and the state before the step is a symbol. Three things are
shown of it, for each letter and each kind of state:

    1. Every W v + b is s d, and d does not depend on s and is not 0.
    2. So as s -> oo each gate has a limit, 0 or 1, and each candidate -1 or 1.
    3. With these limits, the rest of the tape makes the state of the counter machine.

The count may be any number, so its state comes in kinds: 0, or k >= 1, where y =
tanh(k) is tanh(1) (1 + v) with some v >= 0, or k <= -1 likewise. SymPy decides the sign
of d from v >= 0 alone.

Since no d is 0, a state that is a little off has gates with the same limits. So what is
shown for one step holds, step after step, for every string. How far a given s reaches
is another question: see (leak) in lstm.experiments.tasks.by_hand, and `leak` below.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import NamedTuple, TypeAlias

import numpy as np
import sympy

from lstm.cell import LSTMCell
from lstm.experiments.tasks.by_hand import COLUMNS, LETTERS, NEURONS, Row, weights
from lstm.state import State
from minigrad import Tape, Tensor
from minigrad.expressions import expressions

s = sympy.Symbol("s", positive=True)  # the sharpness
k = sympy.Symbol("k", integer=True)  # the count
v = sympy.Symbol("v", nonnegative=True)  # how far tanh(|k|) is beyond tanh(1)
f, i, c_tilde = sympy.symbols("f i c~", positive=True)
n = sympy.Symbol("n", integer=True, positive=True)
ON = sympy.tanh(1)
HIGH = 1 / ON - 1  # v stays below this, since tanh stays below 1

COUNTS = {
    "0": (0, sympy.Integer(0)),
    ">=1": (k, ON * (1 + v)),
    "<=-1": (k, -ON * (1 + v)),
}
BOXES = {"forget": ("f", "f"), "input": ("i", "i"), "candidate": ("c", "c~"),
         "output": ("o", "o")}  # fmt: skip


# Of the counter machine: the count, and whether it has seen a b, a wrong order, a count
# below 0.
Configuration: TypeAlias = tuple[sympy.Expr, int, int, int]


class Step(NamedTuple):
    """One case: a letter, and the state before and after.

    kind   of the count before the step: "0", ">=1" or "<=-1"
    before, after   configurations: (count, seen, order, below)
    margin          a lower bound of all |d|
    """

    letter: str
    kind: str
    before: Configuration
    after: Configuration
    margin: sympy.Expr


class NotTheMachine(AssertionError):
    """The limit of the cell is not a step of the counter machine."""


def machine(letter: str, kind: str, state: Configuration) -> Configuration:
    """Make one step of the counter machine; `kind` is that of its count."""
    number, seen, order, below = state
    negative = kind == "<=-1"
    if letter == "a":
        return number + 1, seen, 1 if seen else order, 1 if negative else below
    return number - 1, 1, order, below if kind == ">=1" else 1


def proof(given: Mapping[str, list[Row]] | None = None) -> list[Step]:
    """Show the limit for every letter and kind of state; return the cases.

    given  other weights in units of s than those of `by_hand`

    Raises NotTheMachine where something else comes out.

    >>> steps = proof()
    >>> len(steps), min(step.margin for step in steps)
    (48, 1)
    """
    _lemmas()
    cell = LSTMCell(len(LETTERS), len(NEURONS), rng=0)
    zeros = np.zeros(len(NEURONS))
    x = Tensor(np.zeros(len(LETTERS)), name="x")
    y_0, c_0 = Tensor(zeros, name="y_0"), Tensor(zeros, name="c_0")
    end = cell(x, State(y_0, c_0))
    tape = Tape(end.y, end.c)
    by_name = {step.name: step for step in tape}
    matrices = dict(_matrices(cell, given or weights(ON)))
    steps = []
    for letter, (kind, (number, y)), latches in itertools.product(
        LETTERS, COUNTS.items(), itertools.product((0, 1), repeat=3)
    ):
        before = (number, *latches)
        values = {
            **matrices,
            x: expressions([int(letter == each) for each in LETTERS]),
            y_0: expressions([y, *(ON * latch for latch in latches)]),
            c_0: expressions(list(before)),
        }
        sharp = tape.replay(values)
        margins, limits = [], {}
        for short, gate in BOXES.values():
            limits[by_name[gate]], found = _limits(gate, sharp[by_name[f"z_{short}"]])
            margins += found
        after = tape.replay({**values, **limits})
        reached = tuple(sympy.simplify(each.sympy) for each in after[end.c])
        said = tuple(sympy.simplify(each.sympy) for each in after[end.y])
        expected = machine(letter, kind, before)
        if reached != expected or said != tuple(map(sympy.tanh, expected)):
            raise NotTheMachine(f"{letter!r} after {before}: {reached}, not {expected}")
        steps.append(Step(letter, kind, before, expected, min(margins)))
    return steps


def _lemmas() -> None:
    """Let SymPy show what step 2 uses: the limits of sigma(s d) and tanh(s d)."""
    d = sympy.Symbol("d", positive=True)
    for sign, of_gate in ((1, 1), (-1, 0)):
        sigma, tanh = 1 / (1 + sympy.exp(-sign * s * d)), sympy.tanh(sign * s * d)
        limits = sympy.limit(sigma, s, sympy.oo), sympy.limit(tanh, s, sympy.oo)
        assert limits == (of_gate, sign)


def _matrices(
    cell: LSTMCell, rows: Mapping[str, list[Row]]
) -> Iterator[tuple[Tensor, np.ndarray]]:
    """Yield every W and b of a cell with its entries, s times exact numbers."""
    for name in BOXES:
        gate = getattr(cell, name)
        entries = expressions(
            [
                [s * sympy.nsimplify(row.get(c, 0)) for c in COLUMNS]
                for row in rows[name]
            ]
        )
        yield gate.W, entries[:, :-1]
        yield gate.b, entries[:, -1]


def _limits(gate: str, z: np.ndarray) -> tuple[np.ndarray, list[sympy.Expr]]:
    """Return the limits of a gate whose pre-activations are z, and bounds of |d|."""
    off = -1 if gate == "c~" else 0
    limits, margins = [], []
    for entry in z:
        d = sympy.expand(entry.sympy / s)
        if d.has(s) or not (d.is_positive or d.is_negative):
            raise NotTheMachine(f"a pre-activation of {gate} is s times {d}")
        limits.append(1 if d.is_positive else off)
        assert d.diff(v) * d.subs(v, 0) >= 0  # so |d| is smallest where v = 0
        margins.append(sympy.Abs(d.subs(v, 0)))
    return expressions(limits), margins


def acceptance() -> list[tuple[Configuration, bool]]:
    """Show what the readout says of every state that the machine can be in.

    Return the states and whether they are accepted: those of a^n b^n, and no others.

    >>> [state for state, accepted in acceptance() if accepted]
    [(0, 1, 0, 0)]
    """
    (row,) = weights(ON)["readout"]
    found = []
    for (kind, (number, y)), latches in itertools.product(
        COUNTS.items(), itertools.product((0, 1), repeat=3)
    ):
        state = (number, *latches)
        if kind == "<=-1" and not state[-1]:
            continue  # whoever is below 0 fell there
        said = dict(zip(NEURONS, (y, *(ON * on for on in latches)), strict=True))
        d = sympy.expand(sum(row[name] * said[name] for name in NEURONS) + row["1"])
        d = d.subs(v, HIGH) if kind == "<=-1" else d  # where it is largest
        if not (d.is_positive or d.is_negative):
            raise NotTheMachine(f"the readout of {state} is s times {d}")
        found.append((state, bool(d.is_positive)))
    return found


def leak() -> sympy.Expr:
    """Return the count after a^n b^n for finite s, as a formula in f, i, c~ and n.

    Each a adds i c~, each b takes it away, and each step keeps f of what was there. So
    the count after n times a is C(n) = i c~ (1 - f^n) / (1 - f), which SymPy shows by
    induction: C(0) = 0 and C(n+1) = f C(n) + i c~. The b are the same with -c~, from
    C(n) on.

    >>> leak()
    c~*i*(f**n - 1)**2/(f - 1)
    """
    c = i * c_tilde * (1 - f**n) / (1 - f)
    assert c.subs(n, 0) == 0
    assert sympy.simplify(c.subs(n, n + 1) - (f * c + i * c_tilde)) == 0
    return sympy.factor(f**n * c - c)


def leak_of_sharp() -> sympy.Expr:
    """Return the limit of leak * e^s as s -> oo: how the leak grows with n.

    >>> leak_of_sharp()
    -n**2
    """
    sigma = 1 / (1 + sympy.exp(-s))
    sharp = leak().subs({f: sigma, i: sigma, c_tilde: sympy.tanh(s)})
    return sympy.limit(sharp * sympy.exp(s), s, sympy.oo)
