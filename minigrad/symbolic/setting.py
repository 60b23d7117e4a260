"""The setting in which a proof calculates: recorded, unwatched, outside every scope."""

from __future__ import annotations

from minigrad.context import Setting, Within


class undisturbed(Within):
    """Inside, primitives are recorded, whatever the caller's setting says.

    So a proof may be asked for under `no_grad`, `checked` or any `scope`.
    """

    __slots__ = ()

    def alter(self, setting: Setting) -> None:
        """Record, unwatched, in the outermost scope, keeping no copies of weights."""
        setting.recording, setting.checker, setting.scope = True, None, ()
        setting.layouts = None
