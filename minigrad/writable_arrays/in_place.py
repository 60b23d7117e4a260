"""`t += s` of a Tensor: another Tensor under the same name, or a refusal.

An array is changed by `+=`, and with it every view of it. A Tensor never changes: the
name stands for a new one, and what else shared the numbers would keep the old. So where
NumPy would write through a view into an array that is still in use, this says so:

    for row in t:
        row /= row.sum()        NumPy would change t

Two names of one and the same array nobody can tell apart here: `mg.check_gradients`
calls the function with plain arrays, too, and compares.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad.messages import explained
from minigrad.tensor import UNRECORDED, Tensor

_HELD = 3  # references to a Tensor that is held by one result: that, ours, the count's


def rebinding(sign: str, operation: Callable[..., Any]) -> Callable[..., Any]:
    """Return what `t += s` does, of what `t + s` does."""

    def rebind(self: Tensor, other: Any) -> Any:
        if self.data.base is not None and self.ndim and _is_view(self):
            raise explained(
                TypeError,
                f"t {sign} other of a part of a Tensor",
                {self.name or "t": self},
                "NumPy would write through the view into the whole array, which is "
                "still in use, and a Tensor is never written to.",
                f"write t = t {sign[:-1]} other, if only t is meant; else begin "
                "with a copy that can be written to: whole = whole.copy().",
            )
        return operation(self, other)

    return rebind


def _is_view(t: Tensor) -> bool:
    """Does a Tensor share numbers with another one that somebody still holds?"""
    if t.options is UNRECORDED:
        return sys.getrefcount(t.data.base) > _HELD - 1
    while (whole := _shared(t)) is not None:
        if sys.getrefcount(whole) > _HELD:
            return True
        t = whole
    return False


def _shared(t: Tensor) -> Tensor | None:
    """Return the argument in whose memory a result lies, if there is one."""
    for arg in t.args:
        if isinstance(arg, Tensor) and np.may_share_memory(t.data, arg.data):
            return arg
    return None
