"""The parts of a cell: its boxes, joins and circles, who reads what, and its belt.

The **belt** is the state that is carried through circles only: no box bends it. It is
found by its way, from what a step begins with to what it hands on. A state that nothing
but the belt reads is preferred to one that boxes read too: c, not y.
"""

from __future__ import annotations

from minigrad.drawing.view import label
from minigrad.structure.consumers import tensors
from minigrad.structure.parts import DENSE, JOIN, Part
from minigrad.structure.time_steps import State, Step
from minigrad.tensor import Tensor


class Parts:
    """What a time step consists of.

    boxes, joins, ops   its groups, by what they are; `ops` are the circles
    maker               the group that makes a value
    reads               the values that a group reads
    belt, on_belt       which state is the belt, if any, and the circles on its way
    """

    def __init__(self, step: Step, like: Parts | None = None) -> None:
        self.step = step
        self.maker = {e: g for g in step.groups for e in g.entries}
        self.boxes = [g for g in step.groups if g.kind == DENSE]
        self.joins = [g for g in step.groups if g.kind == JOIN]
        self.ops = [g for g in step.groups if g.kind not in (DENSE, JOIN)]
        self.reads = {g: self._read(g) for g in step.groups}
        self.belt, self.on_belt = self._same_belt(like) if like else self._find_belt()

    def _read(self, group: Part) -> list[Tensor]:
        """Return what a group reads; a primitive may read one twice, as in a * a."""
        own = set(group.entries)
        read = [a for e in group.entries for a in tensors(e) if a not in own]
        return read if len(group.entries) == 1 else list(dict.fromkeys(read))

    def _find_belt(self) -> tuple[int | None, list[Part]]:
        """Return the state that is carried through circles only, and these circles."""
        joined = {value for join in self.joins for value in self.reads[join]}
        joined |= {value for box in self.boxes for value in self.reads[box]}
        best: tuple[int, int | None, list[Part]] = (-1, None, [])
        for k, state in enumerate(self.step.states):
            path = self._circles(state)
            rank = 0 if not path else 1 if state.before in joined else 2
            if path and rank > best[0]:
                best = rank, k, path
        return best[1], best[2]

    def _same_belt(self, like: Parts) -> tuple[int | None, list[Part]]:
        """Return the belt of another step of this layer, as far as this one has it.

        What nothing reads after the last step is not on the tape: there it may be less.
        """
        if like.belt is None:
            return None, []
        state = self.step.states[like.belt]
        path = self._circles(state)
        if state.after is None:
            value, path = state.before, []
            for op in like.on_belt:
                found = [g for g in self.ops if label(g).symbol == label(op).symbol]
                found = [g for g in found if value in set(self.reads[g])]
                if not found:
                    break
                path.append(found[0])
                value = found[0].entries[-1]
        return like.belt, path

    def _circles(self, state: State) -> list[Part]:
        """Return the longest way from a state to itself through circles only."""
        reached: dict[Part, list[Part]] = {}
        for op in self.ops:
            ways = [
                reached[self.maker[v]]
                for v in self.reads[op]
                if self.maker.get(v) in reached
            ]
            if state.before is not None and state.before in set(self.reads[op]):
                ways.append([])
            if ways:
                reached[op] = [*max(ways, key=len), op]
        end = self.maker.get(state.after) if state.after is not None else None
        return reached.get(end, []) if end is not None else []
