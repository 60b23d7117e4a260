"""A program: what one trace of a function became, and how it runs.

traced -> simplified -> lines -> at once -> scheduled -> source
"""

from __future__ import annotations

import itertools
import keyword
import textwrap
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from minigrad.compiling.algebra import REWRITES
from minigrad.compiling.buffers import Changed
from minigrad.compiling.columns import vectors_as_columns
from minigrad.compiling.graph import VIEWS, bytes_of, name_of
from minigrad.compiling.lanes import (
    outer_products_joined,
    products_joined,
    side_by_side,
)
from minigrad.compiling.line import Line, Ref
from minigrad.compiling.one_run import Trace, uncollected
from minigrad.compiling.over_time import at_once
from minigrad.compiling.overwriting import Overwriting
from minigrad.compiling.program_lines import lines_of
from minigrad.compiling.program_notation import Notation
from minigrad.compiling.reads import Lines, copies_of
from minigrad.compiling.rolled_loops import (
    Item,
    Tangled,
    bytes_held,
    lines_in,
    scheduled,
    stacked_options,
)
from minigrad.compiling.simplify import Graph, one_sum, shared
from minigrad.compiling.source import Writer
from minigrad.compiling.statements import RESERVED, calls_of
from minigrad.compiling.surroundings import Surroundings
from minigrad.console import table
from minigrad.messages import explained
from minigrad.parameter import Parameter
from minigrad.types import Array

LINES = (  # the rewrites of lines
    *REWRITES, vectors_as_columns, products_joined, side_by_side, outer_products_joined,
)  # fmt: skip
LONG = 100  # places in the source of a program that had better have loops
NO_LOOP = "no loop was found: mark what each time step does, with mg.scope(t):"


class Question(NamedTuple):
    """A guard, and where the program has what it asks about."""

    ask: Callable[[Any], Any]
    ref: Ref
    answer: Any


class Stage(NamedTuple):
    """What a rewrite did: its name and identity, the calls and bytes that were left."""

    name: str
    identity: str
    calls: int
    bytes: int


class Program:
    """One specialization: for these shapes, dtypes, constants and answers.

    items    its lines and loops
    outputs  what it returns; structure: as the function does
    rewrites of its lines; stages: what each left of the calls of the tape
    source   the Python that runs
    bytes    of its buffers
    rolled   were loops looked for? Not where lines read both ways in time
    before   what it returns, of the lines as they were before any rewrite of lines
    """

    def __init__(
        self,
        trace: Trace,
        names: Sequence[str],
        rewrites: Sequence[Callable[[Lines], None]] | None = None,
    ) -> None:
        self.rewrites = [*(LINES if rewrites is None else rewrites)]
        self.structure, self.outside = trace.structure, trace.outside
        self.around: Surroundings | None = None  # what the function read besides
        self.inputs: list[str] = []
        for name in names:
            while name in (*RESERVED, *keyword.kwlist, *self.inputs):
                name += "_"
            self.inputs.append(name)
        self.free: list[Callable[..., list[Array]]] = []
        with uncollected():
            try:
                self._write(trace, rolled=True)
            except Tangled:
                self._write(trace, rolled=False)

    def __repr__(self) -> str:
        return f"<program of {len(self.lines)} lines, {self.calls} calls>"

    def __str__(self) -> str:
        return str(Notation(self.items, self.outputs, self.guards))

    def _write(self, trace: Trace, rolled: bool) -> None:
        self.rolled = rolled
        graph = Graph.of([*trace.outputs, *(guard.node for guard in trace.guards)])
        why = "what the function computes, gradient too"
        self.stages = [Stage("traced", why, *_of_nodes(graph))]
        for rewrite in (shared, one_sum):
            graph = rewrite(graph)
            self._note(rewrite, _of_nodes(graph))
        lines, refs = lines_of(graph, rolled)
        self._note(lines_of, _of_lines(refs, at_once=False))
        at_once(lines)
        self._note(at_once, _of_lines(refs, at_once=False))
        self._note(scheduled, _of_lines(refs))
        self.before = copies_of(refs)
        for change in self.rewrites if rolled else ():
            change(Lines.of(refs))
            self._note(change, _of_lines(refs))
        self.outputs = refs[: len(trace.outputs)]
        self.guards = [
            Question(guard.ask, ref, guard.answer)
            for guard, ref in zip(trace.guards, refs[len(self.outputs) :], strict=True)
        ]
        self.items: list[Item] = scheduled(ref.line for ref in refs)
        self.names = _named(self.items, self.inputs)
        self.lines = [*self.names]
        writer = Writer(self.items, self.names, self.inputs)
        self.source = writer.source(self.outputs, self.guards, self.inputs)
        self.objects, self.bytes = writer.objects, writer.bytes
        self.calls = writer.calls
        self._note(Overwriting, (writer.runtime_calls, writer.bytes))
        self.code = compile(self.source, "<compiled program>", "exec")

    def _note(self, rewrite: Callable[..., Any], left: tuple[int, int]) -> None:
        """Remember what a rewrite left; the first line of its documentation says it."""
        identity = (rewrite.__doc__ or "").partition("\n")[0].rstrip(".")
        self.stages.append(Stage(rewrite.__name__.lower(), identity, *left))

    def explain(self) -> str:
        """Return a table: what each rewrite left of calls, and of bytes to hold.

        Rewrites that left as many of both are named below it. The last row counts what
        is copied as well; the others cannot know which parts of what is joined are
        computed in their place.
        """
        rows = [("rewrite", "calls", "bytes", "because")]
        same: list[str] = []
        left = (-1, -1)
        for name, why, calls, size in self.stages:
            if left == (left := (calls, size)):
                same.append(name)
            else:
                first, *more = textwrap.wrap(why, 44)
                rows.append((name, f"{calls:,}", f"{size:,}", first))
                rows += [("", "", "", text) for text in more]
        last = [f"{self.calls:,} places in the source, {self.bytes:,} bytes of buffers"]
        if same:
            text = f"as many calls and bytes after: {', '.join(same)}"
            last.insert(0, textwrap.fill(text, 88))
        if self.rolled and self.calls > LONG and not any(e.times for e in self.lines):
            last.append(NO_LOOP)
        return "\n".join([table(rows, right=[1, 2]), *last])

    def after(self, name: str) -> list[Item]:
        """Return the lines and loops as a rewrite left them; "before": as none had.

        Raises ValueError for a name that is no rewrite of lines.
        """
        names = ["before", *(change.__name__ for change in self.rewrites)]
        if name not in names:
            asked = f"the program after {name!r}"
            why = "no rewrite of lines has this name."
            raise explained(ValueError, asked, {}, why, f"one of: {', '.join(names)}.")
        refs = copies_of(self.before)
        for change in self.rewrites[: names.index(name)]:
            change(Lines.of(refs))
        items = scheduled(ref.line for ref in refs)
        _named(items, self.inputs)
        return items

    @property
    def dtypes(self) -> set[Any]:
        """Return the kinds of numbers that it computes with."""
        return {line.dtype for line in self.lines}

    @property
    def constants(self) -> set[int]:
        """Return the identities of the arrays that it reads at each call."""
        return {id(a) for a in self.objects.values() if isinstance(a, Array)}

    def instance(self) -> Callable[..., list[Array]]:
        """Return the program on buffers of its own."""
        space = dict(self.objects)
        exec(self.code, space)
        step: Callable[..., list[Array]] = space["buffers"]()
        return step

    def holds(self) -> bool:
        """Is what the function read besides its arguments as it was?"""
        is_same = all(tensor.data is array for tensor, array in self.outside)
        return is_same and (self.around is None or self.around.holds())

    def __call__(self, arrays: list[Array]) -> list[Array]:
        """Run; a second thread at the same time gets other buffers.

        Raises Changed where another program is needed: an `if` goes another way, or
        what is around has changed.
        """
        if not self.holds():
            raise Changed
        try:
            step = self.free.pop()
        except IndexError:
            step = self.instance()
        results = step(*arrays)
        self.free.append(step)
        return results


def _of_nodes(graph: Graph) -> tuple[int, int]:
    """Count the calls of nodes, and the bytes of their results."""
    kinds = Counter((n.op, n.shape, n.dtype, len(n.args)) for n in graph.nodes)
    work = [(each, n) for each, n in kinds.items() if _computes(each[0])]
    size = sum(n * bytes_of(shape, dtype) for (_, shape, dtype, _), n in work)
    return sum(n * calls_of(op, terms) for (op, _, _, terms), n in work), size


def _of_lines(refs: list[Ref], at_once: bool = True) -> tuple[int, int]:
    """Count the calls of lines: for all steps one, unless they are in a loop."""
    circles = Lines.of(refs).circle
    work = [line for line in circles if _computes(line.op)]

    def repeats(line: Line) -> int:
        is_outside = at_once and circles[line] == -1
        if not line.times or (is_outside and stacked_options(line) is not None):
            return 1
        return len(line.times)

    calls = sum(calls_of(line.op, len(line.args)) * repeats(line) for line in work)
    return calls, sum(map(bytes_held, work))


def _computes(op: Any) -> bool:
    return op is not None and name_of(op) not in VIEWS


def _named(items: list[Item], inputs: Sequence[str]) -> dict[Line, str]:
    """Give each line a name that code can use: its own, if it has one."""
    names: dict[Line, str] = {}
    taken = {*inputs, *RESERVED}
    for line in lines_in(items):
        name = line.name
        if isinstance(line.source, Parameter):
            name = line.source.name or "p"
        name = name.replace("~", "_")
        if not name.isidentifier() or keyword.iskeyword(name):
            name = "v"
        if isinstance(line.source, int):
            name = inputs[line.source]
        elif name in taken or name == "v":
            numbered = (f"{name}{k}" for k in itertools.count(len(names)))
            name = next(each for each in numbered if each not in taken)
        taken.add(name)
        names[line] = line.name = name
    return names
