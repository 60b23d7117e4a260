"""One step of a loop over time, as polynomials: equal, or not. No chance is involved.

A tape with time steps (the integers in its scopes) repeats one small program, the cell.
Take the tape of one step out of it. What comes from outside, weights, inputs and the
state of the step before, are its leaves; what is used outside are its outputs. Give
each output a cotangent and each leaf a direction, all of them letters. Then

    <bars of the leaves, v> = <bars of the outputs, D_v outputs>

is an identity between polynomials in these letters and in the values of sigma and tanh,
small enough to be written out on both sides and compared, monomial by monomial.

Because the incoming cotangents are letters, the identity holds whatever the later steps
send back. So if all steps are alike, the gradient of any number of them follows by
induction over t. (That argument is prose; it is not checked by a machine.)
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from minigrad.context import clean_recording, path
from minigrad.primitive import Elementwise, Primitive
from minigrad.recording import record
from minigrad.symbolic.failures import ProofFailed
from minigrad.symbolic.proving.identity import both_sides, runs_on, twin
from minigrad.symbolic.proving.local import accumulation_failed, frozen
from minigrad.symbolic.proving.memory import Memory, as_it_is, remembered
from minigrad.symbolic.rings.entries import fresh
from minigrad.symbolic.rings.polynomials import NotPolynomial, Polynomials
from minigrad.tape import Tape
from minigrad.tensor import Tensor

NUMBERS = 700  # in a step: an LSTM of n = m = 8 has 584, and takes 0.1 s, measured
LIMIT = 100_000  # products of monomials, of which that takes 28,320


@dataclass(frozen=True)
class CellShown:
    """What was shown of one cell.

    cell        its scope
    program     SHA-256 of its rows, wiring, constants, options and shapes
    steps       how many time steps of the tape are this very program
    loops       in how many loops over time: two equal layers, or one that is used twice
    inputs      how many numbers come from outside; outputs: how many go there
    generators  how many values of sigma, tanh, ... are letters of their own
    monomials   of each side, written out
    not_shown   why nothing was shown, where that is so
    """

    cell: str
    program: str
    steps: int
    loops: int
    inputs: int
    outputs: int
    generators: int = 0
    monomials: int = 0
    not_shown: str = ""


@dataclass
class _Step:
    """The applications of one time step, and which of them are used outside."""

    cell: str
    loop: int
    position: int
    nodes: list[Tensor] = field(default_factory=list)
    used: set[int] = field(default_factory=set)

    def leaves(self) -> list[Tensor]:
        """What comes from outside, in the order of use."""
        inside = set(self.nodes)
        args = (a for node in self.nodes for a in node.args if isinstance(a, Tensor))
        return list(dict.fromkeys(a for a in args if a not in inside))

    def program(self) -> Any:
        """Return rows, wiring, options and shapes, to compare; not the numbers."""
        number = {each: k for k, each in enumerate([*self.leaves(), *self.nodes])}
        return tuple(
            (
                node.primitive,
                tuple(
                    ("is", number[a], a.shape)
                    if isinstance(a, Tensor)
                    else ("letters", a.shape)
                    if _is_letters(a, node)
                    else frozen(a)
                    for a in node.args
                ),
                frozen(node.options),
            )
            for node in self.nodes
        )


def show_cells(
    tape: Tape, opaque: Collection[Primitive], known: Memory
) -> tuple[CellShown, ...]:
    """Show the identity for every different time step of a tape; () if it has none.

    Raises ProofFailed, naming the first step that is so.
    """
    alike: dict[Any, list[_Step]] = {}
    for step in _steps_in_time(tape):
        alike.setdefault((step.cell, step.program()), []).append(step)
    shown = []
    for (_, program), steps in alike.items():
        one = steps[0]
        used = tuple(sorted(set().union(*(step.used for step in steps))))
        own = dict.fromkeys(node.primitive for node in one.nodes)
        by_lemma = frozenset(own.keys() & opaque)
        key = "cell", program, used, tuple(map(as_it_is, own)), by_lemma
        counts = remembered(known, key, lambda: _show(one, used, opaque))  # noqa: B023
        loops = len({step.loop for step in steps})
        told = one.cell, _digest(program), len(steps), loops
        shown.append(CellShown(*told, **counts))
    return tuple(shown)


def _digest(program: Any) -> str:
    """Return the SHA-256 of a step's program, the same in every process."""
    named = [(row.name, args, options) for row, args, options in program]
    return hashlib.sha256(repr(named).encode()).hexdigest()


def _steps_in_time(tape: Tape) -> Iterator[_Step]:
    """Yield the time steps of a tape; a new one begins where a cell's time changes.

    Where a time comes again that the cell has left, a new loop begins.
    """
    current: dict[Any, tuple[Any, _Step]] = {}
    times_of: dict[Any, list[set[Any]]] = {}
    found: list[_Step] = []
    member: dict[Tensor, tuple[_Step, int]] = {}
    for position, node in enumerate(tape):
        times = [k for k, label in enumerate(node.scope) if isinstance(label, int)]
        if node.primitive is None or not times:
            continue
        cell, time = node.scope[: times[-1]], node.scope[times[-1]]
        before, step = current.get(cell, (None, None))
        if step is None or before != time:
            loops = times_of.setdefault(cell, [set()])
            if time in loops[-1]:
                loops.append(set())
            loops[-1].add(time)
            step = _Step(path(cell) or "the loop", len(loops), position)
            found.append(step)
            current[cell] = time, step
        if _reads_in(node, step, member):
            continue
        member[node] = step, len(step.nodes)
        step.nodes.append(node)
    for node in tape:
        for arg in node.args:
            if isinstance(arg, Tensor) and arg in member:
                step, k = member[arg]
                if member.get(node, (None,))[0] is not step:
                    step.used.add(k)
    for output in tape.outputs:
        if output in member:
            step, k = member[output]
            step.used.add(k)
    yield from (step for step in found if step.nodes)


def _reads_in(node: Tensor, step: _Step, member: Any) -> bool:
    """Does this only bring something in from outside, as x[t] does?

    Then its result counts as outside. It would tell steps apart that are alike.
    """
    return (
        getattr(node.primitive, "jointly", False)
        and len(node.args) == 1
        and member.get(node.args[0], (None,))[0] is not step
    )


def _is_letters(arg: Any, node: Tensor) -> bool:
    """Can the constants of an array be letters too? x_t may be a plain array."""
    return isinstance(arg, np.ndarray) and arg.ndim > 0 and _takes_letters(node)


def _takes_letters(node: Tensor) -> bool:
    """Does the row give a polynomial in all its arguments? Not a / b, nor a ** b."""
    row: Any = node.primitive
    if not isinstance(row, Elementwise):
        return True
    leaves = tuple(Tensor(0.0) for _ in row.partials)
    try:
        return runs_on(Polynomials(), record(row, np.zeros(()), leaves, {}))
    except NotPolynomial:
        return False


def _show(step: _Step, used: tuple[int, ...], opaque: Any) -> dict[str, Any]:
    """Write both sides out and compare; return the counts, or why it was not done."""
    copies: dict[Tensor, Tensor] = {}
    with clean_recording():
        for leaf in step.leaves():
            copies[leaf] = Tensor(np.zeros(leaf.shape), leaf.name)
        for node in step.nodes:
            args = tuple(
                copies[a]
                if isinstance(a, Tensor)
                else Tensor(np.zeros(a.shape))
                if _is_letters(a, node)
                else a
                for a in node.args
            )
            row: Any = node.primitive
            copies[node] = record(row, np.zeros(node.shape), args, node.options)
            copies[node].name, copies[node].scope = node.name, node.scope
    outputs = [copies[step.nodes[k]] for k in used]
    tape = Tape(*outputs)
    ring = Polynomials(LIMIT)
    counts = {
        "inputs": sum(leaf.size for leaf in tape.leaves),
        "outputs": sum(output.size for output in outputs),
    }
    numbers = counts["inputs"] + counts["outputs"]
    if numbers > NUMBERS:
        why = f"it has {numbers:,} numbers, and up to {NUMBERS} are written out"
        return {**counts, "not_shown": why}
    try:
        made = twin(ring, tape, tape.leaves, opaque)
        bars = [fresh(ring, "bar", output.shape) for output in outputs]
        found, expected = both_sides(made, outputs, bars)
    except NotPolynomial as why:
        return {**counts, "not_shown": str(why)}
    if found != expected:
        raise _failed(accumulation_failed(made, tape, bars, found, expected), step)
    generators = sum(name in ring.met for name in ring.names)
    return {**counts, "generators": generators, "monomials": len(found.terms)}


def _failed(failure: ProofFailed, step: _Step) -> ProofFailed:
    """Say of a failure inside a cell which cell, and where on the tape it begins."""
    failure.step = step.position
    failure.add(
        f"In the cell {step.cell}: its first such step begins at step {step.position} "
        "of the tape; in this message steps are counted within it."
    )
    return failure
