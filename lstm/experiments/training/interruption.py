"""Ctrl-C, asked politely: the step under way is finished first.

Python raises KeyboardInterrupt between any two instructions, also between the updates
of two Parameters. So while a run trains, the signal only leaves a note, which the loop
reads after every step. Asked twice, it ends at once; the last checkpoint stays whole.
Whoever asks after the last step is heard too: at the end of the context.
"""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType


class Interruption:
    """A context in which Ctrl-C sets `asked` instead of raising, the first time."""

    def __init__(self) -> None:
        self.asked = False

    def __enter__(self) -> Interruption:
        # Only the main thread may say what a signal does, and only it is interrupted.
        self.ours = threading.current_thread() is threading.main_thread()
        if self.ours:
            self.before = signal.signal(signal.SIGINT, self._note)
        return self

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        if self.ours:
            signal.signal(signal.SIGINT, self.before)
        if self.asked and error is None:
            raise KeyboardInterrupt
