"""Numbers that left the tape: found by calling the function again.

A tape knows what was computed with Tensors. If f computes with `x.data`, `float(x)`,
`x.detach()` or `math.exp(x)`, the tape holds a constant where the truth is a function
of x, and the gradient is right for the tape and wrong for f. Nobody sees this on one
tape. So f is called again, and the traces of the calls are compared:

1. at the same numbers. A constant that changed is random, or state that f keeps.
2. at nearby points, two on one ray. A constant that differs between them was computed
   from an input. A sign, a mask, a rounded number is the same at both, except where
   the ray crosses a step, and then not on a ray that is a thousand times shorter.
3. at two points far away, because a constant may be flat where f was first called.

A constant that changed is an alarm if the results depend on it. If a mask, an index or
the steps themselves are other than at the first call, that is
another branch. This is said.

    results = f(x, w)
    retrace(lambda: f(x, w), results, {"x": x, "w": w}, name="f")

The call uses the very same Tensors: `retrace` moves the numbers inside them and puts
the old ones back. It moves the leaves from outside that f uses (Parameters), too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from minigrad.context import clean_recording
from minigrad.retracing.numbers_left import (
    NumbersLeft,
    alarm,
    culprit,
    described,
    machine_epsilon,
    matter,
    not_a_function,
    uncallable,
)
from minigrad.retracing.traces import (
    Place,
    Trace,
    changes,
    first_other_step,
    is_floating,
)
from minigrad.tensor import Array, Tensor
from minigrad.watching import keeping_lines

__all__ = ["NumbersLeft", "Retraced", "retrace"]

Numbers = dict[Tensor, Array]  # a point: the inputs and their numbers
Changed = dict[Place, Array]  # constants, and which of their entries differ
NEARBY, FAR = "at nearby points", "at other points"
_store: Any = Tensor.__dict__["data"]  # without the tick of a Parameter's new numbers


@dataclass(frozen=True)
class Retraced:
    """At how many other points f ran, and what a certificate should say about them."""

    points: int
    findings: tuple[str, ...]


def retrace(
    call: Callable[[], Any],
    results: Any,
    inputs: Mapping[str, Tensor],
    name: str = "f",
    seed: int = 0,
) -> Retraced:
    """Call a function again at other numbers, and compare what it records.

    call     calls the function again, on the same Tensors
    results  what the first call returned: Tensors and numbers, in any structure
    inputs   the Tensors whose numbers may move, by the names that messages use
    name     what messages call the function

    >>> x = Tensor(3.0)
    >>> retrace(lambda: x * x, x * x, {"x": x})
    Retraced(points=3, findings=())
    >>> retrace(lambda: x * x.data, x * x.data, {"x": x})
    Traceback (most recent call last):
    minigrad.retracing.numbers_left.NumbersLeft: f: a number left the tape...

    Raises NumbersLeft for a number that the results depend on, and the tape does not
    know: it depends on an input, on chance, or on what an earlier call left behind. And
    if the function can be called at no other point, for then nobody can know.
    """
    retracing = _Retracing(call, results, inputs, name, seed)
    with clean_recording(), keeping_lines():
        retracing.require_a_function()
        here = retracing.here
        retracing.compare_on_ray(here, NEARBY)
        for sign in (-1, 1):
            retracing.compare_on_ray(retracing.far_from(here, sign), FAR)
    if not retracing.points and any(x.size for x in inputs.values()):
        raise uncallable(name)
    if not retracing.points:
        retracing.note(f"{name} could not be called at any other point")
    return Retraced(retracing.points, tuple(retracing.findings))


class _Retracing:
    """One comparison: the first trace, the inputs, and what was seen so far."""

    def __init__(
        self,
        call: Callable[[], Any],
        results: Any,
        inputs: Mapping[str, Tensor],
        name: str,
        seed: int,
    ) -> None:
        self.call = call
        self.name = name
        self.random = np.random.default_rng(seed)
        self.names = {tensor: path for path, tensor in inputs.items()}
        self.here: Numbers = {tensor: tensor.data for tensor in self.names}
        self.first = Trace(results, self.names)
        self.unsteady: set[Place] = set()  # plain results that are never the same
        self.points = 0
        self.findings: list[str] = []

    def note(self, sentence: str) -> None:
        if sentence not in self.findings:
            self.findings.append(sentence)

    # ------------------------------------------------------------- the same numbers

    def require_a_function(self) -> None:
        """Call f at the same numbers; find the leaves that come from outside."""
        try:
            results = self.call()
        except Exception as error:
            why = f"the second raised {type(error).__name__}: {error}."
            raise not_a_function(self.name, why) from error
        again = Trace(results, self.names)
        other = first_other_step(self.first, again)
        if other is not None:
            raise not_a_function(
                self.name,
                "they recorded other steps: it draws random numbers inside, or it "
                "reads something that changed.",
                again.step(other),
            )
        changed = changes(self.first, again, inputs=())
        self.unsteady = {place for place in changed if place.role == "result"}
        changed = {p: entries for p, entries in changed.items() if p.role != "result"}
        if matter(changed, self.first, again):
            place = culprit(changed, self.first, again)
            raise alarm(self.name, place, self.first, again, changed[place], ())
        for one, other_leaf in zip(self.first.leaves, again.leaves, strict=True):
            if one is other_leaf and one not in self.names:
                self.names[one] = one.name or "a Tensor from outside"
                self.here[one] = one.data

    # ---------------------------------------------------------------- other numbers

    def compare_on_ray(self, base: Numbers, where: str) -> None:
        """Compare two points on a ray from a base; on shorter rays what differs."""
        leaks: Changed = {}
        pair: tuple[Trace, Trace] | None = None
        ends: tuple[Numbers, Numbers] | None = None
        called = False
        for distance in self._distances():
            ray = self._ray(base)
            end, middle = (_along(base, ray, d) for d in (distance, distance / 2))
            a = self._trace(end)
            if a is None:
                continue
            if not called:
                called = True
                self.points += 1
                if self._is_as_first(a):
                    return
            b = self._trace(middle)
            if b is None or first_other_step(a, b) is not None:
                continue
            differ = self._floating_changes(a, b)
            if pair is None or ends is None:
                pair, ends, leaks = (a, b), (end, middle), differ
            else:  # what is rounded to narrow numbers cannot differ by less
                rounded = _rounded_to_more_than(distance, leaks, pair[0])
                differ = {**differ, **rounded}
            leaks = _common(leaks, differ)
            if not matter(leaks, *pair):
                self._say_branches(pair[0], leaks, where)
                return
        if pair is not None and ends is not None:
            raise self._alarm(leaks, pair, ends)
        if called:
            self.note(f"the tape differs from call to call {where}: it is not compared")

    def _is_as_first(self, a: Trace) -> bool:
        if first_other_step(self.first, a) is not None:
            return False
        return not changes(self.first, a, self.names).keys() - self.unsteady

    def _floating_changes(self, a: Trace, b: Trace) -> Changed:
        return {
            place: entries
            for place, entries in changes(a, b, self.names).items()
            if is_floating(a.constants[place]) and place not in self.unsteady
        }

    def _say_branches(self, a: Trace, leaks: Changed, where: str) -> None:
        """Say where f took another branch than at the first call."""
        other = first_other_step(self.first, a)
        if other is not None:
            step = a.step(other)
            since = "" if step is None else f", from {step.line} on"
            self.note(f"another branch {where}: other steps{since}")
            return
        changed = changes(self.first, a, self.names).keys() - leaks - self.unsteady
        places = [place for place in a.constants if place in changed]
        if places:
            more = f", and {len(places) - 1} more" if len(places) > 1 else ""
            self.note(f"another branch {where}: {described(places[0], a)}{more}")

    def _alarm(
        self, leaks: Changed, pair: tuple[Trace, Trace], ends: tuple[Numbers, Numbers]
    ) -> NumbersLeft:
        """Say which number left the tape, and which inputs move it alone."""
        a, b = pair
        end, middle = ends
        place = culprit(leaks, a, b)
        causes = []
        for tensor, name in self.names.items():
            alone = self._trace({**end, tensor: middle[tensor]})
            if alone is not None and first_other_step(a, alone) is None:
                causes += [name] * (place in changes(a, alone, self.names))
        if first_other_step(self.first, a) is None:
            a, b = self.first, a  # the numbers of the first call are known to the user
        entries = leaks[place]
        return alarm(self.name, place, a, b, entries, causes or ["the inputs"])

    # --------------------------------------------------------------------- points

    def far_from(self, here: Numbers, sign: int) -> Numbers:
        """Return a point of another scale, or of the other sign as well."""
        return {
            tensor: _as(sign * self.random.uniform(0.5, 2, array.shape) * array, array)
            if array.dtype.kind in "fc"
            else array
            for tensor, array in here.items()
        }

    def _distances(self) -> list[float]:
        """Return relative distances: for float64 about 1e-3, 1e-6 and 1e-9."""
        eps = max(map(machine_epsilon, self.here.values()), default=0.0)
        return [eps ** (k / 5) for k in (1, 2, 3)] if eps else []

    def _ray(self, base: Numbers) -> Numbers:
        """Return a random direction, in each entry as large as the entry."""
        return {
            tensor: np.where(array == 0, 1, array)
            * self.random.uniform(-1, 1, array.shape)
            for tensor, array in base.items()
            if array.dtype.kind in "fc"
        }

    def _trace(self, numbers: Numbers) -> Trace | None:
        """Return the trace at these numbers; None where f cannot be called."""
        with moved(numbers):
            try:
                results = self.call()
            except Exception:  # log of a negative number, say
                return None
            return Trace(results, self.names)


@contextmanager
def moved(numbers: Numbers) -> Iterator[None]:
    """Inside, Tensors hold other numbers; no Parameter counts this as an update."""
    before = {tensor: tensor.data for tensor in numbers}
    try:
        for tensor, array in numbers.items():
            _store.__set__(tensor, array)
        yield
    finally:
        for tensor, array in before.items():
            _store.__set__(tensor, array)


def _along(base: Numbers, ray: Numbers, distance: float) -> Numbers:
    return {
        tensor: _as(array + distance * ray[tensor], array) if tensor in ray else array
        for tensor, array in base.items()
    }


def _as(moved: Any, array: Array) -> Array:
    """Return moved numbers as an array of their own, in the dtype they had before."""
    return np.array(moved, array.dtype)


def _rounded_to_more_than(distance: float, leaks: Changed, a: Trace) -> Changed:
    """Return the constants whose numbers are of a dtype too narrow for a distance."""
    return {
        place: entries
        for place, entries in leaks.items()
        if distance < 4 * _precision(np.asarray(a.constants[place]))
    }


def _precision(constant: Array) -> float:
    """Return the precision to which numbers seem to be rounded; 0 for whole ones."""
    with np.errstate(all="ignore"):
        if constant.dtype.kind != "f" or np.array_equal(constant, np.rint(constant)):
            return 0.0
        narrow, half = constant.astype(np.float32), constant.astype(np.float16)
    is_narrow = np.array_equal(narrow, constant) and not np.array_equal(half, constant)
    return machine_epsilon(narrow if is_narrow else constant)


def _common(one: Changed, other: Changed) -> Changed:
    """Return the entries that changed both times."""
    both = {place: one[place] & other[place] for place in one if place in other}
    return {place: entries for place, entries in both.items() if entries.any()}
