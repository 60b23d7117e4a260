"""From lines to Python: the program as it runs, on buffers of its own.

    def buffers():                                  once
        v7 = buffer((64, 32, 128), 'float32')       memory for each line
        v9 = transpose(v8, axes=(1, 0))             what is only another view of it
        loop_1 = [*zip(rows(v7, 0, 64, 1), ...)]    the views that each step needs

        def step(x, target):                        at each call
            multiply(v5, v6, v7)
            for a, b, c in loop_1:
                tanh(a, b)
            return [copy(v7)]

The text has as many lines as the program, whatever T is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from minigrad.compiling.buffer_places import is_lane
from minigrad.compiling.graph import call, holes, is_elementwise, parts_of
from minigrad.compiling.line import Line, Moving, Ref, at_time
from minigrad.compiling.over_time import along, as_one_take
from minigrad.compiling.overwriting import Overwriting
from minigrad.compiling.reads import Lines
from minigrad.compiling.rolled_loops import (
    Loop,
    Tangled,
    is_moving_take,
    peel,
    stacked_options,
)
from minigrad.compiling.statements import into_of
from minigrad.parameter import Parameter
from minigrad.primitive import TABLE, Primitive
from minigrad.types import Array, Shape


class Writer(Overwriting):
    """Writes the source of a program: what is done once, and what at each call."""

    def source(
        self, outputs: list[Ref], guards: list[Any], inputs: Sequence[str]
    ) -> str:
        """Return the whole text."""
        self.readers = Lines.of([*outputs, *(guard.ref for guard in guards)]).readers
        self._place_parts()
        for item in self.items:
            self._ends(item)
            if isinstance(item, Loop):
                self._loop(item)
            else:
                self._line(item)
        for guard in guards:
            ask = self._object(guard.ask.__name__, guard.ask)
            self.run.append(
                f"answered({ask}({self.read(guard.ref)}), {self._text(guard.answer)})"
            )
        given = ", ".join(f"copy({self.read(ref)})" for ref in outputs)
        arguments = ", ".join(inputs)
        text = ["def buffers():"]
        text += [f"    {line}" for line in self.setup]
        text += ["", f"    def step({arguments}):"]
        text += [f"        {line}" for line in self.run]
        text += [f"        return [{given}]", "", "    return step"]
        return "\n".join(text) + "\n"

    def _line(self, line: Line) -> None:
        name = self.names[line]
        if line.op is None:
            self._source(line, name)
        elif line.times is None:
            name = self._in_place(line, name)
            args = [self.argument(arg, line) for arg in line.args]
            self._compute(name, line, line.op, args, line.options, line.shape)
        elif is_lane(line):
            self._allocate(line)
        elif line in self.parts:
            self._allocate(line)
            for piece, arg in self._pieces(line):
                self.run.append(self._copied(piece, self._stacked(arg, line)))
        else:
            self._all_steps(line, name)

    def _all_steps(self, line: Line, name: str) -> None:
        """Write one call for all steps of a line."""
        assert line.times is not None
        name = self._in_place(line, name)  # which may put another argument first
        op, options = line.op, stacked_options(line) or {}
        args = [self._stacked(arg, line) for arg in line.args]
        if is_moving_take(line):
            index, axis = as_one_take(line)
            op, options = along, {"index": index, "axis": axis}
        if line.ends or line in self.within:
            self._allocate(line)
            slots = self._slots(line, line.times)
            self.run += self._statements(slots, op, args, options)
            return
        shape = (len(line.times), *line.shape)
        self._compute(name, line, op, args, options, shape)
        if op is along and len(self.readers.get(line, ())) > 1:
            self.memory[line] = self._own(line)  # a copy that many can read fast

    def _source(self, line: Line, name: str) -> None:
        self.memory[line] = name
        if isinstance(line.source, Parameter):
            parameter = self._object(f"parameter_{name}", line.source)
            self.run.append(f"{name} = {parameter}.data")
        elif not isinstance(line.source, int):
            self.objects[name] = line.source
            self.static.add(name)

    def _compute(
        self,
        name: str,
        line: Line,
        op: Any,
        args: list[str],
        options: Any,
        shape: Shape,
    ) -> None:
        """Write how a value is computed: a view, into a buffer, or as a new array."""
        self.memory[line] = name
        if _is_view(op, args, line, options):
            text = f"{name} = {self._call(op, args, options)}"
            # In another order a reshape is a copy, of what is not computed yet.
            is_reshape, (arg,) = op is TABLE["reshape"], args
            if arg in self.static and (arg in self.whole or not is_reshape):
                self.setup.append(text)
                self.static.add(name)
                if is_reshape:
                    self.whole.add(name)
            else:
                self.run.append(text)
            return
        if into_of(op) is not None:
            if name not in self.static:
                self._buffer(name, shape, line.dtype, self._like(line, shape))
            self.run += self._statements(name, op, args, options)
            return
        self.calls += 1
        self.runtime_calls += 1
        text = self._call(op, args, options)
        if line.dtype != object:
            text = f"shaped({text}, {shape})"
        self.run.append(f"{name} = {text}")

    def _like(self, line: Line, shape: Shape) -> str:
        """Return an argument in whose order of axes a result shall lie, if there is."""
        for arg in line.args if is_elementwise(line.op) and not line.times else ():
            if isinstance(arg, Ref) and arg.at is None and arg.line.shape == shape:
                buffer = self.memory[arg.line]
                if buffer in self.static and buffer not in self.whole:
                    return buffer
        return ""

    def _loop(self, loop: Loop) -> None:
        for line in loop.lines:
            self._allocate_step(line, {*loop.lines})
        for line in loop.lines:
            for piece, arg in self._pieces(line):
                if not _moves(arg, loop):
                    self.run.append(self._copied(piece, self._stacked(arg, line)))
        before, common, after = peel(loop)
        for times in (*([t] for t in before), common, *([t] for t in after)):
            self._steps(loop, times)

    def _steps(self, loop: Loop, times: list[int]) -> None:
        """Write the steps at these times: one alone as it is, many as a loop."""
        views: dict[str, str] = {}  # the variable of each column of views
        first, is_alone = times[0], len(times) == 1

        def at_step(line: Line, shift: int = 0, piece: str = "") -> str:
            """Return the name of a value, or of a piece of it, at the step."""
            if line in self.single:
                return self.memory[line]
            start = line.slots().index(first + shift)
            if is_alone:
                return self._entry(piece or self.memory[line], start)
            buffer, step = piece or self._own(line), times[1] - first
            text = f"rows({buffer}, {start}, {start + len(times) * step}, {step})"
            name = f"{buffer}_{'mp'[shift > 0]}{abs(shift)}" if shift else f"{buffer}_t"
            return views.setdefault(text, self._name((buffer, shift), name))

        def argument(arg: Any, line: Line) -> str:
            if isinstance(arg, Ref) and arg.shift is not None:
                return at_step(arg.line, arg.shift)
            return self.argument(arg, line)

        def options_of(line: Line) -> Any:
            if is_alone or not parts_of(line.options, Moving):
                return at_time(line.options, first)
            if holes(line.options):
                raise Tangled
            name = self._object("options", [at_time(line.options, t) for t in times])
            return views.setdefault(name, self._name((name, 0), f"{name}_t"))

        body: list[str] = []
        self.repeats = len(times)
        for line in loop.lines:
            if is_lane(line) or first not in (line.times or ()):
                continue
            if line in self.parts:
                body += [
                    self._copied(at_step(line, 0, piece), argument(arg, line))
                    for piece, arg in self._pieces(line)
                    if _moves(arg, loop)
                ]
            else:
                args = [argument(arg, line) for arg in line.args]
                body += self._statements(at_step(line), line.op, args, options_of(line))
        self.repeats = 1
        if is_alone:
            self.run += body
        elif body:  # or else its parts lie where they belong
            self._write_loop(views, body)

    def _write_loop(self, views: dict[str, str], body: list[str]) -> None:
        """Write a loop over columns of views: each has a variable, setup makes them."""
        name = f"loop_{len(self.objects)}_{len(self.run)}"
        name = self._name(("loop", name), name)
        columns = [f"    {view}," for view in views]
        self.setup += [f"{name} = [*zip(", *columns, "    strict=True,", ")]"]
        variables = ", ".join(views.values()) + "," * (len(views) == 1)
        self.run.append(f"for {variables} in {name}:")
        self.run += [f"    {text}" for text in body]


def _is_view(op: Any, args: list[str], line: Line, options: Any) -> bool:
    """Is this only another view of its argument?"""
    if len(args) != 1 or holes(options) or is_elementwise(op):
        return False
    if op is along:
        return True
    if (
        not isinstance(op, Primitive)
        or op.into is not None
        or ("shape" in options and ("index" in options))
    ):
        return False
    ref = line.args[0]
    if not isinstance(ref, Ref):
        return False
    shape = ref.line.shape
    if line.times is not None and ref.shift is not None:
        shape = (len(line.times), *shape)
    elif isinstance(ref.at, range):
        shape = (len(ref.at), *shape)
    sample = np.empty(shape, ref.line.dtype)
    result = call(op, [sample], options)
    return isinstance(result, Array) and np.may_share_memory(result, sample)


def _moves(arg: Any, loop: Loop) -> bool:
    return isinstance(arg, Ref) and arg.line in loop.lines
