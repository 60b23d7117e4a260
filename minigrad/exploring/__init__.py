"""`mg.explore(output, "graph.html")`: walk through a tape in a browser.

One page, which needs no network: forward and backward through the tape, one primitive
at a time, with each value and cotangent, the equations in letters and in numbers, what
every use contributes, what was checked or proved, and the line of the program.

    data.py      what each step says          sums.py      what every use contributes
    mathml.py    formulas for a browser       tables.py    arrays as small tables
    step_panels.py   a step as HTML           picture.py   the drawing, open and closed
    tape_data.py     the tape as data; engine.js, which runs it again
    html_page.py     page.html, style.css and the scripts made one file

    walk.js      one step at a time       pictures.js   what is lit, zoom, hovering
    numbers.js   tables and colours       training.js   a number that is changed
"""

from __future__ import annotations

import html
import os
from pathlib import Path
from typing import Any

from minigrad.console import shown
from minigrad.files import as_path, write_whole
from minigrad.habits import taught
from minigrad.messages import explained
from minigrad.questions import chosen_inputs, tape_of
from minigrad.tape import Tape
from minigrad.tensor import Tensor

__all__ = ["explore"]

PAGES = (".html", ".htm")


class Page:
    """What `explore` returns without a path: shown in a notebook, and saved if asked.

    html   the whole page, as one document
    title  what it says at its top
    """

    def __init__(self, text: str, title: str) -> None:
        self.html, self.title = text, title

    def __repr__(self) -> str:
        return shown(f'<Page: {self.title}; .save("page.html") writes it>')

    def _repr_html_(self) -> str:
        """Return the page in a frame: its style and its keys concern nothing else.

        Its links lead to its own steps. Without a base they would lead to the notebook.
        """
        own = self.html.replace("<head>", '<head><base href="about:srcdoc">', 1)
        return (
            f'<iframe title="{html.escape(self.title)}" srcdoc="{html.escape(own)}" '
            'style="width: 100%; height: 52rem; border: 1px solid #8888"></iframe>'
        )

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the page, all or nothing; return its path, which ends in .html."""
        return write_whole(_path(path), self.html.encode())


@taught
def explore(
    output: Any,
    path: str | os.PathLike[str] | None = None,
    wrt: Any = None,
    *,
    prove: bool = False,
    max_steps: int = 300,
    max_numbers: int = 60,
) -> Path | Page:
    """Write a page on which the tape of `output` can be walked; return its path.

    output        a Tensor, or a structure of some: what a layer returns. A single
                  number is a loss; the cotangent of anything else is taken to be 1 in
                  every entry.
    path          of the file, which ends in .html; folders are made, an old file is
                  replaced as a whole. Without a path the page itself is returned: a
                  notebook shows it, and `.save(path)` writes it.
    wrt           whose cotangents are asked for: a Tensor, a Module, or a structure of
                  such; every leaf of the tape if None
    prove         also run `mg.prove`, and show the certificate or the refutation
    max_steps     of a tape with more entries, repeated time steps are left out
    max_numbers   an array with more is summarised

    The source line of each step is shown if it was recorded under `mg.checked()`.

    >>> import tempfile, minigrad as mg
    >>> w, x = mg.Tensor(0.75, name="w"), mg.Tensor(2.0, name="x")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     explore(mg.tanh(w * x), folder + "/graph.html").name
    'graph.html'

    Raises TypeError for what is no Tensor or no path, ValueError for another suffix, a
    tape without a record, a `wrt` that is not on it or one that stays longer than
    `max_steps`, and OSError if the file cannot be written.
    """
    path = None if path is None else _path(path)
    tape, inputs = _question(output, wrt)
    shown, remarks = _shown(tape, max_steps)
    from minigrad.exploring.data import Exploration
    from minigrad.exploring.html_page import page
    from minigrad.exploring.proof_panel import proof_of

    names = [each.name or "the output" for each in tape.outputs]
    how = f"How {' and '.join(names)} {'was' if len(names) == 1 else 'were'} computed"
    if not any(step.witness for step in tape):
        remarks.append("Source lines are kept under `with mg.checked():` only.")
    text = page(
        Exploration(tape, inputs, [tape.steps[k] for k in shown]),
        how,
        shown,
        remarks,
        proof_of(tape, inputs if wrt is not None else None, prove),
        max_numbers,
    )
    made = Page(text, how)
    return made if path is None else made.save(path)


def _path(path: str | os.PathLike[str]) -> Path:
    asked = f"explore(output, {str(path)!r})"
    page = as_path(path, asked)
    if page.suffix.lower() in PAGES:
        return page
    raise explained(
        ValueError,
        asked,
        f"what is written is a page in HTML, and the suffix "
        f"{page.suffix or '(none)'} says something else.",
        f"end the name in .html: {page.with_suffix('.html').name!r}.",
    )


def _question(output: Any, wrt: Any) -> tuple[Tape, list[Tensor]]:
    tape = tape_of(output, "explore")
    asked = "explore(output, path)"
    why = ", so no cotangent ever reaches it."
    return tape, chosen_inputs(tape, wrt, "explore", asked, why)


def _shown(tape: Tape, max_steps: int) -> tuple[set[int], list[str]]:
    """Return the positions that the page shows, and sentences on what it does not."""
    shown = set(range(len(tape)))
    if len(tape) <= max_steps:
        return shown, []
    from minigrad.exploring.html_page import left_out

    inside, notes = left_out(tape)
    shown -= inside
    if len(shown) <= max_steps:
        remarks = (f"{note[0].upper()}{note[1:]}." for note in notes)
        return shown, [f"{len(inside)} of them are not shown.", *remarks]
    stay = f"{len(shown)} stay when repeated time steps are left out"
    raise explained(
        ValueError,
        f"explore of a tape of {len(tape)} entries",
        {"output": tape.outputs[0]},
        f"more than max_steps={max_steps} are tedious to walk through, and "
        f"{stay if inside else 'there are no repeated time steps to leave out'}.",
        "explore a part (explore(state.c, path)) or fewer time steps; run what a "
        "loop does at step t `with mg.scope(t):`, then equal steps are left out; "
        f"or give max_steps={len(shown)}.",
    )
