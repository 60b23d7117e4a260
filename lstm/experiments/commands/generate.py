"""`python -m lstm generate`: let a trained character model write."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from lstm.experiments.commands.options import natural, positive
from minigrad.messages import explained

DESCRIPTION = (
    "Let a character model write, as `python -m lstm train text` trained it: character "
    "by character, each drawn from what the model holds likely."
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Say what may be asked for."""
    add = parser.add_argument
    add("--model", type=Path, default=Path("out/text/model.npz"), metavar="FILE",
        help="what training wrote (default: out/text/model.npz)")  # fmt: skip
    add("--prompt", default="The ", help="what the text begins with (default: 'The ')")
    add("--length", type=positive, default=400, help="characters (default: 400)")
    add("--temperature", type=_temperature, default=0.7,
        help="0 takes the likeliest, 1 draws as it thinks (default: 0.7)")  # fmt: skip
    add("--seed", type=natural, default=0, help="of the draws (default: 0)")


def _temperature(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if 0 <= value < float("inf"):
        return value
    raise argparse.ArgumentTypeError(f"{text!r} is not a number, 0 or more")


def run(options: argparse.Namespace) -> int:
    """Write; return the exit code."""
    import numpy as np

    from lstm.experiments.tasks.text import write
    from lstm.experiments.training.trained_model import load_characters

    model, alphabet = load_characters(options.model)
    strange = sorted(set(options.prompt) - set(alphabet))
    if strange:
        raise explained(
            ValueError,
            f"generate --prompt {options.prompt!r}",
            f"the model has never read {', '.join(map(repr, strange))}.",
            f"it knows {alphabet!r}.",
        )
    sys.stdout.write(options.prompt)
    rng = np.random.default_rng(options.seed)
    for letter in write(
        model, alphabet, options.prompt, options.length, options.temperature, rng
    ):
        sys.stdout.write(letter)
        sys.stdout.flush()
    print()
    return 0
