"""Named functions shown open: a frame with the name, and what ran inside.

A view that shows each call of a named function as one node opens those whose names it
is given. What a call lies in is opened, too: a log-softmax in its cross-entropy.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import partial

from minigrad.calls import names_of
from minigrad.drawing.view import View
from minigrad.drawing.words import by_name
from minigrad.messages import explained
from minigrad.tape import Tape

Names = str | Iterable[str] | bool


def with_open_functions(view: View, name: str, tape: Tape, names: Names) -> View:
    """Return a view, known by a name, in which the functions of these names are open.

    Raises ValueError for a name that is not on the tape, or a view without functions.
    """
    asked = f"draw(output, {name!r}, open={names!r})"
    found = by_name(tape.outputs)
    if not view.opens:
        why = f"the view {name!r} shows no named functions that could be opened."
        fix = f"draw(output, 'op', open={names!r}); or leave open= out."
        raise explained(ValueError, asked, found, why, fix)
    known = names_of(tape.steps)
    if isinstance(names, bool):
        names = known if names else []
    given = [names] if isinstance(names, str) else names
    chosen = [str(each).replace(" ", "_") for each in given]
    for each in chosen:
        if each not in known:
            there = f"there are {', '.join(known)}" if known else "there is none"
            why = f"no call of {each!r} is on this tape; of named functions {there}."
            fix = "name one of these, several in a list, or give True for all."
            if not known:
                fix = "leave open= out; @mg.composite gives a function its name."
            raise explained(ValueError, asked, found, why, fix)
    return replace(view, groups=partial(view.groups, opened=chosen))
