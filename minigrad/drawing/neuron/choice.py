"""Which time step of each loop is drawn: such that they belong together.

What is read last is looked at first: where it reads step 3 of a loop, step 3 is drawn,
and of the loop below it the step that this one reads. A loop that nobody asks for
shows its typical step.
"""

from __future__ import annotations

import itertools

from minigrad.primitive import Elementwise
from minigrad.structure.consumers import tensors, weights
from minigrad.structure.parts import Part
from minigrad.structure.provenance import Provenance
from minigrad.structure.sublayers import is_product
from minigrad.structure.time_steps import Step, typical
from minigrad.tape import Tape
from minigrad.tensor import Tensor


class Choice:
    """The steps of the loops of a tape, of which one each is chosen."""

    def __init__(self, moves: Provenance, loops: list[list[Step]]) -> None:
        self.moves = moves
        self.loops = loops
        self.chosen: dict[int, int] = {}  # the place of a loop, and of its step
        self._drawn: dict[Tensor, bool] = {}
        self.where = {
            entry: (loop, i)
            for loop, found in enumerate(loops)
            for i, step in enumerate(found)
            for group in step.groups
            for entry in group.entries
        }

    def of(self, tape: Tape, outer: list[Part]) -> list[Step]:
        """Return the chosen step of each loop, beginning with what is read last."""
        for output in tape.outputs:
            if len(self._loops_of(output)) > 1:
                self._settle([output])
        for entry in (e for group in reversed(outer) for e in reversed(group.entries)):
            read = list(dict.fromkeys(tensors(entry)))
            if is_product(entry) or isinstance(entry.primitive, Elementwise):
                self._settle(read)
        for loop in reversed(range(len(self.loops))):
            step = self.loops[loop][self.chosen.setdefault(loop, self._typical(loop))]
            for value in step.inputs:
                self._settle([value])
        return [found[self.chosen[loop]] for loop, found in enumerate(self.loops)]

    def _loops_of(self, value: Tensor) -> set[int]:
        rows = self.moves.rows(value)
        return {self.where[e][0] for e, _ in next(rows, []) if e in self.where}

    def once(self, groups: list[Part]) -> list[Part]:
        """Of boxes with the same weights keep the one that reads what is drawn."""
        alike: dict[object, list[Part]] = {}
        for group in groups:
            own = tuple(weights(group.entries))
            alike.setdefault(own or group, []).append(group)
        return [
            next((each for each in found if self._fits(each)), found[-1])
            for found in alike.values()
        ]

    def _fits(self, group: Part) -> bool:
        read = dict.fromkeys(a for e in group.entries for a in tensors(e))
        return any(map(self._is_drawn, read))

    def _is_drawn(self, value: Tensor) -> bool:
        """Was a vector of this made in the chosen steps? Many may read one Tensor."""
        if value not in self._drawn:
            rows = self.moves.rows(value)
            made = ([self.where[e] for e, _ in row if e in self.where] for row in rows)
            self._drawn[value] = any(
                all(self.chosen[loop] == i for loop, i in row) for row in made if row
            )
        return self._drawn[value]

    def _typical(self, loop: int) -> int:
        return typical(range(len(self.loops[loop])))

    def _settle(self, values: list[Tensor]) -> None:
        """Choose the steps whose entries stand side by side in one row of values."""
        new: dict[int, int] = {}
        for rows in zip(*map(self.moves.rows, values), strict=False):
            entries = itertools.chain(*rows)
            found = dict(self.where[e] for e, _ in entries if e in self.where)
            if not found:
                return
            new = {loop: i for loop, i in found.items() if loop not in self.chosen}
            if any(self.chosen[loop] != found[loop] for loop in found.keys() - new):
                continue
            first = next(iter(found))
            if first not in new or new[first] == self._typical(first):
                break
        self.chosen.update(new)
