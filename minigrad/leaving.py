"""Who asks for a Tensor's number just now, and would lose its record?

`float(t)` is asked for by name, and given. But NumPy asks, too, without saying so:
while it fills an array of its own, and at the end of some of its functions. Then the
code that runs tells which it is, and the refusal says what to write.
"""

from __future__ import annotations

import itertools
import linecache
import opcode
import sys
from types import FrameType

# NumPy writes float(t) into an array by itself: in `array[index] = t`, which is one
# instruction, and in calls of these names. It asks for the number while they run. It
# turns a refusal into a ValueError in its own words, of which ours is the cause.
_STORING = opcode.opmap.get("STORE_SUBSCR", -1)
_ASKED = (
    __name__,
    "minigrad.numpy_protocol.array_like",
    "minigrad.writable_arrays.writable",
    "minigrad.compiling.traced",
)  # whose methods NumPy calls
_WRITERS = frozenset({"fill", "fromiter", "__setitem__", "put", "copyto"})
CONVERTERS = frozenset(
    {"array", "asanyarray", "asarray", "ascontiguousarray", "astype", "double"}
    | {"float16", "float32", "float64", "half", "single"}
)
WRITABLE = (
    "make the array one that Tensors can be written into: mg.zeros(shape), "
    "np.zeros_like(t), t.copy(), or for a whole file "
    "`from minigrad import numpy as np`"
)
STORED = (
    "array[index] = t of a Tensor",
    f"{WRITABLE}; array[index] = float(t) writes the number only.",
)

CONVERTED = (
    "a Tensor converted to a number of NumPy",
    "mg.array([t, 0.0], dtype) is recorded, and so is t.astype(dtype); "
    "`from minigrad import numpy as np` gives a whole file such arrays; float(t) is "
    "the number only.",
)

LISTED = (
    "a NumPy function of a list of Tensors",
    "make one array of them first: np.mean(mg.array([t, other])); or for a whole file "
    "`from minigrad import numpy as np`.",
)


def _asking() -> FrameType | None:
    """Return the code that asks for a Tensor's numbers just now."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_globals.get("__name__") in _ASKED:
        frame = frame.f_back
    return frame


def numpy_asks() -> bool:
    """Does NumPy's own code ask? np.mean([t0, t1]) ends with the float of its sum."""
    frame = _asking()
    return frame is not None and str(frame.f_globals.get("__name__")).startswith(
        "numpy."
    )


def fills_an_array() -> bool:
    """Does the code that asks for a Tensor's numbers run `array[index] = t` just now?

    `array[index] = float(t)` and `array.fill(float(t))` call float, and say what it
    does.
    """
    frame = _asking()
    if frame is None or frame.f_lasti < 0:
        return False
    return frame.f_code.co_code[frame.f_lasti] == _STORING or calls(_WRITERS)


def calls(names: frozenset[str]) -> bool:
    """Does the code that asks call a function with one of these names just now?"""
    frame = _asking()
    if frame is None or frame.f_lasti < 0 or names.isdisjoint(frame.f_code.co_names):
        return False
    return _called(frame) in names


def _called(frame: FrameType) -> str:
    """Return the last name of the function that a frame calls just now, if known."""
    code = frame.f_code
    places = itertools.islice(code.co_positions(), frame.f_lasti // 2, None)
    first, last, start, end = next(places, (None,) * 4)
    if first is None or last is None or start is None or end is None:
        return ""
    lines = [
        linecache.getline(code.co_filename, n, frame.f_globals).encode()
        for n in range(first, last + 1)
    ]
    lines[-1] = lines[-1][:end]
    lines[0] = lines[0][start:]
    return callee(b"".join(lines).decode(errors="replace"))


def callee(call: str) -> str:
    """Return the last name of what a call calls, by its text.

    >>> callee("(np.array([a, f(b)]) ** 2).astype(float)"), callee("float(t)")
    ('astype', 'float')
    """
    depth = 0
    for i in range(len(call) - 1, -1, -1):
        depth += (call[i] == ")") - (call[i] == "(")
        if not depth:
            return call[:i].strip().rpartition(".")[2]
    return ""
