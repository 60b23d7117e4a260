"""Letters: what the entries of a tape are called on a blackboard.

A name given in the program, `W_f`, is a letter with a subscript. The time step comes
from the scope in which it was recorded. Where several values have one name (two layers,
two uses of a layer), they get a mark, f^(1) and f^(2), in the order of the tape. A leaf
called c_0 is the letter c at time 0, if there is a letter c in time.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
from typing import Any

from minigrad.symbolic.deriving.formula import Letter
from minigrad.tape import Tape
from minigrad.tensor import Tensor


def letters(tape: Tape, also: Iterable[Tensor] = ()) -> dict[Tensor, Letter]:
    """Return a letter for every leaf, every named step, and the steps in `also`.

    >>> import minigrad as mg
    >>> with mg.scope("LSTM", 3):
    ...     f = mg.Tensor([0.5], name="f")
    >>> letters(mg.Tape(f))[f]
    Letter(name='f', subscript='', mark='', time=3, bar=False, of=(1,))
    """
    wanted = set(also)
    plain = {}
    for position, step in enumerate(tape):
        if step.name or step.primitive is None or step in wanted:
            name, subscript = _parsed(step.name or f"t_{position}")
            plain[step] = Letter(name, subscript, time=time_of(step), of=step.shape)
    _at_time_zero(plain)
    return _marked(plain)


def time_of(step: Tensor) -> int | None:
    """Return the time step in which an entry was recorded: the innermost."""
    times = [label for label in step.scope if isinstance(label, int)]
    return times[-1] if times else None


def meanings_of_marks(letters: dict[Tensor, Letter]) -> dict[str, str]:
    """Say, for each mark, in which parts of the model the letters are that bear it."""
    places: dict[str, dict[str, None]] = {}
    for step, letter in letters.items():
        place = ".".join(_owner(step))
        if letter.mark and place:
            places.setdefault(letter.mark, {})[place] = None
    return {mark: _common(list(found)) for mark, found in places.items()}


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
    """Part a name: `cell.forget.W_f` is W with subscript f."""
    name = name.rpartition(".")[2] or name
    match = re.fullmatch(r"([^_]+)_(\w+)", name)
    return (match[1], match[2]) if match else (name, "")


def _at_time_zero(plain: dict[Tensor, Letter]) -> None:
    in_time = {
        (letter.name, letter.subscript)
        for letter in plain.values()
        if letter.time is not None
    }
    for step, letter in plain.items():
        begins = letter.subscript == "0" and letter.time is None
        if begins and (letter.name, "") in in_time:
            plain[step] = Letter(letter.name, time=0, of=letter.of)


def _marked(plain: dict[Tensor, Letter]) -> dict[Tensor, Letter]:
    """Tell letters of one name and time apart."""
    owners: dict[Any, list[Any]] = {}
    owner_of: dict[Tensor, Any] = {}
    seen: set[Any] = set()
    for step, letter in plain.items():
        name = (letter.name, letter.subscript, letter.time is None)
        known = owners.setdefault(name, [])
        owner: Any = (_owner(step), 0)
        if letter.time == 0:
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


def _owner(step: Tensor) -> Any:
    """Return the part of the model that made an entry, whatever the time."""
    if step.primitive is None and getattr(step, "path", None):
        return (step.path,)  # type: ignore[attr-defined]
    return tuple(label for label in step.scope if isinstance(label, str))


def _who_begins(step: Tensor, plain: dict[Tensor, Letter], letter: Letter) -> Any:
    """Return the part of the model whose values this one, at time 0, begins."""
    mine = _owner(step)
    for other, its in plain.items():
        if (its.name, its.subscript) == (letter.name, letter.subscript):
            theirs = _owner(other)
            if its.time not in (None, 0) and theirs[: len(mine)] == mine:
                return theirs, 0
    return None
