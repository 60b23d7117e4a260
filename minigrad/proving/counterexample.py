"""A counterexample in floats: numbers at which the gradient is not the derivative.

A proof fails at random residues modulo a prime, which say nothing to a reader. So the
failing rule, or tape, is tried again in float64: first on the numbers it was recorded
with, then on others. The derivative it is compared with comes from no rule: it is the
complex step Im f(x + i h) / h, or a central difference where f does not run on complex
numbers. `replay` does it once more, in front of the reader.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import numpy as np

from minigrad.context import clean_recording
from minigrad.gradient import grad, pushforward
from minigrad.numpy_protocol.array_like import plain
from minigrad.primitive import Elementwise
from minigrad.proving.identity import FORWARD, RECORDED, REVERSE
from minigrad.recording import record
from minigrad.tape import Tape, made_by
from minigrad.tensor import Tensor
from minigrad.types import Array, Operand, Shape

COMPLEX, DIFFERENCE = 1e-30, 1e-6  # the steps h
TOLERANCE = {"complex step": 1e-12, "central difference": 1e-5}  # relative, from 1 on
ENTRIES = 200  # of an array that are tried, one by one
SHOWN = 4  # entries of an array that a sentence prints


@dataclass(frozen=True, eq=False)
class Counterexample:
    """Where, in float64, what the engine gives is not the derivative.

    inputs    the arrays, by name; the cotangent g among them where it matters
    wrt       which of them, and which entry, the derivative is with respect to
    found     what the engine gives
    expected  what the derivative is
    by        how that was found: "complex step" or "central difference"
    what      which rule, or the engine
    replay    asks the engine and the reference again: () -> (found, expected)

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
    replay: Callable[[], tuple[float, float]] = field(repr=False)

    def __str__(self) -> str:
        at = ", ".join(f"{name} = {_few(array)}" for name, array in self.inputs.items())
        name, entry = self.wrt
        place = f" {list(entry)}" if entry else ""
        found, expected = _told_apart(self.found, self.expected)
        return (
            f"In floats: at {at}, {self.what} gives {found} and the derivative by "
            f"{name}{place} is {expected} ({self.by})."
        )


def of_rule(step: Tensor, i: int, mode: str = REVERSE) -> Counterexample | None:
    """Look for numbers at which rule i of this step's row is wrong; None if none."""
    row = made_by(step)
    names = _names(step)
    for args, g in _points(step):
        with suppress(Exception), clean_recording():  # a broken rule may raise anything
            leaves = tuple(
                Tensor(b) if isinstance(a, Tensor) else b
                for a, b in zip(step.args, args, strict=True)
            )
            y = record(row, row.function(*args, **step.options), leaves, step.options)
            leaf = y.args[i]
            inputs = dict(zip(names, map(np.asarray, args), strict=True))
            if g.shape or g != 1:
                inputs["g"] = g
            what = f"the rule for {names[i]} ({mode} mode)"
            bar = _Gradient(y, [leaf], 0, mode, g)
            if found := bar.worst(inputs, names[i], what):
                return found
    return None


def of_tape(
    output: Tensor, wrt: Sequence[Tensor], mode: str = REVERSE
) -> Counterexample | None:
    """Look for an entry at which the gradient of a recorded tape is wrong."""
    position = {step: k for k, step in enumerate(Tape(output))}
    for k, x in enumerate(wrt):
        with suppress(Exception):
            name = x.name or f"t{position[x]}"
            bars = _Gradient(output, wrt, k, mode)
            if found := bars.worst({name: x.data}, name, "the engine"):
                return found
    return None


@dataclass(frozen=True, eq=False)
class _Gradient:
    """The gradient of <g, y> by x = wrt[k] on a tape: an application, or a program.

    Without g, y is one number, and the engine starts its walk by itself.
    """

    y: Tensor
    wrt: Sequence[Tensor]
    k: int
    mode: str
    g: Array | None = None

    def engine(self) -> Array:
        """Return the gradient that the engine gives."""
        y, x, g = self.y, self.wrt[self.k], self.g
        with clean_recording(), np.errstate(all="ignore"):
            if self.mode == FORWARD:
                assert g is not None
                units = np.eye(x.size).reshape(x.size, *x.shape)
                dots = [np.sum(g * pushforward(Tape(y), {x: v})[y]) for v in units]
                return np.reshape(dots, x.shape)
            recording = self.mode == RECORDED
            seed = Tensor(g) if recording and g is not None else g
            bars = grad(y, list(self.wrt), record=recording, seed=seed)
            return np.asarray(plain(bars[self.k]), float)

    def value(self, entry: tuple[int, ...], h: complex) -> complex:
        """Return <g, y> after one entry of x has moved by h; no rule takes part."""
        leaf = self.wrt[self.k]
        x = np.array(leaf.data, complex if isinstance(h, complex) else float)
        x[entry] += h

        def applied(step: Tensor, args: list[object]) -> Array:
            row = made_by(step)
            return row.function(*args, **step.options)

        with clean_recording(), np.errstate(all="ignore"):
            y = Tape(self.y).replay({leaf: x}, apply=applied)[self.y]
            value: complex = np.sum(y if self.g is None else self.g * y)
            return value

    def slopes(self, entries: Sequence[tuple[int, ...]]) -> tuple[str, Array]:
        """Return the derivatives by some entries of x, and how they were found."""
        with suppress(Exception):  # some code does not run on complex numbers
            values = [self.value(entry, 1j * COMPLEX) for entry in entries]
            if all(map(np.iscomplexobj, values)):
                return "complex step", np.imag(values) / COMPLEX
        h = DIFFERENCE
        slopes = [(self.value(e, h) - self.value(e, -h)) / (2 * h) for e in entries]
        return "central difference", np.array(slopes, float)

    def worst(
        self, inputs: dict[str, Array], name: str, what: str
    ) -> Counterexample | None:
        """Compare entry by entry; return the entry that differs most, if one does."""
        gradient = self.engine()
        entries = list(np.ndindex(gradient.shape))[:: 1 + gradient.size // ENTRIES]
        by, slopes = self.slopes(entries)
        found = np.array([gradient[entry] for entry in entries])
        with np.errstate(all="ignore"):
            gaps = np.abs(found - slopes) / np.maximum(1, np.abs(slopes))
        gaps = np.nan_to_num(gaps)  # NaN shows nothing
        if not np.max(gaps, initial=0) > TOLERANCE[by]:
            return None
        k = int(np.argmax(gaps))
        entry = entries[k]

        def replay() -> tuple[float, float]:
            return float(self.engine()[entry]), float(self.slopes([entry])[1][0])

        return Counterexample(
            inputs, (name, entry), float(found[k]), float(slopes[k]), by, what, replay
        )


def _points(step: Tensor) -> Iterator[tuple[list[Operand], Array]]:
    """Yield arguments and a cotangent to try: of one entry, as recorded, and others."""
    rng = np.random.default_rng(0)

    def drawn(shape: Shape) -> Array:
        return np.asarray(np.round(rng.uniform(0.5, 1.5, shape), 2))

    def moved(args: list[Operand]) -> list[Operand]:
        both = zip(step.args, args, strict=True)
        return [
            drawn(np.asarray(b).shape) if isinstance(a, Tensor) else b for a, b in both
        ]

    arrays = (a.data.astype(float) if isinstance(a, Tensor) else a for a in step.args)
    recorded: list[Operand] = list(arrays)
    if isinstance(step.primitive, Elementwise) and step.size:
        entry: list[Operand] = [
            np.broadcast_to(np.asarray(a), step.shape).ravel()[0] for a in recorded
        ]
        yield entry, np.ones(())
        yield moved(entry), np.ones(())
    g = drawn(step.shape)
    yield recorded, g
    for _ in range(3):
        yield moved(recorded), g


def _names(step: Tensor) -> list[str]:
    """Name the arguments: a, b of an elementwise row; their own names otherwise."""
    if isinstance(step.primitive, Elementwise):
        return list("abcdef"[: len(step.args)])
    own = [getattr(a, "name", None) for a in step.args]
    return [
        name if name and own.count(name) == 1 else f"argument {k}"
        for k, name in enumerate(own)
    ]


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
