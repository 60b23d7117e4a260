"""The gradient, read from a tape: backwards, rule by rule.

    for node in reversed(tape):          node: y = f(a, b)
        a_bar += rule_a(y_bar)           "+=": a value used twice gets both
        b_bar += rule_b(y_bar)

Whoever uses a value comes later on the tape. So, walking backwards, a cotangent is
complete when its turn comes. Nothing is kept on the nodes: asking twice gives the same
answer. Forward mode, `pushforward`, is the same walk in the other direction, by the
same rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, overload

import numpy as np

from minigrad.accumulation import Cotangent, Cotangents, Edge
from minigrad.context import SETTING
from minigrad.habits import taught
from minigrad.messages import explained
from minigrad.numpy_protocol.array_like import DOMAINS, as_array
from minigrad.numpy_protocol.arrays import numbers
from minigrad.primitive import Primitive
from minigrad.refusals import (
    bad_rule,
    inputs_in,
    outputs_in,
    require_recorded,
    require_unspoilt,
    require_unwritten,
    stale,
    unrecorded,
)
from minigrad.shapes import leaves, rebuilt
from minigrad.tape import Tape, in_order
from minigrad.tensor import RELEASED, Tensor
from minigrad.types import Array, Operand, Structure, Value

if TYPE_CHECKING:  # a floor above
    from minigrad.watching import Watch

Planned: TypeAlias = tuple[Tensor, list[Any], list[Edge]]  # node, operands, edges

# grad(f): minigrad.transforms, a floor above, hands it over
of_function: Callable[..., Callable[..., Any]] = None  # type: ignore[assignment]


@overload
def grad(
    output: Callable[..., object],
    inputs: int | Sequence[int] | None = None,
    record: bool = False,
    seed: Operand | None = None,
) -> Callable[..., Any]: ...
@overload
def grad(
    output: Structure[Tensor],
    inputs: Tensor,
    record: Literal[False] = False,
    seed: Structure[Operand] | None = None,
) -> Array: ...
@overload
def grad(
    output: Structure[Tensor],
    inputs: Tensor,
    record: Literal[True],
    seed: Structure[Operand] | None = None,
) -> Tensor: ...
@overload
def grad(
    output: object, inputs: object, record: bool = False, seed: object = None
) -> Any: ...
@taught
def grad(
    output: object, inputs: object = None, record: bool = False, seed: object = None
) -> object:
    """Return the gradient of `output` with respect to `inputs`, by reverse mode.

    output   a Tensor with one entry, or any shape when `seed` (its cotangent, of the
             same shape) is given; a structure of Tensors takes as many seeds
    inputs   a Tensor, or a list, tuple, dict of Tensors, anywhere on the tape; a Module
             is the dict of its Parameters by their paths
    record   record the gradient too, so that it can be differentiated again

    The result has the structure of `inputs` and each gradient the shape and dtype of
    its input: arrays of their own, or Tensors with `record=True`. An input that the
    output does not depend on gets zeros.

    >>> x = mg.Tensor(3.0)
    >>> y = x * x * x
    >>> dy = mg.grad(y, x, record=True)
    >>> float(dy), float(mg.grad(dy, x))
    (27.0, 18.0)

    Of a function, `grad(f)` is the function that gives its gradient, as in JAX; then
    `inputs` says by which arguments: a position or several, 0 if not given (argnums,
    in JAX, is taken for it). See `minigrad.transforms`.

    >>> mg.grad(lambda x: x * x * x)(3.0)
    array(27.)

    Raises ValueError if the output is not a single number and no seed is given, or if
    its record is missing, released, or older than a Parameter it used.
    """
    if callable(output):
        return of_function(output, inputs, record, seed)
    if inputs is None:
        raise _no_inputs(output)
    if isinstance(output, Tensor):
        outputs, seeds = [output], [seed]
    else:
        outputs = outputs_in(output, "the gradient")
        seeds = [None] * len(outputs) if seed is None else list(leaves(seed).values())
    structure = list(inputs) if isinstance(inputs, Iterator) else inputs
    inputs = inputs_in(structure, "the gradient")
    for each in outputs:
        require_recorded(each)
    if len(seeds) != len(outputs):
        raise explained(
            ValueError,
            f"a gradient of {len(outputs)} outputs",
            {f"output {i}": each for i, each in enumerate(outputs)},
            f"each output needs its seed, and {len(seeds)} were given.",
            "give a list of as many seeds as outputs.",
        )
    plan = _plan(in_order(outputs), inputs, record)
    if type(structure) is not Tensor:
        require_unwritten(structure, outputs, plan)
    cotangents = Cotangents(record)
    for each, given in zip(outputs, seeds, strict=True):
        cotangents.add(each, _seed(each, given, record))
    checker = SETTING.get().checker
    keep = {each.tick for each in inputs}
    if checker is None:
        _walk(plan, cotangents, keep)
    else:
        checker.compute(_walk, plan, cotangents, keep, checker)
    return rebuilt(structure, (_hand_over(each, cotangents) for each in inputs))


def _no_inputs(output: object) -> TypeError:
    return explained(
        TypeError,
        "grad(output) without inputs",
        {"output": output},
        "a gradient is with respect to something.",
        "mg.grad(loss, x), mg.grad(loss, model); of a function mg.grad(f)(x).",
    )


def _plan(order: list[Tensor], inputs: list[Tensor], record: bool) -> list[Planned]:
    """Return (node, operands, edges) for each step from one of the inputs to an output.

    Edges are the arguments that depend on an input: gradients nobody asked for are
    never computed. Operands are what rules see: arrays, or Tensors when recording.
    """
    active = {each.tick for each in inputs}
    plan = []
    for node in order:
        tick = node.tick
        edges = []
        operands = []
        for arg in node.args:
            if not isinstance(arg, Tensor):
                operands.append(arg)
                continue
            if arg.tick > tick:
                raise stale(arg, node)
            if arg.tick in active:
                edges.append((len(operands), arg))
            operands.append(arg if record else arg.data)
        if edges:
            active.add(tick)
            plan.append((node, operands, edges))
        elif node.options is RELEASED:
            raise unrecorded(node)
        if node.witness is not None:
            node.witness.verify(node)
    return plan


def _walk(
    plan: list[Planned],
    cotangents: Cotangents,
    keep: set[int],
    checker: Watch | None = None,
) -> None:
    """Walk backwards, turning each node's cotangent into its arguments'."""
    record, totals = cotangents.record, cotangents.totals
    owned, uses = cotangents.owned, cotangents.uses
    batched = not record and checker is None
    for node, operands, edges in reversed(plan):
        tick = node.tick
        if tick in uses and _needs_slices(node, edges, totals, keep):
            cotangents.complete_slices(node, operands, edges)
            continue
        g = cotangents.complete(node) if tick in uses else totals.pop(tick, None)
        if g is None:
            continue
        if tick in keep:
            totals[tick] = g
            owned.discard(tick)  # from here on, others may share it
        primitive: Primitive = node.primitive  # type: ignore[assignment]
        options = node.options
        y = node if record else node.data
        for i, arg in edges:
            if batched and i in primitive.batched_adjoints:
                cotangents.defer(arg, (primitive, i), (node, g, operands, options))
                continue
            if checker is not None:
                checker.differentiating(node, i)
            try:
                contribution: Any = primitive.vjp(i, g, y, operands, options)
            except (TypeError, ValueError, IndexError, AttributeError) as error:
                raise bad_rule(node, i, arg, f"it raised: {error}") from error
            if checker is not None:
                checker.differentiated(node, i, contribution)
            x = operands[i]
            if (
                type(contribution) is not type(x)
                or contribution.dtype is not x.dtype
                or contribution.shape != x.shape
            ):
                contribution = cotangents.fit(contribution, node, i, arg)
            if arg.tick in totals:
                cotangents.add(arg, contribution)
            else:
                totals[arg.tick] = contribution


def _needs_slices(
    node: Tensor, edges: list[Edge], totals: dict[int, Cotangent], keep: set[int]
) -> bool:
    """Does only y of a node [x, y] need its cotangent, and is none of it computed?"""
    return (
        node.primitive is not None
        and node.primitive.slice_of_argument is not None
        and len(edges) < len(node.args)
        and node.tick not in totals
        and node.tick not in keep
    )


def _seed(output: Tensor, given: object, record: bool) -> Cotangent:
    if given is None:
        if output.size != 1:
            raise explained(
                ValueError,
                f"the gradient of a Tensor with {output.size} entries",
                {output.name or "output": output},
                "a gradient belongs to one number; several have a Jacobian.",
                "reduce to a loss first (y.sum(), y.mean()), pass the cotangent "
                "(seed=...), or use mg.jacobian(f).",
            )
        return np.ones_like(output.data)
    seed: Any = given  # in a complex step, whatever it is
    if isinstance(given, Tensor):
        shape, seed = given.shape, given if record else given.data
    else:
        if output.dtype.kind != "c":
            seed = numbers(given, "a gradient", "seed")
        shape = np.shape(seed)
        if output.dtype != object:
            seed = as_array(seed, output.dtype)
    if shape != output.shape:
        raise explained(
            ValueError,
            f"a gradient with a seed of shape {shape}",
            {output.name or "output": output},
            "the seed is the output's cotangent: one number per entry.",
            f"give a seed of shape {output.shape}.",
        )
    return seed  # type: ignore[no-any-return]


def _hand_over(x: Tensor, cotangents: Cotangents) -> Cotangent:
    """Return a gradient that the caller owns: writable, shared with nobody."""
    g = cotangents.complete(x)
    if g is None:
        g = np.zeros_like(x.data)
    elif isinstance(g, Tensor):
        g = g * 1  # a Tensor of its own, also where two inputs have the same cotangent
    elif x.tick not in cotangents.owned:
        g = g.copy() if type(g) in DOMAINS else np.array(g, subok=True)
    cotangents.totals[x.tick] = g  # it may be asked for twice
    cotangents.owned.discard(x.tick)
    return Tensor(g) if cotangents.record and not isinstance(g, Tensor) else g


def pushforward(
    tape: Tape, tangents: Mapping[Tensor, Cotangent]
) -> dict[Tensor, Cotangent]:
    """Walk a tape forwards, carrying tangents: forward mode from the same rows.

    `tangents` gives the directions; the result has the tangent of every step that
    moves. Given Tensors as tangents, the walk is recorded.
    """
    require_unspoilt(tape.steps)
    recorded = any(isinstance(tangent, Tensor) for tangent in tangents.values())
    moving: dict[Tensor, Cotangent] = dict(tangents)
    for node in tape.steps:
        if node in moving or node.primitive is None:
            continue
        incoming = [moving.get(a) if isinstance(a, Tensor) else None for a in node.args]
        if all(tangent is None for tangent in incoming):
            continue
        y: Value = node if recorded else node.data
        args = [
            a.data if isinstance(a, Tensor) and not recorded else a for a in node.args
        ]
        moved = node.primitive.jvp(incoming, y, args, node.options)
        tangent = moved if isinstance(moved, Tensor) else as_array(moved)
        if tangent.shape != node.shape:  # one argument moved, another was broadcast
            tangent = np.broadcast_to(tangent, node.shape)
        if tangent.dtype != node.dtype and node.dtype.kind == "f" and not recorded:
            tangent = tangent.astype(node.dtype)
        moving[node] = tangent
    return moving
