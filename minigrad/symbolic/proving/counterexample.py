"""A counterexample in floats: numbers at which the gradient is not the derivative.

A proof fails at random residues modulo a prime, which say nothing to a reader. So the
failing rule, or tape, is tried again in float64: first on the numbers it was recorded
with, then on others. The derivative it is compared with comes from no rule: it is the
complex step Im f(x + i h) / h, or a central difference where f does not run on complex
numbers. `replay` does it once more, in front of the reader.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from minigrad.context import clean_recording
from minigrad.gradient import grad, pushforward
from minigrad.primitive import Elementwise
from minigrad.recording import record
from minigrad.tape import Tape
from minigrad.tensor import Array, Tensor

REVERSE, RECORDED, FORWARD = "reverse", "recorded reverse", "forward"
COMPLEX, DIFFERENCE = 1e-30, 1e-6  # the steps h
ENTRIES = 200  # tried of an array, one by one
SHOWN = 4  # entries of an array that a sentence prints

Function = Callable[[Mapping[str, Any]], Any]  # of named arrays, to one number


@dataclass(frozen=True, eq=False)
class Counterexample:
    """Where, in float64, what the engine gives is not the derivative.

    inputs    the arrays, by name; the cotangent g among them where it matters
    wrt       which of them, and which entry, the derivative is with respect to
    found     what the engine gives
    expected  what the derivative is
    by        how that was found: "complex step" or "central difference"
    what      which rule, or the engine

    >>> import minigrad as mg
    >>> row, y = mg.TABLE["negative"], -mg.Tensor(2.0)
    >>> right, row.partials = row.partials, (lambda y, a: 1,)
    >>> example = of_rule(y, 0)
    >>> example.replay()
    (1.0, -1.0)
    >>> row.partials = right            # mended
    >>> example.replay()
    (-1.0, -1.0)
    """

    inputs: dict[str, Array]
    wrt: tuple[str, tuple[int, ...]]
    found: float
    expected: float
    by: str
    what: str
    measure: Callable[[], tuple[float, float]] = field(repr=False)

    def replay(self) -> tuple[float, float]:
        """Ask the engine and the reference again; return (found, expected)."""
        return self.measure()

    def __str__(self) -> str:
        at = ", ".join(f"{name} = {_few(array)}" for name, array in self.inputs.items())
        name, entry = self.wrt
        place = f" {list(entry)}" if entry else ""
        found, expected = _told_apart(self.found, self.expected)
        return (
            f"In floats: at {at}, {self.what} gives {found} and the derivative by "
            f"{name}{place} is {expected} ({self.by})."
        )


def of_rule(
    step: Tensor, argument: int | None, mode: str = REVERSE
) -> Counterexample | None:
    """Look for numbers at which a rule of this step's row is wrong; None if none."""
    moving = [i for i, a in enumerate(step.args) if isinstance(a, Tensor)]
    arguments = moving if argument is None else [argument]
    for args, g in _numbers(step):
        for i in arguments:
            found = _at(_Rule(step, args, i, g, mode))
            if found is not None:
                return found
    return None


def of_tape(
    output: Tensor, wrt: Sequence[Tensor], order: int = 1
) -> Counterexample | None:
    """Look for an entry at which the gradient of a recorded tape is wrong."""
    tries = (_Whole(output, wrt, each, order) for each in range(len(wrt)))
    return next((found for found in map(_at, tries) if found is not None), None)


class _Rule:
    """One application at chosen numbers: <g, y> as a function of its arguments."""

    def __init__(
        self, step: Tensor, args: Sequence[Any], i: int, g: Array, mode: str
    ) -> None:
        self.row: Any = step.primitive
        self.options, self.args, self.i, self.g, self.mode = (
            step.options, args, i, g, mode,
        )  # fmt: skip
        self.x = np.asarray(args[i])
        names = _names(step)
        self.name = names[i]
        self.inputs = {n: np.asarray(a) for n, a in zip(names, args, strict=True)}
        if g.shape or g != 1:
            self.inputs["g"] = g
        self.what = f"the rule for {self.name} ({mode} mode)"

    def gradient(self) -> Array:
        """What the engine gives, as an array like argument i."""
        with clean_recording():
            leaves = [
                Tensor(np.asarray(a, float)) if k == self.i else a
                for k, a in enumerate(self.args)
            ]
            x = leaves[self.i]
            value = self.row.function(*self.args, **self.options)
            y = record(self.row, value, tuple(leaves), self.options)
            if self.mode == REVERSE:
                return grad(y, x, seed=self.g)
            if self.mode == RECORDED:
                return grad(y, x, seed=Tensor(self.g), record=True).data
            dots = (
                pushforward(Tape(y), {x: unit})[y].ravel() for unit in _units(x.data)
            )
            return np.array([dot @ self.g.ravel() for dot in dots]).reshape(x.shape)

    def value(self, x: Array) -> Any:
        """Return <g, y>, with x as argument i."""
        args = [x if k == self.i else a for k, a in enumerate(self.args)]
        return np.sum(self.g * self.row.function(*args, **self.options))


class _Whole:
    """A recorded output as a function of one Tensor, at the numbers recorded.

    At order 2 it is <gradient, u>, with a chosen direction u.
    """

    def __init__(
        self, output: Tensor, wrt: Sequence[Tensor], which: int, order: int
    ) -> None:
        self.output, self.wrt, self.order = output, wrt, order
        self.tape = Tape(output, *wrt)
        self.leaf = wrt[which]
        self.x = self.leaf.data
        position = {step: k for k, step in enumerate(Tape(output))}
        self.name = self.leaf.name or f"t{position[self.leaf]}"
        self.inputs = {self.name: self.x}
        self.what = "the engine" if order == 1 else "the engine's Hessian times u"
        rng = np.random.default_rng(0)
        self.u = [np.round(rng.uniform(0.5, 1.5, each.shape), 2) for each in wrt]

    def gradient(self) -> Array:
        """What the engine gives for this Tensor."""
        with clean_recording():
            if self.order == 1:
                return grad(self.output, self.leaf)
            bars = grad(self.output, list(self.wrt), record=True)
            return grad(bars, self.leaf, seed=self.u)

    def value(self, x: Array) -> Any:
        """Return the output at x; at order 2 its gradient along u."""
        moved = {each: each.data for each in self.wrt} | {self.leaf: x}
        with clean_recording():
            if self.order == 1:
                return self.tape.replay(moved)[self.output]
            leaves = {each: Tensor(a + 0 * np.sum(x)) for each, a in moved.items()}
            bars = grad(self.tape.replay(leaves)[self.output], list(leaves.values()))
            return sum(np.sum(u * bar) for u, bar in zip(self.u, bars, strict=True))


def _at(tried: Any) -> Counterexample | None:
    """Compare entry by entry; return the entry that differs most, if one does."""
    try:
        with np.errstate(all="ignore"):
            gradient = np.asarray(tried.gradient(), float)
            stride = 1 + gradient.size // ENTRIES
            units = list(np.ndindex(gradient.shape))[::stride]
            by, slopes = _slopes(tried, units)
    except Exception:  # whatever broken rules may raise: then there are no numbers
        return None
    tolerance = 1e-12 if by == "complex step" else 1e-5
    gaps = [
        abs(gradient[at] - slope) / max(1.0, abs(slope))
        for at, slope in zip(units, slopes, strict=True)
    ]
    worst = int(np.nanargmax(gaps)) if gaps and not np.all(np.isnan(gaps)) else None
    if worst is None or gaps[worst] <= tolerance:
        return None
    at = units[worst]

    def measure() -> tuple[float, float]:
        return float(tried.gradient()[at]), float(_slopes(tried, [at])[1][0])

    return Counterexample(
        tried.inputs, (tried.name, at), float(gradient[at]), float(slopes[worst]),
        by, tried.what, measure,
    )  # fmt: skip


def _slopes(tried: Any, entries: Sequence[tuple[int, ...]]) -> tuple[str, list[float]]:
    """Return the derivatives by some entries, from values of the function alone."""

    def moved(at: tuple[int, ...], h: complex) -> Any:
        x = np.array(tried.x, complex if isinstance(h, complex) else float)
        x[at] += h
        return tried.value(x)

    try:
        values = [moved(at, 1j * COMPLEX) for at in entries]
        if all(np.iscomplexobj(value) for value in values):
            return "complex step", [float(value.imag) / COMPLEX for value in values]
    except Exception:  # code of its own that does not run on complex numbers
        pass
    h = DIFFERENCE
    return "central difference", [
        float(moved(at, h) - moved(at, -h)) / (2 * h) for at in entries
    ]


def _numbers(step: Tensor) -> Iterator[tuple[list[Any], Array]]:
    """Yield arguments and a cotangent to try: one entry, as recorded, and others."""
    recorded = [_floats(a) for a in step.args]
    rng = np.random.default_rng(0)
    ones = np.ones(step.shape)
    if isinstance(step.primitive, Elementwise) and step.size:
        spread = [np.broadcast_to(a, step.shape).ravel()[0] for a in recorded]
        yield spread, np.ones(())
        drawn = [
            np.round(rng.uniform(0.5, 1.5), 2) if isinstance(a, Tensor) else one
            for a, one in zip(step.args, spread, strict=True)
        ]
        yield drawn, np.ones(())
    cotangent = np.round(rng.uniform(0.5, 1.5, step.shape), 2)
    for g in (ones, cotangent):
        yield recorded, g
    for _ in range(3):
        yield (
            [
                np.round(rng.uniform(0.5, 1.5, a.shape), 2)
                if isinstance(a, Tensor)
                else b
                for a, b in zip(step.args, recorded, strict=True)
            ],
            cotangent,
        )


def _names(step: Tensor) -> list[str]:
    """Name the arguments: a, b of an elementwise row; their own names otherwise."""
    if isinstance(step.primitive, Elementwise):
        return list("abcdef"[: len(step.args)])
    own = [getattr(a, "name", None) for a in step.args]
    return [
        name if name and own.count(name) == 1 else f"argument {k}"
        for k, name in enumerate(own)
    ]


def _floats(arg: Any) -> Any:
    return np.asarray(arg.data, float) if isinstance(arg, Tensor) else arg


def _units(x: Array) -> Iterator[Array]:
    for at in np.ndindex(x.shape):
        unit = np.zeros(x.shape)
        unit[at] = 1.0
        yield unit


def _few(array: Array) -> str:
    """Write a small array out, and a large one as its shape."""
    array = np.asarray(array)
    if array.size > SHOWN:
        first = ", ".join(f"{x:.6g}" for x in array.ravel()[:2])
        return f"an array of shape {array.shape} ({first}, ...)"
    return str(np.array(array, float).round(6).tolist())


def _told_apart(a: float, b: float) -> tuple[str, str]:
    """Write two numbers with as many digits as it takes to see the difference."""
    texts = ((f"{a:.{n}g}", f"{b:.{n}g}") for n in range(5, 18))
    return next((pair for pair in texts if pair[0] != pair[1]), (repr(a), repr(b)))
