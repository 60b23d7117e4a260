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

from minigrad.array_like import DOMAINS, as_array
from minigrad.arrays import numbers
from minigrad.context import SETTING
from minigrad.habits import taught
from minigrad.linear_maps import add_up
from minigrad.messages import explained
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
from minigrad.table import cast
from minigrad.tape import Tape, in_order, made_by
from minigrad.tensor import RELEASED, Tensor
from minigrad.types import Array, Operand, Options, Shape, Structure, Value

if TYPE_CHECKING:  # a floor above
    from minigrad.primitive import Primitive
    from minigrad.watching import Watch

Edge: TypeAlias = tuple[int, Tensor]  # which argument, and what it is
Planned: TypeAlias = tuple[Tensor, list[Any], list[Edge]]  # node, operands, edges
Use: TypeAlias = tuple[Tensor, Value, list[Any], Options]  # node, g, operands, options
Cotangent: TypeAlias = Array | Tensor  # a Tensor when the walk is recorded

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
    inputs = list(inputs) if isinstance(inputs, Iterator) else inputs
    wanted = inputs_in(inputs, "the gradient")
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
    plan = _plan(in_order(outputs), wanted, record)
    if type(inputs) is not Tensor:
        require_unwritten(inputs, outputs, plan)
    cotangents = Cotangents(record)
    for each, given in zip(outputs, seeds, strict=True):
        cotangents.add(each, _seed(each, given, record))
    checker = SETTING.get().checker
    keep = {each.tick for each in wanted}
    if checker is None:
        _walk(plan, cotangents, keep)
    else:
        checker.compute(_walk, plan, cotangents, keep, checker)
    handed_out = (_hand_over(each, cotangents) for each in wanted)
    return rebuilt(inputs, handed_out)


def _no_inputs(output: object) -> TypeError:
    return explained(
        TypeError,
        "grad(output) without inputs",
        {"output": output},
        "a gradient is with respect to something.",
        "mg.grad(loss, x), mg.grad(loss, model); of a function mg.grad(f)(x).",
    )


def _plan(order: list[Tensor], wanted: list[Tensor], record: bool) -> list[Planned]:
    """Return (node, operands, edges) for each step from a wanted input to the output.

    Edges are the arguments that lead to a wanted input: gradients nobody asked for are
    never computed. Operands are what rules see: arrays, or Tensors when recording.
    """
    active = {each.tick for each in wanted}
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
        if tick in uses and _asked_in_part(node, edges, totals, keep):
            cotangents.complete_parts(node, operands, edges)
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
                cotangents.put_off(arg, (primitive, i), (node, g, operands, options))
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


def _asked_in_part(
    node: Tensor, edges: list[Edge], totals: dict[int, Cotangent], keep: set[int]
) -> bool:
    """Is [x, y] asked for its y only, and all its cotangent still to be computed?"""
    return (
        node.primitive is not None
        and node.primitive.slice_of_argument is not None
        and len(edges) < len(node.args)
        and node.tick not in totals
        and node.tick not in keep
    )


class Cotangents:
    """The cotangents of a backward walk, while contributions to them add up.

    totals  what has been added so far; perhaps still in the shape of a broadcast use,
            since summing the broadcast axes once at the end is cheaper than each time
    owned   totals that are our own arrays, so that more can be added in place; a first
            contribution may be somebody else's array and is never written to
    uses    contributions put off, to be computed together: see `Linear`
    """

    __slots__ = ("owned", "record", "totals", "uses")

    def __init__(self, record: bool) -> None:
        self.record = record
        self.totals: dict[int, Cotangent] = {}
        self.owned: set[int] = set()
        self.uses: dict[int, dict[tuple[Primitive, int], list[Use]]] = {}

    def add(self, arg: Tensor, contribution: Cotangent) -> None:
        """Add a contribution to the cotangent of `arg`."""
        tick = arg.tick
        total = self.totals.get(tick)
        if total is None:
            self.totals[tick] = contribution
            return
        if total.shape != contribution.shape:  # used at several broadcast shapes
            total = unbroadcast(total, arg.shape)
            contribution = unbroadcast(contribution, arg.shape)
        elif tick in self.owned and total.dtype == contribution.dtype:
            np.add(total, contribution, out=total)  # type: ignore[arg-type]
            return
        total = total + contribution
        if not isinstance(total, Tensor):
            total = as_array(total)  # NumPy's sum of two single numbers is no array
        if not self.record:
            self.owned.add(tick)
        self.totals[tick] = total

    def put_off(self, arg: Tensor, key: tuple[Primitive, int], use: Use) -> None:
        """Remember a use of `arg`, to be computed together with its other uses."""
        self.uses.setdefault(arg.tick, {}).setdefault(key, []).append(use)

    def complete(self, node: Tensor) -> Cotangent | None:
        """Return a node's whole cotangent, now that all its uses have contributed."""
        for (primitive, i), uses in self.uses.pop(node.tick, {}).items():
            whole = self.fit(primitive.batched_adjoints[i](uses), uses[0][0], i, node)
            self.add(node, whole)
            self.owned.add(node.tick)
        total = self.totals.pop(node.tick, None)
        if total is not None and total.shape != node.data.shape:
            self.owned.add(node.tick)
            return unbroadcast(total, node.shape)
        return total

    def complete_parts(
        self, node: Tensor, operands: list[Any], edges: list[Edge]
    ) -> None:
        """Of [x, y], compute only the cotangents asked for, straight from the uses."""
        uses = self.uses.pop(node.tick)
        slice_of_argument = made_by(node).slice_of_argument
        assert slice_of_argument is not None
        for i, arg in edges:
            part = slice_of_argument(i, operands, node.options)
            for (user, k), each in uses.items():
                contribution = user.batched_adjoints[k](each, part)
                self.add(arg, self.fit(contribution, node, i, arg))

    def fit(
        self, contribution: Value | None, node: Tensor, i: int, arg: Tensor
    ) -> Cotangent:
        """Bring a contribution to its argument's dtype and shape, or blame the rule.

        Of an elementwise rule the broadcast shape may stay: `complete` sums it.
        """
        if contribution is None:
            raise bad_rule(node, i, arg, "it returned None.")
        if not isinstance(contribution, Tensor):
            contribution = as_array(contribution)
        if contribution.dtype != arg.dtype:
            contribution = _cast(contribution, node, i, arg)
        shape = contribution.shape
        if shape == arg.shape:
            return contribution
        spread = _is_broadcast_of(shape, arg.shape)
        by_entry = node.primitive is not None and node.primitive.is_elementwise
        if spread and not by_entry:
            return unbroadcast(contribution, arg.shape)
        if spread and shape == node.shape:
            self.uses.setdefault(arg.tick, {})
            return contribution
        raise bad_rule(node, i, arg, f"it returned shape {shape}.")


def _cast(contribution: Cotangent, node: Tensor, i: int, arg: Tensor) -> Cotangent:
    if contribution.dtype == object and node.dtype != object:
        raise bad_rule(node, i, arg, "it returned dtype object.")
    if contribution.dtype.kind == "c" and arg.dtype.kind == "f":
        raise bad_rule(node, i, arg, "it returned complex numbers.")
    if contribution.dtype == object or arg.dtype == object:
        return contribution
    return cast(contribution, arg.dtype)  # type: ignore[return-value]


@overload
def unbroadcast(g: Tensor, shape: Shape) -> Tensor: ...
@overload
def unbroadcast(g: Array, shape: Shape) -> Array: ...
def unbroadcast(g: Cotangent, shape: Shape) -> Cotangent:
    """Sum over the axes along which NumPy repeated an argument of this shape.

    A copy feeds every repetition, so the cotangents of all repetitions add up.
    """
    extra = g.ndim - len(shape)
    axes = tuple(range(extra)) + tuple(
        extra + axis for axis, n in enumerate(shape) if n == 1 != g.shape[extra + axis]
    )
    if not axes:
        return g.reshape(shape)
    if isinstance(g, Tensor):
        return g.sum(axis=axes).reshape(shape)
    return as_array(add_up(g, axes), g.dtype).reshape(shape)


def _is_broadcast_of(shape: Shape, small: Shape) -> bool:
    extra = len(shape) - len(small)
    return extra >= 0 and all(
        n in (1, m) for n, m in zip(small, shape[extra:], strict=True)
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
    checked: Cotangent = seed
    return checked


def _hand_over(wanted: Tensor, cotangents: Cotangents) -> Cotangent:
    """Return a gradient that the caller owns: writable, shared with nobody."""
    g = cotangents.complete(wanted)
    if g is None:
        g = np.zeros_like(wanted.data)
    elif isinstance(g, Tensor):
        g = g * 1  # a Tensor of its own, also where two inputs have the same cotangent
    elif wanted.tick not in cotangents.owned:
        g = g.copy() if type(g) in DOMAINS else np.array(g, subok=True)
    cotangents.totals[wanted.tick] = g  # it may be asked for twice
    cotangents.owned.discard(wanted.tick)
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
            tangent = _broadcast(tangent, node.shape)
        if tangent.dtype != node.dtype and node.dtype.kind == "f" and not recorded:
            tangent = tangent.astype(node.dtype)
        moving[node] = tangent
    return moving


def _broadcast(tangent: Cotangent, shape: Shape) -> Cotangent:
    if isinstance(tangent, Tensor):
        return tangent + np.zeros(shape, tangent.dtype)
    return np.broadcast_to(tangent, shape)
