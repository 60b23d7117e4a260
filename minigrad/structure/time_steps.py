"""Time steps: what each reads, makes and hands on.

What is made at one step and read at the next is **carried**: the state of the cell. It
is found by its place: the k-th thing that a step makes, read by the next as the i-th
argument of the j-th. At the first step, what stands there is the initial state. Where
only one step was recorded, a state is told by its letter: c_0 or c_prev becomes c.

What comes from outside and is not carried is an input, and so is what was only taken
out of it, such as `x[:, t]`.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Container, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import NamedTuple, TypeVar

from minigrad.context import Scope
from minigrad.structure.consumers import consumers, tensors
from minigrad.structure.loops import Loop, does, find_loops, letter_of, name_in_time
from minigrad.structure.parts import Part
from minigrad.structure.provenance import Provenance
from minigrad.structure.reading import reading
from minigrad.structure.sublayers import structure
from minigrad.tape import Tape
from minigrad.tensor import Tensor

T = TypeVar("T")


class State(NamedTuple):
    """What is carried: the Tensor a step begins with, and the one it hands on."""

    before: Tensor | None
    after: Tensor | None


@dataclass(eq=False)
class Step:
    """One time step, or a cell that ran once: what it reads, makes and hands on.

    groups   boxes, joins and operations, in the order of the tape
    inputs   what comes from outside and is no state: x
    states   what is carried through it
    leaves   what others read, besides the next step
    """

    t: int | None
    scope: Scope
    groups: list[Part]
    inputs: list[Tensor]
    states: list[State]
    leaves: list[Tensor]

    @property
    def entries(self) -> list[Tensor]:
        """Return what the step recorded."""
        return _entries(self.groups)


def steps(tape: Tape) -> list[Step]:
    """Return the time steps of a tape's first loop; or all of it as a single step.

    >>> y = mg.Tensor(0.0, name="y_0")
    >>> for t in (1, 2):
    ...     with mg.scope("loop", t):
    ...         y = mg.tanh(y)
    >>> [(step.t, len(step.groups), len(step.states)) for step in steps(mg.Tape(y))]
    [(1, 1, 1), (2, 1, 1)]
    """
    return every_loop(tape)[0]


def typical(times: Sequence[T]) -> T:
    """Return the time step that stands for all: the first that reads what one made.

    >>> typical(["t = 1", "t = 2", "t = 3"]), typical(["t = 1"])
    ('t = 2', 't = 1')
    """
    return times[min(1, len(times) - 1)]


@reading
def every_loop(tape: Tape) -> list[list[Step]]:
    """Return the time steps of each loop, in the order of the tape.

    A tape without any is a single step.
    """
    groups = structure(tape)
    known = _Known(set(tape.outputs), consumers(tape), Provenance())
    loops = find_loops(groups)
    if not loops:
        return [[_only_step(known, groups)]]
    return [_in_time(known, loop) for loop in loops]


class _Known(NamedTuple):
    """What is known of the whole tape."""

    outputs: set[Tensor]
    consumers: dict[Tensor, list[Tensor]]
    provenance: Provenance

    def outputs_of(self, made: list[Tensor], own: Container[Tensor]) -> list[Tensor]:
        """Return what is read outside, or is a result."""
        return [
            entry
            for entry in made
            if entry in self.outputs
            or any(each not in own for each in self.consumers.get(entry, ()))
        ]


def _only_step(
    known: _Known, groups: list[Part], t: int | None = None, scope: Scope | None = None
) -> Step:
    """Read groups as the only step there is; a state is told by its letter."""
    groups, outside = _reads(groups, known)
    made = _entries(groups)
    states = []
    for before in outside:
        letter = letter_of(before)
        after = [
            e for e in made if letter and e.name == letter and e.shape == before.shape
        ]
        if after:
            states.append(State(before, after[-1]))
    carried = {state.before for state in states}
    inputs = [each for each in outside if each not in carried]
    own = set(made)
    leaves = known.outputs_of(made, own)
    scope = scope or _common([group.scope for group in groups])
    return Step(t, scope, groups, inputs, states, leaves)


def _common(scopes: list[Scope]) -> Scope:
    if not scopes:
        return ()
    first, last = min(scopes, key=str), max(scopes, key=str)
    same = [a for a, b in zip(first, last, strict=False) if a == b]
    return first[: len(same)] if first[: len(same)] == last[: len(same)] else ()


def _reads(groups: list[Part], known: _Known) -> tuple[list[Part], list[Tensor]]:
    """Return the groups without those that only fetch an input, and what they read."""
    own = {entry for group in groups for entry in group.entries}
    fetched: set[Tensor] = set()
    kept = []
    for group in groups:
        read = [arg for e in group.entries for arg in tensors(e)]
        outer = all(arg not in own or arg in fetched for arg in read)
        inner = known.outputs.isdisjoint(group.entries)
        fetches = inner and outer and len(read) == 1 and group.kind == "linear"
        if fetches and known.provenance.is_rearranged(group.entries[-1]):
            fetched.update(group.entries)
        else:
            kept.append(group)
    own -= fetched
    outside = (a for g in kept for e in g.entries for a in tensors(e) if a not in own)
    return kept, list(dict.fromkeys(outside))


def _in_time(known: _Known, loop: Loop) -> list[Step]:
    inside, order = loop.inside, list(loop.inside)
    if len(order) == 1:
        scope = (*loop.scope, order[0], *loop.part)
        return [_only_step(known, inside[order[0]], order[0], scope)]
    numbered = numbered_entries([_entries(inside[t]) for t in order])
    entries_at = dict(zip(order, numbered, strict=True))
    made_at = {e: (t, i) for t in order for i, e in entries_at[t].items()}
    read_at = {t: _reads(groups, known) for t, groups in inside.items()}
    ways: dict[int, tuple[int, int]] = {}  # where it is made, and where read one later
    for t, after in itertools.pairwise(order):
        for value in read_at[after][1]:
            made = made_at.get(value)
            if made and made[0] == t:
                ways.setdefault(made[1], _first_use(entries_at[after], value))
    found = []
    for last, t in zip([None, *order], order, strict=False):
        groups, outside = read_at[t]
        entries = _entries(inside[t])
        states = []
        for position, way in ways.items():
            before = entries_at[last].get(position) if last is not None else None
            if before not in set(outside):  # at the first step, or cut
                before = _used_at(entries_at[t], way)
            after_it = entries_at[t].get(position)
            states.append(State(before if before in set(outside) else None, after_it))
        carried = {state.before for state in states}
        inputs = [each for each in outside if each not in carried]
        leaves = known.outputs_of(entries, made_at)
        scope = (*loop.scope, t, *loop.part)
        found.append(Step(t, scope, groups, inputs, states, leaves))
    return found


def _entries(groups: list[Part]) -> list[Tensor]:
    return [entry for group in groups for entry in group.entries]


def numbered_entries(found: list[list[Tensor]]) -> list[dict[int, Tensor]]:
    """Number the entries of time steps: what does the same has the same number.

    A last step may lack what nothing reads, so places are those in the longest step.
    """
    longest = max(found, key=len)
    keys = [(does(entry), entry.name) for entry in longest]
    numbered = []
    for entries in found:
        places = list(range(len(entries)))
        if len(entries) != len(longest):
            own = [(does(entry), entry.name) for entry in entries]
            matcher = SequenceMatcher(None, keys, own, autojunk=False)
            new = itertools.count(len(longest))
            same = {
                block.b + i: block.a + i
                for block in matcher.get_matching_blocks()
                for i in range(block.size)
            }
            places = [same[j] if j in same else next(new) for j in places]
        numbered.append(dict(zip(places, entries, strict=True)))
    return numbered


def _first_use(entries: dict[int, Tensor], value: Tensor) -> tuple[int, int]:
    for i, entry in entries.items():
        for k, arg in enumerate(entry.args):
            if arg is value:
                return i, k
    raise AssertionError("a step reads what it is said to read")


def _used_at(entries: dict[int, Tensor], way: tuple[int, int]) -> Tensor | None:
    """Return what stands at the same place in this step."""
    i, k = way
    if i in entries and k < len(entries[i].args):
        arg = entries[i].args[k]
        return arg if isinstance(arg, Tensor) else None
    return None


def names_over_time(steps: Sequence[Step], drawn: Step) -> dict[Tensor, str]:
    """Return what values are called in a picture of one step that stands for all.

    What the step makes is f_t, what it got from the step before is y_t−1, and an input
    of its own is x_t. What all steps read has its own name.

    >>> y = mg.Tensor(0.0, name="y_0")
    >>> for t in (1, 2):
    ...     x = mg.Tensor(1.0, name="x")
    ...     with mg.scope("loop", t):
    ...         y = mg.tanh(x + y)
    ...         y.name = "y"
    >>> found = every_loop(mg.Tape(y))[0]
    >>> list(names_over_time(found, found[1]).values())
    ['y_t−1', 'y_t', 'x_t']
    """
    names: dict[Tensor, str] = {}
    if drawn.t is None:
        return names
    for step in steps:
        shift = (step.t or 0) - drawn.t
        if abs(shift) <= 1:
            when = f"t{'+' if shift > 0 else '−'}{abs(shift)}" if shift else "t"
            for entry in (e for part in step.groups for e in part.entries):
                if name_in_time(entry) not in ("", entry.name):
                    names[entry] = f"{entry.name}_{when}"
    read = Counter(value for step in steps for value in set(step.inputs))
    for value in drawn.inputs:
        letter = letter_of(value) or value.name or ""
        if read[value] == 1 and len(letter.replace("~", "")) == 1:
            names[value] = f"{letter}_t"
    for before, _ in drawn.states:
        letter = letter_of(before) if before is not None else ""
        if before is not None and before.primitive is None and letter:
            names[before] = f"{letter}_t−1"
    return names
