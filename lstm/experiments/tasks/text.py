"""A language model of characters: which one comes next?

A network reads a text character by character and says at each how likely every other is
to follow. What it is measured by is surprise: the mean of -log2 p(next character), in
bits. That is also the size of the text in a file that an ideal coder would write with
the model's help, so compressors are honest baselines, and so is a model of n-grams.

The text is one that every Python has: the topics of its own help system, from
`pydoc_data`. They differ a little from version to version, so the results say which
text it was, by its hash. Any other text file may be given.

Training cuts the first part of the text into pieces and learns from each as if nothing
had come before. Measuring reads long stretches: the state at the beginning is soon
forgotten, and the first characters of a stretch do not count.

Shannon 1951 for the measure, Karpathy 2015 for the demonstration. An honest word: in a
minute or two a small LSTM does not beat counting five letters, nor a good compressor,
which both exploit repetitions that this text is full of.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from lstm.experiments.recipe import Recipe, option
from lstm.experiments.tasks.baselines import COMPRESSORS, WittenBell, compressed
from lstm.experiments.tasks.task import (
    Batch,
    Model,
    Reader,
    Rng,
    Task,
    categorical,
    one_hot,
)
from minigrad import no_grad
from minigrad.messages import explained
from minigrad.types import Array

STREAMS = 50  # stretches that are measured side by side
FEWEST = 60  # characters of a text: 5 % of it are the three that measuring needs
WARM = 100  # characters at the beginning of each that do not count


def help_topics() -> str:
    """Return the topics of Python's help system, in alphabetical order, as one text."""
    from pydoc_data.topics import topics

    return "".join(topics[name] for name in sorted(topics))


def _read(file: str) -> str:
    try:
        return Path(file).read_text("utf-8")
    except UnicodeDecodeError as error:
        raise explained(
            ValueError,
            f"reading {file!r}",
            f"it is not a text in UTF-8: byte {error.start} does not fit in "
            f"({error.reason}).",
            "give a file of plain text, converted to UTF-8.",
        ) from error


@dataclass(frozen=True)
class Text(Task):
    """Say which character comes next in a text."""

    file: str = option("", "the text to learn from; none: Python's help topics")
    piece: int = option(64, "characters in a piece", least=1)
    share: float = option(
        1.0, "of the text to use, from its beginning", least=0.001, most=1
    )

    name = "text"
    recipe = Recipe(
        hidden=128, epochs=8, batch=32, learning_rate=0.005, schedule="cosine"
    )
    every = True
    lost = staticmethod(categorical)
    metric = "bits per character"

    @cached_property
    def text(self) -> str:
        """The whole text."""
        whole = _read(self.file) if self.file else help_topics()
        used = whole[: int(self.share * len(whole))]
        if len(used) >= FEWEST:
            return used
        raise explained(
            ValueError,
            f"the task 'text' with file={self.file!r} and share={self.share}",
            f"that is a text of {len(used)} characters, of which the last 15 % are "
            f"kept for measuring: too few to measure, below {FEWEST}.",
            "give a longer text; to learn much, some 100,000 characters.",
        )

    @cached_property
    def alphabet(self) -> str:
        """The characters that occur, in the order of their numbers."""
        return "".join(sorted(set(self.text)))

    @cached_property
    def parts(self) -> tuple[str, str, str]:
        """The text to learn from, to validate with, to be tested on: 85, 5, 10 %."""
        first, second = (len(self.text) * each // 100 for each in (85, 90))
        return self.text[:first], self.text[first:second], self.text[second:]

    def facts(self) -> dict[str, str | int]:
        return {
            "sha256": hashlib.sha256(self.text.encode()).hexdigest(),
            "characters": len(self.text),
            "alphabet": self.alphabet,
        }

    def model(self, recipe: Recipe, rng: Rng) -> Reader:
        return model_of(self.alphabet, recipe, rng)

    def numbers(self, text: str) -> Array:
        """Return each character's number in the alphabet."""
        number = {letter: k for k, letter in enumerate(self.alphabet)}
        return np.array([number[letter] for letter in text])

    def batches(self, rng: Rng, size: int) -> Iterator[Batch]:
        text, step = self.numbers(self.parts[0]), self.piece
        starts = np.arange(rng.integers(0, step), len(text) - step, step)
        rng.shuffle(starts)
        for k in range(0, len(starts) - size + 1, size):
            read = text[starts[k : k + size, None] + np.arange(step + 1)]
            yield Batch(one_hot(read[:, :-1], len(self.alphabet)), read[:, 1:])

    def validate(self, model: Model) -> dict[str, float]:
        return {self.metric: self._bits(model, self.parts[1])}

    def test(self, model: Model) -> dict[str, float]:
        return {self.metric: self._bits(model, self.parts[2])}

    def _bits(self, model: Model, text: str) -> float:
        numbers = self.numbers(text)
        length = min(len(text), max(len(text) // STREAMS, 2 * WARM))
        starts = np.arange(0, len(text) - length + 1, length)
        read = numbers[starts[:, None] + np.arange(length)]
        counted = np.arange(length - 1) >= min(WARM, length // 2)
        batch = Batch(one_hot(read[:, :-1], len(self.alphabet)), read[:, 1:])
        batch = batch._replace(counted=np.broadcast_to(counted, batch.target.shape))
        with no_grad():
            loss: float = self.loss(model, batch).item()
        return loss / math.log(2)

    def baselines(self) -> dict[str, dict[str, float]]:
        known, rest = self.parts[0] + self.parts[1], self.parts[2]
        found = {name: compressed(name, known, rest) for name in COMPRESSORS}
        for n in (3, 5):
            found[f"{n}-gram, Witten-Bell"] = WittenBell(known, n).bits(
                rest, known[-n:]
            )
        return {name: {self.metric: bits} for name, bits in found.items()}


def model_of(alphabet: str, recipe: Recipe, rng: Rng) -> Reader:
    """Return an untrained model of the characters of an alphabet."""
    n = len(alphabet)
    return Reader(recipe.layer(n, rng), n, every=True, rng=rng, dtype=recipe.dtype)


def write(
    model: Reader, alphabet: str, prompt: str, length: int, temperature: float, rng: Rng
) -> Iterator[str]:
    """Let a model write: yield `length` characters after the prompt, one by one.

    Each is drawn with a probability proportional to p^(1/temperature): below 1 the
    likely ones become likelier, and at 0 the likeliest is always taken.
    """
    state = model.layer.cell.start()
    logits = np.zeros(len(alphabet))
    waiting = [alphabet.index(letter) for letter in prompt]
    for number in range(len(prompt) + length):
        if number < len(prompt):
            chosen = waiting[number]
        else:
            chosen = draw(logits, temperature, rng)
            yield alphabet[chosen]
        with no_grad():
            x = one_hot(np.array(chosen), len(alphabet), model.dtype)
            state = model.layer.cell(x, state)
            logits = model.readout(state.y).data.astype(float)


def draw(logits: Array, temperature: float, rng: Rng) -> int:
    """Draw a number with probability softmax(logits / temperature).

    >>> rng = np.random.default_rng(0)
    >>> [draw(np.array([1.0, 0.0]), t, rng) for t in (0.0, 0.1, 100.0, 100.0)]
    [0, 0, 0, 0]
    """
    if temperature == 0:
        return int(logits.argmax())
    weights = np.exp((logits - logits.max()) / temperature)
    return int(rng.choice(len(logits), p=weights / weights.sum()))
