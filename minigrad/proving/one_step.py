"""One step of a loop over time: why one may expect the same of any number of steps.

A tape with time steps (the integers in its scopes) repeats one small program, the cell.
Take the tape of one step out of it. What comes from outside, weights, inputs and the
state of the step before, are its leaves; what is used outside are its outputs, and each
has a cotangent that is a variable. The identity of this tape says:

    whatever the later steps send back, one step turns it into the derivative

So if all steps are alike, and what they send to one weight is added up rightly, the
gradient of any number of them follows by induction over t. (That argument is prose. And
sums over uses are seen at this tape's length only: `batched_adjoints` takes blocks.)
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field

import numpy as np

from minigrad.context import clean_recording, path
from minigrad.messages import explained
from minigrad.proving.failures import ProofFailed
from minigrad.proving.identity import disagreement
from minigrad.proving.program import frozen
from minigrad.proving.residues import Field
from minigrad.recording import record
from minigrad.structure.provenance import Provenance
from minigrad.tape import Tape
from minigrad.tensor import Array, Tensor


@dataclass(frozen=True)
class CellShown:
    """A cell whose one step was shown to send back the derivative.

    cell     its scope
    steps    how many time steps of the tape are this very program
    loops    in how many loops over time: two equal layers, or one that is used twice
    inputs   how many numbers come from outside; outputs: how many go there
    """

    cell: str
    steps: int
    loops: int
    inputs: int
    outputs: int


@dataclass(eq=False)
class _Step:
    """One time step: its applications, numbered, and which of them are used outside.

    loop   the times of the loop that it belongs to; the steps of a loop share this set
    """

    cell: str
    time: int
    loop: set[int]
    position: int
    nodes: dict[Tensor, int] = field(default_factory=dict)
    used: set[int] = field(default_factory=set)

    def leaves(self) -> list[Tensor]:
        """Return what comes from outside, in the order of use."""
        args = (a for node in self.nodes for a in node.args if isinstance(a, Tensor))
        return [a for a in dict.fromkeys(args) if a not in self.nodes]

    def program(self) -> Hashable:
        """Return rows, wiring, options and shapes, to compare; not the numbers."""
        number = {each: k for k, each in enumerate([*self.leaves(), *self.nodes])}

        def compared(arg: object) -> Hashable:
            if isinstance(arg, Tensor):
                return number[arg], arg.shape
            if isinstance(arg, Array) and arg.dtype.kind == "f":
                return "floats", arg.shape  # a variable like any other
            return "float" if isinstance(arg, float) else frozen(arg)

        return tuple(
            (node.primitive, tuple(map(compared, node.args)), frozen(node.options))
            for node in self.nodes
        )

    def tape(self, used: set[int]) -> Tape:
        """Record the applications again, apart from the tape around them."""
        with clean_recording():
            copies = {x: Tensor(np.zeros(x.shape), x.name) for x in self.leaves()}
            for node in self.nodes:
                args = (copies[a] if isinstance(a, Tensor) else a for a in node.args)
                copies[node] = record(
                    node.primitive, np.zeros(node.shape), tuple(args), node.options
                )
        return Tape(*(copies[node] for node, k in self.nodes.items() if k in used))


def show_cells(tape: Tape, source: Field) -> tuple[CellShown, ...]:
    """Show the identity for every different time step of a tape; () if it has none.

    Raises ProofFailed, naming the first step that is so.
    """
    alike: dict[Hashable, list[_Step]] = {}
    for step in _time_steps(tape):
        alike.setdefault((step.cell, step.program()), []).append(step)
    shown = []
    for steps in alike.values():
        first = steps[0]
        cell = first.tape(set().union(*(step.used for step in steps)))
        wrong = disagreement(source, cell, cell.leaves)
        if wrong is not None:
            raise explained(
                ProofFailed,
                f"the proof of one step of {first.cell}",
                "from arbitrary cotangents its rules do not give the derivative: "
                f"{wrong[0]}, and the derivative is {wrong[1]}.",
                "prove its rules: minigrad.proving.rows.prove_adjoints.",
                step=first.position,
            )
        loops = len({id(step.loop) for step in steps})
        inputs = sum(leaf.size for leaf in cell.leaves)
        outputs = sum(output.size for output in cell.outputs)
        shown.append(CellShown(first.cell, len(steps), loops, inputs, outputs))
    return tuple(shown)


def _time_steps(tape: Tape) -> list[_Step]:
    """Return the time steps of a tape; a new one begins where a cell's time changes.

    Where a time comes again that the cell has left, a new loop begins.
    """
    steps: list[_Step] = []
    last: dict[Hashable, _Step] = {}
    owner: dict[Tensor, _Step] = {}
    provenance = Provenance()
    for position, node in enumerate(tape):
        times = [k for k, label in enumerate(node.scope) if isinstance(label, int)]
        if node.primitive is None or not times:
            continue
        cell, time = node.scope[: times[-1]], int(node.scope[times[-1]])
        step = last.get(cell)
        if step is None or step.time != time:
            loop = set() if step is None or time in step.loop else step.loop
            loop.add(time)
            step = last[cell] = _Step(path(cell) or "the loop", time, loop, position)
            steps.append(step)
        # x[t] only brings in what lies outside, and would tell steps apart.
        fetched = len(node.args) == 1 and provenance.is_rearranged(node)
        if not fetched or node.args[0] in step.nodes:
            owner[node] = step
            step.nodes[node] = len(step.nodes)
    for user, args in [*((node, node.args) for node in tape), (None, tape.outputs)]:
        for arg in args:
            if isinstance(arg, Tensor) and arg in owner:
                step = owner[arg]
                if user not in step.nodes:
                    step.used.add(step.nodes[arg])
    return [step for step in steps if step.used]
