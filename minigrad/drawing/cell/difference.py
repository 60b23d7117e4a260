"""A variant beside another cell: what both have is grey, what one has is coloured.

    mg.draw([y_of_variant, y_of_vanilla], view="difference")

Two cells are read box by box and circle by circle. Which part of the one is which part
of the other? First come those that compute the same from the same; then boxes whose
Parameters have the same names and shapes; then boxes with the same W, as a gate with a
peephole is a gate; then, in the order of the tapes, whatever has the same primitive and
reads as many values.

    common    found in both, and reads the same
    rewired   found in both, and reads something else
    new       on the left only
    missing   on the right only

Where a part that is new stands in the place of one that is missing (a deeper forget
gate for a plain one), it is its **substitute**: who reads it is not rewired. A wire to
a part of both cells that only one of them has, such as that of a peephole, has that
cell's colour.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from minigrad.drawing.cell.row_of_cells import Row
from minigrad.drawing.cell.wire_routing import Plan, plan
from minigrad.drawing.legend import sign, swatch
from minigrad.drawing.sheet import Sheet
from minigrad.drawing.styles import COMMON, MISSING, NEW, REWIRED, STYLES, Style
from minigrad.drawing.view import NotPlaced, label
from minigrad.drawing.words import by_name, order_matters, shape_text
from minigrad.messages import explained
from minigrad.structure.consumers import tensors, weights
from minigrad.structure.loops import name_in_time
from minigrad.structure.parts import DENSE, JOIN, SEVERAL, Part
from minigrad.structure.time_steps import Step, steps
from minigrad.tape import Tape
from minigrad.tensor import Tensor


def difference_sheets(tape: Tape) -> Iterator[Sheet]:
    """Yield both cells beside each other, the first output's on the left; then above.

    Raises ValueError unless there are two outputs, and NotPlaced for what
    cannot be drawn as a cell.
    """
    if len(tape.outputs) != 2:
        raise _not_two(tape)
    tapes = [Tape(output) for output in tape.outputs]
    found = [steps(each) for each in tapes]
    plans = [plan(each[min(1, len(each) - 1)]) for each in found]
    variant, vanilla = plans
    if variant is None or vanilla is None:
        bare = [said for cell, said in zip(plans, by_name(tape.outputs), strict=True)
                if cell is None]  # fmt: skip
        which = f"{' and '.join(bare)} {'is' if len(bare) == 1 else 'are'}"
        raise NotPlaced(f"{which} no cell that can be drawn, so nothing is compared")
    marks = compared(variant.step, vanilla.step)
    wires = _only_here(variant.step, vanilla.step, marks)
    left, right = (
        _marked(each, cell, styles, only_here, alone)
        for each, cell, styles, only_here, alone in zip(
            tapes, (variant, vanilla), marks, wires, (NEW, MISSING), strict=True
        )
    )
    for above in (False, True):
        sheet = _joined(left, right, above)
        for only_here, style in zip(wires, (NEW, MISSING), strict=True):
            if only_here:
                says = f"a wire that is {style.legend}"
                sheet.entries[says] = sign("━━", style.border), says
        sheet.notes.append(_counted([s for side in marks for s in side.values()]))
        yield sheet


def _counted(styles: list[Style]) -> str:
    """Say how many parts differ."""
    counts = {
        "only in the first": styles.count(NEW),
        "only in the second": styles.count(MISSING),
        "in both, but reading something else": styles.count(REWIRED) // 2,
    }
    counted = [f"{count} {what}" for what, count in counts.items() if count]
    return f"parts that differ: {', '.join(counted) or 'none'}"


Wires = list[tuple[Part, Tensor]]  # what a part reads


def _only_here(
    one: Step, other: Step, marks: tuple[dict[Part, Style], dict[Part, Style]]
) -> tuple[Wires, Wires]:
    """Return for both cells the wires to common boxes that the other has not.

    Boxes are told by their W, and what they read by the letter of its name.
    """
    reads = []
    for step, styles in zip((one, other), marks, strict=True):
        found: dict[object, dict[str, tuple[Part, Tensor]]] = {}
        for group, word in _matrices(step).items():
            if styles[group] is REWIRED:
                letters = {(v.name or "").partition("_")[0]: (group, v)
                           for v in _values(group)}  # fmt: skip
                found[word] = letters
        reads.append(found)
    left, right = (
        [
            wire
            for word in mine.keys() & yours.keys()
            for letter, wire in mine[word].items()
            if letter and letter not in yours[word]
        ]
        for mine, yours in (reads, reads[::-1])
    )
    return left, right


def compared(one: Step, other: Step) -> tuple[dict[Part, Style], dict[Part, Style]]:
    """Return for the parts of two cells whether they are common, rewired or alone.

    >>> import minigrad as mg
    >>> cells = [mg.tanh(mg.Tensor(0.5, name="x")), mg.exp(mg.Tensor(0.5, name="x"))]
    >>> found = compared(*(steps(mg.Tape(each))[0] for each in cells))
    >>> [style.legend for side in found for style in side.values()]
    ['only in the first', 'only in the second']
    """
    pairs = list(_pairs(one, other))
    known = {group for pair in pairs for group in pair}
    alone = [[g for g in step.groups if g not in known] for step in (one, other)]
    matcher = _matcher(*alone)
    substitutes: list[tuple[Part, Part]] = []
    for tag, a, b, c, d in matcher.get_opcodes():
        sides = alone[0][a:b], alone[1][c:d]
        if tag == "equal":
            pairs += zip(*sides, strict=True)
        elif tag == "replace" and b - a == d - c:
            substitutes += zip(*sides, strict=True)
    places = {group: i for i, pair in enumerate(pairs + substitutes) for group in pair}
    marks = dict.fromkeys(one.groups, NEW), dict.fromkeys(other.groups, MISSING)
    for left, right in pairs:
        same = _read(left, one, places) == _read(right, other, places)
        marks[0][left] = marks[1][right] = COMMON if same else REWIRED
    return marks


def _pairs(one: Step, other: Step) -> Iterator[tuple[Part, Part]]:
    """Yield what computes the same from the same; then boxes of the same Parameters."""
    known: dict[object, int] = {}
    whole = [_wholly(step, known) for step in (one, other)]
    done: set[Part] = set()
    steps_ = one, other
    for words in (whole, list(map(_boxes, steps_)), list(map(_matrices, steps_))):
        found: tuple[dict[object, list[Part]], ...] = {}, {}
        for side, named in zip(found, words, strict=True):
            for group, word in named.items():
                if group not in done:
                    side.setdefault(word, []).append(group)
        for word in (each for each in found[0] if each in found[1]):
            pairs = list(zip(found[0][word], found[1][word], strict=False))
            done.update(group for pair in pairs for group in pair)
            yield from pairs


def _wholly(step: Step, known: dict[object, int]) -> dict[Part, object]:
    """Number what parts compute, from the inputs up: equal computations alike."""
    numbers: dict[Part, int] = {}
    for group in step.groups:
        word = _word(group), tuple(_read(group, step, numbers))
        numbers[group] = known.setdefault(word, len(known))
    return dict(numbers)


def _boxes(step: Step) -> dict[Part, object]:
    return {group: _word(group) for group in step.groups if weights(group.entries)}


def _matrices(step: Step) -> dict[Part, object]:
    """Return for each box its activation and its W, whatever else is in it."""
    words: dict[Part, object] = {}
    for group in step.groups:
        found = [(e.name, e.shape) for e in weights(group.entries) if e.ndim == 2]
        if group.kind == DENSE and found:
            words[group] = label(group).symbol, tuple(found)
    return words


def _matcher(one: list[Part], other: list[Part]) -> SequenceMatcher[object]:
    words = [[_word(group) for group in groups] for groups in (one, other)]
    return SequenceMatcher(a=words[0], b=words[1], autojunk=False)


def _word(group: Part) -> tuple[object, ...]:
    """Describe a part, without what is particular to its tape."""
    own = tuple((each.name, each.shape) for each in weights(group.entries))
    return group.kind, label(group).symbol, own, len(list(_values(group)))


def _values(group: Part) -> Iterator[Tensor]:
    own = set(group.entries)
    return (arg for e in group.entries for arg in tensors(e) if arg not in own)


def _read(group: Part, step: Step, places: dict[Part, int]) -> Sequence[object]:
    """Return what a part reads, in words that the other cell would use too."""
    maker = {entry: each for each in step.groups for entry in each.entries}
    found: list[object] = []
    for value in _values(group):
        if value in maker:
            found.append(str(places.get(maker[value], "of its own")))
        else:  # x, y or c: of whichever time step
            found.append((value.name or "").partition("_")[0])
    row = group.entries[-1].primitive
    ordered = len(group.entries) > 1 or row is None or order_matters(row)
    return found if ordered else sorted(map(str, found))


def _marked(
    tape: Tape, cell: Plan, marks: dict[Part, Style], wires: Wires, alone: Style
) -> Sheet:
    row = Row(tape, [cell])
    for group, value in wires:
        says = f"{name_in_time(value)} {shape_text(value)}"
        for _, head, look in row.sheet.edges:
            if head == row.ids[group] and look["tooltip"] == says:
                look.update(color=alone.border, penwidth="3")
    for group, style in marks.items():
        row.sheet.restyle(row.ids[group], style, "1" if style is COMMON else "3")
    dashed = {row.ids[group] for group, style in marks.items() if style is REWIRED}
    for id, _, _, look in row.sheet.nodes:
        if id in dashed:
            look["style"] = "filled,dashed"
    return row.sheet


def _joined(first: Sheet, second: Sheet, above: bool) -> Sheet:
    """Put one sheet to the left of another, or above it."""
    sheet = Sheet()
    (_, low), (right, _) = first.bounds()
    (left, _), (_, high) = second.bounds()
    sheet.add(first, "a", (0.0, 0.0))
    sheet.add(
        second, "b", (0.0, low - high - 48) if above else (right - left + 48, 0.0)
    )
    for kind in (DENSE, "elementwise", JOIN, SEVERAL):  # not to be seen
        sheet.entries.pop(STYLES[kind].legend, None)
    if REWIRED.legend in sheet.entries:
        mark = swatch(REWIRED.fill, REWIRED.border, border=2, dashed=True)
        sheet.entries[REWIRED.legend] = mark, REWIRED.legend
    return sheet


def _not_two(tape: Tape) -> ValueError:
    return explained(
        ValueError,
        f"draw(..., view='difference') of {len(tape.outputs)}",
        by_name(tape.outputs),
        "a difference is between two cells, each given by an output.",
        "draw([y_of_the_variant, y_of_the_other], view='difference').",
    )
