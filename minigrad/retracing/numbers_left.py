"""Which number left the tape, and what to say about it.

Two traces of one function have the same form and other constants. A constant that
changed is no mistake if the results do not depend on it: a softmax subtracts its
largest entry as a constant, and the results are the same without. So the later trace
is replayed with the earlier constants, and the results are compared, up to what
rounding does to them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from minigrad.messages import explained
from minigrad.retracing.traces import Place, Trace, is_floating
from minigrad.tensor import Array, Tensor

CUTS = (
    "compute it from the Tensor itself, with minigrad's functions: x.data, float(x), "
    "x.item(), x.detach(), math.exp(x) and arrays filled with numbers cut the tape. If "
    "the cut is meant, compute the number before and pass it in as an argument."
)
CHANCE = (
    "draw random numbers before and pass them in as an argument (a mask, say); a "
    "function gives the same results for the same arguments."
)


class NumbersLeft(Exception):
    """The results depend on a number, and the tape does not know.

    step      the step that uses it; None if f returned it
    argument  its position among the arguments of the step; None if it has none
    line      the source line of the step
    was, now  the number (the first entry that differs) at two calls
    """

    def __init__(
        self,
        message: str,
        step: Tensor | None = None,
        argument: int | None = None,
        was: Any = None,
        now: Any = None,
    ) -> None:
        super().__init__(message)
        self.step = step
        self.argument = argument
        self.line = step.line if step is not None else None
        self.was = was
        self.now = now


def alarm(
    name: str, place: Place, a: Trace, b: Trace, differs: Array, causes: Collection[str]
) -> NumbersLeft:
    """Return the exception that names one constant, and the inputs that move it.

    Without any cause, the two calls had the same arguments.
    """
    step = b.user(place)
    was, now, entry = _first_entry(a.constants[place], b.constants[place], differs)
    moved = f"{described(place, b)}{entry} was {was} and is {now}"
    of = " and ".join(causes)
    if not causes:
        why = (
            f"{moved}, although {name} was called with the same arguments: it draws "
            "random numbers inside, or it reads something that changed."
        )
    elif place.role == "result":
        kind = "array" if np.ndim(a.constants[place]) else "float"
        output = described(place, b)
        why = f"{output} is a plain {kind} that depends on {of}: its gradient is lost."
    else:
        why = f"{moved}: it depends on {of}, but the tape does not know."
    operands = {} if step is None else {"used by": step}
    asked = f"{name}: a number left the tape{_at(step)}"
    fix = CUTS if causes else CHANCE
    argument = place.key if place.role == "argument" else None
    facts = {"step": step, "argument": argument, "was": was, "now": now}
    return explained(NumbersLeft, asked, operands, why, fix, **facts)


def not_a_function(name: str, why: str, step: Tensor | None = None) -> NumbersLeft:
    """Return the exception about two calls with the same arguments that differ."""
    operands = {} if step is None else {"first other step": step}
    asked = f"{name}: two calls with the same arguments"
    return explained(NumbersLeft, asked, operands, why, CHANCE, step=step)


def described(place: Place, trace: Trace) -> str:
    """Return the name of a constant: argument 1 of multiply at step 2, cell.py:7."""
    step = trace.user(place)
    if place.role == "result":
        return f"output {place.key}".strip()
    if step is None or step.primitive is None:
        return "a Tensor made inside"
    of = f"{step.primitive.name} at step {trace.used_at(place)}{_at(step)}"
    if place.role == "argument":
        return f"argument {place.key} of {of}"
    if place.role == "option":
        return f"the {place.key} of {of}"
    return f"a Tensor made inside, used by {of},"


def _at(step: Tensor | None) -> str:
    return f", {step.line}" if step is not None and step.line else ""


def _first_entry(a: Any, b: Any, differs: Array) -> tuple[Any, Any, str]:
    """Return the first entry that differs, of both, and the words for its place."""
    x, y = np.asarray(a), np.asarray(b)
    if not differs.ndim or x.shape != differs.shape or y.shape != differs.shape:
        return a, b, ""
    entry = tuple(int(i) for i in np.argwhere(differs)[0])
    return x[entry], y[entry], f" at entry {list(entry)}"


# --------------------------------------------------------------- what results depend on


def matter(places: Collection[Place], a: Trace, b: Trace) -> bool:
    """Do the results of b change if these constants are those of a?"""
    if any(place.role == "result" for place in places):
        return True
    if not places:
        return False
    right = b.outputs(b.constants)
    cut = b.outputs(b.constants | {place: a.constants[place] for place in places})
    gaps = [_gap(x, y) for (x, _), (y, _) in zip(cut, right, strict=True)]
    eps = max((machine_epsilon(step.data) for step in b.steps), default=0.0)
    noise = [eps * size for _, size in right]
    if not any(gap > 100 * n for gap, n in zip(gaps, noise, strict=True)):
        return False
    random = np.random.default_rng(0)
    for _ in range(2):  # what a change of every constant in its last digit does
        nudged = b.outputs(_nudged(b.constants, eps, random))
        noise = [
            max(n, _gap(x, y))
            for n, (x, _), (y, _) in zip(noise, nudged, right, strict=True)
        ]
    return any(gap > 100 * n for gap, n in zip(gaps, noise, strict=True))


def culprit(changed: Collection[Place], a: Trace, b: Trace) -> Place:
    """Return the constant to blame among those that changed, and together matter.

    A softmax on another line has constants that changed, too. So the lines are tried,
    and then the constants of one line: without the culprit, the others do not matter.
    """
    ordered = [place for place in b.constants if place in changed]
    by_line: dict[Any, list[Place]] = {}
    for place in ordered:
        step = b.user(place)
        by_line.setdefault(place if step is None else step.line, []).append(place)
    line = _decisive(list(by_line.values()), ordered, a, b)
    if len(line) > 10:  # one line in many time steps
        return line[0]
    rest = [place for place in ordered if place not in line]
    if rest and matter(rest, a, b):
        return line[0]
    return _decisive([[place] for place in line], line, a, b)[0]


def _decisive(
    groups: list[list[Place]], changed: list[Place], a: Trace, b: Trace
) -> list[Place]:
    """Return the group without which the others do not matter, or which does alone."""
    if len(groups) == 1:
        return groups[0]
    for group in groups:
        if not matter([place for place in changed if place not in group], a, b):
            return group
    return next((group for group in groups if matter(group, a, b)), groups[0])


def machine_epsilon(array: Array) -> float:
    """Return the distance from 1 to the next number; 0 for exact numbers.

    >>> machine_epsilon(np.ones(2)) == 2**-52
    True
    """
    return float(np.finfo(array.dtype).eps) if array.dtype.kind in "fc" else 0.0


def _nudged(
    constants: Mapping[Place, Any], eps: float, random: np.random.Generator
) -> dict[Place, Any]:
    """Return the constants, each floating entry moved by its last digit or not."""

    def nudge(value: Any) -> Any:
        array = np.asarray(value)
        digits = 1 + eps * random.choice((-1, 0, 1), array.shape)
        return (array * digits).astype(array.dtype)

    return {p: nudge(c) if is_floating(c) else c for p, c in constants.items()}


def _gap(x: Array, y: Array) -> float:
    """Return the largest difference; infinite where only one is finite."""
    if x.shape != y.shape or x.dtype == object:
        return 0.0 if np.array_equal(x, y) else np.inf
    finite = np.isfinite(x)
    if (finite != np.isfinite(y)).any():
        return np.inf
    return float(np.max(np.abs(x - y), initial=0.0, where=finite))


def uncallable(name: str) -> NumbersLeft:
    """Return the alarm about a function that cannot be called at other numbers."""
    return explained(
        NumbersLeft,
        name,
        "it cannot be called at any other numbers, so nobody can know whether a "
        "number left its tape.",
        "let it run near the numbers that it is checked at, and be called several "
        "times.",
    )
