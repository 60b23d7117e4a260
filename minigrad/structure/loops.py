"""Loops: what a tape recorded over and over, at one time step after the other.

A loop is known by its scope: the part of the model before the first number. Two
recurrent layers are two loops. So are two runs through the same part, told by a time
step that comes back; and so are the parts of one loop that each carry a state:

    layer 1 at t = 1, 2, 3; then layer 2 at t = 1, 2, 3
    layer 1 and layer 2 at t = 1, both at t = 2, both at t = 3      the same two loops
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field

from minigrad.context import Scope
from minigrad.parameter import Parameter
from minigrad.structure.consumers import tensors
from minigrad.structure.parts import Part
from minigrad.tensor import Tensor


@dataclass(eq=False)
class Loop:
    """What ran over time in one part of the model: its groups at each time step.

    The scope of step t begins with (*scope, t, *part).
    """

    scope: Scope
    part: Scope = ()
    inside: dict[int, list[Part]] = field(default_factory=dict)


def find_loops(groups: Iterable[Part]) -> list[Loop]:
    """Return the loops that groups are in, in the order of the tape."""
    found: list[Loop] = []
    latest: dict[Scope, Loop] = {}
    for group in groups:
        scope = loop_of(group.scope)
        if scope is None:
            continue
        t = int(group.scope[len(scope)])
        loop = latest.get(scope)
        if loop is None or (t in loop.inside and t != next(reversed(loop.inside))):
            loop = latest[scope] = Loop(scope)
            found.append(loop)
        loop.inside.setdefault(t, []).append(group)
    return [part for loop in found for part in _parts(loop)]


def loop_of(scope: Scope) -> Scope | None:
    """Return the part of the model that runs over time; None for what runs once.

    >>> loop_of(("model", "lstm", 3, "forget")), loop_of(("model", "answer"))
    (('model', 'lstm'), None)
    """
    return next((scope[:i] for i, s in enumerate(scope) if isinstance(s, int)), None)


def times(scope: Scope) -> list[int]:
    """Return the time steps that a scope is in, the outermost first.

    >>> times(("decoder", 3, "attention", 7, "score"))
    [3, 7]
    """
    return [label for label in scope if isinstance(label, int)]


def without_times(scope: Scope) -> tuple[str, ...]:
    """Return the part of the model that a scope is in, whatever the time.

    >>> without_times(("decoder", 3, "attention", 7, "score"))
    ('decoder', 'attention', 'score')
    """
    return tuple(label for label in scope if isinstance(label, str))


def does(entry: Tensor) -> tuple[object, ...]:
    """Return what an entry does at its time step: its row, its part, its Parameters.

    What is equal for two entries has the same role at two times, as far as one sees
    from the entries alone. Whether they also read corresponding values is asked by
    `repeats.py`, which leaves steps out. (The proof of one step asks another question:
    is it the same program, whatever its weights? There they are variables.)

    >>> made = []
    >>> for t in (1, 2):
    ...     with mg.scope("loop", t):
    ...         made.append(mg.tanh(mg.Tensor(0.5)))
    >>> does(made[0]) == does(made[1]), does(made[0]) == does(mg.tanh(mg.Tensor(0.5)))
    (True, False)
    """
    trained = tuple(id(arg) for arg in entry.args if isinstance(arg, Parameter))
    return entry.primitive, without_times(entry.scope), trained


def _parts(loop: Loop) -> list[Loop]:
    """Return the parts of a loop that carry a state of their own, if there are many."""
    labels = _labels_below(loop)
    carrying = [label for label in labels if _carries(loop, label)]
    if not carrying:
        return [loop]
    if len(carrying) == 1:
        inner = _parts(Loop(loop.scope, (*loop.part, carrying[0]), loop.inside))
        return inner if len(inner) > 1 else [loop]
    parts = {label: Loop(loop.scope, (*loop.part, label), {}) for label in carrying}
    for t, groups in loop.inside.items():
        for label, found in _shared_out(loop, groups, carrying).items():
            parts[label].inside[t] = found
    return list(parts.values())


def _labels_below(loop: Loop) -> list[str | int]:
    scopes = [g.scope for groups in loop.inside.values() for g in groups]
    return list(dict.fromkeys(b for s in scopes if (b := _label(loop, s)) is not None))


def _label(loop: Loop, scope: Scope) -> str | int | None:
    """Return the part of the part that a scope is in."""
    inner = scope[len(loop.scope) + 1 :]
    depth = len(loop.part)
    return inner[depth] if inner[:depth] == loop.part and len(inner) > depth else None


def letter_of(leaf: Tensor) -> str:
    """Return the letter of an initial state: `c` of `c_0`, `c_4` or `c_prev`."""
    letter, _, rest = (leaf.name or "").partition("_")
    return letter if rest.isdigit() or rest == "prev" else ""


def name_in_time(entry: Tensor) -> str:
    """Return an entry's name; a letter made at step 3 has that as a subscript, f_3.

    >>> with mg.scope("LSTM", 3):
    ...     f = mg.Tensor(0.5, name="f")
    >>> name_in_time(f)
    'f_3'
    """
    name = entry.name or ""
    found = times(entry.scope)
    is_letter = len(name.replace("~", "").split("_")[0]) == 1
    if not found or not is_letter or any(letter.isdigit() for letter in name):
        return name
    return f"{name}_{found[-1]}"


def _carries(loop: Loop, label: str | int) -> bool:
    """Does this part read at one time step what it made itself at the one before?"""
    mine = [
        [e for g in groups if _label(loop, g.scope) == label for e in g.entries]
        for groups in loop.inside.values()
    ]
    if len(mine) == 1:  # then a state is told by its letter
        read = {arg for entry in mine[0] for arg in tensors(entry)}
        begun = {letter_of(arg) for arg in read if arg.primitive is None} - {""}
        return any(entry.name in begun for entry in mine[0])
    return any(
        not {arg for entry in after for arg in tensors(entry)}.isdisjoint(before)
        for before, after in itertools.pairwise(mine)
    )


def _shared_out(
    loop: Loop, groups: list[Part], labels: list[str | int]
) -> dict[str | int, list[Part]]:
    """Give every group of a time step to a part: its own, or that which reads it."""
    owner = {g: b for g in groups if (b := _label(loop, g.scope)) in labels}
    maker = {entry: group for group in groups for entry in group.entries}
    reader = {
        maker[arg]: group
        for group in groups
        for entry in group.entries
        for arg in tensors(entry)
        if arg in maker and maker[arg] is not group
    }
    for group in reversed(groups):
        if group not in owner and reader.get(group) in owner:
            owner[group] = owner[reader[group]]
    for group in groups:
        read = [maker[a] for e in group.entries for a in tensors(e) if a in maker]
        owners = [owner[each] for each in read if each in owner]
        owner.setdefault(group, owners[-1] if owners else labels[0])
    return {b: [g for g in groups if owner[g] == b] for b in labels}
