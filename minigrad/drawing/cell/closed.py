"""A cell drawn as a box: time steps, or a layer, of which a page does not show more.

States go through it as they do through the cell beside it, an input comes in from below
and what it makes leaves above; so it stands in a row like any other cell.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeGuard

from minigrad.drawing.cell.places import Key, Plan, Port, Wire
from minigrad.drawing.cell.routes import Route
from minigrad.drawing.view import FOLDED, Group
from minigrad.drawing.words import Label
from minigrad.structure.parts import Part
from minigrad.structure.time_steps import State, Step

WIDTH, LEVEL = 4, 4  # squares: across for each input, and from state to state


class Closed(Plan):
    """The plan of a box; it is as high as the cell that it should be `like`."""

    def __init__(
        self,
        steps: Sequence[Step],
        label: Label,
        tooltip: str,
        like: Plan | None = None,
        width: int = WIDTH,
    ) -> None:
        self.like, self.width = like, max(width, WIDTH * len(steps[0].inputs))
        super().__init__(_as_one(steps, label, tooltip))

    def _place(self) -> None:
        (box,) = self.step.groups
        like, states = self.like, self.step.states
        self.belt = like.belt if like is not None else max(0, len(states) - 1)
        level = {k: LEVEL * k + LEVEL // 2 for k in range(len(states))}
        self.height = LEVEL * max(2, len(states))
        if like is not None:
            self.height = like.height
            level |= {p.number: y for p, (_, y) in like.at.items() if _is_state(p)}
        self.top, self.right = self.height - 3, self.width
        self.slices, self.first, self.downward = {}, {}, set()
        ups = [v for v in self.step.leaves if v in self.maker]
        if len(ups) > 1:  # circles would cover each other; states leave at the side
            after = [state.after for state in states]
            ups = [v for v in ups if v not in set(after)] or [
                v for v in ups if v is after[0]
            ]
        self.ups = ups
        self.at[box] = self.reach(box)
        self._place_states(level)
        for k, x in enumerate(self._in_a_row(len(self.step.inputs))):
            self.at[Port("input", k)] = x, 0
        for k, x in enumerate(self._in_a_row(len(self.ups))):
            self.at[Port("up", k)] = self.width - x, self.height

    def _in_a_row(self, many: int) -> Sequence[int]:
        """Return places from the left, beside the middle: there a state may return."""
        return range(1, WIDTH * many, WIDTH)

    def _wires(self) -> Iterator[Wire]:
        """Yield straight wires to and from the box, one for each that reads."""
        (box,) = self.step.groups
        for k, value in enumerate(self.step.inputs):
            yield Wire(value, Port("input", k), [box], [Route([], False)])
        for k, value in enumerate(self.ups):
            x, y = self.at[Port("up", k)]
            yield Wire(value, box, [Port("up", k)], [Route([(x, y + 1)], False)])
        for k, (before, after) in enumerate(self.step.states):
            if before is not None:
                yield Wire(before, Port("before", k), [box], [Route([], False)])
            if after is not None:
                x, y = self.at[Port("after", k)]
                yield Wire(after, box, [Port("after", k)], [Route([(x + 1, y)], False)])

    def reach(self, key: Key) -> tuple[int, int]:
        """Return how many squares the box takes to each side."""
        return (self.width // 2, self.height // 2) if isinstance(key, Part) else (0, 0)

    def along_belt(self, wire: Wire, reader: Key) -> bool:
        """Is this the line of the carried state, into the box or out of it?"""
        return any(_is_state(p) and p.number == self.belt for p in (wire.maker, reader))


def _is_state(key: Key) -> TypeGuard[Port]:
    return isinstance(key, Port) and key.side in ("before", "after")


def _as_one(steps: Sequence[Step], label: Label, tooltip: str) -> Step:
    """Return several steps as one that has a single part, or one step alone."""
    first, last = steps[0], steps[-1]
    entries = tuple(entry for step in steps for entry in step.entries)
    states = [
        State(begin.before, end.after)
        for begin, end in zip(first.states, last.states, strict=True)
    ]
    one = len(steps) == 1
    inputs, leaves = (first.inputs, first.leaves) if one else ([], [])
    box = Group(entries, first.scope, FOLDED, label, tooltip)
    return Step(first.t if one else None, first.scope, [box], inputs, states, leaves)
