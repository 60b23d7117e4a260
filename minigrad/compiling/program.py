"""A program: what one trace of a function became, and how it runs.

traced -> simplified -> lines -> at once -> scheduled -> source
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from minigrad.compiling.algebra import REWRITES, Lines
from minigrad.compiling.graph import Node
from minigrad.compiling.lines import Line, Ref, lines_of
from minigrad.compiling.loops import Item, Loop, Tangled, scheduled
from minigrad.compiling.over_time import at_once
from minigrad.compiling.simplify import one_sum, shared, without_identities
from minigrad.compiling.source import Writer
from minigrad.compiling.tracing import Trace, uncollected
from minigrad.parameter import Parameter
from minigrad.types import Array


class Question(NamedTuple):
    """A guard, and where the program has what it asks about."""

    ask: Callable[[Any], Any]
    ref: Ref
    answer: Any


class Program:
    """One specialization: for these shapes, dtypes, constants and answers.

    trace   what was recorded
    items   its lines and loops
    source  the Python that runs
    """

    def __init__(self, trace: Trace, inputs: int) -> None:
        self.trace, self.inputs = trace, inputs
        with uncollected():
            try:
                self._write(rolled=True)
            except Tangled:
                self._write(rolled=False)
        self.free: list[Callable[..., list[Array]]] = []

    def __repr__(self) -> str:
        return f"<program of {len(self.lines)} lines, {self.calls} calls>"

    def _write(self, rolled: bool) -> None:
        nodes = [*self.trace.outputs, *(guard.node for guard in self.trace.guards)]
        graph: list[Node] = one_sum(shared(without_identities(nodes)))
        lines, refs = lines_of(graph, rolled)
        at_once(lines)
        self.outputs = refs[: len(self.trace.outputs)]
        self.guards = [
            Question(guard.ask, ref, guard.answer)
            for guard, ref in zip(
                self.trace.guards, refs[len(self.outputs) :], strict=True
            )
        ]
        if rolled:
            for rewrite in REWRITES:
                rewrite(Lines.of(refs))
        self.items: list[Item] = scheduled(ref.line for ref in refs)
        self.names = _named(self.items)
        self.lines = [*self.names]
        writer = Writer(self.items, self.names)
        self.source = writer.source(self.outputs, self.guards, self.inputs)
        self.objects, self.bytes, self.calls = (
            writer.objects,
            writer.bytes,
            writer.calls,
        )
        self.code = compile(self.source, "<compiled program>", "exec")

    def instance(self) -> Callable[..., list[Array]]:
        """Return the program on buffers of its own."""
        space = dict(self.objects)
        exec(self.code, space)
        step: Callable[..., list[Array]] = space["buffers"]()
        return step

    def __call__(self, arrays: list[Array]) -> list[Array]:
        """Run; a second thread at the same time gets other buffers."""
        try:
            step = self.free.pop()
        except IndexError:
            step = self.instance()
        results = step(*arrays)
        self.free.append(step)
        return results


def _named(items: list[Item]) -> dict[Line, str]:
    """Give each line a name that code can use: Parameters their own."""
    names: dict[Line, str] = {}
    taken: set[str] = set()
    for item in items:
        for line in item.lines if isinstance(item, Loop) else [item]:
            name = f"v{len(names)}"
            if isinstance(line.source, int):
                name = f"x{line.source}"
            elif isinstance(line.source, Parameter):
                own = (line.source.name or "p").replace("~", "_")
                name = (
                    own if own.isidentifier() and own not in taken else f"p{len(names)}"
                )
            taken.add(name)
            names[line] = line.name = name
    return names
