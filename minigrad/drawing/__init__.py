"""Pictures of a tape, drawn by Graphviz.

In a notebook `mg.draw(loss)` is the picture; anywhere else:

    mg.draw(loss).save("loss.pdf")        or .svg, .png, .dot
    mg.draw(loss).dot                     the text, with no renderer at all

The files, in the order of the argument:

    words.py     what a picture says         view.py      which entries make one node
    project.py   nodes, arrows, clusters     fold.py      what a page does not hold
    styles.py    what it looks like          legend.py    what the looks mean
    dot.py       all that as DOT text        canvas.py    what all graphs have
    estimate.py  how large it will be        safe.py      text made safe, and its size

    sheet.py     DOT text with places        curves.py    wires with round corners
    cell/        a cell as its parts stand: gate, unrolled, folded, difference, and
                 run backwards: cotangents
    neuron/      dots and lines: neuron
    backward/    forward and backward: backward
    dense_and_layer_views.py                 views.py     the table of all views

    render.py    which program paints it     paper.py     pdf and png from svg
    drawing.py   what the user holds         centred.py   words in the middle
    failure.py   a program that raised       opening.py   named functions, open
    free_words.py    words with no line through them

What is known of a tape's structure is read in `minigrad.structure`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from minigrad.drawing.cell.recurrent import default
from minigrad.drawing.drawing import Drawing
from minigrad.drawing.failure import first_words, with_failure
from minigrad.drawing.fold import MOST, Drawn, Folding, pictures
from minigrad.drawing.opening import Names, with_open_functions
from minigrad.drawing.paper import fitted
from minigrad.drawing.render import NotRendered
from minigrad.drawing.safe import SMALL
from minigrad.drawing.sheet import Sheet
from minigrad.drawing.view import Group, View
from minigrad.drawing.views import VIEWS
from minigrad.drawing.words import Label, by_name
from minigrad.habits import taught
from minigrad.messages import explained
from minigrad.questions import tape_of
from minigrad.recorded import recording

__all__ = ["VIEWS", "Drawing", "Group", "Label", "NotRendered", "View", "draw"]


@taught
def draw(
    output: Any,
    view: str | None = None,
    *,
    open: Names = False,
    fold: bool = True,
    legend: bool = True,
    renderer: str | None = None,
) -> Drawing:
    """Return a picture of the tape of `output`: how it was computed.

    output      a Tensor, or a structure of some: what a layer returns, (y, state); or
                what `mg.recording()` noted of a program that raised; or what
                `mg.compile` returned, whose picture has a frame for each loop
    view        "gate", "unrolled", "folded" draw a recurrent cell; "op" has a node for
                every primitive that ran; `VIEWS` lists all with what they answer; by
                default "gate" if there is a cell to draw, else "op"; of what
                `mg.compile` returned, "before" or the name of a rewrite
    open        the names of functions to look into, or True for all: "softmax" is a
                frame around what it recorded, where it would be one node
    fold        a picture whose words could not be read on a page of A4 is folded, and
                says so: equal time steps first, then all but one, gates, layers
    legend      explain colours and shapes below the picture
    renderer    "dot", "graphviz-pure" or a program like them; by default what is there

    >>> import minigrad as mg
    >>> a, b = mg.Tensor(3.0, name="a"), mg.Tensor(2.0, name="b")
    >>> draw(a - b * b)
    <Drawing: 4 nodes, 4 arrows, view 'op'>

    Raises TypeError for what is no Tensor, and ValueError for no outputs at all, for an
    unknown view or function, for a tape without a record or one that stays too large.
    """
    if hasattr(type(output), "drawn"):  # a compiled program
        program: Drawing = output.drawn(view, renderer)
        return program
    noted = output if isinstance(output, recording) else None
    tape = tape_of(output, "draw") if noted is None else noted.tape()
    named, alone = by_name(tape.outputs), len(tape.outputs) == 1
    names = "the output" if list(named) == ["output"] else " and ".join(named)
    how = f"How {names} {'was' if alone else 'were'} computed"
    description = f"{how}: a tape of {len(tape)} steps"
    if view is None:
        is_op = open is not False or (noted is not None and noted.failure)
        view = "op" if is_op else default(tape)
    chosen = _known(view, named)
    if open is not False:
        chosen = with_open_functions(chosen, view, tape, open)
    notes: tuple[str, ...] = ()
    if noted is not None and noted.failure is not None:
        chosen = with_failure(chosen, noted.failure)
    if noted is not None and noted.error is not None:
        notes = (f"it ended here: {first_words(noted.error)}",)
    ways = pictures(chosen, tape, notes)
    drawn = _on_a_page(ways, chosen.least, legend) if fold else next(ways).draw()
    if fold and not isinstance(drawn, Sheet) and len(drawn.nodes) > MOST:
        raise _too_large(len(drawn.nodes), named)
    summary = f"{len(drawn.nodes)} nodes, {len(drawn.edges)} arrows, view {view!r}"
    return Drawing(drawn.dot_text(how, legend), summary, description, renderer)


def _on_a_page(ways: Iterator[Folding], least: float, legend: bool) -> Drawn:
    """Return the least folded picture that is readable on a page, or the largest."""
    best = None
    for way in ways:
        if way.nodes > MOST and best is None:
            last = way
            continue
        drawn = way.draw()
        _, scale = fitted(drawn.size(legend))
        if SMALL * scale >= least:
            return drawn
        if best is None or scale >= best[0]:
            best = scale, drawn
    return best[1] if best else last.draw()


def _known(view: str, named: dict[str, Any]) -> View:
    if isinstance(view, str) and view in VIEWS:
        return VIEWS[view]
    choices = ", ".join(f'"{name}" ({each.answers})' for name, each in VIEWS.items())
    raise explained(
        ValueError,
        f"draw(output, view={view!r})",
        named,
        "there is no view of that name.",
        f"choose {choices}, or enter your own in minigrad.drawing.VIEWS.",
    )


def _too_large(nodes: int, named: dict[str, Any]) -> ValueError:
    return explained(
        ValueError,
        f"draw of {nodes} nodes",
        named,
        f"more than {MOST} cannot be read, and Graphviz may need hours; time "
        "steps, gates and layers are folded already.",
        "draw a part (draw(state.c)) or fewer time steps; run what a loop does at "
        "step t `with mg.scope(t):`, then equal steps are folded; or give "
        "fold=False, and all of them are drawn.",
    )
