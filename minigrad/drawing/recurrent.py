"""Recurrent layers in three views: one step, unrolled, connected to themselves.

    gate       one time step of every layer: the well-known picture of a cell
    unrolled   the steps beside each other: first, second, ..., last
    folded     one cell, whose state leaves and comes back: what a loop is

All three are readings of one tape, drawn by the same code. What a picture leaves out it
says below, by name; and it leaves out only repetition, which `fold.py` has compared
entry by entry, and what was recorded outside the loops.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from minigrad.context import path
from minigrad.drawing.cell import Plan, plan
from minigrad.drawing.cells import Gap
from minigrad.drawing.delays import Returning, around
from minigrad.drawing.fold import Where, runs
from minigrad.drawing.grid import Shown, connect, grid
from minigrad.drawing.ink import Ink
from minigrad.drawing.layers import Layer, Layers
from minigrad.drawing.sheet import Sheet
from minigrad.drawing.sublayers import by_structure, weights
from minigrad.drawing.time_steps import State, Step, steps
from minigrad.drawing.view import VIEWS, NotPlaced, View
from minigrad.drawing.words import Label
from minigrad.tape import Tape
from minigrad.tensor import Tensor

MANY = 4  # more time steps than that are not drawn side by side


def gate_sheet(tape: Tape) -> Sheet:
    """Return the picture of one time step of every layer.

    Raises NotPlaced for what is no recurrent cell.
    """
    layers = _layers(tape)
    rows = []
    for layer in layers:
        column = _typical(layers, layer)
        step = layer.at(column)
        if step is not None:
            rows.append(Shown(layer, {column: _planned(layer, step)}))
    said = []
    for row in rows:
        step, count = row.plans[0].step, len(row.layer.steps)
        if count > 1:
            said.append((row.layer, f"drawn: t = {step.t}, one of {count} time steps"))
    rows = connect(tape, rows)
    return grid(tape, rows, _told(said, tape, layers, rows), _title).sheet


def unrolled_sheet(tape: Tape) -> Sheet:
    """Return the picture of the time steps side by side.

    Raises NotPlaced for what is no recurrent cell, and for many steps that differ.
    """
    layers = _layers(tape)
    rows = []
    for layer in layers:
        together = [each for each in layers if each.band == layer.band]
        gaps = _gaps(together)
        slots: dict[int, Plan | Gap] = {}
        for column, step in zip(layer.columns, layer.steps, strict=True):
            gap = next((gap for gap in gaps if column in gap), None)
            if gap is None:
                slots[column] = _planned(layer, step)
            elif gap[0] not in slots:
                slots[gap[0]] = _gap(layer, gap)
        if len(slots) > 2 * MANY:
            many = f"{len(slots)} time steps that differ"
            raise NotPlaced(f"{many} are too many to stand side by side")
        rows.append(Shown(layer, slots))
    said = [(layer, _shared(layer)) for layer in layers]
    rows = connect(tape, rows)
    return grid(tape, rows, _told(said, tape, layers, rows), _title).sheet


def folded_sheet(tape: Tape) -> Sheet:
    """Return the picture of cells whose state comes back to them.

    Where there is nothing to fold, another view is drawn, and its note says why.
    """
    layers = _layers(tape)
    for layer in layers:
        if why := _unlike(layer):
            sheet = unrolled_sheet(tape) if len(layer.steps) > 1 else gate_sheet(tape)
            name = "unrolled" if len(layer.steps) > 1 else "gate"
            sheet.notes.insert(0, f"not folded, because {why}; this is the view {name}")
            return sheet
    rows, said = [], []
    for layer in layers:
        column = _typical(layers, layer)
        step = layer.at(column)
        assert step is not None
        cell = _planned(layer, step)
        ways = [around(cell, k)[1] for k in range(len(step.states))]
        extra = (
            max([way - cell.height + 1 for way in ways if way > 0], default=0.0),
            max([1 - way for way in ways if way < 0], default=0.0),
        )
        rows.append(Shown(layer, {column: cell}, extra))
        count = f"{len(layer.steps)} time steps, names and numbers from t = {step.t}"
        said.append((layer, count))
    said += [(layer, _shared(layer)) for layer in layers]
    rows = connect(tape, rows)
    notes = _told(said, tape, layers, rows)
    return grid(tape, rows, notes, _span, _draw_returning).sheet


def _draw_returning(tape: Tape, shown: Shown, ink: Ink, stand: object) -> None:
    found = shown.layer.steps
    ends = [
        State(first.before, last.after)
        for first, last in zip(found[0].states, found[-1].states, strict=True)
    ]
    Returning(tape, shown.plans[0], ends, ink, stand)  # type: ignore[arg-type]


def default(tape: Tape) -> str:
    """Return the view for whoever does not ask for one: gate for a cell, else op."""
    if not any(entry.primitive for entry in tape):
        return "op"
    found = steps(tape)
    return "op" if plan(found[min(1, len(found) - 1)]) is None else "gate"


# ------------------------------------------------------------------ what can be drawn


def _layers(tape: Tape) -> Layers:
    layers = Layers(tape)
    if not any(step.states for layer in layers for step in layer.steps[:2]):
        raise NotPlaced("nothing is carried from one time step to the next")
    return layers


def _planned(layer: Layer, step: Step) -> Plan:
    planned = plan(step, alone=False)
    if planned is None:
        where = f"{_of(layer)}t = {step.t}" if step.t is not None else "the cell"
        why = "its wires find no way" if _boxed(step) else "no weights multiply there"
        raise NotPlaced(f"{where} could not be drawn as a cell: {why}")
    return planned


def _boxed(step: Step) -> bool:
    return any(group.kind == "dense" for group in step.groups)


def _typical(layers: Layers, layer: Layer) -> int:
    """Return the column of the first step that reads what a step made."""
    first = next(each for each in layers if each.band == layer.band)
    return first.columns[min(1, len(first.columns) - 1)]


def _unlike(layer: Layer) -> str:
    """Return why a layer is not one cell connected to itself; "" if it is."""
    name = _of(layer)
    if len(layer.steps) < 2:
        return f"{name or 'the cell '}ran once"
    first, *others = map(_signature, layer.steps)
    differs = [
        s.t for s, other in zip(layer.steps[1:], others, strict=True) if other != first
    ]
    if differs:
        return f"{name}t = {differs[0]} differs from t = {layer.steps[0].t}"
    return ""


def _signature(step: Step) -> tuple[object, ...]:
    return tuple(
        (group.kind, group.label.symbol, tuple(map(id, weights(group.entries))))
        for group in step.groups
    )


# --------------------------------------------------------------------- what is left out


def _gaps(layers: Sequence[Layer]) -> list[range]:
    """Return the columns that may be left out in every layer of a band."""
    every = sorted({column for layer in layers for column in layer.columns})
    if len(every) <= MANY:
        return []
    left_out = set(every).intersection(*(_repeating(layer) for layer in layers))
    gaps: list[range] = []
    for column in sorted(left_out):
        if gaps and gaps[-1].stop == column:
            gaps[-1] = range(gaps[-1].start, column + 1)
        else:
            gaps.append(range(column, column + 1))
    return [gap for gap in gaps if len(gap) > 1]


def _repeating(layer: Layer) -> set[int]:
    """Return the columns whose step repeats the one before it."""
    entries = [[e for g in step.groups for e in g.entries] for step in layer.steps]
    where = {
        entry: Where((), i, k)
        for i, made in enumerate(entries)
        for k, entry in enumerate(made)
    }
    found = runs(list(enumerate(entries)), where)
    return {layer.columns[i] for run in found for i, _ in run[1:]}


def _gap(layer: Layer, columns: range) -> Gap:
    inside = [
        step
        for column, step in zip(layer.columns, layer.steps, strict=True)
        if column in columns
    ]
    first, last = inside[0].t, inside[-1].t
    example = layer.steps[layer.steps.index(inside[0]) - 1].t
    return Gap(
        Label(
            "…", "", f"{len(inside)} time steps\nt = {first} … {last}\nas t = {example}"
        ),
        f"{len(inside)} time steps, t = {first} to {last}: the same primitives "
        f"and the same Parameters as t = {example}",
    )


# ------------------------------------------------------------------------ what is said


def _of(layer: Layer) -> str:
    return f"{layer.name}: " if layer.name else ""


def _title(layer: Layer, step: Step) -> str:
    """Say which layer and which step; and where in time, if it runs backward."""
    if step.t is None:
        return str(step.scope[-1]) if step.scope else ""
    reads = [layer.read[value] for value in step.inputs if value in layer.read]
    place = f", reads {reads[0]}" if layer.backward and reads else ""
    return f"{_of(layer)}t = {step.t}{place}"


def _span(layer: Layer, step: Step) -> str:
    return f"{_of(layer)}t = {layer.steps[0].t} … {layer.steps[-1].t}"


def _shared(layer: Layer) -> str:
    """Say that all steps of a layer read the same Parameters, if they do."""
    sets = {
        frozenset(weights(e for g in step.groups for e in g.entries))
        for step in layer.steps
    }
    if len(layer.steps) < 2 or len(sets) > 1:
        return ""
    count = len(sets.pop())
    return f"all {len(layer.steps)} time steps read the same {count} Parameters"


def _told(
    said: Iterable[tuple[Layer, str]],
    tape: Tape,
    layers: Layers,
    rows: Sequence[Shown],
) -> list[str]:
    """Return the notes, one for all layers of which it is true."""
    about: dict[str, list[str]] = {}
    back = "runs from right to left: it reads the last input first"
    turned = [(layer, back) for layer in layers if layer.backward]
    for layer, note in [*said, *_fed(layers, rows), *turned]:
        about.setdefault(note, []).append(layer.name)
    notes = [
        f"{', '.join(dict.fromkeys(names))}: {note}" if any(names) else note
        for note, names in about.items()
        if note
    ]
    return [*notes, *_outside(tape, layers)]


def _fed(layers: Layers, rows: Sequence[Shown]) -> Iterable[tuple[Layer, str]]:
    """Say what inputs are, where no wire says it: outputs of several layers, joined."""
    for row in rows:
        for plan_ in row.plans:
            for value in plan_.step.inputs:
                if value in row.fed or value not in row.layer.fed:
                    continue
                makers = row.layer.fed[value]
                words = {
                    f"{maker.name or 'what'} of {layers.layer_of[maker].name}": 0
                    for maker in makers
                }
                name = (value.name or "the input").partition("_")[0]
                yield row.layer, f"{name} holds {' and '.join(words)}"


def _outside(tape: Tape, layers: Layers) -> list[str]:
    """Say how much of the tape lies outside the time steps, and where."""
    inside: set[Tensor] = set(layers.between)
    for layer in layers:
        for step in layer.steps:
            inside.update(e for group in step.groups for e in group.entries)
    rest = [
        entry
        for entry in tape
        if entry.primitive is not None
        and entry not in inside
        and not any(isinstance(label, int) for label in entry.scope)
    ]
    if not rest:
        return []
    scopes = [path(entry.scope) for entry in rest]
    counts = {scope: scopes.count(scope) for scope in dict.fromkeys(scopes)}
    named = [
        f"{n} in {scope}" if scope else f"{n} in no part" for scope, n in counts.items()
    ]
    where = ", ".join(named[:3]) + (", …" if len(named) > 3 else "")
    entries = "1 entry" if len(rest) == 1 else f"{len(rest)} entries"
    return [f"not drawn: {entries} outside the loop{'s' * (len(layers) > 1)} ({where})"]


VIEWS["gate"] = View("what is in the cell?", by_structure, gate_sheet)
VIEWS["unrolled"] = View("what happens over time?", by_structure, unrolled_sheet)
VIEWS["folded"] = View("how is it connected to itself?", by_structure, folded_sheet)
