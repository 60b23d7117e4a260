"""Which tasks, with which settings, and what to say of them: a table.

An experiment is one task. Its contestants differ in a few numbers of the recipe: the
cell, its start, its size. A contestant with `torch=True` runs a second time with
PyTorch's arithmetic, from the same start and on the same batches.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Contestant:
    """One line of a table: a name, changes to the recipe, and whether twice."""

    name: str
    recipe: Mapping[str, Any] = field(default_factory=dict)
    torch: bool = False


@dataclass(frozen=True)
class Experiment:
    """A task with its options, who takes part, and a sentence or two to read it by.

    timed  the contestant whose epoch is timed, here and with PyTorch; None: nobody's
    """

    key: str
    title: str
    task: str
    contestants: tuple[Contestant, ...]
    description: str
    options: Mapping[str, object] = field(default_factory=dict)
    timed: str | None = None


ADDERS = (
    Contestant("LSTM, forget bias 1", {"forget_bias": 1.0}, torch=True),
    Contestant("LSTM, forget bias 0", {"forget_bias": 0.0}, torch=True),
    Contestant("tanh RNN", {"cell": "rnn"}, torch=True),
    Contestant("IRNN", {"cell": "irnn"}, torch=True),
)
VARIANTS = (
    "lstm", "peephole", "coupled", "no-input-gate", "no-forget-gate", "no-output-gate",
    "linear-candidate", "linear-output", "full-gate-recurrence", "layer-norm", "gru",
)  # fmt: skip


def sizes(*numbers: int) -> tuple[Contestant, ...]:
    """Return contestants that differ in m only."""
    return tuple(
        Contestant(f"LSTM, m = {m}", {"hidden": m}, torch=True) for m in numbers
    )


EXPERIMENTS: tuple[Experiment, ...] = (
    Experiment(
        "adding-50",
        "The adding problem, T = 50",
        "adding",
        ADDERS,
        "A run ends when the squared error on 1,000 validation sequences is 0.01 or "
        "less, or after 3,000 updates. Whoever always answers 1 has 1/6.",
        {"T": 50},
        "LSTM, forget bias 1",
    ),
    Experiment(
        "adding-100",
        "The adding problem, T = 100",
        "adding",
        ADDERS,
        "The same with twice the distance. Whether a forget bias of 1 helps is to be "
        "read off the updates, not taken from a slogan.",
        {"T": 100},
        "LSTM, forget bias 1",
    ),
    Experiment(
        "variants",
        "Variants of the cell, on the adding problem, T = 50",
        "adding",
        tuple(Contestant(cell, {"cell": cell}) for cell in VARIANTS),
        "Each changes one equation, see lstm.variants. Compare the number of updates.",
        {"T": 50},
    ),
    Experiment(
        "copy",
        "Copying three symbols after ten steps",
        "copy",
        (
            Contestant("LSTM", torch=True),
            Contestant("tanh RNN", {"cell": "rnn"}, torch=True),
        ),
        "The share of symbols said again rightly; a run ends at 99 %.",
        timed="LSTM",
    ),
    Experiment(
        "order",
        "Temporal order, T = 100",
        "order",
        (
            Contestant("LSTM", torch=True),
            Contestant("LSTM, forget bias 3", {"forget_bias": 3.0}, torch=True),
            Contestant("tanh RNN", {"cell": "rnn"}, torch=True),
        ),
        "Which of two signals came first; a run ends at 99 %. The forget bias decides: "
        "of a cell state, 0.73 ^ 50 is left after fifty steps at the usual start, and "
        "0.95 ^ 50 with a forget bias of 3.",
        timed="LSTM",
    ),
    Experiment(
        "parity",
        "Parity, learned from 2 to 20 steps",
        "parity",
        (
            Contestant("LSTM, m = 4", torch=True),
            Contestant("tanh RNN, m = 4", {"cell": "rnn"}, torch=True),
        ),
        "The share of right answers, one a step, up to fifty times the length seen.",
        timed="LSTM, m = 4",
    ),
    Experiment(
        "reber",
        "The embedded Reber grammar",
        "reber",
        sizes(8, 12),
        "The share of unseen strings of which at every step exactly the legal letters "
        "were named. Whoever knows all rules, but forgot the second letter, has half. "
        "Runs end at 100 % of other unseen strings, or after 400 epochs.",
        timed="LSTM, m = 12",
    ),
    Experiment(
        "anbn",
        "a^n b^n, learned from n = 1 to 10",
        "anbn",
        (
            Contestant("LSTM, m = 4", torch=True),
            Contestant("LSTM with peepholes, m = 4", {"cell": "peephole"}),
        ),
        "The largest n up to which every string was answered rightly, of 100 asked. "
        "Weights set by hand count further: see [the LSTM that counts]"
        "(../learn/8-set-by-hand.md).",
        timed="LSTM, m = 4",
    ),
    Experiment(
        "sunspots",
        "Sunspots, one year ahead",
        "sunspots",
        (Contestant("LSTM, m = 8"),),
        "The mean squared error divided by the variance of the series, in three "
        "periods after the years learned from.",
    ),
    Experiment(
        "digits",
        "Digits, 8 x 8, row by row",
        "digits",
        sizes(16, 32, 64),
        "Right answers on 600 pictures, after 30 epochs on 1,197 others.",
        timed="LSTM, m = 64",
    ),
    Experiment(
        "vowels",
        "Japanese vowels",
        "vowels",
        sizes(16, 32, 64),
        "Right answers on 370 recordings of nine speakers, after 60 epochs on 270.",
        timed="LSTM, m = 64",
    ),
    Experiment(
        "mnist",
        "MNIST, row by row",
        "mnist",
        sizes(64),
        "Right answers on 10,000 pictures, after three epochs on 60,000.",
        timed="LSTM, m = 64",
    ),
    Experiment(
        "text",
        "Characters of Python's own help",
        "text",
        sizes(128),
        "Bits per character of the last tenth of the text: less is better. The "
        "compressors and the n-grams had read the rest before, as the LSTM had. **A "
        "small LSTM does not beat a good compressor, nor counting five letters, in a "
        "few minutes**: this text is full of repetitions, which those exploit.",
        timed="LSTM, m = 128",
    ),
)
