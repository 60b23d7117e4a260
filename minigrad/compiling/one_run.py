"""One run of a function, on traced arrays: what goes in and out, what is refused."""

from __future__ import annotations

import gc
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from minigrad.compiling.graph import Node
from minigrad.compiling.surroundings import Surroundings
from minigrad.compiling.traced import Traced, refusal
from minigrad.compiling.tracing import Guard, Tracer
from minigrad.context import Setting as _Setting
from minigrad.context import Within
from minigrad.messages import a_kind
from minigrad.numpy_protocol.array_like import ArrayLike
from minigrad.parameter import Parameter
from minigrad.shapes import leaves, mapped
from minigrad.tensor import Tensor, clock
from minigrad.types import Array


class Trace(NamedTuple):
    """What one run of a function recorded.

    outputs    the arrays that it returned, in the order of its structure
    numbers    what they were
    guards     what must be answered as it was
    structure  what it returned: places of outputs, constants
    outside    Tensors that are no arguments, with the arrays that they held
    serves_all whether no shortcut was taken
    is_random  whether a generator of random numbers was used
    lines      of the function that made the nodes, if they were asked for
    """

    outputs: list[Node]
    numbers: list[Array]
    guards: list[Guard]
    structure: Any
    outside: list[tuple[Tensor, Array]]
    serves_all: bool
    is_random: bool
    lines: dict[Node, str]


class Output(NamedTuple):
    """The place of an output in what a function returns."""

    at: int
    is_tensor: bool


class Given(NamedTuple):
    """An array among the arguments; `is_tensor`: f gets a Tensor of it."""

    array: Array
    is_tensor: bool


def run_traced(
    f: Callable[..., Any],
    arguments: Any,
    name: str,
    serves_all: bool = False,
    with_lines: bool = False,
) -> Trace:
    """Run f on traced arrays in the place of its arguments' arrays.

    `arguments` is a tuple and a dict of structures whose leaves are `Given`, or
    constants. `serves_all`: take no shortcut that holds for some numbers only.
    """
    tracer, began = Tracer(serves_all, with_lines), clock()
    sources: list[Traced] = []

    def given(_: str, leaf: Any) -> Any:
        if not isinstance(leaf, Given):
            return leaf
        sources.append(tracer.source(leaf.array, len(sources)))
        return Tensor(sources[-1]) if leaf.is_tensor else sources[-1]

    were_used = _random_states()
    try:
        with _tracing(tracer), uncollected():
            positional, words = mapped(given, arguments, "", is_leaf)
            outputs, structure = _outputs(f(*positional, **words), tracer, name)
            if tracer.refusals:  # the function has an `except` that met one
                raise tracer.refusals[0]
            tracer.name_nodes()
    finally:  # what fails after backward(), such as optimizer.step(), fails by it
        _require_no_grad_kept(tracer, name, f)
    is_random = were_used()
    if all(each is None for each in leaves(structure).values()):
        raise refusal(
            f"compile({name})",
            "the function returned no Tensor or array, so there is nothing to compute.",
            "return the result: a function without return gives None.",
            {"f(*args)": structure},
        )
    numbers = [np.array(each.value) for each in outputs]
    nodes = [each.node for each in outputs]
    read = {a for step in tracer.steps for a in step.args if isinstance(a, Tensor)}
    before = {a for a in read if a.tick < began and not isinstance(a, Parameter)}
    outside = [(each, each.data) for each in before]  # Parameters are read anew
    tracer.forget()
    return Trace(
        nodes,
        numbers,
        tracer.guards,
        structure,
        outside,
        serves_all,
        is_random,
        tracer.lines,
    )


def _outputs(result: Any, tracer: Tracer, name: str) -> tuple[list[Traced], Any]:
    """Return the arrays in a result, and its structure with their places in it."""
    outputs: list[Traced] = []

    def place(path: str, leaf: Any) -> Any:
        leaf = leaf.current() if isinstance(leaf, ArrayLike) else leaf
        data = leaf.data if isinstance(leaf, Tensor) else leaf
        if isinstance(data, np.ndarray | np.generic):  # it depends on no input
            data = tracer.source(np.asarray(data), np.asarray(data))
        if isinstance(data, Traced):
            outputs.append(data)
            return Output(len(outputs) - 1, isinstance(leaf, Tensor))
        if isinstance(data, str | int | float | bool | type(None)):
            return data
        raise refusal(
            f"compile({name}): it returns {a_kind(leaf)}",
            "a program returns Tensors, arrays, and structures of them.",
            "return the arrays that it is made of.",
            {path: leaf},
        )

    structure = mapped(place, result, name, is_leaf)
    return outputs, structure


def refuse_guards(asked: str, guards: Sequence[Any]) -> None:
    """Refuse a function that asked about numbers: elsewhere nobody answers."""
    for guard in [guard for guard in guards if not guard.is_check]:
        kind = guard.ask.__name__
        raise refusal(
            f"{asked}: {kind}(x) of {guard.node}",
            f"at {guard.line} the function asked about numbers while it was traced, "
            f"and was told {guard.answer}: for other inputs another program would be "
            "right.",
            "np.where(x > 0, a, b) instead of `if x > 0`; numbers that choose "
            "shapes as Python numbers among the arguments.",
        )


class _tracing(Within):
    __slots__ = ("tracer",)

    def __init__(self, tracer: Tracer) -> None:
        self.tracer = tracer

    def alter(self, setting: _Setting) -> None:
        setting.recording, setting.checker, setting.scope = True, self.tracer, ()  # type: ignore[assignment]
        setting.call = None


@contextmanager
def uncollected() -> Iterator[None]:
    """Switch garbage collection off: a graph only grows, and a collection is slow."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def is_leaf(part: Any) -> bool:
    """Is this a leaf, an array, a Tensor, a number or None, and no structure?"""
    return isinstance(part, Given | Output) or not isinstance(part, dict | list | tuple)


def _random_states() -> Callable[[], bool]:
    """Return a function that says whether any generator was used since."""
    kinds = (np.random.Generator, np.random.RandomState, random.Random)
    alive = [each for each in gc.get_objects() if type(each) in kinds]

    def states() -> list[Any]:
        legacy = np.random.get_state(legacy=False)  # noqa: NPY002
        return [random.getstate(), str(legacy), *map(_state, alive)]

    before = states()
    return lambda: states() != before


def _state(generator: Any) -> str:
    if isinstance(generator, random.Random):
        return str(hash(generator.getstate()))
    if isinstance(generator, np.random.RandomState):
        return str(generator.get_state(legacy=False))
    return str(generator.bit_generator.state)


def _require_no_grad_kept(tracer: Tracer, name: str, f: Callable[..., Any]) -> None:
    parameters: list[Any] = [*tracer.parameters]
    keeping = [each for each in parameters if type(each.grad) is Traced]
    for parameter in keeping:
        parameter.grad = None
    if keeping:
        raise refusal(
            f"compile({name}): it calls backward()",
            "a program returns its results, and fills no Parameter.grad.",
            "return mg.grad(loss, parameters); optimizer.step(gradients) takes them.",
            {keeping[0].name or "p": keeping[0]},
            line=Surroundings(f).line_of(["backward"]),
        )
