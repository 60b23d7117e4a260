"""What a function computes outside of arrays must be the same in each run, exactly.

    mg.compile(lambda x: x * time.time())

The program would go on with one number. Results are compared but for rounding, and do
not show it: from one run to the next the time grows by less. So where a program has a
number of more digits than people write, or chance was at work, the function is traced
once more, and all numbers of the two traces are compared. That run also keeps the
lines of the function, to say where the cause is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from minigrad.compiling.graph import Node, in_order, parts_of
from minigrad.compiling.one_run import Trace
from minigrad.compiling.traced import refusal

DIGITS = 6  # of numbers that are written in a program, or simple fractions
DRAWN = "it draws random numbers, which would be constants of the program."
OUTSIDE = (
    "draw them outside and pass them in: a mask is an argument like any other, "
    "step(x, mask)."
)
_NUMBERS = (int, float, np.generic)


def has_long_numbers(trace: Trace, is_known: Callable[[Any], bool]) -> bool:
    """Does it compute with numbers of many digits, besides those that are known?"""
    return any(_is_long(each) for _, each in _constants(trace) if not is_known(each))


def _constants(trace: Trace) -> Iterator[tuple[Node | None, Any]]:
    """Yield what is computed with, or returned, and no node: numbers, arrays, axes."""
    yield from ((None, part) for part in parts_of(trace.structure, object))
    for node in in_order([*trace.outputs, *(guard.node for guard in trace.guards)]):
        given = [each for each in node.args if type(each) is not Node]
        for part in parts_of([given, node.options, node.source], object):
            yield node, part


def _is_long(value: Any) -> bool:
    """Has one of these numbers more digits than people write?"""
    if not isinstance(value, (np.ndarray, *_NUMBERS)):
        return False
    array = np.asarray(value)
    if array.dtype.kind not in "fiu":
        return False
    numbers = np.abs(array.astype(float).ravel())
    numbers = numbers[np.isfinite(numbers) & (numbers > 1e-290)]
    scale = 10.0 ** (DIGITS - 1 - np.floor(np.log10(numbers)))
    gap = np.finfo(array.dtype if array.dtype.kind == "f" else float).eps
    rounded = np.round(numbers * scale) / scale
    return bool(np.any(np.abs(rounded - numbers) > 8 * gap * numbers))


def require_same_numbers(asked: str, first: Trace, again: Trace) -> None:
    """Refuse a function of which two traces compute with other numbers.

    Raises NotCompiled, with the line that computes with them.
    """
    one, other = [*_constants(first)], [*_constants(again)]
    for (_, a), (node, b) in zip(one, other, strict=False):
        if not _is_same(a, b):
            line = again.lines.get(node, "") if node else ""
            raise refusal(asked, *_cause(a, b, first.is_random), line=line)
    if len(one) != len(other):
        raise refusal(
            asked,
            "traced twice, it computes different things: it asks for something that "
            "changes from one call to the next.",
            "pass in what it asks for: a Python number or a word among the arguments "
            "gets a program of its own.",
        )
    if first.is_random:
        raise refusal(asked, DRAWN, OUTSIDE)


def _is_same(a: Any, b: Any) -> bool:
    if a is b:
        return True
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        is_alike = a.dtype == b.dtype and a.shape == b.shape
        return is_alike and a.tobytes() == b.tobytes()
    if isinstance(a, (str, slice, *_NUMBERS)) or isinstance(b, _NUMBERS):
        return type(a) is type(b) and repr(a) == repr(b)
    return True


def _cause(a: Any, b: Any, is_random: bool) -> tuple[str, str]:
    """Return why two numbers are not the same, and what to do."""
    if is_random:
        return DRAWN, OUTSIDE
    if isinstance(a, np.ndarray) and a.ndim:
        why = "it computes with an array whose entries are others in each run: random"
        return f"{why} numbers, perhaps.", OUTSIDE
    return (
        f"it computes with {a} in one run and {b} in the next: a counter, the length "
        "of a list that grows, the time, or chance; in a program it is a constant.",
        "take it as an argument, step(x, number): an array, np.array(number), that "
        "every call may change.",
    )
