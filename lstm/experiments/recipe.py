"""The numbers that one chooses before training, all in one place.

Every field is an option of `python -m lstm train TASK`, and every task says which
values it was tried with. Together with the task's own options and a seed they determine
every number that follows.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from lstm import additions, others, variants
from lstm.cell import Cell, LSTMCell
from lstm.experiments.schedules import SCHEDULES
from lstm.initial import PRESETS
from lstm.layer import Recurrent
from minigrad.feedforward import Rng
from minigrad.messages import explained

Default = TypeVar("Default")

CELLS: Mapping[str, type[Cell]] = {
    "lstm": LSTMCell,
    "peephole": variants.PeepholeCell,
    "coupled": variants.CoupledCell,
    "no-input-gate": variants.NoInputGateCell,
    "no-forget-gate": variants.NoForgetGateCell,
    "no-output-gate": variants.NoOutputGateCell,
    "linear-candidate": variants.LinearCandidateCell,
    "linear-output": variants.LinearOutputCell,
    "full-gate-recurrence": variants.FullGateRecurrenceCell,
    "layer-norm": additions.LayerNormCell,
    "gru": others.GRUCell,
    "rnn": others.RNNCell,
    "irnn": others.IRNNCell,
}


def option(
    default: Default,
    what: str,
    choices: Sequence[str] | None = None,
    kind: type | None = None,
    least: float = -math.inf,
    most: float = math.inf,
) -> Default:
    """Return a field of a dataclass that is also an option of the command line.

    `least` and `most` are the bounds of a task's own option: see `tasks.task`.
    """
    told: dict[str, object] = {
        "help": what,
        "choices": choices,
        "kind": kind or type(default),
    }
    told |= {"least": least, "most": most}
    made: Default = field(default=default, metadata=told)  # typed as its default is
    return made


@dataclass(frozen=True)
class Recipe:
    """How a model is made and trained.

    >>> Recipe(hidden=4, epochs=10).learning_rate
    0.01
    """

    hidden: int = option(16, "m, the number of neurons")
    epochs: int = option(20, "how often to go through the data")
    batch: int = option(64, "examples in a mini-batch")
    learning_rate: float = option(0.01, "of Adam")
    schedule: str = option("constant", "of the learning rate", tuple(SCHEDULES))
    clip: float = option(1.0, "largest norm of the gradient; 0: any")
    patience: int = option(
        0, "stop after so many epochs without a better one; 0: never"
    )
    cell: str = option("lstm", "what is repeated over time", tuple(CELLS))
    init: str = option("glorot", "how the weights start", tuple(PRESETS))
    forget_bias: float | None = option(
        None, "where b_f starts; None: as init has it", kind=float
    )
    dtype: str = option("float32", "of all numbers", ("float32", "float64"))

    def __post_init__(self) -> None:
        for name in ("hidden", "epochs", "batch", "learning_rate"):
            self._require(name, _above(getattr(self, name), 0), "above 0")
        for name in ("clip", "patience"):
            self._require(name, _above(getattr(self, name), 0, True), "0 or more")
        for name, each in type(self).__dataclass_fields__.items():
            known = each.metadata["choices"]
            fits = known is None or getattr(self, name) in known
            self._require(name, fits, f"one of {', '.join(known or ())}")

    def _require(self, name: str, fits: bool, wanted: str) -> None:
        if not fits:
            raise explained(
                ValueError,
                f"Recipe({name}={getattr(self, name)!r})",
                {},
                f"{name} must be {wanted}.",
                f"its default is {getattr(Recipe, name)!r}.",
            )

    def layer(self, n: int, rng: Rng) -> Recurrent:
        """Return an untrained layer over time that reads n features."""
        cell = CELLS[self.cell](
            n,
            self.hidden,
            init=self.init,
            forget_bias=self.forget_bias,
            rng=rng,
            dtype=self.dtype,
        )
        return Recurrent(cell)

    def rate(self, epoch: int) -> float:
        """Return the learning rate after so many finished epochs."""
        return self.learning_rate * SCHEDULES[self.schedule](epoch, self.epochs)


def _above(value: object, least: float, also: bool = False) -> bool:
    """Return whether this is a number above the least, or also equal to it."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return value > least or (also and value == least)
