"""One identity, in any ring: what reverse mode gives is the derivative.

Let y be a tape's output, x its inputs, v a direction and g a cotangent. Then

    <x_bar, v> = <g, D_v y>      x_bar from `mg.grad`, D_v y from dual numbers

The left side is the engine's own reverse walk, through the very rules that train, over
a *twin* of the tape: the same rows, arguments and options, with elements of a ring as
numbers. The right side uses no rule and no walk. Where the ring is a prime field the
two are numbers to compare; where it is `Sizes` they bound how large the compared
polynomials can be. With a tape of one step this is the adjoint identity of one rule.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from minigrad.gradient import grad
from minigrad.messages import explain
from minigrad.primitive import Elementwise, Primitive
from minigrad.recording import record
from minigrad.symbolic.domains import Element, Exact
from minigrad.symbolic.duals import Dual
from minigrad.symbolic.generators import of_row
from minigrad.symbolic.setting import undisturbed
from minigrad.tape import Tape
from minigrad.tensor import Array, Tensor


@dataclass
class Twin:
    """A tape over again in a ring.

    steps       for each Tensor of the tape, its twin: recorded, over ring elements
    tangents    for each Tensor of the tape, its derivative in the direction
    directions  the random direction, for each Tensor with respect to which we differ
    """

    ring: Any
    steps: dict[Tensor, Tensor]
    tangents: dict[Tensor, Array]
    directions: dict[Tensor, Array]


def twin(
    ring: Any, tape: Tape, wrt: Sequence[Tensor], opaque: Collection[Primitive] = ()
) -> Twin:
    """Replay a tape on dual numbers over the ring, from new variables at every leaf.

    Constants enter exactly; masks and indices stay as recorded. Rows in `opaque` are
    not computed: see `ByLemma`. Raises what a row's function raises if it cannot run on
    objects, and ZeroDivisionError where a denominator happens to be zero.
    """
    made = Twin(ring, {}, {}, {})
    duals: dict[Tensor, Array] = {}
    zero = ring.lift(0)
    moving = set(wrt)  # a set asks for identity; == of Tensors compares their numbers
    with undisturbed():
        for step in (*tape.leaves, *(each for each in tape if each.primitive)):
            row = step.primitive
            if row is None:
                leaf = fresh(ring, "input", step.shape)
                pairs = [Dual(a, zero) for a in leaf.flat]
            else:
                args = [
                    duals[a] if isinstance(a, Tensor) else exact(a) for a in step.args
                ]
                if row in opaque:
                    row, pairs = ByLemma.applied(row, ring, args, step.shape)
                else:
                    computed = np.asarray(_run(row, args, step.options))
                    pairs = [_dual(entry, ring, zero) for entry in computed.flat]
            if step in moving:
                made.directions[step] = fresh(ring, "direction", step.shape)
                for pair, direction in zip(
                    pairs, made.directions[step].flat, strict=True
                ):
                    pair.tangent = pair.tangent + direction
            duals[step] = _array(pairs, step.shape)
            values = _array([pair.value for pair in pairs], step.shape)
            made.tangents[step] = _array([pair.tangent for pair in pairs], step.shape)
            if row is None:
                made.steps[step] = Tensor(values, step.name)
            else:
                operands = tuple(
                    made.steps[a] if isinstance(a, Tensor) else b
                    for a, b in zip(step.args, args, strict=True)
                )
                made.steps[step] = record(row, values, operands, step.options)
    return made


def both_sides(
    made: Twin, output: Tensor, cotangent: Array, record: bool = False
) -> tuple[Any, Any]:
    """Return <x_bar, v> as `mg.grad` finds it, and <g, D_v y> as the duals do."""
    inputs = [made.steps[x] for x in made.directions]
    with undisturbed():
        bars = grad(made.steps[output], inputs, record=record, seed=cotangent)
    zero = made.ring.lift(0)
    found = zero
    for v, bar in zip(made.directions.values(), bars, strict=True):
        found = found + inner(bar.data if record else bar, v, zero)
    return found, inner(cotangent, made.tangents[output], zero)


def alone(step: Tensor) -> Tensor:
    """Return the same application of the same row as a tape of its own.

    Every Tensor argument is a leaf, and an argument used twice is two leaves.
    """
    with undisturbed():
        leaves = tuple(
            Tensor(np.zeros(a.shape), a.name) if isinstance(a, Tensor) else a
            for a in step.args
        )
        assert step.primitive is not None
        return record(step.primitive, np.empty(step.shape), leaves, step.options)


class ByLemma(Primitive):
    """Stands for an elementwise row that cannot run on ring elements (2 ** x, erf).

    Its value y and its slopes dy/da are new variables. The rule itself is not run: that
    it gives these slopes is what the row's SymPy lemma says.
    """

    def __init__(self, row: Primitive, slopes: list[Array]) -> None:
        vars(self).update(vars(row))
        self.slopes = slopes

    @classmethod
    def applied(
        cls, row: Primitive, ring: Any, args: Any, shape: tuple[int, ...]
    ) -> tuple[ByLemma, list[Dual]]:
        """Return the stand-in, and its value and tangent in every entry."""
        slopes = [fresh(ring, f"{row.name}'", shape) for _ in args]
        tangent = np.full(shape, ring.lift(0), object)
        for slope, arg in zip(slopes, args, strict=True):
            if _moves(arg):
                tangent = tangent + slope * _array(
                    [a.tangent for a in arg.flat], arg.shape
                )
        y = fresh(ring, row.name, shape)
        pairs = [
            Dual(*pair) for pair in zip(y.flat, np.asarray(tangent).flat, strict=True)
        ]
        return cls(row, slopes), pairs

    def vjp(self, i: int, g: Any, y: Any, args: Any, options: Any) -> Any:
        """Return g times the slope of argument i."""
        return g * self.slopes[i]

    def jvp(self, tangents: Sequence[Any], y: Any, args: Any, options: Any) -> Any:
        """Return the sum of slopes times tangents."""
        total = 0
        for slope, tangent in zip(self.slopes, tangents, strict=True):
            if tangent is not None:
                total = total + slope * tangent
        return total


def runs_on(ring: Any, step: Tensor) -> bool:
    """Can this step's function and partials be evaluated on elements of the ring?"""
    row = step.primitive
    args = [
        fresh(ring, "probe", a.shape) if isinstance(a, Tensor) else exact(a)
        for a in step.args
    ]
    duals = [_array([Dual(a, a) for a in arg.flat], arg.shape) if _is_ring(arg) else arg
             for arg in args]  # fmt: skip
    try:
        _run(row, duals, step.options)
        if isinstance(row, Elementwise):
            y = _run(row, args, step.options)
            for arg, partial in zip(step.args, row.partials, strict=True):
                if isinstance(arg, Tensor):
                    partial(y, *args)
    except ZeroDivisionError:
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
    except ZeroDivisionError:
        raise
    except Exception:  # compiled code may raise anything
        known = of_row(row) if isinstance(row, Elementwise) else None
        if known is None:
            raise
        return np.frompyfunc(lambda a: a.function(known), 1, 1)(*args)


def inner(a: Array, b: Array, zero: Any) -> Any:
    """Return the sum of products of two arrays of one shape."""
    total = zero
    for x, y in zip(a.flat, b.flat, strict=True):
        total = total + x * y
    return total


def fresh(ring: Any, name: str, shape: tuple[int, ...]) -> Array:
    """Return an array of new variables."""
    count = int(np.prod(shape))
    return _array([ring.fresh(name) for _ in range(count)], shape)


def exact(constant: Any) -> Any:
    """Return a constant of the program as exact fractions, in its shape.

    Raises ValueError if it is not finite: infinity is no element of a field.
    """
    try:
        if isinstance(constant, Array):
            return _array([Exact(c) for c in constant.ravel().tolist()], constant.shape)
        return Exact(constant.item() if isinstance(constant, np.generic) else constant)
    except (ValueError, OverflowError, TypeError) as error:
        raise ValueError(
            explain(
                "a proof on a tape with a constant that is no finite real number",
                {"constant": constant},
                f"exact arithmetic has no element for it ({error}).",
                "use a large finite number for the infinity of a mask, or mg.where.",
            )
        ) from error


def _array(entries: list[Any], shape: tuple[int, ...]) -> Array:
    return np.fromiter(entries, object, len(entries)).reshape(shape)


def _dual(entry: Any, ring: Any, zero: Any) -> Dual:
    """A constant that a row put beside moving entries (where, scatter) has tangent 0.

    Always a new pair: the same one may appear in many entries.
    """
    if isinstance(entry, Dual):
        return Dual(entry.value, entry.tangent)
    return Dual(entry if isinstance(entry, Element) else ring.lift(entry), zero)


def _moves(arg: Any) -> bool:
    return isinstance(arg, Array) and arg.size > 0 and isinstance(arg.flat[0], Dual)


def _is_ring(arg: Any) -> bool:
    return isinstance(arg, Array) and arg.size > 0 and isinstance(arg.flat[0], Element)
