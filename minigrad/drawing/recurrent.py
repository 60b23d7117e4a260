"""The recurrent cell in three views: one step, unrolled over time, connected to itself.

    gate       one time step: the well-known picture of a cell
    unrolled   the steps beside each other: first, second, ..., last
    folded     one cell, whose state leaves and comes back: what a loop is

All three are readings of one tape, drawn by the same code. What a picture leaves out it
says below; and it leaves out only repetition, which `fold.py` has compared entry by
entry, and what was recorded outside the loop.
"""

from __future__ import annotations

from minigrad.drawing.cell import Plan, plan
from minigrad.drawing.cells import Gap, Row
from minigrad.drawing.fold import loops, runs
from minigrad.drawing.sheet import Sheet
from minigrad.drawing.sublayers import by_structure, weights
from minigrad.drawing.time_steps import State, Step, steps
from minigrad.drawing.view import VIEWS, View
from minigrad.drawing.words import Label
from minigrad.tape import Tape

MANY = 4  # more time steps than that are not drawn side by side


def gate_sheet(tape: Tape) -> Sheet | None:
    """Return the picture of one time step, or None for what is no recurrent cell."""
    found = steps(tape)
    typical = found[min(1, len(found) - 1)]  # the first that reads what a step made
    planned = plan(typical)
    if planned is None:
        return None
    notes = []
    if len(found) > 1:
        notes.append(f"drawn: t = {typical.t}, one of {len(found)} time steps")
    return Row(tape, [planned], [*notes, *_outside(tape, found)]).sheet


def unrolled_sheet(tape: Tape) -> Sheet | None:
    """Return the picture of the time steps side by side."""
    found = steps(tape)
    left_out = _repeats(tape) if len(found) > MANY else {}
    cells: list[Plan | Gap] = []
    for step in found:
        if step.t not in left_out:
            planned = plan(step)
            if planned is None:
                return None
            cells.append(planned)
        elif gap := left_out[step.t]:
            cells.append(gap)
    if len(cells) > 2 * MANY:
        return None
    return Row(tape, cells, [*_shared(found), *_outside(tape, found)]).sheet


def folded_sheet(tape: Tape) -> Sheet | None:
    """Return the picture of one cell whose state comes back to it."""
    found = steps(tape)
    typical = found[min(1, len(found) - 1)]
    planned = plan(typical)
    alike = len({_signature(step) for step in found}) == 1
    if planned is None or len(found) < 2 or not alike:
        return None
    ends = [
        State(first.before, last.after)
        for first, last in zip(found[0].states, found[-1].states, strict=True)
    ]
    title = f"t = {found[0].t} … {found[-1].t}"
    notes = [f"{len(found)} time steps, names and numbers from t = {typical.t}"]
    notes += [*_shared(found), *_outside(tape, found)]
    return Row(tape, [planned], notes, ends, title).sheet


def default(tape: Tape) -> str:
    """Return the view for whoever does not ask for one: gate for a cell, else op."""
    if not any(entry.primitive for entry in tape):
        return "op"
    found = steps(tape)
    return "op" if plan(found[min(1, len(found) - 1)]) is None else "gate"


def _repeats(tape: Tape) -> dict[int | None, Gap | None]:
    """Return the steps that repeat another; the first of each run has words for all."""
    found, where = loops(tape)
    left_out: dict[int | None, Gap | None] = {}
    for run in runs(list(next(iter(found.values())).items()), where):
        example, first, last = run[0][0], run[1][0], run[-1][0]
        remark = f"{len(run) - 1} time steps\nt = {first} … {last}\nas t = {example}"
        left_out.update((t, None) for t, _ in run[1:])
        left_out[first] = Gap(
            Label("…", "", remark),
            f"{len(run) - 1} time steps, t = {first} to {last}: the same primitives "
            f"and the same Parameters as t = {example}",
        )
    return left_out


def _signature(step: Step) -> tuple[object, ...]:
    return tuple(
        (group.kind, group.label.symbol, tuple(map(id, weights(group.entries))))
        for group in step.groups
    )


def _shared(found: list[Step]) -> list[str]:
    """Say that all steps read the same Parameters, if they do."""
    sets = {frozenset(weights(e for g in s.groups for e in g.entries)) for s in found}
    if len(found) < 2 or len(sets) > 1:
        return []
    return [f"all {len(found)} time steps read the same {len(sets.pop())} Parameters"]


def _outside(tape: Tape, found: list[Step]) -> list[str]:
    """Say how much of the tape lies outside the time steps."""
    inside = {entry for step in found for g in step.groups for entry in g.entries}
    made = [entry for entry in tape if entry.primitive is not None]
    in_step = [e for e in made if any(isinstance(label, int) for label in e.scope)]
    rest = len(made) - len(inside | set(in_step))
    entries = "1 entry" if rest == 1 else f"{rest} entries"
    return [f"not drawn: {entries} outside the loop"] if rest > 0 else []


VIEWS["gate"] = View("what is in the cell?", by_structure, gate_sheet)
VIEWS["unrolled"] = View("what happens over time?", by_structure, unrolled_sheet)
VIEWS["folded"] = View("how is it connected to itself?", by_structure, folded_sheet)
