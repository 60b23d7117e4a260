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

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from minigrad.compiling.graph import (
    POSITIONAL,
    Hole,
    call,
    holes,
    is_elementwise,
    name_of,
)
from minigrad.compiling.lines import Line, Ref, at_time
from minigrad.compiling.loops import (
    Item,
    Loop,
    Tangled,
    is_aligned,
    is_moving_take,
    stacked_options,
)
from minigrad.compiling.over_time import along, as_one_take
from minigrad.parameter import Parameter
from minigrad.primitive import Primitive
from minigrad.types import Array, Shape


class Changed(Exception):
    """The program does not hold for these numbers: it must be traced again."""


def buffer(shape: Shape, dtype: str) -> Array:
    """Return memory that begins where a cache line does."""
    kind = np.dtype(dtype)
    size = int(np.prod(shape, dtype=int)) * kind.itemsize
    raw = np.zeros(size + 64, np.uint8)
    start = -raw.ctypes.data % 64
    return raw[start : start + size].view(kind).reshape(shape)


def rows(a: Array, start: int, stop: int, step: int) -> list[Array]:
    """Return the entries along the first axis, as arrays: also single numbers."""
    return [a[k, ...] for k in range(start, stop, step)]


def shaped(value: Any, shape: Shape) -> Array:
    """Return an array, if it has the shape that it had while tracing."""
    array = np.asarray(value)
    if array.shape != shape:
        raise Changed
    return array


def answered(asked: Any, answer: Any) -> None:
    """Go on if a question has the answer that it had while tracing."""
    if asked != answer:
        raise Changed


class Writer:
    """Writes the source of a program: what is done once, and what at each call."""

    def __init__(self, items: Iterable[Item], names: dict[Line, str]) -> None:
        self.names = names
        self.setup: list[str] = []
        self.run: list[str] = []
        self.objects: dict[str, Any] = {
            "buffer": buffer, "rows": rows, "shaped": shaped, "answered": answered,
            "copyto": np.copyto, "copy": np.array,
        }  # fmt: skip
        self.static: set[str] = set()  # names that setup knows
        self.memory: dict[Line, str] = {}  # names of what holds a line's values
        self.known: dict[Any, str] = {}
        self.ended: set[tuple[Line, int]] = set()
        self.passing: set[Line] = set()
        self.inputs: set[int] = set()
        self.bytes = 0
        self.calls = 0
        self.items = [*items]

    def source(
        self, outputs: list[Ref], guards: list[Any], inputs: Sequence[str]
    ) -> str:
        """Return the whole text."""
        self.readers = _readers(self.items, outputs, guards)
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

    # --------------------------------------------------------------------- single lines

    def _line(self, line: Line) -> None:
        name = self.names[line]
        if line.op is None:
            self._source(line, name)
        elif line.times is None:
            args = [self.argument(arg, line) for arg in line.args]
            self._compute(name, line, line.op, args, line.options, line.shape)
            self.memory[line] = name
        elif is_moving_take(line):
            index, axis = as_one_take(line)
            options = {"index": index, "axis": axis}
            shape = (len(line.times), *line.shape)
            args = [self.argument(line.args[0], line)]
            self._mapped(line, along, args, options, shape)
            if len(self.readers.get(line, ())) > 1:  # a copy that many can read fast
                self.memory[line] = self._own(line)
        else:
            options = stacked_options(line) or {}
            args = [self._stacked(arg, line) for arg in line.args]
            shape = (len(line.times), *line.shape)
            self._mapped(line, line.op, args, options, shape)

    def _mapped(
        self, line: Line, op: Any, args: list[str], options: Any, shape: Shape
    ) -> None:
        name = self.names[line]
        if not line.ends:
            self._compute(name, line, op, args, options, shape)
            self.memory[line] = name
            return
        assert line.times is not None
        self._allocate(line)
        target = self._slots(line, line.times)
        self._into(target, line, op, args, options)

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
        if _is_view(op, args, line, options):
            text = f"{name} = {self._call(op, args, options)}"
            if all(arg in self.static for arg in args):
                self.setup.append(text)
                self.static.add(name)
            else:
                self.run.append(text)
            return
        if self._has_into(op):
            self._buffer(name, shape, line.dtype)
            self._into(name, line, op, args, options)
            return
        self.calls += 1
        text = self._call(op, args, options)
        if line.dtype == object:
            self.run.append(f"{name} = {text}")
        else:
            self.run.append(f"{name} = shaped({text}, {shape})")

    def _buffer(self, name: str, shape: Shape, dtype: np.dtype) -> None:
        self.setup.append(f"{name} = buffer({shape}, {dtype.str!r})")
        self.static.add(name)
        self.bytes += int(np.prod(shape, dtype=int)) * dtype.itemsize

    def _has_into(self, op: Any) -> bool:
        return (
            isinstance(op, np.ufunc)
            or _ufunc_of(op) is not None
            or (isinstance(op, Primitive) and op.into is not None)
            or name_of(op) in _MANY
        )

    def _into(
        self, out: str, line: Line, op: Any, args: list[str], options: Any
    ) -> None:
        for text in self._statements(out, op, args, options):
            self.run.append(text)

    def _statements(
        self, out: str, op: Any, args: list[str], options: Any
    ) -> list[str]:
        """Return how to compute into an array that is there."""
        self.calls += 1
        ufunc = _ufunc_of(op)
        if ufunc is not None and not (set(options) - {POSITIONAL}):
            given = (
                [*map(self._text, _filled(options[POSITIONAL], args))]
                if (POSITIONAL in options)
                else args
            )
            name = self._object(ufunc.__name__, ufunc)
            target = f"out={out}" if ufunc in (np.maximum, np.minimum) else out
            return [f"{name}({', '.join([*given, target])})"]
        if name_of(op) in _MANY:
            two = _MANY[name_of(op)]
            name = self._object(two.__name__, two)
            first, second, *more = args
            self.calls += len(more)
            texts = [f"{name}({first}, {second}, {out})"]
            return texts + [f"{name}({out}, {each}, {out})" for each in more]
        if isinstance(op, Primitive) and op.into is not None:
            name = self._object(op.into.__name__, op.into)
            if isinstance(op.into, np.ufunc):
                return [f"{name}({', '.join([*args, out])})"]
            return [self._written(name, args, options, out)]
        return [f"copyto({out}, {self._call(op, args, options)})"]

    def _call(self, op: Any, args: list[str], options: Any) -> str:
        function = op.function if isinstance(op, Primitive) else op
        name = self._object(name_of(op).replace(".", "_"), function)
        return self._written(name, args, options)

    def _written(self, name: str, args: list[str], options: Any, *before: str) -> str:
        if isinstance(options, str):  # prepared for each step
            return f"{name}({', '.join([*before, *args])}, **{options})"
        operands = args[: len(args) - holes(options)]
        filled = _filled(options, args)
        given = [self._text(each) for each in filled.get(POSITIONAL, ())]
        words = [f"{k}={self._text(v)}" for k, v in filled.items() if k != POSITIONAL]
        return f"{name}({', '.join([*before, *operands, *given, *words])})"

    def _text(self, value: Any) -> str:
        """Write an option as code; what has no short text is an object with a name."""
        if isinstance(value, _Code):
            return value
        if isinstance(value, tuple | list):
            inner = ", ".join(map(self._text, value))
            if isinstance(value, list):
                return f"[{inner}]"
            return f"({inner},)" if len(value) == 1 else f"({inner})"
        if value is Ellipsis:
            return "..."
        if isinstance(value, slice):
            ends = (value.start, value.stop, value.step)
            return f"slice({', '.join(map(self._text, ends))})"
        if type(value) in (int, str, bool, type(None)):
            return repr(value)
        if type(value) is float and np.isfinite(value):
            return repr(value)
        return self._object("k", value)

    def _object(self, name: str, value: Any) -> str:
        """Return a name for an object, a new one if the name is another's."""
        key = (name, id(value))
        if key not in self.known:
            free, k = name, 1
            while free in self.objects or free in self.names.values():
                k += 1
                free = f"{name}_{k}"
            self.objects[free] = value
            self.known[key] = free
            self.static.add(free)
        return self.known[key]

    # ------------------------------------------------------------------ what lines read

    def argument(self, arg: Any, line: Line) -> str:
        """Return the name of an argument that is read once."""
        return self.read(arg) if isinstance(arg, Ref) else self._constant(arg, line)

    def _constant(self, arg: Any, line: Line) -> str:
        if type(arg) in (float, int):
            if is_elementwise(line.op) and line.dtype.kind == "f":
                key = ("number", repr(arg), line.dtype)
                if key not in self.known:
                    number = np.asarray(arg, line.dtype)
                    self.known[key] = self._object("k", number)
                return self.known[key]
            return repr(arg) if np.isfinite(arg) else self._object("k", arg)
        return self._object("k", arg)

    def read(self, ref: Ref) -> str:
        """Return the name of what is read outside of a loop."""
        line = ref.line
        if ref.at is None:
            return self.memory[line]
        if isinstance(ref.at, int):
            return self._slots(line, ref.at)
        return self._slots(line, ref.at)

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
        held, first = self.memory[line], self._first(line)
        if isinstance(at, int):
            return self._view(
                held, f"{held}[{at - first}, ...]", f"{held}_at_{at - first}"
            )
        start, stop = at[0] - first, at[-1] - first
        if len(at) > 1 and at.step < 0:
            end = stop - 1 if stop else None
            return self._view(
                held, f"{held}[{start}:{end}:-1]", f"{held}_{start}_down_{stop}"
            )
        if start == 0 and at[-1] == self._last(line):
            return held
        return self._view(
            held, f"{held}[{start}:{stop + 1}]", f"{held}_{start}_{stop + 1}"
        )

    def _view(self, of: str, text: str, name: str) -> str:
        if text in self.known:
            return self.known[text]
        self.known[text] = name = name.replace("-", "m")
        if of in self.static:
            self.setup.append(f"{name} = {text}")
            self.static.add(name)
        else:
            self.run.append(f"{name} = {text}")
        return name

    def _first(self, line: Line) -> int:
        assert line.times is not None
        return line.slots()[0] if line.ends else line.times[0]

    def _last(self, line: Line) -> int:
        assert line.times is not None
        return line.slots()[-1] if line.ends else line.times[-1]

    def _allocate(self, line: Line) -> str:
        """Return the buffer of a line with times, ends included."""
        if line not in self.memory and is_lane(line):
            index: Any = line.options["index"]
            whole = self._allocate(line.args[0].line)
            text = f"{whole}[:, {self._text(index[0])}]"
            self.memory[line] = self._view(whole, text, self.names[line])
        elif line not in self.memory:
            self.memory[line] = name = self.names[line]
            count = len(line.slots()) if line.times is not None else 1
            self._buffer(name, (count, *line.shape), line.dtype)
        return self.memory[line]

    def _ends(self, item: Item) -> None:
        """Copy what stands at the ends of the lines that are read or computed now."""
        lines = item.lines if isinstance(item, Loop) else [item]
        read = [ref.line for line in lines for ref in line.refs()]
        for line in dict.fromkeys([*lines, *read]):
            for t, end in line.ends.items():
                if (line, t) in self.ended:
                    continue
                self.ended.add((line, t))
                held = self._allocate(line)
                slot = f"{held}[{t - self._first(line)}, ...]"
                if isinstance(end, Ref):
                    self.run.append(f"copyto({slot}, {self.read(end)})")
                elif isinstance(end, Array):
                    self.run.append(f"copyto({slot}, {self._object('k', end)})")
                else:
                    self.setup.append(f"{slot} = {end!r}")

    # ---------------------------------------------------------------------------- loops

    def _loop(self, loop: Loop) -> None:
        for line in loop.lines:
            self._allocate(line)
        common = [
            t for t in loop.times if all(t in (line.times or ()) for line in loop.lines)
        ]
        if not common:
            raise Tangled
        before = [t for t in loop.times if _is_before(t, common[0], loop)]
        after = [t for t in loop.times if t not in before and t not in set(common)]
        if len(before) + len(after) > 8:
            raise Tangled
        for t in before:
            self._one_step(loop, t)
        self._steps(loop, common)
        for t in after:
            self._one_step(loop, t)

    def _one_step(self, loop: Loop, t: int) -> None:
        for line in loop.lines:
            if t in (line.times or ()) and not is_lane(line):
                args = [
                    self._slots(a.line, t + a.shift)
                    if isinstance(a, Ref) and a.shift is not None
                    else self.argument(a, line)
                    for a in line.args
                ]
                out, options = self._slots(line, t), at_time(line.options, t)
                self.run += self._statements(out, line.op, args, options)

    def _steps(self, loop: Loop, times: list[int]) -> None:
        columns: dict[str, str] = {}  # the variable of each column of views

        def variable(line: Line, shift: int) -> str:
            held = self._own(line)
            first = self._first(line)
            start, step = (
                times[0] + shift - first,
                times[1] - times[0] if times[1:] else 1,
            )
            stop = start + len(times) * step
            views = f"rows({held}, {start}, {stop}, {step})"
            return columns.setdefault(
                views, f"{held}_{'mp'[shift > 0]}{abs(shift)}" if shift else f"{held}_t"
            )

        body: list[str] = []
        for line in loop.lines:
            if is_lane(line):
                continue
            args = [
                variable(a.line, a.shift)
                if isinstance(a, Ref) and a.shift is not None
                else self._ready(a, line)
                for a in line.args
            ]
            options: Any = line.options
            if "Moving" in str(options):
                if holes(options):
                    raise Tangled
                prepared = [at_time(options, t) for t in times]
                name = self._object("options", prepared)
                options = columns.setdefault(name, f"{name}_t")
            body += self._statements(variable(line, 0), line.op, args, options)
        name = f"loop_{len(self.objects)}_{len(self.run)}"
        self.setup.append(f"{name} = [*zip(")
        self.setup += [f"    {views}," for views in columns]
        self.setup.append("    strict=True,")
        self.setup.append(")]")
        variables = ", ".join(columns.values()) + "," * (len(columns) == 1)
        self.run.append(f"for {variables} in {name}:")
        self.run += [f"    {text}" for text in body]

    def _ready(self, arg: Any, line: Line) -> str:
        """Return an argument that is the same at all steps, lying as NumPy likes it."""
        name = self.argument(arg, line)
        if name in self.static or not isinstance(arg, Ref) or len(arg.line.shape) < 2:
            return name
        own = f"{name}_own"
        if own not in self.static:
            self._buffer(own, arg.line.shape, arg.line.dtype)
            self.run.append(f"copyto({own}, {name})")
        return own

    def _own(self, line: Line) -> str:
        """Return the name of a static array that holds a line's values."""
        held = self.memory[line]
        if held in self.static:
            return held
        own = f"{held}_own"
        if own not in self.static:
            assert line.times is not None
            self._buffer(own, (len(line.times), *line.shape), line.dtype)
            self.run.append(f"copyto({own}, {held})")
        return own


_MANY = {"total": np.add, "product": np.multiply}


def is_lane(line: Line) -> bool:
    """Is this one of several lines that are computed side by side, or some of them?"""
    index, ref = line.options.get("index"), line.args[0] if line.args else None
    if not (isinstance(index, tuple) and len(index) == 1 and isinstance(ref, Ref)):
        return False
    is_part = type(index[0]) in (int, slice) and not line.ends and ref.shift == 0
    return is_part and line.times is not None and ref.line.times == line.times


class _Code(str):
    """A piece of source text among values."""


def _filled(options: Any, args: list[str]) -> Any:
    if isinstance(options, Hole):
        return _Code(args[options.at])
    if isinstance(options, dict):
        return {k: _filled(v, args) for k, v in options.items()}
    if type(options) in (tuple, list):
        return type(options)([_filled(each, args) for each in options])
    return options


def _ufunc_of(op: Any) -> np.ufunc | None:
    """Return the ufunc that an operation is, if it computes nothing else."""
    function: Any = op.function if isinstance(op, Primitive) else op
    if isinstance(function, np.ufunc) and function.nout == 1:
        return function if function.signature is None else None
    return None


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


def _is_before(t: int, first: int, loop: Loop) -> bool:
    return t < first if loop.times.step > 0 else t > first


def _readers(
    items: list[Item], outputs: list[Ref], guards: list[Any]
) -> dict[Line, list[Any]]:
    """Return who reads each line."""
    found: dict[Line, list[Any]] = {}
    for item in items:
        for line in item.lines if isinstance(item, Loop) else [item]:
            for ref in line.refs():
                found.setdefault(ref.line, []).append(line)
    for ref in (*outputs, *(guard.ref for guard in guards)):
        found.setdefault(ref.line, []).append(None)
    return found


Step = Callable[..., list[Array]]
