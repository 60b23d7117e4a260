"""The setting in which a proof calculates: recorded, unwatched, outside every scope.

And without NumPy's warnings. A loop over objects asks the processor afterwards whether
any floating-point operation was invalid, and blames the loop for what SymPy rounded, or
a reader's own function tried, in between. No float takes part in a proof.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from minigrad.context import Setting, Within


@contextmanager
def undisturbed() -> Iterator[None]:
    """Inside, primitives are recorded, whatever the caller's setting says.

    So a proof may be asked for under `no_grad`, `checked` or any `scope`.

    >>> import minigrad as mg
    >>> with mg.no_grad(), undisturbed():
    ...     y = mg.tanh(mg.Tensor(np.inf) - np.inf)
    >>> y.primitive.name
    'tanh'
    """
    with _recording(), np.errstate(all="ignore"):
        yield


class _recording(Within):
    __slots__ = ()

    def alter(self, setting: Setting) -> None:
        """Record, unwatched, in the outermost scope, keeping no copies of weights."""
        setting.recording, setting.checker, setting.scope = True, None, ()
        setting.layouts = None
