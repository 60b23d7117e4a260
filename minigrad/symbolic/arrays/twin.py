"""A tape over again, on exact arrays: the identity of identity.py, at large.

    <x_bar, v> = <g, D_v y>      x_bar from `mg.grad`, D_v y from dual arrays

The left side is again the engine's own backward walk through the very rules that train,
over a tape whose Tensors hold exact arrays. What differs from identity.py is only how
the numbers are kept: not one Python object an entry, but one array.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minigrad.array_like import plain
from minigrad.context import clean_recording
from minigrad.gradient import grad
from minigrad.messages import explain
from minigrad.primitive import Elementwise, Primitive
from minigrad.recording import record
from minigrad.symbolic.arrays.dual_array import DualArray
from minigrad.symbolic.arrays.exact_array import ExactArray, computed
from minigrad.symbolic.proving.identity import ByLemma, Twin, exact
from minigrad.symbolic.rings.domains import NUMBERS
from minigrad.tape import Tape
from minigrad.tensor import Array, Tensor


class WalkStopped(Exception):
    """The engine's backward walk raised an error: a rule did not run."""


def twin(ring: Any, tape: Tape, wrt: Sequence[Tensor], opaque: set[Primitive]) -> Twin:
    """Replay a tape on dual arrays over the ring, from new variables at every leaf.

    Elementwise rows that cannot run on exact arrays enter by their lemma (`ByLemma`)
    and are added to `opaque`. Raises TypeError for a linear row that cannot run.
    """
    made = Twin(ring)
    moving = set(wrt)
    with clean_recording():
        for step in (*tape.leaves, *(each for each in tape if each.primitive)):
            row: Any = step.primitive
            args: list[Any] = []
            if row is None:
                value = ring.fresh("input", step.shape)
                tangent = value.filled(0)
            else:
                args = [
                    made.duals[a] if isinstance(a, Tensor) else constant(ring, a)
                    for a in step.args
                ]
                row, dual = applied(row, ring, args, step, opaque)
                value, tangent = dual.value, dual.tangent
            if step in moving:
                v = made.directions[step] = ring.fresh("direction", step.shape)
                tangent = tangent + v
            made.duals[step] = DualArray(value, tangent)
            operands = tuple(
                made.steps[a] if isinstance(a, Tensor) else b
                for a, b in zip(step.args, args, strict=True)
            )
            made.steps[step] = record(row, value, operands, step.options)
    return made


def applied(
    row: Any, ring: Any, args: Sequence[Any], step: Tensor, opaque: set[Primitive]
) -> tuple[Any, DualArray]:
    """Return the row, or what stands for it, and its value and tangent."""
    if row not in opaque:
        try:
            return row, _run(row, args, step.options)
        except ZeroDivisionError:
            raise
        except Exception as error:  # the row's own code may raise anything
            if not isinstance(row, Elementwise):
                raise cannot_run(step, error) from error
            opaque.add(row)
    slopes = [ring.fresh(f"{row.name}'", step.shape) for _ in args]
    tangent = ring.filled(0, step.shape)
    for slope, arg in zip(slopes, args, strict=True):
        if isinstance(arg, DualArray):
            tangent = tangent + slope * arg.tangent
    return ByLemma(row, slopes), DualArray(ring.fresh(row.name, step.shape), tangent)


def _run(row: Any, args: Sequence[Any], options: Any) -> DualArray:
    """Compute what a row computes, on dual arrays."""
    if isinstance(row, Elementwise) and len(args) == 1:
        y = computed(row, args[0])
    else:
        y = row.function(*args, **options)
    if not isinstance(y, DualArray):
        raise TypeError(f"it returned a {type(y).__name__}")
    return y


def constant(ring: Any, number: Any) -> Any:
    """Return a constant of the program exactly: a fraction, or an array of the ring."""
    if isinstance(number, Array) and number.ndim:
        return ring.lift(number)
    return exact(number[()] if isinstance(number, Array) else number)


def without_partials(made: Twin) -> set[Primitive]:
    """Return the elementwise rows whose partials do not keep to exact arrays.

    Asked of bounds: whatever turns them into bare arrays makes NaN of them.
    """
    found: set[Primitive] = set()
    for node in made.steps.values():
        row = node.primitive
        if not isinstance(row, Elementwise) or isinstance(row, ByLemma):
            continue
        args = [plain(a) for a in node.args]
        try:
            slopes = [
                partial(node.data, *args)
                for partial, a in zip(row.partials, node.args, strict=True)
                if isinstance(a, Tensor)
            ]
        except Exception:  # a partial may raise anything
            found.add(row)
        else:
            if not all(isinstance(each, (*NUMBERS, ExactArray)) for each in slopes):
                found.add(row)
    return found


def both_sides(made: Twin, output: Tensor, cotangent: Any) -> tuple[Any, Any]:
    """Return <x_bar, v> as `mg.grad` finds it, and <g, D_v y> as the duals do.

    Raises WalkStopped if a rule raises, or returns what is no exact array.
    """
    bars = gradients(made, output, list(made.directions), cotangent)
    found = made.ring.filled(0, ())
    for v, bar in zip(made.directions.values(), bars, strict=True):
        found = found + (bar * v).sum()
    return found, (cotangent * made.duals[output].tangent).sum()


def gradients(made: Twin, output: Tensor, wrt: list[Tensor], cotangent: Any) -> Any:
    """Return what the engine's backward walk gives for Tensors of the tape."""
    try:
        with clean_recording():
            inputs = [made.steps[x] for x in wrt]
            bars = grad(made.steps[output], inputs, seed=cotangent)
    except ZeroDivisionError:
        raise
    except Exception as error:  # whatever a broken rule may raise
        raise WalkStopped(error.__cause__ or error) from error
    if not all(isinstance(bar, ExactArray) for bar in bars):
        raise WalkStopped("a rule returned an array of floats, not of exact numbers")
    return bars


def cannot_run(step: Tensor, error: Any) -> TypeError:
    """Return what to say of a linear row that does not run on exact arrays."""
    row: Any = step.primitive
    return TypeError(
        explain(
            f"the proof of {row.name}, on whole arrays",
            {"result": step},
            f"its function or its rules need floating-point numbers: {error}",
            f"write the row {row.name!r} with + - * / @, sums, and what moves entries; "
            "or prove a smaller model of the same kind, which is done entry by entry.",
        )
    )
