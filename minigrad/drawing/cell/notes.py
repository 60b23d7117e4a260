"""What is said of recurrent layers: titles of frames, and the notes below a picture.

A note says what holds of the layers it names, and what the picture does not show: which
steps are left out, what an input holds where no wire says it, what lies outside.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from minigrad.context import path
from minigrad.drawing.cell.links import Links, Shown
from minigrad.structure.consumers import weights
from minigrad.structure.layers import Layer, Layers, name_of
from minigrad.structure.loops import times
from minigrad.structure.time_steps import Step
from minigrad.tape import Tape
from minigrad.tensor import Tensor


def before(layer: Layer) -> str:
    """Return a layer's name as the beginning of a sentence."""
    return f"{layer.name}: " if layer.name else ""


def title(layer: Layer, step: Step) -> str:
    """Say which layer and which step; and where in time, if it runs backward."""
    if step.t is None:
        return str(step.scope[-1]) if step.scope else ""
    reads = [layer.read[value] for value in step.inputs if value in layer.read]
    own = all(name_of(first) == name_of(value) for value, first in layer.read.items())
    place = (
        f", reads {name_of(reads[0])}" if layer.backward and reads and not own else ""
    )
    return f"{before(layer)}t = {step.t}{place}"


def span(layer: Layer, step: Step) -> str:
    """Say which layer, and which steps all are this one."""
    return f"{before(layer)}t = {layer.steps[0].t} … {layer.steps[-1].t}"


def shared(layer: Layer) -> str:
    """Say that all steps of a layer read the same Parameters, if they do."""
    sets = {frozenset(weights(step.entries)) for step in layer.steps}
    if len(layer.steps) < 2 or len(sets) > 1:
        return ""
    count = len(sets.pop())
    return f"all {len(layer.steps)} time steps read the same {count} Parameters"


def merged_notes(
    found: Iterable[tuple[Layer, str]],
    tape: Tape,
    layers: Layers,
    links: Links,
) -> list[str]:
    """Return the notes, one for all layers of which it is true."""
    about: dict[str, list[str]] = {}
    back = "runs from right to left: it reads the last input first"
    turned = [(layer, back) for layer in layers if layer.backward]
    for layer, note in [*found, *_input_notes(layers, links.rows), *turned]:
        about.setdefault(note, []).append(layer.name)
    notes = [
        f"{', '.join(dict.fromkeys(names))}: {note}" if any(names) else note
        for note, names in about.items()
        if note
    ]
    return [*notes, *_outside(tape, layers, links)]


def _input_notes(layers: Layers, rows: Sequence[Shown]) -> Iterator[tuple[Layer, str]]:
    """Say what inputs hold where no wire says it: outputs of layers, joined."""
    for row in rows:
        inputs = [value for cell in row.cells for value in cell.step.inputs]
        for value in inputs:
            if value in row.fed or value not in row.layer.fed:
                continue
            makers = row.layer.fed[value]
            words = [
                f"{maker.name or 'what'} of {layers.layer_of[maker].name}"
                for maker in makers
            ]
            name = (value.name or "the input").partition("_")[0]
            yield row.layer, f"{name} holds {' and '.join(dict.fromkeys(words))}"


def _outside(tape: Tape, layers: Layers, links: Links) -> list[str]:
    """Say what of the tape lies outside the time steps, and where."""
    inside: set[Tensor] = set(layers.between)
    for join in links.joins.values():
        inside.update(layers.carriers(join.value))
    for layer in layers:
        for step in layer.steps:
            inside.update(step.entries)
    rest = [
        entry
        for entry in tape
        if entry.primitive is not None
        and entry not in inside
        and not times(entry.scope)
    ]
    if not rest:
        return []
    parts: dict[str, list[str]] = {}
    for entry in rest:
        name = (entry.call or entry.primitive).name  # type: ignore[union-attr]
        parts.setdefault(path(entry.scope), []).append(name.replace("_", " "))
    counts = [
        _counted(names) + f" in {part}" * bool(part) for part, names in parts.items()
    ]
    where = ", ".join(counts[:3]) + ", …" * (len(counts) > 3)
    return [f"not drawn, outside the loop{'s' * (len(layers) > 1)}: {where}"]


def _counted(names: list[str]) -> str:
    """Return the names of what ran, or how much it was.

    >>> _counted(["stack"]), _counted(["sum", "sum"]), _counted(list("abcd"))
    ('stack', 'sum', '4 entries')
    """
    found = list(dict.fromkeys(names))
    return ", ".join(found) if len(found) < 4 else f"{len(names)} entries"
