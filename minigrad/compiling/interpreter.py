"""An interpreter of programs: lines run one after another, on arrays of any kind.

A program is lines and loops, whatever computes them: residues that prove it, arrays of
JAX, nodes of an ONNX file. A kind of array says what an operation is there, and what a
loop over time is:

    compute(op, args, options)           one operation
    scan(body, state, columns, ...)      state, row = body(state, columns[t]) for all t

All times of a line are one array, along a first axis; what stands at its ends as well.
In a loop a line reads its own past, which is the state, and what was computed before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias

import numpy as np

from minigrad.compiling.graph import parts_of
from minigrad.compiling.line import Line, Moving, Ref, at_time
from minigrad.compiling.over_time import as_one_take
from minigrad.compiling.programs import Program
from minigrad.compiling.rolled_loops import (
    Loop,
    is_aligned,
    is_moving_take,
    peel,
    stacked_options,
)
from minigrad.primitive import TABLE
from minigrad.types import Shape

Values: TypeAlias = list[Any]
Body: TypeAlias = Callable[[Values, Values], tuple[Values, Values]]
Read: TypeAlias = Callable[[Ref, int], Any]  # of what moves with time, at a time


class Interpreter:
    """Runs a program; values[line] is what it computed, of all times if it has any."""

    def __init__(self) -> None:
        self.values: dict[Line, Any] = {}

    # ---------------------------------------------------- what a kind of array must say

    def compute(self, op: Any, args: Sequence[Any], options: Any) -> Any:
        """Compute one operation."""
        raise NotImplementedError

    def source(self, source: Any) -> Any:
        """Return an input (its number), the numbers of a Parameter, or a constant."""
        raise NotImplementedError

    def scan(
        self, body: Body, state: Values, columns: Values, count: int, back: bool
    ) -> Any:
        """Return the last state, and the rows of all steps, one below another.

        count: of steps; back: from the last of the columns' rows to the first.
        """
        raise NotImplementedError

    def computed(self, line: Line, args: Values, options: Any, _: int | None) -> Any:
        """Compute a line: at a time, or all its times at once."""
        return self.compute(line.op, args, options)

    # ---------------------------------------------------------------------- the program

    def run(self, program: Program) -> Values:
        """Return what a program returns."""
        outputs = [*program.outputs, *(guard.ref for guard in program.guards)]
        for item in program.items:
            if isinstance(item, Loop):
                self._loop(item, _read_outside(item, program, outputs))
            elif item.op is None:
                self.values[item] = self.source(item.source)
            elif item.times is None:
                args = [self.argument(arg) for arg in item.args]
                self.values[item] = self.computed(item, args, item.options, None)
            else:
                self._put(item, self._all_steps(item))
        return [self.read(ref) for ref in program.outputs]

    def argument(self, arg: Any) -> Any:
        """Return the value of an argument: a constant is its own."""
        return self.read(arg) if isinstance(arg, Ref) else arg

    def read(self, ref: Ref) -> Any:
        """Return a value that is read outside of a loop."""
        line, values = ref.line, self.values[ref.line]
        if ref.at is None or (isinstance(ref.at, range) and ref.at == line.slots()):
            return values
        first = line.slots()[0]
        if isinstance(ref.at, int):
            return self._take(values, ref.at - first)
        start, stop = ref.at[0] - first, ref.at[-1] - first + ref.at.step
        stop = None if stop < 0 else stop  # type: ignore[assignment]  # x[3::-1]
        return self._take(values, slice(start, stop, ref.at.step))

    def _take(self, values: Any, index: Any) -> Any:
        return self.compute(TABLE["take"], [values], {"index": (index,)})

    def _reshaped(self, value: Any, shape: Shape) -> Any:
        return self.compute(TABLE["reshape"], [value], {"shape": shape})

    def _put(self, line: Line, *parts: Any) -> None:
        """Keep all times of a line: the parts, and what stands at its ends."""
        assert line.times is not None
        if line.ends:
            before, after = (
                [
                    self._end(line, t, (1, *line.shape))
                    for t in sorted(line.ends)
                    if (t < line.times[0]) is is_before
                ]
                for is_before in (True, False)
            )
            parts = (*before, *parts, *after)
        if len(parts) > 1:
            whole = self.compute(TABLE["concatenate"], parts, {"axis": 0})
        else:
            (whole,) = parts
        self.values[line] = whole

    def _end(self, line: Line, t: int, shape: Shape) -> Any:
        """Return what stands at an end, in a shape."""
        end = line.ends[t]
        value = self.read(end) if isinstance(end, Ref) else np.asarray(end, line.dtype)
        return self.compute(TABLE["broadcast"], [value], {"shape": shape})

    def _all_steps(self, line: Line) -> Any:
        """Compute a line for all steps in one call."""
        times = line.times
        assert times is not None
        if is_moving_take(line):
            index, axis = as_one_take(line)
            part = self.compute(
                TABLE["take"], [self.read(line.args[0])], {"index": index}
            )
            order = [axis, *(k for k in range(len(line.shape) + 1) if k != axis)]
            return self.compute(TABLE["transpose"], [part], {"axes": tuple(order)})
        args = []
        for arg in line.args:
            if not isinstance(arg, Ref) or arg.shift is None:
                args.append(self.argument(arg))
                continue
            run = range(times[0] + arg.shift, times[-1] + arg.shift + 1)
            whole = self.read(Ref(arg.line, at=run))
            more = len(line.shape) - len(arg.line.shape)
            if is_aligned(line) and more > 0:
                shape = (len(times), *(1,) * more, *arg.line.shape)
                whole = self._reshaped(whole, shape)
            args.append(whole)
        return self.computed(line, args, stacked_options(line), None)

    # ------------------------------------------------------------------------ the loops

    def peel(self, loop: Loop) -> tuple[list[int], list[int], list[int]]:
        """Return the times before, in and after a scan."""
        return peel(loop)

    def _loop(self, loop: Loop, outside: list[Line]) -> None:
        before, common, after = self.peel(loop)
        known: dict[Any, Any] = {}  # by line and time, or by what does not move
        for ref in [ref for line in loop.lines for ref in line.refs()]:
            if ref.shift is None:
                known[ref] = self.read(ref)

        def read(ref: Ref, t: int) -> Any:
            if ref.shift is None:
                return known[ref]
            place = ref.line, t + ref.shift
            if place not in known:
                is_end = place[1] in ref.line.ends
                known[place] = (
                    self._end(*place, ref.line.shape)
                    if is_end
                    else self.read(Ref(ref.line, at=place[1]))
                )
            return known[place]

        for t in before:
            known.update(self._step(loop, t, t, read))
        columns = self._scan(loop, common, read, known, outside) if common else {}
        for t in after:
            known.update(self._step(loop, t, t, read))
        for line in outside:
            assert line.times is not None
            rows = {t: (line, t) for t in (*before, *after) if t in line.times}
            parts: Values = []
            for t in line.times:
                if t in rows:
                    parts.append(self._reshaped(known[rows[t]], (1, *line.shape)))
                elif t == min(common):
                    parts.append(columns[line])
            self._put(line, *parts)

    def _step(self, loop: Loop, t: int, now: Any, read: Read) -> dict[Any, Any]:
        """Compute the lines of a loop at one step, of which the values are returned."""
        found: dict[Any, Any] = {}
        for line in loop.lines:
            if t not in (line.times or ()):
                continue
            args = [
                arg
                if not isinstance(arg, Ref)
                else found[arg.line, t]
                if arg.shift == 0 and (arg.line, t) in found
                else read(arg, t)
                for arg in line.args
            ]
            found[line, t] = self.computed(line, args, at_time(line.options, now), t)
        return found

    def _scan(
        self,
        loop: Loop,
        times: list[int],
        read: Read,
        known: dict[tuple[Line, int], Any],
        outside: list[Line],
    ) -> dict[Line, Any]:
        """Run the steps that are all alike; return all rows of what is read outside."""
        first, last, back = times[0], times[-1], loop.times.step < 0
        args = [arg for line in loop.lines for arg in line.args if isinstance(arg, Ref)]
        own, sign = set(loop.lines), 1 if back else -1
        depth: dict[Line, int] = {}  # how many steps back a line is read
        for arg in args:
            if arg.line in own and arg.shift:
                depth[arg.line] = max(abs(arg.shift), depth.get(arg.line, 0))
        state = [
            Ref(line, shift=sign * k)
            for line, most in depth.items()
            for k in range(1, most + 1)
        ]
        given = [*dict.fromkeys(a for a in args if a.line not in own)]
        given = [ref for ref in given if ref.shift is not None]
        low, high = sorted((first, last))
        columns = [self._column(ref, low, high) for ref in given]
        is_moving = any(parts_of(line.options, Moving) for line in loop.lines)
        if is_moving:
            columns.append(np.arange(low, high + 1))

        def body(past: Values, row: Values) -> tuple[Values, Values]:
            now = dict(zip([*state, *given], [*past, *row], strict=not is_moving))

            def read_now(ref: Ref, _: int) -> Any:
                return read(ref, first) if ref.shift is None else now[ref]

            found = self._step(loop, first, row[-1] if is_moving else first, read_now)
            after = [
                now[Ref(ref.line, shift=ref.shift - sign)]
                if ref.shift != sign
                else found[ref.line, first]
                for ref in state
                if ref.shift is not None
            ]
            return after, [found[line, first] for line in outside]

        start = [read(ref, first) for ref in state]
        end, rows = self.scan(body, start, columns, len(times), back)
        for ref, value in zip(state, end, strict=True):
            known[ref.line, last + (ref.shift or 0) - sign] = value
        return dict(zip(outside, rows, strict=True))

    def _column(self, ref: Ref, first: int, last: int) -> Any:
        shift = ref.shift or 0
        return self.read(Ref(ref.line, at=range(first + shift, last + shift + 1)))


def _read_outside(loop: Loop, program: Program, outputs: Iterable[Ref]) -> list[Line]:
    """Return the lines of a loop that something outside of it reads."""
    read = {ref.line for ref in outputs}
    for line in program.lines:
        if line not in loop.lines:
            read.update(ref.line for ref in line.refs())
    return [line for line in loop.lines if line in read]
