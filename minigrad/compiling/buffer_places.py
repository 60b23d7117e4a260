"""Where values lie: the buffer of each line, and views of it for one step or many."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from minigrad.compiling.graph import is_elementwise
from minigrad.compiling.line import Line, Ref
from minigrad.compiling.rolled_loops import Item, is_aligned, lines_in
from minigrad.compiling.simplify import axes_order
from minigrad.compiling.statements import Text
from minigrad.primitive import TABLE
from minigrad.types import Array


class Places(Text):
    """The memory of lines: a slot for each time, and for what stands at the ends."""

    def argument(self, arg: Any, line: Line) -> str:
        """Return the name of an argument that is read once."""
        return self.read(arg) if isinstance(arg, Ref) else self._constant(arg, line)

    def read(self, ref: Ref) -> str:
        """Return the name of what is read outside of a loop."""
        if ref.at is None:
            return self.memory[ref.line]
        return self._slots(ref.line, ref.at)

    def _stacked(self, arg: Any, line: Line) -> str:
        """Return the name of an argument at all times of a line."""
        if not isinstance(arg, Ref):
            return self._constant(arg, line)
        if arg.shift is None:
            return self.read(arg)
        assert line.times is not None
        first, last = line.times[0] + arg.shift, line.times[-1] + arg.shift
        name = self._slots(arg.line, range(first, last + 1))
        ndim, rank = len(arg.line.shape), len(line.shape)
        if is_aligned(line) and ndim < rank:
            shape = (len(line.times), *(1,) * (rank - ndim), *arg.line.shape)
            return self._view(name, f"{name}.reshape({shape})", f"{name}_r{rank}")
        return name

    def _slots(self, line: Line, at: int | range) -> str:
        """Return the name of the values of a line at a time, or at several."""
        buffer, slots = self.memory[line], line.slots()
        if line in self.single or at == slots:
            return buffer
        if isinstance(at, int):
            return self._entry(buffer, slots.index(at))
        start, stop = slots.index(at[0]), slots.index(at[-1]) + at.step
        if at.step < 0:
            text = f"{buffer}[{start}:{stop if stop >= 0 else None}:-1]"
            return self._view(buffer, text, f"{buffer}_{start}_down_{stop + 1}")
        text, name = f"{buffer}[{start}:{stop}]", f"{buffer}_{start}_{stop}"
        return self._view(buffer, text, name, as_whole=True)

    def _entry(self, buffer: str, k: int) -> str:
        """Return the name of the values in one slot."""
        text, name = f"{buffer}[{k}, ...]", f"{buffer}_at_{k}"
        return self._view(buffer, text, name, as_whole=True)

    def _view(
        self, of: str, text: str, name: str | Line, as_whole: bool = False
    ) -> str:
        """Return the name of a view; `as_whole`: it lies in one piece if that does."""
        if text in self.name_for:
            return self.name_for[text]
        if isinstance(name, Line):  # all that it holds
            self.name_for[text] = self.names[name]
        name = self._name(text, str(name).replace("-", "m"))
        if of in self.static:
            self.setup.append(f"{name} = {text}")
            self.static.add(name)
            if as_whole and of in self.whole:
                self.whole.add(name)
        else:
            self.run.append(f"{name} = {text}")
        return name

    def _place_parts(self) -> None:
        """Let the parts of what is joined lie where the whole has them: no copies."""
        self.within: dict[Line, tuple[Line, int, Any]] = {}
        self.parts: dict[Line, list[tuple[Any, Any]]] = {}
        for line in lines_in(self.items):
            if line.op is not TABLE["concatenate"] or line.times is None or line.ends:
                continue
            self.parts[line] = [*zip(line.args, _indices(line), strict=True)]
            for arg, index in self.parts[line]:
                if self._may_lie_within(arg, line):
                    self.within[arg.line] = line, arg.shift, index

    def _may_lie_within(self, arg: Any, whole: Line) -> bool:
        return (
            isinstance(arg, Ref)
            and arg.shift is not None
            and is_elementwise(arg.line.op)
            and arg.line.dtype == whole.dtype
            and arg.line not in self.within
        )

    def _pieces(self, whole: Line) -> list[tuple[str, Any]]:
        """Return the places in the whole of the parts that lie elsewhere, and those."""
        buffer = self.memory[whole]
        found = []
        for k, (arg, index) in enumerate(self.parts.get(whole, ())):
            placed = self.within.get(arg.line) if isinstance(arg, Ref) else None
            if placed is None or placed[2] is not index:
                text = f"{buffer}[:, {self._subscript(index)}]"
                found.append((self._view(buffer, text, f"{buffer}_{k}"), arg))
        return found

    def _whole(self, line: Line) -> str:
        """Return the buffer of what is joined, with room for the ends of its parts."""
        times: dict[Line, tuple[int, int]] = {line: _ends_of(line)}
        for part, (whole, shift, _) in self.within.items():
            if whole is line:
                times[part] = _ends_of(part, shift)
        first = min(start for start, _ in times.values())
        count = max(stop for _, stop in times.values()) - first
        name = self.names[line]
        buffer = self._name(("all", name), f"{name}_all")
        self._buffer(buffer, (count, *line.shape), line.dtype)
        for each, (start, stop) in times.items():
            index = () if each is line else self.within[each][2]
            at = self._subscript((slice(start - first, stop - first), *index))
            self.memory[each] = self._view(buffer, f"{buffer}[{at}]", each)
        return self.memory[line]

    def _allocate(self, line: Line) -> str:
        """Return the buffer of a line with times, ends included."""
        if line in self.memory:
            return self.memory[line]
        if line in self.within:
            self._allocate(self.within[line][0])
        elif line in self.parts:
            self._whole(line)
        elif is_lane(line):
            self._lane(line)
        else:
            self.memory[line] = name = self.names[line]
            self._buffer(name, (len(line.slots()), *line.shape), line.dtype)
        return self.memory[line]

    def _lane(self, line: Line) -> None:
        """Let a line be another view of what it reads: some of its rows, or turned."""
        of = line.args[0].line
        whole, is_single = self._allocate(of), of in self.single
        if line.op is TABLE["transpose"]:
            axes = axes_order(line.options, len(line.shape))
            order = axes if is_single else (0, *(k + 1 for k in axes))
            text = f"{whole}.transpose({self._text(order)})"
        else:
            index: Any = line.options["index"]
            steps = () if is_single else (slice(None),)
            text = f"{whole}[{self._subscript((*steps, *index))}]"
        self.memory[line] = self._view(whole, text, line)
        if is_single:
            self.single.add(line)

    def _own(self, line: Line) -> str:
        """Return the name of a static array that holds a line's values."""
        buffer = self.memory[line]
        if buffer in self.static:
            return buffer
        own = self._name(("own", buffer), f"{buffer}_own")
        if own not in self.static:
            assert line.times is not None
            self._buffer(own, (len(line.times), *line.shape), line.dtype)
            self.run.append(self._copied(own, buffer))
        return own

    def _ends(self, item: Item) -> None:
        """Copy what stands at the ends of the lines that are read or computed now."""
        lines = [*lines_in([item])]
        read = [ref.line for line in lines for ref in line.refs()]
        for line in dict.fromkeys([*lines, *read]):
            for t, end in line.ends.items():
                if (line, t) in self.copied_ends or is_lane(line):
                    continue
                self.copied_ends.add((line, t))
                buffer = self._allocate(line)
                slot = f"{buffer}[{line.slots().index(t)}, ...]"
                if isinstance(end, Ref):
                    self.run.append(self._copied(slot, self.read(end)))
                elif isinstance(end, Array):
                    self.run.append(self._copied(slot, self._object("k", end)))
                else:
                    self.setup.append(f"{slot} = {end!r}")


def _indices(line: Line) -> Iterator[Any]:
    """Yield where each argument lies in what is joined."""
    axis: Any = line.options.get("axis", 0)
    before, start = (slice(None),) * (axis % len(line.shape)), 0
    for arg in line.args:
        shape = arg.line.shape if isinstance(arg, Ref) else np.shape(arg)
        stop = start + shape[len(before)]
        yield (*before, slice(start, stop))
        start = stop


def _ends_of(line: Line, shift: int = 0) -> tuple[int, int]:
    """Return the first time of a line and the one after its last, a shift earlier."""
    slots = line.slots()
    return slots[0] - shift, slots[-1] + 1 - shift


def is_lane(line: Line) -> bool:
    """Is this another view of a line in time: some of its rows, or it transposed?"""
    ref = line.args[0] if line.args else None
    if not isinstance(ref, Ref) or ref.shift != 0 or line.times is None:
        return False
    if ref.line.times != line.times or ref.line.ends.keys() != line.ends.keys():
        return False
    if line.ends and not line.columns:  # what is read there may be anything
        return False
    index: Any = line.options.get("index")
    is_part = line.op is TABLE["take"] and isinstance(index, tuple) and len(index) == 1
    return line.op is TABLE["transpose"] or (is_part and type(index[0]) in (int, slice))
