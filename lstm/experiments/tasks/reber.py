"""The embedded Reber grammar: the last letter but one repeats the second.

An automaton writes strings. It has seven states; in most of them it may go one of two
ways, each with its letter, until it has written an E (the table `REBER` below). Two of
its strings are BTXSE and BPTVPSE.

The embedded grammar puts a whole such string between two letters that must agree:

    B T <a Reber string> T E      or      B P <a Reber string> P E

A network reads the string letter by letter and says at every step which letters may
come next. Almost all can be learned from the last few letters; the last letter but one
asks for what was read at the beginning. A string counts only if at every step every
letter that may come next was named, and no other.

Reber 1967; embedded: Smith and Zipser 1989, Fahlman 1991; Hochreiter and Schmidhuber
1997, experiment 1.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from lstm.experiments.recipe import Recipe, option
from lstm.experiments.tasks.task import (
    TEST,
    Batch,
    Model,
    Rng,
    Task,
    answers,
    bernoulli,
    one_hot,
    shuffled,
)
from minigrad.types import Array

LETTERS = "BTSXPVE"

# state -> letter -> next state. A string begins in state "0" and ends in "end".
REBER = {
    "0": {"B": "1"},
    "1": {"T": "2", "P": "3"},
    "2": {"S": "2", "X": "4"},
    "3": {"T": "3", "V": "5"},
    "4": {"X": "3", "S": "6"},
    "5": {"P": "4", "V": "6"},
    "6": {"E": "end"},
}


def embedded() -> dict[str, dict[str, str]]:
    """Return the automaton that has a Reber grammar on each of two ways.

    >>> sorted(embedded()["1"].items())
    [('P', 'P0'), ('T', 'T0')]
    """
    graph = {"0": {"B": "1"}, "1": {"T": "T0", "P": "P0"}, "last": {"E": "end"}}
    for way in "TP":
        for state, ways in REBER.items():
            graph[way + state] = {letter: way + to for letter, to in ways.items()}
        graph[f"{way}end"] = {way: "last"}
    return graph


GRAPH = embedded()


def string(rng: Rng) -> tuple[str, list[set[str]]]:
    """Write a string; return it, and which letters may come after each but the last.

    >>> letters, legal = string(np.random.default_rng(0))
    >>> letters, [sorted(each) for each in legal[-2:]]
    ('BTBTXSETE', [['T'], ['E']])
    """
    state, letters, legal = "0", "", []
    while state != "end":
        ways = sorted(GRAPH[state].items())
        letter, state = ways[rng.integers(len(ways))]
        letters += letter
        legal.append(set(GRAPH[state]) if state != "end" else set())
    return letters, legal[:-1]


@dataclass(frozen=True)
class Reber(Task):
    """Name all letters that may come next, at every step.

    >>> batch = Reber(count=3).sets["training"]
    >>> batch.x.shape == batch.target.shape, batch.counted.shape == batch.x.shape[:2]
    (True, True)
    """

    count: int = option(
        256, "strings to learn from, and as many to be tested on", least=1
    )

    name = "reber"
    recipe = Recipe(hidden=12, epochs=400, batch=8)
    n, k, every = len(LETTERS), len(LETTERS), True
    lost = staticmethod(bernoulli)
    metric, larger_is_better = "strings", True
    goal = 1.0

    @cached_property
    def sets(self) -> dict[str, Batch]:
        """Strings to learn from and two sets of others; no string is in two of them."""
        rng, found = np.random.default_rng(TEST), dict[str, list[set[str]]]()
        while len(found) < 3 * self.count:
            letters, legal = string(rng)
            found.setdefault(letters, legal)
        pairs = list(found.items())
        names = ("training", "validation", "test")
        return {
            name: padded(pairs[k * self.count : (k + 1) * self.count], LETTERS)
            for k, name in enumerate(names)
        }

    def batches(self, rng: Rng, size: int) -> Iterator[Batch]:
        columns = [c for c in self.sets["training"] if c is not None]
        for some in shuffled(rng, self.count, size):
            longest = columns[-1][some].any(axis=0).sum()
            yield Batch(*(column[some, :longest] for column in columns))

    def validate(self, model: Model) -> dict[str, float]:
        return {"strings": float(right(model, self.sets["validation"]).mean())}

    def test(self, model: Model) -> dict[str, float]:
        return {"strings": float(right(model, self.sets["test"]).mean())}

    def baselines(self) -> dict[str, dict[str, float]]:
        return {"all rules, the second letter forgotten": {"strings": 0.5}}


def padded(strings: list[tuple[str, list[set[str]]]], alphabet: str) -> Batch:
    """Return strings as one batch: those that end early are filled up with zeros.

    The last letter is not read, since nothing comes after it.
    """
    longest = max(len(legal) for _, legal in strings)
    x = np.zeros((len(strings), longest, len(alphabet)), np.float32)
    target, counted = np.zeros_like(x), np.zeros(x.shape[:2], bool)
    for k, (letters, legal) in enumerate(strings):
        read = [alphabet.index(letter) for letter in letters[:-1]]
        x[k, : len(read)] = one_hot(np.array(read), len(alphabet))
        target[k, : len(read)] = [[each in ways for each in alphabet] for ways in legal]
        counted[k, : len(read)] = True
    return Batch(x, target, counted)


def right(model: Model, batch: Batch) -> Array:
    """Return, for each string, whether every step was answered rightly."""
    same = ((answers(model, batch) > 0) == batch.target).all(axis=-1)
    whole: Array = (same | ~np.asarray(batch.counted)).all(axis=1)
    return whole
