"""A tape is a record of which primitives ran.

The tape of an output is everything the output depends on, sorted by the tick at which
it was made: a loop and a sort. Whoever uses a value comes later on the tape. That order
is all that a derivative, a proof or a picture needs, and `replay` shows that it is a
program: it runs again, with other numbers, in any domain.

No recursion and nothing global: memory is freed when the last name for the output goes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from minigrad.calls import function_of
from minigrad.console import html_table, shown, table
from minigrad.context import path
from minigrad.numpy_protocol.array_like import as_array
from minigrad.numpy_protocol.foreign_arrays import bare, wrapped
from minigrad.primitive import Primitive
from minigrad.refusals import outputs_in, require_unspoilt
from minigrad.tensor import RELEASED, Array, Tensor
from minigrad.types import Printer, Structure

Domain = TypeVar("Domain")  # what a replay computes with: arrays, Tensors, ...

COLUMNS = ("step", "name", "primitive", "arguments", "shape", "scope", "function")


class Tape:
    """The Tensors that one or more outputs depend on, in the order they were made.

    outputs  Tensors, or structures of them: what a layer returns, (y, state)

    >>> a = mg.Tensor(3.0, name="a")
    >>> b = a + a
    >>> b.name = "b"
    >>> print(mg.Tape(b))
    step  name  primitive  arguments  shape  scope
       0  a                           ()
       1  b     add        a, a       ()
    """

    def __init__(self, *outputs: Structure[Tensor]) -> None:
        asked = outputs[0] if len(outputs) == 1 else outputs
        self.outputs = tuple(outputs_in(asked, "Tape(output)")) if outputs else ()
        self.steps = in_order(self.outputs)
        self.readings: dict[object, object] = {}  # what was found out, once: structure

    def __iter__(self) -> Iterator[Tensor]:
        return iter(self.steps)

    def __len__(self) -> int:
        return len(self.steps)

    @property
    def leaves(self) -> list[Tensor]:
        """The Tensors that no primitive made: inputs, parameters, initial states."""
        return [step for step in self.steps if step.primitive is None]

    def __str__(self) -> str:
        return table(self._table(), right=[0])

    def __repr__(self) -> str:
        names = ", ".join(each.name or "a Tensor" for each in self.outputs)
        return shown(f"<Tape of {names}: {len(self)} steps>")

    def _repr_pretty_(self, printer: Printer, cycle: bool) -> None:
        printer.text(str(self))

    def _repr_html_(self) -> str:
        columns, *rows = self._table()
        return html_table(columns, rows, right=[0])

    def _table(self) -> list[tuple[str, ...]]:
        """Return the headings and what stands below; no column of functions if none."""
        rows = [COLUMNS, *self._rows()]
        named = any(row[-1] for row in rows[1:])
        return rows if named else [row[:-1] for row in rows]

    def _rows(self) -> Iterator[tuple[str, ...]]:
        """Yield what a table says of each step."""
        label = {step.tick: _label(step, at) for at, step in enumerate(self.steps)}

        def argument(arg: object) -> str:
            if isinstance(arg, Tensor):
                return label[arg.tick]
            return f"array{arg.shape}" if isinstance(arg, Array) else repr(arg)

        for position, step in enumerate(self.steps):
            row, arguments = "", [argument(arg) for arg in step.args]
            if step.primitive is not None:
                row, options = step.primitive.name, step.options.items()
                arguments += [f"{key}={_written(value)}" for key, value in options]
            read, shape = ", ".join(arguments), str(step.shape)
            scope, function = path(step.scope), function_of(step)
            yield str(position), label[step.tick], row, read, shape, scope, function

    def replay(
        self,
        values: Mapping[Tensor, Domain] | None = None,
        lift: Callable[[Any], Any] = lambda constant: constant,
        apply: Callable[[Tensor, list[Any]], Domain] | None = None,
    ) -> dict[Tensor, Domain]:
        """Run the record again with other numbers; return the value of every step.

        `values` gives some steps their new value (a leaf, or any step at which to cut
        in); other leaves, and the constants the program used, go through `lift`, which
        brings them into the domain of `values`. Decisions stay: the mask of a relu, the
        place of a max. Where a value is a Tensor, the replay is recorded again.
        `apply(step, args)` says what a step computes, in the place of its primitive.

        >>> x = mg.Tensor(3.0)
        >>> y = x * x + 1.0
        >>> mg.Tape(y).replay({x: np.array(2j)})[y]
        array(-3.+0.j)
        """
        require_unspoilt(self.steps)
        values = values or {}
        replayed: dict[Tensor, Domain] = {}
        for step in self.steps:
            if step in values:
                replayed[step] = values[step]
            elif step.primitive is None:
                replayed[step] = lift(step.data)
            else:
                args = [
                    replayed[arg] if isinstance(arg, Tensor) else lift(arg)
                    for arg in step.args
                ]
                replayed[step] = (apply or _computed)(step, args)
        return replayed

    def release(self) -> None:
        """Forget the record and free its memory; the numbers stay readable.

        A gradient asked for afterwards is an explained error, never a wrong number.
        """
        for step in self.steps:
            if step.primitive is not None:
                step.primitive, step.args, step.options = None, (), RELEASED


def made_by(step: Tensor) -> Primitive:
    """Return the primitive that made a step, which is no leaf."""
    row = step.primitive
    assert row is not None, "no primitive made a leaf"
    return row


def _computed(step: Tensor, args: list[Any]) -> Any:
    """Run the step's primitive again."""
    value = made_by(step).apply(*map(wrapped, args), **step.options)
    return value if isinstance(value, Tensor) else bare(as_array(value))


def _label(step: Tensor, position: int) -> str:
    """Return a step's name, with its time step in brackets: `c[3]`."""
    if step.name is None:
        return f"t{position}"
    times = [part for part in step.scope if isinstance(part, int)]
    return step.name + "".join(f"[{time}]" for time in times)


def _written(option: object) -> object:
    """Write an option as a program would: an index as [..., :1, 2]."""
    if isinstance(option, Array):
        return "array"
    if isinstance(option, slice):
        ends = ["" if n is None else str(n) for n in (option.start, option.stop)]
        return ":".join(ends if option.step is None else [*ends, str(option.step)])
    if isinstance(option, tuple) and not all(isinstance(n, int) for n in option):
        parts = ("..." if part is ... else str(_written(part)) for part in option)
        return f"[{', '.join(parts)}]"
    return option


def in_order(outputs: Sequence[Tensor]) -> list[Tensor]:
    """Return everything reachable from the outputs, sorted by tick: a loop, a sort."""
    found = {output.tick: output for output in outputs}
    waiting = list(outputs)
    while waiting:
        for arg in waiting.pop().args:
            if isinstance(arg, Tensor):
                tick = arg.tick
                if tick not in found:
                    found[tick] = arg
                    waiting.append(arg)
    return [found[tick] for tick in sorted(found)]
