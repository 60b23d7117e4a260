"""A trace: what one call of a function recorded, and how two traces differ.

A trace has a form and constants. The form is the program: which rows ran, on which
results, in which shapes. The constants are what the program was given as numbers: the
arrays and numbers among the arguments of its steps, their options (masks, indices) and
the leaves. If a function calls again at other inputs, and the form is the same, then
only the inputs may have other numbers. A constant with other numbers was computed from
an input, where the tape could not see it.

A trace copies its constants, because a function may write into an array that it uses
again in the next call.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

import numpy as np

from minigrad.shapes import mapped
from minigrad.tape import in_order, made_by
from minigrad.tensor import Array, Tensor


class Place(NamedTuple):
    """Where a constant stands.

    role  "argument" or "option" of a step, "leaf", or "result" if f returned a number
    at    the number of the step or of the leaf, each in the order of use
    key   the argument's position, the option's name, or the path of the result
    """

    role: str
    at: int
    key: Any = None


class Trace:
    """The steps, the leaves, the results and a copy of the constants of one call.

    >>> x = mg.Tensor(3.0)
    >>> trace = Trace(x * 2.0)
    >>> trace.constants
    {Place(role='leaf', at=0, key=None): array(3.), \
Place(role='argument', at=0, key=1): 2.0}
    """

    def __init__(self, results: Any, inputs: Collection[Tensor] = ()) -> None:
        found = _parts(results)
        tape = in_order([each for each in found.values() if isinstance(each, Tensor)])
        ends = set(inputs)  # an input is a leaf, also if a primitive made it
        self.steps = [s for s in tape if s.primitive is not None and s not in ends]
        self.leaves: list[Tensor] = []
        self.users: list[int] = []  # the first step that uses each leaf
        self.constants: dict[Place, Any] = {}
        self.form: list[Any] = []
        self._names: dict[Tensor, Place] = {}
        for at, step in enumerate(self.steps):
            self.form.append(self._form_of(at, step))
            self._names[step] = Place("step", at)
        self.results = {
            path: self._named(each, len(self.steps) - 1)
            for path, each in found.items()
            if isinstance(each, Tensor)
        }
        self.form.append(([*found], [*self.results.items()]))
        for path, each in found.items():
            if is_floating(each):
                self.constants[Place("result", 0, path)] = _copied(each)

    def _form_of(self, at: int, step: Tensor) -> Any:
        operands = []
        for i, arg in enumerate(step.args):
            if isinstance(arg, Tensor):
                operands.append(self._named(arg, at))
            else:
                self.constants[Place("argument", at, i)] = _copied(arg)
                operands.append(np.shape(arg))
        for name, value in step.options.items():
            self.constants[Place("option", at, name)] = _copied(value)
        return made_by(step).name, operands, sorted(step.options), step.shape

    def _named(self, tensor: Tensor, user: int) -> Place:
        if tensor not in self._names:
            place = Place("leaf", len(self.leaves))
            self._names[tensor] = place
            self.constants[place] = np.array(tensor.data)
            self.leaves.append(tensor)
            self.users.append(user)
        return self._names[tensor]

    def step(self, at: int) -> Tensor | None:
        """Return a step by its number; None if there is no such step."""
        return self.steps[at] if 0 <= at < len(self.steps) else None

    def used_at(self, place: Place) -> int | None:
        """Return the number of the step that uses a constant; None if no step does."""
        at = self.users[place.at] if place.role == "leaf" else place.at
        used = place.role != "result" and 0 <= at < len(self.steps)
        return at if used else None

    def user(self, place: Place) -> Tensor | None:
        """Return the step that uses a constant; None if no step does."""
        at = self.used_at(place)
        return None if at is None else self.step(at)

    def replayed(self, constants: Mapping[Place, Any]) -> dict[Place, Any]:
        """Run the steps on these constants; return the value of every leaf and step."""
        values = {}
        for leaf in map(self._names.__getitem__, self.leaves):
            values[leaf] = constants[leaf]
        for at, step in enumerate(self.steps):
            args = [
                values[self._names[arg]]
                if isinstance(arg, Tensor)
                else constants[Place("argument", at, i)]
                for i, arg in enumerate(step.args)
            ]
            options = {k: constants[Place("option", at, k)] for k in step.options}
            values[Place("step", at)] = made_by(step).apply(*args, **options)
        return values

    def outputs(self, constants: Mapping[Place, Any]) -> list[tuple[Array, float]]:
        """Return the value of each result, and the size of what it was computed from.

        The size tells how large rounding is: 1 - 1 is 0 but for the rounding of 1.
        """
        values = self.replayed(constants)
        outputs = []
        for place in self.results.values():
            sizes = [_size(values[place])]
            if place.role == "step":
                args = self.steps[place.at].args
                names = (self._names[a] for a in args if isinstance(a, Tensor))
                sizes += [_size(values[name]) for name in names]
            outputs.append((np.asarray(values[place]), max(sizes)))
        return outputs


def first_other_step(a: Trace, b: Trace) -> int | None:
    """Return where the forms of two traces part; None if they are the same."""
    if a.form == b.form:
        return None
    pairs = zip(a.form, b.form, strict=False)
    parting = (at for at, (one, other) in enumerate(pairs) if one != other)
    return min(next(parting, len(a.steps)), len(a.steps) - 1, len(b.steps) - 1)


def changes(a: Trace, b: Trace, inputs: Collection[Tensor]) -> dict[Place, Array]:
    """Return the entries that differ between constants of two traces of one form.

    Leaves among the inputs are no constants. Equal means bitwise, and NaN equals NaN.
    """
    moved = set(inputs)
    changed = {}
    for place, value in a.constants.items():
        if place.role == "leaf" and a.leaves[place.at] in moved:
            continue
        differs = _differs(value, b.constants.get(place))
        if differs.any():
            changed[place] = differs
    return changed


def is_floating(value: Any) -> bool:
    """Is this a number or an array of numbers that may change a little?

    >>> is_floating(2.0), is_floating(np.ones(3)), is_floating(2), is_floating((2.0,))
    (True, True, False, False)
    """
    return isinstance(value, float | complex | Array | np.number) and (
        np.asarray(value).dtype.kind in "fc"
    )


def _parts(results: Any) -> dict[str, Any]:
    """Return what a structure of results holds, by its path: "", [0], .c, ['W']."""
    found: dict[str, Any] = {}
    mapped(
        found.__setitem__,
        results,
        "",
        lambda part: not isinstance(part, Mapping | list | tuple),
    )
    return found


def _copied(value: Any) -> Any:
    if isinstance(value, tuple | list) and not hasattr(value, "_fields"):
        return type(value)(map(_copied, value))
    return np.array(value) if isinstance(value, Array) else value


def _differs(a: Any, b: Any) -> Array:
    if isinstance(a, tuple | list) and isinstance(b, tuple | list):
        parts = zip(a, b, strict=False)
        return np.array(len(a) != len(b) or any(_differs(*p).any() for p in parts))
    numbers = int | float | complex | Array | np.generic
    if not (isinstance(a, numbers) and isinstance(b, numbers)):
        return np.array(a is not b and bool(np.any(a != b)))
    x, y = np.asarray(a), np.asarray(b)
    if x.shape != y.shape:
        return np.array(True)
    return np.asarray(~((x == y) | ((x != x) & (y != y))), bool)


def _size(value: Any) -> float:
    array = np.abs(np.asarray(value))
    return float(np.max(array, initial=0.0, where=np.isfinite(array)))
