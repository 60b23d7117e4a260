"""Watching a computation, and checking its derivatives against independent numbers.

`checked()` watches while recording: it keeps the source line of every step, freezes the
numbers a tape holds, and stops at the first operation that makes a NaN or an infinity.

`check_gradients` asks for a derivative twice, by ways that share no rule: the tape's,
and the complex step, f'(x) v = Im f(x + i h v) / h, which with h = 1e-30 has no
truncation and no cancellation (Squire and Trapp 1998), so 1e-13 is a fair tolerance.
"""

from __future__ import annotations

import weakref
import zlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minigrad.array_like import plain
from minigrad.context import Setting, Within
from minigrad.gradient import grad, pushforward
from minigrad.messages import explain, named, short, source_line, user_line
from minigrad.primitive import Linear
from minigrad.table import multiply, sum
from minigrad.tape import Tape
from minigrad.tensor import Array, Tensor

# -------------------------------------------------- checked()


class Witness:
    """What `checked()` saw when a step was recorded: its line, and its operands."""

    __slots__ = ("file", "number", "prints")

    def __init__(self, node: Tensor) -> None:
        self.file, self.number = source_line()
        self.prints = [_fingerprint(arg) for arg in node.args]

    @property
    def line(self) -> str:
        return short(self.file, self.number)

    def verify(self, node: Tensor) -> None:
        """Raise if an operand holds other numbers now than when it was used."""
        for i, (arg, print_then) in enumerate(zip(node.args, self.prints, strict=True)):
            if _fingerprint(arg) != print_then:
                raise ValueError(
                    explain(
                        f"a derivative through {node.primitive}, at {user_line()}",
                        named(node.args),
                        f"argument {i} was changed after {self.line} used it, so its "
                        "rule would see other numbers than the forward run did.",
                        "make a new array instead of writing into the old one.",
                    )
                )


class checked(Within):
    """Inside, every step is watched: for teaching, tests and finding a NaN.

    - The Tensors' arrays are read-only while the block lasts, results for good.
    - A NaN or infinity stops at the operation that made it, with its source line;
      so does one in a derivative (the slope of sqrt at 0 is infinite).
    - Differentiating a tape recorded inside notices arrays that were changed since.

    >>> import minigrad as mg
    >>> with mg.checked():
    ...     mg.log(mg.Tensor([1.0, 0.0]))
    Traceback (most recent call last):
    FloatingPointError: log made -inf ...
    """

    __slots__ = ("_frozen", "_quiet")

    def __init__(self) -> None:
        self._frozen: dict[int, weakref.ref[Array]] = {}
        self._quiet: list[Any] = []

    def __enter__(self) -> checked:
        quiet = np.errstate(all="ignore")  # NumPy's warnings: said better here
        quiet.__enter__()
        self._quiet.append(quiet)
        return super().__enter__()

    def alter(self, setting: Setting) -> None:
        setting.checker = self

    def __exit__(self, *exception: object) -> None:
        super().__exit__(*exception)
        self._quiet.pop().__exit__(None, None, None)
        for reference in self._frozen.values():
            array = reference()
            if array is not None:
                array.flags.writeable = True
        self._frozen.clear()

    def recorded(self, node: Tensor) -> None:
        """Look at a step that was just recorded."""
        node.witness = Witness(node)
        _require_finite(node, node.data, f"{_name(node)} made")
        node.data.flags.writeable = False
        for arg in node.args:
            if isinstance(arg, Tensor) and arg.primitive is None:
                self._freeze(arg.data)

    def differentiated(self, node: Tensor, i: int, contribution: Any) -> None:
        """Look at what a rule returned for argument i of a step."""
        array = getattr(contribution, "data", contribution)
        _require_finite(
            node, array, f"the derivative of {_name(node)} in argument {i} is"
        )

    def _freeze(self, array: Array) -> None:
        if array.flags.writeable:
            self._frozen[id(array)] = weakref.ref(array)
            array.flags.writeable = False


def _name(node: Tensor) -> str:
    return node.primitive.name if node.primitive else "a leaf"


def _fingerprint(arg: Any) -> int | None:
    array = arg.data if isinstance(arg, Tensor) else arg
    if not isinstance(array, Array) or array.dtype == object:
        return None
    return zlib.crc32(array.tobytes())


def _require_finite(node: Tensor, array: Any, what: str) -> None:
    array = np.asarray(array)
    if array.dtype.kind not in "fc" or np.isfinite(array).all():
        return
    where = np.argwhere(~np.isfinite(array))[0]
    entry = tuple(int(i) for i in where)
    given = [
        i
        for i, arg in enumerate(node.args)
        if not np.isfinite(np.asarray(plain(arg), complex)).all()
    ]
    why = (
        f"argument {given[0]} was already not finite."
        if given
        else "all its arguments are finite: this is the first operation at fault."
    )
    raise FloatingPointError(
        explain(
            f"{what} {array[entry]} at entry {list(entry)}, recorded at {node.line}",
            named(node.args),
            why,
            "keep the operation inside its domain (clip, add a small number), or use "
            "the stable form: logsumexp, log_softmax, softplus.",
        )
    )


# -------------------------------------------------- check_gradients


def check_gradients(
    f: Callable[..., Any],
    *args: Any,
    order: int = 2,
    rtol: float = 1e-12,
    directions: int = 3,
    seed: int = 0,
) -> None:
    """Check f's derivatives at `args`, or raise AssertionError with both numbers.

    1. reverse mode against the complex step, along random directions;
    2. forward mode against the complex step, and against reverse;
    3. with order=2 the same for the gradient (Hessian-vector products);
    4. <g, A x> = <A* g, x> exactly in integers, at each linear step f recorded.

    args  arrays or Tensors; checked in float64. f's branches stay as recorded.

    >>> import minigrad as mg
    >>> mg.check_gradients(lambda w, x: mg.tanh(mg.matvec(w, x)), np.eye(2), np.ones(2))

    The message names the function, the argument, the entry and both numbers.
    """
    rng = np.random.default_rng(seed)
    inputs = [Tensor(np.asarray(plain(arg), float)) for arg in args]
    output = f(*inputs)
    name = getattr(f, "__name__", "f")
    if not isinstance(output, Tensor):
        raise TypeError(
            explain(
                f"check_gradients({name}), at {user_line()}",
                {"f(*args)": output},
                "the function returned something without a record.",
                "let f compute with Tensors and minigrad functions only.",
            )
        )
    for node in Tape(output):
        if isinstance(node.primitive, Linear):
            check_adjoints(node.primitive, node.args, node.options, rng)
    scalar = sum(multiply(output, rng.standard_normal(output.shape)))
    tape = Tape(scalar, *inputs)

    def step(x: Tensor, v: Array) -> float:
        return _complex_step(tape, scalar, x, v)

    _compare(name, scalar, inputs, step, rtol, directions, rng)
    if order < 2:
        return
    weights = [rng.standard_normal(x.shape) for x in inputs]
    slope = Tensor(0.0)
    for g, w in zip(grad(scalar, inputs, record=True), weights, strict=True):
        slope = slope + sum(multiply(g, w))

    def step_of_gradient(x: Tensor, v: Array) -> float:
        return _complex_step_of_gradient(tape, scalar, inputs, weights, x, v)

    name = f"the gradient of {name}"
    _compare(name, slope, inputs, step_of_gradient, rtol, directions, rng)


def _compare(
    name: str,
    scalar: Tensor,
    inputs: Sequence[Tensor],
    complex_step: Callable[[Tensor, Array], float],
    rtol: float,
    directions: int,
    rng: np.random.Generator,
) -> None:
    gradients = grad(scalar, inputs)
    tape = Tape(scalar, *inputs)
    for _ in range(directions):
        for i, x in enumerate(inputs):
            v = rng.standard_normal(x.shape)
            expected = complex_step(x, v)
            size = float(np.sum(np.abs(gradients[i] * v)))
            forward = float(np.asarray(pushforward(tape, {x: v}).get(scalar, 0.0)))
            reverse = float(np.sum(gradients[i] * v))
            for mode, found in (("reverse", reverse), ("forward", forward)):
                if not _close(found, expected, size, rtol):
                    entry = _worst_entry(complex_step, x, gradients[i])
                    raise AssertionError(
                        f"{name}, argument {i}: {mode} mode gives {found!r} along a "
                        f"random direction, the complex step {expected!r}; {entry}"
                    )


def _close(found: float, expected: float, size: float, rtol: float) -> bool:
    return abs(found - expected) <= rtol * max(abs(expected), size, 1e-300)


def _complex_step(tape: Tape, output: Tensor, x: Tensor, v: Array) -> float:
    h = 1e-30
    value = tape.replay({x: x.data + 1j * h * v})[output]
    return float(value.imag) / h


def _complex_step_of_gradient(
    tape: Tape,
    output: Tensor,
    inputs: Sequence[Tensor],
    weights: Sequence[Array],
    x: Tensor,
    v: Array,
) -> float:
    """Return the slope of the weighted gradient along v, from first derivatives only.

    The gradient is asked for anew at x + i h v, so that a rule whose second derivative
    hides in a constant is noticed.
    """
    h = 1e-30
    moved = {
        each: Tensor(each.data + (1j * h * v if each is x else 0j)) for each in inputs
    }
    value = tape.replay(moved)[output]
    if not isinstance(value, Tensor):  # it depends on no input
        return 0.0
    slopes = grad(value, list(moved.values()))
    return float(
        np.sum([np.sum(w * g.imag) for w, g in zip(weights, slopes, strict=True)]) / h
    )


def _worst_entry(complex_step: Callable[..., float], x: Tensor, g: Array) -> str:
    """Say at which entry the reverse gradient and the complex step differ most."""
    expected = np.zeros_like(x.data)
    for entry in np.ndindex(x.shape):
        unit = np.zeros_like(x.data)
        unit[entry] = 1.0
        expected[entry] = complex_step(x, unit)
    gap = np.abs(g - expected)
    if not gap.size or not gap.max():
        return "entry by entry reverse mode is right."
    entry = tuple(int(i) for i in np.unravel_index(np.argmax(gap), gap.shape))
    return (
        f"worst at entry {list(entry)}: reverse {float(g[entry])!r}, complex step "
        f"{float(expected[entry])!r}."
    )


# -------------------------------------------------- linear rows, exact


def check_adjoints(
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
