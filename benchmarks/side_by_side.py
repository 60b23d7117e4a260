"""Time several functions in turn, so that a busy moment disturbs all of them alike."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import NamedTuple


class Row(NamedTuple):
    """One line of the table: what was measured, its unit, and each contestant's value.

    `ours` and `base` name the two whose ratio is the result, and `bar` is the largest
    ratio we set ourselves.
    """

    what: str
    unit: str
    values: Mapping[str, float]
    ours: str
    base: str
    bar: float | None = None

    @property
    def ratio(self) -> float:
        """How many times the base's value ours is."""
        return self.values[self.ours] / self.values[self.base]


def fastest(
    functions: Mapping[str, Callable[[], object]],
    seconds: float,
    in_a_row: int = 1,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, float]:
    """Return each function's fastest time, in seconds, after warming all of them up.

    With more than one call `in_a_row`, the later ones find the caches as the function
    itself left them, as in a loop that does nothing else. The clock may be
    time.process_time: what others do on the machine then counts less.
    """
    for function in functions.values():
        function()
    best = dict.fromkeys(functions, float("inf"))
    stop = time.perf_counter() + seconds
    while time.perf_counter() < stop:
        for name, function in functions.items():
            for _ in range(in_a_row):
                start = clock()
                function()
                best[name] = min(best[name], clock() - start)
    return best
