"""Baselines: simple means to answer the same questions, to hold a network against.

For classes, the nearest known example and the nearest mean. For text, in bits per
character: three compressors that every Python has, and a model of n-grams.

A compressor that reads a text and then the rest of it needs some bytes for the rest.
That is its guess how surprising the rest is, after the text, and can be compared with
the cross entropy of a model that learned from the text.
"""

from __future__ import annotations

import bz2
import lzma
import math
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping

import numpy as np

Array = np.ndarray

COMPRESSORS: Mapping[str, Callable[[bytes], bytes]] = {
    "zlib": lambda data: zlib.compress(data, 9),
    "bz2": lambda data: bz2.compress(data, 9),
    "lzma": lambda data: lzma.compress(data, preset=9 | lzma.PRESET_EXTREME),
}


def compressed(name: str, known: str, rest: str) -> float:
    """Return the bits per character that a compressor adds for `rest` after `known`.

    >>> compressed("zlib", "abracadabra " * 99, "abracadabra " * 9) < 0.5
    True
    """
    squeeze = COMPRESSORS[name]
    both = len(squeeze((known + rest).encode())) - len(squeeze(known.encode()))
    return 8 * both / len(rest)


class WittenBell:
    """How likely is a letter after the n - 1 before it? Counts, smoothed.

    With N occurrences of a context h and T different letters seen after it,

        p(letter | h) = (count(h letter) + T p(letter | shorter h)) / (N + T),

    and at the end of all contexts every letter is as likely as another. Witten and Bell
    1991, method C, interpolated.

    >>> model = WittenBell("abababac", n=2)
    >>> round(model.probability("a", "b"), 2), round(model.probability("a", "c"), 2)
    (0.61, 0.22)
    """

    def __init__(self, text: str, n: int) -> None:
        self.n, self.letters = n, len(set(text))
        self.counts: dict[str, Counter[str]] = defaultdict(Counter)
        for at, letter in enumerate(text):
            for length in range(min(n - 1, at) + 1):
                self.counts[text[at - length : at]][letter] += 1

    def __repr__(self) -> str:
        return f"<WittenBell: n = {self.n}, {self.letters} different letters>"

    def probability(self, context: str, letter: str) -> float:
        """Return p(letter | context); of the context, the last n - 1 letters count."""
        context = context[-(self.n - 1) :] if self.n > 1 else ""
        p = 1 / (self.letters + 1)  # one more, for letters never seen
        for start in range(len(context), -1, -1):
            after = self.counts.get(context[start:])
            if not after:
                break
            kinds = len(after)
            p = (after[letter] + kinds * p) / (after.total() + kinds)
        return p

    def bits(self, text: str, before: str = "") -> float:
        """Return the mean of -log2 p over the letters of a text."""
        whole, start = before + text, len(before)
        total = 0.0
        for at in range(start, len(whole)):
            total -= math.log2(
                self.probability(whole[max(0, at - self.n) : at], whole[at])
            )
        return total / len(text)


def nearest_neighbour(
    known: Array, classes: Array, asked: Array, target: Array
) -> float:
    """Return how often the class of the nearest known example is the right one.

    known, asked  (N, ...): each example is taken as one vector

    >>> classes = np.array([5, 7])
    >>> nearest_neighbour(np.eye(2), classes, np.eye(2) + 0.1, classes)
    1.0
    """
    # |a - b|^2 = |a|^2 - 2 a b + |b|^2, of which |a|^2 is the same for all b.
    a, b = (each.reshape(len(each), -1) for each in (asked, known))
    squares = (b**2).sum(axis=1) - 2 * a @ b.T
    return float((classes[squares.argmin(axis=1)] == target).mean())


def nearest_mean(known: Array, classes: Array, asked: Array, target: Array) -> float:
    """Return how often the class with the nearest mean is the right one.

    >>> classes = np.array([5, 7])
    >>> nearest_mean(np.eye(2), classes, np.eye(2) + 0.1, classes)
    1.0
    """
    names = np.unique(classes)
    means = np.array([known[classes == name].mean(axis=0) for name in names])
    return nearest_neighbour(means, names, asked, target)
