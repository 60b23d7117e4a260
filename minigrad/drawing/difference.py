"""A variant beside another cell: what both have is grey, what one has is coloured.

    mg.draw([y_of_variant, y_of_vanilla], view="difference")

Two cells are read box by box and circle by circle, in the order of their tapes. A part
of one is **common** if the other has, in the same order, a part with the same primitive
and Parameters of the same names and shapes that reads as many values. What is left is
new on the left, and missing on the right.
"""

from __future__ import annotations

from difflib import SequenceMatcher

from minigrad.drawing.cell import Plan, plan
from minigrad.drawing.cells import Row
from minigrad.drawing.sheet import Sheet
from minigrad.drawing.styles import COMMON, MISSING, NEW, STYLES, Style
from minigrad.drawing.sublayers import by_structure, weights
from minigrad.drawing.time_steps import steps
from minigrad.drawing.view import DENSE, JOIN, VIEWS, Group, View
from minigrad.messages import explain, user_line
from minigrad.tape import Tape


def difference_sheet(tape: Tape) -> Sheet | None:
    """Return both cells side by side, the first output's on the left.

    Raises ValueError unless there are two outputs.
    """
    if len(tape.outputs) != 2:
        raise _not_two(tape)
    tapes = [Tape(output) for output in tape.outputs]
    found = [steps(each) for each in tapes]
    plans = [plan(each[min(1, len(each) - 1)]) for each in found]
    variant, vanilla = plans
    if variant is None or vanilla is None:
        return None
    words = [_words(each) for each in (variant, vanilla)]
    matcher = SequenceMatcher(a=words[0], b=words[1], autojunk=False)
    common = [block for block in matcher.get_matching_blocks() if block.size]
    same = [{b.a + i for b in common for i in range(b.size)}]
    same.append({b.b + i for b in common for i in range(b.size)})
    sheets = [
        _marked(each_tape, each, kept, style)
        for each_tape, each, kept, style in zip(
            tapes, (variant, vanilla), same, (NEW, MISSING), strict=True
        )
    ]
    new, missing = (
        len(all_) - len(kept) for all_, kept in zip(words, same, strict=True)
    )
    sheet = _beside(*sheets)
    sheet.notes.append(f"left: {new} new; right: {missing} missing on the left")
    return sheet


def _words(cell: Plan) -> list[tuple[object, ...]]:
    return [_word(cell, group) for group in cell.step.groups]


def _word(cell: Plan, group: Group) -> tuple[object, ...]:
    """Describe a part, without what is particular to its tape."""
    own = tuple((each.name, each.shape) for each in weights(group.entries))
    return group.kind, group.label.symbol, own, len(cell.reads[group])


def _marked(tape: Tape, cell: Plan, same: set[int], style: Style) -> Sheet:
    row = Row(tape, [cell])
    for i, group in enumerate(cell.step.groups):
        chosen = COMMON if i in same else style
        row.sheet.restyle(row.ids[group], chosen, "3" if chosen is style else "1")
    return row.sheet


def _beside(left: Sheet, right: Sheet) -> Sheet:
    """Put one sheet to the right of another."""
    sheet = Sheet()
    aside = left.bounds()[1][0] - right.bounds()[0][0] + 48
    sheet.add(left, "a", 0.0)
    sheet.add(right, "b", aside)
    for kind in (DENSE, "elementwise", JOIN):  # colours that are not to be seen
        sheet.entries.pop(STYLES[kind].legend, None)
    return sheet


def _not_two(tape: Tape) -> ValueError:
    return ValueError(
        explain(
            f"draw(..., view='difference') of {len(tape.outputs)}, at {user_line()}",
            {each.name or "output": each for each in tape.outputs},
            "a difference is between two cells, each given by an output.",
            "draw([y_of_the_variant, y_of_the_other], view='difference').",
        )
    )


VIEWS["difference"] = View(
    "what does a variant change?", by_structure, difference_sheet
)
