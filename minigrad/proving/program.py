"""A recorded program apart from its numbers: to compare, to name, to count."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable

import numpy as np

from minigrad.context import path
from minigrad.tape import Tape
from minigrad.tensor import Array, Tensor


def frozen(value: object) -> Hashable:
    """Return a constant or an option as something that can be compared and hashed.

    >>> frozen((slice(1, 3), [0, 2]))
    ('tuple', ('slice', 1, 3, None), ('list', 0, 2))
    """
    if isinstance(value, Array):
        if value.dtype.kind == "O":
            return "array", value.shape, tuple(map(frozen, value.ravel().tolist()))
        return "array", value.shape, value.dtype.str, value.tobytes()
    if isinstance(value, (tuple, list)):
        return type(value).__name__, *map(frozen, value)
    if isinstance(value, dict):
        return "dict", *((key, frozen(value[key])) for key in sorted(value))
    if isinstance(value, slice):
        return "slice", *map(frozen, (value.start, value.stop, value.step))
    if isinstance(value, (float, np.floating)):
        return repr(value)  # so that NaN equals itself, and 0.0 is not -0.0
    try:
        hash(value)
    except TypeError:
        return repr(value)
    return value  # an object, which has a hash


def applications(tape: Tape) -> list[Tensor]:
    """Return the first of each kind of application on a tape.

    A rule sees the row, shapes, constants and options, and of the rest only numbers.
    """
    found: dict[Hashable, Tensor] = {}
    for step in tape:
        if step.primitive is not None:
            args = tuple(
                ("shape", a.shape) if isinstance(a, Tensor) else frozen(a)
                for a in step.args
            )
            found.setdefault((step.primitive, args, frozen(step.options)), step)
    return list(found.values())


def fingerprint(tape: Tape) -> str:
    """Return the SHA-256 of a recorded program: the same program, the same hash.

    Leaves count by shape only, since a proof is about all their values.
    """
    position = {step: k for k, step in enumerate(tape)}
    digest = hashlib.sha256()
    for step in tape:
        name = step.primitive.name if step.primitive else "leaf"
        args = [
            ("step", position[a]) if isinstance(a, Tensor) else frozen(a)
            for a in step.args
        ]
        digest.update(repr((name, args, frozen(step.options), step.shape)).encode())
    return digest.hexdigest()


def where_made(position: int, node: Tensor) -> str:
    """Return `step 17, c_3, in lstm[3], at cell.py:40`, as far as it is known."""
    scope = f"in {path(node.scope)}" if node.scope else ""
    line = f"at {node.line}" if node.line else ""
    return ", ".join(filter(None, [f"step {position}", node.name, scope, line]))
