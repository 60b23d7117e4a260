"""An LSTM that counts, its weights set by hand: it recognises a^n b^n.

These are the strings of n times a, then n times b, n >= 1. No finite automaton can tell
them from others, since n may be any number. An LSTM of four neurons can, and its
weights are numbers one can think of, times a sharpness s. As s grows, every gate goes
to 0 or 1, every candidate to -1 or 1, and the cell becomes a counter machine:

    neuron   its c becomes                          in words
    count    c + 1 at an a, c - 1 at a b            #a - #b
    seen     1 at a b, else as it was               there was a b
    order    1 at an a that follows a b, else same  a string of the language has none
    below    1 if the count is or falls below 0     nor this

What was read so far is accepted if `seen` is 1 and all others are 0; a Dense layer says
so. The count needs nothing but the carousel c_t = f * c_{t-1} + i * c~ with f = i = 1.
The other three latch by coupled gates: where a condition z on [x_t, y_{t-1}] is
positive, i = sigma(s z) writes a 1; where it is not, f = sigma(-s z) keeps what was
there. `proof` shows the limit with SymPy, on the tape of the cell itself.

For finite s the count leaks, since f = sigma(s) < 1. After a^n b^n it is not 0 but

    c = -i c~ (1 - f^n)^2 / (1 - f),   about -n^2 e^-s,                       (leak)

so n may grow like e^(s/2) before a string is misjudged: see `reach`. From s = 37 on,
sigma(s) is 1 in float64, and the count is exact as far as float64 has integers.

That LSTMs count is known from training them (Gers and Schmidhuber 2001) and from
looking into them (Weiss, Goldberg and Yahav 2018).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from lstm.experiments.tasks.task import Reader, one_hot
from lstm.layer import LSTM
from minigrad import no_grad
from minigrad.types import Array

if TYPE_CHECKING:
    import sympy

LETTERS = "ab"
NEURONS = ("count", "seen", "order", "below")
COLUMNS = (*LETTERS, *NEURONS, "1")  # of [W, b]: x = (a, b), y_{t-1}, and the bias

Entry: TypeAlias = "float | sympy.Expr"  # of W or b, rounded or exact
Row: TypeAlias = Mapping[str, Entry]

ON = math.tanh(1)  # what y is where c is 1


def weights(on: Entry = ON) -> dict[str, list[Row]]:
    """Return each gate's rows of [W, b] in units of s, a dict of what is not 0.

    on  tanh(1), as a float, or exactly

    >>> weights()["candidate"][0]
    {'a': 1, 'b': -1}
    """
    seen: Row = {"b": 4, "1": -2}  # 4 (b - 1/2)
    order: Row = {"a": 4, "seen": 4 / on, "1": -6}  # 4 (a + seen - 3/2)
    below: Row = {"b": 4, "count": -4 / on, "1": -2}  # 4 (b - count - 1/2)
    conditions = [seen, order, below]
    always: Row = {"1": 1}
    return {
        "forget": [always, *({k: -v for k, v in z.items()} for z in conditions)],
        "input": [always, *conditions],
        "candidate": [{"a": 1, "b": -1}, always, always, always],
        "output": [always] * 4,
        "readout": [
            {"seen": 1 / on, "count": -1 / on, "order": -3 / on, "below": -3 / on,
             "1": -0.5},
        ],
    }  # fmt: skip


def counter(s: float) -> Reader:
    """Return the recogniser of sharpness s: its answer is above 0 where it accepts.

    >>> [accepts(counter(20.0), each) for each in ("aabb", "aab", "abab", "abb", "b")]
    [True, False, False, False, False]
    """
    layer = LSTM(len(LETTERS), len(NEURONS), rng=0)
    reader = Reader(layer, 1, every=True, rng=0)
    for name, rows in weights().items():
        part = reader.readout if name == "readout" else getattr(layer.cell, name)
        columns = COLUMNS[-1 - part.W.shape[1] : -1]
        part.W.data = s * np.array([[row.get(k, 0.0) for k in columns] for row in rows])
        part.b.data = s * np.array([row.get("1", 0.0) for row in rows])
    return reader


def accepts(reader: Reader, string: str) -> bool:
    """Return whether a string is accepted after its last letter."""
    return bool(prefixes(reader, [string])[0, -1])


def prefixes(reader: Reader, strings: list[str]) -> Array:
    """Return (strings, T), of strings of one length: is it accepted up to each step?"""
    read = np.array([[LETTERS.index(letter) for letter in each] for each in strings])
    with no_grad():
        answers: Array = reader(one_hot(read, 2, float)).data
    return answers[..., 0] > 0


def in_language(string: str) -> bool:
    """Whether a string is a^n b^n with n >= 1.

    >>> [in_language(each) for each in ("ab", "aabb", "", "ba", "aab")]
    [True, True, False, False, False]
    """
    n = len(string) // 2
    return n > 0 and string == "a" * n + "b" * n


def reach(s: float) -> float:
    """Return about how large n may be: (leak) must not hide a count of 1.

    Before the last b of a^n b^n the count is 1 - n^2 e^-s, and `below` takes it for 0
    as soon as its tanh is less than tanh(1) / 2.

    >>> round(reach(10.0))
    115
    """
    return math.sqrt((1 - math.atanh(math.tanh(1) / 2)) * math.exp(s))


def farthest(s: float, limit: int = 10_000) -> int:
    """Return the largest n up to which all a^n b^n are recognised, by trying.

    The string a^n b^n must be accepted at its end, and at no step before.

    >>> farthest(5.0)
    9
    """
    reader, n = counter(s), 0
    while n < limit:
        n += 1
        accepted = prefixes(reader, ["a" * n + "b" * n])[0]
        if not accepted[-1] or accepted[:-1].any():
            return n - 1
    return n
