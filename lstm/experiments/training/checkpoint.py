"""A run on disk: stopped at any step, it continues to the same numbers, bit for bit.

What the next step depends on is little, and all of it is here:

    model.<path>, best.<path>   the Parameters, now and where they validated best
    memory.<path>.<name>        what the optimizer remembers of each
    facts                       JSON: task, recipe and seed; epoch and position in it;
                                the random generator's state at the epoch's beginning;
                                the history, a row for every epoch; what the optimizer
                                remembers as plain numbers

The batches before the position are drawn again from that state, and skipped. One file
holds it all, replaced as a whole, so that there is always one to continue from. It is
an .npz of plain arrays: reading it runs no code. A trained model is such a file, too:
its best weights, and how to build it again (trained_model.py).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from minigrad.files import npz, read_npz, write_whole
from minigrad.messages import explained
from minigrad.types import Array

if TYPE_CHECKING:
    from lstm.experiments.training.loop import Training

Arrays: TypeAlias = Mapping[str, Array]
FACTS, WRITER = "facts", "`python -m lstm train`"


def write(path: Path, arrays: Arrays, facts: Mapping[str, object]) -> Path:
    """Write arrays and facts to one file, all or nothing.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "a.npz"
    >>> read(write(path, {"W": np.ones(2)}, {"epoch": 3}))
    ({'W': array([1., 1.])}, {'epoch': 3})
    """
    text = json.dumps(facts).encode()
    return write_whole(path, npz({**arrays, FACTS: np.frombuffer(text, np.uint8)}))


def read(path: Path, *required: str) -> tuple[dict[str, Array], dict[str, Any]]:
    """Return what `write` wrote; raise ValueError with a sentence if it is not that.

    required  facts that must be there: a checkpoint has others than a trained model
    """
    if not path.is_file():
        raise explained(
            ValueError,
            f"reading {str(path)!r}",
            "it is a folder." if path.is_dir() else "there is no such file.",
            f"give a file that {WRITER} wrote, such as model.npz in its folder.",
        )
    arrays = read_npz(path, WRITER)
    try:
        facts = json.loads(arrays.pop(FACTS).tobytes())
    except (KeyError, ValueError) as error:
        raise explained(
            ValueError,
            f"reading {str(path)!r}",
            "it holds arrays, but not what they belong to.",
            f"give a file of {WRITER}, not one of Module.save.",
        ) from error
    missing = [name for name in required if name not in facts]
    if not missing:
        return arrays, facts
    raise explained(
        ValueError,
        f"reading {str(path)!r}",
        f"it says nothing of {missing[0]!r}: a run's model.npz and checkpoint.npz "
        "are two kinds of file.",
        "--resume continues from checkpoint.npz, all others read model.npz.",
    )


def save(training: Training, path: Path) -> Path:
    """Write all that the rest of a run depends on."""
    paths = dict(training.model.named_parameters())
    memory = {
        f"{at}.{name}": value
        for at, own in zip(paths, training.optimizer.memories, strict=True)
        for name, value in own.items()
    }
    # Plain numbers must come back as such: NumPy's would widen float32 beside them.
    numbers = {k: v for k, v in memory.items() if isinstance(v, int | float)}
    arrays = {
        **above("model", training.weights()),
        **above("best", training.best),
        **above("memory", {k: v for k, v in memory.items() if k not in numbers}),
    }
    facts = {
        "settings": training.settings,
        "progress": asdict(training.progress),
        "numbers": numbers,
        "history": training.history,
    }
    return write(path, arrays, facts)


def restore(training: Training, arrays: Arrays, facts: Mapping[str, Any]) -> None:
    """Give a new run the numbers from a checkpoint, and its history."""
    training.model.load_state_dict(below("model", arrays))
    training.best = below("best", arrays)
    training.history = facts["history"]
    paths = dict(training.model.named_parameters())
    memories = dict(zip(paths, training.optimizer.memories, strict=True))
    for name, value in {**below("memory", arrays), **facts["numbers"]}.items():
        path, _, entry = name.rpartition(".")
        memories[path][entry] = value


def below(prefix: str, arrays: Arrays) -> dict[str, Array]:
    """Return the arrays whose names begin with `prefix` and a dot, without it."""
    start = f"{prefix}."
    return {k.removeprefix(start): v for k, v in arrays.items() if k.startswith(start)}


def above(prefix: str, arrays: Arrays) -> dict[str, Array]:
    """Put `prefix` and a dot before every name."""
    return {f"{prefix}.{name}": array for name, array in arrays.items()}
