"""Letters: what the entries of a tape are called on a blackboard.

A name given in the program, `W_f`, is a letter with a subscript. The time step comes
from the scope in which it was recorded. Where several values have one name (two layers,
two uses of a layer), they get a mark, f^(1) and f^(2), in the order of the tape. A leaf
called c_0 is the letter c at time 0, if there is a letter c in time. What has no name
is t_7 for step 7 of the tape, and in time u_2 for the second such step of its part of
the model, so that it has the same name at every time.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import TypeAlias

from minigrad.context import Scope
from minigrad.deriving.formula import Letter
from minigrad.structure.loops import times, without_times
from minigrad.tape import Tape
from minigrad.tensor import Tensor

Part: TypeAlias = tuple[str, ...]  # of the model: its labels, without times
Owner: TypeAlias = tuple[tuple[Part, bool], int]  # part, outside time?, which use
BAR = "\N{COMBINING MACRON}"


def letters(tape: Tape, also: Iterable[Tensor] = ()) -> dict[Tensor, Letter]:
    """Return a letter for every leaf, every named step, and the steps in `also`.

    >>> with mg.scope("LSTM", 3):
    ...     f = mg.Tensor([0.5], name="f")
    >>> letters(mg.Tape(f))[f]
    Letter(name='f', subscript='', mark='', time=3, bar=False, of=(1,))
    """
    lettered = set(also)
    plain, nameless = {}, Counter[Scope]()
    for position, step in enumerate(tape):
        time = time_of(step)
        nameless[step.scope] += not step.name
        if step.name or step.primitive is None or step in lettered:
            own = f"t_{position}" if time is None else f"u_{nameless[step.scope]}"
            name, subscript = _parsed(step.name or own)
            plain[step] = Letter(name, subscript, time=time, of=step.shape)
    _at_time_zero(plain)
    _not_the_time(plain)
    return _with_marks(plain)


def time_of(step: Tensor) -> int | None:
    """Return the time step in which an entry was recorded: the innermost."""
    return next(reversed(times(step.scope)), None)


def meanings_of_marks(letters: dict[Tensor, Letter]) -> dict[str, str]:
    """Say, for each mark, in which part of the model the letters are that bear it.

    Parts that bear one name are numbered, as their marks are.
    """
    places: dict[str, dict[str, None]] = {}
    made = [step for step, letter in letters.items() if letter.mark and step.primitive]
    for step in made or letters:
        place, mark = ".".join(_owner(step)), letters[step].mark
        if mark and place:
            places.setdefault(mark, {})[place] = None
    meanings = {mark: _common(list(found)) for mark, found in places.items()}
    several = Counter(meanings.values())
    return {
        mark: f"{place}, number {mark} on the tape" if several[place] > 1 else place
        for mark, place in meanings.items()
    }


def _common(places: list[str]) -> str:
    """Return the part of the model that these places have in common, or them all."""
    parts = [place.split(".") for place in places]
    shared = [
        level[0]
        for level in itertools.takewhile(
            lambda level: len(set(level)) == 1, zip(*parts, strict=False)
        )
    ]
    return ".".join(shared) or ", ".join(places)


def _parsed(name: str) -> tuple[str, str]:
    """Part a name: `cell.forget.W_f` is W with subscript f.

    Signs that would be read as mathematics are dropped: "a-b" is no difference.
    """
    name = name.rpartition(".")[2] or name
    name, below, subscript = name.partition("_")
    tilde = "~" if name.endswith("~") else ""
    if not name or not subscript:
        return _without_signs(name + below + subscript) + tilde, ""
    minus = "-" if re.fullmatch("-[0-9]+", subscript) else ""
    return _without_signs(name) + tilde, minus + _without_signs(subscript)


def _without_signs(name: str) -> str:
    kept = [
        sign
        for sign in unicodedata.normalize("NFD", name)
        if sign in "_'" or unicodedata.category(sign)[0] in "LNM" or sign > "\uffff"
    ]
    return unicodedata.normalize("NFC", "".join(kept).replace(BAR, "")) or "?"


def _at_time_zero(plain: dict[Tensor, Letter]) -> None:
    """Read h_0, and h_-1 too, as h before the first time."""
    in_time = {
        (letter.name, letter.subscript)
        for letter in plain.values()
        if letter.time is not None
    }
    for step, letter in plain.items():
        begins = re.fullmatch("0|-[0-9]+", letter.subscript) and letter.time is None
        if begins and (letter.name, "") in in_time:
            plain[step] = Letter(letter.name, time=int(letter.subscript), of=letter.of)


def _not_the_time(plain: dict[Tensor, Letter]) -> None:
    """Write t′ for a value that the program called t, where t is the time."""
    if any(letter.time is not None for letter in plain.values()):
        for step, letter in plain.items():
            if (letter.name, letter.subscript) == ("t", ""):
                plain[step] = replace(letter, name="t'")


def _with_marks(plain: dict[Tensor, Letter]) -> dict[Tensor, Letter]:
    """Tell letters of one name and time apart."""
    owners: dict[tuple[str, str], list[Owner]] = {}
    owner_of: dict[Tensor, tuple[tuple[str, str], Owner]] = {}
    seen: set[object] = set()
    for step, letter in plain.items():
        name = (letter.name, letter.subscript)
        known = owners.setdefault(name, [])
        owner: Owner = ((_owner(step), letter.time is None), 0)
        if step.primitive is None and isinstance(letter.time, int) and letter.time <= 0:
            owner = _who_begins(step, plain, letter) or owner
        while (name, owner, letter.time) in seen:  # the same part again: its next use
            owner = (owner[0], owner[1] + 1)
        seen.add((name, owner, letter.time))
        if owner not in known:
            known.append(owner)
        owner_of[step] = name, owner
    marked = {}
    for step, letter in plain.items():
        name, owner = owner_of[step]
        several = len(owners[name]) > 1
        mark = str(owners[name].index(owner) + 1) if several else ""
        marked[step] = Letter(
            letter.name, letter.subscript, mark, letter.time, of=letter.of
        )
    return marked


def _owner(step: Tensor) -> Part:
    """Return the part of the model that made an entry, whatever the time."""
    if step.primitive is None and getattr(step, "path", None):
        return (step.path,)  # type: ignore[attr-defined]
    return without_times(step.scope)


def _who_begins(
    step: Tensor, plain: dict[Tensor, Letter], letter: Letter
) -> Owner | None:
    """Return the part of the model whose values this one, at time 0, begins."""
    mine = _owner(step)
    for other, its in plain.items():
        if (its.name, its.subscript) == (letter.name, letter.subscript):
            theirs = _owner(other)
            if other.primitive and its.time is not None and theirs[: len(mine)] == mine:
                return (theirs, False), 0
    return None
