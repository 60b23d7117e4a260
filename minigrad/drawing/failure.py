"""A program that raised, drawn as far as it came: what failed is a red node.

The node stands where its result would have stood, so one sees what it was given.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from minigrad.drawing.styles import RAISED
from minigrad.drawing.view import Group, View, no_sheets
from minigrad.drawing.words import Label, label_of
from minigrad.recorded import Failure
from minigrad.structure.parts import Part
from minigrad.tape import Tape


def with_failure(view: View, failure: Failure) -> View:
    """Return a view in which what failed is a node of its own that says why."""

    def groups(tape: Tape) -> Iterator[Part]:
        for part in view.groups(tape):
            if any(entry is failure.step for entry in part.entries):
                yield _node(failure)
            else:
                yield part

    return replace(view, groups=groups, sheets=no_sheets, graph=None)


def _node(failure: Failure) -> Group:
    symbol = label_of(failure.step).symbol
    says = first_words(failure.error)
    label = Label(symbol, "", f"could not compute\n{says}")
    return Group((failure.step,), failure.step.scope, RAISED, label, str(failure.error))


def first_words(error: BaseException) -> str:
    """Return the kind of an error, and why it was raised, in a line.

    >>> first_words(ZeroDivisionError("division by zero"))
    'ZeroDivisionError: division by zero'
    """
    text = str(error)
    why = re.search(r"^ *why +(.*)$", text, re.MULTILINE)
    line = why[1] if why else text.partition("\n")[0]
    return f"{type(error).__name__}: {line}".rstrip(": ")
