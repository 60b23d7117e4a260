"""One identity, in any ring: what reverse mode gives is the derivative.

Let y be a tape's output, x its inputs, v a direction and g a cotangent. Then

    <x_bar, v> = <g, D_v y>      x_bar from `mg.grad`, D_v y from dual numbers

The left side is the engine's own reverse walk, through the very rules that train, over
a *twin* of the tape: the same rows, arguments and options, with elements of a ring as
numbers. The right side uses no rule and no walk. Where the ring is a prime field the
two are numbers to compare; where it is `Sizes` they bound how large the compared
polynomials can be; where it is `Polynomials` they are formulas, equal or not. With a
tape of one step this is the adjoint identity of one rule.

The same once more is the second derivative: with H v the engine's gradient of its own
recorded <x_bar, v>, <H v, w> = D_w D_v y, from dual numbers moving in two directions.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from minigrad.context import clean_recording
from minigrad.gradient import grad
from minigrad.primitive import Elementwise, Primitive
from minigrad.recording import record
from minigrad.symbolic.proving.by_lemma import ByLemma
from minigrad.symbolic.rings.domains import Element
from minigrad.symbolic.rings.duals import Dual, Dual2
from minigrad.symbolic.rings.entries import array, exact, fresh
from minigrad.symbolic.rings.generators import of_row
from minigrad.symbolic.rings.polynomials import NotPolynomial
from minigrad.symbolic.rings.sizes import NotShared
from minigrad.tape import Tape
from minigrad.tensor import Array, Tensor

UNDECIDED = ZeroDivisionError, NotPolynomial, NotShared  # the ring's, not the row's


@dataclass
class Twin:
    """A tape over again in a ring.

    steps       for each Tensor of the tape, its twin: recorded, over ring elements
    duals       for each Tensor of the tape, its value as it moves in the direction
    directions  the direction, for each Tensor with respect to which we differentiate
    second      the second direction, where second derivatives are asked for
    """

    ring: Any
    steps: dict[Tensor, Tensor] = field(default_factory=dict)
    duals: dict[Tensor, Any] = field(default_factory=dict)
    directions: dict[Tensor, Array] = field(default_factory=dict)
    second: dict[Tensor, Array] = field(default_factory=dict)

    @property
    def inputs(self) -> list[Tensor]:
        """The twins of the Tensors with respect to which we differentiate."""
        return [self.steps[each] for each in self.directions]

    def tangent(self, step: Tensor) -> Array:
        """Return D_v of a step of the tape; with two directions D_w D_v."""
        tangents = [dual.tangent for dual in self.duals[step].ravel().tolist()]
        if self.second:
            tangents = [tangent.tangent for tangent in tangents]
        return array(tangents, step.shape)


def twin(
    ring: Any,
    tape: Tape,
    wrt: Sequence[Tensor],
    opaque: Collection[Primitive] = (),
    order: int = 1,
) -> Twin:
    """Replay a tape on dual numbers over the ring, from new variables at every leaf.

    Constants enter exactly; masks and indices stay as recorded. Rows in `opaque` are
    not computed: see `ByLemma`. With order=2 the dual numbers move in two directions.
    Raises what a row's function raises if it cannot run on objects, and
    ZeroDivisionError where a denominator happens to be zero.
    """
    made = Twin(ring)
    kind, still = Dual if order == 1 else Dual2, _still(ring, order)
    moving = set(wrt)  # a set asks for identity; == of Tensors compares their numbers
    with clean_recording():
        for step in (*tape.leaves, *(each for each in tape if each.primitive)):
            row = step.primitive
            if row is None:
                duals = [still(a) for a in fresh(ring, "input", step.shape).flat]
            else:
                args = [
                    made.duals[a] if isinstance(a, Tensor) else exact(a)
                    for a in step.args
                ]
                if row in opaque:
                    row, duals = ByLemma.applied(row, ring, args, step.shape, order)
                else:
                    computed = np.asarray(_run(row, args, step.options))
                    duals = computed.ravel().tolist()
                    if {*map(type, duals)} != {kind}:
                        duals = [still(each) for each in duals]
            if step in moving:
                duals = _moved(made, step, duals, order)
            made.duals[step] = array(duals, step.shape)
            values = [dual.value for dual in duals]
            if order == 2:
                values = [value.value for value in values]
            data = array(values, step.shape)
            if row is None:
                made.steps[step] = Tensor(data, step.name)
            else:
                operands = tuple(
                    made.steps[a] if isinstance(a, Tensor) else b
                    for a, b in zip(step.args, args, strict=True)
                )
                made.steps[step] = record(row, data, operands, step.options)
    return made


def _still(ring: Any, order: int) -> Callable[[Any], Dual]:
    """Return what makes a dual number that does not move of a number or an element."""
    zero = ring.lift(0)

    def still(a: Any) -> Dual:
        if isinstance(a, Dual):
            return a
        value = a if isinstance(a, Element) else ring.lift(a)
        if order == 1:
            return Dual(value, zero)
        return Dual2(Dual(value, zero), Dual(zero, zero))

    return still


def _moved(made: Twin, step: Tensor, duals: list[Any], order: int) -> list[Any]:
    """Draw a direction, or two, and let the numbers move along."""
    v = made.directions[step] = fresh(made.ring, "direction", step.shape)
    moves: Any = v.flat
    if order == 2:
        w = made.second[step] = fresh(made.ring, "direction", step.shape)
        moves = zip(v.flat, w.flat, strict=True)
    return [dual.moved(each) for dual, each in zip(duals, moves, strict=True)]


def both_sides(
    made: Twin,
    outputs: Sequence[Tensor],
    cotangents: Sequence[Array],
    record: bool = False,
) -> tuple[Any, Any]:
    """Return <x_bar, v> as `mg.grad` finds it, and <g, D_v y> as the duals do."""
    twins = [made.steps[each] for each in outputs]
    seeds = [Tensor(each) if record else each for each in cotangents]
    with clean_recording():
        bars = grad(twins, made.inputs, record=record, seed=seeds)
    found = paired(made.ring, bars, made.directions.values())
    tangents = [made.tangent(each) for each in outputs]
    return found, paired(made.ring, cotangents, tangents)


def second_order(made: Twin, output: Tensor, cotangent: Array) -> tuple[Any, Any, Any]:
    """Return <H v, w> and <H w, v> as `mg.grad` finds them, and D_w D_v as the duals.

    H v is the engine's gradient of <gradient, v>, the gradient being its own recording.
    """
    v, w = list(made.directions.values()), list(made.second.values())
    inputs = made.inputs
    with clean_recording():
        bars = grad(made.steps[output], inputs, record=True, seed=cotangent)
        along_v, along_w = (grad(bars, inputs, seed=each) for each in (v, w))
    expected = paired(made.ring, [cotangent], [made.tangent(output)])
    return paired(made.ring, along_v, w), paired(made.ring, along_w, v), expected


def paired(ring: Any, left: Iterable[Any], right: Iterable[Any]) -> Any:
    """Return <left, right>, over arrays or Tensors of the same shapes."""
    sides = ([x for each in side for x in _entries(each)] for side in (left, right))
    return ring.inner(*sides)


def _entries(array: Any) -> list[Any]:
    return (array.data if isinstance(array, Tensor) else array).ravel().tolist()


def alone(step: Tensor) -> Tensor:
    """Return the same application of the same row as a tape of its own.

    Every Tensor argument is a leaf, and an argument used twice is two leaves.
    """
    with clean_recording():
        leaves = tuple(
            Tensor(np.zeros(a.shape), a.name) if isinstance(a, Tensor) else a
            for a in step.args
        )
        assert step.primitive is not None
        return record(step.primitive, np.empty(step.shape), leaves, step.options)


def sample(step: Tensor) -> Tensor:
    """Return an elementwise application at a few of its entries, nothing broadcast.

    >>> import minigrad as mg
    >>> few = sample(mg.Tensor(np.ones((5, 7))) * mg.Tensor(np.ones(7)))
    >>> few.shape, few.args[1].shape
    ((2, 2), (2, 2))
    """
    few = tuple(slice(min(n, 2)) for n in step.shape)
    shape = np.empty(step.shape)[few].shape
    with clean_recording():
        args = tuple(
            Tensor(np.zeros(shape))
            if isinstance(a, Tensor)
            else np.broadcast_to(a, step.shape)[few]
            if isinstance(a, Array)
            else a
            for a in step.args
        )
        assert step.primitive is not None
        return record(step.primitive, np.empty(shape), args, step.options)


def runs_on(ring: Any, step: Tensor) -> bool:
    """Can this step's function and partials be evaluated on elements of the ring?"""
    row = step.primitive
    args = [
        fresh(ring, "probe", a.shape) if isinstance(a, Tensor) else exact(a)
        for a in step.args
    ]
    duals = [array([Dual(a, a) for a in arg.flat], arg.shape) if _is_ring(arg) else arg
             for arg in args]  # fmt: skip
    try:
        with clean_recording():
            _run(row, duals, step.options)
            if isinstance(row, Elementwise):
                y = _run(row, args, step.options)
                for arg, partial in zip(step.args, row.partials, strict=True):
                    if isinstance(arg, Tensor):
                        partial(y, *args)
    except UNDECIDED:
        raise
    except Exception:
        return False
    return True


def _run(row: Any, args: Sequence[Any], options: Any) -> Any:
    """Compute what a row computes, on objects.

    Compiled code does not run on them; then the row's meaning may be a generator.
    """
    try:
        return row.function(*args, **options)
    except UNDECIDED:
        raise
    except Exception:  # compiled code may raise anything
        known = of_row(row) if isinstance(row, Elementwise) else None
        if known is None:
            raise
        return np.frompyfunc(lambda a: a.function(known), 1, 1)(*args)


def _is_ring(arg: Any) -> bool:
    return isinstance(arg, Array) and arg.size > 0 and isinstance(arg.flat[0], Element)
