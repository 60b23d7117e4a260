"""Memory is used again: a result replaces an argument that nobody else reads.

    for t = 1, ..., T:
        z = W v[t]             read at this step only: one step's memory is enough
        f[t] = z * 0.5         z is not read again, so the result may replace it

A step's numbers then stay in the cache from one call to the next.
"""

from __future__ import annotations

from typing import Any

from minigrad.compiling.buffer_places import Places, is_lane
from minigrad.compiling.graph import holes, is_elementwise
from minigrad.compiling.invariants import product
from minigrad.compiling.line import Line, Ref
from minigrad.compiling.simplify import is_like, total
from minigrad.compiling.statements import into_of


class Overwriting(Places):
    """A result replaces what nobody reads again."""

    def _allocate_step(self, line: Line, inside: set[Line]) -> None:
        """Return the memory of a line in a loop: for all steps only if it must be."""
        if line in self.memory or is_lane(line):
            self._allocate(line)
            return
        is_local = self._is_local(line, inside)
        k = self._replaceable(line, inside)
        if k is not None:
            buffer = self._allocate(line.args[k].line)
            is_single = line.args[k].line in self.single
            if is_local or not is_single:
                self.memory[line] = buffer
                self._to_front(line, k)
                if is_single:
                    self.single.add(line)
                return
        if is_local:
            self.memory[line] = name = self.names[line]
            self._buffer(name, line.shape, line.dtype)
            self.single.add(line)
        else:
            self._allocate(line)

    def _is_local(self, line: Line, inside: set[Line]) -> bool:
        """Is this read only in the loop that computes it, at its own step?"""
        if line.ends or line in self.within or line in self.parts:
            return False
        return all(
            reader in inside
            and all(ref.shift == 0 for ref in reader.refs() if ref.line is line)
            and (not is_lane(reader) or self._is_local(reader, inside))
            for reader in self.readers.get(line, ())
        )

    def _replaceable(self, line: Line, inside: set[Line] | None = None) -> int | None:
        """Return which argument the result may replace: nobody reads it again."""
        if not is_elementwise(line.op) or holes(line.options):
            return None
        if line.ends or line in self.within or into_of(line.op) is None:
            return None
        args = enumerate(line.args)
        able = (k for k, arg in args if self._is_replaceable(arg, line, inside))
        return next(able, None)

    def _is_replaceable(self, arg: Any, line: Line, inside: set[Line] | None) -> bool:
        """Has an argument memory of the size of the result, which only it reads?"""
        if not isinstance(arg, Ref) or arg.at is not None or arg.shift not in (None, 0):
            return False
        a = arg.line
        is_alike = a.times == line.times and is_like(a, line)
        if not is_alike or a.ends or a in self.within or {*self.readers[a]} != {line}:
            return False
        if inside and a not in inside:
            return False
        if len(line.args) > 2 and len(self.readers[a]) > 1:
            return False  # it is read again when the first sum is there
        if is_lane(a) and inside and self._is_lane_of_its_own(a):
            return True
        buffer = self.memory.get(a)
        is_static = is_elementwise(a.op) and buffer in self.static
        return is_static or buffer in self.buffers

    def _is_lane_of_its_own(self, lane: Line) -> bool:
        """Do all others take other lanes of the whole?"""
        whole = lane.args[0].line
        if whole in self.within or whole in self.parts or whole.ends or is_lane(whole):
            return False
        others = [e for e in self.readers[whole] if e is not lane]
        mine = _lanes_of(lane)
        return all(
            e is not None and is_lane(e) and not mine & _lanes_of(e) for e in others
        )

    def _to_front(self, line: Line, k: int) -> None:
        """Begin a sum, or a product, with the argument that the result replaces."""
        if line.op in (total, product):
            line.args = [line.args[k], *line.args[:k], *line.args[k + 1 :]]

    def _in_place(self, line: Line, name: str) -> str:
        """Return where to compute a line: in the place of what nobody reads again."""
        k = self._replaceable(line)
        if k is None:
            return name
        buffer = self.memory[line.args[k].line]
        self._to_front(line, k)
        return buffer


def _lanes_of(line: Line) -> set[int]:
    """Return the rows of the whole that a view has: all, if it is transposed."""
    index: Any = line.options.get("index", (slice(None),))
    (row,) = index
    count = line.args[0].line.shape[0]
    return {*range(count)[row]} if isinstance(row, slice) else {row % count}
