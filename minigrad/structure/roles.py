"""What has the same role at every time step of a loop.

    f_1, f_2, f_3     made by the same part of each step
    y_0, y_1, y_2     what each step got from the one before
    x_1, x_2, x_3     what came to each from outside

A picture of one time step, which stands for all, shows any other by this.
"""

from __future__ import annotations

from collections.abc import Sequence

from minigrad.structure.time_steps import Step, numbered_entries
from minigrad.tensor import Tensor

Role = dict[int | None, Tensor]  # who has it, by the time


def roles(steps: Sequence[Step]) -> list[Role]:
    """Return who has each role; a step that lacks something is not in it.

    >>> from minigrad.structure.time_steps import every_loop
    >>> y = mg.Tensor(0.0, name="y_0")
    >>> for t in (1, 2):
    ...     with mg.scope("loop", t):
    ...         y = mg.tanh(y)
    ...         y.name = "y"
    >>> tape = mg.Tape(y)
    >>> place = {entry: k for k, entry in enumerate(tape)}
    >>> [{t: place[e] for t, e in role.items()} for role in roles(every_loop(tape)[0])]
    [{1: 1, 2: 2}, {1: 0, 2: 1}]
    """
    made: dict[int, Role] = {}
    before: dict[int, Role] = {}
    inputs: dict[int, Role] = {}
    alike = len({len(step.inputs) for step in steps}) == 1
    everything = numbered_entries([step.entries for step in steps])
    for step, entries in zip(steps, everything, strict=True):
        if step.t is None:
            continue
        for k, entry in entries.items():
            made.setdefault(k, {})[step.t] = entry
        for k, state in enumerate(step.states):
            if state.before is not None:
                before.setdefault(k, {})[step.t] = state.before
        for k, value in enumerate(step.inputs if alike else ()):
            inputs.setdefault(k, {})[step.t] = value
    return [*made.values(), *before.values(), *inputs.values()]
