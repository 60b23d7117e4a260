"""Recurrent layers in three views: one step, unrolled, connected to themselves.

    gate       one time step of every layer: the well-known picture of a cell
    unrolled   the steps beside each other: first, second, ..., last
    folded     one cell, whose state leaves and comes back: what a loop is

All three are readings of one tape, drawn by the same code. What a picture leaves out it
says below, by name; and it leaves out only repetition, which `fold.py` has compared
entry by entry, and what was recorded outside the loops.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial

from minigrad.drawing.cell.cell_painter import Painter, fitting
from minigrad.drawing.cell.closed import Closed
from minigrad.drawing.cell.delays import Returning, loop_size
from minigrad.drawing.cell.grid import Draw, Grid, draw_row
from minigrad.drawing.cell.links import BESIDE, Links, Shown
from minigrad.drawing.cell.notes import before, merged_notes, shared, span, title
from minigrad.drawing.cell.row_of_cells import Stand
from minigrad.drawing.cell.wire_routing import Plan, plan
from minigrad.drawing.sheet import Sheet
from minigrad.drawing.view import NotPlaced
from minigrad.drawing.words import Label
from minigrad.parameter import Parameter
from minigrad.structure.consumers import tensors, weights
from minigrad.structure.layers import Layer, Layers
from minigrad.structure.loops import does, times
from minigrad.structure.reading import reading
from minigrad.structure.repeats import runs
from minigrad.structure.time_steps import State, Step, names_over_time, steps, typical
from minigrad.tape import Tape
from minigrad.tensor import Tensor

MANY = 4  # more time steps than that are not drawn side by side


def gate_sheets(tape: Tape) -> Iterator[Sheet]:
    """Yield the picture of one time step of every layer; then one open, others boxes.

    Raises NotPlaced for what is no recurrent cell.
    """
    yield gate_sheet(tape)
    if len(layers_of(tape)) > 1:
        yield gate_sheet(tape, many=1)


def gate_sheet(
    tape: Tape,
    painter_of: Callable[..., Painter] = Painter,
    for_all: bool = False,
    many: int | None = None,
) -> Sheet:
    """Return the picture of one time step of so many layers, drawn with this painter.

    If it is to stand for all of them, its values are called f_t and y_t−1. Raises
    NotPlaced for what is no recurrent cell.
    """
    layers = layers_of(tape)
    rows: list[Shown] = []
    names: dict[Tensor, str] = {}
    for layer in layers:
        column = typical_column(layers, layer)
        step = layer.at(column)
        if step is not None:
            open = many is None or len(rows) < many
            cell = _planned(layer, step) if open else _closed_layer(layer, step)
            rows.append(Shown(layer, {column: cell}))
            if for_all and len(layer.steps) > 1:
                names.update(names_over_time(layer.steps, step))
    notes = _closed_layers(layers, many)
    for row in rows:
        step, count = row.cells[0].step, len(row.layer.steps)
        if count > 1:
            notes.append((row.layer, f"drawn: t = {step.t}, one of {count} time steps"))
    if for_all:
        painter_of = partial(painter_of, names=names)
    titled = _span_of_many if for_all else title
    return _grid(tape, layers, rows, notes, titled, painter_of=painter_of)


def _span_of_many(layer: Layer, step: Step) -> str:
    return span(layer, step) if len(layer.steps) > 1 else title(layer, step)


def unrolled_sheets(tape: Tape) -> Iterator[Sheet]:
    """Yield the picture of the time steps side by side; then with fewer of them open.

    Raises NotPlaced for what is no recurrent cell, and for many steps that differ.
    """
    layers = layers_of(tape)
    yield unrolled_sheet(tape)
    for many in dict.fromkeys((len(layers), 1, 0)):
        yield unrolled_sheet(tape, many)


def unrolled_sheet(tape: Tape, many: int | None = None) -> Sheet:
    """Return the picture of the time steps side by side.

    many   in how many layers one time step is open and the others are boxes; if not
           given, all are open
    """
    layers = layers_of(tape)
    rows = []
    gaps_of = _gaps_of(tape)
    notes = []
    for i, layer in enumerate(layers):
        gaps = gaps_of[layer.band]
        left_out = {column for gap in gaps for column in gap}
        drawn = [column for column in layer.columns if column not in left_out]
        if len(drawn) > 2 * MANY:
            why = f"{len(drawn)} time steps that differ are too many"
            raise NotPlaced(f"{why} to stand side by side")
        example = typical(layer.steps)
        like = _planned(layer, example) if many is None or i < many else None
        slots: dict[int, Plan] = {}
        for column, step in zip(layer.columns, layer.steps, strict=True):
            gap = next((gap for gap in gaps if column in gap), [column])
            if column != gap[0]:
                continue
            if column in drawn and (many is None or (like and step is example)):
                slots[column] = _planned(layer, step, like)
            else:
                slots[column] = _closed(layer, gap, example, like)
        rows.append(Shown(layer, slots))
        if many is not None:
            says = "every time step is a box"
            if like:
                says = f"t = {example.t} is open, each other time step is a box"
            notes.append((layer, says))
            notes.append((layer, _unlike(layer)))
    notes += [(layer, shared(layer)) for layer in layers]
    return _grid(tape, layers, rows, notes, title)


def folded_sheets(tape: Tape) -> Iterator[Sheet]:
    """Yield the picture of cells whose state comes back; then one open, others boxes.

    Where there is nothing to fold, another view is drawn, and its note says why.
    """
    layers = layers_of(tape)
    for layer in layers:
        if why := _unlike(layer):
            once = len(layer.steps) < 2
            view, sheets = (
                ("gate", gate_sheets) if once else ("unrolled", unrolled_sheets)
            )
            for sheet in sheets(tape):
                instead = f"not folded, because {why}; this is the view {view}"
                sheet.notes.insert(0, instead)
                yield sheet
            return
    for many in (len(layers), 1, 0) if len(layers) > 1 else (1,):
        yield _folded_sheet(tape, layers, many)


def _folded_sheet(tape: Tape, layers: Layers, many: int) -> Sheet:
    """Return the picture of cells whose state comes back, so many layers open."""
    rows: list[Shown] = []
    names: dict[Tensor, str] = {}
    notes = _closed_layers(layers, many)
    for i, layer in enumerate(layers):
        column = typical_column(layers, layer)
        step = layer.at(column)
        assert step is not None
        cell = _planned(layer, step) if i < many else _closed_layer(layer, step)
        names.update(names_over_time(layer.steps, step))
        ways = [loop_size(cell, k)[1] for k in range(len(step.states))]
        extra = (
            max([way - cell.height + 1 for way in ways if way > 0], default=0.0),
            max([1 - way for way in ways if way < 0], default=0.0),
        )
        beside = max([loop_size(cell, k)[0] for k in range(len(ways))], default=0.0)
        rows.append(Shown(layer, {column: cell}, extra, max(BESIDE, beside + 0.8)))
        count = f"{len(layer.steps)} time steps, drawn from t = {step.t}"
        notes.append((layer, count))
        if missing := len(step.groups) - len(layer.steps[-1].groups):
            last = f"t = {layer.steps[-1].t} lacks {missing} of these nodes"
            notes.append((layer, f"{last}: nothing reads them"))
    notes += [(layer, shared(layer)) for layer in layers]
    painter_of = partial(Painter, names=names)
    return _grid(tape, layers, rows, notes, span, _draw_returning, painter_of)


def _grid(
    tape: Tape,
    layers: Layers,
    rows: Sequence[Shown],
    notes: Iterable[tuple[Layer, str]],
    titled: Callable[[Layer, Step], str],
    draw: Draw = draw_row,
    painter_of: Callable[..., Painter] = Painter,
) -> Sheet:
    """Draw rows, what goes from one to the other, and notes below."""
    links = Links(tape, layers, rows)
    painter = painter_of(tape, merged_notes(notes, tape, layers, links))
    Grid(tape, layers, links, painter).draw(titled, draw)
    return painter.sheet


def _draw_returning(tape: Tape, shown: Shown, painter: Painter, stand: Stand) -> None:
    found = shown.layer.steps
    ends = [
        State(first.before, last.after)
        for first, last in zip(found[0].states, found[-1].states, strict=True)
    ]
    stride = (found[1].t or 0) - (found[0].t or 0)
    Returning(tape, shown.cells[0], ends, stride, painter, stand)


@reading
def default(tape: Tape) -> str:
    """Return the view for whoever does not ask for one: gate for a cell, else op."""
    if not any(entry.primitive for entry in tape):
        return "op"
    return "op" if plan(typical(steps(tape))) is None else "gate"


# ------------------------------------------------------------------ what can be drawn


@reading
def layers_of(tape: Tape) -> Layers:
    """Return the recurrent layers of a tape, or raise NotPlaced if it has none."""
    layers = Layers(tape)
    if not any(step.states for layer in layers for step in layer.steps[:2]):
        raise NotPlaced(
            "the loop does not say its time steps: write with mg.scope(t): in it"
            if _is_loop(tape)
            else "nothing is carried from one time step to the next"
        )
    return layers


def _is_loop(tape: Tape) -> bool:
    """Is a Parameter used, at no time step, on what it helped to make?"""
    helped: dict[Tensor, set[Tensor]] = {}
    for entry in tape.steps:
        read = tensors(entry)
        above = set[Tensor]().union(*(helped.get(each, ()) for each in read))
        own = set(weights([entry]))
        if own & above and not times(entry.scope):
            return True
        helped[entry] = above | own
    return False


def _planned(layer: Layer, step: Step, like: Plan | None = None) -> Plan:
    planned = plan(step, alone=False, like=like)
    if planned is None:
        where = f"{before(layer)}t = {step.t}" if step.t is not None else "the cell"
        if _boxed(step):
            why = "its wires find no way"
        elif any(_is_of_weights(e) for group in step.groups for e in group.entries):
            why = "a matrix is made of an mg.Parameter: mg.matvec(W, x) for x @ W.T"
        else:
            why = "no matrix there is an mg.Parameter"
        raise NotPlaced(f"{where} could not be drawn as a cell: {why}")
    return planned


def _is_of_weights(entry: Tensor) -> bool:
    """Is this made of Parameters alone, such as W.T?"""
    return bool(entry.args) and all(isinstance(a, Parameter) for a in entry.args)


def _boxed(step: Step) -> bool:
    return any(group.kind == "dense" for group in step.groups)


def typical_column(layers: Layers, layer: Layer) -> int:
    """Return the column of the first step that reads what a step made.

    If that is the last one too, it may hand on less; then one is drawn that does not.
    """
    band = next(each for each in layers if each.band == layer.band)
    second = band.columns[min(1, len(band.columns) - 1)]
    steps_at = {column: layer.at(column) for column in (second, *layer.columns)}
    whole = (
        column
        for column, step in steps_at.items()
        if step is not None and all(state.after is not None for state in step.states)
    )
    return next(whole, second)


def _unlike(layer: Layer) -> str:
    """Return why a layer is not one cell connected to itself; "" if it is."""
    name = before(layer)
    if len(layer.steps) < 2:
        return f"{name or 'the cell '}ran once"
    first, *others = ([*map(does, step.entries)] for step in layer.steps)
    if _in_order(others[-1], first):  # what nothing reads is not on the tape
        others.pop()
    differs = [
        s.t for s, other in zip(layer.steps[1:], others, strict=False) if other != first
    ]
    if differs:
        return f"{name}t = {differs[0]} differs from t = {layer.steps[0].t}"
    cut = [b.t for a, b in itertools.pairwise(layer.steps) if _is_cut(a, b)]
    if cut:
        times = ", ".join(map(str, cut[:MANY])) + (", …" if len(cut) > MANY else "")
        return f"{name}what comes in at t = {times} is not what the step before made"
    return ""


def _is_cut(step: Step, later: Step) -> bool:
    """Does the later of two steps begin with a leaf, not with what was handed on?"""
    return any(
        b.before is not None and b.before is not a.after and b.before.primitive is None
        for a, b in zip(step.states, later.states, strict=True)
    )


def _in_order(some: Iterable[object], every: Iterable[object]) -> bool:
    rest = iter(every)
    return all(each in rest for each in some)


# --------------------------------------------------------------------- what is left out


@reading
def _gaps_of(tape: Tape) -> dict[int, list[range]]:
    """Return the columns that may be left out in each band."""
    layers = layers_of(tape)
    return {
        band: _gaps([layer for layer in layers if layer.band == band])
        for band in range(layers.bands)
    }


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
    entries = (step.entries for step in layer.steps)
    found = runs({(): dict(enumerate(entries))})
    return {layer.columns[i] for run in found for i in run.times}


def _closed(
    layer: Layer, columns: Sequence[int], example: Step, like: Plan | None
) -> Closed:
    """Return the box of one time step, or of several that repeat each other."""
    found = zip(layer.columns, layer.steps, strict=True)
    inside = [step for column, step in found if column in columns]
    first, last, many = inside[0].t, inside[-1].t, len(inside)
    same = _in_order(map(does, inside[0].entries), map(does, example.entries))
    as_it = f"as t = {example.t}" if same else f"unlike {example.t}"
    as_it = as_it if like else fitting(layer.name, 4.7)
    if many == 1:
        return Closed(inside, Label("", f"t = {first}", as_it), f"t = {first}", like)
    says = (
        f"{many} time steps, t = {first} to {last}: the same primitives and the same "
        f"Parameters as t = {example.t}"
    )
    words = Label("…", "", f"{many} steps\n{first} … {last}\n{as_it}")
    return Closed(inside, words, says, like)


def _closed_layer(layer: Layer, step: Step) -> Closed:
    """Return the box of a layer, of which a page does not hold more."""
    many = len(weights(step.entries))
    words = Label("", layer.name, f"{many} Parameters")
    return Closed([step], words, layer.name, width=14)


def _closed_layers(layers: Layers, many: int | None) -> list[tuple[Layer, str]]:
    closed = list(layers)[many:] if many is not None else []
    return [(layer, "a box, for a page does not hold more") for layer in closed]
