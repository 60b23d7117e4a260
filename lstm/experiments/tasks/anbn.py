"""a^n b^n: count what opens, and close as often.

    read     S   a     a     a     b   b   b
    answer   a   a,b   a,b   a,b   b   b   E       the letters that may come next

After S some a's are read, then as many b's, then the end, E. While a's come, another a
or the first b may follow; from the first b on, everything is determined, and whoever
did not count cannot say when the end is due. Learned from n = 1 to 10; how far does it
hold? `learned up to n` is the largest n such that every string up to it was answered
rightly at every step.

Gers and Schmidhuber 2001. That the weights for it can be written down by hand is shown
in lstm.experiments.tasks.by_hand.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lstm.experiments.recipe import Recipe, option
from lstm.experiments.tasks.reber import padded, right
from lstm.experiments.tasks.task import Batch, Model, Rng, Task, bernoulli

LETTERS = "SabE"


def string(n: int) -> tuple[str, list[set[str]]]:
    """Return S a^n b^n E, and which letters may come after each but the last.

    >>> string(1)
    ('SabE', [{'a'}, {...}, {'E'}])
    """
    legal = [{"a"}, *[{"a", "b"}] * n, *[{"b"}] * (n - 1), {"E"}]
    return "S" + "a" * n + "b" * n + "E", legal


def strings(numbers: Iterable[int]) -> Batch:
    """Return the strings of these n as one batch."""
    return padded([string(int(n)) for n in numbers], LETTERS)


@dataclass(frozen=True)
class AnBn(Task):
    """Name all letters that may come next in n times a, n times b."""

    longest: int = option(10, "the largest n to learn from", least=1)
    asked: int = option(100, "the largest n to be tested on", least=1)
    updates: int = option(100, "mini-batches in an epoch", least=1)

    name = "anbn"
    recipe = Recipe(hidden=4, epochs=40, batch=10)
    n, k, every = len(LETTERS), len(LETTERS), True
    lost = staticmethod(bernoulli)
    metric, larger_is_better = "learned up to n", True

    def batches(self, rng: Rng, size: int) -> Iterator[Batch]:
        for _ in range(self.updates):
            yield strings(rng.integers(1, self.longest + 1, size))

    def validate(self, model: Model) -> dict[str, float]:
        return {self.metric: up_to(model, 3 * self.longest)}

    def test(self, model: Model) -> dict[str, float]:
        return {self.metric: up_to(model, self.asked)}

    def baselines(self) -> dict[str, dict[str, float]]:
        return {"a list of what was learned from": {self.metric: self.longest}}


def up_to(model: Model, largest: int) -> int:
    """Return the largest n such that all strings up to it are answered rightly."""
    good = right(model, strings(range(1, largest + 1)))
    return largest if good.all() else int(good.argmin())
