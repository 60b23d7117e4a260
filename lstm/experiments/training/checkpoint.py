"""A run on disk: stopped at any step, it continues to the same numbers, bit for bit.

What the next step depends on is little, and all of it is here:

    model.<path>, best.<path>   the Parameters, now and where they validated best
    memory.<path>.<name>        what the optimizer remembers of each
    facts                       JSON: task, recipe and seed; epoch and position in it;
                                the random generator's state at the epoch's beginning

The batches before the position are drawn again from that state, and skipped. One file
holds it all, replaced as a whole, so that there is always one to continue from. It is
an .npz of plain arrays: reading it runs no code.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypedDict

import numpy as np

from minigrad.files import npz, read_npz, write_whole
from minigrad.messages import explained
from minigrad.types import Array

if TYPE_CHECKING:
    from lstm.experiments.training.loop import Training

Arrays: TypeAlias = Mapping[str, Array]
Numbers: TypeAlias = Mapping[str, Mapping[str, float]]  # by path, then by name
Memory: TypeAlias = dict[str, Array | float]  # of an optimizer, of one Parameter
FACTS, WRITER = "facts", "`python -m lstm train`"


class Settings(TypedDict):
    """What determines a run, as plain data that JSON holds.

    task, options, seed   the task's name, its own options, and where the run starts
    recipe, eager         the fields of its Recipe; whether nothing is compiled
    facts                 what the task says of its data
    """

    task: str
    options: dict[str, Any]
    recipe: dict[str, Any]
    seed: int
    eager: bool
    facts: Mapping[str, object]


def write(path: Path, arrays: Arrays, facts: Mapping[str, object]) -> Path:
    """Write arrays and facts to one file, all or nothing.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "a.npz"
    >>> read(write(path, {"W": np.ones(2)}, {"epoch": 3}))
    ({'W': array([1., 1.])}, {'epoch': 3})
    """
    text = json.dumps(facts).encode()
    return write_whole(path, npz({**arrays, FACTS: np.frombuffer(text, np.uint8)}))


def read(path: Path, *wanted: str) -> tuple[dict[str, Array], dict[str, Any]]:
    """Return what `write` wrote; raise ValueError with a sentence if it is not that.

    wanted  facts that must be there: a checkpoint has others than a trained model
    """
    if not path.is_file():
        raise explained(
            ValueError,
            f"reading {str(path)!r}",
            {},
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
            {},
            "it holds arrays, but not what they belong to.",
            f"give a file of {WRITER}, not one of Module.save.",
        ) from error
    missing = [name for name in wanted if name not in facts]
    if not missing:
        return arrays, facts
    raise explained(
        ValueError,
        f"reading {str(path)!r}",
        {},
        f"it says nothing of {missing[0]!r}: a run's model.npz and checkpoint.npz "
        "are two kinds of file.",
        "--resume continues from checkpoint.npz, all others read model.npz.",
    )


def save(training: Training, path: Path) -> Path:
    """Write all that the rest of a run depends on."""
    paths = dict(training.model.named_parameters())
    memories = dict(zip(paths, training.optimizer.memories, strict=True))
    remembered, numbers = apart(memories)
    arrays = {
        **above("model", training.weights()),
        **above("best", training.best),
        **above("memory", remembered),
    }
    facts = {
        "settings": training.settings,
        "progress": asdict(training.progress),
        "numbers": numbers,
    }
    return write(path, arrays, facts)


def restore(training: Training, arrays: Arrays, numbers: Numbers) -> None:
    """Give Parameters and memories of a new run the numbers from a checkpoint."""
    parameters = dict(training.model.named_parameters())
    for path, array in below("model", arrays).items():
        parameters[path].data = array
    training.best = below("best", arrays)
    memories = together(below("memory", arrays), numbers)
    training.optimizer.memories = [memories[path] for path in parameters]


def below(prefix: str, arrays: Arrays) -> dict[str, Array]:
    """Return the arrays whose names begin with `prefix` and a dot, without it."""
    start = f"{prefix}."
    return {k.removeprefix(start): v for k, v in arrays.items() if k.startswith(start)}


def above(prefix: str, arrays: Arrays) -> dict[str, Array]:
    """Put `prefix` and a dot before every name."""
    return {f"{prefix}.{name}": array for name, array in arrays.items()}


# What an optimizer remembers of a Parameter is arrays and plain Python numbers. These
# must come back as what they were: NumPy's own numbers would widen float32 beside them.


def apart(
    memories: Mapping[str, Memory],
) -> tuple[dict[str, Array], dict[str, dict[str, float]]]:
    """Return the arrays under `path.name`, and the plain numbers path by path.

    >>> apart({"W": {"t": 3, "m": np.zeros(1)}})
    ({'W.m': array([0.])}, {'W': {'t': 3}})
    """
    arrays: dict[str, Array] = {}
    numbers: dict[str, dict[str, float]] = {}
    for path, memory in memories.items():
        numbers[path] = {k: v for k, v in memory.items() if isinstance(v, int | float)}
        kept = {k: v for k, v in memory.items() if k not in numbers[path]}
        arrays.update(above(path, {k: np.asarray(v) for k, v in kept.items()}))
    return arrays, numbers


def together(arrays: Arrays, numbers: Numbers) -> dict[str, Memory]:
    """Undo `apart`."""
    whole: dict[str, Memory] = {path: dict(memory) for path, memory in numbers.items()}
    for name, array in arrays.items():
        path, _, entry = name.rpartition(".")
        whole[path][entry] = array
    return whole
