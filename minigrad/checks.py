"""Checking derivatives against independent numbers.

`check_gradients` asks for a derivative twice, by ways that share no rule: the tape's,
and the complex step, f'(x) v = Im f(x + i h v) / h, which with h = 1e-30 has no
truncation and no cancellation of its own (Squire and Trapp 1998), so 1e-12 is a fair
tolerance. Relative to what? Where contributions cancel (softmax(x).sum() is 1, its
slope 0), rounding leaves 1e-17 of numbers of size 1. The size is therefore what passes
through a step s of the tape, sum |s_bar s_dot|, at the step where that is greatest.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from minigrad.gradient import grad, pushforward
from minigrad.messages import explained
from minigrad.numpy_protocol.array_like import plain
from minigrad.primitive import Linear
from minigrad.recording import record
from minigrad.refusals import RETURNED, outputs_in, require_recorded
from minigrad.retracing.numbers_left import NumbersLeft
from minigrad.retracing.retrace import retrace
from minigrad.shapes import leaves
from minigrad.table import multiply, sum
from minigrad.tape import Tape
from minigrad.tensor import Array, Tensor
from minigrad.watching import keeping_lines

ROUNDED = 16  # units in the last place, of a narrow gradient, and steps that lose one
Point = Mapping[Tensor, Array]  # where to differentiate: the inputs and their numbers


def check_gradients(
    f: Callable[..., Any],
    *args: Any,
    order: int = 2,
    rtol: float = 1e-12,
    directions: int = 3,
    seed: int = 0,
) -> None:
    """Check f's derivatives at `args`, or raise AssertionError with both numbers.

    1. f is called again at other numbers: its tape must know all that depends on args;
       and with plain arrays, if it takes them: they must give the same numbers;
    2. reverse mode against the complex step, along random directions;
    3. forward mode against the complex step, along the same directions;
    4. with order=2 the same for the gradient (Hessian-vector products);
    5. <g, A x> = <A* g, x> exactly in integers, at each linear step f recorded.

    f     returns a Tensor, or a structure of them, each of which is checked
    args  arrays or Tensors; checked in float64. f's branches stay as recorded. Where
          they are of a narrower float, the gradient in that dtype is compared with
          the one in float64, too.

    >>> mg.check_gradients(lambda w, x: mg.tanh(mg.matvec(w, x)), np.eye(2), np.ones(2))

    The message names the function, the argument, the entry and both numbers.
    """
    rng = np.random.default_rng(seed)
    inputs = [Tensor(np.asarray(plain(arg), float)) for arg in args]
    name = getattr(f, "__name__", "f")
    _require_entries(name, inputs)
    with keeping_lines():
        output = f(*inputs)
    outputs = outputs_in(output, f"check_gradients({name})", RETURNED)
    for each in outputs:
        require_recorded(each, f"check_gradients({name})")
    try:
        named_inputs = {f"argument {i}": x for i, x in enumerate(inputs)}
        retrace(lambda: f(*inputs), output, named_inputs, name, seed)
    except NumbersLeft as left:
        raise AssertionError(str(left)) from left.with_traceback(None)
    _require_same_of_arrays(f, name, inputs, outputs)
    _require_use(name, inputs, outputs)
    for node in Tape(*outputs):
        if isinstance(node.primitive, Linear):
            check_adjoint_identity(node.primitive, node.args, node.options, rng)
    cotangents = [rng.standard_normal(each.shape) for each in outputs]
    scalar = _weighted(outputs, cotangents)
    tape = Tape(scalar, *inputs)

    def step(point: Point, x: Tensor, v: Array) -> float:
        return _complex_step(tape, scalar, point, x, v)

    _compare(name, scalar, inputs, step, rtol, directions, rng)
    _compare_as_given(name, f, args, cotangents, grad(scalar, inputs))
    if order < 2:
        return
    weights = [rng.standard_normal(x.shape) for x in inputs]
    slope = Tensor(0.0)
    for g, w in zip(grad(scalar, inputs, record=True), weights, strict=True):
        slope = slope + sum(multiply(g, w))

    def step_of_gradient(point: Point, x: Tensor, v: Array) -> float:
        return _complex_step_of_gradient(tape, scalar, point, weights, x, v)

    name = f"the gradient of {name}"
    _compare(name, slope, inputs, step_of_gradient, rtol, directions, rng)


def _require_entries(name: str, inputs: Sequence[Tensor]) -> None:
    """Refuse to compare nothing, which would pass whatever the rules say."""
    if any(x.size for x in inputs):
        return
    raise explained(
        ValueError,
        f"check_gradients({name})",
        {f"argument {i}": x for i, x in enumerate(inputs)},
        "no argument has an entry, so there is no derivative to compare.",
        "give f's arguments after it, check_gradients(f, x, w), at least one of "
        "them with entries.",
    )


def _require_use(
    name: str, inputs: Sequence[Tensor], outputs: Sequence[Tensor]
) -> None:
    """Refuse a function whose result knows none of its arguments."""
    if {*Tape(*outputs)} & {*inputs}:
        return
    raise explained(
        AssertionError,
        f"check_gradients({name})",
        {f"{RETURNED} {i}": each for i, each in enumerate(outputs)},
        "the tape of the result knows none of the arguments: the gradient is zero, "
        "and there is nothing to compare.",
        "look for .data, .detach() or float(...), which cut the tape, and for an "
        "argument that was forgotten.",
    )


def _compare_as_given(
    name: str,
    f: Callable[..., Any],
    args: Sequence[Any],
    cotangents: Sequence[Array],
    gradients: Sequence[Array],
) -> None:
    """Compare the gradient in the dtypes that were given with the one in float64."""
    given = [np.asarray(plain(arg)) for arg in args]
    given = [a if a.dtype.kind == "f" else a.astype(float) for a in given]
    if all(a.dtype.itemsize >= 8 for a in given):
        return
    inputs = [Tensor(a) for a in given]
    outputs = outputs_in(f(*inputs), f"check_gradients({name})", RETURNED)
    pairs = zip(outputs, cotangents, strict=True)
    seeds = [cotangent.astype(output.dtype) for output, cotangent in pairs]
    found = grad(_weighted(outputs, seeds), inputs)
    steps = Tape(*outputs).steps
    bars = grad(outputs, steps, seed=seeds)  # where they cancel, rounding remains
    flow = max(float(np.max(np.abs(bar), initial=0.0)) for bar in bars)
    eps = max(float(np.finfo(a.dtype).eps) for a in given)
    close = ROUNDED * eps * (ROUNDED + len(steps))
    for i, (g, expected) in enumerate(zip(found, gradients, strict=True)):
        scale = max(flow, float(np.max(np.abs(expected), initial=0.0)))
        off = np.abs(g - expected) > close * scale
        if off.any():
            entry = tuple(int(k) for k in np.argwhere(off)[0])
            raise AssertionError(
                f"{name}, argument {i}: as {given[i].dtype} its gradient is "
                f"{float(g[entry])!r} at entry {list(entry)}, and in float64, where it "
                f"agrees with the complex step, {float(expected[entry])!r}."
            )


def _weighted(outputs: Sequence[Tensor], cotangents: Sequence[Array]) -> Tensor:
    """Return one number that sees every entry of every output."""
    pairs = zip(outputs, cotangents, strict=True)
    first, *rest = (sum(multiply(output, cotangent)) for output, cotangent in pairs)
    for each in rest:
        first = first + each
    return first


def _compare(
    name: str,
    scalar: Tensor,
    inputs: Sequence[Tensor],
    complex_step: Callable[[Point, Tensor, Array], float],
    rtol: float,
    directions: int,
    rng: np.random.Generator,
) -> None:
    gradients = grad(scalar, inputs)
    tape = Tape(scalar, *inputs)
    bars = dict(zip(tape.steps, grad(scalar, tape.steps), strict=True))
    here = {x: x.data for x in inputs}
    nearby = {x: x.data * (1 + 1e-15 * rng.standard_normal(x.shape)) for x in inputs}
    for _ in range(directions):
        for i, x in enumerate(inputs):
            v = rng.standard_normal(x.shape)
            expected = complex_step(here, x, v)
            dots = pushforward(tape, {x: v})
            size = _passing_through(bars, dots)
            forward = float(np.asarray(dots.get(scalar, 0.0)))
            reverse = float(np.sum(gradients[i] * v))
            for mode, found in (("reverse", reverse), ("forward", forward)):
                gap = abs(found - expected)
                if gap <= rtol * max(abs(expected), size):
                    continue
                if gap <= 10 * abs(complex_step(nearby, x, v) - expected):
                    continue  # rounding the inputs matters as much
                entry = _worst_entry(complex_step, here, x, gradients[i])
                raise AssertionError(
                    f"{name}, argument {i}: {mode} mode gives {found!r} along a "
                    f"random direction, the complex step {expected!r}; {entry}"
                )


def _passing_through(bars: Point, dots: Mapping[Tensor, Any]) -> float:
    """Return sum |s_bar s_dot| at the step s of the tape where it is greatest."""
    with np.errstate(all="ignore"):  # a branch not taken may be infinite
        products = [np.abs(bars[s] * np.asarray(dot)) for s, dot in dots.items()]
    return max(float(np.sum(p, where=np.isfinite(p))) for p in products)


def _complex_step(
    tape: Tape, output: Tensor, point: Point, x: Tensor, v: Array
) -> float:
    value = tape.replay(_stepped(point, x, v))[output]
    return float(value.imag) / _H


def _complex_step_of_gradient(
    tape: Tape,
    output: Tensor,
    point: Point,
    weights: Sequence[Array],
    x: Tensor,
    v: Array,
) -> float:
    """Return the slope of the weighted gradient along v, from first derivatives only.

    The gradient is asked for anew at x + i h v, so that a rule whose second derivative
    hides in a constant is noticed.
    """
    moved = {  # leaves of the complex domain, which `Tensor(...)` refuses to users
        each: record(None, data + 0j, (), {})
        for each, data in _stepped(point, x, v).items()
    }
    value: object = tape.replay(moved)[output]
    if not isinstance(value, Tensor):  # it depends on no input
        return 0.0
    slopes = grad(value, list(moved.values()))
    return float(
        np.sum([np.sum(w * g.imag) for w, g in zip(weights, slopes, strict=True)]) / _H
    )


_H = 1e-30


def _stepped(point: Point, x: Tensor, v: Array) -> dict[Tensor, Array]:
    """Return the point moved by i h v in its input x."""
    return {**point, x: point[x] + 1j * _H * v}


def _worst_entry(
    complex_step: Callable[..., float], point: Point, x: Tensor, g: Array
) -> str:
    """Say at which entry the reverse gradient and the complex step differ most."""
    expected = np.zeros_like(x.data)
    for entry in np.ndindex(x.shape):
        unit = np.zeros_like(x.data)
        unit[entry] = 1.0
        expected[entry] = complex_step(point, x, unit)
    gap = np.abs(g - expected)
    if not gap.size or not gap.max():
        return "entry by entry reverse mode is right."
    entry = tuple(int(i) for i in np.unravel_index(np.argmax(gap), gap.shape))
    return (
        f"worst at entry {list(entry)}: reverse {float(g[entry])!r}, complex step "
        f"{float(expected[entry])!r}."
    )


# -------------------------------------------------- linear rows, exact


def check_adjoint_identity(
    primitive: Linear, args: Sequence[Any], options: Any, rng: np.random.Generator
) -> None:
    """Check <g, A x> = <A* g, x> exactly, in integers, for every argument of a row.

    `args` give the shapes. In each argument A is the map that the row says is linear:
    jointly, all others zero; otherwise, all others fixed. Raises AssertionError.
    """
    shapes = [np.shape(plain(arg)) for arg in args]
    values = [rng.integers(-9, 10, shape).astype(object) for shape in shapes]
    for i in range(len(args)):
        at = [
            value if i == j or not primitive.jointly else value * 0
            for j, value in enumerate(values)
        ]
        image = np.asarray(primitive.apply(*at, **options))
        g = rng.integers(-9, 10, image.shape).astype(object)
        pulled = np.asarray(primitive.vjp(i, g, image, at, options))
        left = np.sum(g * image)
        right = np.sum(pulled * np.broadcast_to(at[i], pulled.shape))
        if left != right:
            raise AssertionError(
                f"{primitive.name}, argument {i}: <g, A x> = {left} but "
                f"<A* g, x> = {right} for shapes {shapes}, options {dict(options)}: "
                "its adjoint is not the adjoint of what it computes."
            )


def _require_same_of_arrays(
    f: Callable[..., Any], name: str, inputs: Sequence[Tensor], outputs: list[Tensor]
) -> None:
    """Let f compute with plain arrays, if it can: `x += 1` is known to each name of x.

    Of a Tensor the other names keep what they had, and nothing on the tape says so.
    """
    arrays = [x.data.copy()[()] for x in inputs]
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = list(leaves(f(*arrays)).values())
        numbers = [np.asarray(plain(each), float) for each in found]
    except Exception:  # f needs Tensors
        return
    if [each.shape for each in numbers] != [each.shape for each in outputs]:
        return
    for each, of_arrays in zip(outputs, numbers, strict=True):
        of_tensors = np.asarray(each.data, float)
        size = np.max(np.abs(of_arrays), initial=1.0, where=np.isfinite(of_arrays))
        if not np.allclose(of_tensors, of_arrays, 1e-5, 1e-5 * size, equal_nan=True):
            raise explained(
                AssertionError,
                f"{name}, called with plain arrays",
                {"of Tensors": of_tensors, "of arrays": of_arrays},
                "the numbers are others. An array is changed by x += 1 under each "
                "of its names; a Tensor gets a new one under this name only.",
                "begin with a copy that can be written to, x = x.copy(); or write "
                "x = x + 1.",
            )
